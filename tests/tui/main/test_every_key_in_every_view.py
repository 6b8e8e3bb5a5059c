"""Every view × every key of the registry: it acts, or says why not."""

import importlib

import pytest
from choosing_cases import ITEMS, PASTS, ChoosingOperations
from made_up_walkthrough import MadeUpWalking

from envdeck.core.caches import Cache, CacheFolder
from envdeck.core.model import (
    BisectRun,
    BisectVerdict,
    CellEnd,
    CellStatus,
    Ending,
    Operation,
    Size,
    Step,
    Target,
)
from envdeck.core.operations.bisect.plan import BisectEnd, BisectPlan
from envdeck.core.operations.bisect.run import BisectRequest, BisectResult
from envdeck.core.operations.bisect.search import SearchStatus
from envdeck.core.operations.matrix.plan import MatrixCell, MatrixEnd, MatrixPlan
from envdeck.core.timeline.model import Snapshot, SnapshotPackage
from envdeck.tui.app import EnvDeck
from envdeck.tui.base.actions import ACTIONS, keys_of, named
from envdeck.tui.base.job import Job
from envdeck.tui.base.keymap import ANYWHERE
from envdeck.tui.history.screen import HistoryScreen, TrashScreen
from envdeck.tui.machine import caches

VIEWS = {
    "list": (),
    "overview": ("1",),
    "packages of one": ("2",),
    "project": ("3",),
    "dotenv": ("4",),
    "health": ("5",),
    "timeline": ("6",),
    "operations": ("O",),
    "history": ("H",),
    "trash": ("T",),
    "interpreters": ("i",),
    "problems": ("P",),
    "packages": ("L",),
    "machine": ("m",),
    "unreadable": ("e",),
    "compare": ("space", "space", "equals_sign"),
    "caches": ("B",),
    "project setup": ("w",),
    "bisect": (),
    "matrix": (),
}
SHOWS = {"bisect": ("runs", "show_bisect"), "matrix": ("runs", "show_matrix")}
"""The views of an operation, and what shows them."""
USUAL = {
    *("list", "packages of one", "dotenv", "history", "packages", "compare"),
    *("project setup", "bisect"),
}
"""The others come before a release."""
ENDS = {"quit", "leave", "back", "folder", "palette", "help", "tour"}
"""They leave the view or the program, or are those of the program on every screen."""


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


CACHE = Cache(
    "pip", "pip cache", "packages are downloaded again",
    (CacheFolder("/home/ada/.cache/pip", Size(9, 9, 9, 1)),), "/home/ada/.cache/pip",
)  # fmt: skip
RUN = BisectRun({"idna": "3.7"}, (), BisectVerdict.GOOD, 0, 0.6, number=1)
CELL = MatrixCell(number=1, python="3.12.4", column=())


def job_of(view, made_up):
    """Return an operation that is over, and has something to show."""
    environment = made_up.environment()
    command = ("pytest",)
    same = {"id": "20261120-101502-0001", "targets": (Target(environment.path),)}
    same["steps"] = (Step("run it", command),)
    if view == "bisect":
        packages = (SnapshotPackage("idna", "3.7"),)
        taken = Snapshot("a" * 16, environment.path, 0.0, 0.0, "3.12.4", "/usr", packages)
        request = BisectRequest(environment, taken, taken, command, "/")
        job = Job(BisectPlan(operation=Operation.BISECT, request=request, **same))
        job.tell(RUN)
        found = BisectResult(SearchStatus.CANNOT_TELL, "it fails at random")
        job.end(BisectEnd(status=Ending.DONE, message=found.message, found=found))
    else:
        shape = {"project": "/home/ada/work/api", "command": command, "pythons": ("3.12.4",)}
        shape |= {"columns": ((),), "cells": (CELL,)}
        job = Job(MatrixPlan(operation=Operation.MATRIX, **shape, **same))
        end = CellEnd(1, CellStatus.PASSED, 0, 1.2, 0.5, output=("ok",))
        job.tell(end)
        job.end(MatrixEnd(status=Ending.DONE, message="1 of 1 passed", cells=(end,)))
    job.drain(made_up.NOW)
    return job


async def open_view(pilot, view, made_up):
    """Go to a view from the list."""
    app = pilot.app
    await pilot.press(*VIEWS[view])
    if view in SHOWS:
        module, show = SHOWS[view]
        shown = getattr(importlib.import_module(f"envdeck.tui.operations.{module}"), show)
        queue = app.main.operations.need_queue(app.main.operations.operating)
        app.push_screen(shown(queue, job_of(view, made_up), app.main.look))
    await pilot.pause()


@pytest.fixture
def opened(open_screen, made_up, monkeypatch):
    monkeypatch.setattr(caches, "finder", lambda *_: lambda _stopped: iter([CACHE]))
    monkeypatch.setattr(EnvDeck, "open_walking", staticmethod(lambda *_: MadeUpWalking()))

    def open_with(**more):
        from envdeck.core.model import Unreadable

        source = made_up.MemorySource(made_up.many(20))
        scan = source.scan

        def scanning(*given, **named_):
            yield Unreadable("/home/ada/secret", "permission denied")
            yield from scan(*given, **named_)

        source.scan = scanning
        operations = ChoosingOperations()
        operations.items, operations.past = ITEMS, PASTS
        return open_screen(source, operations=operations, **more)

    return open_with


@pytest.mark.parametrize(
    "view",
    [pytest.param(one, marks=() if one in USUAL else pytest.mark.slow) for one in VIEWS],
)
async def test_every_key_acts_or_says_why_not(opened, view, wait_until, made_up):
    async with opened() as pilot:
        app = pilot.app
        await open_view(pilot, view, made_up)
        main = view in list(VIEWS)[:7]
        await wait_until(lambda: (app.screen is app.main) == main)
        home = app.screen
        inside = app.main.panes.inside
        silent = []
        for action in ACTIONS:
            if action.id in ENDS:
                continue
            for key in map(named, keys_of(action.id, {})):
                answered = key in app.screen.active_bindings
                app.clear_notifications()
                await pilot.press(key)
                await pilot.pause()
                said = [one.message for one in app._notifications]
                acts = answered or app.screen is not home
                if not acts and not any(" does nothing in " in one for one in said):
                    silent.append((action.id, key, said))
                while app.screen is not home and len(app.screen_stack) > 1:
                    app.pop_screen()
                    await pilot.pause()
                for field in app.screen.query("Input"):
                    if field.has_focus:
                        await pilot.press("escape")
                if inside and not app.main.panes.inside:
                    await pilot.press(*VIEWS[view])
                elif not inside and app.main.panes.inside and home is app.main:
                    await pilot.press("escape")
        assert silent == []


async def test_every_view_names_the_key_for_help(opened, made_up, wait_until):
    async with opened() as pilot:
        app = pilot.app
        missing = []
        for view in VIEWS:
            await open_view(pilot, view, made_up)
            if "? help" not in everything(pilot):
                missing.append(view)
            while len(app.screen_stack) > 1:
                app.pop_screen()
                await pilot.pause()
            await pilot.press("escape", "escape")
        assert missing == []


async def test_why_is_told_in_words(opened):
    async with opened() as pilot:
        await pilot.press("H", "d")
        assert "d does nothing in History: nothing here takes room" in everything(pilot)
        await pilot.press("K")
        assert "K does nothing in History: Mark as good is for Timeline" in everything(pilot)
        await pilot.press("q", "R")
        assert "R does nothing in the list: Restore is for Trash" in everything(pilot)
        await pilot.press("3", "t")
        assert "t does nothing in Project" in everything(pilot)


async def test_what_opens_a_view_opens_it_from_every_view(opened):
    async with opened() as pilot:
        await pilot.press("H", "T")
        assert isinstance(pilot.app.screen, TrashScreen)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, HistoryScreen)
        await pilot.press("q")
        assert pilot.app.screen is pilot.app.main
        assert {"trash", "undo"} <= ANYWHERE


async def test_words_narrow_every_view(opened, wait_until):
    async with opened() as pilot:
        await pilot.press("T")
        trash = pilot.app.screen
        await wait_until(lambda: trash.table.rows)
        count = len(trash.table.rows)
        await pilot.press("slash", *"blog", "enter")
        assert 0 < len(trash.table.rows) < count
        assert trash.table.has_focus
        await pilot.press("slash", *" zzz")
        assert not trash.table.rows
        assert "Nothing matches this filter" in everything(pilot)
        await pilot.press("escape")
        assert len(trash.table.rows) == count
        await pilot.press("slash", *"blog", "enter", "q")
        assert pilot.app.screen is trash
        assert len(trash.table.rows) == count
        await pilot.press("q", "H", "slash", *"zzz", "escape", "q")
        assert pilot.app.screen is pilot.app.main


async def test_the_trash_is_sorted_and_its_delete_asks(opened, wait_until):
    async with opened() as pilot:
        await pilot.press("T")
        trash = pilot.app.screen
        await wait_until(lambda: trash.table.rows)
        newest = [item.folder for item in trash.table.rows]
        await pilot.press("s")
        assert "sorted: largest first" in everything(pilot)
        await pilot.press("s")
        by_path = [item.folder for item in trash.table.rows]
        assert by_path != newest
        assert sorted(by_path) == sorted(newest)
        await pilot.press("s")
        assert [item.folder for item in trash.table.rows] == newest
        await pilot.press("d")
        await wait_until(lambda: "Permanently delete" in everything(pilot))
