"""The Problems view: the findings of all environments, worst first."""

import pytest

from envdeck.core.model import Finding, Fix, FixKind, NoPlan, Severity
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.machine.problems import ProblemsScreen, problem_rows
from envdeck.tui.widgets.line import line_text

HOME = "/home/ada"


def finding(check, severity, subject=""):
    return Finding(check, severity, f"{subject} is bad", f"Mend {subject}", subject, (("a", "b"),))


ERROR = Finding(
    "missing-requirement", Severity.ERROR, "idna is not installed", "Install idna", "idna",
    (("required_by", ("requests",)),), Fix(FixKind.INSTALL, ("idna",)),
)  # fmt: skip
WARNING = finding("code-at-start", Severity.WARNING, "x.pth")
NOTE = finding("stale-base", Severity.NOTE, "3.12.4")


@pytest.fixture
def rows(made_up):
    """One environment without findings, and two with some."""
    told = {"api": (NOTE,), "blog": (), "shop": (ERROR, WARNING, NOTE)}
    return [
        made_up.environment(f"{HOME}/work/{name}/.venv", findings=found, examined=True)
        for name, found in told.items()
    ]


def order(rows):
    return [row.title or (row.finding and row.finding.subject) for row in rows]


def test_the_worst_group_comes_first_whatever_they_are_grouped_by(rows):
    assert order(problem_rows(rows, by_check=True)) == [
        *("missing-requirement", "idna", None),
        *("code-at-start", "x.pth", None),
        *("stale-base", "3.12.4", "3.12.4"),
    ]
    assert order(problem_rows(rows, by_check=False)) == [
        *(f"{HOME}/work/shop/.venv", "idna", "x.pth", "3.12.4", None),
        *(f"{HOME}/work/api/.venv", "3.12.4"),
    ]


async def opened(pilot, wait_until):
    await pilot.press("P")
    await wait_until(lambda: isinstance(pilot.app.screen, ProblemsScreen))
    await pilot.pause()
    return pilot.app.screen


async def test_enter_goes_to_the_health_of_the_environment(open_screen, made_up, rows, wait_until):
    async with open_screen(made_up.MemorySource(rows)) as pilot:
        await pilot.press("slash", *"blog", "enter")
        screen = await opened(pilot, wait_until)
        assert "1 error, 1 warning, 2 notes in 2 environments" in line_text(screen.title_label.line)
        assert "required by: requests" in "\n".join(map(line_text, screen.about.lines))
        await pilot.press("enter")
        main = pilot.app.main
        await wait_until(lambda: pilot.app.screen is main)
        await wait_until(lambda: main.panes.detail and main.panes.detail.active == 5)
        assert main.list.listing.cursor == rows[2].path
        assert main.panes.inside


async def test_a_key_groups_by_environment_and_the_cursor_stays_on_its_finding(
    open_screen, made_up, rows, wait_until
):
    async with open_screen(made_up.MemorySource(rows)) as pilot:
        screen = await opened(pilot, wait_until)
        await pilot.press("j")
        assert screen.table.current.finding == WARNING
        await pilot.press("s")
        assert screen.table.rows[0].title == rows[2].path
        assert screen.table.current.finding == WARNING
        await pilot.press("P")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)


async def test_the_fix_opens_its_plan(open_screen, made_up, rows, wait_until):
    operations = made_up.MadeUpOperations()
    operations.plan_fix = lambda _environment, _findings, **_allow: NoPlan("made up")
    async with open_screen(made_up.MemorySource(rows), operations=operations) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))


async def test_without_findings_it_says_so(open_screen, made_up, rows, wait_until):
    async with open_screen(made_up.MemorySource([rows[1]]), size=(40, 10)) as pilot:
        screen = await opened(pilot, wait_until)
        assert screen.has_class("-nothing")
        await pilot.press("f", "enter", "s", "tab")  # nothing to do it with
        assert pilot.app.screen is screen
