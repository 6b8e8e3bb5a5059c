"""Which interpreter is proposed, and in which order the others follow."""

from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.inspection.interpreter import is_free_threaded
from envdeck.core.model import (
    Environment,
    Identity,
    Interpreter,
    InterpreterOption,
    InterpreterReason,
    Python,
    Status,
    minor_of,
)
from envdeck.core.onboarding.project_state import accepts_python, version_to_get
from envdeck.core.operations.shared.interpreters import InterpreterRequest, interpreter_options
from envdeck.core.project import WantedPython
from envdeck.text.environment import option_words


def python(version: str, name: str = "pyenv", implementation: str = "cpython") -> Interpreter:
    ended = {"3.8": "2024-10-07", "3.9": "2025-10-31"}.get(version.rpartition(".")[0])
    prefix = f"/opt/{name}/{implementation}-{version}"
    return Interpreter(
        f"{prefix}/bin/python", prefix, Identity(1, 1), version, implementation, name, ended
    )


def environment(version: str | None, base: str | None) -> Environment:
    return Environment(
        "/p/.venv", Identity(1, 2), ".venv", "venv", Status.OK,
        python=Python(version, "cpython", base=base),
    )  # fmt: skip


def order(choices: tuple[InterpreterOption, ...]) -> list[str]:
    assert [one.default for one in choices[1:]] == [False] * (len(choices) - 1)
    return [one.interpreter.version or "" for one in choices]


NOTHING = WantedPython()


def options_of(
    environment: Environment | None,
    interpreters: tuple[Interpreter, ...],
    wanted: WantedPython = NOTHING,
    asked: str | None = None,
) -> tuple[InterpreterOption, ...]:
    return interpreter_options(InterpreterRequest(environment, wanted, asked), interpreters)


FOUND = (
    python("3.8.20"), python("3.12.1"), python("3.13.0"), python("3.12.4"),
    python("3.14.0rc1"), python("3.10.16", implementation="pypy"), python("3.9.9"),
)  # fmt: skip


def test_the_base_it_has_goes_first_even_when_older() -> None:
    found = options_of(environment("3.12.1", "/opt/pyenv/cpython-3.12.1"), FOUND)
    assert order(found) == ["3.12.1", "3.12.4", "3.13.0", "3.14.0rc1", "3.10.16", "3.9.9", "3.8.20"]
    assert (found[0].default, found[0].reason) == (True, InterpreterReason.CURRENT)
    assert option_words(found[0]) == "current"
    assert option_words(found[-1]) == "end of life since 2024-10-07"


def test_a_base_that_is_gone_gives_way_to_the_newest_of_its_minor_version() -> None:
    found = options_of(environment("3.12.0", "/gone"), FOUND)
    assert order(found)[:2] == ["3.12.4", "3.12.1"]
    assert (found[0].default, found[0].reason) == (True, InterpreterReason.SAME_MINOR)
    assert found[0].same_minor


def test_then_what_the_project_asks_for() -> None:
    wanted = WantedPython(">=3.9,<3.13", "3.12.1")
    found = options_of(environment("3.7.1", "/gone"), FOUND, wanted)
    assert order(found)[:2] == ["3.12.1", "3.12.4"]
    assert found[0].default
    outside = [one for one in found if one.interpreter.version == "3.13.0"]
    assert (outside[0].fits, outside[0].reason) == (False, InterpreterReason.NOT_ALLOWED)
    assert option_words(outside[0]) == "project requires >=3.9,<3.13"


def test_then_the_newest_that_is_supported_and_allowed() -> None:
    assert order(options_of(None, FOUND))[0] == "3.13.0"
    found = options_of(None, FOUND, WantedPython("<3.13"))
    assert order(found)[0] == "3.12.4"
    found = options_of(None, FOUND, WantedPython("", "3.10", "pypy"))
    assert found[0].interpreter.implementation == "pypy"


def test_nothing_is_proposed_where_nothing_suits() -> None:
    found = options_of(None, (python("3.8.20"), python("3.9.9")))
    assert order(found) == ["3.9.9", "3.8.20"]
    assert not found[0].default
    assert options_of(None, ()) == ()


def test_a_person_gets_the_newest_of_a_version_and_the_very_patch_release() -> None:
    def taken(asked: str, one: Environment | None = None) -> tuple[str | None, bool] | None:
        found = [each for each in options_of(one, FOUND, asked=asked) if each.default]
        return (found[0].interpreter.version, found[0].exact) if found else None

    assert taken("3.12") == ("3.12.4", False)
    assert taken("3.12", environment("3.12.1", "/opt/pyenv/cpython-3.12.1")) == ("3.12.1", False)
    assert taken("3.12.1") == ("3.12.1", True)
    assert taken("/opt/pyenv/cpython-3.9.9/bin/python") == ("3.9.9", False)
    assert taken("3.7") is None
    assert taken("/opt/nothing") is None


# The free-threaded build is a version of its own


def threaded(version: str, name: str = "uv") -> Interpreter:
    one = python(version, name)
    return replace(one, executable=f"{one.executable}{minor_of(version)}t")


def test_the_free_threaded_build_is_taken_only_when_asked_for() -> None:
    known = (python("3.13.0"), threaded("3.13.1"))
    (default,) = [one for one in options_of(None, known) if one.default]
    assert default.interpreter.version == "3.13.0"
    pinned = WantedPython(exact="3.13t")
    assert order(options_of(None, known, pinned))[0] == "3.13.1"
    plain = WantedPython(exact="3.13")
    assert order(options_of(None, known, plain))[0] == "3.13.0"
    for asked, version in (("3.13t", "3.13.1"), ("3.13", "3.13.0"), ("3.13.1t", "3.13.1")):
        (default,) = [one for one in options_of(None, known, asked=asked) if one.default]
        assert default.interpreter.version == version


@pytest.mark.parametrize("exact", ["3.13t", "3.13.0t"])
def test_a_free_threaded_build_that_is_not_here_is_not_stood_in_for(exact: str) -> None:
    options = options_of(None, (python("3.13.0"),), WantedPython(exact=exact))
    assert options[0].reason is not InterpreterReason.REQUESTED
    assert not accepts_python(WantedPython(exact=exact), "3.13.0", "cpython")
    assert accepts_python(WantedPython(exact=exact), "3.13.0", "cpython", free_threaded=True)
    assert not accepts_python(WantedPython(exact="3.13"), "3.13.0", "cpython", free_threaded=True)
    assert version_to_get(WantedPython(exact=exact), 0.0) == exact
    assert WantedPython(exact=exact, specifier=">=3.14").contradiction != ""
    assert WantedPython(exact=exact, specifier=">=3.12").contradiction == ""


def test_the_build_is_told_by_names_alone(tmp_path: Path) -> None:
    assert is_free_threaded("/x", "3.13.1", "/x/bin/python3.13t")
    assert is_free_threaded("/x", "3.13.1", "C:\\\\python3.13t.exe")
    assert not is_free_threaded("/x", "3.13.1", "/x/bin/python3.13")
    (tmp_path / "lib/python3.13t").mkdir(parents=True)
    assert is_free_threaded(str(tmp_path), "3.13.1")
    assert not is_free_threaded(str(tmp_path), "3.1.3")
    (tmp_path / "lib/python3.13").mkdir()
    assert not is_free_threaded(str(tmp_path), "3.13.1", "/x/bin/python3")
    assert not is_free_threaded(str(tmp_path), None)
