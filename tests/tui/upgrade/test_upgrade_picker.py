"""The picker of upgrades: what is chosen from the start, what can be changed, what comes of it."""

import pytest
from choosing_cases import (
    API,
    CANDIDATES,
    HOSTILE,
    LOOK,
    NEXT,
    OFFER,
    ChoosingOperations,
    Harness,
    shown,
    until,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model import NoPlan
from envdeck.core.operations.upgrade.lock import LockOffer
from envdeck.core.operations.upgrade.model import Fixed, Level, UpgradeCandidate, UpgradeCandidates
from envdeck.text import plain, width
from envdeck.text.safe import ASCII
from envdeck.tui.store.upgrade import GROUPS, HELD, UpgradePicker
from envdeck.tui.upgrade.dialog import UpgradeDialog
from envdeck.tui.upgrade.view import (
    UpgradeColumns,
    candidate_about,
    candidate_line,
    fixed_line,
    lock_line,
)
from envdeck.tui.widgets.line import Display, line_text

SMALL = {"click", "requests", "boto3", "botocore", "idna"}


# the picker as a plain object


def test_patch_and_minor_are_chosen_and_major_never() -> None:
    picker = UpgradePicker(CANDIDATES)
    assert picker.chosen == SMALL
    assert list(picker.groups) == ["patch", "minor", "major", "other", HELD]
    assert [row.name for row in picker.groups["major"]] == ["certifi", "numpy", "pip"]
    assert picker.answer().wanted == dict.fromkeys(sorted(SMALL))


def test_what_is_held_back_wholly_is_chosen_for_another_version_alone() -> None:
    picker = UpgradePicker(CANDIDATES)
    assert "enter a version" in picker.toggle("urllib3")
    picker.toggle_group(HELD)
    assert "urllib3" not in picker.chosen
    assert picker.step("urllib3", 1) == ""
    assert picker.answer().wanted["urllib3"] == "2.6.0"
    assert picker.step("urllib3", -1) == ""
    assert "urllib3" not in picker.chosen


def test_the_level_is_that_of_the_version_that_was_asked_for() -> None:
    picker = UpgradePicker(CANDIDATES)
    row = picker.candidate("numpy")
    assert row is not None
    assert picker.level_of(row) == "major"
    assert picker.set_version("numpy", "1.26.9") == ""
    assert picker.level_of(row) == "patch"
    line = candidate_line(row, picker, UpgradeColumns.fit(picker, 100), 100, LOOK)
    assert "patch, instead of 2.3.5" in line_text(line)
    about = "\n".join(map(line_text, candidate_about(row, picker, 100, LOOK)))
    assert "1.26.4 → 1.26.9  patch" in about
    assert "major" not in about


def test_a_group_is_chosen_and_left_as_a_whole() -> None:
    picker = UpgradePicker(CANDIDATES)
    picker.toggle_group("major")
    assert picker.count("major") == 3
    picker.toggle("numpy")
    picker.toggle_group("major")
    assert picker.count("major") == 3
    picker.toggle_group("major")
    assert picker.count("major") == 0
    assert picker.chosen == SMALL


@pytest.mark.parametrize("text", ["2.0", " ==2.0 ", "v2.0", "2.0.post1"])
def test_a_version_can_be_typed(text: str) -> None:
    picker = UpgradePicker(CANDIDATES)
    assert picker.set_version("numpy", text) == ""
    assert (picker.answer().wanted["numpy"] or "").startswith("2.0")
    assert picker.is_changed("numpy")
    assert picker.set_version("numpy", "") == ""
    assert picker.answer().wanted["numpy"] is None


def test_what_is_no_version_changes_nothing() -> None:
    picker = UpgradePicker(CANDIDATES)
    for text in ("two", "; rm -rf", "1" * 5000 + ".x", "[/]"):
        assert picker.set_version("click", text) == "invalid version"
    assert picker.answer().wanted["click"] is None


def test_the_newest_known_is_reached_and_no_newer_one() -> None:
    picker = UpgradePicker(CANDIDATES)
    assert picker.step("botocore", 1) == ""
    assert picker.answer().wanted["botocore"] == "1.41.3"
    assert "no known newer version" in picker.step("botocore", 1)
    assert picker.step("botocore", -1) == ""
    assert picker.answer().wanted["botocore"] is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("toggle"), st.sampled_from([r.name for r in CANDIDATES.rows])),
            st.tuples(st.just("group"), st.sampled_from([*GROUPS, HELD])),
            st.tuples(st.just("newer"), st.sampled_from([r.name for r in CANDIDATES.rows])),
            st.tuples(st.just("older"), st.sampled_from([r.name for r in CANDIDATES.rows])),
        )
    )
)
def test_whatever_is_pressed_nothing_is_wanted_at_the_version_it_has(steps) -> None:
    picker = UpgradePicker(CANDIDATES)
    for step, name in steps:
        match step:
            case "toggle":
                picker.toggle(name)
            case "group":
                picker.toggle_group(name)
            case "newer":
                picker.step(name, 1)
            case _:
                picker.step(name, -1)
    wanted = picker.answer().wanted
    assert set(wanted) == picker.chosen
    for name, version in wanted.items():
        row = picker.candidate(name)
        assert (version or row.target) != row.installed
        assert version != row.target


# the lines


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.integers(30, 120))
def test_rows_hold_their_width_whatever_a_package_is_called(name, version, cells) -> None:
    row = UpgradeCandidate(
        name, version, version + "1", version + "2", Level.OTHER, (name,), version
    )
    fixed = Fixed(name, version, name)
    picker = UpgradePicker(UpgradeCandidates((row,), (fixed,)))
    columns = UpgradeColumns.fit(picker, cells)
    for line in (
        candidate_line(row, picker, columns, cells, LOOK),
        fixed_line(fixed, columns, cells, LOOK),
    ):
        assert width(line_text(line)) <= cells
        assert plain(line_text(line)) == line_text(line)


def test_without_unicode_signs_are_plain() -> None:
    letters = Display(signs=ASCII)
    picker = UpgradePicker(CANDIDATES)
    columns = UpgradeColumns.fit(picker, 96)
    for row in CANDIDATES.rows:
        assert line_text(candidate_line(row, picker, columns, 96, letters)).isascii()


def test_a_lock_that_nothing_here_upgrades_is_told_and_not_offered() -> None:
    missing = LockOffer("poetry.lock", "poetry", (), None, "…")
    said = line_text(lock_line(missing, 96, LOOK, chosen=False))
    assert "poetry.lock will drift: poetry is not on the PATH" in said
    assert "[" not in said
    assert "[ ]" in line_text(lock_line(OFFER, 96, LOOK, chosen=False))


# the dialog


def dialog(**changes) -> tuple[Harness, ChoosingOperations]:
    operations = ChoosingOperations(**changes)
    return Harness(UpgradeDialog(operations, API, LOOK)), operations


async def ready(app: Harness) -> None:
    await until(lambda: app.view.is_mounted and app.view.list.rows and app.view.list.cells)


async def test_space_a_and_the_lock_are_planned_as_chosen() -> None:
    app, operations = dialog()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        assert app.view.list.current.key == ("package", "click")
        await pilot.press("space", "j", "j", "a")
        await until(lambda: "0 of 3 chosen" in shown(app))
        await pilot.press("g", "space", "enter")
        await until(lambda: app.answers)
    request = app.answers[0]
    assert request.title == "Upgrade ~/work/api/.venv"
    request.plan(frozenset({"in-use"}))
    asked = operations.asked[-1]
    assert asked == ("upgrade", (API.path, {"requests": None}, True, frozenset({"in-use"})))


async def test_a_version_is_typed_and_a_wrong_one_is_told() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        app.view.list.move_to_key(("package", "numpy"))
        await pilot.press("=", *"two", "enter")
        await until(lambda: "invalid version" in shown(app))
        field = app.view.version_field
        assert field.has_focus
        field.value = ""
        await pilot.press(*"2.0.1", "enter", "enter")
        await until(lambda: app.answers)
    app.answers[0].plan(frozenset())
    assert operations.asked[-1][1][1]["numpy"] == "2.0.1"


async def test_escape_leaves_the_field_first_and_then_the_dialog() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("=", *"9")
        await pilot.press("escape")
        assert app.screen is app.view
        assert app.view.list.has_focus
        await pilot.press("escape")
        await until(lambda: app.answers == [None])


async def test_nothing_chosen_is_said_and_nothing_planned() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("a", "j", "j", "a", "enter")
        await until(lambda: "nothing chosen (space: choose)" in shown(app))
        assert app.screen is app.view
        await pilot.press("j")
        await until(lambda: "nothing chosen" not in shown(app))


async def test_what_is_fixed_says_why() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("G", "space")
        await until(lambda: "cannot be upgraded: came from a local file" in shown(app))


async def test_no_network_says_the_cause_the_hint_and_the_key() -> None:
    failure = NoPlan("the index cannot be reached: no route", "look at the proxy")
    app, operations = dialog(upgradable=failure)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "no route" in shown(app))
        await until(lambda: "Look at the proxy" in shown(app))
        await pilot.press("enter")
        operations.upgradable = CANDIDATES
        await pilot.press("r")
        await ready(app)
        assert not app.answers


async def test_a_thread_that_fails_is_told_where_it_was_waited_for(monkeypatch) -> None:
    def torn(self, environment, stopped):
        raise ValueError(HOSTILE)

    monkeypatch.setattr(ChoosingOperations, "candidates", torn)
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "ValueError" in shown(app))
        await pilot.press("2")
        await ready(app)
        await pilot.press("1")
        await until(lambda: "ValueError" in shown(app))


async def test_everything_newest_teaches_what_to_press() -> None:
    app, _ = dialog(upgradable=UpgradeCandidates((), (), 40))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "All packages up to date" in shown(app))
        await until(lambda: "2: interpreters" in shown(app))
        await pilot.click("#go_on")
        await until(lambda: "nothing chosen" in shown(app))
        assert app.screen is app.view


async def test_an_interpreter_says_if_it_is_a_repair_and_is_planned() -> None:
    app, operations = dialog()
    async with app.run_test(size=(132, 36)) as pilot:
        await ready(app)
        await pilot.press("2")
        await until(lambda: "CPython 3.12.9" in shown(app))
        await until(lambda: "repaired in place" in shown(app))
        await pilot.press("j", "j", "enter")
        await until(lambda: "recreated, all packages" in shown(app))
        await until(lambda: "35 wheels" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    assert app.answers[0].title == "Recreate ~/work/api/.venv"
    app.answers[0].plan(frozenset())
    assert operations.asked[-1] == ("interpreter", (API.path, NEXT.executable, frozenset()))


async def test_escape_leaves_the_field_whatever_key_leaves_the_dialog() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        app.set_keymap({"back": "b"})
        await pilot.press("=", *"9")
        await until(lambda: app.view.version_field.has_focus)
        await pilot.press("escape")
        await until(lambda: app.view.list.has_focus)
        assert not app.view.version_field.display


async def test_the_choice_survives_a_look_at_the_other_tab() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "space", "2")
        await until(lambda: app.view._panels[1].known)
        await pilot.press("1")
        assert app.view.list.current.key == ("package", "requests")
        assert app.view._packages.picker.chosen == SMALL - {"requests"}
        assert [what for what, _ in operations.asked].count("candidates") == 1


async def test_a_click_on_a_box_chooses_and_one_on_a_tab_opens_it() -> None:
    app, _ = dialog(offer=None)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        y = next(n for n, row in enumerate(app.view.list.rows) if row.key == ("package", "boto3"))
        await pilot.click(app.view.list, offset=(2, y + 1))
        await until(lambda: "boto3" not in app.view._packages.picker.chosen)
        await pilot.click(app.view.list, offset=(12, y + 1))
        await pilot.pause()
        assert "boto3" not in app.view._packages.picker.chosen
        await pilot.click("TabLine", offset=(18, 0))
        await until(lambda: app.view._tabs.active == 2)


async def test_names_that_would_act_are_shown_as_they_are() -> None:
    row = UpgradeCandidate(HOSTILE, "1", "2", "3", Level.PATCH, (HOSTILE,), HOSTILE)
    fixed = Fixed(HOSTILE + "2", "1", HOSTILE)
    app, _ = dialog(upgradable=UpgradeCandidates((row,), (fixed,)))
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await until(lambda: "[@click=app.quit]x[/]\\x1b[31m" in shown(app))
        await pilot.press("=")
        await pilot.click(app.view.list, offset=(8, 4))
        await pilot.pause()
        assert app.is_running
        assert not app.answers
