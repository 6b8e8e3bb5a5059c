"""`envdeck bisect`: from a process to copies of a real environment."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support.environments import create_environment
from support.program import run_program
from support.wheels import write_wheel


@pytest.fixture
def machine(home):
    """An environment that had `elm` 1.0 and has 2.0 now, with a snapshot of both."""
    wheels, path = home / "wheels", home / "work" / "api" / ".venv"
    path.parent.mkdir(parents=True)
    create_environment(path, creator="uv")
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    environ = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(home / "uv")}
    taken = []
    for version in ("1.0", "2.0"):
        write_wheel(wheels, "elm", version, {"elm.py": f"version = {version!r}\n"})
        words = ["install", str(path), f"elm=={version}", "--yes"]
        words = words if version == "1.0" else ["upgrade", *words[1:]]
        done = run_program(*words, environ=environ, cwd=home)
        assert done.returncode == 0, done.stderr
        told = run_program("timeline", str(path), "--json", environ=environ, cwd=home)
        taken.append(json.loads(told.stdout)["snapshots"][0]["id"])

    class Machine:
        good, bad = taken
        place = home

        def words(self, code):
            words = ["bisect", str(path), "--good", self.good, "--json"]
            return [*words, "--", "python", "-B", "-c", code]

    machine = Machine()
    machine.environ = environ
    return machine


def test_the_culprit_is_named(machine, home):
    code = "import elm, sys; sys.exit(elm.version == '2.0')"
    done = run_program(*machine.words(code), environ=machine.environ, cwd=home)
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"]) == (0, "found")
    assert told["culprits"] == [{"name": "elm", "from": "1.0", "to": "2.0"}]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_when_it_is_ended_it_leaves_nothing(machine, home, number):
    """A closed terminal ends it in good order too: its copies are removed at once."""
    flag = home / "begun"
    code = f"import time; open({str(flag)!r}, 'w').close(); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-m", "envdeck", *machine.words(code)],
        env=machine.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not flag.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kept = set(home.glob(".local/share/envdeck/trash/*"))
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    told = json.loads(output)
    assert (told["status"], told["message"]) == ("cannot-tell", "cancelled")
    left = set(home.glob(".local/share/envdeck/trash/*"))
    assert len(left) == len(kept) - 1
    assert left < kept
