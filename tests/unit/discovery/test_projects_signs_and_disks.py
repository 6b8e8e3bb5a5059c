"""What is a project, and what lies on an unmounted disk."""

import os
from dataclasses import replace

import pytest

from envdeck.core.discovery.project_links import is_project
from envdeck.core.discovery.project_roots import Disks


@pytest.mark.parametrize(
    "name",
    ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt",
     "Pipfile", "environment.yml", "environment.yaml", "pixi.toml", "tox.ini", "noxfile.py",
     "manage.py", ".git", ".python-version", ".env", "anything.py"],
)  # fmt: skip
def test_one_such_file_makes_a_project(home, write, name):
    assert not is_project(str(home))
    write(home / name)
    assert is_project(str(home))


def test_a_repository_is_a_project(home):
    (home / ".git").mkdir()
    assert is_project(str(home))


@pytest.mark.parametrize("name", [".env", "pyproject.toml", "package.py", "requirements.txt"])
def test_a_folder_so_called_is_none(home, name):
    (home / name).mkdir()
    assert not is_project(str(home))


def test_other_files_and_missing_folders_are_none(home, write):
    write(home / "readme.md")
    write(home / "sub/main.py")
    os.symlink("loop.py", home / "loop.py")
    assert not is_project(str(home))
    assert not is_project(str(home / "missing"))
    assert not is_project("/x\0y")


def test_the_look_into_a_folder_is_bounded(home, monkeypatch):
    looked = []

    class Endless:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def __iter__(self):
            return self

        def __next__(self):
            looked.append(1)
            assert len(looked) < 3000
            return type("Entry", (), {"name": "photo.jpg"})

    monkeypatch.setattr(os, "scandir", lambda _path: Endless())
    assert not is_project(str(home))
    assert 1000 < len(looked) <= 2001


@pytest.fixture
def machine(host, tmp_path):
    """Return a function that gives the disks of a machine with these mounts and fstab lines."""

    def make(mounts=(), fstab="", folders=()):
        for name in ("mnt", "media", *folders):
            (tmp_path / "system" / name).mkdir(parents=True, exist_ok=True)
        lines = "".join(f"/dev/x {point} ext4 rw 0 0\n" for point in ("/", *mounts))
        for name, text in (("proc/self/mounts", lines), ("etc/fstab", fstab)):
            path = tmp_path / "system" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        disks = Disks.read(host)
        return lambda path: disks.lacks(str(tmp_path / "system") + path)

    return make


@pytest.mark.parametrize(
    ("path", "mounts", "folders", "away"),
    [
        ("/home/ada/blog", (), (), False),
        ("/mnt/stick/blog", (), (), True),
        ("/mnt/stick/blog", (), ("mnt/stick",), True),
        ("/mnt/stick/blog", (), ("mnt/stick/other",), False),
        ("/mnt/stick/blog", ("/mnt/stick",), ("mnt/stick",), False),
        ("/mnt", (), (), False),
        ("/mnt2/blog", (), (), False),
        ("/Volumes/Stick/blog", (), (), True),
        ("/media/ada/stick/blog", (), (), True),
        ("/media/ada/stick/blog", (), ("media/ada/other",), True),
        ("/media/ada/stick/blog", (), ("media/ada/stick/other",), False),
        ("/media/ada/stick/blog", ("/media/ada/stick",), ("media/ada/stick",), False),
        ("/media/stick/blog", ("/media/stick",), ("media/stick",), False),
        ("/run/media/ada/stick/blog", (), ("run/media/ada",), True),
        ("/mnt/my disk/blog", ("/mnt/my\\040disk",), ("mnt/my disk",), False),
        ("/mnt/nas/gone/blog", ("/mnt/nas/share",), ("mnt/nas/share",), False),
    ],
)
def test_folders_for_removable_disks(machine, path, mounts, folders, away):
    assert machine(mounts, folders=folders)(path) is away


FSTAB = """# comment /srv/commented
UUID=1 / ext4 defaults 0 1
UUID=2 /srv/data ext4 noauto 0 2
UUID=3 /srv/data/deep ext4 noauto 0 2
/swap none swap sw 0 0
nonsense
//nas/share /srv/with\\040space cifs noauto 0 0
"""


@pytest.mark.parametrize(
    ("path", "mounts", "away"),
    [
        ("/srv/data/blog", (), True),
        ("/srv/data/blog", ("/srv/data",), False),
        ("/srv/data/deep/blog", ("/srv/data",), True),
        ("/srv/database/blog", (), False),
        ("/srv/with space/blog", (), True),
        ("/srv/commented/blog", (), False),
        ("/home/ada/blog", (), False),
    ],
)
def test_declared_disks(machine, path, mounts, away):
    assert machine(mounts, FSTAB, ("srv/data/blog2",))(path) is away


def test_without_tables_the_system_is_asked(host, tmp_path):
    system = tmp_path / "system"
    (system / "Volumes/Plain/other").mkdir(parents=True)
    disks = Disks.read(replace(host, platform="darwin"))
    assert disks.mounted is None
    assert disks.lacks(f"{system}/Volumes/Stick/blog")
    assert not disks.lacks(f"{system}/Volumes/Plain/blog")


@pytest.mark.parametrize(
    ("path", "away"),
    [
        ("C:\\Users\\Ada\\blog", False),
        ("E:\\blog", True),
        ("\\\\server\\share\\blog", False),
        ("\\\\server\\other\\blog", True),
        ("nonsense", False),
    ],
)
def test_windows_asks_the_drive_or_share(host, path, away):
    there = {"C:\\", "\\\\server\\share\\"}
    disks = replace(Disks.read(replace(host, platform="win32")), answers=there.__contains__)
    assert disks.lacks(path) is away
