"""Health in the list: its column, its filter, and the packages that the filter asks for."""

import threading
from dataclasses import replace

import pytest

from envdeck.core.model import Examination, Finding, Severity, Status
from envdeck.core.query import Contents
from envdeck.text.safe import ASCII, UNICODE
from envdeck.tui.main.cells import places, row
from envdeck.tui.store.columns import columns_named
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"
NOW = 1_795_000_000.0
FINDINGS = (
    Finding("missing-requirement", Severity.ERROR, "a", ""),
    Finding("code-at-start", Severity.WARNING, "b", ""),
)


@pytest.fixture
def drawn(made_up):
    """A row as text."""

    def draw(cells, signs=UNICODE, **changes):
        look = Display(HOME, lambda: NOW, signs)
        layout = places(columns_named(()), cells)
        environment = made_up.environment(**changes)
        return line_text(row(environment, layout, look, marked=False, largest=1))

    return draw


def test_the_counts_have_a_column_where_there_is_room(drawn):
    assert "1✗ 1!" in drawn(160, findings=FINDINGS, examined=True)
    assert "1E 1W" in drawn(160, ASCII, findings=FINDINGS, examined=True)
    assert " ok " in drawn(160, findings=FINDINGS, examined=True)
    assert "–" in drawn(160)
    assert "–" not in drawn(160, examined=True)


def test_without_room_they_stand_where_a_fine_status_would(drawn):
    assert drawn(79, findings=FINDINGS, examined=True).startswith("  1✗ 1! ")
    assert drawn(79, examined=True).strip().startswith("ok")
    broken = drawn(79, findings=FINDINGS, examined=True, status=Status.BROKEN)
    assert broken.strip().startswith("✗ broken")


async def test_packages_are_read_when_the_filter_first_asks_for_them(
    open_screen, made_up, wait_until
):
    source = made_up.MemorySource(made_up.many(6))
    go, read = threading.Event(), []
    holder = source.known[2].path

    def contents(environment, needs):
        assert needs == {"packages"}
        go.wait(60)
        read.append(environment.path)
        held = environment.path == holder
        return Contents({"zope-interface": ("5.4.0",)} if held else {"idna": ("3.7",)})

    source.contents = contents
    async with open_screen(source) as pilot:
        listing = pilot.app.main.list.listing
        assert not read
        await pilot.app.main.list.filter_by("package:zope_interface")
        assert len(listing) == 0
        assert listing.unread == 6
        go.set()
        await wait_until(lambda: [each.path for each in listing.shown()] == [holder])
        assert sorted(read) == sorted(each.path for each in source.known)
        await pilot.app.main.list.filter_by("package:idna")
        assert len(listing) == 5
        await pilot.app.main.list.filter_by("package:idna<3")
        assert len(listing) == 0
        await pilot.app.main.list.filter_by("!package:idna")
        assert [each.path for each in listing.shown()] == [holder]
        assert len(read) == 6


async def test_what_was_worked_on_is_examined_again(open_screen, made_up, wait_until):
    source = made_up.MemorySource([made_up.environment(findings=FINDINGS, examined=True)])
    source.examinations = lambda _one, **_asked: Examination(FINDINGS[1:])
    async with open_screen(source) as pilot:
        main = pilot.app.main
        path = source.known[0].path
        source.known = [replace(source.known[0], findings=(), examined=False)]
        main.scan.read_rows([path])
        await wait_until(lambda: main.list.listing.get(path).findings == FINDINGS[1:])
        assert main.list.listing.get(path).examined
        assert source.examined == [], "what a scan leaves out stays out"
