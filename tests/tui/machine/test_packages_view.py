"""The Packages view over all environments."""

import pytest

from envdeck.core.inspection.packages.copies import count_packages
from envdeck.core.model import NoPlan
from envdeck.core.operations.upgrade.model import Level, UpgradeCandidate, UpgradeCandidates
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.machine.packages import HolderList, PackagesScreen
from envdeck.tui.machine.packages_view import PackageRow, draw_package, package_detail, package_rows
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"


@pytest.fixture
def source(made_up):
    return made_up.MemorySource(
        [made_up.environment(f"{HOME}/work/{name}/.venv") for name in ("api", "blog", "shop")]
    )


async def opened(pilot, wait_until):
    await pilot.press("L")
    await wait_until(lambda: isinstance(pilot.app.screen, PackagesScreen))
    screen = pilot.app.screen
    await wait_until(lambda: screen.table.rows and screen.table.rows[0].use.occupied)
    await pilot.pause()
    return screen


def upgrades(operations):
    """Return what was asked to be upgraded, and where."""
    return [asked[1][:2] for asked in operations.asked if asked[0] == "upgrade"]


def names(screen):
    return [row.use.name for row in screen.table.rows]


async def test_it_says_what_there_is_and_leads_to_the_environments(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        screen = await opened(pilot, wait_until)
        assert "3 in 3 environments · 9.0 MB on disk" in line_text(screen.title_label.line)
        assert names(screen) == ["flask", "jinja2", "pip"]
        await pilot.press("enter")
        assert screen.about.has_focus
        await pilot.press("enter")  # list all
        main = pilot.app.main
        await wait_until(lambda: pilot.app.screen is main)
        assert main.list.listing.query.text == "package:flask"


async def test_enter_on_an_environment_opens_its_packages(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("enter", "j", "j", "enter")
        main = pilot.app.main
        await wait_until(lambda: pilot.app.screen is main)
        await wait_until(lambda: main.panes.detail and main.panes.detail.active == 2)
        assert main.list.listing.cursor == f"{HOME}/work/blog/.venv"


async def test_the_filter_narrows_and_goes_one_level_back(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        screen = await opened(pilot, wait_until)
        await pilot.press("slash", *"jin")
        await wait_until(lambda: names(screen) == ["jinja2"])
        await pilot.press("enter")
        assert screen.table.has_focus
        await pilot.press("escape")
        assert names(screen) == ["flask", "jinja2", "pip"]
        await pilot.press("slash", *"zzz")
        await wait_until(lambda: not screen.table.rows)
        await pilot.press("escape", "escape")
        await wait_until(lambda: pilot.app.screen is pilot.app.main)


async def test_a_package_is_upgraded_wherever_it_is_and_below_in_one(
    open_screen, source, made_up, wait_until
):
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("u")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: len(upgrades(operations)) == 3)
        assert len({path for path, _ in upgrades(operations)}) == 3
        assert all(wanted == {"flask": None} for _, wanted in upgrades(operations))
        await pilot.press("escape")
        operations.asked.clear()
        await pilot.press("enter", "j", "u")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: upgrades(operations))
        assert [path for path, _ in upgrades(operations)] == [f"{HOME}/work/api/.venv"]


async def test_the_index_is_asked_by_a_key_and_what_it_says_is_upgraded(
    open_screen, source, made_up, wait_until
):
    operations = made_up.MadeUpOperations()
    newer = UpgradeCandidate("jinja2", "1.0", "1.1", "1.1", Level.MINOR)

    def candidates(environment, _stopped):
        if "shop" in environment.path:
            return NoPlan("no index")
        return UpgradeCandidates((newer,) if "api" in environment.path else ())

    operations.candidates = candidates
    async with open_screen(source, operations=operations) as pilot:
        screen = await opened(pilot, wait_until)
        await pilot.press("A")
        await wait_until(lambda: any(row.latest for row in screen.table.rows))
        await wait_until(lambda: "1 not asked: no index" in line_text(screen.title_label.line))
        await pilot.press("slash", *"outdated", "enter")
        assert names(screen) == ["jinja2"]
        await pilot.press("u")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: upgrades(operations))
        assert [path for path, _ in upgrades(operations)] == [f"{HOME}/work/api/.venv"]


async def test_asking_the_index_is_cancelled_by_the_same_key(
    open_screen, source, made_up, wait_until
):
    operations = made_up.MadeUpOperations()
    begun, ended = [], []

    def candidates(environment, stopped):
        import time

        begun.append(environment.path)
        while not stopped():
            time.sleep(0.002)
        ended.append(environment.path)
        return NoPlan("cancelled")

    operations.candidates = candidates
    async with open_screen(source, operations=operations) as pilot:
        screen = await opened(pilot, wait_until)
        await pilot.press("A")
        await wait_until(lambda: begun)
        assert "asking the index: 0 of 3" in line_text(screen.title_label.line)
        await pilot.press("A")
        await wait_until(lambda: len(ended) == len(begun))
        assert "index" not in line_text(screen.title_label.line)


@pytest.mark.parametrize("cells", [20, 50, 80, 120, 200])
def test_lines_keep_to_their_width_and_hostile_names_are_plain(cells):
    table = count_packages({"/a": ["[/]==1.0\x1b[31m", "x==1"], "/b": ["x==2", "y==日本語"]})
    rows = package_rows(table, {"x": {"/a": "3.0"}}, "", "versions")
    assert rows[0].use.name == "x"
    for row in rows:
        text = line_text(draw_package(row, 10, cells, Display(home=HOME)))
        assert "\x1b" not in text
        assert len(text) <= max(cells, 52)


def test_orders():
    table = count_packages({"/a": ["x==1", "y==1"], "/b": ["x==2", "z==1", "y==1"]})
    order = lambda sort: [row.use.name for row in package_rows(table, {}, "", sort)]  # noqa: E731
    assert order("name") == ["x", "y", "z"]
    assert order("versions")[0] == "x"
    assert order("environments")[-1] == "z"
    assert isinstance(package_rows(table, {}, "y", "name")[0], PackageRow)


def test_what_was_upgraded_since_the_index_was_asked_is_no_longer_offered():
    latest = {"x": {"/a": "3.0", "/b": "3.0", "/gone": "3.0"}}
    table = count_packages({"/a": ["x==3.0"], "/b": ["x==2"]})
    (row,) = package_rows(table, latest, "outdated", "name")
    assert row.latest == {"/b": "3.0"}
    table = count_packages({"/a": ["x==3.0"], "/b": ["x==3.0"]})
    assert package_rows(table, latest, "outdated", "name") == []


@pytest.mark.parametrize("cells", [60, 80, 118])
def test_the_version_to_upgrade_to_is_seen_whole(made_up, cells):
    one = made_up.environment(f"{HOME}/work/a-rather-long-name-of-a-project/.venv")
    table = count_packages({one.path: ["x==8.1.7"]})
    row = PackageRow(table.uses["x"], {one.path: "8.2.0"})
    lines = package_detail(row, table.holders("x"), {one.path: one}, Display(home=HOME), cells)
    text = line_text(lines[-1].line)
    assert text.endswith("8.2.0")
    assert len(text) < cells


def test_without_a_package_under_the_cursor_nobody_holds_it():
    assert HolderList(Display())._make(80) == []
