"""What may be touched, told by the mount table alone: nothing below a barred disk is asked for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.pip_options import pip_options, uv_configuration
from envdeck.core.model import NoPlan, Refusal
from envdeck.core.online.client import Client
from envdeck.core.operations.api import Operations
from envdeck.core.operations.edit.remedies import place_of
from envdeck.core.operations.engine.pip_configuration import translated
from envdeck.core.operations.run_command import Task
from envdeck.core.operations.shared.base_interpreter import base_links
from envdeck.core.operations.sources.offer import sources
from envdeck.core.project.documents import read_toml
from envdeck.core.project.manifests.sources import member_folders
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.tui.recreate.project_folder import folders_like

ASKING = ("stat", "lstat", "scandir", "listdir", "open", "readlink", "access")


@pytest.fixture
def share(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    (folder / "deep").mkdir(parents=True)
    (folder / "file").write_text("x")
    return folder


@pytest.fixture
def bar(home: Path, tmp_path: Path) -> Iterator:
    """Return a function that has a folder be a mount of a kind, and bars what is to be."""

    def barring(folder: Path, kind: str = "nfs4", *roots: str) -> None:
        table = tmp_path / "system" / "proc" / "self" / "mountinfo"
        table.parent.mkdir(parents=True, exist_ok=True)
        rows = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", f"2 1 0:40 / {folder} rw - {kind} x rw\n"]
        table.write_text("".join(rows))
        reach.bar_network(Host("linux", str(home), {}, root=str(tmp_path / "system")), roots)

    yield barring
    reach.bar_network(Host("linux", str(home), {}, root=str(tmp_path / "nothing")))


@pytest.fixture
def touched(share: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every path at or below the share that the system is asked about."""
    found: list[str] = []
    for name in ASKING:
        real = getattr(os, name)

        def asked(path, *given, real=real, **more):
            if isinstance(path, str | bytes | os.PathLike):
                resolved = os.path.normpath(os.fspath(path))
                if resolved == str(share) or str(resolved).startswith(f"{share}{os.sep}"):
                    found.append(str(resolved))
            return real(path, *given, **more)

        monkeypatch.setattr(os, name, asked)
    return found


def ways(home: Path, share: Path) -> dict[str, str]:
    """Return ways to name a file of the share."""
    (home / "direct").symlink_to(share)
    (home / "chain").symlink_to(home / "direct")
    (home / "relative").symlink_to(os.path.relpath(share, home))
    (home / "inner").symlink_to(share / "deep")
    (home / "folder").mkdir()
    (home / "leaf").symlink_to(share / "file")
    return {
        "plain": f"{share}/file",
        "itself": f"{share}",
        "link": f"{home}/direct/file",
        "chain": f"{home}/chain/deep/../file",
        "relative": f"{home}/relative/file",
        "dots": f"{home}/folder/../direct/file",
        "up": f"{home}/inner/../file",
        "leaf": f"{home}/leaf",
        "missing": f"{home}/direct/none/at/all",
    }


def test_no_way_to_name_it_touches_it(home, share, bar, touched):
    named = ways(home, share)
    bar(share)
    touched.clear()
    for way, path in named.items():
        assert "network disk (nfs4" in reach.obstacle(path), way
        assert not reach.exists(path), way
        assert not reach.isfile(path), way
        assert not reach.isdir(path), way
        assert not reach.access(path, os.R_OK), way
        assert reach.realpath(path).startswith(str(share)), way
        for call in (reach.stat, reach.scandir, reach.listdir):
            with pytest.raises(reach.RemoteError):
                call(path)
        with pytest.raises(reach.RemoteError):
            reach.open_file(path, os.O_RDONLY)
    assert reach.which("file", f"{share}{os.pathsep}{home}/direct") is None
    assert touched == []


def test_each_link_to_it_is_told_once_and_what_is_named_on_it_as_one(home, share, bar):
    ways(home, share)
    bar(share)
    reason = f"skipped: on a network disk (nfs4, {share})"
    asked = ["direct/a/pyvenv.cfg", "direct", "direct/b", "inner/x", "leaf", "inner", "directly"]
    for path in asked:
        reach.exists(f"{home}/{path}")
    links = [f"{home}/{name}" for name in ("direct", "inner", "leaf")]
    assert reach.untouched() == tuple((path, reason) for path in links)
    reach.exists(f"{share}/envs/one/bin/python")
    assert reach.untouched()[3:] == ((f"{share}/envs/one/bin/python", reason),)
    for path in ("envs/one", "envs/one/pyvenv.cfg", "envs/one-more/pyvenv.cfg", "envs/on"):
        reach.exists(f"{share}/{path}")
    assert reach.untouched()[3:] == ((f"{share}/envs", reason),)
    reach.exists(f"{share}/project")
    assert reach.untouched()[3:] == ((str(share), reason),)


def test_two_disks_are_told_apart(home, share, bar, tmp_path):
    bar(share)
    (tmp_path / "share-2").mkdir()
    with (tmp_path / "system/proc/self/mountinfo").open("a") as table:
        table.write(f"3 1 0:41 / {tmp_path}/share-2 rw - cifs y rw\n")
    reach.bar_network(Host("linux", str(home), {}, root=str(tmp_path / "system")))
    for path in ("share/a/b", "share/a/c", "share-2/a", "share-2/b"):
        reach.exists(f"{tmp_path}/{path}")
    told = [path for path, _ in reach.untouched()]
    assert told == [f"{tmp_path}/share-2", f"{tmp_path}/share/a"]


def test_a_link_to_it_can_be_looked_at(home, share, bar, touched):
    named = ways(home, share)
    bar(share)
    touched.clear()
    assert reach.islink(named["leaf"])
    assert reach.lexists(named["leaf"])
    assert reach.readlink(named["leaf"]) == named["plain"]
    assert touched == []


@pytest.mark.parametrize("kind", ["nfs", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "autofs"])
def test_kinds_that_wait_for_others(kind, share, bar):
    bar(share, kind)
    assert not reach.exists(str(share / "file"))


@pytest.mark.parametrize("kind", ["ext4", "tmpfs", "fuseblk", "overlay", "btrfs", "fuse.mergerfs"])
def test_kinds_of_this_machine(kind, share, bar):
    bar(share, kind)
    assert reach.exists(str(share / "file"))


def test_what_a_person_named_is_touched(home, share, bar):
    (home / "nas").symlink_to(share)
    bar(share, "nfs", str(home / "nas" / "deep"))
    assert reach.exists(str(share / "file"))
    bar(share)
    assert not reach.exists(str(share / "file"))
    reach.admit(str(share / "file"))
    assert reach.exists(str(share / "file"))
    bar(share)  # what was named once stays named
    assert reach.exists(str(share / "file"))


def test_a_home_on_a_share_goes_on_working(home, bar):
    (home / "file").write_text("x")
    bar(home.parent)
    assert reach.exists(str(home / "file"))


def test_links_in_a_circle_end(home, share, bar):
    (home / "one").symlink_to(home / "two")
    (home / "two").symlink_to(home / "one")
    bar(share)
    assert not reach.exists(str(home / "one"))
    with pytest.raises(OSError, match="symbolic links"):
        reach.stat(str(home / "one"))


# what files and links name, by those who follow it


def run_a_program(home, share):
    (home / "python").symlink_to(share / "file")
    machine = Host("linux", str(home), {}, root=str(share.parent / "system"))
    operations = Operations(Catalog(machine))  # reads the mounts of that machine again
    found = operations.plan_run(Task("Run", (f"{home}/python",), str(home)))
    assert isinstance(found, NoPlan)


def write_a_dotenv_file(home, share):
    (home / ".env").symlink_to(share / "file")
    for named in (home / ".env", share / "file"):
        found = place_of(str(named), str(home), Host("linux", str(home), {}))
        assert isinstance(found, Refusal)


def complete_a_folder(home, share):
    (home / "nas").symlink_to(share)
    (home / "near").mkdir()
    assert [each.path for each in folders_like(f"{home}/n")] == [f"{home}/near"]


def members_of_a_workspace(home, share):
    text = '[tool.uv.workspace]\nmembers = ["*", "*/*"]\n'
    (home / "pyproject.toml").write_text(text)
    (share.parent / "pyproject.toml").write_text(text)
    for top in (home, share.parent):
        document = read_toml(str(top / "pyproject.toml"))
        list(member_folders(document))


def folders_that_locks_and_requirements_name(home, share):
    (home / "requirements.txt").write_text(f"-e {share}/lib\nlib @ file://{share}/lib\n")
    (home / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "lib"\n'
        f'[packages.directory]\npath = "{share}/lib"\n'
    )
    assert len(sources(None, str(home))) >= 2


def settings_of_installers(home, share):
    (home / ".config").symlink_to(share)
    host = Host("linux", str(home), {"PIP_CONFIG_FILE": f"{share}/pip.conf"})
    assert uv_configuration(host) is None
    pip_options(host)
    translated(Host("linux", str(home), {"PIP_CERT": f"{share}/certs"}))
    Client(host=host, options={"cert": f"{share}/certs"})._certificates("index.example")


def interpreters_of_an_environment(home, share):
    (home / "bin").symlink_to(share)
    assert list(base_links(f"{home}/bin")) == []


@pytest.mark.parametrize(
    "follow",
    [run_a_program, write_a_dotenv_file, complete_a_folder, members_of_a_workspace,
     folders_that_locks_and_requirements_name, settings_of_installers,
     interpreters_of_an_environment],
)  # fmt: skip
def test_who_follows_a_name_does_not_touch_the_share(follow, home, share, bar, touched):
    bar(share)
    touched.clear()
    follow(home, share)
    assert touched == []
