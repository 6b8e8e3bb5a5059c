"""Each operation, killed at each system call of its transaction, or refused by the system there.

The long run (`-m kill`) takes every call; the usual one takes a sample. How many kills a run was
is in the property `kills` of its tests (`--junit-xml=FILE
-o junit_family=xunit1`).
"""

from pathlib import Path

import pytest

from support.processes import rows_of

PROGRAM = Path(__file__).with_name("dying.py")
SCENARIOS = (
    *("delete", "undo", "rebuild", "undo-rebuild", "purge", "create", "undo-create", "redo"),
    *("delete-beside", "undo-beside", "delete-by-door", "purge-by-door", "undo-by-door"),
    "undo-rebuild-by-door",
)
EXCHANGES = ("rebuild", "undo-rebuild", "redo")
"""What two renames do where the file system cannot exchange."""
FAULTS = ("ENOSPC", "EDQUOT", "EXDEV", "EACCES", "EIO")


def interrupt(base: Path, scenario: str, how: str, *options: str) -> list[dict]:
    """Do a scenario, interrupted at one call after the other; return what each left."""
    return rows_of(PROGRAM, scenario, base, how, *options)


def hold(rows: list[dict], scenario: str, how: str) -> None:
    """Check that the old state or the new one is there, and nothing else, each time."""
    *interrupted, whole = rows
    assert whole["over"]
    assert whole["said"] == "done", whole
    assert interrupted
    for row in interrupted:
        assert row["outside"], f"something else was changed: {row}"
        assert (row["second"], row["quiet"]) == (0, True), f"a second recovery changes more: {row}"
        assert row["unreadable"] == [], row
        assert "needs-attention" not in row["phases"], row
        if not (how != "kill" and all(each.endswith("/.envdeck-trash") for each in row["stray"])):
            assert row["stray"] == [], f"something is left over: {row}"
        old, new = contents(row["start"]), contents(whole["end"])
        if contents(row["end"]) == old:
            same = contents(row["start_marks"]) == contents(row["end_marks"])
            assert same, f"what is there now was written anew: {row}"
        states = [old, new]
        if scenario == "purge-by-door":  # in between moved to trash, from where it can return
            states.append(("nothing", *old[:1]))
        assert contents(row["end"]) in states, row
        if row["said"] == "done":
            assert contents(row["end"]) == new, f"it says that it is done: {row}"
        elif row["said"] in {"refused", "rolled-back"} and scenario != "purge-by-door":
            assert contents(row["end"]) == old, f"it says that nothing changed: {row}"


def contents(state: dict[str, str]) -> tuple[str, ...]:
    """Return the environment in its place, and then those in the trash."""
    move_to_trash = sorted(value for name, value in state.items() if name != "here")
    return (state.get("here", "nothing"), *move_to_trash)


def runs() -> list[tuple[str, ...]]:
    two_steps = [(scenario, "two-steps") for scenario in EXCHANGES]
    return [*((scenario,) for scenario in SCENARIOS), *two_steps]


@pytest.mark.kill
@pytest.mark.parametrize("run", runs(), ids="-".join)
def test_killed_at_every_system_call(run, tmp_path, record_property):
    scenario, *options = run
    rows = interrupt(tmp_path, scenario, "kill", *options)
    hold(rows, scenario, "kill")
    record_property("kills", len(rows) - 1)


@pytest.mark.parametrize("options", [(), ("two-steps",)], ids=["one-step", "two-steps"])
def test_killed_at_some_system_calls(options, tmp_path, record_property):
    scenarios = EXCHANGES if options else SCENARIOS
    rows = interrupt(tmp_path, ",".join(scenarios), "kill", "every", "13", "from", "3", *options)
    kills = 0
    for scenario in scenarios:
        those = [row for row in rows if row["scenario"] == scenario]
        hold(those, scenario, "kill")
        kills += len(those) - 1
    record_property("kills", kills)


@pytest.mark.kill
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("run", runs(), ids="-".join)
def test_refused_at_every_system_call(run, fault, tmp_path):
    scenario, *options = run
    hold(interrupt(tmp_path, scenario, fault, *options), scenario, fault)


@pytest.mark.parametrize("options", [(), ("two-steps",)], ids=["one-step", "two-steps"])
@pytest.mark.parametrize(("fault", "start"), [("ENOSPC", "5"), ("EIO", "12"), ("EDQUOT", "19")])
def test_refused_at_some_system_calls(fault, start, options, tmp_path):
    scenarios = EXCHANGES if options else SCENARIOS
    rows = interrupt(tmp_path, ",".join(scenarios), fault, "every", "41", "from", start, *options)
    for scenario in scenarios:
        hold([row for row in rows if row["scenario"] == scenario], scenario, fault)
