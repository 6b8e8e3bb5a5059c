"""The Project tab: what it says for every width, and the way from a drift to what mends it."""

import threading
from dataclasses import replace

import pytest

from envdeck.core.model import ProjectLink, ProjectState
from envdeck.core.project.model import Drift, DriftFix, DriftKind, Project, PythonDrift
from envdeck.text import width
from envdeck.tui.detail.project import ProjectFixes, ProjectTab, find_fix
from envdeck.tui.detail.project_view import project_rows
from envdeck.tui.dialogs.plan import PlanDialog
from envdeck.tui.widgets.key_line import TabLine
from envdeck.tui.widgets.line import Display, line_text

HOME = "/home/ada"
LOOK = Display(HOME, lambda: 1_795_000_000.0)
WIDTHS = (24, 39, 47, 78, 140)


def said(rows):
    return "\n".join(line_text(row.line) for row in rows)


@pytest.fixture
def told(made_up):
    """The lines for a comparison."""

    def lines(cells=78, **changes):
        return project_rows(made_up.comparison(**changes), made_up.environment(), LOOK, cells)

    return lines


@pytest.mark.parametrize("cells", WIDTHS)
def test_no_line_is_wider_than_the_tab(told, cells):
    assert all(width(line_text(row.line)) <= cells for row in told(cells))


@pytest.mark.parametrize("cells", WIDTHS[1:])
def test_each_drift_says_what_which_version_who_and_where(told, cells):
    text = " ".join(said(told(cells)).split())
    assert "84 of 88 packages match uv.lock" in text
    for words in (
        "missing requests",
        "– → 2.32.3",
        "uv.lock:120",
        "mismatch click",
        "8.1.7 → 8.1.8",
        "group dev, extra postgres",
        "out of range jinja2",
        "2.11.3 → >=3,<4",
        "pyproject.toml:9",
        "extraneous left-pad",
        "develops on 3.12, deploys on 3.13",
        "Dockerfile:3",
        "not compared: an editable package",
        "requirements-old.txt:7: this is no requirement",
    ):
        assert words in text


def test_below_is_what_is_declared_locked_and_asked_for(told):
    text = said(told(100))
    assert [line.split() for line in text.splitlines()[-18:] if line.strip()] == [
        ["Declares"],
        ["pyproject.toml", "12", "requirements"],
        ["Installed"],
        ["project", "dependencies", "11", "of", "12", "default"],
        ["group", "dev", "4", "of", "4", "default"],
        ["group", "docs", "0", "of", "3", "not", "selected"],
        ["extra", "postgres", "1", "of", "1", "fully", "installed,", "included"],
        ["Locks"],
        ["uv.lock", "88", "packages"],
        ["Python", "current", "3.12.4"],
        ["required", ">=3.11", "pyproject.toml"],
        ["required", "3.12", ".python-version"],
        ["deployed", "on", "3.13", "Dockerfile:3"],
        ["tested", "on", "3.11,", "3.12", ".github/workflows/ci.yml"],
    ]


def test_where_all_agrees_it_says_so_and_where_something_is_unchecked_it_does_not(told):
    fine = {"drifts": (), "pythons": (), "agreed": 88}
    assert "All 88 packages match uv.lock. No drift" in said(told(100, unchecked=(), **fine))
    assert "No drift" not in said(told(100, **fine))
    assert "match the declared dependencies" in said(told(100, against="", **fine))


def test_hostile_names_stay_text(told):
    drift = Drift(DriftKind.MISSING, "[@click=app.quit]x\x1b[31m\udcff", ">=1\n", None, "/[/]\n/x")
    text = said(told(100, drifts=(drift,)))
    assert "[@click=app.quit]x\\x1b[31m" in text
    assert all(line.isprintable() for line in text.splitlines())


# mending


def drift(fix):
    return Drift(DriftKind.MISSING, "requests", "2", None, fix=fix)


def test_a_drift_is_mended_from_the_lock_with_the_parts_that_count(made_up):
    found = find_fix(made_up.comparison(), drift(DriftFix.FROM_LOCK), LOOK)
    assert found == ProjectFixes(
        "recreate from uv.lock", "lock", None, None, ("dev",), ("postgres",)
    )


def test_of_several_lock_files_the_one_that_was_compared_with_is_taken(made_up):
    base = made_up.comparison()
    other = replace(base.project.locks[0], file=f"{made_up.API}/poetry.lock")
    several = replace(base, project=replace(base.project, locks=(*base.project.locks, other)))
    found = find_fix(several, drift(DriftFix.FROM_LOCK), LOOK)
    assert found.file == f"{made_up.API}/uv.lock"


def test_without_a_lock_it_is_mended_from_what_is_declared(made_up):
    found = find_fix(made_up.comparison(against=""), drift(DriftFix.FROM_DECLARED), LOOK)
    assert (found.source, found.words) == ("declared", "recreate from declared dependencies")


def test_a_python_is_mended_on_the_version_that_is_wanted(made_up):
    base = made_up.comparison()
    found = find_fix(base, base.pythons[0], LOOK)
    assert (found.source, found.interpreter) == ("lock", "3.13")
    nothing = replace(base, project=Project(made_up.API), against="", parts=())
    found = find_fix(nothing, base.pythons[0], LOOK)
    assert (found.source, found.groups, found.extras) == ("exact", None, None)


def test_what_nothing_mends_says_why(made_up):
    base = made_up.comparison()
    assert "cannot fix requests" in find_fix(base, drift(DriftFix.NONE), LOOK)
    impossible = PythonDrift("tested on nothing", f"{made_up.API}/tox.ini", 2)
    assert "edit tox.ini:2" in find_fix(base, impossible, LOOK)


# on the screen


@pytest.fixture
def source(made_up):
    return made_up.MemorySource([made_up.environment()])


async def opened(pilot, wait_until):
    """Open the tab and return it once it has read."""
    await pilot.press("3")
    main = pilot.app.main
    await wait_until(
        lambda: main.panes.detail is not None and isinstance(main.panes.detail.tab, ProjectTab)
    )
    tab = main.panes.detail.tab
    await wait_until(lambda: tab.view.has_focus and tab.comparison is not None)
    await pilot.pause()
    return tab


async def test_edited_files_can_be_kept_in_what_the_key_leads_to(
    open_screen, made_up, wait_until, source
):
    operations = made_up.MadeUpOperations(refusals=(), changes={"replaced_edits": 1})
    async with open_screen(source, operations=operations) as pilot:
        await opened(pilot, wait_until)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        dialog = pilot.app.screen
        await wait_until(lambda: dialog.plan is not None)
        await pilot.press("space")
        await wait_until(lambda: dialog.plan is not None and dialog.plan.keep_edits)
        assert ("keep edits", source.known[0].path) in operations.asked


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (50, 15)])
async def test_the_key_leads_from_a_drift_to_its_plan_and_yes_does_it(
    open_screen, made_up, wait_until, source, size
):
    operations = made_up.MadeUpOperations()
    async with open_screen(source, size, operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        assert tab.view.current.about.name == "requests"
        assert "f: recreate from uv.lock" in line_text(tab.footing.line)
        await pilot.press("f")
        await wait_until(lambda: isinstance(pilot.app.screen, PlanDialog))
        await wait_until(lambda: pilot.app.screen.plan is not None)
        assert pilot.app.focused.id == "cancel"
        path = source.known[0].path
        assert ("parts", (("dev",), ("postgres",))) in operations.asked
        assert ("recreate", (path, "lock", None, None, None, frozenset())) in operations.asked
        read = len(source.read)
        await pilot.press("y")
        await wait_until(lambda: operations.done and len(source.read) > read)


async def test_a_double_click_on_a_python_asks_for_a_recreate_on_it(
    open_screen, made_up, wait_until, source
):
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        index = next(i for i, row in enumerate(tab.view.rows) if isinstance(row.about, PythonDrift))
        await pilot.click(tab.view, offset=(4, index - round(tab.view.scroll_y)), times=2)
        await wait_until(lambda: any(name == "recreate" for name, _ in operations.asked))
        path = source.known[0].path
        assert ("recreate", (path, "lock", None, "3.13", None, frozenset())) in operations.asked


async def test_the_key_acts_on_the_environment_that_the_cursor_went_to(
    open_screen, made_up, wait_until
):
    source = made_up.MemorySource([made_up.environment(f"{HOME}/{name}/.venv") for name in "ab"])
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations) as pilot:
        await pilot.press("g")
        tab = await opened(pilot, wait_until)
        main = pilot.app.main
        await pilot.press("escape")
        main.list.table.action_down()
        main.action_mend()
        await pilot.pause()
        assert tab.reading.environment.path == main.list.listing.current.path
        assert not [name for name, _ in operations.asked if name == "recreate"]
        told = [note.message for note in pilot.app._notifications]
        assert "still comparing with the project" in told


async def test_the_detail_stays_with_the_environment_that_is_mended(
    open_screen, made_up, wait_until
):
    source = made_up.MemorySource([made_up.environment(f"{HOME}/{name}/.venv") for name in "ab"])
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations) as pilot:
        await pilot.press("g")
        await opened(pilot, wait_until)
        before = pilot.app.main.list.listing.cursor
        await pilot.press("f")
        await wait_until(lambda: getattr(pilot.app.screen, "plan", None) is not None)
        await pilot.press("y")
        await wait_until(lambda: operations.done)
        assert pilot.app.main.list.listing.cursor == before


def test_of_thousands_of_drifts_the_first_are_laid_out(told):
    drifts = tuple(replace(drift(DriftFix.FROM_LOCK), name=f"p{number}") for number in range(5000))
    rows = told(drifts=drifts)
    assert "and 4,500 more (see `envdeck diff`)" in said(rows)
    assert len(rows) < 2000


async def test_what_cannot_be_mended_opens_no_dialog(open_screen, made_up, wait_until, source):
    source.compared = lambda _one: made_up.comparison(drifts=(drift(DriftFix.NONE),), pythons=())
    operations = made_up.MadeUpOperations()
    async with open_screen(source, operations=operations) as pilot:
        tab = await opened(pilot, wait_until)
        assert "Cannot fix requests" in line_text(tab.footing.line)
        await pilot.press("f")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.main
        assert not [name for name, _ in operations.asked if name == "recreate"]


async def test_the_key_says_in_the_list_where_it_means_something(
    open_screen, made_up, wait_until, source
):
    async with open_screen(source, operations=made_up.MadeUpOperations()) as pilot:
        await pilot.press("f", "p")
        await pilot.pause()
        told = [note.message for note in pilot.app._notifications]
        assert any("open Project, .env or Health (3, 4, 5)" in one for one in told)
        assert any("open .env to reveal values (4)" in one for one in told)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (ProjectLink(), "No project found."),
        (ProjectLink(ProjectState.GONE, f"{HOME}/gone"), "Project not found: ~/gone"),
        (ProjectLink(ProjectState.UNMOUNTED, "/mnt/x"), "an unmounted disk: /mnt/x"),
    ],
)
@pytest.mark.parametrize("key", ["3", "4"])
async def test_without_a_project_it_teaches_and_reads_nothing(
    open_screen, made_up, wait_until, link, words, key
):
    source = made_up.MemorySource([made_up.environment(project=link)])
    async with open_screen(source, (80, 24)) as pilot:
        await pilot.press(key)
        await wait_until(lambda: pilot.app.main.panes.detail is not None)
        view = None

        def shows():
            nonlocal view
            tab = pilot.app.main.panes.detail.tab
            view = getattr(tab, "view", None)
            return view is not None and words in said(getattr(view, "rows", ()))

        await wait_until(shows)
        assert source.read == []


async def test_a_project_that_declares_nothing_is_told_what_would(
    open_screen, made_up, wait_until, source
):
    source.compared = lambda _one: made_up.comparison(
        project=Project(made_up.API), parts=(), drifts=(), pythons=(), against="", agreed=0
    )
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        assert "No declared dependencies." in said(tab.view.rows)


async def test_a_failure_is_said_in_place_of_the_rows(open_screen, made_up, wait_until, source):
    def fail(_one):
        raise OSError("[/] no such disk")

    source.compared = fail
    async with open_screen(source) as pilot:
        await pilot.press("3")
        await wait_until(
            lambda: (
                "Cannot compare with the project: [/] no such disk"
                in " ".join(said(pilot.app.main.panes.detail.tab.view.rows).split())
            )
        )


async def test_it_is_read_in_a_thread_and_what_was_read_stays_meanwhile(
    open_screen, made_up, wait_until, source
):
    gate, threads = threading.Event(), []
    gate.set()

    def slowly(_one):
        threads.append(threading.current_thread())
        assert gate.wait(60)
        return made_up.comparison()

    source.compared = slowly
    async with open_screen(source) as pilot:
        tab = await opened(pilot, wait_until)
        assert threading.main_thread() not in threads
        gate.clear()
        read = len(threads)  # a scan that ends late has it read once more
        await pilot.press("2", "3")
        await wait_until(lambda: len(threads) > read)
        await pilot.pause()
        assert "requests" in said(tab.view.rows)
        gate.set()


async def test_an_answer_for_another_environment_is_dropped(open_screen, made_up, wait_until):
    first, second = (made_up.environment(f"{HOME}/work/{name}/.venv") for name in ("a", "b"))
    source = made_up.MemorySource([first, second])
    gate = threading.Event()

    def compare(one):
        if one.path == first.path:
            assert gate.wait(60)
        return made_up.comparison(one.project.path)

    source.compared = compare
    async with open_screen(source) as pilot:
        await pilot.press("g", "3")
        await wait_until(lambda: source.read)
        held = {first.path: first, second.path: second}[source.read[0][1]]
        other = second if held is first else first
        if held is second:
            gate.set()
            return
        pilot.app.main.list.table.focus()
        await pilot.press("j")
        tab = pilot.app.main.panes.detail.tab
        await wait_until(lambda: tab.comparison is not None)
        gate.set()
        await pilot.pause()
        assert tab.comparison.project.folder == other.project.path


async def test_all_tabs_fit_beside_the_list_and_a_click_opens_them(open_screen, wait_until, source):
    async with open_screen(source, (100, 30)) as pilot:
        await wait_until(lambda: pilot.app.main.panes.detail is not None)
        await pilot.pause()
        line = pilot.app.main.panes.detail.query_one(TabLine)
        text = str(line.render())
        assert len(text) <= line.content_size.width
        await pilot.click(line, offset=(text.index("Proj") + 1, 0))
        await wait_until(lambda: isinstance(pilot.app.main.panes.detail.tab, ProjectTab))
