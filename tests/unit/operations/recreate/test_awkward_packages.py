"""Public packages of awkward kinds, recreated on the same and on another minor version.

With the network; what they showed amiss has a twin without it among the other tests here.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from envdeck.core.inspection.interpreters import find_interpreters
from envdeck.core.model import Ending, Interpreter, PackageChoice, RecreateRequest
from envdeck.core.operations.engine.pip_configuration import translated
from envdeck.core.system.host import Host

pytestmark = pytest.mark.network
BASE, OTHER = "3.11", "3.13"
BACKENDS = {
    "setuptools": ('["setuptools>=68"]', "setuptools.build_meta", "[tool.setuptools]\n"),
    "hatchling": ('["hatchling"]', "hatchling.build", ""),
    "flit": ('["flit_core>=3.9"]', "flit_core.buildapi", ""),
    "poetry": ('["poetry-core>=2"]', "poetry.core.masonry.api", ""),
    "pdm": ('["pdm-backend"]', "pdm.backend", ""),
}


@dataclass(frozen=True)
class Case:
    kind: str
    packages: tuple[str, ...]
    code: str
    """Python that runs before and after, on both."""
    stops: str = ""
    """What it is stopped with on the other version; empty where it is done there."""
    way_on: RecreateRequest | None = field(default=None)
    """What a person asks for then."""
    told: str = ""
    """What the result on the other version says besides."""
    allow: frozenset[str] = frozenset()


def released(name: str) -> RecreateRequest:
    return RecreateRequest(choices={name: PackageChoice.RELEASE})


NO_WHEEL = "has no wheel for this Python and platform"
CASES = (
    Case("a specifier of before PEP 440", ("omegaconf==2.0.6",), "import omegaconf"),
    Case("a specifier by a word", ("celery==4.4.7",), "1"),
    Case(
        "an optional C module that cannot be built",
        ("pyyaml==6.0.1",), "import yaml; print(yaml.safe_load('a: 1'))",
        stops=f"pyyaml==6.0.1 {NO_WHEEL}", way_on=released("pyyaml"),
        told="optional module of pyyaml not available: _yaml",
    ),
    Case("an optional C module with wheels", ("simplejson==3.19.3",), "import simplejson"),
    Case("an optional C module without", ("markupsafe==2.1.5",), "import markupsafe",
         stops=f"markupsafe==2.1.5 {NO_WHEEL}", way_on=RecreateRequest(jump="smallest")),
    Case("a namespace by .pth files", ("zope.interface==6.4.post2", "zope.event==5.0"),
         "import zope.interface, zope.event"),
    Case("a namespace without __init__", ("google-api-core==2.19.0",),
         "import google.api_core"),
    Case("a namespace with an optional part", ("ruamel.yaml==0.18.6",), "import ruamel.yaml"),
    Case("a namespace of several", ("sphinxcontrib-applehelp==1.0.2", "sphinxcontrib-jsmath"),
         "import sphinxcontrib"),
    Case("data files", ("jupyterlab-widgets==3.0.10", "webencodings"), "import webencodings"),
    Case("manual pages, and an import of what Python has dropped", ("nose==1.3.7",), "1",
         stops="nose: ModuleNotFoundError: No module named 'imp'",
         way_on=RecreateRequest(), allow=frozenset({"import-check"}), told="(accepted)"),
    Case("a program that is no script", ("ruff==0.4.4",),
         "import subprocess, sys; subprocess.check_call([sys.prefix + '/bin/ruff', '-V'])"),
    Case("scripts by file name", ("docutils==0.18.1",),
         "import subprocess, sys; subprocess.check_call([sys.prefix + '/bin/rst2html.py', '-h'])"),
    Case("headers", ("greenlet==3.1.1",), "import greenlet"),
    Case("the stable ABI", ("psutil==5.9.8", "cryptography==42.0.7"),
         "import psutil, cryptography.hazmat.bindings._rust"),
    Case("a source archive alone", ("docopt==0.6.2", "future==0.18.2"), "import docopt"),
    Case("a top-level extension", ("cffi==1.17.1",), "import _cffi_backend"),
    Case("an extra by another case", ("requests[Socks]==2.31.0", "pydantic[Email]==2.9.2"),
         "import socks, email_validator"),
    Case("an extra with an underscore", ("jsonschema[format_nongpl]==4.22.0",),
         "import jsonschema"),
    Case("no wheel for the next version", ("numpy==1.26.4",), "import numpy",
         stops=f"numpy==1.26.4 {NO_WHEEL}", way_on=RecreateRequest(jump="newest")),
    Case("a backport of the standard library", ("dataclasses==0.6", "pathlib==1.0.1"),
         "import dataclasses"),
    Case("a .pth that runs at each start", ("setuptools==69.5.1", "coverage==7.6.1"),
         "import coverage"),
    Case("an import of what Python has dropped", ("SpeechRecognition==3.8.1",), "1",
         stops="speech_recognition: ModuleNotFoundError: No module named 'aifc'",
         way_on=RecreateRequest(), allow=frozenset({"import-check"}), told="(accepted)"),
    *(
        Case(f"in place, by {backend}", (f"-e {backend}",), "import inplace; print(inplace.here)")
        for backend in BACKENDS
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def pythons():
    """Return the interpreters of both versions."""
    found = {}
    for one in find_interpreters(Host.current()):
        if isinstance(one, Interpreter) and one.implementation == "cpython":
            found.setdefault(".".join((one.version or "").split(".")[:2]), one.executable)
    for version in (BASE, OTHER):
        if version not in found:
            pytest.skip(f"no Python {version} is here")
    return found


def make_project(folder, backend):
    requires, module, more = BACKENDS[backend]
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = {requires}\nbuild-backend = "{module}"\n'
        '[project]\nname = "inplace"\nversion = "1.0"\ndescription = "x"\n'
        f'dependencies = ["six"]\n{more}'
    )
    (folder / "inplace").mkdir()
    (folder / "inplace" / "__init__.py").write_text('"""In place."""\nhere = __file__\n')


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_it_comes_back_and_goes_on(case, real, kit, pythons):
    path = real.make(real.home / "work" / ".venv", "uv", python=pythons[BASE])
    what = []
    for each in case.packages:
        backend = each.removeprefix("-e ")
        if backend != each:
            make_project(real.home / "work" / backend, backend)
            what += ["-e", real.home / "work" / backend]
        else:
            what.append(each)
    environ = {**os.environ, **real.environ, "HOME": str(real.home)}
    environ |= translated(real.operations.catalog.host)
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--python", path]
    done = subprocess.run([*command, *what], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    python = path / "bin" / "python"
    said = real.call([python, "-c", case.code])
    rows, marks = kit.records(path), kit.marks(path)

    result = real.done(real.operations.plan_recreate(real.look(path)))
    assert f"{len(rows)} of {len(rows)} packages identical by RECORD" in result.verified
    assert (kit.records(path), kit.marks(path)) == (rows, marks)
    assert real.call([python, "-c", case.code]) == said

    before = kit.source_only(kit.account(path))
    request = RecreateRequest(interpreter=pythons[OTHER])
    plan = real.operations.plan_recreate(real.look(path), request)
    result, told = real.run(plan)
    if case.stops:
        assert result.status is Ending.ROLLED_BACK
        assert case.stops in result.message
        assert result.hint
        assert kit.source_only(kit.account(path)) == before
        assert case.way_on is not None
        request = RecreateRequest(
            interpreter=pythons[OTHER], jump=case.way_on.jump, choices=case.way_on.choices
        )
        plan = real.operations.plan_recreate(real.look(path), request, allow=case.allow)
        result, told = real.run(plan)
    assert result.status is Ending.DONE, (result, told[-12:])
    assert real.look(path).python.version.startswith(f"{OTHER}.")
    assert any(case.told in one for one in result.verified), result.verified
    if not case.stops:  # but for what a creator brings, in the version for that Python
        there = {name for name in rows if not name.startswith("setuptools-")}
        assert kit.records(path).keys() >= there
    real.call([python, "-c", case.code])

    real.done(real.operations.plan_undo())
    after = kit.source_only(kit.account(path))
    assert {key for key in before.keys() | after if before.get(key) != after.get(key)} == set()
