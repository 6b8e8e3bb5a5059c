"""The dialogs in which something is chosen, the trash and the history, as they look."""

from dataclasses import replace

import pytest
from choosing_cases import (
    API,
    CHOICES,
    HOME,
    ITEMS,
    JUMPS,
    LOOK,
    ORPHANS,
    PASTS,
    ChoosingOperations,
    Harness,
    shown,
    until,
)
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from envdeck.core.model import Doubt, NoPlan, PackageChoice
from envdeck.tui.history.screen import HistoryScreen, TrashScreen
from envdeck.tui.recreate.create_dialog import CreateDialog
from envdeck.tui.recreate.dialog import RecreateDialog
from envdeck.tui.upgrade.dialog import UpgradeDialog

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda s: f"{s[0]}x{s[1]}")
ALL_SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (50, 15)], ids=lambda s: f"{s[0]}x{s[1]}"
)


class Svg(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "svg"


class Screen(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def view_looks_as_before(snapshot):
    """Open a view alone, press keys, and compare picture and text with those kept."""

    async def compare(view, size, words, *keys, then=""):
        app = Harness(view)
        async with app.run_test(size=size) as pilot:
            await until(lambda: words in shown(app))
            for key in keys:
                await pilot.press(key)
            await until(lambda: then in shown(app))
            text, alike = shown(app), 0
            for _ in range(200):
                if alike == 4:  # scroll bars come and go one layout after what they scroll
                    break
                await pilot.pause(0.03)
                now = shown(app)
                text, alike = now, alike + 1 if now == text else 0
            svg = app.export_screenshot(title="EnvDeck", simplify=True)
        assert text + "\n" == snapshot(extension_class=Screen)
        assert svg == snapshot(extension_class=Svg)

    return compare


@ALL_SIZES
async def test_recreate(view_looks_as_before, size):
    view = RecreateDialog(ChoosingOperations(), (API,), LOOK)
    await view_looks_as_before(view, size, "current packages", "j")


@SIZES
async def test_recreate_on_another_minor_version(view_looks_as_before, size):
    view = RecreateDialog(ChoosingOperations(), (API,), LOOK)
    await view_looks_as_before(view, size, "current packages", *"jjjjjjj", then="next with wheel")


@ALL_SIZES
async def test_recreate_with_a_jump(view_looks_as_before, size):
    view = RecreateDialog(ChoosingOperations(outlook=JUMPS), (API,), LOOK)
    keys = (*"jjjjjjj", "enter")
    await view_looks_as_before(view, size, "current packages", *keys, then="latest  ")


@ALL_SIZES
async def test_recreate_what_is_in_doubt(view_looks_as_before, size):
    doubts = (
        Doubt(
            "internal-lib",
            "internal-lib",
            "1.0",
            "internal_lib/core.py does not match RECORD, and the index has no identical release",
            (PackageChoice.KEEP, PackageChoice.RELEASE, PackageChoice.OMIT),
        ),
        Doubt("old-egg", "old-egg", "0.3", "egg without RECORD", (PackageChoice.OMIT,)),
    )
    operations = ChoosingOperations(choices=replace(CHOICES, doubts=doubts))
    view = RecreateDialog(operations, (API,), LOOK)
    await view_looks_as_before(view, size, "current packages", "enter", then="decide what to do")


async def test_recreate_several(view_looks_as_before):
    view = RecreateDialog(ChoosingOperations(), ORPHANS, LOOK)
    await view_looks_as_before(view, (80, 24), "current packages of each")


@ALL_SIZES
async def test_upgrade_packages(view_looks_as_before, size):
    view = UpgradeDialog(ChoosingOperations(), API, LOOK)
    await view_looks_as_before(view, size, "2.32.5", "j", "j", "space", "j")


async def test_upgrade_without_network(view_looks_as_before):
    failure = NoPlan("the package index cannot be reached: no route to host", "look at the proxy")
    view = UpgradeDialog(ChoosingOperations(upgradable=failure), API, LOOK)
    await view_looks_as_before(view, (80, 24), "no route to host")


@SIZES
async def test_create(view_looks_as_before, size):
    view = CreateDialog(ChoosingOperations(), f"{HOME}/work/new", LOOK)
    await view_looks_as_before(view, size, "uv.lock", "enter")


@ALL_SIZES
async def test_trash(view_looks_as_before, size):
    view = TrashScreen(ChoosingOperations(items=ITEMS), LOOK)
    await view_looks_as_before(view, size, "~/work/blog/.venv", "space", "j")


async def test_trash_empty(view_looks_as_before):
    await view_looks_as_before(TrashScreen(ChoosingOperations(), LOOK), (80, 24), "is empty")


@ALL_SIZES
async def test_history(view_looks_as_before, size):
    view = HistoryScreen(ChoosingOperations(past=PASTS), LOOK)
    await view_looks_as_before(view, size, "recreate", "j")
