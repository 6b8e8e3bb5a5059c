"""The Pythons that a project names, beside the environment's own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model.environment import Python
from envdeck.core.project.deployed.platforms import DEVELOPMENT
from envdeck.core.project.model import NamedPython, PythonDrift, WantedPython, Where
from envdeck.core.project.pythons import python_drifts


def wanted(specifier: str = "", exact: str | None = None, of: str | None = None) -> WantedPython:
    return WantedPython(specifier, exact, of, "/p/pyproject.toml", "/p/.python-version")


def deployed(version: str, line: int | None = 3, file: str = "/p/Dockerfile") -> NamedPython:
    return NamedPython(version, Where.DEPLOYED, "Dockerfile", file, line)


def ci(version: str, source: str = "tox", line: int = 1) -> NamedPython:
    return NamedPython(version, Where.TESTED, source, f"/p/{source}.ini", line)


@pytest.mark.parametrize(
    ("specifier", "version", "fix"),
    [
        (">=3.12", "3.11.4", "3.12"),
        (">=3.8,<3.11", "3.12.1", "3.10"),
        (">=3.12.3", "3.12.1", "3.12"),
        ("==3.10.*", "3.9", "3.10"),
        (">=4", "3.12.1", ""),
        ("<3.13", "3.13.0rc1", "3.12"),
    ],
)
def test_outside_of_what_it_asks_for(specifier: str, version: str, fix: str) -> None:
    assert python_drifts(wanted(specifier), (), Python(version)) == (
        PythonDrift(
            f"requires-python is {specifier}, but the environment has {version}",
            "/p/pyproject.toml",
            error=True,
            wanted=fix,
        ),
    )


@pytest.mark.parametrize(
    ("specifier", "exact", "version"),
    [
        (">=3.12", None, "3.12.0"),
        (">=3.12.3,<3.13", None, "3.12"),  # no further known: it may well be
        (">=3.13", None, "3.13.0"),
        ("", "3.12", "3.12.4"),
        ("", "3.12.4", "3.12"),
        ("", "3.12.4", "3.12.4"),
        ("", "3.13", None),
        ("no range", None, "3.12"),
    ],
)
def test_no_drift(specifier: str, exact: str | None, version: str | None) -> None:
    assert python_drifts(wanted(specifier, exact), (), Python(version)) == ()


def test_setup_cfg_says_it_in_its_own_words() -> None:
    asks = WantedPython(">=3.12", specifier_source="/p/setup.cfg")
    found = python_drifts(asks, (), Python("3.11.4"))
    assert found[0].message == "python_requires is >=3.12, but the environment has 3.11.4"


def test_pins() -> None:
    found = python_drifts(wanted(">=3.10", "3.12.4"), (), Python("3.12.1", "cpython"))
    assert found == (
        PythonDrift(
            ".python-version pins 3.12.4, but the environment has 3.12.1",
            "/p/.python-version",
            error=True,
            wanted="3.12.4",
        ),
    )
    found = python_drifts(wanted("", "3.10", "pypy"), (), Python("3.10.4", "cpython"))
    assert [(one.message, one.error, one.wanted) for one in found] == [
        (".python-version pins PyPy 3.10, but the environment has CPython 3.10.4", True, "")
    ]
    found = python_drifts(wanted(">=3.12", "3.9"), (), Python("3.11.4"))
    assert [one.wanted for one in found] == ["3.12", ""]


def test_a_range_is_mended_by_what_is_pinned_or_deployed() -> None:
    found = python_drifts(wanted(">=3.10", "3.13"), (deployed("3.12"),), Python("3.9.1"))
    assert [one.wanted for one in found] == ["3.13", "3.13", "3.12"]
    found = python_drifts(wanted(">=3.10"), (deployed("3.12"),), Python("3.9.1"))
    assert [(one.error, one.wanted) for one in found] == [(True, "3.12"), (False, "3.12")]


def test_deployed_on_another_minor() -> None:
    named = (
        deployed("3.12.4"),
        deployed("3.12", 9),
        deployed("3.11.9", 5),
        deployed("3.13", None, "/p/app.yaml"),
        NamedPython("3.9", Where.TESTED, DEVELOPMENT, "/p/.devcontainer/Dockerfile", 1),
    )
    found = python_drifts(wanted("<3.13"), named, Python("3.11.4"))
    assert [(one.message, one.line, one.error, one.wanted) for one in found] == [
        ("develops on 3.11, deploys on 3.12.4 (Dockerfile:3)", 3, False, "3.12.4"),
        (
            "develops on 3.11, deploys on 3.13 (app.yaml) (outside <3.13)",
            None,
            False,
            "",
        ),
        (
            "develops on 3.11, its dev container has 3.9 (Dockerfile:1)",
            1,
            False,
            "3.9",
        ),
    ]
    assert python_drifts(wanted(), (deployed("3.11.9"),), Python("3.11")) == ()


def test_tested_with_others_and_not_with_this() -> None:
    named = (
        ci("3.10", line=4),
        ci("3.9"),
        ci("3.12"),
        ci("3.11", "GitHub Actions"),
        ci("3.12", "nox"),
    )
    found = python_drifts(wanted("<3.12"), named, Python("3.11.4"))
    assert [(one.message, one.line, one.error, one.wanted) for one in found] == [
        ("tox tests 3.9, 3.10 and 3.12, not 3.11 (tox.ini:4)", 4, False, "3.10"),
        ("nox tests 3.12, not 3.11 (nox.ini:1)", 1, False, ""),
    ]


_TEXT = st.text(alphabet="3.12<>=,!~*rcx -", max_size=12)


@settings(deadline=None)
@given(_TEXT, st.none() | _TEXT, st.none() | _TEXT, _TEXT)
def test_nothing_is_raised_whatever_they_say(
    specifier: str, exact: str | None, version: str | None, named: str
) -> None:
    others = (deployed(named), ci(named))
    for one in python_drifts(wanted(specifier, exact), others, Python(version)):
        assert one.message


def test_the_free_threaded_build_and_the_other_are_two_versions() -> None:
    asks, here = wanted("", "3.13t"), Python("3.13.1", "cpython")
    (drift,) = python_drifts(asks, (), here)
    assert drift.message == ".python-version pins 3.13t, but the environment has 3.13.1"
    assert (drift.error, drift.wanted) == (True, "3.13t")
    assert python_drifts(asks, (), here, free_threaded=True) == ()
    (drift,) = python_drifts(wanted("", "3.13"), (), here, free_threaded=True)
    assert drift.message == ".python-version pins 3.13, but the environment has 3.13.1t"
