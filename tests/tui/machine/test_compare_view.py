"""The Compare view: two environments, or one and a file."""

import json
from dataclasses import replace

import pytest

from envdeck.tui.machine.compare import CompareScreen, CompareWithDialog, ExportDialog
from envdeck.tui.widgets.line import line_text

HOME = "/home/ada"


@pytest.fixture
def source(made_up):
    rows = [made_up.environment(f"{HOME}/work/{name}/.venv") for name in ("api", "blog", "shop")]
    source = made_up.MemorySource(rows)
    usual = source.distributions

    def distributions(environment):
        flask, jinja, pip = usual(environment)
        if "blog" in environment.path:
            return replace(flask, version="2.0"), pip
        return flask, jinja, pip

    source.distributions = distributions
    return source


def lines(screen):
    table = screen.table
    return [" ".join(line_text(table.draw_row(row, 80)).split()) for row in table.rows]


async def shown(pilot, wait_until):
    await wait_until(lambda: isinstance(pilot.app.screen, CompareScreen))
    screen = pilot.app.screen
    await wait_until(lambda: screen.table.found is not None)
    await pilot.pause()
    return screen


async def test_two_marked_ones_side_by_side(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        await pilot.press("g", "space", "space", "G", "equals_sign")
        screen = await shown(pilot, wait_until)
        assert lines(screen) == [
            *("Different versions 1", "flask 1.0 2.0", ""),
            *("Only in the first 1", "jinja2 1.0 –", ""),
            *("Identical 1", "pip 1.0 1.0"),
        ]
        told = line_text(screen.title_label.line)
        assert "1 different, 1 only in the first, 0 only in the second, 1 identical" in told
        heading = line_text(screen.table.heading(110))
        assert "api" in heading
        assert "blog" in heading
        assert heading.count("3.12.4") == 2
        await pilot.press("q")
        assert pilot.app.screen is pilot.app.main


async def test_the_marked_one_and_the_one_under_the_cursor(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        await pilot.press("g", "space", "equals_sign")
        screen = await shown(pilot, wait_until)
        assert screen.table.found.first.label != screen.table.found.second.label


async def test_three_are_too_many(open_screen, source, wait_until):
    async with open_screen(source) as pilot:
        await pilot.press("a", "equals_sign")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.main
        assert any("two environments" in str(one.message) for one in pilot.app._notifications)


async def test_a_file_is_asked_for_and_read(open_screen, source, wait_until, tmp_path):
    other = tmp_path / "other.json"
    rows = [{"name": "flask", "version": "9[/]"}]
    other.write_text(json.dumps({"schema": 3, "path": "/home/bo/x", "distributions": rows}))
    async with open_screen(source) as pilot:
        await pilot.press("equals_sign")
        await wait_until(lambda: isinstance(pilot.app.screen, CompareWithDialog))
        await pilot.press(*"nothere", "enter")
        assert "not found" in line_text(pilot.app.screen.said.line)
        pilot.app.screen.fields[0].value = str(other)
        await pilot.press("enter")
        screen = await shown(pilot, wait_until)
        assert "flask 1.0 9[/]" in lines(screen)
        assert "newer envdeck" in line_text(screen.title_label.line)


async def test_a_file_with_nothing_to_compare_is_said(open_screen, source, wait_until, tmp_path):
    (tmp_path / "other.json").write_text('{"schema": 1, "environments": []}')
    async with open_screen(source) as pilot:
        await pilot.press("equals_sign")
        await wait_until(lambda: isinstance(pilot.app.screen, CompareWithDialog))
        pilot.app.screen.fields[0].value = str(tmp_path / "other.json")
        await pilot.press("enter")
        await wait_until(lambda: isinstance(pilot.app.screen, CompareScreen))
        table = pilot.app.screen.table
        await wait_until(lambda: "holds no packages" in line_text(table._instead))


@pytest.mark.parametrize("name", ["a.md", "a.csv", "a.html", "a.txt"])
async def test_it_is_exported_and_nothing_is_overwritten(
    open_screen, source, wait_until, tmp_path, name
):
    async with open_screen(source) as pilot:
        await pilot.press("g", "space", "equals_sign")
        await shown(pilot, wait_until)
        for said in ("", "exists already"):
            await pilot.press("ctrl+s")
            await wait_until(lambda: isinstance(pilot.app.screen, ExportDialog))
            dialog = pilot.app.screen
            dialog.fields[0].value = str(tmp_path / name)
            await pilot.press("enter")
            await pilot.pause()
            assert said in line_text(dialog.said.line)
        dialog.fields[0].value = str(tmp_path / "a.pdf")
        await pilot.press("enter")
        assert "has to end with" in line_text(dialog.said.line)
        dialog.fields[0].value = str(tmp_path / "nowhere" / name)
        await pilot.press("enter")
        assert "cannot be written" in line_text(dialog.said.line)
    assert "flask" in (tmp_path / name).read_text()
