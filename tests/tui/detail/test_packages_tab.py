"""The detail on a screen: tabs, lazy mounting, reading in a thread, search, the page."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from envdeck.core.catalog import Scope
from envdeck.core.model import Distribution, Environment, Identity, Interpreter, Size, Status
from envdeck.core.model import Event as ScanEvent
from envdeck.tui.detail.detail import TABS, DetailPane
from envdeck.tui.detail.overview import Overview
from envdeck.tui.detail.packages import Packages
from envdeck.tui.detail.tab import ReadDone, ReadFailure
from envdeck.tui.widgets.key_line import TabLine
from envdeck.tui.widgets.line import Display, line_text
from envdeck.tui.widgets.line_list import LineList

LOOK = Display("/home/ada", lambda: 1_795_000_000.0)


def environment(path: str = "/home/ada/api/.venv", seen_at: float = 1.0) -> Environment:
    return Environment(path, Identity(1, 1), path, "uv", Status.OK, packages=3, seen_at=seen_at)


def packages(*names: str) -> tuple[Distribution, ...]:
    return tuple(Distribution(name, name, "1.0", f"/{name}", size_bytes=10) for name in names)


FLASK = (
    replace(packages("click")[0], required_by=("flask",), summary="Command line"),
    replace(packages("flask")[0], requires=("click",), requested=True),
    replace(packages("noise")[0], summary="Clicks"),
)


class MemorySource:
    """A source that answers from memory, and may be made to wait or to fail."""

    def __init__(self, installed: dict[str, tuple[Distribution, ...] | Exception]) -> None:
        self.installed = installed
        self.asked: list[str] = []
        self.gates: dict[str, Event] = {}

    def remembered(self, scope: Scope) -> tuple[Environment, ...]:
        return ()

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        return ()

    def scan(
        self, scope: Scope, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[ScanEvent]:
        return iter(())

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        self.asked.append(environment.path)
        if environment.path in self.gates:
            assert self.gates[environment.path].wait(60)
        answer = self.installed.get(environment.path, ())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def measure(self, environment: Environment) -> Size:
        raise NotImplementedError

    def refresh(self, environment: Environment) -> Environment | None:
        raise NotImplementedError


class Harness(App[None]):
    """Only a detail pane."""

    def __init__(self, source: MemorySource) -> None:
        super().__init__()
        self.pane = DetailPane(source, look=LOOK)

    def compose(self) -> ComposeResult:
        yield self.pane


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for a condition, however slow the machine."""
    for _ in range(2000):
        if condition():
            return
        await pilot.pause(0.005)
    pytest.fail("it never came to be")


def is_read(pane: DetailPane) -> Callable[[], bool]:
    return lambda: isinstance(pane.installed, ReadDone)


def shown(view: LineList[Distribution]) -> list[str]:
    return [row.name for row in view.rows]


def text_of(view: LineList[object]) -> str:
    height = view.scrollable_content_region.height
    return "\n".join(view.render_line(y).text.rstrip() for y in range(height))


def tab_of(pane: DetailPane) -> Packages:
    assert isinstance(pane.tab, Packages)
    return pane.tab


async def opened(pilot: Pilot[None], pane: DetailPane, which: Environment) -> Packages:
    """Return the packages of an environment, read and shown."""
    pane.show(which)
    pane.focus_tab(2)
    await until(pilot, is_read(pane))
    await until(pilot, lambda: tab_of(pane).table.has_focus)
    await until(pilot, lambda: tab_of(pane).table.size.height > 0)
    return tab_of(pane)


async def test_nothing_is_mounted_before_it_is_needed() -> None:
    app = Harness(MemorySource({}))
    async with app.run_test() as pilot:
        pane = app.pane
        assert [type(child) for child in pane.children] == [TabLine]
        assert "Nothing to show yet" in pane.render().plain
        pane.show(environment())
        await pilot.pause()
        assert [type(child) for child in pane.children] == [TabLine, Overview]
        pane.focus_tab(2)
        await pilot.pause()
        assert [type(child) for child in pane.children] == [TabLine, Overview, Packages]
        pane.show(None)
        await pilot.pause()
        assert "Nothing to show yet" in pane.render().plain
        pane.focus_tab(len(TABS) + 1)
        pane.focus_tab(0)
        assert pane.active == 2


async def test_what_is_shown_before_the_pane_is_on_the_screen_appears_with_it() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    app.pane.show(environment())
    app.pane.focus_tab(1)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, is_read(app.pane))
        assert [type(child) for child in app.pane.children] == [TabLine, Overview]
        assert isinstance(app.pane.tab, Overview)
        assert app.pane.tab.view.has_focus
        assert app.pane.tab.view.lines


async def test_the_overview_learns_what_was_asked_for_from_the_packages() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(environment())
        await until(pilot, is_read(app.pane))
        assert isinstance(app.pane.tab, Overview)
        view = app.pane.tab.view
        await until(pilot, lambda: any("3 · 1 direct" in line_text(it) for it in view.lines))


async def test_tabs_by_number_and_by_click() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(environment())
        app.pane.focus_tab(1)
        await pilot.pause()
        await pilot.press("2")
        assert app.pane.active == 2
        await pilot.press("1")
        assert app.pane.active == 1
        await pilot.click(TabLine, offset=(18, 0))
        assert app.pane.active == 2
        await pilot.click(TabLine, offset=(3, 0))
        assert app.pane.active == 1


async def test_search_is_live_and_escape_clears_it() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        assert shown(tab.table) == ["click", "flask", "noise"]
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"clic")
        assert shown(tab.table) == ["click", "noise"]
        await pilot.press(*"hjst")
        assert shown(tab.table) == []
        assert "esc: clear" in text_of(tab.table)
        await pilot.press("escape")
        assert shown(tab.table) == ["click", "flask", "noise"]
        assert tab.table.has_focus


async def test_a_search_is_kept_by_enter() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"noise", "enter")
        assert tab.table.has_focus
        assert shown(tab.table) == ["noise"]
        await pilot.press("escape")
        assert shown(tab.table) == ["click", "flask", "noise"]


async def test_asked_for_sort_and_reverse() -> None:
    sized = tuple(replace(one, size_bytes=n) for n, one in enumerate(FLASK))
    app = Harness(MemorySource({environment().path: sized}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        await pilot.press("s")
        assert shown(tab.table) == ["noise", "flask", "click"]
        assert tab.table.current == sized[0]
        await pilot.press("I")
        assert shown(tab.table) == ["click", "flask", "noise"]
        await pilot.press("t")
        assert shown(tab.table) == ["flask"]
        await pilot.press("t")
        heading = text_of(tab.table).splitlines()[0]
        await pilot.click(tab.table, offset=(heading.index("Name"), 0))
        assert shown(tab.table) == ["click", "flask", "noise"]
        await pilot.click(tab.table, offset=(heading.index("Name"), 0))
        assert shown(tab.table) == ["noise", "flask", "click"]


async def test_a_package_opens_and_leads_to_others_and_back() -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        await pilot.press("enter")
        await until(pilot, lambda: tab.page.current is not None)
        assert "└─ flask 1.0  ✓ direct" in text_of(tab.page)
        await pilot.press("enter")
        assert tab.page.trail[-1] == FLASK[1]
        assert "└─ click 1.0" in text_of(tab.page)
        await pilot.press("h")
        assert tab.page.trail[-1] == FLASK[0]
        await pilot.press("h")
        assert tab.table.has_focus
        assert tab.table.current == FLASK[0]


async def test_back_is_left_to_others_when_there_is_nothing_to_leave() -> None:
    class Outer(Harness):
        BINDINGS = [("escape", "outer", "")]  # noqa: RUF012 - Textual's way
        left = 0

        def action_outer(self) -> None:
            self.left += 1

    app = Outer(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app.pane, environment())
        await pilot.press("escape")
        assert app.left == 1
        await pilot.press("enter", "escape")
        assert app.left == 1


async def test_a_failure_is_told_in_place_and_can_be_left() -> None:
    first, second = environment("/a"), environment("/b")
    source = MemorySource({"/a": PermissionError("[/] no \x1b permission"), "/b": FLASK})
    app = Harness(source)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(first)
        app.pane.focus_tab(2)
        await until(pilot, lambda: isinstance(app.pane.installed, ReadFailure))
        await pilot.pause()
        assert ": [/] no \\x1b permission" in text_of(tab_of(app.pane).table)
        app.pane.show(second)
        await until(pilot, is_read(app.pane))
        assert shown(tab_of(app.pane).table) == ["click", "flask", "noise"]


async def test_an_answer_that_comes_late_is_not_shown() -> None:
    slow, quick = environment("/slow"), environment("/quick")
    source = MemorySource({"/slow": packages("old"), "/quick": packages("new")})
    source.gates["/slow"] = Event()
    app = Harness(source)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(slow)
        app.pane.focus_tab(2)
        await until(pilot, lambda: source.asked == ["/slow"])
        app.pane.show(quick)
        await until(pilot, is_read(app.pane))
        assert shown(tab_of(app.pane).table) == ["new"]
        source.gates["/slow"].set()
        reader = app.pane._reader
        await until(pilot, lambda: reader.known(slow) is not None)
        assert shown(tab_of(app.pane).table) == ["new"]
        app.pane.show(slow)
        assert shown(tab_of(app.pane).table) == ["old"]
        assert source.asked == ["/slow", "/quick"]


async def test_moving_on_reads_only_what_the_cursor_rests_on() -> None:
    source = MemorySource({"/9": packages("last")})
    app = Harness(source)
    async with app.run_test(size=(80, 24)) as pilot:
        for number in range(10):
            app.pane.show(environment(f"/{number}"))
        await until(pilot, is_read(app.pane))
        assert source.asked == ["/9"]


async def test_a_newer_record_is_read_again_with_the_old_one_shown_meanwhile() -> None:
    source = MemorySource({"/a": packages("one")})
    app = Harness(source)
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment("/a", 1.0))
        source.installed["/a"] = packages("one", "two")
        app.pane.show(replace(environment("/a", 1.0), size=Size(1, 1, 1)))
        assert source.asked == ["/a"]
        app.pane.show(environment("/a", 2.0))
        assert shown(tab.table) == ["one"]
        await until(pilot, lambda: shown(tab.table) == ["one", "two"])
        assert source.asked == ["/a", "/a"]


async def test_five_hundred_packages_draw_only_what_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = packages(*(f"package-{number:03}" for number in range(500)))
    app = Harness(MemorySource({environment().path: many}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        drawn: list[str] = []
        draw_row = tab.table.draw_row
        monkeypatch.setattr(
            tab.table, "draw_row", lambda row, cells: drawn.append(row.name) or draw_row(row, cells)
        )
        await pilot.press("G")
        assert tab.table.current == many[-1]
        assert "package-499" in text_of(tab.table)
        assert set(drawn) <= {one.name for one in (*many[:30], *many[-30:])}
        await pilot.press("pageup", "k", "g")
        assert tab.table.current == many[0]
        await pilot.press("pagedown")
        assert tab.table.current != many[0]


async def test_names_that_would_act_are_shown_as_they_are() -> None:
    hostile = replace(packages("x")[0], display_name="[@click=app.quit]x[/]\n\x1b[31m", summary="[")
    app = Harness(MemorySource({environment().path: (hostile,)}))
    async with app.run_test(size=(120, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        assert "[@click=app.quit]x[/]\\n" in text_of(tab.table)
        await pilot.click(tab.table, offset=(8, 1))
        await pilot.press("enter")
        await until(pilot, lambda: bool(tab.page.rows))
        assert "[@click=app.quit]x[/]\\n\\x1b[31m" in text_of(tab.page)
        assert app.is_running


async def test_an_environment_without_packages_says_so() -> None:
    app = Harness(MemorySource({}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(environment())
        app.pane.focus_tab(2)
        await until(pilot, is_read(app.pane))
        assert "No packages installed" in text_of(tab_of(app.pane).table)


async def test_a_choice_that_shows_nothing_keeps_the_keys() -> None:
    app = Harness(MemorySource({environment().path: packages("one")}))
    async with app.run_test(size=(80, 24)) as pilot:
        tab = await opened(pilot, app.pane, environment())
        await pilot.press("t")
        assert "t: show all" in text_of(tab.table)
        await pilot.press("t")
        assert shown(tab.table) == ["one"]


@pytest.mark.parametrize("size", [(80, 24), (50, 15), (20, 5)])
async def test_it_can_be_any_size(size: tuple[int, int]) -> None:
    app = Harness(MemorySource({environment().path: FLASK}))
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app.pane, environment())
        await pilot.press("j", "enter")
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert "Requires" in text_of(tab_of(app.pane).page)
