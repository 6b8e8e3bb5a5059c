"""`envdeck timeline`: from a process to a real environment, as text and as JSON."""

import json
import os
import time

import pytest

from support.program import run_program


@pytest.fixture
def machine(home, make_venv):
    """A project whose environment has a package that is upgraded by `put`."""
    project = home / "work" / "api"
    path = make_venv(project / ".venv")
    (packages,) = path.glob("lib/python*/site-packages")

    class Machine:
        environment = str(path)

        def call(self, *words):
            return run_program(*words, environ={**os.environ, "HOME": str(home)}, cwd=home)

        def put(self, name, version):
            for old in packages.glob(f"{name}-*.dist-info"):
                (old / "METADATA").unlink()
                old.rmdir()
            info = packages / f"{name}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            return (*info.iterdir(), info)

        def told(self):
            return json.loads(self.call("timeline", self.environment, "--json").stdout)

    return Machine()


def test_the_json_is_that_of_the_contract(machine):
    machine.put("urllib3", "1.26.20")
    first = machine.told()
    machine.put("urllib3", "2.5.0")
    told = machine.told()
    assert (told["schema"], told["path"]) == (1, machine.environment)
    newest, oldest = told["snapshots"]
    assert oldest["id"] == first["snapshots"][0]["id"]
    assert (newest["packages"], newest["good"]) == (1, False)
    assert newest["python"].startswith("3.")
    change, install = told["events"]
    assert (change["kind"], change["subject"], change["certain"]) == ("changed", "urllib3", True)
    assert (change["from"], change["to"], change["source"]) == ("1.26.20", "2.5.0", "snapshots")
    assert change["earliest"] == oldest["taken_at"]
    assert (install["kind"], install["certain"], install["source"]) == ("added", False, "metadata")
    assert install["earliest"] is None


def test_the_text_is_by_day_newest_first(machine):
    machine.put("urllib3", "1.26.20")
    machine.call("timeline", "work/api")
    machine.put("urllib3", "2.5.0")
    lines = machine.call("timeline", "work/api").stdout.splitlines()
    assert lines[0] == "~/work/api/.venv"
    (change,) = [number for number, line in enumerate(lines) if "1.26.20 → 2.5.0" in line]
    (install,) = [number for number, line in enumerate(lines) if "+ urllib3 1.26.20" in line]
    assert change < install
    assert "inferred" in lines[install]
    assert "Snapshots" in lines


def test_many_packages_of_one_moment_take_one_line(machine):
    now = time.time()
    for number in range(30):
        for path in machine.put(f"part{number}", "1.0"):
            os.utime(path, (now, now))
    told = machine.call("timeline", "work/api").stdout
    assert "+ 30 packages: part0 1.0" in told
    assert "25 more" in told


def test_a_snapshot_is_marked_good_the_newest_by_default(machine):
    machine.put("urllib3", "1.26.20")
    first = machine.told()["snapshots"][0]["id"]
    machine.put("urllib3", "2.5.0")
    marked = machine.call("timeline", "work/api", "--mark-good")
    assert marked.returncode == 0
    assert "is marked good" in marked.stdout
    assert [one["good"] for one in machine.told()["snapshots"]] == [True, False]
    done = machine.call("timeline", "work/api", "--mark-good", first[:6], "--json")
    assert [one["good"] for one in json.loads(done.stdout)["snapshots"]] == [True, True]


def test_a_snapshot_that_is_not_there_is_an_error_with_those_that_are(machine):
    machine.put("urllib3", "1.26.20")
    known = machine.told()["snapshots"][0]["id"]
    done = machine.call("timeline", "work/api", "--mark-good", "nope")
    assert done.returncode == 2
    assert "no snapshot is called `nope`" in done.stderr
    assert known in done.stderr


def test_nothing_hostile_reaches_the_terminal(machine):
    machine.put("urllib3", "1.26.20")
    machine.told()
    machine.put("urllib3", "2.0\x1b[2J")
    done = machine.call("timeline", "work/api")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_snapshots_that_cannot_be_read_are_told(machine, home):
    machine.put("urllib3", "1.26.20")
    machine.call("timeline", machine.environment)
    machine.put("urllib3", "2.5.0")
    machine.call("timeline", machine.environment)
    oldest = machine.told()["snapshots"][-1]["id"]
    (home / f".local/share/envdeck/snapshots/sets/{oldest}.json").write_text('{"schema": 99}')
    done = machine.call("timeline", machine.environment)
    assert done.returncode == 0
    assert "warning: 1 snapshot cannot be read: damaged, or of a later version" in done.stderr
    assert len(machine.told()["snapshots"]) == 1
