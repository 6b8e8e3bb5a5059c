"""`envdeck history`, `envdeck trash`, and what is said of what was interrupted."""

import json
import os
import re
from dataclasses import replace

import pytest

from envdeck.cli.context import CommandContext
from envdeck.cli.scan import warn_pending
from envdeck.core.model import Operation
from envdeck.core.operations.disk import disk_for
from envdeck.core.operations.shared.history import Due, HistoryItem
from envdeck.core.operations.transaction.journal import (
    Entry,
    Journal,
    Move,
    Phase,
    UnreadableEntry,
)
from envdeck.core.operations.transaction.places import Places
from envdeck.core.operations.transaction.trash import Item, TrashManifest
from envdeck.core.system.files import boot_id

NOW = 1_795_000_000.0
DAY = 86_400


def entry(path: str, **more) -> Entry:
    made = Entry(
        id="20261118-100640-4f2a",
        group="20261118-100640-4f2a",
        operation=Operation.DELETE,
        move=Move.ASIDE,
        phase=Phase.DONE,
        path=path,
        item=f"{path}-item",
        python="3.12.4",
        created_at=NOW - 3600,
        ended_at=NOW - 3599,
    )
    return replace(made, **more)


def rows(result) -> list[list[str]]:
    """Return the cells of a table."""
    return [re.split(r"\s{2,}", line.strip()) for line in result.out.splitlines()]


@pytest.fixture
def journal(host) -> Journal:
    return Journal(Places.find(host).journal, disk_for(host))


def test_the_history(cli, operations, home):
    operations.past = (
        HistoryItem(entry(f"{home}/api/.venv"), ""),
        HistoryItem(
            entry(f"{home}/b\x1b/.venv", phase=Phase.ROLLED_BACK, group="2"), "it changed nothing"
        ),
        HistoryItem(UnreadableEntry(f"{home}/x.json", "damaged: not JSON"), "damaged: not JSON"),
    )
    result = cli("history")
    identifier = "20261118-100640-4f2a"
    assert rows(result) == [
        ["ID", "When", "Operation", "Path", "Result", "Undo"],
        [identifier, "1 hour ago", "delete", "~/api/.venv", "done", "envdeck undo ID"],
        [identifier, "1 hour ago", "delete", "~/b\\x1b/.venv", "rolled back", "it changed nothing"],
    ]
    assert result.err == "warning: `~/x.json` skipped: damaged: not JSON\n"
    told = json.loads(cli("history", "--json").out)
    first, second = told["operations"]
    assert (first["status"], first["started"]) == ("done", "2026-11-18T10:06:40Z")
    assert first["undo"] == "envdeck undo 20261118-100640-4f2a"
    assert (second["undo"], second["no_undo_because"]) == (None, "it changed nothing")
    assert told["unreadable"] == [{"path": f"{home}/x.json", "reason": "damaged: not JSON"}]


def test_a_batch_is_one_row_of_the_history(cli, operations, home):
    operations.past = tuple(
        HistoryItem(
            entry(
                f"{home}/p{number}/.venv",
                id=f"20261118-100640-4f2a-{number}",
                manager="uv",
                bytes_aside=10**8,
            ),
            "" if number else "permanently deleted",
        )
        for number in range(12)
    )
    assert rows(cli("history"))[1:] == [
        [
            "20261118-100640-4f2a",
            "1 hour ago",
            "delete",
            "12 environments · 1.2 GB",
            "done",
            "envdeck undo ID (11 of 12)",
        ]
    ]
    assert len(json.loads(cli("history", "--json").out)["operations"]) == 12


def test_no_history(cli):
    assert cli("history").out == "no operations yet\n"


@pytest.mark.parametrize(
    ("phase", "code", "said"),
    [
        (Phase.DONE, 0, "note: the delete of ~/api/.venv was interrupted, now finished: ok"),
        (Phase.ROLLED_BACK, 0, "was interrupted, now rolled back: ok"),
        (
            Phase.ATTENTION,
            1,
            "warning: the delete of ~/api/.venv was interrupted and needs attention",
        ),
        (Phase.MOVING, 1, "was interrupted and is still pending: ok"),
    ],
)
def test_what_was_interrupted_is_brought_to_an_end(cli, operations, home, phase, code, said):
    operations.recovered = (entry(f"{home}/api/.venv", phase=phase, message="ok"),)
    result = cli("history", "--recover", "--json")
    assert result.code == code
    assert said in result.err
    assert [each["path"] for each in json.loads(result.out)["recovered"]] == [f"{home}/api/.venv"]
    result = cli("undo", "--yes")
    assert said in result.err
    assert result.code == 0


def test_what_a_command_still_works_on_is_not_said_to_be_over(cli, operations, home):
    """Children of a program that was killed hold its lock: it waits until they end."""
    waiting = entry(f"{home}/api/.venv", phase=Phase.MOVING, ended_at=None)
    operations.pending = lambda: (waiting,)
    assert cli("history", "--recover").err == (
        "warning: the delete of ~/api/.venv waits: it, or a command that it started, is still"
        " running\n"
    )
    assert cli("history", "--recover").out == ""
    operations.recovered = (waiting,)  # settled as far as the disk lets it, and told as such
    assert "still running" not in cli("history", "--recover").err


def test_nothing_is_brought_to_an_end_in_the_read_only_mode(cli, operations):
    assert cli("history", "--recover", "--read-only").code == 3
    assert operations.asked == []
    assert cli("history", "--recover").out == "no interrupted operations\n"


LOOKING = [
    ["list", "--no-size"],
    ["list", "--json"],
    ["find", "pip"],
    ["interpreters"],
    ["history"],
    ["trash"],
    [],
]


@pytest.mark.parametrize("words", LOOKING)
def test_what_only_looks_says_that_something_waits(cli, operations, journal, home, words):
    waiting = entry(f"{home}/api/.venv", phase=Phase.MOVING, ended_at=None)
    journal.write(waiting)
    operations.pending = lambda: (waiting,)
    assert cli(*words).err == (
        "warning: the delete of ~/api/.venv was interrupted\nhint: envdeck history --recover\n"
    )
    journal.write(entry(f"{home}/api/.venv"))
    assert cli(*words).err == ""


def test_what_somebody_works_on_is_not_said_to_be_interrupted(cli, operations, journal, host):
    running = entry("/x/.venv", phase=Phase.STAGING, pid=os.getpid(), boot=boot_id(host))
    journal.write(running)
    operations.pending = lambda: (running,)
    assert cli("list").err == ""
    operations.pending = lambda: (replace(running, boot="another start of the machine"),)
    assert "was interrupted" in cli("list").err


def test_a_journal_that_cannot_be_read_is_no_failure_of_a_list(cli, host):
    folder = Places.find(host).journal
    os.makedirs(folder)
    os.mkfifo(f"{folder}/20261118-100640-4f2a.json")
    os.mkdir(f"{folder}/20261118-100640-4f2b.json")
    (open(f"{folder}/20261118-100640-4f2c.json", "w")).close()
    result = cli("list")
    assert (result.code, result.err) == (0, "")


def item(path: str, **more) -> Item:
    manifest = TrashManifest(
        id="20261118-100640-4f2a",
        operation=Operation.DELETE,
        path=path,
        name="api/.venv",
        manager="uv",
        python="3.12.4",
        put_at=NOW - 3 * DAY,
        reclaimable_bytes=4_000_000,
    )
    known = replace(manifest, **more)
    until = known.put_at + 30 * DAY
    return Item("/trash/20261118-100640-4f2a", known, kept_until=until)


def test_the_trash(cli, operations, home):
    damaged = Item("/trash/20261118-100640-4f2b", None, "manifest damaged")
    operations.items = (item(f"{home}/api/.venv"), damaged)
    assert rows(cli("trash")) == [
        ["ID", "When", "By", "From", "Python", "Frees", "Kept", "Notes"],
        [
            "20261118-100640-4f2a",
            "3 days ago",
            "delete",
            "~/api/.venv",
            "3.12.4",
            "4.0 MB",
            "27 days more",
        ],
        [damaged.id, "–", "–", damaged.folder, "–", "–", "–", damaged.problem],
        [""],
        ["2 items, emptying the trash frees 4.0 MB; 1 not measured"],
    ]
    told = json.loads(cli("trash", "list", "--json").out)
    assert told["keep_days"] == 30
    assert told["items"][0]["put_at"] == "2026-11-15T11:06:40Z"
    assert told["items"][0]["kept_until"] == "2026-12-15T11:06:40Z"
    assert told["items"][1]["problem"] == "manifest damaged"


def test_an_empty_trash(cli):
    assert cli("trash").out == "the trash is empty\n"


def test_what_is_purged(cli, operations):
    operations.items = (item("/x/.venv"), replace(item("/y/.venv", put_at=1.0), folder="/t/old"))
    assert cli("trash").err == (
        "hint: envdeck trash purge --expired\n"
        "note: 1 environment will be permanently deleted from the trash when the screen starts "
        "in 8 hours or later\n"
    )
    assert cli("trash", "purge", "a", "b", "--yes").code == 0
    assert operations.asked[1] == ("purge", (["a", "b"],), {})
    operations.asked.clear()
    assert cli("trash", "purge", "--expired", "--yes").code == 0
    assert operations.asked[1] == ("purge", (["old"],), {})
    operations.items = ()
    for how in ("--yes", "--dry-run"):
        result = cli("trash", "purge", "--expired", how)
        assert (result.code, result.out) == (0, "no expired items in the trash\n")


SAID = "2 environments will be permanently deleted from the trash when the screen starts in 8 hours"


@pytest.mark.parametrize("words", [["trash"], ["delete", "x", "--yes"], ["undo", "--yes"]])
def test_what_is_due_is_said_and_counts_as_said_where_a_person_reads_it(
    cli, operations, catalog, environment, words
):
    catalog.environments = [environment("x")]
    catalog.sizes = {catalog.environments[0].path: None}
    words = [catalog.environments[0].path if word == "x" else word for word in words]
    operations.items = (item("/x/.venv", put_at=1.0), item("/y/.venv", put_at=1.0))
    said = cli(*words).err
    assert SAID in said
    assert ("`envdeck trash`" in said) is (words != ["trash"])
    assert operations.announced == ()
    assert SAID in cli(*words, error_terminal=True).err
    assert operations.announced == operations.items


def test_what_was_announced_long_ago_goes_at_the_next_start(cli, operations, monkeypatch):
    one, two = item("/x/.venv", put_at=1.0), item("/y/.venv", put_at=1.0)
    operations.items = (one, two)
    monkeypatch.setattr(operations, "due", lambda: Due((one,), (two,), wait=61.0))
    said = cli("trash").err
    each = "1 environment will be permanently deleted from the trash"
    assert f"{each} at the next start of the screen\n" in said
    assert f"{each} when the screen starts in 1 hour or later\n" in said


@pytest.mark.parametrize("words", [["list"], ["history"], ["trash", "--json"], ["interpreters"]])
def test_what_only_looks_announces_nothing(cli, operations, words):
    operations.items = (item("/x/.venv", put_at=1.0),)
    assert "permanently deleted" not in cli(*words, error_terminal=True).err
    assert operations.announced == ()


def test_nothing_is_announced_in_the_read_only_mode(cli, operations):
    operations.items = (item("/x/.venv", put_at=1.0),)
    for words in (["trash"], ["undo", "--dry-run"]):
        told = cli(*words, "--read-only", error_terminal=True).err
        assert "permanently deleted" not in told
    assert operations.announced == ()


def test_what_is_partly_purged_is_listed_so(cli, operations):
    left = replace(item("/x/.venv"), folder="/trash/20261118-100640-4f2a.purging")
    operations.items = (replace(left, problem="partly deleted: lib/x cannot be removed"),)
    result = cli("trash")
    row = rows(result)[1]
    assert (row[0], row[5:]) == (
        "20261118-100640-4f2a",
        ["–", "–", "partly deleted: lib/x cannot be removed"],
    )
    assert result.err == "hint: envdeck trash purge 20261118-100640-4f2a\n"
    (told,) = json.loads(cli("trash", "--json").out)["items"]
    assert (told["status"], told["due"]) == ("partly-purged", False)
    broken = entry("/x/.venv", move=Move.REMOVE, phase=Phase.ATTENTION, message="lib/x is left")
    operations.past = (HistoryItem(broken, "partly deleted", is_partly_purged=True),)
    assert rows(cli("history"))[1][-2:] == ["partly deleted", "lib/x is left"]
    (told,) = json.loads(cli("history", "--json").out)["operations"]
    assert (told["partly_purged"], told["status"]) == (True, "needs-attention")


def test_what_was_interrupted_by_a_clock_of_the_past_is_said_too(cli, operations, journal, home):
    waiting = entry(f"{home}/x", id="20010101-000000-aaaa", phase=Phase.MOVING, item="")
    for number in range(40):
        journal.write(entry(f"{home}/y", id=f"20261118-1006{number:02}-aaaa", item=""))
    journal.write(waiting)
    operations.pending = lambda: (waiting,)
    assert "the delete of ~/x was interrupted" in cli("list").err


def test_a_host_without_a_journal_costs_one_look(cli, host, monkeypatch):
    looks = []
    real = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path=".": looks.append(path) or real(path))
    warn_pending(CommandContext(host, None))
    assert looks == [Places.find(host).journal]
