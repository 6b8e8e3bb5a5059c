"""The .env tab: what it says for every width; a value is seen by who asked for it alone."""

import gc
from dataclasses import replace

import pytest

from envdeck.core.dotenv.model import (
    DotenvFile,
    DotenvFinding,
    DotenvReport,
    FileKind,
    GitState,
    Key,
    Remedy,
    RemedyKind,
)
from envdeck.core.model import NoPlan, Severity
from envdeck.text import clip, plain, width
from envdeck.tui.detail import dotenv as pane
from envdeck.tui.detail import dotenv_dialog as dotenv_values
from envdeck.tui.detail import dotenv_view as dotenv_lines
from envdeck.tui.detail.dotenv import DotenvTab
from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog, asked_for
from envdeck.tui.detail.dotenv_view import KeyAt, Shown, dotenv_rows
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.dialogs.requests import remedy_request
from envdeck.tui.widgets.fields import Secret, SecretField
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"
LOOK = Display(HOME, lambda: 1_795_000_000.0)
MARK = "MARK-3f9c"
WIDTHS = (24, 39, 47, 78, 140)


def said(rows):
    return "\n".join(line_text(row.line) for row in rows)


def screen(app):
    """What the screen shows, and what still lies below it."""
    strips = (strip for one in app.screen_stack for strip in one._compositor.render_strips())
    return "\n".join(strip.text for strip in strips)


@pytest.fixture
def told(made_up):
    """The lines for a report."""

    def lines(cells=78, shown=None, **changes):
        return dotenv_rows(made_up.dotenv(**changes), shown, LOOK, cells)

    return lines


@pytest.mark.parametrize("cells", WIDTHS)
def test_no_line_is_wider_than_the_tab(told, made_up, cells):
    shown = Shown(KeyAt(f"{made_up.API}/.env", "DATABASE_URL"), Secret("x" * 500))
    assert all(width(line_text(row.line)) <= cells for row in told(cells, shown))


def test_each_file_is_told_with_its_keys_masked_and_compared(told):
    lines = [line.split() for line in said(told(100)).splitlines()]
    for words in (
        ".env 4 keys",
        "not ignored by git · previously committed · readable by everyone (0644)",
        "✗ git does not ignore it, and the next commit may have it",
        "add it to .gitignore: envdeck dotenv --ignore",
        "● DATABASE_URL is set twice, and the last one holds · .env:1",
        "DATABASE_URL ••••",
        "DEBUG empty",
        "API_TOKEN placeholder",
        "OLD_FLAG •••• ≠ not in .env.example",
        "✗ CACHE_URL missing, in .env.example",
        ".env.example example, 5 keys",
        "tracked by git · 96 B",
        ".venv/.env inside the environment, 1 key",
        "readable only by you · 9 B",
    ):
        assert any(" ".join(words.split()) in " ".join(line) for line in lines), words


def test_an_unusual_file_is_told_as_it_is(told, made_up):
    odd = DotenvFile(
        f"{made_up.API}/.env.local",
        FileKind.ENV,
        mode=0o640,
        encoding="latin-1",
        link="/elsewhere/[/]\x1b",
        problem="it is a FIFO",
        git=GitState(problem="git is too old"),
    )
    text = said(told(files=(odd,), compared=(), findings=()))
    for words in (
        "git not checked: git is too old",
        "readable by group (0640)",
        "latin-1, not UTF-8",
        "symlink to /elsewhere/[/]\\x1b",
        "✗ it is a FIFO",
    ):
        assert words in text


def test_a_file_that_is_not_there_yet_can_be_created(told, made_up):
    env, example = f"{made_up.API}/.env", f"{made_up.API}/.env.example"
    remedy = Remedy(RemedyKind.CREATE, env, made_up.API, (), example)
    finding = DotenvFinding("no-file", Severity.WARNING, env, "it is missing", "make it", None)
    rows = told(findings=(replace(finding, fix=remedy),), files=(), compared=())
    assert ".env  not created yet" in said(rows)
    first = next(row for row in rows if row.about is not None)
    assert first.about.fixes == (remedy,)


def test_without_any_file_it_teaches(made_up):
    assert "No .env files in this project" in said(dotenv_rows(DotenvReport("/p"), None, LOOK, 78))


@pytest.mark.parametrize("cells", WIDTHS)
def test_a_long_value_is_shown_whole_below_its_key(told, made_up, cells):
    value = "".join(chr(ord("a") + number % 26) for number in range(300))
    shown = Shown(KeyAt(f"{made_up.API}/.env", "DATABASE_URL"), Secret(value))
    text = said(told(cells, shown))
    assert value in "".join(text.split())


@pytest.mark.parametrize("piece", ["漢", "\x1b"])
def test_of_a_huge_value_no_more_than_is_shown_is_laid_out(told, made_up, monkeypatch, piece):
    seen = []
    monkeypatch.setattr(dotenv_lines, "plain", lambda text: seen.append(len(text)) or plain(text))
    monkeypatch.setattr(
        dotenv_lines, "clip", lambda text, *more: seen.append(len(text)) or clip(text, *more)
    )
    shown = Shown(KeyAt(f"{made_up.API}/.env", "DATABASE_URL"), Secret(piece * 300_000))
    assert "more characters" in said(told(60, shown))
    assert sum(seen) < 100_000


def test_a_value_is_shown_as_harmless_text(told, made_up):
    shown = Shown(KeyAt(f"{made_up.API}/.env", "DATABASE_URL"), Secret("a\x1b[31m\n[/]b"))
    assert "a\\x1b[31m\\n[/]b" in said(told(shown=shown))


def test_a_row_that_shows_a_value_does_not_tell_it(told, made_up):
    shown = Shown(KeyAt(f"{made_up.API}/.env", "DATABASE_URL"), Secret(MARK))
    rows = told(78, shown)
    assert MARK in said(rows)
    assert MARK not in repr(rows)


def test_of_thousands_of_keys_the_first_are_laid_out(told, made_up):
    keys = tuple(Key(f"K{number}", number + 1, has_value=True) for number in range(3000))
    rows = told(files=(DotenvFile(f"{made_up.API}/.env", FileKind.ENV, keys=keys),), compared=())
    assert "and 2,500 more (see `envdeck dotenv`)" in said(rows)


async def test_a_project_that_is_gone_is_not_one_without_files(
    open_screen, made_up, wait_until, source
):
    source.dotenvs = lambda project: DotenvReport(project)
    async with open_screen(source) as pilot:
        await pilot.press("4")
        await wait_until(
            lambda: (
                "project not found"
                in " ".join(said(pilot.app.main.panes.detail.tab.view.rows).split())
            )
        )


def test_nothing_that_carries_a_value_tells_it():
    secret, at = Secret(MARK), KeyAt("/p/.env", "TOKEN")
    for thing in (secret, Shown(at, secret)):
        assert MARK not in repr(thing) + str(thing)


# on the screen


@pytest.fixture
def source(made_up):
    return made_up.MemorySource([made_up.environment(), made_up.environment(f"{HOME}/x/.venv")])


@pytest.fixture(autouse=True)
def values(monkeypatch):
    """What stands behind each key; which were asked for."""
    asked = []

    def read(path, name):
        asked.append((path, name))
        return Secret(f"{MARK}-{name}")

    monkeypatch.setattr(pane, "read_value", read)
    monkeypatch.setattr(dotenv_values, "read_default", read)
    return asked


async def opened(pilot, wait_until):
    """Open the tab and return it once it has read."""
    await pilot.press("g", "4")
    main = pilot.app.main
    await wait_until(
        lambda: main.panes.detail is not None and isinstance(main.panes.detail.tab, DotenvTab)
    )
    tab = main.panes.detail.tab
    await wait_until(lambda: tab.view.has_focus and tab.report is not None)
    await pilot.pause()
    return tab


def stand_on(tab, *key):
    assert tab.view.move_to_key(key)


async def revealed(pilot, tab, wait_until, path):
    stand_on(tab, "key", f"{path}/.env", "DATABASE_URL")
    await pilot.pause()
    await pilot.press("p")
    await wait_until(lambda: MARK in said(tab.view.rows))
    await pilot.pause()
    assert MARK in screen(pilot.app)


LEAVES = ("down", "p", "3", "h", "question_mark", "ctrl+p", "O", "r", "tab")


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_value_is_shown_until_one_goes_anywhere_else(
    open_screen, made_up, wait_until, source, size
):
    async with open_screen(source, size, operations=made_up.MadeUpOperations()) as pilot:
        for leave in LEAVES:
            tab = await opened(pilot, wait_until)
            await revealed(pilot, tab, wait_until, tab.report.project)
            if leave in {"h", "tab"} and size[0] > 100:  # the tab stays open beside the list
                await pilot.press(leave, "j")
            else:
                await pilot.press(leave)
            await wait_until(lambda tab=tab: MARK not in said(tab.view.rows))
            await pilot.pause()
            assert MARK not in screen(pilot.app), leave
            assert tab.peek.shown is None, leave
            for _ in range(9):
                if len(pilot.app.screen_stack) > 1:
                    await pilot.press("escape")
            assert len(pilot.app.screen_stack) == 1
            if leave in {"h", "tab"} and size[0] > 100:
                await pilot.press("k")


async def test_a_value_hides_by_itself(open_screen, made_up, wait_until, source, monkeypatch):
    shown, hide = [], pane.Peek.hide

    def hiding(peek):  # a slow machine sees too late what is shown for so short a time
        if peek.shown is not None:
            shown.append(MARK in said(tab.view.rows))
        hide(peek)

    monkeypatch.setattr(pane, "SECONDS", 0.2)
    monkeypatch.setattr(pane.Peek, "hide", hiding)
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        stand_on(tab, "key", f"{tab.report.project}/.env", "DATABASE_URL")
        await pilot.press("p")
        await wait_until(lambda: shown)
        assert shown == [True]
        assert MARK not in said(tab.view.rows)


async def test_a_picture_of_the_screen_has_no_value(
    open_screen, made_up, wait_until, source, tmp_path
):
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        await revealed(pilot, tab, wait_until, tab.report.project)
        assert MARK not in pilot.app.export_screenshot()
        await revealed(pilot, tab, wait_until, tab.report.project)
        pilot.app.save_screenshot("x.svg", str(tmp_path))
        assert MARK not in (tmp_path / "x.svg").read_text(encoding="utf-8")


async def test_a_value_that_comes_when_the_cursor_has_left_is_dropped(
    open_screen, made_up, wait_until, source, monkeypatch
):
    from threading import Event

    gate = Event()

    def slowly(path, name):
        assert gate.wait(60)
        return Secret(MARK)

    monkeypatch.setattr(pane, "read_value", slowly)
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        stand_on(tab, "key", f"{tab.report.project}/.env", "DATABASE_URL")
        await pilot.press("p", "j")
        gate.set()
        for _ in range(20):
            await pilot.pause()
        assert MARK not in said(tab.view.rows)


async def test_why_a_value_cannot_be_read_is_said_without_the_words_of_the_fault(
    open_screen, made_up, wait_until, source, monkeypatch
):
    def fail(_path, _name):
        raise ValueError(MARK)

    monkeypatch.setattr(pane, "read_value", fail)
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        stand_on(tab, "key", f"{tab.report.project}/.env", "DATABASE_URL")
        await pilot.press("p")
        await wait_until(
            lambda: "cannot read the value (ValueError)" in line_text(tab.footing.line)
        )
        assert MARK not in screen(pilot.app)


# mending


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (50, 15)])
async def test_a_finding_is_mended_by_its_key_and_the_tab_is_read_again(
    open_screen, made_up, wait_until, source, size
):
    operations = made_up.MadeUpOperations()
    async with open_screen(source, size, operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        finding = tab.report.findings[0]
        stand_on(tab, "finding", finding.file, finding.check, None, 0)
        await pilot.pause()
        assert "f: add .env to .gitignore" in line_text(tab.footing.line)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: pilot.app.screen.plan is not None)
        assert pilot.app.focused.id == "cancel"
        assert operations.asked[-1] == ("remedy", (finding.fix, {}))
        read = len(source.read)
        await pilot.press("y")
        await wait_until(lambda: operations.done and len(source.read) > read)


async def test_values_are_asked_for_masked_and_reach_the_plan_alone(
    open_screen, made_up, wait_until, source, monkeypatch
):
    seen = []
    original = DotenvValuesDialog._on_message

    async def on_message(self, message):
        seen.append(repr(message))
        await original(self, message)

    operations = made_up.MadeUpOperations()
    async with open_screen(source, (80, 24), operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        project = tab.report.project
        stand_on(tab, "missing", f"{project}/.env", "SENTRY_DSN")
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, DotenvValuesDialog))
        dialog = pilot.app.screen
        monkeypatch.setattr(DotenvValuesDialog, "_on_message", on_message)
        (field,) = dialog.query(SecretField)
        await wait_until(lambda: field.has_focus)
        await pilot.press(*"m-3f9c")
        assert "m-3f9c" not in screen(pilot.app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "m-3f9c" in screen(pilot.app)
        assert "m-3f9c" not in pilot.app.export_screenshot()
        await pilot.press("ctrl+r")
        assert not field.password
        pilot.app.action_help()
        await wait_until(lambda: pilot.app.screen is not dialog)
        await wait_until(lambda: field.password)
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is dialog)
        field.focus()
        field.select_all()
        await pilot.press("ctrl+shift+c", "super+c")
        field.action_copy()
        assert pilot.app.clipboard == ""
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: pilot.app.screen.plan is not None)
        remedy, given = operations.asked[-1][1]
        assert (remedy.kind, remedy.keys) == (RemedyKind.ADD, ("SENTRY_DSN",))
        assert given == {"SENTRY_DSN": "m-3f9c"}
        assert "m-3f9c" not in screen(pilot.app)
        assert "m-3f9c" not in repr(pilot.app.screen.request) + "".join(seen)
        await pilot.press("escape")  # back to what was typed
        await wait_until(lambda: pilot.app.screen is dialog)
        assert field.value == "m-3f9c"
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)
        assert operations.done == []


async def test_a_default_that_is_no_secret_is_filled_in_and_can_be_emptied(
    open_screen, made_up, wait_until, source, values
):
    operations = made_up.MadeUpOperations()
    async with open_screen(source, (80, 24), operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        finding = tab.report.findings[2]
        stand_on(tab, "finding", finding.file, finding.check, None, 2)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, DotenvValuesDialog))
        first, second = pilot.app.screen.query(SecretField)
        await wait_until(lambda: first.value == f"{MARK}-CACHE_URL")
        assert second.value == ""
        assert values == [(finding.fix.example, "CACHE_URL")]
        assert MARK not in screen(pilot.app)
        await pilot.press("enter", "enter")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: pilot.app.screen.plan is not None)
        given = {"CACHE_URL": f"{MARK}-CACHE_URL", "SENTRY_DSN": ""}
        assert operations.asked[-1] == ("remedy", (finding.fix, given))


def test_of_the_example_only_what_is_neither_secret_nor_placeholder_is_offered(made_up):
    report = made_up.dotenv()
    env, example = f"{made_up.API}/.env", f"{made_up.API}/.env.example"
    leak = DotenvFinding("secret-in-example", Severity.ERROR, example, "a secret", "", 4)
    report = replace(report, findings=(leak,))
    remedy = Remedy(RemedyKind.CREATE, env, made_up.API, (), example)
    asked = {one.name: one.default for one in asked_for(remedy, report)}
    assert asked == {
        "DATABASE_URL": False,
        "DEBUG": True,
        "API_TOKEN": False,
        "CACHE_URL": False,
        "SENTRY_DSN": False,
    }
    assert asked_for(replace(remedy, kind=RemedyKind.IGNORE), report) == ()


async def test_a_new_file_gets_only_what_differs_from_its_example(
    open_screen, made_up, wait_until, source
):
    env, example = f"{made_up.API}/.env", f"{made_up.API}/.env.example"
    remedy = Remedy(RemedyKind.CREATE, env, made_up.API, (), example)
    finding = DotenvFinding("no-file", Severity.WARNING, env, "missing", "make it", None, remedy)
    keys = (Key("DEBUG", 1, has_value=True), Key("TOKEN", 2, has_value=False))
    file = DotenvFile(example, FileKind.EXAMPLE, keys)
    source.dotenvs = lambda _project: made_up.dotenv(
        files=(file,), compared=(), findings=(finding,)
    )
    operations = made_up.MadeUpOperations()
    async with open_screen(source, (80, 24), operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        stand_on(tab, "file", env)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, DotenvValuesDialog))
        first, second = pilot.app.screen.query(SecretField)
        await wait_until(lambda: first.value == f"{MARK}-DEBUG")
        second.value = MARK
        pilot.app.screen.action_go_on()
        await wait_until(lambda: operations.asked[-1][0] == "remedy")
        assert operations.asked[-1][1][1] == {"TOKEN": MARK}


def test_a_fault_while_planning_is_told_without_its_words(made_up):
    operations = made_up.MadeUpOperations(failure=ValueError(MARK))
    remedy = made_up.dotenv().findings[2].fix
    plan = remedy_request(operations, remedy, {"CACHE_URL": MARK}, LOOK).plan(frozenset())
    assert plan == NoPlan("planning failed: ValueError")


async def test_nothing_is_asked_or_written_in_the_read_only_mode(
    open_screen, made_up, wait_until, source
):
    from envdeck.core.operations.shared.context import Policy

    operations = made_up.MadeUpOperations(policy=Policy(read_only=True))
    async with open_screen(source, operations=operations) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("f")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.main
        assert not [one for one in operations.asked if one[0] == "remedy"]


async def test_a_value_that_was_hidden_is_nowhere_in_memory(
    open_screen, made_up, wait_until, source
):
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        await revealed(pilot, tab, wait_until, tab.report.project)
        await pilot.press("p")
        await wait_until(lambda: tab.peek.shown is None)
        await pilot.pause()
        gc.collect()
        held = [one for one in gc.get_objects() if isinstance(one, Secret) and one.text]
        assert held == []
