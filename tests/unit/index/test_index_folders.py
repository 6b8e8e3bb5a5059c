"""The memory of folders: what a second walk need not read."""

import os
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.index import folders as module
from envdeck.core.index.folders import FolderMemory

NOW = 1_800_000_000.0
OLD = 1_700_000_000_000_000_000
ROOT = "/home/ada"


def again(memory, root=ROOT, now=NOW):
    """Return the memory as the next walk meets it, and a list of the segments it loads."""
    segments = list(memory.segments())
    loaded = []

    def load(part):
        loaded.append(part)
        return segments[part][1]

    places = [(part, places) for part, (places, _) in enumerate(segments)]
    return FolderMemory(root, now=now, places=places, load=load), loaded


def kept(records, root=ROOT):
    memory = FolderMemory(root, now=NOW)
    for path, record in records.items():
        memory.put(path, record)
    return again(memory, root)[0]


name = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."})
names = st.lists(name, max_size=3).map(tuple)
records = st.dictionaries(
    st.lists(name, max_size=4).map(lambda parts: "/".join([ROOT, *parts])),
    st.tuples(st.integers(0, OLD), names, names, names),
    max_size=8,
)


@settings(deadline=None)
@given(records)
def test_whatever_folders_hold_survives(records):
    memory = kept(records)
    assert {path: memory.get(path) for path in records} == records
    assert memory.get(ROOT + "/not/met") is None


@pytest.mark.parametrize("root", ["/", "/home/ada", "/home/ada/"])
def test_any_root_will_do(root):
    path = os.path.join(root, "work", "api")
    record = (OLD, ("src",), ("pyproject.toml",), ("link",))
    assert kept({path: record}, root).get(path) == record


def test_a_folder_that_changed_just_now_is_read_again():
    """Two seconds is the resolution of the time stamps of FAT."""
    nanoseconds = int(NOW) * 1_000_000_000
    times = {
        "old": nanoseconds - 2_000_000_001,
        "new": nanoseconds - 1_000_000_000,
        "future": nanoseconds + 1,
        "before-1970": -5,
    }
    memory = kept({f"{ROOT}/{name}": (time, (), (), ()) for name, time in times.items()})
    assert [name for name in times if memory.get(f"{ROOT}/{name}")] == ["old"]


def test_a_changed_folder_replaces_what_was_known_even_when_it_is_too_new_to_keep():
    memory = kept({ROOT + "/a": (OLD, ("x",), (), ()), ROOT + "/b": (OLD, (), (), ())})
    memory.get(ROOT + "/a")
    memory.put(ROOT + "/a", (int(NOW) * 1_000_000_000, ("y",), (), ()))
    memory.get(ROOT + "/b")
    memory.put(ROOT + "/b", (OLD + 1, ("z",), (), ()))
    after, _ = again(memory)
    assert after.get(ROOT + "/a") is None
    assert after.get(ROOT + "/b") == (OLD + 1, ("z",), (), ())


def test_what_a_walk_does_not_meet_is_forgotten():
    memory = kept({f"{ROOT}/{name}": (OLD, (), (), ()) for name in "abc"})
    memory.get(ROOT + "/b")
    assert not memory.changed
    assert memory.met == 1
    after, _ = again(memory)
    assert [name for name in "abc" if after.get(f"{ROOT}/{name}")] == ["b"]


def test_a_large_disk_is_kept_in_segments_and_read_by_need(monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_FOLDERS", 10)
    monkeypatch.setattr(module, "_LOADED", 3)
    paths = [f"{ROOT}/work/project{n // 8}/src/{n}" for n in range(200)]
    first = FolderMemory(ROOT, now=NOW)
    for number, path in enumerate(paths):
        first.put(path, (OLD + number, (), (), ()))
    assert first.met == 200
    assert len(list(first.segments())) == 20
    second, loaded = again(first)
    assert [second.get(path)[0] - OLD for path in paths] == list(range(200))
    assert loaded == list(range(20)), "each segment once, in the order of the walk"
    assert len(second._loaded) == 3
    assert second.get(ROOT + "/work/project3/new") is None
    assert not second.changed


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_damaged_segments_remember_nothing(data):
    places = zlib.compress(b"work")
    for packed in (data, zlib.compress(data), None):
        memory = FolderMemory(ROOT, now=NOW, places=[(0, places)], load=lambda _, p=packed: p)
        found = memory.get(ROOT + "/work")
        assert found is None or data.startswith((ROOT + "/work").encode())
    FolderMemory(ROOT, now=NOW, places=[(0, data)])


@pytest.mark.parametrize("names", ["..", ".", "a/../b", "../x", "x/."])
@pytest.mark.parametrize("column", [2, 3, 4])
def test_names_that_would_lead_out_are_refused(names, column):
    values = [ROOT + "/work", str(OLD), "src", "", ""]
    values[column] = names
    packed = zlib.compress("\0".join(values).encode())
    memory = FolderMemory(
        ROOT, now=NOW, places=[(0, zlib.compress(b"work"))], load=lambda _: packed
    )
    assert memory.get(ROOT + "/work") is None


@pytest.mark.parametrize("time", ["", "x", "-1", "9" * 5000, "\u0661"])
def test_times_that_are_none_are_refused(time):
    packed = zlib.compress("\0".join([ROOT + "/work", time, "src", "", ""]).encode())
    memory = FolderMemory(
        ROOT, now=NOW, places=[(0, zlib.compress(b"work"))], load=lambda _: packed
    )
    assert memory.get(ROOT + "/work") is None


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(module, "_LIMIT", 1000)
    places = zlib.compress(b"work\0" * 1000)
    assert FolderMemory(ROOT, now=NOW, places=[(0, places)]).get(ROOT + "/work") is None
