"""Installing and uninstalling from the Packages and Health tabs."""

import pytest

from envdeck.core.model import STILL_REQUIRED, Finding, Fix, FixKind, Refusal, Severity
from envdeck.tui.detail.packages import Packages
from envdeck.tui.dialogs.ask import InstallDialog
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.widgets.line import line_text

UNNEEDED = Finding(
    "unneeded-distribution", Severity.NOTE, "six is needed by nothing", "", "six", (),
    Fix(FixKind.UNINSTALL, ("six",)),
)  # fmt: skip


def said(dialog):
    return "\n".join(line_text(row.line) for row in dialog._view.rows)


@pytest.fixture
def source(made_up):
    return made_up.MemorySource([made_up.environment(findings=(UNNEEDED,), examined=True)])


async def opened(pilot, wait_until, number):
    await pilot.press("g", str(number))
    panes = pilot.app.main.panes
    await wait_until(lambda: panes.detail and panes.detail.active == number and panes.inside)
    await wait_until(lambda: type(panes.detail.installed).__name__ == "ReadDone")
    tab = panes.detail.tab
    await wait_until(lambda: tab.entrance.has_focus)
    return tab


async def planned(pilot, wait_until):
    await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
    dialog = pilot.app.screen
    await wait_until(lambda: dialog.plan is not None)
    await pilot.pause()
    return dialog


async def test_uninstall_shows_what_would_break_and_a_switch_for_what_only_it_needs(
    open_screen, made_up, wait_until, source
):
    refusal = Refusal(STILL_REQUIRED, "still required by app", overrulable=True)
    operations = made_up.MadeUpOperations(
        source=source, unneeded=("jinja2", "[red]x"), refusals=(refusal,)
    )
    path = source.known[0].path
    async with open_screen(source, operations=operations) as pilot:
        tab = await opened(pilot, wait_until, 2)
        assert isinstance(tab, Packages)
        name = tab.table.current.name
        await pilot.press("x")
        dialog = await planned(pilot, wait_until)
        text = said(dialog)
        assert text.index("still required by app") < text.index("Steps")
        assert "[ ] also uninstall what only they need: jinja2, [red]x" in text
        assert operations.asked[-1] == ("uninstall", (path, (name,), False, frozenset()))
        dialog._view.move_to_key(True)
        await pilot.press("space")
        await wait_until(lambda: operations.asked[-1][1][2] is True)
        await wait_until(lambda: "[x] also uninstall" in said(dialog))


async def test_install_asks_for_a_requirement_and_returns_to_the_field(
    open_screen, made_up, wait_until, source
):
    operations = made_up.MadeUpOperations(source=source)
    path = source.known[0].path
    async with open_screen(source, operations=operations) as pilot:
        await opened(pilot, wait_until, 2)
        await pilot.press("a")
        await wait_until(lambda: isinstance(pilot.app.screen, InstallDialog))
        dialog = pilot.app.screen
        await pilot.press("enter")
        await wait_until(lambda: "enter the name" in line_text(dialog.said.line))
        dialog.fields[0].value = "flask >=3"
        await pilot.press("enter")
        await planned(pilot, wait_until)
        assert operations.asked[-1] == ("install", (path, ("flask >=3",), False, frozenset()))
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is dialog)
        dialog.fields[0].value = "six idna==3.7"
        await pilot.press("enter")
        await planned(pilot, wait_until)
        assert operations.asked[-1][1][1] == ("six", "idna==3.7")
        await pilot.press("y")
        await wait_until(lambda: operations.ran)
        await wait_until(lambda: pilot.app.screen is pilot.app.main)


async def test_in_health_it_is_the_package_of_the_problem(open_screen, made_up, wait_until, source):
    operations = made_up.MadeUpOperations(source=source)
    async with open_screen(source, operations=operations) as pilot:
        tab = await opened(pilot, wait_until, 5)
        await wait_until(lambda: tab.reading.report and tab.reading.report.at)
        await pilot.press("x")
        await planned(pilot, wait_until)
        assert operations.asked[-1][1][1] == ("six",)
