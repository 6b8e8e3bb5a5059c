"""Bars over the whole machine: groups, figures, and what a bar opens."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.pilot import Pilot

from envdeck.core.inspection.size import joint_size
from envdeck.core.model import (
    Environment,
    Identity,
    JointSize,
    LastUsed,
    Python,
    SharedFiles,
    Size,
    Status,
)
from envdeck.core.query import Query, search_text
from envdeck.text.safe import ASCII
from envdeck.tui.base.messages import FilterRequested
from envdeck.tui.machine.groups import Group, group_all, sections
from envdeck.tui.machine.screen import MachineScreen, draw, heading, legend, rows, totals_line
from envdeck.tui.widgets.line import Display, line_text, line_width

NOW = 1_795_000_000.0
DAY = 86400.0
LOOK = Display("/home/ada", lambda: NOW)


def environment(
    name: str,
    *,
    manager: str = "uv",
    python: str | None = "3.12.4",
    ended: str | None = None,
    days: float | None = 1,
    size: Size | None = None,
) -> Environment:
    used = LastUsed(None if days is None else NOW - days * DAY, "pyvenv.cfg atime")
    return Environment(
        f"/home/ada/{name}",
        Identity(1, 1),
        name,
        manager,
        Status.OK,
        python=Python(python, "cpython", end_of_life=ended),
        last_used=used,
        size=size,
    )


def shared(inode: int, own: int, common: int) -> Size:
    """Return the size of an environment with one file that has two links, one of them here."""
    packed = struct.pack("=4Q", inode, 2, 1, common)
    return Size(own + common, own + common, own, 2, shared=SharedFiles(1, packed))


MACHINE = (
    environment("a", size=Size(100, 100, 100)),
    environment("b", manager="poetry", python="3.8.1", ended="2024-10-07", days=20),
    environment("c", manager="poetry", python="3.13.0", days=60, size=Size(900, 900, 500)),
    environment("d", manager="venv", python="3.9", ended="2025-10-31", days=200),
    environment("e", manager="venv", python=None, days=900, size=Size(7, 7, 7)),
    environment("f", manager="my tool", python="3.12.1", days=None),
)


def labels(title: str) -> dict[str, int]:
    found = {section.title: section for section in sections(MACHINE, NOW)}
    return {group.label: len(group.environments) for group in found[title].groups}


def test_groups_are_ordered_as_people_look_for_them() -> None:
    assert list(labels("By manager")) == ["poetry", "uv", "venv", "my tool"]
    assert labels("By Python") == {"3.13": 1, "3.12": 2, "3.9": 1, "3.8": 1, "unknown": 1}
    assert labels("By last use") == {
        "this week": 1,
        "this month": 1,
        "last 3 months": 1,
        "last year": 1,
        "longer ago": 1,
        "unknown": 1,
    }
    assert sections((), NOW) == ()


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            environment,
            name=st.sampled_from("abc"),
            manager=st.sampled_from(["uv", "my tool", "venv"]),
            python=st.sampled_from([None, "3.12.4", "3.12", "3.1", "4"]),
            days=st.none() | st.floats(-3, 2000) | st.sampled_from([7.0, 30.0, 90.0, 365.0]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_a_bar_opens_just_the_environments_it_counts(environments: list[Environment]) -> None:
    for section in sections(environments, NOW):
        assert sum(len(group.environments) for group in section.groups) == len(environments)
        for group in section.groups:
            query = Query.parse(group.query, NOW)
            assert not query.problems
            found = [one for one in environments if query.matches(one, search_text(one))]
            assert sorted(map(repr, found)) == sorted(map(repr, group.environments))


def test_shared_files_are_first_added_up_then_counted_once() -> None:
    group = group_all((environment("a", size=shared(5, 10, 100)),) * 1)
    assert group.counted is False
    remembered = replace(shared(5, 10, 100), shared=None)
    assert group_all([environment("a", size=remembered)]).counted is False
    both = group_all(
        (environment("a", size=shared(5, 10, 100)), environment("b", size=shared(5, 20, 100)))
    )
    assert (both.occupied, both.freed, both.counted) == (230, 30, False)
    assert group_all(MACHINE[:2]).counted


def test_a_row_says_count_frees_and_disk_and_marks_the_end_of_life() -> None:
    text = [line_text(draw(row, 80, LOOK)) for row in rows(sections(MACHINE, NOW))]
    assert any(line.split()[:5] == ["3.8", "●", "end", "of", "life"] for line in text)
    (poetry,) = [line for line in text if line.startswith(" poetry")]
    assert "█" in poetry
    assert "░" in poetry
    assert poetry.split()[1] == "2"
    assert poetry.rstrip().endswith("500 B     900 B")
    (unknown,) = [line for line in text if line.startswith(" my tool")]
    assert unknown.split()[-2:] == ["–", "–"]
    assert line_text(totals_line(group_all(MACHINE))) == (
        "Machine   6 environments · 1.0 kB on disk · 607 B reclaimable · 3 unmeasured"
    )


@pytest.mark.parametrize("cells", [30, 46, 49, 79, 119, 200])
def test_the_columns_are_aligned_at_any_width(cells: int) -> None:
    lines = [draw(row, cells, LOOK) for row in rows(sections(MACHINE, NOW)) if row.group]
    assert len({line_width(line) for line in lines}) == 1
    assert line_width(lines[0]) == line_width(heading(cells))
    assert cells < 46 or line_width(lines[0]) <= cells


def test_it_can_be_said_in_letters() -> None:
    look = replace(LOOK, signs=ASCII)
    text = "".join(line_text(draw(row, 80, look)) for row in rows(sections(MACHINE, NOW)))
    assert text.isascii()
    assert "reflinks" in line_text(
        legend(group_all([environment("a", size=Size(1, 1, 1, up_to=True))]), look, counting=True)
    )


class Together:
    """As much of a source as the view asks for."""

    def together(self, environments: Iterable[Environment]) -> JointSize:
        return joint_size(one.size for one in environments)


class Harness(App[None]):
    """Shows the view and keeps what it asks for."""

    def __init__(self, *environments: Environment) -> None:
        super().__init__()
        self.view = MachineScreen(Together(), environments, look=LOOK)
        self.queries: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(self.view)

    def on_filter_requested(self, message: FilterRequested) -> None:
        self.queries.append(message.query)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for a condition, however slow the machine."""
    for _ in range(2000):
        if condition():
            return
        await pilot.pause(0.005)
    pytest.fail("it never came to be")


def current(app: Harness) -> Group:
    row = app.view.table.current
    assert row is not None
    assert row.group is not None
    return row.group


async def test_the_cursor_passes_over_titles_and_enter_filters() -> None:
    app = Harness(*MACHINE)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.view.table.current is not None)
        assert current(app).label == "poetry"
        await pilot.press("j", "j", "j", "j")
        assert current(app).label == "3.13"
        await pilot.press("k", "enter")
        await pilot.press("G", "enter")
        assert app.queries == ['manager:"my tool"', "health:unknown"]
        await pilot.press("g")
        assert current(app).label == "poetry"
        await pilot.click(app.view.table, offset=(5, 3), times=2)
        await until(pilot, lambda: app.queries[2:] == ["manager:uv"])


@pytest.mark.parametrize("key", ["escape", "h", "m"])
async def test_it_is_left_by_back_and_by_its_own_key(key: str) -> None:
    app = Harness(*MACHINE)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen is app.view)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is not app.view)


async def test_shared_files_are_counted_beside_the_screen() -> None:
    app = Harness(
        environment("a", size=shared(5, 10, 100)), environment("b", size=shared(5, 20, 100))
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.view.table.current is not None and current(app).counted)
        assert (current(app).occupied, current(app).freed) == (130, 130)
        assert "130 B reclaimable" in app.view.title_label.render().plain


async def test_an_empty_machine_says_what_to_do() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen is app.view)
        bars = app.view.table
        await until(pilot, lambda: bars.size.height > 0)
        assert "No environments found yet" in bars.render_line(1).text
        await pilot.press("j", "enter", "escape")
        await until(pilot, lambda: app.screen is not app.view)


async def test_a_name_that_would_act_is_shown_as_it_is() -> None:
    app = Harness(environment("a", manager="[@click=app.quit]x[/]\x1b"))
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: app.view.table.size.height > 0)
        bars = app.view.table
        text = "\n".join(bars.render_line(y).text for y in range(bars.size.height))
        assert "[@click=app.quit]x[/]\\x1b" in text
        await pilot.click(bars, offset=(5, 2))
        assert app.is_running
