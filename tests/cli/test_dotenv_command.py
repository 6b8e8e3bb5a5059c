"""`envdeck dotenv` over real projects: listing, revealing, mending."""

import getpass
import io
import json
import os
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from envdeck.cli.commands.dotenv import _facts
from envdeck.cli.console import Console
from envdeck.cli.context import CommandContext
from envdeck.cli.main import run
from envdeck.core.catalog import Catalog
from envdeck.core.dotenv import DotenvFile, FileKind, GitState
from envdeck.text.safe import ASCII
from support.dialogue import answer

MARK = "MARK-3f9c"


@pytest.fixture
def project(home) -> Path:
    folder = home / "work" / "it's [api]"
    folder.mkdir(parents=True)
    (folder / ".env.example").write_text("HOST=localhost\nTOKEN=changeme\nDEBUG=\n")
    return folder


@pytest.fixture
def env(project) -> Path:
    path = project / ".env"
    path.write_text(f"HOST='{MARK} host'\nMINE={MARK}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def dotenv(project, host, tmp_path):
    """Return a function that runs the command on the project, with all the real parts."""
    ticks = count(1_795_000_000)
    host = replace(host, now=lambda: float(next(ticks)))

    def call(
        *arguments: str, command="dotenv", answer=None, where=None, **console
    ) -> SimpleNamespace:
        out, err = io.StringIO(), io.StringIO()
        context = CommandContext(
            host,
            Console(out, err, **console),
            open_catalog=lambda host: Catalog(host, str(tmp_path / "index.sqlite3")),
            answers=None if answer is None else io.StringIO(answer),
        )
        if where is None:
            where = [str(project)] if command == "dotenv" else []
        code = run([command, *where, *arguments], context)
        return SimpleNamespace(code=int(code), out=out.getvalue(), err=err.getvalue())

    return call


@pytest.fixture
def typed(monkeypatch):
    """Return what is asked for without echo, and answer with the marked value."""
    asked = []

    def answer(prompt):
        asked.append(prompt)
        return f"{MARK} typed" if "TOKEN" in prompt else ""

    monkeypatch.setattr(getpass, "getpass", answer)
    return asked


@pytest.fixture
def piped(monkeypatch):
    def give(text: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    return give


def test_keys_are_listed_and_no_value(dotenv, env):
    told = dotenv()
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].startswith(".env  2 keys, ")
    assert lines[1:3] == ["  HOST  ••••", "  MINE  ••••"]
    assert "  TOKEN  ••••  placeholder" in lines
    assert "  DEBUG  empty" in lines
    assert ".env compared with .env.example: missing TOKEN, DEBUG; extra MINE" in lines
    assert "(missing-key)" in told.out
    assert MARK not in told.out + told.err


def test_an_example_that_git_does_not_know_belongs_there(project):
    def told(kind: str) -> list[str]:
        path = str(project / ".env.example")
        return list(_facts(DotenvFile(path, FileKind(kind), git=GitState(ignored=False))))

    assert told("example")[-1] == "untracked"
    assert told("env")[-1] == "not ignored by git"


def test_plain_letters_where_there_is_no_unicode(dotenv, env):
    assert "  HOST  ****" in dotenv(signs=ASCII).out.splitlines()


def test_listing_as_json(dotenv, project, env):
    told = dotenv("--json")
    said = json.loads(told.out)
    assert list(said) == ["schema", "project", "files", "compared", "findings"]
    assert said["project"] == str(project)
    first = said["files"][0]
    assert list(first) == [
        *("path", "kind", "mode", "bytes", "encoding", "link", "problem", "git", "keys"),
    ]
    assert (first["path"], first["mode"], first["git"]["tracked"]) == (str(env), "0600", None)
    assert first["keys"][0] == {
        "name": "HOST",
        "line": 1,
        "has_value": True,
        "placeholder": False,
        "exported": False,
    }
    assert said["compared"][0]["missing"] == ["TOKEN", "DEBUG"]
    finding = next(each for each in said["findings"] if each["check"] == "missing-key")
    assert list(finding) == ["check", "severity", "message", "remedy", "file", "line"]
    assert MARK not in told.out


def test_error_among_the_findings_is_the_exit_code(dotenv, project):
    (project / ".env.example").write_text("API_TOKEN=qX7vR2mK9tLw4ZpB8nYc3HdF6sGj1\n")
    told = dotenv("--json")
    severities = {each["severity"] for each in json.loads(told.out)["findings"]}
    assert ("error" in severities, told.code) == (True, 1)


def test_one_value_is_revealed_and_nothing_else(dotenv, project, env):
    assert dotenv("--reveal", "HOST").out == f"{MARK} host\n"
    assert dotenv("--reveal", "HOST", "--file", ".env.example").out == "localhost\n"
    assert dotenv("--reveal", "HOST", "--file", str(project / ".env.example")).out == "localhost\n"


def test_value_of_the_example_is_revealed_where_that_is_named(dotenv, env):
    told = dotenv("--reveal", "TOKEN")
    assert (told.code, told.out) == (2, "")
    assert "is only in the example .env.example" in told.err
    assert dotenv("--reveal", "TOKEN", "--file", ".env.example").out == "changeme\n"


def test_what_cannot_be_read_is_not_revealed_of_the_example(dotenv, project):
    (project / ".env").mkdir()
    told = dotenv("--reveal", "TOKEN")
    assert (told.code, told.out) == (2, "")
    assert ".env: is a folder" in told.err
    assert ".env: is a folder" in dotenv("--add-missing", "--yes").err


@pytest.mark.parametrize("act", ["--add=NEW", "--private", "--ignore"])
def test_file_that_is_none_of_the_project_is_left_alone(dotenv, env, project, home, piped, act):
    for path in (home / ".env", project / "main.py"):
        piped(b"")
        path.write_text("A=1\n")
        path.chmod(0o644)
        values = ("--values", "-") if act == "--add=NEW" else ()
        told = dotenv(act, *values, "--yes", "--file", str(path))
        assert told.code == 2
        assert "not a dotenv file of the project" in told.err
        assert (path.read_text(), path.stat().st_mode & 0o777) == ("A=1\n", 0o644)
    assert not (project / ".gitignore").exists()


def test_file_of_a_project_that_is_named_by_a_link(dotenv, project, env, home):
    link = home / "link"
    link.symlink_to(project)
    told = dotenv(str(link), "--reveal", "MINE", "--file", str(env), command="dotenv", where=())
    assert (told.code, told.out) == (0, f"{MARK}\n")


def test_values_where_there_is_no_standard_input(dotenv, env, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    told = dotenv("--add-missing", "--values", "-", "--yes")
    assert (told.code, "standard input is not available" in told.err) == (2, True)


def test_typed_bytes_that_are_no_text(dotenv, env, monkeypatch):
    def answer(_):
        return b"caf\xe9".decode()

    monkeypatch.setattr(getpass, "getpass", answer)
    before = env.read_bytes()
    told = dotenv("--add-missing", answer="y\n")
    assert (told.code, env.read_bytes()) == (2, before)
    assert "not valid in this terminal's encoding" in told.err
    assert "e9" not in told.err


def test_ctrl_z_is_not_heeded_while_a_value_is_typed(dotenv, env, monkeypatch):
    heeded = []

    def answer(_):
        heeded.append(signal.getsignal(signal.SIGTSTP))
        return ""

    before = signal.getsignal(signal.SIGTSTP)
    monkeypatch.setattr(getpass, "getpass", answer)
    dotenv("--add-missing", answer="n\n")
    assert set(heeded) == {signal.SIG_IGN}
    assert signal.getsignal(signal.SIGTSTP) == before


def test_revealed_value_cannot_act_on_a_terminal(dotenv, env):
    env.write_bytes(b"K='a\x1b[2J\nb'\n")
    assert dotenv("--reveal", "K", terminal=True).out == "a\\x1b[2J\nb\n"
    assert dotenv("--reveal", "K").out == "a\x1b[2J\nb\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--reveal", "NOPE"),
        ("--reveal", "TOKEN", "--file", ".env"),
        ("--reveal", "HOST", "--file", "gone"),
        ("--reveal", "HOST", "--json"),
        ("--reveal", "HOST", "--create"),
        ("--file", ".env"),
        ("--yes",),
        ("--ignore", "--values", "-"),
        ("--add-missing", "--file", "gone", "--yes"),
    ],
)
def test_wrong_usage(dotenv, env, arguments):
    told = dotenv(*arguments)
    assert (told.code, told.out) == (2, "" if "--add-missing" not in arguments else told.out)
    assert told.err.startswith("error: ")
    assert MARK not in told.err


def test_create_asks_for_what_the_example_leaves_open(dotenv, project, typed):
    told = dotenv("--create", answer="y\n")
    assert told.code == 0, told.err
    assert [prompt.split(" ")[0] for prompt in typed] == ["TOKEN", "DEBUG"]
    assert (project / ".env").read_text() == f"HOST=localhost\nTOKEN='{MARK} typed'\nDEBUG=\n"
    assert MARK not in told.out + told.err


def test_create_unattended_takes_the_example(dotenv, project, typed):
    assert dotenv("--create", "--yes").code == 0
    assert (project / ".env").read_bytes() == (project / ".env.example").read_bytes()
    assert typed == []


def test_create_for_another_file_of_the_same_kind(dotenv, project):
    (project / ".env.local.example").write_text("ONLY=1\n")
    assert dotenv("--create", "--file", ".env.local", "--yes").code == 0
    assert (project / ".env.local").read_text() == "ONLY=1\n"
    assert dotenv("--create", "--file", ".env.prod", "--yes").code == 2


def test_file_is_the_projects_and_not_the_current_folders(dotenv, project, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("A=1\n")
    monkeypatch.chdir(tmp_path)
    assert dotenv("--create", "--file", ".env", "--yes").code == 0
    (project / "sub").mkdir()
    (project / "sub" / ".env").write_text("DEEP=1\n")
    monkeypatch.chdir(project / "sub")
    assert dotenv("--private", "--file", "sub/.env", "--yes").code == 0
    (project / ".env").unlink()
    assert dotenv("--ignore", "--file", ".env", "--yes").code == 0
    assert (project / ".gitignore").read_text() == "/sub/.env\n"


def test_no_means_that_nothing_is_changed(dotenv, env, typed):
    before = env.read_bytes()
    told = dotenv("--add-missing", answer="n\n")
    assert (told.code, env.read_bytes()) == (1, before)
    assert "adds    TOKEN, DEBUG" in told.err + told.out
    assert MARK not in told.out + told.err


def test_dry_run_asks_for_nothing(dotenv, env, typed):
    before = env.read_bytes()
    told = dotenv("--add-missing", "--dry-run", "--json")
    said = json.loads(told.out)
    assert (told.code, said["operation"], said["result"]) == (0, "edit", None)
    assert said["plan"]["targets"] == [str(env)]
    assert (env.read_bytes(), typed) == (before, [])


def test_nothing_to_add_is_no_failure(dotenv, env, piped):
    piped(b"")
    assert dotenv("--add-missing", "--values", "-", "--yes").code == 0
    told = dotenv("--add-missing", "--yes", "--json")
    assert (told.code, json.loads(told.out)["result"]["status"]) == (0, "nothing-to-do")


def test_values_from_the_standard_input(dotenv, env, piped):
    piped(f"DEBUG='{MARK} \"$x\" it\\'s'\r\nTOKEN={MARK}\r\n".encode())
    told = dotenv("--add-missing", "--values", "-", "--yes", "--json")
    said = json.loads(told.out)
    assert (told.code, said["result"]["status"]) == (0, "done")
    assert env.read_text().splitlines()[:3] == [
        f"HOST='{MARK} host'",
        f"TOKEN={MARK}",
        f"DEBUG='{MARK} \"$x\" it\\'s'",
    ]
    assert MARK not in told.out + told.err


def test_keys_that_are_named(dotenv, env, piped):
    piped(b"NEW=1\n")
    assert dotenv("--add", "NEW", "DEBUG", "--values", "-", "--yes").code == 0
    assert env.read_text().endswith("NEW=1\n")
    assert "DEBUG=\n" in env.read_text()


@pytest.mark.parametrize(
    "given",
    [
        f"{MARK}\n".encode(),
        f"TOKEN=1\nrest of {MARK}\n".encode(),
        f"TOKEN='{MARK}\n".encode(),
        b"\xff\xfe" + MARK.encode("utf-16-le"),
        f"TOKEN={MARK}".encode() + b" " * 2_000_000,
    ],
)
def test_values_that_are_none_are_not_quoted(dotenv, env, piped, given):
    piped(given)
    told = dotenv("--add-missing", "--values", "-", "--yes")
    assert told.code == 2
    assert MARK not in told.out + told.err


def test_nobody_to_ask(dotenv, env):
    told = dotenv("--add-missing", "--yes")
    assert (told.code, "--values -" in told.err) == (2, True)


def test_what_cannot_be_hidden_is_not_asked_for(dotenv, env, monkeypatch):
    def shown(_prompt):
        import warnings

        warnings.warn("can not control echo", getpass.GetPassWarning, stacklevel=1)
        return MARK

    monkeypatch.setattr(getpass, "getpass", shown)
    told = dotenv("--add", "NEW", answer="y\n")
    assert (told.code, "cannot hide" in told.err) == (2, True)
    assert "NEW" not in env.read_text()


def test_gitignore_and_mode(dotenv, project, env):
    env.chmod(0o644)
    assert dotenv("--ignore", "--yes").code == 0
    assert (project / ".gitignore").read_text() == "/.env\n"
    assert dotenv("--private", "--yes").code == 0
    assert env.stat().st_mode & 0o777 == 0o600
    assert dotenv("--private", "--yes").code == 0
    assert dotenv("--yes", command="undo").code == 0
    assert env.stat().st_mode & 0o777 == 0o644


def test_read_only_mode_refuses(dotenv, env, typed):
    before = env.read_bytes()
    told = dotenv("--add-missing", "--yes", "--read-only")
    assert (told.code, env.read_bytes(), typed) == (3, before, [])


def test_link_out_of_the_project_is_refused(dotenv, project, tmp_path):
    (tmp_path / "shared").write_text("A=1\n")
    (project / ".env").symlink_to(tmp_path / "shared")
    told = dotenv("--private", "--yes", "--json")
    assert (told.code, json.loads(told.out)["result"]["guard"]) == (3, "symlink")


def test_history_and_trash_tell_of_a_file(dotenv, env, piped):
    piped(f"TOKEN={MARK}\n".encode())
    dotenv("--add-missing", "--values", "-", "--yes")
    for command in ("history", "trash"):
        for options in ((), ("--json",)):
            told = dotenv(*options, command=command)
            assert (told.code, "edit" in told.out) == (0, True)
            assert MARK not in told.out + told.err
    item = json.loads(dotenv("--json", command="trash").out)["items"][0]
    assert (item["path"], item["operation"]) == (str(env), "edit")
    assert dotenv("restore", item["id"], "--yes", command="trash").code == 0
    assert env.read_text() == f"HOST='{MARK} host'\nMINE={MARK}\n"
    assert dotenv("purge", "--yes", command="trash").code == 0
    assert dotenv(command="trash").out == "the trash is empty\n"


def test_no_value_is_left_in_what_is_ours(dotenv, home, env, piped):
    piped(f"TOKEN={MARK}\nDEBUG={MARK}\n".encode())
    dotenv("--add-missing", "--values", "-", "--yes", "--verbose")
    dotenv("--yes", command="undo")
    files = [path for path in (home / ".local").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert {path.name for path in files if MARK.encode() in path.read_bytes()} == {"environment"}


def at_a_terminal(home, project, *talk):
    """Run `--create` at a terminal, type as it asks, and return its code and all it showed."""
    command = [sys.executable, "-m", "envdeck", "dotenv", str(project), "--create"]
    return answer(command, {**os.environ, "HOME": str(home)}, home, talk)


def test_values_are_asked_for_at_a_terminal_without_showing_them(project, home):
    code, shown = at_a_terminal(
        home,
        project,
        (b"TOKEN (hidden", f"{MARK}\n".encode()),
        (b"DEBUG (hidden", b"\n"),
        (b"[y/N]", b"y\n"),
    )
    assert code == 0, shown
    assert (project / ".env").read_text() == f"HOST=localhost\nTOKEN={MARK}\nDEBUG=\n"
    assert MARK.encode() not in shown


@pytest.mark.parametrize(("typed", "code"), [(b"\x03", 130), (b"\x04", 2)])
def test_question_for_a_value_is_broken_off(project, home, typed, code):
    ended, shown = at_a_terminal(home, project, (b"TOKEN (hidden", typed))
    assert (ended, (project / ".env").exists()) == (code, False), shown
