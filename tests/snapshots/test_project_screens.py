"""The Project tab, the .env tab, and the dialog that asks for values, as they look."""

from dataclasses import replace

import pytest

from envdeck.core.model import ProjectLink, ProjectState
from envdeck.core.project.model import Project
from envdeck.tui.detail import dotenv_dialog as dotenv_values
from envdeck.tui.detail.dotenv_dialog import DotenvValuesDialog
from envdeck.tui.widgets.fields import Secret, SecretField

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (50, 15)], ids=lambda s: f"{s[0]}x{s[1]}"
)


@pytest.fixture
def source(made_up):
    """Three environments, the first one of a project with every trouble."""
    names = ("api", "blog", "shop")
    return made_up.MemorySource(
        [made_up.environment(f"{made_up.HOME}/work/{name}/.venv") for name in names]
    )


def shown(app):
    """Whether the open tab shows what it has read."""
    tab = app.main.panes.detail and app.main.panes.detail.tab
    found = getattr(getattr(tab, "reading", None), "state", None)
    done = type(found).__name__ in {"Compared", "DotenvReport"} or not tab.view.current
    return bool(tab) and done and tab.view.rows and "ing " not in str(tab.view.rows[0])


@SIZES
async def test_project(looks_as_before, source, size):
    await looks_as_before(size, "g", "3", source=source, then=shown)


@SIZES
async def test_dotenv(looks_as_before, source, size):
    await looks_as_before(size, "g", "4", source=source, then=shown)


async def test_all_agrees(looks_as_before, source, made_up):
    fine = made_up.comparison(drifts=(), pythons=(), unchecked=(), agreed=88)
    source.compared = lambda _one: replace(fine, project=replace(fine.project, problems=()))
    await looks_as_before((80, 24), "g", "3", source=source, then=shown)


async def test_declares_nothing(looks_as_before, source, made_up):
    source.compared = lambda _one: made_up.comparison(
        project=Project(made_up.API), parts=(), drifts=(), pythons=(), against="", agreed=0
    )
    await looks_as_before((80, 24), "g", "3", source=source, then=shown)


@pytest.mark.parametrize("state", [ProjectState.NONE, ProjectState.GONE, ProjectState.UNMOUNTED])
async def test_no_project(looks_as_before, made_up, state):
    path = None if state is ProjectState.NONE else f"{made_up.HOME}/work/api"
    link = ProjectLink(state, path)
    source = made_up.MemorySource([made_up.environment(project=link)])
    await looks_as_before((80, 24), "3", source=source)


@SIZES
async def test_values(looks_as_before, source, made_up, size, monkeypatch):
    monkeypatch.setattr(dotenv_values, "read_default", lambda _path, _name: Secret("redis://x"))

    async def ask(pilot, until):
        await pilot.press("g", "4")
        await until(lambda: shown(pilot.app))
        await pilot.press("j", "j", "j", "f")
        await until(lambda: isinstance(pilot.app.screen, DotenvValuesDialog))
        await until(lambda: pilot.app.screen.query(SecretField).first().value)
        await pilot.press("down", "a", "b", "c")

    operations = made_up.MadeUpOperations()
    await looks_as_before(size, source=source, operations=operations, first=ask)
