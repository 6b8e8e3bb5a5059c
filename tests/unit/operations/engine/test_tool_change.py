"""Tools of another version: their words, replayed and provoked, and what a person is told."""

import os
import shlex
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.failure import Failure, FailureKind, explain
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.tool_change import update_of
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.shared.context import read_environment
from envdeck.core.operations.upgrade.resolve import UvResolver
from envdeck.core.system.host import Host

MET = tomllib.loads((Path(__file__).parent / "tool_words.toml").read_text())["met"]
PYPROJECT = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.9"\n'


def stand_in(folder: Path, tool: str, lines: list[str]) -> str:
    """Write a program of that name that fails with these lines."""
    program = folder / tool
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' {shlex.join(lines)} >&2\nexit 2\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("met", MET, ids=lambda met: f"{met['tool']}-{met['cause'][-24:]}")
def test_what_was_met_is_told_in_plain_words(met, engine_host: Host, tmp_path: Path) -> None:
    program = stand_in(tmp_path, met["tool"], met["lines"])
    if met["tool"] == "uv":
        uv = UvAdapter(engine_host, folder=str(tmp_path), project=True, program=program)
        command = uv.project_sync("/e", "/e/bin/python")
    else:
        command = Command((program, "update"), str(tmp_path), engine_host.environ)

    failure = explain(Runner(engine_host).run(command))

    own = metadata.version(met["tool"]) if met["tool"] in {"uv", "virtualenv"} else ""
    assert failure.kind is FailureKind.TOOL
    assert failure.cause == met["cause"].replace("{version}", own)
    assert met["hint"] in failure.hint


@pytest.fixture
def refused(engine_host: Host, uv, tmp_path: Path):
    """Return a function that has the installed uv fail in a project of these files."""

    def refused(call, **files: str) -> Failure:
        folder = tmp_path / "project"
        folder.mkdir()
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        command = call(UvAdapter(engine_host, folder=str(folder), project=True))
        done = Runner(engine_host).run(command)
        assert not done.ok
        return explain(done)

    return refused


def sync(uv: UvAdapter) -> Command:
    return uv.project_sync("/nowhere/e", "python")


VERSION = metadata.version("uv")


def test_the_installed_uv_says_the_same(refused) -> None:
    lock = 'version = 2\nrevision = 1\nrequires-python = ">=3.9"\n'
    failure = refused(sync, pyproject_toml=PYPROJECT, uv_lock=lock)
    assert failure == Failure(
        FailureKind.TOOL,
        f"uv {VERSION} cannot read uv.lock: schema version 2 is newer than the supported 1",
        update_of("uv"),
    )


def test_a_lock_of_which_something_is_not_understood(refused) -> None:
    package = '[[package]]\nname = "a"\nversion = "1"\nsource = { elsewhere = "x" }\n'
    lock = f'version = 1\nrevision = 9\nrequires-python = ">=3.9"\n{package}'
    failure = refused(sync, pyproject_toml=PYPROJECT, uv_lock=lock)
    assert failure.kind is FailureKind.TOOL
    assert failure.cause.startswith(f"uv {VERSION} cannot read uv.lock: data did not match")


def test_a_project_that_requires_another_uv(refused) -> None:
    table = '[tool.uv]\nrequired-version = ">=99"\n'
    failure = refused(sync, pyproject_toml=PYPROJECT + table)
    assert failure.cause == f"the project requires uv >=99, installed is uv {VERSION}"
    assert failure.hint.endswith("--upgrade 'uv>=99'`")


def test_a_project_without_a_manifest_or_a_lock(refused) -> None:
    assert "pyproject.toml" in refused(lambda uv: uv.lock()).cause


def test_a_lock_that_is_not_there(refused) -> None:
    assert refused(sync, pyproject_toml=PYPROJECT).cause == "uv.lock does not exist"


def test_an_option_that_is_not_known(engine_host: Host, uv, tmp_path: Path) -> None:
    command = uv.outdated("/nowhere")
    more = Command((*command.argv, "--no-such-option"), str(tmp_path), command.environ)
    failure = explain(Runner(engine_host).run(more))
    assert failure.cause == f"uv {VERSION} does not support `--no-such-option`"


@pytest.mark.parametrize(
    ("manifest", "revision"),
    [(True, 0), (True, 1), (True, 5), (True, 99), (False, 0), (False, 4), (False, 5), (False, 99)],
)
def test_a_revision_is_installed_without_a_manifest_only_from_five_on(
    manifest, revision, engine_host: Host, uv, make_venv, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    if manifest:
        (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "uv.lock").write_text(
        f'version = 1\nrevision = {revision}\nrequires-python = ">=3.9"\n'
        '[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
    )
    environment = make_venv(tmp_path / "env", creator="uv")
    tool = UvAdapter(engine_host, folder=str(folder), project=True)
    command = tool.project_sync(str(environment), str(environment / "bin" / "python"))
    done = Runner(engine_host).run(command)
    assert done.ok == (manifest or revision >= 5), done.tail
    if not done.ok:
        told = f"without which uv {VERSION} reads uv.lock only since revision 5"
        assert explain(done).cause == f"no pyproject.toml, {told}"


def test_words_of_a_package_that_is_built_are_not_the_tool_s(
    engine_host: Host, tmp_path: Path
) -> None:
    lines = [
        "  × Failed to build `one==1.0`",
        "      [stderr]",
        "      error: unexpected argument '--fast' found",
    ]
    program = stand_in(tmp_path, "uv", lines)
    command = Command((program,), str(tmp_path), dict(os.environ))
    failure = explain(Runner(engine_host).run(command))
    assert failure.kind is FailureKind.BUILD
    assert "--fast" in failure.cause


@pytest.mark.parametrize("text", ["{}", '{"schema": {"version": "2"}, "plan": []}', "not JSON"])
def test_an_answer_of_another_form_is_no_answer(
    text, engine_host: Host, make_venv, tmp_path: Path
) -> None:
    """A plan that is not understood is not one that changes nothing."""
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\necho {shlex.quote(text)}\n")
    program.chmod(0o755)
    environment = read_environment(str(make_venv(tmp_path / "env")), engine_host)
    assert environment is not None
    uv = UvAdapter(engine_host, folder=str(tmp_path), program=str(program))
    resolver = UvResolver(uv, Runner(engine_host), environment)
    for answer in (resolver.plan(["one"], [], []), resolver.latest()):
        assert isinstance(answer, Failure)
        assert answer.kind is FailureKind.TOOL
        assert "in an unknown format" in answer.cause
        assert "--upgrade uv" in answer.hint
