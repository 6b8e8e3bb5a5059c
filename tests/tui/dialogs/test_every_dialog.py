"""Every dialog of the program answers to the same keys: `space` chooses, `enter` and `y` confirm,
`esc` and `n` go back, `tab` reaches every button, `?` and `f1` list the keys."""

import importlib
import pkgutil
import sys

import made_up_walkthrough
import pytest
from choosing_cases import API, HOME, ChoosingOperations
from textual.widgets import Button, Input

import envdeck.tui
from envdeck.core.dotenv.model import Remedy, RemedyKind
from envdeck.core.model import NoPlan
from envdeck.core.project.difference import Difference, Side
from envdeck.core.timeline.model import Snapshot, SnapshotPackage
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.detail.dotenv_dialog import FixRequest
from envdeck.tui.dialogs.dialog import Dialog
from envdeck.tui.dialogs.picker import ChoiceList
from envdeck.tui.help.keys import HelpScreen
from envdeck.tui.main.view import MenuDialog, MenuItem
from envdeck.tui.widgets.line import line_text
from envdeck.tui.workers.operation_queue import OperationQueue

for _module in pkgutil.walk_packages(envdeck.tui.__path__, "envdeck.tui."):
    importlib.import_module(_module.name)


def every(kind=Dialog):
    """Return the dialogs by the names of their classes."""
    found = {}
    for each in kind.__subclasses__():
        found |= {each.__name__: each, **every(each)}
    return found


DIALOGS = every()
BASES = {"AskDialog", "CommandDialog", "PickerDialog"}
"""What others are made of."""
PATH = f"{HOME}/work/api/.venv"
STEP = made_up_walkthrough.steps()


def snapshot(name, version):
    return Snapshot(name * 16, PATH, 0.0, 0.0, "3.12", "/usr", (SnapshotPackage("idna", version),))


def bisect(kind, look, operations, made_up):
    return kind(operations, API, (snapshot("a", "3.7"), snapshot("b", "3.10")), look, current=True)


def export(kind, look, operations, made_up):
    return kind(Difference(Side("one"), Side("other"), (), 0), look)


def menu(*, many):
    items = [MenuItem("path", "Path"), MenuItem("size", "Size"), MenuItem("used", "Used")]
    return lambda kind, look, operations, made_up: kind("Columns", items, {"path"}, look, many=many)


def quitting(kind, look, operations, made_up):
    queue = OperationQueue(operations, look.clock, held=True)
    queue.submit(made_up.plan(PATH))
    return kind(queue, look)


def values(kind, look, operations, made_up):
    remedy = Remedy(RemedyKind.ADD, f"{HOME}/.env", HOME, ("KEY",), f"{HOME}/.env.example")
    return kind(operations, remedy, [FixRequest("KEY", ""), FixRequest("OTHER", "")], look)


def plan(kind, look, operations, made_up):
    return kind(PlanRequest("Delete it", lambda _allow: made_up.plan(PATH)), look)


def no_plan(kind, look, operations, made_up):
    return kind(PlanRequest("Delete it", lambda _allow: NoPlan("no way")), look)


CASES = {
    "BisectDialog": bisect,
    "CompareWithDialog": lambda kind, look, operations, made_up: kind(API, look),
    "CreateDialog": lambda kind, look, operations, made_up: kind(operations, HOME, look),
    "DotenvValuesDialog": values,
    "ExportDialog": export,
    "FiltersDialog": lambda kind, look, *_: kind({"one": "eol", "two": "drift"}, "", look),
    "FiltersDialog to save": lambda kind, look, *_: kind({"one": "eol"}, "uv", look),
    "InstallDialog": lambda kind, look, operations, made_up: kind(operations, API, look),
    "MatrixDialog": lambda kind, look, operations, made_up: kind(operations, API, look),
    "MenuDialog": menu(many=False),
    "MenuDialog of many": menu(many=True),
    "PlanDialog": plan,
    "PlanDialog without a plan": no_plan,
    "ProjectDialog": lambda kind, look, *_: kind("/", look),
    "QuitDialog": quitting,
    "RecreateDialog": lambda kind, look, operations, _: kind(operations, (API,), look),
    "StepDialog": lambda kind, look, *_: kind(STEP[1], look),
    "StepDialog of fields": lambda kind, look, *_: kind(STEP[3], look),
    "TourDialog": lambda kind, look, *_: kind(look),
    "TourOffer": lambda kind, look, *_: kind(look),
    "UpgradeDialog": lambda kind, look, operations, _: kind(operations, API, look),
}
"""How each is opened; a dialog that is new is missing here until it is added."""
ALL = pytest.mark.parametrize("name", CASES)


def test_no_dialog_is_left_out():
    assert set(DIALOGS) - BASES == {name.split()[0] for name in CASES}


def painted(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.fixture
def opened(open_screen, made_up, wait_until, monkeypatch):
    """Open one over the list; give it, what it ended with, and whether it goes on without an
    end of its own."""
    from contextlib import asynccontextmanager

    for name in ("BisectDialog", "MatrixDialog"):
        module = sys.modules[DIALOGS[name].__module__]
        told = {"find_command": "pytest", "default_pythons": ("3.12.4",)}
        told |= dict.fromkeys(("plan_bisect", "plan_matrix"), NoPlan("no plan for it"))
        for function, answer in told.items():
            if hasattr(module, function):
                monkeypatch.setattr(module, function, lambda *_, answer=answer: answer)

    @asynccontextmanager
    async def open_dialog(name, size=(80, 24)):
        operations = ChoosingOperations()
        async with open_screen(operations=operations, size=size) as pilot:
            app, ended = pilot.app, []
            dialog = CASES[name](DIALOGS[name.split()[0]], app.main.look, operations, made_up)
            if hasattr(dialog, "on_chosen"):
                dialog.on_chosen = ended.append
            app.push_screen(dialog, ended.append)
            await wait_until(lambda: app.screen is dialog and dialog.is_mounted)
            lists = list(dialog.query(ChoiceList))
            await wait_until(lambda: all(each.rows for each in lists))
            await wait_until(lambda: getattr(dialog, "plan", True) is not None)
            await pilot.pause()
            yield pilot, dialog, ended

    return open_dialog


async def out_of_the_field(pilot, dialog):
    """Go to what is no field: letters are keys there."""
    for _ in range(20):
        if not isinstance(dialog.focused, Input):
            return
        await pilot.press("shift+tab")
        await pilot.pause()
    raise AssertionError("every part of it is a field")


@pytest.mark.parametrize("key", ["escape", "n", "q"])
@ALL
async def test_it_is_left_by_the_same_keys(opened, wait_until, name, key):
    async with opened(name) as (pilot, dialog, ended):
        if key != "escape":
            await out_of_the_field(pilot, dialog)
        await pilot.press(key)
        if name == "QuitDialog" and key == "q":  # there it is the key for quitting once more
            assert "still running" in painted(pilot.app)
            return
        await wait_until(lambda: ended == [None])
        assert pilot.app.screen is pilot.app.main
        assert pilot.app.return_code is None


@ALL
async def test_enter_confirms_or_says_what_does_and_never_cancels(opened, wait_until, name):
    async with opened(name) as (pilot, dialog, ended):
        before = painted(pilot.app)
        await pilot.press("enter")
        await wait_until(lambda: ended or painted(pilot.app) != before)
        acts = type(dialog).ACTS and "without" not in name
        assert bool(acts) <= (not ended)
        if ended and name not in {"PlanDialog without a plan", "TourDialog"}:
            assert ended != [None]


@ALL
async def test_y_confirms_where_no_letter_is_typed_or_says_why_not(opened, wait_until, name):
    async with opened(name) as (pilot, dialog, ended):
        await out_of_the_field(pilot, dialog)
        before = painted(pilot.app)
        await pilot.press("y")
        await wait_until(lambda: ended or painted(pilot.app) != before or dialog.said.line)
        assert ended != [None]


@pytest.mark.parametrize("key", ["enter", "y"])
@pytest.mark.parametrize(
    "name", [name for name in CASES if issubclass(DIALOGS[name.split()[0]], MenuDialog)]
)
async def test_every_key_that_confirms_takes_the_same_of_a_menu(opened, wait_until, name, key):
    async with opened(name) as (pilot, dialog, ended):
        dialog.list.focus()
        await pilot.press("home", "space", "down", key)
        await wait_until(lambda: ended)
        under = dialog.items[min(1, len(dialog.items) - 1)].key
        assert ended == [() if dialog.many else (under,)]


@ALL
async def test_no_other_key_leaves_it(opened, name):
    async with opened(name) as (pilot, dialog, ended):
        await out_of_the_field(pilot, dialog)
        for key in ("space", "up", "down", "left", "right", "pageup", "pagedown", "home", "end"):
            await pilot.press(key)
            await pilot.pause()
            assert not ended, key
            assert pilot.app.screen is dialog, key


@ALL
@pytest.mark.parametrize("size", [(80, 24), (50, 15)])
async def test_tab_reaches_every_button_and_the_focus_is_seen(opened, name, size):
    async with opened(name, size) as (pilot, dialog, _ended):
        wanted = {each.id for each in dialog.query(Button) if each.display}
        reached, seen = set(), set()
        for _ in range(20):
            await pilot.press("tab")
            await pilot.pause()
            assert dialog.focused is not None
            reached.add(dialog.focused)
            seen.add(pilot.app.export_screenshot(simplify=True))
            if wanted <= {each.id for each in reached}:
                break
        assert wanted <= {each.id for each in reached}
        assert len(seen) >= len(reached)


@ALL
async def test_space_chooses_in_every_list(opened, name):
    async with opened(name) as (pilot, dialog, ended):
        for shown in dialog.query(ChoiceList).results(ChoiceList):
            shown.focus()
            await pilot.press("home")
            for _ in shown.rows:
                before = line_text(shown.draw_row(shown.current, 70))
                await pilot.press("space")
                await pilot.pause()
                after = line_text(shown.draw_row(shown.current, 70))
                typing = isinstance(dialog.focused, Input)
                assert after != before or "(✓)" in after or dialog.has_class("-saying") or typing
                if typing:
                    await pilot.press("escape")
                await pilot.press("down")
        assert not ended


@ALL
async def test_the_keys_are_named_in_it_and_listed_by_the_key_for_help(opened, wait_until, name):
    async with opened(name) as (pilot, dialog, ended):
        text = painted(pilot.app)
        assert "esc" in text
        assert "enter" in text or "(y)" in text or "(w)" in text
        if dialog.query(ChoiceList):
            await out_of_the_field(pilot, dialog)
            for each in dialog.query(ChoiceList):
                each.focus()
            await pilot.pause()
            assert "space choose" in painted(pilot.app)
        await out_of_the_field(pilot, dialog)
        for key in ("f1", "question_mark"):
            await pilot.press(key)
            await wait_until(lambda: isinstance(pilot.app.screen, HelpScreen))
            await pilot.pause()
            told = painted(pilot.app)
            assert "This dialog" in told
            assert "Go back without doing anything" in told
            await pilot.press("escape")
            await wait_until(lambda: pilot.app.screen is dialog)
        if fields := [each for each in dialog.query(Input) if each.focusable]:
            fields[0].focus()
            await pilot.press("f1")
            await wait_until(lambda: isinstance(pilot.app.screen, HelpScreen))
            await pilot.press("escape")
            await wait_until(lambda: pilot.app.screen is dialog)
        assert not ended


async def test_what_is_chosen_in_the_list_of_keys_is_done_in_the_dialog(opened, wait_until):
    async with opened("RecreateDialog") as (pilot, _dialog, ended):
        await pilot.press("question_mark", *"go back", "enter")
        await wait_until(lambda: ended == [None])
