"""A new environment for a project: its folder, what is installed, on which interpreter."""

import os
import threading
from dataclasses import replace

from choosing_cases import (
    HOSTILE,
    LOOK,
    NEW_PROJECT,
    NEXT,
    PYTHONS,
    ChoosingOperations,
    Harness,
    shown,
    until,
)

from envdeck.core.model import NoPlan
from envdeck.core.operations.recreate.options import RecreateChoices
from envdeck.tui.recreate.create_dialog import CreateDialog

PROJECT = "/home/ada/work/new"


def dialog(project: str = PROJECT, **changes) -> tuple[Harness, ChoosingOperations]:
    operations = ChoosingOperations(**changes)
    return Harness(CreateDialog(operations, project, LOOK)), operations


async def ready(app: Harness) -> None:
    await until(lambda: app.view.is_mounted and app.view.list.rows and app.view.list.cells)


async def test_what_is_proposed_is_planned_by_enter_alone() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await until(lambda: "~/work/new" in shown(app))
        await until(lambda: "required by the project" in shown(app))
        await pilot.press("enter", "enter")
        await until(lambda: app.answers)
    request = app.answers[0]
    assert request.title == "New environment for ~/work/new"
    request.plan(frozenset())
    assert operations.asked[-1] == ("create", (PROJECT, None, "lock", NEXT.executable))


async def test_another_folder_is_looked_into_and_home_is_a_tilde() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        app.view._field.value = "~/work/other"
        await pilot.press("enter")
        await until(lambda: ("create choices", "/home/ada/work/other") in operations.asked)
        await ready(app)
        await pilot.press("j", "enter", "enter")
        await until(lambda: app.answers)
    app.answers[0].plan(frozenset())
    assert operations.asked[-1][1][:3] == ("/home/ada/work/other", None, "declared")


async def test_what_is_typed_is_read_once_nothing_more_is_typed() -> None:
    app, operations = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("end", *"er")
        await until(lambda: ("create choices", f"{PROJECT}er") in operations.asked)
        assert ("create choices", f"{PROJECT}e") not in operations.asked


async def test_on_a_button_the_keys_are_those_of_the_list_and_not_of_the_field() -> None:
    app, _ = dialog()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        app.view._field.focus()
        await until(lambda: "to the list" in shown(app))
        await pilot.press("shift+tab")
        assert app.screen.focused.id == "go_on"
        await until(lambda: "to the list" not in shown(app))


async def test_an_answer_for_a_folder_left_meanwhile_is_dropped() -> None:
    app, operations = dialog()
    told, hold = operations.create_choices, threading.Event()

    def create_choices(project):
        if project == "/slow":
            hold.wait(60)
            return RecreateChoices((), ())
        return told(project)

    operations.create_choices = create_choices
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        before = app.view._sources.sources
        for folder in ("/slow", "/elsewhere"):
            app.view._field.value = folder
            await until(lambda folder=folder: app.view._field.folder == folder)
        await ready(app)
        hold.set()
        await pilot.pause()
        assert app.view._sources.sources == before


async def test_no_such_folder_says_so_and_keeps_the_field() -> None:
    failure = NoPlan("there is no folder /home/ada/work/new", "name another one")
    app, operations = dialog(fresh=failure)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "There is no folder ~/work/new" in shown(app))
        await until(lambda: "Name another one" in shown(app))
        operations.fresh = NEW_PROJECT
        app.view._field.value = "/there"
        await ready(app)
        await pilot.press("escape")
        await until(lambda: app.answers == [None])


async def test_nothing_locked_or_declared_teaches_what_would_be() -> None:
    app, _ = dialog(fresh=RecreateChoices((), PYTHONS))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await until(lambda: "No lock file or declared dependencies." in shown(app))
        await until(lambda: "pyproject.toml" in shown(app))
        await pilot.click("#go_on")
        await until(
            lambda: "nothing to install: no lock file or declared dependencies" in shown(app)
        )
        assert app.screen is app.view


async def test_without_a_project_it_is_the_current_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, operations = dialog("")
    async with app.run_test(size=(80, 24)):
        await ready(app)
    assert operations.asked[0] == ("create choices", os.getcwd())


async def test_a_folder_that_cannot_be_typed_is_kept_as_it_is() -> None:
    folder = f"/home/ada/{HOSTILE}/\udcff\n"
    app, operations = dialog(folder)
    async with app.run_test(size=(120, 36)) as pilot:
        await ready(app)
        await until(lambda: "\\xff\\n" in shown(app))
        await pilot.press("enter", "enter")
        await until(lambda: app.answers)
    app.answers[0].plan(frozenset())
    assert operations.asked[-1][1][0] == folder


async def test_the_project_itself_can_be_left_out() -> None:
    source = replace(NEW_PROJECT.sources[0], installs_project=True)
    app, operations = dialog(fresh=replace(NEW_PROJECT, sources=(source,)))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app)
        await pilot.press("enter", "j", "space")
        await until(lambda: "[ ]  install the project itself" in shown(app))
        await pilot.press("enter")
        await until(lambda: app.answers)
    app.answers[0].plan(frozenset())
    assert ("without the project", PROJECT) in operations.asked
