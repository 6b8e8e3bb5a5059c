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


def test_a_dry_run_says_what_would_be_run_where_and_what_cannot_be_built(machine):
    words = ("--python", "3.2", "--with", "elm<2", "--with", "", "--dry-run")
    done = machine.call(*words)
    version = "{}.{}.{}".format(*sys.version_info)
    assert done.returncode == 1
    assert done.stdout.startswith("matrix ~/work/api\n")
    assert "$ python -B -c " in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()[-5:]]
    assert rows[0] == ["Python", "With", "Built", "from"]
    assert rows[1][:3] == [version, "elm<2", "pyproject.toml,"]
    assert [row[0] for row in rows[3:]] == ["3.2", "3.2"]
    assert done.stdout.count("cannot be built: ") == 2
    assert done.stderr == "note: 2 environments to build, 2 cannot be built\n"
    told = json.loads(machine.call(*words, "--json").stdout)
    assert (told["status"], told["log"]) == ("planned", None)
    assert [one["status"] for one in told["cells"]] == ["planned"] * 2 + ["not-built"] * 2
    assert told["cells"][0]["source"] == "pyproject.toml"
    assert told["cells"][2]["reason"]
    ran = json.loads(machine.call("--json", code="").stdout)
    assert (set(told), set(told["cells"][0])) == (set(ran), set(ran["cells"][0]))


def test_a_dry_run_writes_nothing_and_is_for_the_read_only_mode_too(machine, home):
    assert machine.call("--dry-run").returncode == 0
    assert not (home / ".local" / "share").exists()
    done = machine.call("--dry-run", "--read-only")
    assert done.returncode == 3
    assert "blocked: read-only mode is on" in done.stderr
    assert "Built from" in done.stdout


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
