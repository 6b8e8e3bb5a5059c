"""The two that are asked last, and who claims what real makers make."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import (
    direnv,
    hatch,
    nox,
    pdm,
    pipenv,
    poetry,
    tox,
    uv,
    venv,
    virtualenvwrapper,
)
from envdeck.core.discovery.managers import (
    uv as uv_script,
)
from envdeck.core.discovery.managers import (
    venv as virtualenv,
)
from envdeck.core.discovery.prefix import Kind, recognise

TOOLS = [
    poetry.POETRY, pipenv.PIPENV, pdm.PDM, hatch.HATCH, tox.TOX, nox.NOX,
    virtualenvwrapper.VIRTUALENVWRAPPER, direnv.DIRENV,
    uv_script.UV_SCRIPT, uv.UV, virtualenv.VIRTUALENV, venv.VENV,
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
    found = [os.path.relpath(place.path, host.home) for place in venv.VENV.places(host)]
    assert found == ["envs", "Envs", ".venvs", ".virtualenvs"]
    assert list(virtualenv.VIRTUALENV.places(host)) == []


def test_venv_claims_any_cfg_and_nothing_else(host, make_candidate):
    assert venv.VENV.claims(make_candidate("/x"), host)
    assert venv.VENV.claims(make_candidate("/x", command="python -m venv /x"), host)
    for kind in (Kind.LEGACY, Kind.CONDA, Kind.PIXI):
        assert not venv.VENV.claims(make_candidate("/x", kind), host)


def test_virtualenv_claims_its_key_and_what_has_no_cfg(host, make_candidate):
    assert virtualenv.VIRTUALENV.claims(make_candidate("/x", virtualenv="21"), host)
    assert virtualenv.VIRTUALENV.claims(make_candidate("/x", Kind.LEGACY), host)
    assert not virtualenv.VIRTUALENV.claims(make_candidate("/x", uv="0.13.8"), host)
    assert not virtualenv.VIRTUALENV.claims(make_candidate("/x", Kind.CONDA), host)


@pytest.mark.parametrize("maker", ["venv", "virtualenv", "uv"])
def test_a_real_environment_is_claimed_by_its_maker(host, real_environments, maker):
    candidate = recognise(real_environments[maker])
    assert manager_of(candidate, host).name == maker


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
            tool.claims(candidate, host)
            tool.project(candidate, host)
            told = tool.project_name_of(candidate, host)
            assert told is None or told in candidate.path
            names = list(tool.project_names(candidate.path, host))
            assert names == list(tool.project_names(candidate.path, host))
