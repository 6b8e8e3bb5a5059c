"""Snapshots are kept once for each change, and survive whatever happens to their files."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from envdeck.core.model import Distribution
from envdeck.core.timeline import store as module
from envdeck.core.timeline.model import NoSnapshot


def versions(looks):
    return [one.versions for one in looks.snapshots()]


def test_each_change_is_kept_once_and_the_newest_comes_first(looks):
    assert looks.see(urllib3="1.26.20") is not None
    assert looks.see(urllib3="1.26.20") is None
    assert looks.see(urllib3="2.5.0") is not None
    assert versions(looks) == [{"urllib3": "2.5.0"}, {"urllib3": "1.26.20"}]


def test_a_look_that_sees_the_same_moves_the_time_it_was_last_seen(looks):
    looks.see(idna="3.1")
    first = looks.now
    looks.see(5, idna="3.1")
    (found,) = looks.snapshots()
    assert (found.taken_at, found.last_seen) == (first, first + 5 * 3600)


def test_what_comes_back_is_another_look_at_the_same_snapshot(looks):
    for version in ("1", "2", "1"):
        looks.see(idna=version)
    newest, _, oldest = looks.snapshots()
    assert newest.id == oldest.id
    assert len(looks.files("sets")) == 2


def test_another_interpreter_or_build_is_another_snapshot(looks, monkeypatch):
    looks.see(idna="3.1")
    (found,) = looks.snapshots()
    assert found.python == "3.12.4"
    assert found.base == "/opt/python3.12"


def test_a_good_one_stays_good_until_somebody_says_otherwise(looks):
    kept = looks.see(idna="3.1")
    looks.store.mark_good(looks.path, kept.id)
    looks.see(idna="3.2")
    assert [one.good for one in looks.snapshots()] == [False, True]
    looks.store.mark_good(looks.path, kept.id, good=False)
    assert [one.good for one in looks.snapshots()] == [False, False]


def test_it_is_found_by_its_id_the_start_of_one_or_a_day(looks):
    old = looks.see(idna="3.1")
    new = looks.see(48, idna="3.2")
    find = looks.store.find
    assert find(looks.path, old.id).id == old.id
    assert find(looks.path, new.id[:6]).id == new.id
    assert find(looks.path, "2026-11-18").id == old.id
    assert find(looks.path, "2030-01-01").id == new.id
    assert isinstance(find(looks.path, "2020-01-01"), NoSnapshot)
    assert isinstance(find(looks.path, "2026-13-45"), NoSnapshot)
    assert new.id in find(looks.path, "xyz").hint
    assert "2026-11-28" in find(looks.path, "2026-13-45").hint
    assert old.id in find(looks.path, "2020-01-01").hint
    assert isinstance(find(looks.path, ""), NoSnapshot)
    assert "no snapshot" in find("/home/ada/other", old.id).reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff not json",
        b"[" * 100_000,
        json.dumps({"schema": 2, "python": None, "base": None, "packages": []}).encode(),
        json.dumps({"schema": 1, "python": 3, "base": None, "packages": []}).encode(),
        json.dumps({"schema": 1, "python": None, "base": None, "packages": [[1, 2]]}).encode(),
    ],
)
def test_a_damaged_set_is_passed_over_and_kept_again(looks, content):
    looks.see(idna="3.1")
    good = looks.files("sets")[0].read_bytes()
    looks.files("sets")[0].write_bytes(content)
    assert looks.snapshots() == ()
    looks.see(idna="3.2")
    looks.see(idna="3.1")
    assert versions(looks)[0] == {"idna": "3.1"}
    assert (
        looks.files("sets")[0].read_bytes() == good or looks.files("sets")[1].read_bytes() == good
    )


@pytest.mark.parametrize(
    "line",
    [b"\x00garbage", b'{"set": "../../etc/passwd", "at": 1}', b'{"set": 5}', b"[]", b'{"set"'],
)
def test_a_line_that_is_torn_or_foreign_is_passed_over(looks, line):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    file.write_bytes(line + b"\n" + file.read_bytes())
    looks.see(idna="3.2")
    assert versions(looks) == [{"idna": "3.2"}, {"idna": "3.1"}]


def test_what_a_later_version_adds_is_left_alone(looks):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    line = json.loads(file.read_bytes())
    file.write_bytes(json.dumps({**line, "mood": "fine", "v": 9}).encode() + b"\n")
    assert versions(looks) == [{"idna": "3.1"}]


def test_where_nothing_can_be_written_it_says_so_and_goes_on(looks, tmp_path):
    (tmp_path / ".local").write_text("a file where a folder is needed")
    store = looks.store
    assert store.keep(looks.environment, (), source="scan") is None
    assert "snapshots" in store.notice.message
    assert store.snapshots(looks.path) == ()


def test_nobody_else_can_read_them(looks):
    looks.see(idna="3.1")
    (file,) = looks.files("looks")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_they_are_bounded_and_the_good_ones_stay_longer(looks, monkeypatch):
    monkeypatch.setattr(module, "_COMPACT_BYTES", 2000)
    monkeypatch.setattr(module, "LOOKS_KEPT", 5)
    good = looks.see(idna="0")
    looks.store.mark_good(looks.path, good.id)
    for number in range(1, 40):
        looks.see(idna=str(number))
    kept = versions(looks)
    assert kept[0] == {"idna": "39"}
    assert kept[-1] == {"idna": "0"}
    assert len(kept) < 30
    assert sum(file.stat().st_size for file in looks.files("looks")) < 4000
    before = len(looks.files("sets"))
    looks.now += 400 * 86400
    assert looks.store.prune() == before - len(looks.files("sets")) > 0
    assert versions(looks) == kept


def test_a_damaged_set_is_mended_by_the_next_look_at_the_same(looks):
    looks.see(idna="3.1")
    looks.files("sets")[0].write_bytes(b"torn")
    looks.see(idna="3.1")
    assert versions(looks) == [{"idna": "3.1"}]


def test_a_line_after_a_torn_one_is_whole(looks):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    file.write_bytes(file.read_bytes() + b'{"set":"0123')
    looks.see(idna="3.2")
    assert versions(looks) == [{"idna": "3.2"}, {"idna": "3.1"}]


@pytest.mark.parametrize("at", ["Infinity", "NaN", "-1", "1e300", "9" * 400, "true", '"now"'])
def test_what_is_no_time_is_no_look(looks, at):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    name = json.loads(file.read_bytes())["set"]
    file.write_bytes(file.read_bytes() + f'{{"set":"{name}","at":{at}}}\n'.encode())
    (found,) = looks.snapshots()
    assert found.last_seen == looks.now


def test_a_file_that_is_far_too_long_is_put_aside(looks):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    file.write_bytes(b"x" * 2 * 1024 * 1024)
    looks.see(idna="3.2")
    assert versions(looks) == [{"idna": "3.2"}]


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(looks):
    looks.see(idna="3.1")
    file = looks.files("looks")[0]
    file.unlink()
    os.mkfifo(file)
    store = looks.store
    assert store.keep(looks.environment, (), source="scan") is None
    assert store.notice is not None


def test_a_line_that_two_programs_wrote_counts_once(looks):
    for version in ("1", "2"):
        looks.see(idna=version)
    file = looks.files("looks")[0]
    first = file.read_bytes().splitlines()[0]
    file.write_bytes(file.read_bytes() + first + b"\n")
    assert versions(looks) == [{"idna": "2"}, {"idna": "1"}]


def test_to_look_at_what_is_kept_writes_nothing(looks, monkeypatch):
    monkeypatch.setattr(module, "_COMPACT_BYTES", 10)
    looks.see(idna="1")
    before = looks.files("looks")[0].read_bytes()
    looks.now += 5 * 365 * 86400
    looks.snapshots()
    assert looks.files("looks")[0].read_bytes() == before


def test_a_month_later_what_nothing_names_is_removed(looks, monkeypatch):
    looks.see(idna="1")
    foreign = looks.files("sets")[0].with_name("0" * 16 + ".json")
    foreign.write_bytes(b"{}")
    os.utime(foreign, (1.0, 1.0))
    looks.see(24 * 29, idna="2")
    assert foreign.exists()
    looks.see(24 * 2, idna="3")
    assert not foreign.exists()
    assert len(versions(looks)) == 3


def test_of_an_environment_that_is_gone_for_years_nothing_stays(looks):
    looks.see(idna="1")
    looks.now += 3 * 365 * 86400
    assert looks.store.prune() == 1
    assert looks.files("looks") == []


WRITE_MANY = """
import sys
from envdeck.core.system.host import Host
from envdeck.core.timeline.store import SnapshotStore

home, path, start = sys.argv[1:]
store = SnapshotStore(Host("linux", home, {}, now=lambda: 1.0))
for number in range(50):
    store.mark_good(path, f"{int(start) + number:016x}")
"""


def test_two_programs_that_write_at_once_lose_nothing(looks, tmp_path):
    looks.see(idna="3.1")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_MANY, str(tmp_path), looks.path, start])
        for start in ("1000", "2000")
    ]
    assert [one.wait(60) for one in writers] == [0, 0]
    lines = looks.files("looks")[0].read_bytes().splitlines()
    assert len(lines) == 101
    assert all(json.loads(line) for line in lines)


def test_a_commit_is_kept_and_what_has_none_is_named_as_before(looks):
    commit = "0123456789abcdef0123456789abcdef01234567"
    plain = Distribution("idna", "idna", "3", "")
    store = looks.store
    first = store.keep(looks.environment, [plain], source="scan")
    row = json.loads(looks.files("sets")[0].read_text())["packages"][0]
    assert row == ["idna", "3", None, "", False], "named by its content, which stays what it was"
    from_git = replace(plain, origin="https://git.example/idna", vcs="git", commit=commit)
    second = store.keep(looks.environment, [from_git], source="scan")
    assert second.id != first.id
    (package,) = looks.snapshots()[0].packages
    assert (package.vcs, package.commit) == ("git", commit)


def test_what_cannot_be_read_is_counted(looks):
    looks.see(idna="3.1")
    looks.see(idna="3.2")
    assert looks.store.count_unread(looks.path) == 0
    first, second = looks.files("sets")
    second.unlink()
    assert looks.store.count_unread(looks.path) == 1
    first.write_text('{"schema": 99}')
    assert looks.store.count_unread(looks.path) == 2
    (lines,) = looks.files("looks")
    lines.write_bytes(b"\0\0\0\0")
    assert looks.store.count_unread(looks.path) == 1
    lines.unlink()
    lines.mkdir()
    assert looks.store.count_unread(looks.path) == 1
    lines.rmdir()
    assert looks.store.count_unread(looks.path) == 0, "nothing was kept"
