"""The two that are asked last, and who claims what real makers make."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.managers.direnv import Direnv
from envdeck.core.discovery.managers.hatch import Hatch
from envdeck.core.discovery.managers.pdm import Pdm
from envdeck.core.discovery.managers.pipenv import Pipenv
from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.discovery.managers.tox import Nox, Tox
from envdeck.core.discovery.managers.uv import Uv, UvScript
from envdeck.core.discovery.managers.venv import Venv, Virtualenv, Virtualenvwrapper
from envdeck.core.discovery.prefix import Kind, recognise

TOOLS = [
    Poetry, Pipenv, Pdm, Hatch, Tox, Nox,
    Virtualenvwrapper, Direnv,
    UvScript, Uv, Virtualenv, Venv,
]  # fmt: skip
ODD = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="[]{}*\n\r\t\x1b-_.py0123456789\udcff\ud800", max_size=60),
    st.binary(max_size=40).map(os.fsdecode),
).map(lambda name: name.replace("/", "_"))


def test_they_are_asked_in_the_order_that_is_told():
    assert [(tool.name, tool.rank) for tool in TOOLS] == [
        ("poetry", 50), ("pipenv", 51), ("pdm", 52), ("hatch", 53), ("tox", 60), ("nox", 61),
        ("virtualenvwrapper", 70), ("direnv", 71), ("uv-script", 75), ("uv", 80),
        ("virtualenv", 90), ("venv", 100),
    ]  # fmt: skip


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_venv_knows_the_folders_of_people(on, platform):
    host = on(platform)
    found = [os.path.relpath(place.path, host.home) for place in Venv(host).places()]
    assert found == ["envs", "Envs", ".venvs", ".virtualenvs"]
    assert list(Virtualenv(host).places()) == []


def test_venv_claims_any_cfg_and_nothing_else(host, make_candidate):
    assert Venv(host).claims(make_candidate("/x"))
    assert Venv(host).claims(make_candidate("/x", command="python -m venv /x"))
    for kind in (Kind.LEGACY, Kind.CONDA, Kind.PIXI):
        assert not Venv(host).claims(make_candidate("/x", kind))


def test_virtualenv_claims_its_key_and_what_has_no_cfg(host, make_candidate):
    assert Virtualenv(host).claims(make_candidate("/x", virtualenv="21"))
    assert Virtualenv(host).claims(make_candidate("/x", Kind.LEGACY))
    assert not Virtualenv(host).claims(make_candidate("/x", uv="0.13.8"))
    assert not Virtualenv(host).claims(make_candidate("/x", Kind.CONDA))


@pytest.mark.parametrize("maker", ["venv", "virtualenv", "uv"])
def test_a_real_environment_is_claimed_by_its_maker(host, real_environments, maker):
    candidate = recognise(real_environments[maker])
    assert manager_of(candidate, managers(host)).name == maker


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@given(above=ODD, name=ODD, prompt=ODD)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_name_is_too_odd(on, make_candidate, tool, above, name, prompt):
    for platform in ("linux", "win32"):
        host = on(platform)
        for parent in (f"/x/{above}", f"{host.home}/.local/share/pdm/venvs", "/x/.direnv"):
            candidate = make_candidate(f"{parent}/{name}", virtualenv="21", prompt=prompt)
            tool(host).claims(candidate)
            tool(host).project(candidate)
            told = tool(host).project_name_of(candidate)
            assert told is None or told in candidate.path
            names = list(tool(host).project_names(candidate.path))
            assert names == list(tool(host).project_names(candidate.path))
