"""`envdeck matrix`: from a process to real environments, as lines, as a grid and as JSON."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support.environments import tool_data
from support.program import run_program
from support.wheels import write_wheel

CODE = "import elm, sys; print('elm', elm.version); sys.exit(elm.version == '2.0')"


@pytest.fixture
def machine(home):
    """A project that needs `elm`, and an index of two releases."""
    wheels, project = home / "wheels", home / "work" / "api"
    project.mkdir(parents=True)
    for version in ("1.0", "2.0"):
        write_wheel(wheels, "elm", version, {"elm.py": f"version = {version!r}\n"})
    (project / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1"\ndependencies = ["elm"]\n'
        "[tool.uv]\npackage = false\n"
    )
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    environ = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(tool_data() / "uv")}

    class Machine:
        folder = project

        def words(self, *options, code=CODE):
            command = ["--", "python", "-B", "-c", code]
            return ["matrix", str(project), "--python", sys.executable, *options, *command]

        def call(self, *options, code=CODE):
            return run_program(*self.words(*options, code=code), environ=environ, cwd=home)

    machine = Machine()
    machine.environ = environ
    return machine


def test_the_json_and_the_exit_code(machine):
    done = machine.call("--with", "elm<2", "--with", "elm>=2", "--with", "elm>=9", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["schema"], told["status"]) == (1, "failed")
    assert told["with"] == [["elm<2"], ["elm>=2"], ["elm>=9"]]
    assert told["command"][0] == "python"
    first, second, third = told["cells"]
    assert set(first) == {
        *("python", "executable", "with", "source", "status", "exit", "seconds", "build_seconds"),
        *("packages", "reason", "hint", "output"),
    }
    assert (first["status"], first["exit"], first["packages"]) == ("passed", 0, {"elm": "1.0"})
    assert (second["status"], second["exit"]) == ("failed", 1)
    assert second["output"] == ["elm 2.0"]
    assert (third["status"], third["exit"]) == ("not-built", None)
    assert "elm" in third["reason"]
    assert os.path.isfile(told["log"])
    assert sorted(path.name for path in machine.folder.iterdir()) == ["pyproject.toml"]


def test_lines_without_a_terminal(machine):
    done = machine.call("--with", "elm<2")
    assert (done.returncode, done.stderr.startswith("note: output of 1 environment: ~/")) == (
        0,
        True,
    )
    version = "{}.{}.{}".format(*sys.version_info)
    assert done.stdout.startswith(f"{version}  elm<2  passed")
    assert done.stdout.endswith("\n1 of 1 passed\n")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timeout", "0"], "--timeout"),
        (["--with", "elm=2"], "invalid requirement `elm=2`"),
        (["--python", "/nowhere/python"], "interpreter not found"),
        (["--group", "nothing"], "no group `nothing`"),
        (["--from", "nowhere.txt"], "is not a source or a file"),
    ],
)
def test_wrong_usage(machine, options, said):
    done = machine.call(*options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_without_a_command(machine):
    words = machine.words()[:4]
    done = run_program(*words, environ=machine.environ, cwd=machine.folder)
    assert done.returncode == 2
    assert "error: no command to run" in done.stderr


def test_when_it_is_interrupted_it_says_so_and_leaves_nothing(machine):
    flag = machine.folder / "begun"
    code = f"import time; open({str(flag)!r}, 'w').close(); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-m", "envdeck", *machine.words("--json", code=code)],
        env=machine.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not flag.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    told = json.loads(output)
    assert process.returncode == 130
    assert (told["status"], told["cells"][0]["status"]) == ("cancelled", "not-run")
    assert list(machine.folder.parents[1].glob("**/environment")) == []
