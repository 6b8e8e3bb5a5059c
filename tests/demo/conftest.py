"""Demos to look at and to work on."""

import os
import shutil
import sys
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host
from envdeck.demo import SCENARIOS, build_demo

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: whoever asks a network fails at once."""


def real_host() -> Host:
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
    return Host(sys.platform, "/nowhere", environ)


def offline(demo):
    """The same demo on a machine whose network leads nowhere."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
    return replace(demo, host=replace(demo.host, environ={**demo.host.environ, **proxies}))


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A whole demo, to be looked at alone."""
    folder = tmp_path_factory.mktemp("demo")
    yield build_demo(str(folder), real_host(), runs=sys.executable)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def scanned(demo, tmp_path_factory):
    """What a scan of it finds: environments and interpreters, by path."""
    catalog = Catalog(demo.host, str(tmp_path_factory.mktemp("index") / "index.sqlite3"))
    list(catalog.scan(Scope()))
    found = {one.path: one for one in catalog.remembered(Scope())}
    return catalog, found, catalog.remembered_interpreters()


@pytest.fixture(scope="session")
def worked_on(tmp_path_factory):
    """A demo of every scenario, to be worked on, each by one test or one after the other."""
    folder = tmp_path_factory.mktemp("worked-on")
    names = [one.name for one in SCENARIOS]
    yield offline(build_demo(str(folder), real_host(), runs=sys.executable, scenarios=names))
    shutil.rmtree(folder)


@pytest.fixture
def broken_demo(tmp_path):
    """Two broken environments: one whose packages changed, and one without a base."""
    root, names = str(tmp_path / "demo"), ["broke", "broken"]
    yield offline(build_demo(root, real_host(), runs=sys.executable, scenarios=names))
    shutil.rmtree(root)


@pytest.fixture
def operations(worked_on):
    return Operations(Catalog(worked_on.host, worked_on.index))
