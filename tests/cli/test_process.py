"""The program as a process: what it imports, how it ends, what it does to its streams."""

import os
import signal
import subprocess
import sys

import pytest

from envdeck.cli.main import COMMANDS
from support.program import run_program

HEAVY = {"textual", "rich", "click"}
BUDGET = 240
"""Modules that a listing may import, all of the standard library's included."""
BUDGET_OF_NONE = 190
"""The same where there is no environment."""
SLOW = {
    "dataclasses",
    "hashlib",
    "inspect",
    "platformdirs",
    "packaging",
    "shutil",
    "subprocess",
    "tomllib",
}
"""What a listing has no use for, and what would take it a third more time."""


PARSERS = {"concurrent.futures", "dotenv", "packaging.requirements"}
"""What takes longer than a help."""


def envdeck(*arguments, environ=None, **options):
    settings = {"capture_output": True, "timeout": 60, **options}
    return subprocess.run(
        [sys.executable, "-m", "envdeck", *arguments],
        env={**os.environ, **(environ or {})},
        check=False,
        **settings,
    )


def python(code, *arguments, **options):
    settings = {"capture_output": True, "timeout": 60, "text": True, **options}
    return subprocess.run([sys.executable, "-c", code, *arguments], check=False, **settings)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_told_before_anything_is_imported(option):
    import envdeck

    code = """
import sys
before = set(sys.modules)
from envdeck.__main__ import main
main([sys.argv[1]])
print(*sorted(set(sys.modules) - before))
"""
    lines = python(code, option).stdout.splitlines()
    assert lines[0] == f"envdeck {envdeck.__version__}"
    imported = {name for name in lines[1].split() if "encodings" not in name}
    assert imported - set(sys.builtin_module_names) == {"envdeck", "envdeck.__main__"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--no-size", "--json"],
        ["list"],
        ["--help"],
        ["list", "--help"],
        ["find", "pip", "--json"],
        ["config"],
        ["completion", "bash"],
    ],
)
def test_what_prints_imports_no_screen(arguments, tmp_path):
    code = f"""
import sys, io
out, sys.stdout = sys.stdout, io.StringIO()
from envdeck.__main__ import main
main({arguments!r})
out.write(" ".join(sorted(sys.modules)))
"""
    modules = python(code, env={**os.environ, "HOME": str(tmp_path)}).stdout.split()
    assert len(modules) > 20
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()
    assert not [name for name in modules if name.startswith("envdeck.tui")]
    assert not [name for name in modules if name.startswith("envdeck.core.operations")]
    if arguments[0] == "list":
        assert len(modules) < BUDGET_OF_NONE
        assert set(modules) & SLOW == set()


def test_what_examines_is_loaded_only_where_something_changed(tmp_path, make_venv):
    make_venv(tmp_path / "work/api/.venv")
    code = """
import sys, io
out, sys.stdout = sys.stdout, io.StringIO()
from envdeck.__main__ import main
main(["list"])
out.write(" ".join(sorted(sys.modules)))
"""
    examining = ("envdeck.core.timeline", "envdeck.core.health.context")
    loaded = []
    for _ in range(2):
        modules = python(code, env={**os.environ, "HOME": str(tmp_path)}).stdout.split()
        assert len(modules) < BUDGET
        loaded.append([name for name in modules if name.startswith(examining)])
    assert loaded == [
        [examining[1], examining[0], f"{examining[0]}.model", f"{examining[0]}.store"],
        [],
    ]


@pytest.mark.parametrize(
    "arguments", [["find", "pip"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_a_help_and_a_search_for_a_name_load_no_parser(arguments, tmp_path):
    code = """
import sys, io
out, sys.stdout = sys.stdout, io.StringIO()
from envdeck.__main__ import main
main(sys.argv[1:])
out.write(" ".join(sorted(sys.modules)))
"""
    environ = {**os.environ, "HOME": str(tmp_path)}
    modules = set(python(code, *arguments, env=environ, cwd=tmp_path).stdout.split())
    assert len(modules) > 20
    assert modules & PARSERS == set()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_help_has_examples_and_exit_codes(command, tmp_path):
    result = run_program(*command.split(), "--help", environ=os.environ, cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""
    for part in ("usage: envdeck", "examples:\n  ", "exit codes:\n  0    done", "130  interrupted"):
        assert part in result.stdout
    assert result.stdout.startswith(f"usage: envdeck {command}".rstrip())


def test_help_is_found_behind_a_path():
    result = envdeck("somewhere", "--help", text=True)
    assert result.returncode == 0
    assert "commands:" in result.stdout


def test_a_reader_who_stops_reading_is_no_failure(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "envdeck", "list", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("arguments", [["config"], ["completion", "bash"]])
def test_a_full_output_is_a_failure_with_a_reason(arguments):
    with open("/dev/full", "w") as full:
        result = envdeck(
            *arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 1
    assert result.stderr == "error: cannot write the output: no space left on device\n"


def test_closed_streams_are_taken_as_they_are():
    code = f"exec {sys.executable} -m envdeck config <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", code], check=False, timeout=60).returncode == 0


FAULT = """
import sys
import envdeck.cli.main
def boom(*arguments):
    raise ZeroDivisionError("a\\x1b[2Jb")
envdeck.cli.main.run = boom
from envdeck.__main__ import main
sys.exit(main())
"""


def test_a_fault_of_ours_is_an_error_and_no_trace():
    result = python(FAULT)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: ZeroDivisionError: a\\x1b[2Jb",
        "hint: this is a bug in envdeck; set ENVDECK_DEBUG=1 for a traceback",
    ]


def test_a_fault_of_ours_can_be_traced():
    result = python(FAULT, env={**os.environ, "ENVDECK_DEBUG": "1"})
    assert result.returncode == 1
    assert "Traceback" in result.stderr


LEAVING = """
import atexit, os, sys, threading
from envdeck.__main__ import main
leave = os._exit
os._exit = lambda code: (print("left", flush=True), leave(code))
atexit.register(print, "registered")
{before}
sys.argv[1:] = ["config", "path"]
sys.exit(main())
"""


def test_a_process_of_our_own_ends_with_its_output_and_what_was_registered(tmp_path):
    done = python(LEAVING.format(before=""), env={**os.environ, "HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["registered", "left"]


@pytest.mark.parametrize(
    "before",
    [
        "sys.setprofile(lambda *_: None)",
        "threading.Thread(target=threading.main_thread().join).start()",
    ],
    ids=["profiled", "a thread at work"],
)
def test_a_process_that_somebody_watches_or_still_works_ends_as_python_ends_it(before, tmp_path):
    environ = {**os.environ, "HOME": str(tmp_path)}
    done = python(LEAVING.format(before=before), env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["registered"]


def test_an_interruption_ends_with_130():
    code = """
import sys, time
from envdeck.core.catalog import Catalog
def scan(self, scope, stopped=None):
    print("ready", file=sys.stderr, flush=True)
    time.sleep(60)
    yield
Catalog.scan = scan
from envdeck.__main__ import main
sys.exit(main(["list"]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr.read() == "error: interrupted\n"
    process.stderr.close()
    assert process.wait(60) == 130


def test_bytes_that_are_no_utf8_are_taken_and_shown_escaped(tmp_path):
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    result = envdeck("list", folder)
    assert result.returncode == 2
    assert b"\\xff\\xfe` does not exist" in result.stderr
