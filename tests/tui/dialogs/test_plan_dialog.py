"""The plan dialog, and the keys that lead to it."""

from dataclasses import replace
from functools import partial

import pytest

from envdeck.core.model import (
    EditedFile,
    Edits,
    Fact,
    NoPlan,
    Operation,
    PackageChange,
    Policy,
    Refusal,
    Step,
    Target,
)
from envdeck.tui.base.services import CombinedPlan, PlanRequest, together
from envdeck.tui.dialogs import plan as plan_dialog
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.dialogs.plan_view import cost_line, plan_rows, target_row, together_rows
from envdeck.tui.dialogs.requests import delete_request
from envdeck.tui.widgets.line import Display, line_text, line_width

UNREAD, HELD = plan_dialog.UNREAD, plan_dialog.HELD
UNOWNED = Refusal("unowned-files", "2 files of yours", "move them out first", overrulable=True)
MOUNT = Refusal("mount", "a disk is mounted in it")


def shown(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def toasts(app):
    return [note.message for note in app._notifications]


@pytest.fixture
def opened(open_screen, wait_until):
    """Open the screen, press keys, and wait until the plan is there."""

    class Opened:
        def __init__(self, pilot):
            self.pilot, self.app = pilot, pilot.app

        @property
        def dialog(self):
            assert isinstance(self.app.screen, PlanDialog)
            return self.app.screen

        async def planned(self):
            await wait_until(lambda: self.dialog.plan is not None)
            await self.pilot.pause()

        async def over(self):
            await wait_until(
                lambda: self.app.main.operations.queue and not self.app.main.operations.busy
            )
            await self.pilot.pause()

    def make(operations, **changes):
        screen = open_screen(operations=operations, **changes)

        class Context:
            async def __aenter__(self):
                return Opened(await screen.__aenter__())

            async def __aexit__(self, *error):
                return await screen.__aexit__(*error)

        return Context()

    return make


@pytest.mark.parametrize("key", ["escape", "h", "n", "q"])
async def test_the_dialog_opens_on_cancel_and_nothing_is_done(opened, made_up, key):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        assert screen.app.focused.id == "cancel"
        await screen.planned()
        assert screen.app.focused.id == "cancel"
        await screen.pilot.press(key)
        assert screen.app.screen is screen.app.main
        assert operations.ran == []


async def test_enter_alone_says_by_which_keys_it_is_answered(opened, made_up):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        await screen.pilot.press("enter")
        assert "press y to delete, esc to cancel" in shown(screen.app)
        assert operations.ran == []
        await screen.pilot.press("right", "left", "enter")  # whoever goes to a button presses it
        assert screen.app.screen is screen.app.main
        assert operations.ran == []


@pytest.mark.parametrize("keys", [("y",), ("right", "enter"), ("tab", "tab", "enter")])
async def test_only_an_explicit_yes_acts(opened, made_up, keys):
    operations = made_up.MadeUpOperations(refusals=())
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        if keys[0] == "tab":  # the way through what is read, whichever way round
            for _ in range(9):
                if screen.app.focused.id != "yes":
                    await screen.pilot.press("tab")
            keys = ("enter",)
        await screen.pilot.press(*keys)
        await screen.over()
        assert len(operations.ran) == 1


@pytest.fixture
def clock(monkeypatch):
    """What the dialog takes for the time, in a list of one; it waits as it does for a person."""
    now = [100.0]
    monkeypatch.setattr(plan_dialog, "monotonic", lambda: now[0])
    monkeypatch.setattr(plan_dialog, "UNREAD", UNREAD)
    monkeypatch.setattr(plan_dialog, "HELD", HELD)
    return now


async def test_a_yes_typed_ahead_of_the_plan_is_no_yes(opened, made_up, clock):
    held, now = [True], clock
    operations = made_up.MadeUpOperations(hold_plan=lambda: held[0])
    async with opened(operations) as screen:
        await screen.pilot.press("d", "y")
        assert "still planning" in shown(screen.app)
        held[0] = False
        await screen.planned()
        now[0] += 0.3
        await screen.pilot.press("y", "y")  # the key is still held
        assert "again to confirm" in shown(screen.app)
        assert operations.ran == []
        now[0] += UNREAD + 0.1
        await screen.pilot.press("y")
        assert screen.app.screen is screen.app.main


@pytest.mark.parametrize("first", [0.25, 0.5, 0.66])
async def test_a_key_that_is_held_since_before_the_dialog_agrees_to_nothing(
    opened, made_up, clock, first
):
    operations = made_up.MadeUpOperations(refusals=())
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        clock[0] += first
        for _ in range(40):
            await screen.pilot.press("y")
            clock[0] += 0.033
        assert "again to confirm" in shown(screen.app)
        assert operations.ran == []
        clock[0] += HELD + 0.1
        await screen.pilot.press("y")
        await screen.over()
        assert len(operations.ran) == 1


@pytest.mark.parametrize("key", ["y", "enter"])
async def test_a_plan_is_agreed_to_by_one_key_once_it_can_have_been_read(
    opened, made_up, clock, key, wait_until
):
    operations = made_up.MadeUpOperations(refusals=())
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        await screen.pilot.press(*(["right"] if key == "enter" else []), key)
        await wait_until(lambda: "again to confirm" in shown(screen.app))
        await wait_until(lambda: not screen.app.focused.has_class("-active"))  # a button is let go
        assert operations.ran == []
        clock[0] += UNREAD + 0.1
        await screen.pilot.press(key)
        await screen.over()
        assert len(operations.ran) == 1


async def test_another_plan_is_read_anew(opened, made_up, clock):
    operations = made_up.MadeUpOperations(refusals=(UNOWNED,))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        clock[0] += UNREAD + 0.1
        await screen.pilot.press("space")
        await screen.planned()
        await screen.pilot.press("y")
        assert "again to confirm" in shown(screen.app)
        assert operations.ran == []


async def test_planning_can_be_given_up_and_its_result_is_dropped(opened, made_up, wait_until):
    held = [True]
    operations = made_up.MadeUpOperations(hold_plan=lambda: held[0])
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        dialog = screen.dialog
        assert "Planning… (esc to cancel)" in shown(screen.app)
        await screen.pilot.press("escape")
        assert screen.app.screen is screen.app.main
        held[0] = False
        await screen.pilot.pause()
        assert dialog.plan is None


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_the_program_can_be_left_from_the_dialog(opened, made_up, wait_until, key, planned):
    held = [not planned]
    operations = made_up.MadeUpOperations(hold_plan=lambda: held[0])
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        if planned:
            await screen.planned()
        await screen.pilot.press(key)
        await wait_until(lambda: screen.app._exit)
        held[0] = False
        assert operations.ran == []


async def test_the_targets_are_those_of_the_key_press_hidden_marks_among_them(opened, made_up):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        listing = screen.app.main.list.listing
        await screen.pilot.press("space", "space")
        marked = {each.path for each in listing.marks.environments()}
        await screen.app.main.list.filter_by("nothing matches this")
        await screen.pilot.press("d")
        await screen.planned()
        assert "Delete 2 environments (2 of them hidden by the filter)" in shown(screen.app)
        assert {target.path for target in screen.dialog.plan.targets} == marked
        screen.app.main.list.listing.marks.toggle_all()  # what happens meanwhile changes nothing
        await screen.pilot.press("y")
        await screen.over()
        assert {target.path for target in operations.ran[0].targets} == marked


async def test_an_overrulable_guard_is_overruled_by_name_and_planned_anew(opened, made_up):
    operations = made_up.MadeUpOperations(refusals=(UNOWNED,))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        await screen.pilot.press("y")
        assert operations.ran == []
        assert "blocked by unowned-files" in shown(screen.app)
        await screen.pilot.press("space")
        await screen.planned()
        assert screen.dialog.plan.allowed == {"unowned-files"}
        assert "[x] override unowned-files" in shown(screen.app)
        assert "2 files of yours" in shown(screen.app)
        await screen.pilot.press("space")  # and back
        await screen.planned()
        assert "[ ] override unowned-files" in shown(screen.app)
        await screen.pilot.press("space")
        await screen.planned()
        await screen.pilot.press("y")
        await screen.over()
        assert operations.ran[0].allowed == {"unowned-files"}


async def test_a_click_turns_the_switch(opened, made_up):
    operations = made_up.MadeUpOperations(refusals=(UNOWNED,))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        row = next(i for i, each in enumerate(screen.dialog._view.rows) if each.guard)
        await screen.pilot.click(screen.dialog._view, offset=(6, row))
        await screen.planned()
        assert screen.dialog.maker.allowed == {"unowned-files"}


async def test_a_final_guard_says_why_and_has_no_switch(opened, made_up):
    operations = made_up.MadeUpOperations(refusals=(MOUNT,))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        await screen.pilot.press("space", "y")
        assert "blocked by mount: a disk is mounted in it" in shown(screen.app)
        assert screen.dialog.maker.allowed == frozenset()
        assert operations.ran == []


async def test_what_cannot_be_planned_says_why_and_what_to_do(opened, made_up):
    operations = made_up.MadeUpOperations(no_plan=NoPlan("no index answers", "check the network"))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "no index answers" in shown(screen.app)
        assert "check the network" in shown(screen.app)
        assert "Not possible" in shown(screen.app)
        assert "Nothing to do" not in shown(screen.app)
        await screen.pilot.press("y")
        assert operations.ran == []


async def test_nothing_to_do_is_no_failure(opened, made_up):
    operations = made_up.MadeUpOperations(no_plan=NoPlan("all is up to date", nothing=True))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "Nothing to do" in shown(screen.app)
        assert "Not possible" not in shown(screen.app)


async def test_a_fault_while_planning_is_told_in_the_dialog(opened, made_up):
    operations = made_up.MadeUpOperations(failure=RuntimeError("[/] broke"))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "planning failed: RuntimeError: [/] broke" in shown(screen.app)


async def test_what_cannot_be_planned_has_no_yes_and_leads_back(opened, made_up):
    operations = made_up.MadeUpOperations(no_plan=NoPlan("no index answers"))
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "Back (esc)" in shown(screen.app)
        assert "(y)" not in shown(screen.app)
        await screen.pilot.press("enter")
        assert screen.app.screen is screen.app.main


async def test_the_room_is_freed_at_once_where_that_is_wished(opened, made_up):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "frees 100 MB when the trash is emptied" in shown(screen.app)
        await screen.pilot.press("X")
        await screen.planned()
        assert operations.asked[-1][1][1] is True
        assert "Deletes permanently, not to the trash" in shown(screen.app)
        assert "Delete permanently (y)" in shown(screen.app)
        await screen.pilot.press("X")  # and back
        await screen.planned()
        assert operations.asked[-1][1][1] is False
        assert "Deletes permanently" not in shown(screen.app)
        assert "Delete (y)" in shown(screen.app)
        assert shown(screen.app).count("permanently") == 1  # what the key would do


async def test_more_below_is_said_and_reached(opened, made_up):
    operations = made_up.MadeUpOperations(refusals=(UNOWNED, MOUNT))
    async with opened(operations, size=(80, 24)) as screen:
        await screen.pilot.press("a", "d")
        await screen.planned()
        assert "more below: pgdn" in shown(screen.app)
        assert "Steps" not in shown(screen.app)
        for _ in range(60):
            await screen.pilot.press("pagedown")
        assert "Steps" in shown(screen.app)
        assert "more below" not in shown(screen.app)


async def test_nothing_to_take_back_says_so(opened, made_up):
    async with opened(made_up.MadeUpOperations()) as screen:
        await screen.pilot.press("z")
        await screen.planned()
        assert "nothing to undo" in shown(screen.app)


async def test_hostile_words_of_a_plan_are_shown_as_they_are(opened, made_up):
    changes = {
        "warnings": ("[@click=app.quit]warned[/]",),
        "steps": (Step("[/] step", ("uv", "[b]x[/b]", "a\x1b[31m")),),
        "targets": (Target("/x/[/]/\x1b[31m", None, "", (Fact("[l]", "new\nline [/]"),)),),
    }
    operations = made_up.MadeUpOperations(changes=changes)
    async with opened(operations, size=(100, 40)) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        text = shown(screen.app)
        for word in (
            "[@click=app.quit]warned[/]",
            "[/] step",
            "[b]x[/b]",
            "/x/[/]/\\x1b[31m",
            "new\\nline [/]",
        ):
            assert word in text


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (50, 15)])
async def test_the_buttons_are_always_in_sight_and_the_rest_scrolls(opened, made_up, size):
    operations = made_up.MadeUpOperations(refusals=(UNOWNED,))
    async with opened(operations, size=size) as screen:
        await screen.pilot.press("a", "d")
        await screen.planned()
        text = shown(screen.app)
        assert "Cancel" in text
        assert "Delete 20 (y)" in text
        seen = ""
        for _ in range(60):
            seen += shown(screen.app)
            await screen.pilot.press("pagedown")
        assert "Move it to the trash" in seen
        assert "envdeck undo" in seen
        assert "(y)" in shown(screen.app)


# several at once


class OneOfThem:
    """A wish whose plan is made up."""

    def __init__(self, made_up, name, **changes):
        self.made_up, self.name, self.changes = made_up, name, changes

    def __call__(self, allow):
        refusals = self.changes.get("refusals", ())
        return self.made_up.plan(
            f"/home/ada/work/{self.name}/.venv",
            operation=Operation.RECREATE,
            name=self.name,
            **self.changes | {"refusals": tuple(r for r in refusals if r.guard not in allow)},
            allowed=allow,
        )


async def test_several_are_shown_together_and_answered_by_one_yes(opened, made_up):
    operations = made_up.MadeUpOperations()
    nothing = NoPlan("its packages are unknown", "make it from its lock")
    requests = [
        PlanRequest("Recreate ~/work/one/.venv", OneOfThem(made_up, "one")),
        PlanRequest("Recreate ~/work/two/.venv", OneOfThem(made_up, "two", refusals=(MOUNT,))),
        PlanRequest(
            "Recreate ~/work/three/.venv", OneOfThem(made_up, "three", refusals=(UNOWNED,))
        ),
        PlanRequest("Recreate ~/work/four/.venv", lambda _allow: nothing),
        PlanRequest("Recreate ~/work/five/.venv", OneOfThem(made_up, "five")),
    ]
    async with opened(operations, size=(120, 60)) as screen:
        screen.app.main.operations.request(together("Recreate 5 environments", requests))
        await screen.pilot.pause()
        await screen.planned()
        text = shown(screen.app)
        assert "Recreate 5 environments" in text
        assert "2 of 5 can be recreated; the others are skipped" in text
        assert "a disk is mounted in it" in text
        assert "its packages are unknown" in text
        assert "1 of 2" in text
        assert text.index("~/work/one") < text.index("~/work/five")
        assert "Recreate 2 (y)" in text
        assert "200 MB when the trash is emptied · z to undo" in text
        assert operations.ran == []
        await screen.pilot.press("space")  # what can be overruled is, for those that it is about
        await screen.planned()
        assert "Recreate 3 (y)" in shown(screen.app)
        assert operations.ran == []
        await screen.pilot.press("y")
        await screen.over()
        ran = {target.path.split("/")[-2] for plan in operations.ran for target in plan.targets}
        assert ran == {"one", "three", "five"}
        assert {plan.batch for plan in operations.ran} == {"20261120-101502-one-all"}


async def test_none_of_several_can_be_done(opened, made_up):
    operations = made_up.MadeUpOperations()
    requests = [PlanRequest(name, lambda _allow: NoPlan("no base")) for name in ("one", "two")]
    async with opened(operations) as screen:
        screen.app.main.operations.request(together("Recreate 2 environments", requests))
        await screen.pilot.pause()
        await screen.planned()
        assert "none of them is possible" in shown(screen.app)
        assert "(y)" not in shown(screen.app)
        await screen.pilot.press("y")
        assert operations.ran == []


async def test_how_many_of_several_are_planned_is_said(opened, made_up, wait_until):
    held = [True]
    operations = made_up.MadeUpOperations(hold_plan=lambda: held[0])
    requests = [
        PlanRequest(f"{n}", lambda allow: operations._planned(Operation.RECREATE, ["/a"], allow))
        for n in range(3)
    ]
    async with opened(operations) as screen:
        screen.app.main.operations.request(together("Recreate 3 environments", requests))
        await wait_until(lambda: "Planning 1 of 3" in shown(screen.app))
        held[0] = False
        await screen.planned()


@pytest.mark.parametrize("key", ["d", "c", "u", "n", "z"])
async def test_in_the_read_only_mode_every_key_says_that_it_is_off(opened, made_up, key):
    operations = made_up.MadeUpOperations(Policy(read_only=True))
    async with opened(operations) as screen:
        assert "read-only" in shown(screen.app)
        await screen.pilot.press(key)
        assert screen.app.screen is screen.app.main
        assert "read-only mode" in toasts(screen.app)[-1]
        # What was interrupted may be looked for; not even that is cleared up.
        assert {what for what, _ in operations.asked} <= {"pending"}


async def test_an_open_range_is_no_target(opened, made_up):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        await screen.pilot.press("v", "j", "d")
        assert screen.app.screen is screen.app.main
        assert "finish the range first (v)" in toasts(screen.app)[-1]


async def test_upgrade_takes_one_at_a_time(opened, made_up):
    async with opened(made_up.MadeUpOperations()) as screen:
        await screen.pilot.press("space", "space", "u")
        assert screen.app.screen is screen.app.main
        assert "one environment at a time" in toasts(screen.app)[-1]


# lines


def text_of(plan, refusals=None, cells=80):
    look = Display("/home/ada", lambda: 0.0)
    rows = plan_rows(plan, refusals or {}, look, cells)
    lines = [target_row(row, look, cells) for row in rows]
    assert all(line_width(line) <= cells for line in lines)
    return "\n".join(map(line_text, lines))


@pytest.mark.parametrize("count", [1, 30, 300])
@pytest.mark.parametrize("cells", [40, 46, 70, 100])
def test_every_target_is_named_and_no_line_is_too_long(made_up, cells, count):
    paths = [f"/home/ada/work/{'deep/' * (n % 7)}project-{n}/.venv" for n in range(count)]
    plan = made_up.plan(*paths)
    refusals = {"unowned-files": [UNOWNED], "mount": [MOUNT]}
    told = text_of(plan, refusals, cells)
    for number in range(count):
        assert f"project-{number}" in told


@pytest.mark.parametrize("cells", [30, 46, 80])
def test_what_becomes_of_packages_is_a_table_of_the_first(made_up, cells):
    changes = [PackageChange(f"package-{n:02}", "1.0", "2.0") for n in range(20)]
    changes[0] = PackageChange("a-name-that-takes-all-the-room-there-is-and-more", None, "3.7")
    told = text_of(made_up.plan("/home/ada/x/.venv", package_changes=tuple(changes)), cells=cells)
    lines = told.splitlines()
    heading = next(number for number, line in enumerate(lines) if line.split()[:1] == ["Package"])
    assert lines[heading].split() == ["Package", "Now", "After"]
    assert lines[heading + 2].split() == ["package-01", "1.0", "2.0"] or cells == 30
    assert "and 8 more" in told
    assert "package-12" not in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"kept_until": 1_795_000_000.0 + 30 * 86_400},
            "frees 100 MB when the trash is emptied · z to undo (30 days)",
        ),
        ({}, "frees 100 MB when the trash is emptied · z to undo (28 days)"),
        ({"kept_until": None}, "frees 100 MB when the trash is emptied · z to undo"),
        (
            {"undo": None, "frees_now_bytes": 100_000_000},
            "frees 100 MB · cannot be undone",
        ),
        ({"frees_now_bytes": None, "reclaims_bytes": None}, "z to undo (28 days)"),
        (
            {"operation": Operation.PURGE, "frees_now_bytes": 10**9, "undo": None},
            "frees 1.0 GB · cannot be undone",
        ),
        ({"operation": Operation.UNDO, "undo": None}, ""),
        (
            {"needs_bytes": 4_000_000, "reclaims_bytes": None},
            "needs 4.0 MB · frees 0 B · z to undo (28 days)",
        ),
    ],
)
def test_what_it_costs_and_for_how_long_it_can_be_taken_back(made_up, changes, words):
    plan = made_up.plan("/home/ada/x/.venv", **{"kept_until": made_up.NOW + 28 * 86_400} | changes)
    look = Display("/home/ada", lambda: made_up.NOW)
    assert line_text(cost_line(plan, look, 100)) == words
    for cells in range(20, 100):
        assert line_width(cost_line(plan, look, cells)) <= max(cells, 25)


@pytest.mark.parametrize("count", [1, 2])
async def test_edited_files_are_kept_by_a_switch(opened, made_up, count):
    """It is off at first, is planned anew with it, and belongs to what is run."""
    edits = Edits((EditedFile("lib/part.py", "part", 3),), 1, 3)
    operations = made_up.MadeUpOperations()

    def planner(path, *, keep=False):
        def plan(allow):
            target = Target(path, edits=edits)
            return made_up.plan(
                path,
                operation=Operation.RECREATE,
                targets=(target,),
                keep_edits=keep,
                replaced_edits=1,
            )

        return plan

    requests = [
        PlanRequest(f"Recreate {path}", planner(path), keeping=planner(path, keep=True))
        for path in ("/a", "/b")[:count]
    ]
    async with opened(operations) as screen:
        chosen = []
        screen.app.push_screen(
            PlanDialog(together("Recreate", requests), Display()), callback=chosen.append
        )
        await screen.pilot.pause()
        await screen.planned()
        assert "[ ] keep edited files" in shown(screen.app)
        screen.dialog.query_one("PlanView").focus()
        await screen.pilot.press("space")
        await screen.planned()
        assert "[x] keep edited files" in shown(screen.app)
        await screen.pilot.press("y")
        await screen.pilot.pause()
    (plans,) = chosen
    assert [plan.keep_edits for plan in plans] == [True] * count


async def test_a_long_path_in_the_title_keeps_its_end(opened, made_up):
    path = f"~/work/{'long-name/' * 20}api/.venv"
    async with opened(made_up.MadeUpOperations()) as screen:
        request = PlanRequest(
            f"Recreate {path}", lambda _allow: made_up.plan("/home/ada/api/.venv")
        )
        screen.app.push_screen(PlanDialog(request, Display()))
        await screen.pilot.pause()
        await screen.planned()
        title = next(line for line in shown(screen.app).splitlines() if "Recreate ~/" in line)
        assert "/api/.venv" in title


async def test_a_plan_is_read_from_its_beginning_and_no_unseen_switch_is_turned(opened, made_up):
    warnings = tuple(f"warning {number}" for number in range(60))

    def plan(_allow, *, keep=False):
        return made_up.plan(
            "/a",
            operation=Operation.RECREATE,
            warnings=warnings,
            replaced_edits=1,
            keep_edits=keep,
        )

    async with opened(made_up.MadeUpOperations()) as screen:
        request = PlanRequest("Recreate /a", plan, keeping=partial(plan, keep=True))
        screen.app.push_screen(PlanDialog(request, Display()))
        await screen.pilot.pause()
        await screen.planned()
        await screen.pilot.pause()
        assert "warning 0 " in shown(screen.app)
        assert "keep edited files" not in shown(screen.app)
        await screen.pilot.press("space")
        await screen.pilot.pause()
        assert "[ ] keep edited files" in shown(screen.app)
        await screen.pilot.press("space")
        await screen.planned()
        await screen.pilot.pause()
        assert "[x] keep edited files" in shown(screen.app)


def test_what_is_in_doubt_is_not_called_final(made_up):
    doubt = Refusal("unproved", "internal-lib 1.0 cannot be recreated exactly", path="/a")
    told = text_of(made_up.plan("/a", operation=Operation.RECREATE), {"unproved": [doubt]}, 66)
    assert "unproved: recreate it alone (c) to decide" in told
    assert "cannot be overridden" not in told


def test_there_is_no_switch_where_nothing_is_edited_or_nothing_can_be_kept(made_up):
    edited = Target("/a", edits=Edits((EditedFile("lib/part.py", "part", 3),), 1, 3))
    for target, can_keep in ((Target("/a"), True), (edited, False)):
        plan = made_up.plan("/a", operation=Operation.RECREATE, targets=(target,))
        assert not any(row.keeps for row in plan_rows(plan, {}, Display(), 80, can_keep=can_keep))


async def test_what_failed_the_last_time_is_accepted_by_a_switch(opened, made_up):
    """It does not stand in the way: the plan can be run as it is, too."""
    failed = Refusal("import-check", "at the last attempt: import of x fails", overrulable=True)
    operations = made_up.MadeUpOperations(changes={"offers": (failed,)})
    async with opened(operations) as screen:
        await screen.pilot.press("d")
        await screen.planned()
        assert "import of x fails" in shown(screen.app)
        assert "override import-check" in shown(screen.app)
        assert not screen.dialog.plan.refusals
        await screen.pilot.press("space")
        await screen.planned()
        assert screen.dialog.plan.allowed == {"import-check"}
        assert "overridden" in shown(screen.app)


# a batch


BATCH = ("api", "blog", "shop", "etl", "web", "docs", "cli", "lab", "ml", "ops", "bot", "job")


class BatchOperations:
    """Deletes of twelve of which some are blocked; asked as the screen asks."""

    def __init__(self, made_up, blocked):
        self.made_up, self.blocked = made_up, blocked

    def plan_delete(self, environments, *, links=None, purge=False, allow=frozenset()):
        """Plan, each with the same facts, a step and perhaps a refusal."""
        del links, purge
        paths = [one.path for one in environments]
        plan = self.made_up.plan(*paths)
        targets = tuple(
            replace(one, facts=(Fact("processes", "not in use"), Fact("python", one.name)))
            for one in plan.targets
        )
        refusals = tuple(
            replace(refusal, path=one.path)
            for one in targets
            for name, refusal in self.blocked.items()
            if one.name == f"{name}/.venv" and refusal.guard not in allow
        )
        steps = tuple(Step(f"Move {one.name} to the trash") for one in targets)
        warnings = tuple(f"{one.name}: 2 edited files are lost" for one in targets[:3])
        return replace(
            plan, targets=targets, steps=steps, warnings=warnings, refusals=refusals, allowed=allow
        )


def batch_request(made_up, blocked):
    environments = [Target(f"/home/ada/work/{name}/.venv") for name in BATCH]
    return delete_request(BatchOperations(made_up, blocked), environments, "Delete 12 environments")


@pytest.fixture
def batch(opened, made_up):
    """Open the dialog of a batch of twelve, at 80 by 24."""

    class Context:
        def __init__(self, blocked):
            self.operations = made_up.MadeUpOperations()
            self.opening = opened(self.operations, size=(80, 24))
            self.request = batch_request(made_up, blocked)

        async def __aenter__(self):
            screen = await self.opening.__aenter__()
            screen.app.main.operations.request(self.request)
            await screen.pilot.pause()
            await screen.planned()
            screen.ran = self.operations.ran
            return screen

        async def __aexit__(self, *error):
            return await self.opening.__aexit__(*error)

    return Context


async def test_the_blocked_of_a_batch_are_left_out_by_a_key(batch):
    async with batch({"shop": MOUNT}) as screen:
        text = shown(screen.app)
        assert "12 environments · frees 1.2 GB when the trash is emptied" in text
        assert "blocked · 1 of 12: shop" in text
        assert "o: leave it out and plan the rest" in text
        assert "a disk is mounted in it" in text
        assert "1 of 12 blocked by mount (o: leave out)" in text
        await screen.pilot.press("y")
        assert screen.ran == []
        await screen.pilot.press("o")
        await screen.planned()
        text = shown(screen.app)
        assert "1 left out" in text
        assert "Delete 11 (y)" in text
        assert "blocked" not in text
        await screen.pilot.press("o")
        assert "none is blocked" in shown(screen.app)
        await screen.pilot.press("y")
        await screen.over()
        (plan,) = screen.ran
        assert [one.name for one in plan.targets] == [
            f"{name}/.venv" for name in BATCH if name != "shop"
        ]


async def test_a_batch_that_is_blocked_whole_says_why(batch):
    async with batch(dict.fromkeys(BATCH, MOUNT)) as screen:
        assert "blocked · all 12" in shown(screen.app)
        assert "leave" not in shown(screen.app)
        await screen.pilot.press("y")
        assert "all 12 blocked by mount: a disk is mounted in it" in shown(screen.app)
        await screen.pilot.press("o")
        assert "nothing would be left" in shown(screen.app)
        assert screen.ran == []


async def test_marks_of_those_left_out_stay(opened, made_up, wait_until):
    operations = made_up.MadeUpOperations()
    async with opened(operations) as screen:
        await screen.pilot.press("space", "space", "space")
        marks = screen.app.main.list.listing.marks
        marked = [one.path for one in marks.environments()]
        operations.refusals = (replace(MOUNT, path=marked[0]),)
        await screen.pilot.press("d")
        await screen.planned()
        operations.refusals = ()
        await screen.pilot.press("o")
        await screen.planned()
        await screen.pilot.press("y")
        await screen.over()
        assert {one.path for one in operations.ran[0].targets} == set(marked[1:])
        assert marked[0] in {one.path for one in marks.environments()}


def test_a_batch_tells_the_same_sentence_once(made_up):
    blocked = dict.fromkeys(("api", "blog", "shop"), UNOWNED)
    plan = batch_request(made_up, blocked).plan(frozenset())
    told = text_of(plan, {"unowned-files": list(plan.refusals)})
    for once in (
        "unowned-files · 3 of 12: api, blog, shop",
        "2 files of yours",
        "move them out first",
        "2 edited files are lost · 3 of 12: api, blog, shop",
        "processes not in use · all 12",
        "Move 12 environments to the trash",
    ):
        assert told.count(once) == 1
    for name in BATCH:
        assert f"python {name}/.venv" in told
    assert len(told.splitlines()) < 50


async def test_steps_of_several_that_differ_in_the_name_are_one(opened, made_up):
    requests = [
        PlanRequest(name, OneOfThem(made_up, name, steps=(Step(f"Swap in {name}/.venv now"),)))
        for name in ("api", "blog", "shop", "a")
    ]
    async with opened(made_up.MadeUpOperations(), size=(120, 60)) as screen:
        screen.app.main.operations.request(together("Recreate 4 environments", requests))
        await screen.pilot.pause()
        await screen.planned()
        assert "Swap in each now · all 4" in shown(screen.app)


async def test_the_blocked_of_several_wishes_are_left_out_too(opened, made_up):
    requests = [PlanRequest(name, OneOfThem(made_up, name)) for name in BATCH[:3]]
    requests.append(PlanRequest("etl", OneOfThem(made_up, "etl", refusals=(MOUNT,))))
    requests += [PlanRequest(name, lambda _allow: NoPlan("no base")) for name in ("web", "cli")]
    operations = made_up.MadeUpOperations()
    async with opened(operations, size=(120, 60)) as screen:
        screen.app.main.operations.request(together("Recreate 6 environments", requests))
        await screen.pilot.pause()
        await screen.planned()
        text = shown(screen.app)
        assert "3 of 6 can be recreated; the others are skipped" in text
        assert "o: leave them out" in text
        assert text.count("no base") == 1
        assert "Move it to the trash · all 3" in text
        await screen.pilot.press("o")
        await screen.planned()
        text = shown(screen.app)
        assert "3 left out" in text
        assert "skipped" not in text
        assert "Recreate 3 (y)" in text


def test_commands_call_the_folder_in_which_something_is_made_staging(made_up):
    item = "/home/ada/.local/share/envdeck/trash/20261120-101502-4f2a"
    step = Step("Create it in staging", ("uv", "venv", f"{item}/environment"), item)
    plan = made_up.plan("/home/ada/x", steps=(step,))
    look = Display("/home/ada", lambda: 0.0)
    told = [line_text(row.line) for row in plan_rows(plan, {}, look, 80)]
    assert "    $ uv venv $STAGING/environment" in told
    assert "    $STAGING  ~/.local/share/envdeck/trash/20261120-101502-4f2a" in told


def test_a_name_within_a_word_of_a_step_is_no_name(made_up):
    plans = [
        made_up.plan(f"/home/ada/{name}", name=name, steps=(Step("Create the new environment"),))
        for name in ("x", "y")
    ]
    plans = [replace(plan, targets=(replace(plan.targets[0], name="env"),)) for plan in plans]
    look = Display("/home/ada", lambda: 0.0)
    combined = CombinedPlan(tuple((plan.id, plan) for plan in plans))
    told = [line_text(row.line) for row in together_rows(combined, {}, (), look, 80)]
    assert "  1 Create the new environment · all 2" in told
