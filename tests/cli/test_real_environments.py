"""The whole way, from a process to a real environment and back."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest


@pytest.fixture
def machine(home, make_venv):
    """A project with an environment that holds a package, and one with a hostile name."""
    path = make_venv(home / "work" / "api" / ".venv")
    (home / "work" / "api" / "pyproject.toml").write_text("[project]\nname = 'api'\n")
    (packages,) = path.glob("lib/python*/site-packages")
    metadata = packages / "demo-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.2\n")
    odd = make_venv(home / "work" / "[/]\x1b[31m" / ".venv")
    odd.rename(home / "work" / "\udcff")

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "envdeck", *arguments],
            env={**os.environ, "HOME": str(home)},
            cwd=home,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return SimpleNamespace(call=call, path=str(path))


def test_list_show_and_find(machine):
    listed = machine.call("list", "work", "--json")
    assert (listed.returncode, listed.stderr) == (0, b"")
    environments = {found["path"]: found for found in json.loads(listed.stdout)["environments"]}
    assert len(environments) == 2
    real = environments[machine.path]
    assert (real["status"], real["packages"], real["creator"]) == ("ok", 1, "venv")
    assert real["size"]["disk_bytes"] > 0
    for reference in ("work/api", machine.path, "api/.venv"):
        shown = machine.call("show", reference, "--json")
        assert (shown.returncode, shown.stderr) == (0, b"")
        assert [found["name"] for found in json.loads(shown.stdout)["distributions"]] == ["demo"]
    found = json.loads(machine.call("find", "demo<2", "work", "--json").stdout)["environments"]
    assert [(each["path"], each["version"]) for each in found] == [(machine.path, "1.2")]


def test_a_path_that_is_no_utf8_goes_there_and_back(machine):
    listed = json.loads(machine.call("list", "work", "--json", "--no-size").stdout)
    path = next(each["path"] for each in listed["environments"] if "\udcff" in each["path"])
    shown = machine.call("show", os.fsencode(path), "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["path"] == path
    text = machine.call("list", "work").stdout
    assert b"\\xff" in text
    assert b"\xff" not in text


def test_looking_leaves_the_environment_as_it_was(machine):
    before = os.stat(f"{machine.path}/pyvenv.cfg")
    machine.call("list", "work")
    machine.call("show", "work/api")
    after = os.stat(f"{machine.path}/pyvenv.cfg")
    assert (after.st_atime_ns, after.st_mtime_ns) == (before.st_atime_ns, before.st_mtime_ns)
