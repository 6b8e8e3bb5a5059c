"""The bases of environments: which rest on which, what each carries, and those that are gone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from envdeck.core.catalog import Scope
from envdeck.core.model import (
    Distribution,
    Environment,
    Event,
    GlobalPackages,
    Identity,
    Interpreter,
    Python,
    Size,
    Status,
)
from envdeck.core.query import Query, search_text
from envdeck.text.safe import ASCII
from envdeck.tui.base.messages import FilterRequested
from envdeck.tui.machine.groups import InterpreterBase, add_dependants, bases, query_for
from envdeck.tui.machine.interpreters import (
    InterpretersScreen,
    base_detail,
    base_rows,
    draw_base,
    heading,
)
from envdeck.tui.widgets.line import Display, line_text, line_width
from envdeck.tui.widgets.line_list import LineList


def interpreter(prefix: str, version: str | None = "3.12.4", **more: object) -> Interpreter:
    values: dict[str, object] = {
        "executable": f"{prefix}/bin/python3",
        "prefix": prefix,
        "identity": Identity(1, hash((prefix, version)) % 1000),
        "version": version,
        "implementation": "cpython",
        "source": "pyenv",
    }
    return Interpreter(**{**values, **more})  # type: ignore[arg-type]  # fields by name


def environment(
    path: str, base: str | None, version: str = "3.12.4", status: Status = Status.OK
) -> Environment:
    executable = f"{base}/bin/python3" if base else None
    python = Python(version, "cpython", f"{path}/bin/python", base, executable)
    size = Size(20, 20_000_000, 20)
    return Environment(path, Identity(1, 1), path, "uv", status, python=python, size=size)


@pytest.fixture
def prefix(home: Path) -> Callable[[str], str]:
    """Return a function that makes a prefix with an executable in it."""

    def make(name: str) -> str:
        folder = home / "versions" / name
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python3").touch()
        return str(folder)

    return make


def told(base: InterpreterBase, cells: int = 78, look: Display | None = None) -> str:
    rows = base_detail(base, look or Display("/home/ada"), cells)
    return "\n".join(line_text(row.line) for row in rows)


def test_the_newest_comes_first_and_versions_are_numbers() -> None:
    found = bases(
        [interpreter("/a", "3.9.1"), interpreter("/b", "3.13.0"), interpreter("/c", None)]
    )
    assert [base.path for base in found] == ["/b/bin/python3", "/a/bin/python3", "/c/bin/python3"]
    assert all(base.dependants is None for base in found)


def test_environments_are_found_on_their_base_and_orphans_by_theirs(
    prefix: Callable[[str], str], home: Path
) -> None:
    twelve, thirteen = prefix("3.12.4"), prefix("3.13.0")
    gone = str(home / "versions" / "3.8.18")
    environments = [
        environment("/a", twelve),
        environment("/b", gone, "3.8.18", Status.BROKEN),
        environment("/c", twelve),
        environment("/d", gone, "3.8.18", Status.BROKEN),
        environment("/e", None),
    ]
    known = bases([interpreter(twelve), interpreter(thirteen, "3.13.0")])
    found = add_dependants(known, environments)
    assert [
        (base.path, base.gone, [one.path for one in base.dependants or ()]) for base in found
    ] == [
        (f"{thirteen}/bin/python3", False, []),
        (f"{twelve}/bin/python3", False, ["/a", "/c"]),
        (gone, True, ["/b", "/d"]),
    ]


def test_two_interpreters_that_are_equal_keep_their_rows(prefix: Callable[[str], str]) -> None:
    twelve = prefix("3.12.4")
    known = bases([interpreter(twelve), interpreter(twelve)])
    assert len(add_dependants(known, [environment("/a", twelve)])) == 2


def test_a_row_says_everything_in_words() -> None:
    folder = GlobalPackages("/x/site-packages", "site-packages", ("black", "requests"))
    ended = interpreter("/x", "3.8.18", end_of_life="2024-10-07", global_packages=(folder,))
    look = Display("/home/ada")
    rows = base_rows(
        [InterpreterBase(ended, "/x/bin/python3", ()), InterpreterBase(None, "/y/3.7", ())]
    )
    text = [line_text(draw_base(row, 79, look)) for row in rows]
    assert text[0].split() == [
        "CPython",
        "3.8.18",
        "pyenv",
        "0",
        "2",
        "●",
        "end",
        "of",
        "life",
        "/x",
    ]
    assert text[1:3] == ["", " Missing, but used by environments"]
    assert text[3].split() == ["✗", "missing", "0", "/y/3.7"]
    managed = InterpreterBase(
        interpreter("/usr", source="system", externally_managed=True), "/usr/bin/python3"
    )
    row = line_text(draw_base(base_rows([managed])[0], 119, look))
    assert row.split() == ["CPython", "3.12.4", "system", "…", "–", "externally", "managed", "/usr"]
    assert "PEP 668" in line_text(draw_base(base_rows([managed])[0], 79, look))
    narrow = line_text(draw_base(rows[0], 49, look))
    assert narrow.rstrip().endswith("● EOL")


@pytest.mark.parametrize("cells", [49, 66, 79, 119])
def test_rows_keep_to_the_width(cells: int) -> None:
    look = Display("/home/ada", signs=ASCII)
    long = "/home/ada/" + "long-name/" * 12
    found = [
        InterpreterBase(interpreter(long, "3.8.18+" + "x" * 40, end_of_life="2024"), long, ()),
        InterpreterBase(None, long, (environment(long, None),)),
    ]
    lines = [draw_base(row, cells, look) for row in base_rows(found)] + [heading(cells)]
    lines += [row.line for base in found for row in base_detail(base, look, cells)]
    assert all(line_width(line) <= cells for line in lines)
    assert all(line_text(line).isascii() for line in lines)


def test_a_clean_global_python_is_praised_and_the_others_are_told_why() -> None:
    clean = told(InterpreterBase(interpreter("/x"), "/x/bin/python3", ()))
    assert "Global packages  none beyond pip" in clean
    assert "Used by  none" in clean
    folders = (
        GlobalPackages("/usr/lib/python3/dist-packages", "dist-packages", tuple("abcdefghijklmn")),
        GlobalPackages("/home/ada/.local/lib/x", "user", ("ansible",)),
        GlobalPackages("/x/site-packages", "site-packages", ()),
    )
    base = interpreter(
        "/usr",
        global_packages=folders,
        aliases=("/usr/local/bin/python",),
        externally_managed=True,
        end_of_life="2026-10",
    )
    text = told(InterpreterBase(base, "/usr/bin/python3", None), 200)
    assert "Global packages  15 packages" in text
    assert "14 in dist-packages, managed by the system package manager" in text
    assert "a, b, c, d, e, f, g, h, i, j, k, l\n" in text
    assert "and 2 more  enter: show all" in text
    assert "1 in user site, visible to every Python 3.12 outside environments" in text
    assert "~/.local/lib/x" in text
    assert "Avoid global packages: use an environment, pipx or uv tool instead." in text
    assert "also /usr/local/bin/python" in text
    assert "externally managed (PEP 668)" in text
    assert "end of life since 2026-10" in text
    assert "Used by  looking…" in text


def test_a_base_that_is_gone_says_what_that_means() -> None:
    resting = (environment("/home/ada/api/.venv", "/y", status=Status.BROKEN),)
    text = told(InterpreterBase(None, "/y", resting))
    assert "✗ Base interpreter not found." in text
    assert "✗ broken" in text
    assert "~/api/.venv" in text
    assert "20 MB" in text


@pytest.mark.parametrize(
    "path", ["/home/ada/my api/.venv", '/home/ada/"q"/longer/.venv', "/home/ada/a\nbc\udcff/.venv"]
)
def test_the_query_for_a_path_finds_it(path: str) -> None:
    query = Query.parse(query_for(path), 0.0)
    assert query.matches(environment(path, None), search_text(environment(path, None)))
    assert query_for(path).isprintable()


class NoSource:
    """A source that is not asked anything here."""

    def remembered(self, scope: Scope) -> tuple[Environment, ...]:
        raise NotImplementedError

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        raise NotImplementedError

    def scan(self, scope: Scope, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        raise NotImplementedError

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        raise NotImplementedError

    def measure(self, environment: Environment) -> Size:
        raise NotImplementedError

    def refresh(self, environment: Environment) -> Environment | None:
        raise NotImplementedError


class Harness(App[None]):
    """Shows the view and keeps what it asks for."""

    def __init__(self, environments: list[Environment], interpreters: list[Interpreter]) -> None:
        super().__init__()
        look = Display("/home/ada")
        self.view = InterpretersScreen(NoSource(), environments, interpreters, look=look)
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


def is_known(app: Harness) -> Callable[[], bool]:
    def known() -> bool:
        base = app.view.about.base
        return base is not None and base.dependants is not None

    return known


def text_of(view: LineList[object]) -> str:
    return "\n".join(view.render_line(y).text.rstrip() for y in range(view.size.height))


async def test_enter_leads_to_an_environment_and_back_leads_out(
    prefix: Callable[[str], str], home: Path
) -> None:
    twelve = prefix("3.12.4")
    hostile = "/home/ada/[@click=app.quit]x\n[/]"
    app = Harness(
        [
            environment("/home/ada/api/.venv", twelve),
            environment(hostile, twelve),
            environment("/home/ada/old", str(home / "no"), status=Status.BROKEN),
        ],
        [interpreter(twelve)],
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, is_known(app))
        assert "1 found · 1 missing, used by 1 environment" in (app.view.title_label.render().plain)
        assert "[@click=app.quit]x\\n[/]" in text_of(app.view.about)
        await pilot.press("enter")
        assert app.view.about.has_focus
        await pilot.press("enter")
        assert app.queries == ['"/home/ada/api/.venv"']
        await pilot.press("h")
        assert app.view.table.has_focus
        await pilot.press("j")
        await until(pilot, lambda: app.view.about.base is not None and app.view.about.base.gone)
        await pilot.press("tab", "enter", "shift+tab")
        assert app.queries[1:] == ['"/home/ada/old"']
        assert app.view.table.has_focus
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not app.view)


@pytest.mark.parametrize("columns", [40, 60, 80])
async def test_the_way_back_is_named_at_every_width(columns) -> None:
    app = Harness([], [interpreter("/nowhere")])
    async with app.run_test(size=(columns, 15)) as pilot:
        await until(pilot, lambda: app.screen is app.view)
        told = line_text(app.view.keys.lay_out(columns))
        assert "esc back" in told
        assert "? help" in told


async def test_the_key_that_opens_it_closes_it() -> None:
    app = Harness([], [interpreter("/nowhere")])
    async with app.run_test(size=(50, 15)) as pilot:
        await until(pilot, lambda: app.screen is app.view)
        await pilot.press("i")
        await until(pilot, lambda: app.screen is not app.view)


async def test_without_any_interpreter_it_says_what_to_do() -> None:
    app = Harness([], [])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen is app.view)
        await pilot.press("j", "enter", "tab")
        assert "No base interpreters found yet" in app.view.table.render_line(1).text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not app.view)


async def test_names_unfold_and_all_that_rests_on_it_is_listed(
    prefix: Callable[[str], str],
) -> None:
    twelve = prefix("3.12.4")
    names = tuple(f"name-{number}" for number in range(20))
    folder = GlobalPackages(f"{twelve}/lib", "site-packages", names)
    resting = [environment(f"/home/ada/{name}/.venv", twelve) for name in "ab"]
    app = Harness(resting, [interpreter(twelve, global_packages=(folder,))])
    async with app.run_test(size=(80, 40)) as pilot:
        await until(pilot, is_known(app))
        await pilot.press("enter", "g")
        assert "name-19" not in text_of(app.view.about)
        assert "and 8 more" in text_of(app.view.about)
        await pilot.press("enter")
        assert "name-19" in text_of(app.view.about)
        assert "more" not in text_of(app.view.about).split("Used by")[0].split("\n")[-3]
        await pilot.press("g", "enter")
        assert app.queries == [f"base:{twelve} python:3.12"]
        query = Query.parse(app.queries[0], 0)
        assert all(query.matches(one, search_text(one)) for one in resting)
