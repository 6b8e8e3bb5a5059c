"""A `.env` made, changed, taken back: killed at each system call, or refused by the system there.

The usual run takes every fifth call of an edit and of a creation; the long run (`-m kill`) takes
every call of them, of what takes them back, and where two renames stand for an exchange.
"""

from pathlib import Path

import pytest

from support.processes import rows_of

PROGRAM = Path(__file__).with_name("dying_edits.py")
SCENARIOS = ("edit", "create", "undo-edit", "undo-create", "redo-edit", "redo-create")
EXCHANGES = ("edit", "undo-edit", "redo-edit")


def interrupted(base: Path, scenario: str, how: str, *options: str) -> list[dict]:
    return rows_of(PROGRAM, scenario, base, how, *options)


def hold(rows: list[dict]) -> None:
    """Check that each end is the old state or the new one, with nothing lost and nothing left."""
    *broken, whole = rows
    assert (whole["over"], whole["said"]) == (True, "done"), whole
    assert broken
    for row in broken:
        assert row["outside"], f"something else was changed: {row}"
        assert (row["second"], row["quiet"]) == (0, True), f"a second recovery does more: {row}"
        assert (row["unreadable"], row["stray"]) == ([], []), row
        assert "needs-attention" not in row["phases"], row
        assert contents(row["end"]) in {contents(row["start"]), contents(whole["end"])}, row
        if row["said"] == "done":
            assert contents(row["end"]) == contents(whole["end"]), row
        elif row["said"] in {"refused", "rolled-back"}:
            assert contents(row["end"]) == contents(row["start"]), row


def contents(state: dict[str, str]) -> tuple[str, ...]:
    """Return the file in its place with its mode, and then those in the trash."""
    return (state.get("here", ""), *sorted(held for name, held in state.items() if name != "here"))


@pytest.mark.parametrize(("scenario", "start"), [("edit", "1"), ("create", "3")])
def test_killed_at_every_fifth_call(scenario, start, tmp_path, record_property):
    rows = interrupted(tmp_path, scenario, "kill", "every", "5", "from", start)
    hold(rows)
    record_property("kills", len(rows) - 1)


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO"])
def test_refused_at_some_calls(fault, tmp_path):
    for what, start in (("edit", "4"), ("create", "10")):
        those = [scenario for scenario in SCENARIOS if what in scenario]
        rows = interrupted(tmp_path, ",".join(those), fault, "every", "19", "from", start)
        for scenario in those:
            hold([row for row in rows if row["scenario"] == scenario])


@pytest.mark.kill
@pytest.mark.parametrize("how", ["kill", "ENOSPC", "EACCES", "EIO"])
@pytest.mark.parametrize(
    "run",
    [*((name,) for name in SCENARIOS), *((name, "two-steps") for name in EXCHANGES)],
    ids="-".join,
)
def test_interrupted_at_every_call(run, how, tmp_path, record_property):
    rows = interrupted(tmp_path, run[0], how, *run[1:])
    hold(rows)
    record_property("kills", len(rows) - 1)
