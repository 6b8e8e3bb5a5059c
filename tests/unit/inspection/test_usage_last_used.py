"""When an environment was last used: on real ones, and by signs made up."""

import os
import subprocess
from dataclasses import dataclass

import pytest

from envdeck.core.inspection.stamps import access_times, last_used
from envdeck.core.model import LastUsed
from envdeck.core.system.files import read_bounded
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import Mount, is_noatime, read_mounts

DAY = 86400.0
MADE = 1_700_000_000.0


@dataclass
class Environment:
    """A folder with a cfg and a package folder, at times of our choosing."""

    path: str
    packages: str

    def touch(self, name, *, used=None, written=MADE):
        """Make a file or (with a slash at its end) a folder with these times."""
        place = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not name.endswith("/"):
            with open(place, "ab"):
                pass
        os.utime(place, (written if used is None else used, written))

    def cfg_atime(self):
        try:
            return os.stat(os.path.join(self.path, "pyvenv.cfg")).st_atime
        except FileNotFoundError:
            return None

    def last_used(self, **more):
        return last_used(
            self.path, cfg_atime=self.cfg_atime(), site_packages=(self.packages,), **more
        )


@pytest.fixture
def made(tmp_path):
    packages = tmp_path / "venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    return Environment(str(tmp_path / "venv"), str(packages))


PTH = "lib/python3.12/site-packages/_virtualenv.pth"


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_a_start_is_seen_and_a_look_leaves_no_trace(make_venv, tmp_path, creator):
    path = make_venv(tmp_path / "venv", creator=creator)
    packages = [str(folder) for folder in path.glob("lib/python*/site-packages")]
    cfg = path / "pyvenv.cfg"
    files = [cfg, *path.glob("lib/python*/site-packages/_virtualenv.pth")]
    assert packages
    for file in files:
        os.utime(file, (MADE + 3 * DAY, MADE))
    mounts = read_mounts(Host("linux", str(tmp_path), {}))

    def look():
        used = last_used(
            str(path), cfg_atime=os.stat(cfg).st_atime, site_packages=packages, mounts=mounts
        )
        for file in files:
            assert isinstance(read_bounded(str(file), 65536), bytes)
        return used

    before = look()
    assert look() == before
    subprocess.run([path / "bin" / "python", "-c", "pass"], check=True)
    after = look()
    assert look() == after
    if is_noatime(str(path), mounts):
        assert before == after == LastUsed(None, before.source)
        assert before.source.startswith("unknown: the disk is mounted")
    else:
        assert before.when == MADE + 3 * DAY
        assert after.when > MADE + 4 * DAY
        assert after.source in {"pyvenv.cfg atime", "_virtualenv.pth atime"}


def test_the_newest_access_time_counts_and_is_named(made):
    made.touch("pyvenv.cfg", used=MADE + DAY)
    assert made.last_used() == LastUsed(MADE + DAY, "pyvenv.cfg atime")
    made.touch(PTH, used=MADE + 2 * DAY)
    assert made.last_used() == LastUsed(MADE + 2 * DAY, "_virtualenv.pth atime")


def test_the_start_up_file_of_old_virtualenvs_is_a_sign(made):
    made.touch("lib/python3.12/orig-prefix.txt", used=MADE + DAY)
    assert made.last_used() == LastUsed(MADE + DAY, "orig-prefix.txt atime")


def test_never_started_is_told_from_used(made):
    made.touch("pyvenv.cfg", used=MADE + 3)
    assert made.last_used() == LastUsed(MADE, "created; not used since (pyvenv.cfg atime, ± 1 day)")
    made.touch("pyvenv.cfg", used=MADE + 3600)
    assert made.last_used().source == "pyvenv.cfg atime"


@pytest.mark.parametrize(
    ("option", "words"), [("noatime", "noatime"), ("ro", "read-only"), ("relatime", None)]
)
def test_mounts_that_keep_no_access_times_leave_it_unknown(made, option, words):
    made.touch("pyvenv.cfg", used=MADE + DAY)
    mounts = [Mount("/", "ext4", 1, frozenset({"rw"} - {option} | {option}), "/dev/x")]
    expected = (
        LastUsed(None, f"unknown: the disk is mounted {words}")
        if words
        else LastUsed(MADE + DAY, "pyvenv.cfg atime")
    )
    assert made.last_used(mounts=mounts) == expected


def test_what_was_written_still_counts_on_such_mounts(made):
    made.touch("conda-meta/history", written=MADE + DAY)
    mounts = [Mount("/", "ext4", 1, frozenset({"noatime"}), "/dev/x")]
    assert made.last_used(mounts=mounts).when == MADE + DAY


def test_our_own_looks_are_no_use(made):
    """As where reading cannot but leave a trace."""
    said = LastUsed(MADE + DAY, "pyvenv.cfg atime")
    made.touch("pyvenv.cfg", used=MADE + 9 * DAY)
    left = access_times(made.path, [made.packages])
    for _ in range(3):
        said = made.last_used(previous=said, left=left)
        left = access_times(made.path, [made.packages])
    assert said == LastUsed(MADE + DAY, "pyvenv.cfg atime")
    made.touch("pyvenv.cfg", used=MADE + 13 * DAY)
    assert made.last_used(previous=said, left=left).when == MADE + 13 * DAY


def test_without_a_previous_answer_our_own_trace_is_not_taken_for_one(made):
    made.touch("pyvenv.cfg", used=MADE + 9 * DAY)
    left = access_times(made.path, [made.packages])
    assert made.last_used(left=left) == LastUsed(None, "unknown")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("lib/python3.12/site-packages/__pycache__/", "newest __pycache__ mtime"),
        ("lib/python3.12/site-packages/rich/__pycache__/", "newest __pycache__ mtime"),
        ("lib/python3.12/site-packages/rich-1.dist-info/", "newest metadata mtime"),
        ("lib/python3.12/site-packages/rich-1.egg-info", "newest metadata mtime"),
        ("conda-meta/history", "conda-meta/history mtime"),
    ],
)
def test_second_signs_where_no_access_time_tells(made, name, source):
    made.touch(name, written=MADE + 2 * DAY)
    made.touch("lib/python3.12/site-packages/older/__pycache__/", written=MADE)
    made.touch("lib/python3.12/site-packages/older-1.dist-info/", written=MADE)
    assert made.last_used() == LastUsed(MADE + 2 * DAY, source)


def test_second_signs_do_not_follow_links(made, tmp_path):
    (tmp_path / "elsewhere" / "__pycache__").mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere", os.path.join(made.packages, "linked"))
    assert made.last_used() == LastUsed(None, "unknown")


def test_a_full_package_folder_is_looked_at_in_part(made, monkeypatch):
    for number in range(60):
        made.touch(f"lib/python3.12/site-packages/p{number}-1.dist-info/")
    seen = []
    real = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: seen.append(path) or real(path))
    monkeypatch.setattr("envdeck.core.inspection.stamps._ENTRIES", 20)
    assert made.last_used().when == MADE
    assert sum(path.endswith(".dist-info") for path in seen) == 20


@pytest.mark.parametrize("path", ["/no/such/place", "nul\0"])
def test_what_is_not_there_is_unknown(path):
    expected = LastUsed(None, "unknown")
    assert last_used(path, cfg_atime=None, site_packages=(path,)) == expected
    assert access_times(path, (path,)) == ()


def test_an_access_time_that_was_never_kept_is_no_sign(made):
    made.touch("pyvenv.cfg", used=0)
    assert made.last_used().when is None
