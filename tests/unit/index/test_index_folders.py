"""The memory of folders: what a second walk need not read."""

import zlib
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.index import folders as module
from envdeck.core.index.folders import FolderMemory

NOW = 1_800_000_000.0
OLD = 1_700_000_000_000_000_000


def again(memory, now=NOW):
    """Return the memory as the next walk meets it, and a list of the segments it loads."""
    segments = list(memory.segments())
    loaded = []

    def load(part):
        loaded.append(part)
        return segments[part] if part < len(segments) else None

    return FolderMemory(now=now, load=load), loaded


def kept(records):
    memory = FolderMemory(now=NOW)
    for record in records:
        memory.put(record, None, OLD)
    return again(memory)[0]


def packed(records):
    marks = array("Q", [mark for mark, _, _ in records]).tobytes()
    text = "\0".join([*(names for _, names, _ in records), *(note for *_, note in records)])
    return zlib.compress(len(records).to_bytes(4, "little") + marks + text.encode())


name = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."})
names = st.lists(name, max_size=3).map("/".join)
records = st.lists(
    st.tuples(
        st.integers(1, 2**64 - 1),
        names,
        st.just("") | st.tuples(names, names, names).map("//".join),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(records)
def test_whatever_folders_hold_survives(records):
    assert list(kept(records)) == records


def test_a_folder_that_changed_just_now_is_read_again():
    """Two seconds is the resolution of the time stamps of FAT."""
    nanoseconds = int(NOW) * 1_000_000_000
    times = {
        "old": nanoseconds - 2_000_000_001,
        "new": nanoseconds - 1_000_000_000,
        "future": nanoseconds + 1,
        "before-1970": -5,
        "no clock": 0,
    }
    memory = FolderMemory(now=NOW)
    for name, time in times.items():
        memory.put((7, name, ""), None, time)
    found = list(again(memory)[0])
    assert [name for mark, name, _ in found if mark] == ["old"]
    assert [name for _, name, _ in found] == list(times), (
        "its names stay, by which what follows has its place"
    )


def test_a_changed_folder_replaces_what_was_known():
    first, second = (OLD, "x", ""), (OLD, "", "")
    memory = kept([first, second])
    walk = iter(memory)
    assert next(walk) == first
    memory.put((OLD + 1, "y", ""), first, OLD)
    memory.keep(next(walk))
    assert memory.changed
    assert list(again(memory)[0]) == [(OLD + 1, "y", ""), second]


def test_what_is_as_it_was_is_no_news():
    first, second = (OLD, "x", ""), (OLD, "", "x//bin//")
    memory = kept([first, second])
    for record in memory:
        memory.keep(record) if record == first else memory.put(record, second, OLD)
    assert memory.met == 2
    assert not memory.changed


def test_what_a_walk_does_not_meet_is_forgotten():
    memory = kept([(OLD, name, "") for name in "abc"])
    for record in memory:
        if record[1] == "b":
            memory.keep(record)
    assert memory.changed
    assert [names for _, names, _ in again(memory)[0]] == ["b"]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_FOLDERS", 10)
    first = FolderMemory(now=NOW)
    for number in range(200):
        first.put((OLD + number, "", ""), None, OLD)
    assert first.met == 200
    assert len(list(first.segments())) == 20
    return first


def test_a_large_disk_is_kept_in_segments_and_read_by_need(small):
    second, loaded = again(small)
    for number, record in enumerate(second):
        assert record == (OLD + number, "", "")
        assert loaded == list(range(number // 10 + 1)), "one at a time"
        assert len(second._pending) <= 10
        second.keep(record)
    assert not second.changed
    assert list(second.segments()) == list(small.segments())


def test_only_what_changed_is_packed_again_and_parts_do_not_become_many(small):
    memory = small
    for looked in range(1, 40):
        before = list(memory.segments())
        memory, _ = again(memory)
        for number, record in enumerate(memory):
            if number == 55:
                memory.put((OLD - looked, "", ""), None, OLD)
            memory.keep(record)
        after = list(memory.segments())
        assert memory.met == 200 + looked
        assert len(set(after) - set(before)) <= 3
        assert len(after) <= 2 * (200 + looked) // 10
    assert [time for time, _, _ in again(memory)[0]][55:94] == [OLD - n for n in range(39, 0, -1)]


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_damaged_segments_remember_nothing(data):
    for damaged in (data, zlib.compress(data)):
        memory = FolderMemory(now=NOW, load=lambda part, p=damaged: p if part == 0 else None)
        assert all(len(record) == 3 for record in memory)
    whole = packed([(OLD, "a", ""), (OLD, "", "")])
    memory = FolderMemory(now=NOW, load=lambda part: [whole, data, whole][part])
    assert len(list(memory)) >= 2
    torn = FolderMemory(now=NOW, load=lambda part: [whole, whole[:-1], whole][part])
    assert len(list(torn)) == 2, "what comes after a damaged one has lost its place"


@pytest.mark.parametrize("names", ["..", ".", "a/../b", "../x", "x/.", "/etc", "a/", "a//b"])
def test_names_that_would_lead_out_are_refused(names):
    for one in (names, "fine"):
        records = [(OLD, "fine", ""), (OLD, one, ""), (OLD, "", "")]
        memory = FolderMemory(
            now=NOW, load=lambda part, r=records: packed(r) if part == 0 else None
        )
        assert list(memory) == ([] if one == names else records)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(module, "_LIMIT", 1000)
    bomb = packed([(OLD, "a", "")] * 1000)
    assert list(FolderMemory(now=NOW, load=lambda part: bomb if part == 0 else None)) == []
