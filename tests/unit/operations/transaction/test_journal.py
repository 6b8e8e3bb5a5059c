"""What is journalled, and what is made of a journal that is not ours to read."""

import json
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model import Identity, Operation
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.execute import recover
from envdeck.core.operations.shared.history import read_history
from envdeck.core.operations.transaction.journal import (
    Entry,
    Journal,
    Move,
    Phase,
    UnreadableEntry,
    new_id,
    opened,
)
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.system.host import Host

ENTRY = Entry(
    id="20261120-101502-4f2a",
    group="20261120-101502-4f2a",
    operation=Operation.DELETE,
    move=Move.ASIDE,
    phase=Phase.DONE,
    path="/home/ada/it's [1]\n\udcff/.venv",
    item="/home/ada/.local/share/envdeck/trash/20261120-101502-4f2a",
    old=Identity(1, 2**63),
    created_at=5.0,
)


@pytest.fixture
def journal(host, tmp_path) -> Journal:
    return Journal(str(tmp_path / "journal"), Disk(host))


def test_every_field_comes_back(journal):
    full = replace(
        ENTRY,
        **{
            field.name: {"str": "text", "bool": True, "int": 7, "float": 1.5}[field.type]
            for field in fields(Entry)
            if (field.default is not None and field.type in {"bool", "int", "float"})
            or (field.type == "str" and field.default == "" and not field.name.startswith("file"))
        },
        new=Identity(3, 4),
        ended_at=9.5,
        bytes_aside=12,
        file="/home/ada/uv.lock",
        file_folder=Identity(5, 6),
        file_if_done="file-before",
        file_if_not="file-after",
    )
    journal.write(full)
    assert journal.read(ENTRY.id) == full
    assert journal.read_all() == ([full], [])
    assert journal.read("nothing") is None


def test_an_entry_is_signed(host):
    signed = opened(ENTRY, host)
    assert (signed.pid, signed.created_at, signed.boot) == (os.getpid(), host.now(), "")


def test_ids_sort_by_time(host):
    first = new_id(host)
    later = new_id(replace(host, now=lambda: host.now() + 1))
    assert first < later
    assert first.startswith("20261118-110640-")


def damaged() -> list[tuple[str, object]]:
    """Return ways to damage an entry, each by what is changed in it."""
    return [
        ("schema", "1"),
        ("schema", None),
        ("id", "another"),
        ("id", 3),
        ("path", "relative/.venv"),
        ("path", "/a\0b"),
        ("path", ["/a"]),
        ("item", "trash"),
        ("item", "/home/ada/work"),
        ("item", "/home/ada/.local/share/envdeck/trash/20000101-000000-ffff"),
        ("item", "/home/\ud800/envdeck/trash/20261120-101502-4f2a"),
        ("path", "/home/\ud800/.venv"),
        ("name", "\ud800"),
        ("file_folder", 1),
        ("file_if_not", "../file"),
        ("file_if_done", "environment"),
        ("old", [1]),
        ("old", "x"),
        ("old", [1, 2, 3]),
        ("new", {"a": 1}),
        ("operation", "destroy"),
        ("move", 1),
        ("phase", "halfway"),
        ("created_at", "yesterday"),
        ("created_at", float("nan")),
        ("created_at", 10**400),
        ("ended_at", [1]),
        ("bytes_aside", "much"),
        ("keep_new", "no"),
        ("undoes", "../../elsewhere"),
        ("undone_by", 1),
        ("manager", None),
    ]


@pytest.mark.parametrize(("field", "value"), damaged(), ids=str)
def test_a_damaged_entry_is_told_and_left_alone(host, field, value):
    store = OperationStore.open(host)
    store.journal.write(replace(ENTRY, phase=Phase.MOVING))
    file = store.places.journal + f"/{ENTRY.id}.json"
    with open(file) as text:
        content = json.load(text)
    content[field] = value
    with open(file, "w") as text:
        json.dump(content, text)
    before = Path(file).read_bytes()
    (one,) = read_history(store)
    assert isinstance(one.entry, UnreadableEntry)
    assert one.why_not.startswith("damaged"), one
    assert recover(store) == ()
    assert Path(file).read_bytes() == before
    assert not os.path.exists(store.places.trash)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema": 1}',
        b'{"schema": 1, "id": "x"}',
        b"[" * 100_000,
        b'{"schema": 2, "phase": "moving", "more": "than we know"}',
        b" " * (2 * 1024 * 1024),
    ],
    ids=lambda content: str(content[:20]),
)
def test_what_is_no_entry_of_ours_is_told_and_left_byte_for_byte(host, content):
    store = OperationStore.open(host)
    store.journal.write(ENTRY)
    file = store.places.journal + "/strange.json"
    with open(file, "wb") as binary:
        binary.write(content)
    past = read_history(store)
    assert [type(each.entry) for each in past] == [Entry, UnreadableEntry]
    assert past[1].entry.path == file
    if b'"schema": 2' in content:
        assert past[1].why_not == "written by a newer version of envdeck"
    assert recover(store) == ()
    assert Path(file).read_bytes() == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NAMES = [field.name for field in fields(Entry)]


@settings(max_examples=150, deadline=None, database=None)
@given(changes=st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=3))
def test_no_content_breaks_whoever_reads_it(tmp_path_factory, changes):
    host = Host("linux", str(tmp_path_factory.mktemp("home")), {}, lambda: 1.0, "/nowhere")
    store = OperationStore.open(host)
    store.journal.write(ENTRY)
    file = store.places.journal + f"/{ENTRY.id}.json"
    with open(file) as text:
        content = json.load(text)
    with open(file, "w") as text:
        json.dump(content | changes, text)
    (one,) = read_history(store)
    assert isinstance(one.why_not, str)
    assert len(store.journal.read_all()[0]) + len(store.journal.read_all()[1]) == 1


def test_a_link_in_place_of_an_entry_is_not_followed_out(host, tmp_path):
    store = OperationStore.open(host)
    store.journal.write(ENTRY)
    os.mkfifo(store.places.journal + "/pipe.json")
    (one, other) = read_history(store)
    assert isinstance(other.entry, UnreadableEntry)
    assert one.entry == ENTRY


def test_the_oldest_are_forgotten_and_what_can_be_taken_back_never(journal):
    for number in range(510):
        phase = Phase.DONE if number < 5 else Phase.ROLLED_BACK
        name = f"{number:04}"
        item = f"{os.path.dirname(ENTRY.item)}/{name}"
        journal.write(replace(ENTRY, id=name, item=item, phase=phase, created_at=float(number)))
        with open(journal.log_file(name), "w") as log:
            log.write("it")
    journal.forget_oldest()
    kept = [entry.id for entry in journal.read_all()[0]]
    assert len(kept) == 500
    assert kept[:6] == ["0000", "0001", "0002", "0003", "0004", "0015"]
    assert not os.path.exists(journal.log_file("0005"))
    assert os.path.exists(journal.log_file("0000"))
