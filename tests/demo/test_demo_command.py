"""`envdeck demo`, and what it leaves of the world."""

import io
import os
import subprocess
import sys
import tempfile

import pytest

from envdeck import demo
from envdeck.cli.commands import demo as command
from envdeck.cli.console import Console
from envdeck.cli.context import CommandContext
from envdeck.cli.main import run
from envdeck.core.system.host import Host


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Run the command as at a terminal, with what the screen does in its place."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def call(*arguments, shown=lambda *_, **__: 0, interactive=True):
        monkeypatch.setattr(command, "open_screen", shown)
        out, err = io.StringIO(), io.StringIO()
        host = Host(sys.platform, str(tmp_path), {"PATH": os.environ["PATH"]})
        code = run(["demo", *arguments], CommandContext(host, Console(out, err), interactive))
        return code, out.getvalue(), err.getvalue(), sorted(os.listdir(temporary))

    return call


@pytest.fixture
def quick(monkeypatch):
    """Build only one scenario."""
    whole = demo.build_demo
    monkeypatch.setattr(
        demo, "build_demo", lambda *words, **named: whole(*words, **named, scenarios=("clone",))
    )


@pytest.mark.usefixtures("quick")
def test_the_screen_has_the_demo_for_a_machine_and_all_is_gone_after(called, tmp_path):
    seen = []

    def shown(context, *, project=None, tour=None, label=""):
        seen.append((context.host.home, project, os.path.isdir(context.host.home)))
        assert (tour, label) == (None, "demo")
        return 0

    code, out, err, left = called("--onboard", shown=shown)
    assert (code, out, left) == (0, "", [])
    ((home, project, there),) = seen
    assert there
    assert home.startswith(str(tmp_path / "temporary"))
    assert project == os.path.join(home, "work", "parcel-desk")
    assert "demo removed" in err


@pytest.mark.usefixtures("quick")
def test_a_crash_of_the_screen_leaves_nothing(called):
    def shown(*_words, **_named):
        raise RuntimeError("the screen broke")

    with pytest.raises(RuntimeError, match="the screen broke"):
        called(shown=shown)
    assert os.listdir(tempfile.gettempdir()) == []


def test_a_demo_that_cannot_be_built_leaves_nothing(called, monkeypatch):
    def broken(*_words, **_named):
        raise demo.DemoError("`uv venv` ended with code 2")

    monkeypatch.setattr(demo, "build_demo", broken)
    code, _, err, left = called()
    assert (code, left) == (1, [])
    assert "error: cannot create the demo: `uv venv` ended with code 2" in err


@pytest.mark.usefixtures("quick")
def test_one_that_is_kept_is_told_and_stays(called):
    code, _, err, left = called("--keep")
    assert code == 0, err
    assert len(left) == 1
    assert f"demo kept in ~/temporary/{left[0]}\n" in err


def test_without_a_terminal_it_needs_a_folder(called):
    code, out, err, left = called(interactive=False)
    assert (code, out, left) == (2, "", [])
    assert "hint: run `envdeck demo --path FOLDER`" in err


@pytest.mark.usefixtures("quick")
def test_with_a_folder_and_no_terminal_it_says_what_is_where(called, tmp_path):
    code, out, err, _ = called("--path", str(tmp_path / "built"), interactive=False)
    assert code == 0, err
    assert "~/work/parcel-desk: fresh clone" in out
    assert os.path.isfile(tmp_path / "built" / "environ.sh")
    code, _, err, _ = called("--path", str(tmp_path / "built"), interactive=False)
    assert code == 2
    assert "is not empty" in err


def cut_off():
    """Whether this user may start a process that has no network."""
    try:
        done = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.skipif(not cut_off(), reason="no process can be started without a network here")
def test_it_is_built_without_a_network_and_the_home_stays_as_it_is(tmp_path):
    home, built = tmp_path / "home", tmp_path / "built"
    home.mkdir()
    words = [sys.executable, "-P", "-m", "envdeck", "demo", "--path", str(built)]
    environ = {**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    environ["UV_CACHE_DIR"] = str(home / "never")
    done = subprocess.run(
        ["unshare", "-rn", *words], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert os.listdir(home) == []
    assert "storefront/.venv" in done.stdout
