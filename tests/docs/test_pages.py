"""README.md and docs/ against the program: every name in them exists, and none is missing."""

import ast
import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from envdeck.cli.console import Exit
from envdeck.cli.main import COMMANDS, build_parser, screen_parser, whole_parser
from envdeck.config import COLUMNS, Settings, load
from envdeck.config.load import NAMES
from envdeck.core.discovery.managers import manager_classes
from envdeck.core.health import CheckScope
from envdeck.core.health.examine import CONTENT_CHECKS
from envdeck.core.health.status import STATUS_CHECKS
from envdeck.core.model import Operation, Status
from envdeck.core.onboarding.steps import STEPS
from envdeck.core.operations.guards.check import GUARDS
from envdeck.core.project.locks.find import LOCK_FILES
from envdeck.core.query import Query
from envdeck.core.system.host import Host
from envdeck.tui.base.actions import ACTIONS, keys_of, shown_key
from envdeck.tui.base.keymap import validate_keys

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "envdeck"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]
MOST_WORDS = 1200
EVERYWHERE = {"--help", "--color", "--quiet"}
FOREIGN = {"--force"}
"""Options of other programs that stand alone in the text."""

_ORDER = (
    Operation.DELETE,
    Operation.RECREATE,
    Operation.UPGRADE,
    Operation.INSTALL,
    Operation.UNINSTALL,
    Operation.UNDO,
    Operation.PURGE,
)
"""How the page lists the operations of a guard."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(.+?)\1")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


class Row(NamedTuple):
    """One row of a table, below its heading."""

    cells: tuple[str, ...]

    def names(self, column: int = 0) -> list[str]:
        """Return the code spans of a cell."""
        return spans(self.cells[column])


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """Return the code spans of a text."""
    return [span for _, span in _SPAN.findall(prose(text))]


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return [body for name, body in _FENCE.findall(text) if name == language]


def sections(page: str) -> dict[str, str]:
    """Return the text below each heading of a page, up to the next one."""
    parts = _HEADING.split(page)
    return dict(zip(parts[2::3], parts[3::3], strict=True))


def rows(text: str) -> list[Row]:
    """Return the rows of the tables in a text, without their headings."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()[2:]]
    return [Row(tuple(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def section(page: str, heading: str) -> str:
    """Return the text below one heading."""
    return sections(PAGES[page])[heading]


def anchors(page: str) -> set[str]:
    """Return what a link into a page can name, as GitHub does it."""
    titles = [_LINK.sub(r"\1", title) for _, title in _HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def command_lines(text: str) -> list[str]:
    """Return every call of envdeck that a text shows: in blocks of a shell, and in spans."""
    lines = [line for body in blocks(text, "sh") for line in body.splitlines()]
    parts = [part for line in lines for part in re.split(r"&&|;|\|", line)]
    found = [part.strip() for part in (*parts, *spans(text))]
    return [one for one in found if re.match(r"(\.venv/bin/)?envdeck( |$)", one)]


def options(parser) -> set[str]:
    """Return the long options of a parser, but for its help and those that all have."""
    return {
        name
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--") and name not in EVERYWHERE
    }


def choices() -> set[str]:
    """Return every word that some option or argument is limited to."""
    return {
        str(choice)
        for name in COMMANDS
        for action in build_parser(name)._actions
        for choice in action.choices or ()
    }


def test_the_readme_is_short():
    assert len(README.split()) <= MOST_WORDS


def test_the_readme_has_one_command_to_install_and_one_to_test():
    parts = sections(README)
    (install,), (tests,) = blocks(parts["Install"], "sh"), blocks(parts["Run the tests"], "sh")
    assert re.findall(r"^python3 .*", README, re.MULTILINE) == [install.strip(), tests.strip()]
    assert re.findall(r"^python3 .*pytest.*", README, re.MULTILINE) == [tests.strip()]


def test_the_readme_links_every_page_and_opens_with_a_picture():
    linked = {target.partition("#")[0] for target in _LINK.findall(README)}
    assert linked >= PAGES.keys() - {"README.md"}
    assert re.search(r"^!\[.+\]\(screenshots/.+\)$", README.partition("\n## ")[0], re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_anchor_and_picture_leads_somewhere(page):
    for target in _LINK.findall(prose(PAGES[page])):
        if re.match(r"https://[\w.-]+/", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.resolve().is_file(), target
        if anchor:
            name = str(file.resolve().relative_to(ROOT))
            assert anchor in anchors(PAGES[name]), target


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_can_be_used(page):
    """What has arguments is parsed as it stands; of what only names a command, its options are
    looked up."""
    for line in command_lines(PAGES[page]):
        words = shlex.split(line, comments=True)[1:]
        called = words and not words[0].startswith(("-", "[PATH"))
        if called and not re.search(r"[/~.]", words[0]):
            assert words[0] in COMMANDS, line
            parser = build_parser(words.pop(0))
        else:
            parser = whole_parser() if words and words[0].startswith("-") else screen_parser()
        used = [word for word in words if word.startswith("-") and word not in {"-", "--"}]
        assert set(used) <= set(parser._option_string_actions), line
        pattern = re.search(r"\[|\.\.\.", line)
        if set(words) > set(used) and not pattern:
            parser.parse(words)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_exists(page):
    known = {"-h", "--help", *FOREIGN}
    for parser in (whole_parser(), *map(build_parser, COMMANDS)):
        known.update(name for action in parser._actions for name in action.option_strings)
    told = {span.split()[0] for span in spans(PAGES[page]) if re.match(r"--?\w", span)}
    assert told <= known


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_is_documented_with_all_its_options(name):
    text = section("docs/commands.md", f"envdeck {name}".strip())
    also = re.search(r"^Also: (.*?)\.(?: |$)", text, re.MULTILINE)
    told = [span for row in rows(text) for span in row.names()]
    common = spans(also[1]) if also else []
    found = [word for span in (*told, *common) for word in span.split() if word.startswith("--")]
    assert len(found) == len(set(found))
    assert set(found) == options(build_parser(name) if name else whole_parser())
    known = [span for row in rows(section("docs/commands.md", "Common options")) for span in
             row.names()]  # fmt: skip
    assert set(common) <= {span.split()[0] for span in known}


def test_no_command_is_documented_that_is_not_there():
    titles = [title for title in sections(PAGES["docs/commands.md"]) if title.startswith("envdeck")]
    assert titles == ["envdeck", *(f"envdeck {name}" for name in COMMANDS)]
    shown = {line.split()[1] for line in command_lines(README) if " " in line}
    assert shown >= COMMANDS.keys()


def test_every_choice_of_an_option_is_named():
    named = {word for page in PAGES.values() for span in spans(page) for word in
             re.findall(r"[\w.-]+", span)}  # fmt: skip
    assert choices() <= named


def test_exit_codes():
    told = [row.cells[0] for row in rows(section("docs/commands.md", "Exit codes"))]
    assert told == [str(int(code)) for code in Exit]


def test_keys():
    told = [
        (tuple(row.names(0)), row.names(1)[0])
        for heading, text in sections(PAGES["docs/keys.md"]).items()
        for row in rows(text)
        if heading != "Filter"
    ]
    known = [(tuple(map(shown_key, keys_of(one.id, {}))), one.id) for one in ACTIONS]
    assert sorted(told, key=lambda one: one[1]) == sorted(known, key=lambda one: one[1])


def test_keys_in_the_readme():
    known = {shown_key(key) for action in ACTIONS for key in keys_of(action.id, {})}
    signs = {"↑": "up", "↓": "down"}
    told = [signs.get(key, key) for row in rows(section("README.md", "Keys")) for key in
            row.names()]  # fmt: skip
    assert told
    assert set(told) <= known


def test_filter_terms():
    for row in rows(section("docs/keys.md", "Filter")):
        query = Query.parse(row.names()[0], 0.0)
        assert query, row
        assert not query.problems, row
    (states,) = (row for row in rows(section("docs/keys.md", "Filter")) if "status" in row.cells[0])
    assert set(states.names(1)) >= {status.value for status in Status}
    for state in states.names(1):
        assert not Query.parse(f"status:{state}", 0.0).problems


def test_settings():
    defaults = Settings()
    told = {
        row.names()[0]: row.cells[1] for row in rows(section("docs/configuration.md", "Settings"))
    }
    assert tuple(sorted(told)) == tuple(sorted(NAMES))
    for name, shown in told.items():
        value = getattr(defaults, name.replace("-", "_"))
        if value is None:
            assert shown == "unset"
        else:
            (text,) = spans(shown)
            given = tomllib.loads(f"value = {text}")["value"]
            assert given == (list(value) if isinstance(value, tuple) else value), name
    columns = section("docs/configuration.md", "Columns")
    assert spans(columns) == list(COLUMNS)


def test_the_example_of_a_configuration_can_be_used(tmp_path):
    (example,) = blocks(PAGES["docs/configuration.md"], "toml")
    path = tmp_path / "config.toml"
    path.write_text(example)
    host = Host("linux", str(tmp_path), {"ENVDECK_CONFIG": str(path)})
    configuration = load(host)
    assert configuration.given == set(NAMES)
    assert validate_keys(configuration.settings.keys) == []


def test_environment_variables():
    pattern = re.compile(r"\bENVDECK_[A-Z_]+\b")
    read = {name for path in SOURCE.rglob("*.py") for name in pattern.findall(path.read_text())}
    told = {
        row.names()[0] for row in rows(section("docs/configuration.md", "Environment variables"))
    }
    assert {name for name in told if pattern.match(name)} == read
    assert {name for page in PAGES.values() for name in pattern.findall(page)} == read


def test_managers():
    told = [row.names()[0] for row in rows(section("docs/places.md", "Managers"))]
    assert sorted(told) == sorted(manager.name for manager in manager_classes())
    (count,) = re.findall(r"environments of (\d+) managers", README)
    assert int(count) == len(told)


def test_statuses():
    told = [row.names()[0] for row in rows(section("docs/places.md", "What counts as an "
            "environment"))]  # fmt: skip
    assert told == [status.value for status in Status]


def test_guards():
    told = [
        (row.names()[0], row.cells[1], row.cells[3])
        for row in rows(section("docs/safety.md", "Guards"))
    ]
    every = frozenset(Operation)
    known = [
        (
            guard.name,
            "every change"
            if guard.operations == every
            else ", ".join(one.value for one in _ORDER if one in guard.operations),
            "yes" if guard.overrulable else "no",
        )
        for guard in GUARDS
    ]
    assert told == known
    can = sum(guard.overrulable for guard in GUARDS)
    counts = re.findall(r"(\d+) guards[^.|]*[.,] (\d+) can be overridden", README)
    assert counts == [(str(len(GUARDS)), str(can))] * 2


def test_the_checks_of_health():
    statuses = [(row.names()[0], row.cells[1]) for row in rows(section("docs/health.md", "Status"))]
    assert statuses == [(one.name, one.severity.value) for one in STATUS_CHECKS.values()]
    scopes = {CheckScope.CONTENTS: "scan", CheckScope.FILES: "scan", CheckScope.DEEP: "--deep"}
    scopes[CheckScope.ONLINE] = "--online"
    subjects = {one.subject for one in CONTENT_CHECKS.values()}
    assert subjects
    for subject in subjects:
        told = [
            (row.names()[0], row.cells[1], row.names(2)[0])
            for row in rows(section("docs/health.md", subject.capitalize()))
        ]
        known = [
            (one.name, one.severity.value, scopes[one.scope])
            for one in CONTENT_CHECKS.values()
            if one.subject == subject
        ]
        assert told == known


def test_the_steps_of_project_setup():
    told = [row.names()[0] for row in rows(section("docs/project.md", "Project setup"))]
    assert told == [step.name for step in STEPS]


def test_lock_files():
    assert set(LOCK_FILES) <= set(spans(section("docs/project.md", "Drift")))


def test_the_map_of_the_source():
    told = [name for row in rows(section("README.md", "Contributing")) for name in row.names()]
    assert all((SOURCE / name).is_dir() for name in told)
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert {name.partition("/")[0] for name in told} == folders


def test_the_source_distribution_has_the_pages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"docs", "README.md", "CHANGELOG.md", "LICENSE", "screenshots/*.png"} <= set(included)


def test_the_marker_of_the_long_run_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    markers = {
        line.partition(":")[0] for line in project["tool"]["pytest"]["ini_options"]["markers"]
    }
    told = {name for page in PAGES.values() for name in re.findall(r"pytest -m (\w+)", page)}
    assert told == {"kill"}
    assert told <= markers


@pytest.mark.parametrize(
    "script", sorted((ROOT / "screenshots").glob("*.py")), ids=lambda p: p.name
)
def test_what_makes_the_pictures_imports_what_is_there(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("envdeck"):
            module = import_module(node.module)
            for alias in node.names:
                is_there = hasattr(module, alias.name)
                assert is_there or import_module(f"{node.module}.{alias.name}")
