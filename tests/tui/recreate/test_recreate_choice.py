"""Choosing from what an environment is made again, and on which interpreter."""

import threading
from dataclasses import replace

import pytest
from choosing_cases import (
    API,
    AS_NOW,
    CHOICES,
    DECLARED,
    EXACT,
    FORECAST,
    HOSTILE,
    JUMPS,
    LOCKED,
    LOOK,
    NEXT,
    ORPHANS,
    PYTHONS,
    TORN,
    ChoosingOperations,
    Harness,
    shown,
    until,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from envdeck.core.model import Doubt, InterpreterReason, NoPlan, PackageChoice
from envdeck.core.operations.recreate.forecast import Availability, Forecast, PinForecast
from envdeck.core.operations.recreate.options import RecreateChoices, SourceChoice
from envdeck.text import plain, width
from envdeck.text.safe import ASCII
from envdeck.tui.recreate.dialog import RecreateDialog, common_interpreters, heading
from envdeck.tui.recreate.doubts import DoubtRows
from envdeck.tui.recreate.forecast import (
    bump_detail,
    bump_line,
    forecast_about,
    forecast_line,
    list_bumps,
)
from envdeck.tui.recreate.interpreters import python_line
from envdeck.tui.recreate.sources import difference_line, source_about, source_line
from envdeck.tui.widgets.line import Display, line_text

# the lines


def text(lines) -> str:
    return "\n".join(line_text(line) for line in lines)


def test_a_difference_is_counted_and_one_not_resolved_says_so() -> None:
    assert line_text(difference_line(LOCKED, LOOK)).split() == ["+3", "-1", "~4"]
    assert "or more" in line_text(difference_line(DECLARED, LOOK))
    assert "no difference" in line_text(difference_line(EXACT, LOOK))
    unknown = replace(EXACT, resolved=False)
    assert "difference known after resolving" in line_text(difference_line(unknown, LOOK))
    assert "Full difference known after resolving." in text(source_about(DECLARED, 80, LOOK))


def test_a_difference_unfolds_into_names_and_versions() -> None:
    told = text(source_about(LOCKED, 80, LOOK))
    assert "4 packages changed" in told
    assert "1 package removed" in told
    assert "~ fastapi    0.115.6 → 0.115.12" in told
    assert "+ sniffio  1.3.1" in told
    assert "- ipython  8.31.0" in told
    assert "~/work/api/uv.lock" in told


def test_what_cannot_be_chosen_says_why_and_has_no_box() -> None:
    row = line_text(source_line(TORN, 90, LOOK, chosen=False))
    assert "✗ it is damaged: no TOML at line 12" in row
    assert "(" not in row


def test_a_forecast_is_counted_the_worst_first() -> None:
    said = line_text(forecast_line([FORECAST], LOOK))
    assert said == "✗ 2 unsupported · ✗ 1 not on index · 1 to build · 1 unknown · 35 wheels"
    pieces = said.split(" · ")
    for cells in range(20, 80):  # counts are left out, and no word is cut
        short = line_text(forecast_line([FORECAST], LOOK, cells))
        shown = short.removesuffix(" …").split(" · ")
        assert width(short) <= cells
        assert shown == pieces[: len(shown)]
        assert short.endswith(" …") == (len(shown) < len(pieces))
    assert line_text(forecast_line([NoPlan("no network")], LOOK)) == "– not checked"
    fine = Forecast(
        "3.13",
        (PinForecast("a", "1", Availability.WHEEL), PinForecast("b", "1", Availability.WHEEL)),
    )
    assert line_text(forecast_line([fine, fine], LOOK)) == "all 2 wheels"


def test_a_forecast_unfolds_into_the_smallest_jump_and_the_newest() -> None:
    told = text(forecast_about([FORECAST], "3.13", 90, LOOK))
    assert "2 packages do not support Python 3.13" in told
    assert "next with wheel 2.1.0 · latest 2.3.5" in told
    assert "no version has a wheel" in told
    assert "1 package has no wheel and must be built" in told
    assert told.index("numpy") < told.index("leftpad") < told.index("lxml")
    failed = text(forecast_about([NoPlan("no network", "check the proxy")], "3.13", 90, LOOK))
    assert "Partly checked: no network" in failed
    assert "check the proxy" in failed


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40), st.integers(24, 120))
def test_lines_hold_their_width_whatever_is_in_them(name, cells) -> None:
    source = SourceChoice(
        "lock", name, "/" + name, ((name, name),), ((name, name),), ((name, name, name),),
        resolved=False, notes=(name,), problem=name,
    )  # fmt: skip
    pins = [PinForecast(name, name, Availability.BUILD, name, name, name)]
    pins += [PinForecast(f"{name}-2", name, Availability.GONE)]
    outlook = Forecast(name, tuple(pins), name)
    python = replace(PYTHONS[2], interpreter=replace(NEXT, version=name, source=name))
    python = replace(python, reason=InterpreterReason.NOT_ALLOWED, specifier=name)
    lines = [
        source_line(source, cells, LOOK, chosen=True, title_cells=200),
        python_line(python, [outlook], cells, LOOK, chosen=True),
        *source_about(source, cells, LOOK),
        *forecast_about([outlook], name, cells, LOOK),
        *(bump_line(way, cells, LOOK, chosen=True) for way in list_bumps([outlook])),
        *(line for way in list_bumps([outlook]) for line in bump_detail(way, name, cells, LOOK)),
    ]
    for line in lines:
        assert width(line_text(line)) <= cells
        assert plain(line_text(line)) == line_text(line)


def test_without_unicode_signs_are_plain() -> None:
    letters = Display(signs=ASCII)
    for source in CHOICES.sources:
        assert line_text(source_line(source, 100, letters, chosen=True)).isascii()
        assert text(source_about(source, 100, letters)).isascii()
    assert line_text(python_line(PYTHONS[4], None, 100, letters, chosen=True)).isascii()


def test_end_of_life_is_said_once_by_sign_and_word() -> None:
    row = line_text(python_line(PYTHONS[4], None, 60, LOOK, chosen=False))
    assert row.count("● end of life") == 1
    assert "end of life since" not in row
    both = replace(PYTHONS[4], reason=InterpreterReason.CURRENT)
    said = line_text(python_line(both, None, 90, LOOK, chosen=False))
    assert "● end of life, current" in said


def test_several_have_in_common_what_all_of_them_could_rest_on() -> None:
    first = RecreateChoices((EXACT,), PYTHONS)
    second = RecreateChoices((EXACT,), (replace(PYTHONS[2], same_minor=True), PYTHONS[0]))
    common = common_interpreters([first, second])
    assert [one.interpreter for one in common] == [AS_NOW, NEXT]
    assert not common[1].same_minor
    assert common[0].reason is InterpreterReason.CURRENT
    assert common_interpreters([]) == ()
    said = line_text(heading(ORPHANS, LOOK, 80))
    assert said == "Recreate 5 environments  with a missing base interpreter 3.9"


# the dialog


def dialog(*environments, **changes) -> tuple[Harness, ChoosingOperations]:
    operations = ChoosingOperations(**changes)
    return Harness(RecreateDialog(operations, environments or (API,), LOOK)), operations


async def ready(app: Harness) -> None:
    await until(lambda: app.view.is_mounted and app.view.list.rows and app.view.list.cells)


async def test_what_is_proposed_is_planned_by_enter_alone() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("enter")
        await until(lambda: app.answers)
    (request,) = app.answers[0]
    assert request.title == "Recreate ~/work/api/.venv"
    request.plan(frozenset({"in-use"}))
    asked = (API.path, "exact", None, AS_NOW.executable, None, frozenset({"in-use"}))
    assert operations.asked[-1] == ("recreate", asked)


async def test_enter_takes_the_row_under_the_cursor_and_space_chooses_first() -> None:
    app, operations = dialog(choices=replace(CHOICES, sources=(EXACT, LOCKED, DECLARED)))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "space")
        assert app.screen is app.view
        await pilot.press("j", "j", "j", "j", "enter")
        await until(lambda: app.answers)
    (request,) = app.answers[0]
    request.plan(frozenset())
    chosen = PYTHONS[1].interpreter.executable
    assert operations.asked[-1] == ("recreate", (API.path, "lock", None, chosen, None, frozenset()))


async def test_of_two_lock_files_the_chosen_one_is_named() -> None:
    another = replace(LOCKED, title="pdm.lock", file="/p/pdm.lock")
    app, operations = dialog(choices=replace(CHOICES, sources=(EXACT, LOCKED, another)))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "j", "enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][1:3] == ("lock", "/p/pdm.lock")


async def test_what_cannot_be_chosen_says_why_and_is_not() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "j", "j", "enter")
        await until(lambda: "not available: it is damaged" in shown(app))
        assert app.view._sources.chosen == ("exact", None)


async def test_a_file_is_named_and_taken() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "j", "j", "j", "enter")
        await pilot.press(*"dev.txt", "enter")
        await until(lambda: "what the file says" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][1:3] == ("file", "/home/ada/work/api/dev.txt")


async def test_a_snapshot_is_chosen_among_several_by_its_difference(monkeypatch) -> None:
    then = [
        SourceChoice(
            "snapshot",
            f"as it was on 2026-11-{day} 09:12Z",
            snapshot=f"{day}" * 8,
            changed=(("urllib3", "2.5.0", "1.26.20"),),
        )
        for day in (20, 13)
    ]
    app, operations = dialog()
    operations.choices = RecreateChoices((EXACT, *then), PYTHONS)
    asked = []
    monkeypatch.setattr(
        operations, "plan_recreate", lambda _one, request, **_more: asked.append(request)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "j")
        await until(lambda: "~ urllib3  2.5.0 → 1.26.20" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.view._sources.snapshot == "13" * 8)
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert [(one.source, one.file, one.snapshot) for one in asked] == [("snapshot", None, "13" * 8)]


async def test_another_minor_version_is_forecast_once_the_cursor_rests() -> None:
    app, operations = dialog()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        assert not [what for what, _ in operations.asked if what == "forecast"]
        await pilot.press("G", "k", "k")
        await until(lambda: "1 to build" in shown(app))
        await until(lambda: "next with wheel 2.1.0 · latest 2.3.5" in shown(app))
        await pilot.press("j", "k")
        await pilot.pause()
    assert [what for what, _ in operations.asked].count("forecast") == 1


async def test_a_forecast_that_comes_late_is_dropped(monkeypatch) -> None:
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(self, environment, interpreter, stopped):
        begun.set()
        go.wait(60)
        assert stopped()
        ended.set()
        return FORECAST

    monkeypatch.setattr(ChoosingOperations, "forecast", slow)
    app, _ = dialog()
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await pilot.press("G", "k", "k")
        await until(begun.is_set)
        await until(lambda: "checking" in shown(app))
        await pilot.press("g")
        await until(lambda: "checking" not in shown(app))
        go.set()
        await until(ended.is_set)
        await pilot.pause()
        assert app.view._forecaster.find_forecasts(NEXT) is None


async def test_a_jump_is_offered_where_the_chosen_python_lacks_wheels() -> None:
    app, operations = dialog(outlook=JUMPS)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app)
        await pilot.press("G", "k", "k")
        await until(lambda: "1 to build" in shown(app))
        assert "Packages without a wheel" not in shown(app)  # it is not the one that is chosen
        await pilot.press("enter")
        await until(lambda: "Packages without a wheel" in shown(app))
        await pilot.press("G", "k")
        await until(lambda: "numpy  1.21.6 → 2.1.0" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    asked = (API.path, "exact", None, NEXT.executable, "smallest", frozenset())
    assert operations.asked[-1] == ("recreate", asked)


async def test_what_the_project_locks_does_not_jump() -> None:
    app, operations = dialog(outlook=JUMPS)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app)
        await pilot.press("G", "k", "k", "enter")
        await until(lambda: "Packages without a wheel" in shown(app))
        await pilot.press("G", "space", "g", "j", "space")
        await until(lambda: "Packages without a wheel" not in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][1:5] == ("lock", LOCKED.file, NEXT.executable, None)


async def test_a_jump_that_leads_nowhere_cannot_be_chosen() -> None:
    app, _ = dialog()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app)
        await pilot.press("G", "k", "k", "enter")
        await until(lambda: "no version of oldthing has a wheel" in shown(app))
        await pilot.press("G", "enter")
        await until(lambda: "not available: no version of oldthing" in shown(app))
        assert app.view._jumps.chosen is None


DOUBT = Doubt(
    "internal-lib",
    "internal-lib",
    "1.0",
    "utils.py does not match RECORD, and the index has no identical release",
    (PackageChoice.KEEP, PackageChoice.RELEASE, PackageChoice.OMIT),
)


async def test_what_cannot_be_recreated_exactly_is_chosen_first() -> None:
    app, operations = dialog(choices=replace(CHOICES, doubts=(DOUBT,)))
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(app)
        assert "internal-lib 1.0  cannot be recreated exactly" in shown(app)
        await pilot.press("enter")
        await until(lambda: "decide what to do with internal-lib 1.0" in shown(app))
        assert app.answers == []
        await until(lambda: "Keeps the installed files" in shown(app))
        await pilot.press("j", "space")
        await until(lambda: app.view._doubts.chosen)
        await pilot.press("k", "enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert ("packages", {"internal-lib": PackageChoice.KEEP}) in operations.asked


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_source_says_that_something_is_to_be_chosen_below(size) -> None:
    """At 80x24 the packages are below what is seen at first."""
    app, _ = dialog(choices=replace(CHOICES, doubts=(DOUBT, replace(DOUBT, name="second"))))
    async with app.run_test(size=size) as pilot:
        await ready(app)
        assert "● 2 to decide below" in shown(app)
        assert "2 packages cannot be recreated exactly." in shown(app)
        assert "Same packages at the same versions" not in shown(app)
        await pilot.press("G", "space", "enter")  # what is left to choose comes under the cursor
        await until(lambda: app.view._doubts.open == 1)
        await pilot.press("space")
        await until(lambda: not app.view._doubts.open)
        await pilot.press("g")
        await until(lambda: "2 packages decided below" in shown(app))


def test_the_row_of_a_choice_says_what_it_means_and_the_reason_stands_below() -> None:
    rows = DoubtRows(LOOK, (DOUBT,))
    _, heading, *choices = rows.rows()
    for cells in (40, 66, 100):
        assert all(width(line_text(row.draw(cells))) <= cells for row in (heading, *choices))
    told = [line_text(row.draw(66)) for row in choices]
    assert [" ".join(line.split()) for line in told] == [
        "( ) keep its files as installed, including edits",
        "( ) use the index may be another project's code",
        "( ) omit it not in the new environment",
    ]
    assert all(DOUBT.reason in " ".join(text(row.about(200)).split()) for row in choices)


async def test_what_a_plan_finds_in_doubt_on_another_python_is_chosen_after_it() -> None:
    app, operations = dialog(choices=replace(CHOICES, doubts=(DOUBT,)))
    other = replace(DOUBT, name="compiled", display_name="compiled", options=DOUBT.options[1:])
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app)
        app.view.on_chosen = app.answers.append  # it stays below the plan
        app.view._pythons.chosen = NEXT.executable
        app.view.picker.show()
        await until(lambda: "cannot be recreated exactly" not in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
        plan = app.answers[0][0].plan(frozenset())
        assert not any(name == "packages" for name, _ in operations.asked)
        app.view.returned(replace(plan, doubts=(other,)))
        await until(lambda: "decide what to do with compiled 1.0" in shown(app))
        await pilot.press("j", "enter")
        await until(lambda: len(app.answers) == 2)
    app.answers[1][0].plan(frozenset())
    assert ("packages", {"compiled": PackageChoice.OMIT}) in operations.asked


async def test_what_is_locked_or_of_several_has_no_such_choice() -> None:
    app, operations = dialog(choices=replace(CHOICES, doubts=(DOUBT,)))
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(app)
        await pilot.press("j", "enter")
        await until(lambda: "cannot be recreated exactly" not in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][1] == "lock"
    assert not any(name == "packages" for name, _ in operations.asked)


async def test_several_jump_alike_and_keep_their_jump_through_another_python() -> None:
    app, operations = dialog(*ORPHANS, outlook=JUMPS)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app)
        await pilot.press("G", "k", "k", "enter")
        await until(lambda: "Packages without a wheel" in shown(app))
        await pilot.press("G", "enter", "g", "j", "enter")
        await until(lambda: "Packages without a wheel" not in shown(app))
        await pilot.press("j", "j", "enter", "enter")
        await until(lambda: app.answers)
    for request in app.answers[0]:
        request.plan(frozenset())
    asked = [what for name, what in operations.asked if name == "recreate"]
    assert {each[3:5] for each in asked} == {(NEXT.executable, "newest")}


async def test_where_no_interpreter_is_proposed_enter_asks_to_choose_one() -> None:
    pythons = tuple(replace(one, default=False) for one in PYTHONS)
    app, operations = dialog(choices=replace(CHOICES, interpreters=pythons))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("enter")
        await until(lambda: "choose a base interpreter" in shown(app))
        await pilot.press("enter", "enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][3] == AS_NOW.executable


async def test_several_are_recreated_on_one_interpreter_each_from_itself() -> None:
    torn = RecreateChoices((replace(EXACT, problem="no record of boto3"),), PYTHONS)
    app, operations = dialog(*ORPHANS, each={ORPHANS[1].path: torn})
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await until(lambda: "Recreate 5 environments" in shown(app))
        await until(lambda: "no record of boto3" in shown(app))
        await pilot.press("j", "j", "enter", "enter")
        await until(lambda: app.answers)
    requests = app.answers[0]
    assert len(requests) == 5
    for request in requests:
        request.plan(frozenset())
    asked = [what for name, what in operations.asked if name == "recreate"]
    assert [each[0] for each in asked] == [one.path for one in ORPHANS]
    assert {each[1:4] for each in asked} == {("exact", None, PYTHONS[1].interpreter.executable)}


@pytest.mark.parametrize("key", ["escape", "h"])
async def test_it_is_left_without_a_wish(key) -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press(key)
        await until(lambda: app.answers == [None])


async def test_where_there_is_little_room_tab_reads_what_is_told() -> None:
    app, _ = dialog()
    async with app.run_test(size=(50, 15)) as pilot:
        await ready(app)
        await pilot.press("j", "tab")
        await until(lambda: "4 packages changed" in shown(app))
        await pilot.press("escape")
        assert app.view.list.has_focus
        assert not app.answers


async def test_nothing_to_choose_from_says_so() -> None:
    app, _ = dialog(choices=RecreateChoices((), ()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "No source to recreate from" in shown(app))
        await pilot.click("#go_on")
        await until(lambda: "no source to recreate from" in line_text(app.view.said.line))


async def test_the_mouse_chooses_on_the_box_and_goes_on_by_the_button() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.click(app.view.list, offset=(2, 2))
        await until(lambda: app.view._sources.chosen[0] == "lock")
        await pilot.click("#go_on")
        await until(lambda: app.answers)


async def test_names_that_would_act_are_shown_as_they_are() -> None:
    hostile = SourceChoice("lock", HOSTILE, HOSTILE, ((HOSTILE, HOSTILE),), notes=(HOSTILE,))
    environment = replace(API, path=f"/home/ada/{HOSTILE}/\udcff\n.venv")
    app, _ = dialog(environment, choices=RecreateChoices((hostile,), PYTHONS))
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await until(lambda: "[@click=app.quit]x[/]\\x1b[31m" in shown(app))
        await pilot.click(app.view.list, offset=(10, 1))
        await pilot.click(app.view.about, offset=(4, 1))
        assert app.is_running


async def test_from_the_list_to_the_plan(open_screen, made_up) -> None:
    from envdeck.tui.dialogs.plan import PlanDialog

    operations = ChoosingOperations()
    source = made_up.MemorySource([API])
    async with open_screen(source, operations=operations) as pilot:
        app = pilot.app
        await until(lambda: app.main.operations.operating is not None)
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, RecreateDialog) and app.screen.list.rows)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PlanDialog))
        await until(lambda: operations.asked and operations.asked[-1][0] == "recreate")


OWN = replace(LOCKED, installs_project=True)


async def test_the_project_itself_is_left_out_where_the_source_installs_it() -> None:
    app, operations = dialog(choices=replace(CHOICES, sources=(EXACT, OWN, DECLARED)))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        assert "the project itself" not in shown(app)  # what is there has nothing of it
        await pilot.press("j", "space")
        await until(lambda: "[✓]  install the project itself" in shown(app))
        await pilot.press("j", "j", "j", "space")
        await until(lambda: "dependencies only" in shown(app))
        await until(lambda: "--no-project" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert ("without the project", API.path) in operations.asked


async def test_a_source_that_installs_the_project_is_taken_by_one_enter() -> None:
    app, operations = dialog(choices=replace(CHOICES, sources=(EXACT, OWN)))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("j", "enter")
        await until(lambda: app.answers)
    app.answers[0][0].plan(frozenset())
    assert operations.asked[-1][1][1] == "lock"
    assert ("without the project", API.path) not in operations.asked
