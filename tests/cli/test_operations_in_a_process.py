"""Operations by the program itself, on real environments: what a script sees, and what is left."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.dialogue import answer
from support.program import run_program
from support.trees import contents

NAMES = ["my env", 'it\'s "x" $HOME', "[env]*?", "a\nb", "--yes", "\udcff\udcfe", "naïve ✓"]


def left_in_data(home) -> dict[str, bytes]:
    """Return what is in the person's data folder, but for what the timeline keeps."""
    found = contents(home / ".local" / "share")
    return {name: data for name, data in found.items() if "/snapshots/" not in name}


@pytest.fixture
def envdeck(home):
    def call(*arguments, code="") -> SimpleNamespace:
        """Run it; `code` prepares the process first."""
        environ = {**os.environ, "HOME": str(home)}
        done = run_program(*arguments, environ=environ, cwd=home, code=code)
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    return call


@pytest.fixture
def api(home, make_venv) -> Path:
    project = home / "work" / "api"
    path = make_venv(project / ".venv")
    (project / "pyproject.toml").write_text("[project]\nname = 'api'\n")
    return path


def test_a_dry_run_leaves_no_trace(envdeck, api, home):
    before = contents(home / "work")
    result = envdeck("delete", "work/api", "--dry-run", "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert (told["result"], told["plan"]["targets"]) == (None, [str(api)])
    assert told["plan"]["reclaims_bytes"] > 0
    assert contents(home / "work") == before
    assert not (home / ".local").exists()


def test_deleted_and_brought_back_file_by_file(envdeck, api, home):
    before = contents(home / "work")
    result = envdeck("delete", "work/api", "--yes")
    assert (result.code, api.exists()) == (0, False), result.err
    assert result.out.startswith("done: ")
    undo = result.err.strip().removeprefix("hint: envdeck ")
    assert json.loads(envdeck("list", "--json").out)["environments"] == []
    assert json.loads(envdeck("trash", "--json").out)["items"][0]["path"] == str(api)
    assert envdeck(*undo.split(), "--yes").code == 0
    assert contents(home / "work") == before
    told = json.loads(envdeck("history", "--json").out)["operations"]
    assert [each["operation"] for each in told] == ["undo", "delete"]
    assert told[1]["undone_by"] == told[0]["id"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_folder_is_too_strange(envdeck, home, make_venv, name):
    path = make_venv(home / "plain").rename(home / name)
    before = contents(path)
    words = ["delete", "--yes", "--json", "--", os.path.join(".", name)]
    result = subprocess.run(
        [sys.executable, "-m", "envdeck", *map(os.fsencode, words)],
        env={**os.environ, "HOME": str(home)},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["plan"]["targets"] == [str(path)]
    assert not path.exists()
    assert envdeck("trash", "restore", told["id"], "--yes").code == 0
    assert contents(path) == before


def test_files_that_are_the_persons_own_have_to_be_named(envdeck, api):
    (api / "notes.txt").write_text("mine")
    result = envdeck("delete", "work/api", "--yes", "--json")
    assert (result.code, api.exists()) == (3, True)
    assert json.loads(result.out)["result"]["guard"] == "unowned-files"
    assert "notes.txt" in result.err
    assert envdeck("delete", "work/api", "--yes", "--allow", "unowned-files").code == 0
    assert envdeck("undo", "--yes").code == 0
    assert (api / "notes.txt").read_text() == "mine"


def test_for_good(envdeck, api, home):
    result = envdeck("delete", "work/api", "--yes", "--purge", "--json")
    told = json.loads(result.out)
    assert (result.code, told["plan"]["undo"]) == (0, None)
    assert told["result"]["freed_bytes"] > 0
    assert not api.exists()
    assert left_in_data(home) == {}
    assert envdeck("undo", "--yes").code == 0


def test_purged_later(envdeck, api, home):
    assert envdeck("delete", "work/api", "--yes").code == 0
    result = envdeck("trash", "purge", "--yes")
    assert (result.code, result.out.splitlines()[0]) == (0, "done: 1 item permanently deleted")
    assert left_in_data(home) == {}
    assert envdeck("trash", "purge", "--yes").code == 0


HELD = """
import os
real = os.unlink
def unlink(path, *, dir_fd=None):
    if os.path.basename(path) == "pyvenv.cfg":
        raise PermissionError(1, "Operation not permitted", path)
    real(path, dir_fd=dir_fd)
os.unlink = unlink
"""


def test_partly_purged(envdeck, api, home):
    identifier = json.loads(envdeck("delete", "work/api", "--yes", "--json").out)["id"]
    said = (
        "partly deleted, cannot be undone: environment/pyvenv.cfg cannot be removed: "
        "operation not permitted"
    )
    for _ in range(2):
        result = envdeck("trash", "purge", "--yes", code=HELD)
        assert result.code == 1
        assert f"error: api/.venv: {said}\n" in result.err
        assert f"hint: run `envdeck trash purge {identifier}` to try again\n" in result.err
        undo = envdeck("undo", identifier, "--yes")
        assert undo.code == 1
        assert undo.err == (
            f"error: {identifier} cannot be undone: partly deleted\n"
            f"hint: use `envdeck trash purge {identifier}` to delete the rest\n"
        )
        assert not api.exists()
    listed = envdeck("trash")
    assert "partly deleted: environment/pyvenv.cfg cannot be removed" in listed.out
    assert listed.err == f"hint: envdeck trash purge {identifier}\n"
    (item,) = json.loads(envdeck("trash", "--json").out)["items"]
    assert (item["status"], item["going"], item["path"]) == ("partly-purged", True, str(api))
    (*purges, deleted) = json.loads(envdeck("history", "--json").out)["operations"]
    assert all(each["partly_purged"] and each["undo"] is None for each in (*purges, deleted))
    assert "partly deleted" in envdeck("history").out
    told = json.loads(envdeck("trash", "purge", "--yes", "--json").out)["result"]
    assert (told["status"], [each["status"] for each in told["items"]]) == ("done", ["done"])
    assert envdeck("trash").out == "the trash is empty\n"
    assert left_in_data(home) == {}


def test_one_that_cannot_be_purged_keeps_no_other(envdeck, api, home, make_venv):
    make_venv(home / "work" / "blog" / ".venv")
    for project in ("work/api", "work/blog"):
        assert envdeck("delete", project, "--yes").code == 0
    held = next(
        item for item in json.loads(envdeck("trash", "--json").out)["items"]
        if item["path"].startswith(str(home / "work" / "blog"))
    )  # fmt: skip
    inode = os.stat(os.path.join(held["folder"], "environment", "pyvenv.cfg")).st_ino
    code = HELD.replace(
        'os.path.basename(path) == "pyvenv.cfg"',
        f"os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino == {inode}",
    )
    result = envdeck("trash", "purge", "--yes", "--json", code=code)
    told = json.loads(result.out)["result"]
    assert (result.code, told["status"]) == (1, "failed")
    assert {each["name"]: each["status"] for each in told["items"]} == {
        "api/.venv": "done", "blog/.venv": "failed",
    }  # fmt: skip
    assert told["freed_bytes"] > 0
    assert [each["id"] for each in json.loads(envdeck("trash", "--json").out)["items"]] == [
        held["id"]
    ]


def test_of_several_none_goes_if_one_may_not_unless_the_others_shall(envdeck, api, home, make_venv):
    other = make_venv(home / "work" / "blog" / ".venv")
    (other / "notes.txt").touch()
    words = ["delete", str(api), str(other), "--yes"]
    assert envdeck(*words).code == 3
    assert api.exists()
    assert envdeck(*words, "--keep-going").code == 3
    assert (api.exists(), other.exists()) == (False, True)
    assert envdeck("undo", "--yes").code == 0
    result = envdeck(*words, "--allow", "unowned-files")
    assert (result.code, api.exists(), other.exists()) == (0, False, False)
    _, _, identifier = result.err.strip().rpartition(" ")
    assert envdeck("undo", identifier, "--yes").code == 0
    assert (api.exists(), (other / "notes.txt").exists()) == (True, True)


def test_a_project_that_only_looks_like_an_environment_is_left_alone(envdeck, home):
    project = home / "work" / "site"
    (project / "src").mkdir(parents=True)
    for name in ("pyvenv.cfg", "pyproject.toml", "src/app.py"):
        (project / name).touch()
    before = contents(home / "work")
    result = envdeck("delete", "work/site", "--yes", "--purge", "--allow", "unowned-files")
    assert (result.code, contents(home / "work")) == (3, before)
    assert "(not-an-environment)" in result.err


def test_read_only(envdeck, api):
    result = envdeck("--read-only", "delete", "work/api", "--yes", "--json")
    assert (result.code, api.exists()) == (3, True)
    assert json.loads(result.out)["result"]["guard"] == "read-only"


def test_a_link_is_removed_alone(envdeck, api, home):
    link = home / "shortcut"
    link.symlink_to(api)
    result = envdeck("delete", str(link), "--yes", "--json")
    assert (result.code, json.loads(result.out)["result"]["guard"]) == (3, "symlink")
    assert str(api) in result.err.replace("~", str(home))
    assert envdeck("delete", str(link), "--yes", "--allow", "symlink").code == 0
    assert (link.is_symlink(), api.exists()) == (False, True)
    assert envdeck("undo", "--yes").code == 0
    assert os.readlink(link) == str(api)


def test_made_anew_and_taken_back(envdeck, api, home):
    before, inode = contents(home / "work"), api.stat().st_ino
    result = envdeck("recreate", "work/api", "--yes", "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert (told["operation"], told["result"]["status"]) == ("recreate", "done")
    assert api.stat().st_ino != inode
    assert (api / "bin" / "python").exists()
    assert envdeck("undo", told["id"], "--yes").code == 0
    assert (contents(home / "work"), api.stat().st_ino) == (before, inode)


def test_created_from_a_file_and_taken_back(envdeck, home):
    project = home / "work" / "it's new"
    project.mkdir(parents=True)
    (project / "requirements.txt").write_text("# nothing yet\n")
    words = ["create", "work/it's new", "--from", "work/it's new/requirements.txt"]
    result = envdeck(*words, "--python", sys.executable, "--yes", "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["plan"]["targets"] == [str(project / ".venv")]
    assert (project / ".venv" / "pyvenv.cfg").exists()
    assert envdeck(*words, "--yes").code != 0
    assert envdeck("undo", "--yes").code == 0
    assert os.listdir(project) == ["requirements.txt"]


def test_a_place_that_was_taken(envdeck, api, home):
    identifier = json.loads(envdeck("delete", "work/api", "--yes", "--json").out)["id"]
    api.mkdir()
    result = envdeck("undo", "--yes")
    assert result.code == 3
    assert "--to OTHER" in result.err
    assert envdeck("undo", identifier, "--to", "other", "--yes").code == 0
    assert (home / "other" / "pyvenv.cfg").exists()
    assert list(api.iterdir()) == []


def test_what_a_kill_left_is_said_and_brought_to_an_end(envdeck, api, home):
    before = contents(home / "work")
    killed = envdeck(
        "delete",
        "work/api",
        "--yes",
        code="""
import os
from envdeck.core.system.host import Host
from envdeck.core.operations.disk import disk_for
type(disk_for(Host.current())).move = lambda *given: os.kill(os.getpid(), 9)
""",
    )
    assert killed.code == -signal.SIGKILL
    said = (
        "warning: the delete of ~/work/api/.venv was interrupted\nhint: envdeck history --recover\n"
    )
    assert envdeck("list", "--no-size").err == said
    assert envdeck("delete", "work/api", "--dry-run").err.startswith(said)
    result = envdeck("history", "--recover")
    assert (result.code, result.err.count("now rolled back")) == (0, 1)
    assert contents(home / "work") == before
    assert envdeck("list", "--no-size").err == ""
    assert envdeck("history", "--recover").out == "no interrupted operations\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_rolls_back_and_ends_what_it_had_started(api, home, number):
    before = contents(home / "work")
    code = """
import os, sys
from dataclasses import replace
from envdeck.core.operations.engine.runner import Runner
real = Runner.run
def run(self, command, tell, stopped, **more):
    if "venv" in command.argv:
        print("ready", file=sys.stderr, flush=True)
        command = replace(command, argv=("sleep", "60"))
    return real(self, command, tell, stopped, **more)
Runner.run = run
from envdeck.__main__ import main
sys.exit(main(["recreate", "work/api", "--yes", "--json"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(home)},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    told = json.loads(out)["result"]
    assert (told["status"], told["stopped"]) == ("rolled-back", True)
    assert contents(home / "work") == before
    assert left_in_data(home) == {}


@pytest.mark.parametrize(
    ("typed", "code", "there"),
    [(b"y\n", 0, False), (b"\n", 1, True), (b"\x04", 1, True), (b"\x03", 130, True)],
)
def test_the_question_at_a_terminal(api, home, typed, code, there):
    command = [sys.executable, "-m", "envdeck", "delete", "work/api"]
    environ = {**os.environ, "HOME": str(home)}
    ended, shown = answer(command, environ, home, [(b"[y/N]", typed)])
    assert (ended, api.exists()) == (code, there)
    assert b"delete ~/work/api/.venv\r\n" in shown
    assert b"undo " in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_is_planned_ends_what_it_had_started(api, home, tmp_path, number):
    before = contents(home / "work")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = """
import os, sys
from dataclasses import replace
from envdeck.core.operations.engine.runner import Runner
real = Runner.run
def run(self, command, *given, **more):
    tell, stopped = given
    script = "echo $$ >&2; exec sleep 60"
    command = replace(command, argv=("sh", "-c", script), data=True)
    return real(self, command, lambda event: print(getattr(event, "text", ""), file=sys.stderr,
                flush=True), stopped, **more)
Runner.run = run
from envdeck.__main__ import main
sys.exit(main(["upgrade", "work/api", "--all", "--yes", "--json"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary)},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (line := process.stderr.readline()).strip():
        assert line
    assert list(temporary.iterdir())
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    told = json.loads(out)
    assert (told["plan"], told["result"]["status"]) == (None, "rolled-back")
    assert told["result"]["stopped"] is True
    with pytest.raises(ProcessLookupError):
        os.killpg(int(line), 0)
    assert list(temporary.iterdir()) == []
    assert contents(home / "work") == before


def test_edited_files_of_packages_are_named(envdeck, api):
    """In the text for people and in the JSON, of a delete, of what is deleted permanently, and
    later in the trash."""
    site = next(api.glob("lib/python*/site-packages"))
    info = site / "part-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: part\nVersion: 1.0\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"one").digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"part.py,sha256={digest},3\n")
    (site / "part.py").write_text("one or two")

    result = envdeck("delete", "work/api", "--dry-run", "--json")
    (edits,) = json.loads(result.out)["plan"]["edits"]
    assert (edits["path"], edits["count"], edits["bytes"]) == (str(api), 1, 10)
    (file,) = edits["files"]
    assert (Path(file["path"]).name, file["name"], file["bytes"]) == ("part.py", "part", 10)
    assert json.loads(result.out)["plan"]["keep_edits"] is False
    assert "part.py" in envdeck("delete", "work/api", "--dry-run").out
    lost = envdeck("delete", "work/api", "--dry-run", "--purge").out
    assert "warning: permanently deletes edited package files" in lost

    assert envdeck("delete", "work/api", "--yes").code == 0
    (item,) = json.loads(envdeck("trash", "--json").out)["items"]
    assert [Path(each).name for each in item["edited"]] == ["part.py"]
    assert "1 edited file" in envdeck("trash", "purge", "--dry-run").out
