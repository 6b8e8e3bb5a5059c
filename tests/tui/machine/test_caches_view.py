"""The Caches view, and recreating all that use an interpreter."""

from types import SimpleNamespace

import pytest

from envdeck.core.caches import Cache, CacheFolder
from envdeck.core.model import Operation, Plan, Size, Target
from envdeck.core.operations.transaction.trash import Item, TrashManifest
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.machine import caches
from envdeck.tui.machine.caches import CachesScreen, cache_detail
from envdeck.tui.machine.interpreters import InterpretersScreen
from envdeck.tui.recreate.dialog import RecreateDialog
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"


def size(disk, freed):
    return Size(disk, disk, freed, 10)


UV = Cache(
    "uv", "uv cache", "packages are downloaded again",
    (CacheFolder(f"{HOME}/.cache/uv/archive-v0", size(900_000_000, 200_000_000)),),
    f"{HOME}/.cache/uv", ("uv", "cache", "clean"),
)  # fmt: skip
PIP = Cache(
    "pip", "pip cache", "packages are downloaded again",
    (CacheFolder(f"{HOME}/.cache/pip/http", size(500_000_000, 500_000_000)),),
    f"{HOME}/.cache/pip", blocked="a link out of the home folder: /data", guard="symlink",
)  # fmt: skip
MYPY = Cache(
    "mypy", "mypy caches", "the next run checks everything",
    (CacheFolder(f"{HOME}/work/[/]/.mypy_cache", size(9_000_000, 9_000_000)),), forever=True,
)  # fmt: skip


MANIFEST = TrashManifest(
    "1", Operation.DELETE, f"{HOME}/x", "x", "uv", "3.12", 0.0, reclaimable_bytes=5_000_000
)


@pytest.fixture
def operations(made_up, monkeypatch):
    """Operations, and what was asked to be cleared."""
    operations = made_up.MadeUpOperations()
    operations.cleared = []
    monkeypatch.setattr(caches, "finder", lambda *_: lambda _stopped: iter([UV, PIP, MYPY]))

    def plan(_operations, chosen, *, purge=False):
        operations.cleared.append(([one.kind for one in chosen], purge))
        return Plan(id="20261118-1", operation=Operation.DELETE, targets=(Target("/x"),))

    monkeypatch.setattr(caches, "plan_clear", plan)
    return operations


@pytest.fixture
def opened(wait_until):
    async def open_caches(pilot, *keys):
        await pilot.press(*keys)
        await wait_until(lambda: isinstance(pilot.app.screen, CachesScreen))
        screen = pilot.app.screen
        await wait_until(lambda: len(screen.table.rows) == 3 and not screen.looking)
        await pilot.pause()
        return screen

    return open_caches


async def test_the_largest_comes_first_and_its_loss_is_told(open_screen, operations, opened):
    async with open_screen(operations=operations) as pilot:
        screen = await opened(pilot, "m", "B")
        assert [row.kind for row in screen.table.rows] == ["pip", "uv", "mypy"]
        assert "1.4 GB on disk · 209 MB reclaimable" in line_text(screen.title_label.line)
        await pilot.press("j")
        told = "\n".join(map(line_text, screen.about.lines))
        assert "packages are downloaded again" in told
        assert "uv cache clean" in told
        assert "700 MB stay" in told
        await pilot.press("q", "q")
        assert pilot.app.screen is pilot.app.main


async def test_the_marked_ones_are_cleared_by_one_plan(open_screen, operations, opened, wait_until):
    async with open_screen(operations=operations) as pilot:
        screen = await opened(pilot, "B")
        await pilot.press("a")
        assert "2 marked, frees 209 MB" in line_text(screen.keys._said)
        await pilot.press("d")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: operations.cleared)
        assert operations.cleared[0] == (["uv", "mypy"], False)
        await pilot.press("escape", "a", "g", "space")
        assert len(screen.table.marked) == 1


async def test_the_trash_is_among_them_and_is_emptied_by_its_own_plan(
    open_screen, made_up, wait_until, monkeypatch
):
    operations = made_up.MadeUpOperations(items=(Item("/trash/1", MANIFEST),))
    operations.catalog = None
    monkeypatch.setattr(caches, "CacheFinder", lambda *_: SimpleNamespace(find=lambda: iter([UV])))
    async with open_screen(operations=operations) as pilot:
        await pilot.press("B")
        await wait_until(lambda: isinstance(pilot.app.screen, CachesScreen))
        screen = pilot.app.screen
        await wait_until(lambda: len(screen.table.rows) == 2 and not screen.looking)
        assert any(row.title.startswith("trash (") for row in screen.table.rows)
        screen.table.move_to_key(
            caches.cache_key(next(row for row in screen.table.rows if row.kind == "trash"))
        )
        await pilot.press("d")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: any(asked[0] == "purge" for asked in operations.asked))
        await pilot.press("escape")
        await wait_until(lambda: pilot.app.screen is screen)
        asked = len(operations.asked)
        await pilot.press("g", "space", "g", "j", "space", "d")
        assert pilot.app.screen is screen
        said = [one.message for one in pilot.app._notifications]
        assert "empty the trash by itself: unmark it, or the caches" in said
        assert len(operations.asked) == asked


def test_lines_are_plain_at_any_width():
    for cells in (20, 40, 80, 120):
        for cache in (UV, PIP, MYPY):
            lines = cache_detail(cache, Display(home=HOME), cells)
            assert all(len(line_text(line)) <= max(cells, 22) for line in lines)
    assert "[/]" in "".join(line_text(line) for line in cache_detail(MYPY, Display(home=HOME), 80))


async def test_all_that_use_an_interpreter_are_recreated_by_a_key(open_screen, made_up, wait_until):
    rows = [made_up.environment(f"{HOME}/work/{name}/.venv") for name in ("api", "blog")]
    operations = made_up.MadeUpOperations()
    async with open_screen(made_up.MemorySource(rows), operations=operations) as pilot:
        await pilot.press("i")
        await wait_until(lambda: isinstance(pilot.app.screen, InterpretersScreen))
        screen = pilot.app.screen
        await wait_until(lambda: screen.table.current and screen.table.current.base.dependants)
        await pilot.press("c")
        await wait_until(lambda: isinstance(pilot.app.screen, RecreateDialog))
        title = line_text(pilot.app.screen.title_label.line)
        assert "2 environments" in title
        await pilot.press("escape")
        await pilot.press("j", "c")
        assert pilot.app.screen is screen
        await pilot.pause()
        assert any("no environment uses it" in str(one.message) for one in pilot.app._notifications)
