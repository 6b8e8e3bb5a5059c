"""Commands of a project, found in its files: make, just, tox, nox, pytest, Django, scripts."""

import ast
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.project.documents import YamlNode, read_yaml, table_at
from envdeck.core.project.manifests.others import parse_setup_cfg
from envdeck.core.project.model import Problem
from envdeck.core.project.parts import sections
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdeck.core.onboarding.project_state import ProjectFacts

LIMIT = 512 * 1024
"""Bytes of a file that names commands."""
TARGETS = ("test", "tests", "check", "run")
"""What is looked for among the targets of a Makefile, or of a justfile."""


@dataclass(frozen=True, slots=True)
class FoundTask:
    """One command of a project."""

    words: str
    """As a person types it with the environment active: `pytest`, `make test`. It names the task,
    and is hostile text."""
    argv: tuple[str, ...]
    """The program by its full path, and its arguments; empty where there is no such program."""
    tests: bool = False
    """Whether it runs the tests: then it is proposed first."""
    missing: str = ""
    """What has to be there for it: `pytest`, `make`."""

    @property
    def id(self) -> str:
        """Its name as an option."""
        return f"command:{self.words}"


Finder: TypeAlias = "Callable[[ProjectFacts], Iterator[FoundTask]]"


def task(
    situation: "ProjectFacts", program: str, *arguments: str, tests: bool = False
) -> FoundTask:
    """Return a task of a program of the environment, or else of the PATH."""
    words = " ".join((program, *arguments))
    path = situation.program(program)
    if path is None:
        return FoundTask(words, (), tests, program)
    return FoundTask(words, (path, *arguments), tests)


_JUST_NAMES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
_RECIPE = re.compile(r"^@?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?!=)", re.MULTILINE)
"""One without parameters: what others want nobody can tell."""


def just_recipes(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield those that are called as tests, checks and runs mostly are."""
    for name in _JUST_NAMES:
        data = read_bounded(os.path.join(situation.folder, name), LIMIT)
        if isinstance(data, Unread):
            continue
        recipes = set(_RECIPE.findall(decode(data)))
        for recipe in TARGETS:
            if recipe in recipes:
                yield task(situation, "just", recipe, tests=recipe.startswith("test"))
        return


_MAKE_NAMES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks."""
_NAMED = re.compile(r"[A-Za-z0-9_. -]+")


def make_targets(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield those that are called as tests, checks and runs mostly are."""
    for name in _MAKE_NAMES:
        data = read_bounded(os.path.join(situation.folder, name), LIMIT)
        if isinstance(data, Unread):
            continue
        targets = set(_targets(decode(data)))
        for target in TARGETS:
            if target in targets:
                yield task(situation, "make", target, tests=target.startswith("test"))
        return


_SETUP = ("setup", "init", "install", "bootstrap", "dev-install", "install-dev", "develop", "deps")
"""What targets and recipes are called that prepare a clone."""


def setup_targets(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a Makefile and of a justfile that prepare a clone, each with its
    file."""
    for names, program, find in (
        (_MAKE_NAMES, "make", _targets),
        (_JUST_NAMES, "just", _RECIPE.findall),
    ):
        for name in names:
            data = read_bounded(os.path.join(folder, name), LIMIT)
            if isinstance(data, Unread):
                continue
            known = set(find(decode(data)))
            yield from ((f"{program} {one}", name) for one in _SETUP if one in known)
            break


def _targets(text: str) -> Iterator[str]:
    """Yield the names before a `:` or `::` that assigns nothing, line by line: a pattern over all
    of it would take forever for a long line of blanks."""
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        is_rule = colon and not rest.removeprefix(":").startswith(("=", ":"))
        if is_rule and _NAMED.fullmatch(head.rstrip(" \t")):
            yield from head.split()


def manage_commands(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield `manage.py test` and `check`, where `manage.py` is Django's."""
    data = read_bounded(os.path.join(situation.folder, "manage.py"), LIMIT)
    if isinstance(data, Unread) or "django" not in decode(data):
        return
    python = situation.python
    for name in ("test", "check"):
        words = f"python manage.py {name}"
        argv = (python, "manage.py", name) if python is not None else ()
        yield FoundTask(words, argv, name == "test", "" if python is not None else "python")


def nox_sessions(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield every session, those whose name begins with `test` as tests."""
    data = read_bounded(os.path.join(situation.folder, "noxfile.py"), LIMIT)
    if isinstance(data, Unread):
        return
    for name in session_names(data):
        yield task(situation, "nox", "-s", name, tests=name.startswith("test"))


def session_names(source: bytes) -> tuple[str, ...]:
    """Return the names of the sessions that a noxfile defines at its top; none where it is no
    Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if _is_session(decorator):
                    names.append(_nox_named(decorator) or node.name)
                    break
    return tuple(names)


def _is_session(decorator: "ast.expr") -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr == "session"
    return isinstance(called, ast.Name) and called.id in {"session", "nox_session"}


def _nox_named(decorator: "ast.expr") -> str:
    if not isinstance(decorator, ast.Call):
        return ""
    for keyword in decorator.keywords:
        value = keyword.value
        if keyword.arg == "name" and isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else ""
    return ""


_SECTIONS = (("tox.ini", "[pytest]"), ("setup.cfg", "[tool:pytest]"))
_FOLDERS = ("tests", "test")


def pytest_run(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield pytest where it is configured, or is installed and there are tests; `unittest` where
    there are tests and nothing says pytest."""
    installed = any(one.name == "pytest" for one in situation.distributions)
    configured, tests = _configured(situation), _has_tests(situation.folder)
    if configured or (installed and tests):
        program = os.path.join(situation.bin, "pytest")
        python = situation.python
        if installed and reach.isfile(program):
            yield FoundTask("pytest", (program,), tests=True)
        elif installed and python is not None:
            yield FoundTask("pytest", (python, "-m", "pytest"), tests=True)
        else:
            yield FoundTask("pytest", (), tests=True, missing="pytest")
    elif tests and situation.python is None:
        yield FoundTask("python -m unittest", (), tests=True, missing="python")
    elif tests and situation.python is not None and not installed:
        words = "python -m unittest discover"
        start = ("-s", tests, "-t", ".") if _is_package(situation.folder, tests) else ("-s", tests)
        yield FoundTask(
            " ".join((words, *start)),
            (situation.python, "-m", "unittest", "discover", *start),
            tests=True,
        )


def _configured(situation: "ProjectFacts") -> bool:
    folder = situation.folder
    if any(reach.isfile(os.path.join(folder, name)) for name in ("pytest.ini", "conftest.py")):
        return True
    if table_at(situation.pyproject, "tool", "pytest"):
        return True
    for name, section in _SECTIONS:
        data = read_bounded(os.path.join(folder, name), LIMIT)
        if not isinstance(data, Unread) and section in decode(data):
            return True
    return any(reach.isfile(os.path.join(folder, name, "conftest.py")) for name in _FOLDERS)


def _has_tests(folder: str) -> str:
    """Return the folder that holds tests, by its name; empty without one."""
    for name in _FOLDERS:
        try:
            with reach.scandir(os.path.join(folder, name)) as entries:
                if any(
                    entry.name.startswith("test_") and entry.name.endswith(".py")
                    for _, entry in zip(range(1000), entries, strict=False)
                ):
                    return name
        except OSError:
            continue
    return ""


def _is_package(folder: str, name: str) -> bool:
    return reach.isfile(os.path.join(folder, name, "__init__.py"))


_TABLES = (("project", "scripts"), ("tool", "poetry", "scripts"))
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,100}")


def project_scripts(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield each with `--help`: it shows that it starts, and ends by itself."""
    for name in dict.fromkeys(_scripts_named(situation)):
        if not _NAME.fullmatch(name):
            continue
        names = (f"{name}.exe", name) if situation.host.windows else (name,)
        paths = [os.path.join(situation.bin, each) for each in names if situation.bin]
        path = next((each for each in paths if reach.isfile(each)), None)
        words = f"{name} --help"
        yield FoundTask(words, (path, "--help") if path else (), missing="" if path else name)


def _scripts_named(situation: "ProjectFacts") -> Iterator[str]:
    for keys in _TABLES:
        yield from table_at(situation.pyproject, *keys)
    path = os.path.join(situation.folder, "setup.cfg")
    if reach.isfile(path):
        parser = parse_setup_cfg(path)
        if not isinstance(parser, Problem):
            told = parser.get("options.entry_points", "console_scripts", fallback="")
            for line in (told or "").splitlines():
                name, equals, _ = line.partition("=")
                if equals:
                    yield name.strip()


def tox_run(situation: "ProjectFacts") -> Iterator[FoundTask]:
    """Yield the run of its usual environments."""
    data = read_bounded(os.path.join(situation.folder, "tox.ini"), LIMIT)
    text = "" if isinstance(data, Unread) else decode(data)
    named = "[tox]" in text or "[testenv" in text
    own = reach.isfile(os.path.join(situation.folder, "tox.toml"))
    if named or own or "tox" in table_at(situation.pyproject, "tool"):
        yield task(situation, "tox", tests=True)


FINDERS: tuple[Finder, ...] = (
    pytest_run,
    manage_commands,
    nox_sessions,
    make_targets,
    just_recipes,
    tox_run,
    project_scripts,
)
_MOST = 40


def find_tasks(situation: "ProjectFacts") -> tuple[FoundTask, ...]:
    """Return the commands of a project: those that can be run first, the tests before others."""
    found: dict[str, FoundTask] = {}
    for one in _all(situation):
        found.setdefault(one.words, one)
    tasks = sorted(found.values(), key=lambda one: (bool(one.missing), not one.tests))
    return tuple(tasks[:_MOST])


def _all(situation: "ProjectFacts") -> Iterator[FoundTask]:
    for finder in FINDERS:
        yield from finder(situation)


@dataclass(frozen=True, slots=True)
class ProjectNeed:
    """Something beside Python that a project needs before it can be worked on."""

    message: str
    """`compose.yaml starts db and redis`."""
    command: str = ""
    """What a person types for it."""


_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_SHOWN = 6
_SERVICES = 200
_MANAGERS = (("pnpm-lock.yaml", "pnpm install"), ("yarn.lock", "yarn install"),
             ("bun.lock", "bun install"), ("package-lock.json", "npm ci"))  # fmt: skip
_HOOKS = (("lefthook.yml", "lefthook install"), ("lefthook.yaml", "lefthook install"),
          ("prek.toml", "prek install"), (".husky", "npm run prepare"))  # fmt: skip
_SUBMODULE = re.compile(r"^\s*path\s*=\s*(\S.*?)\s*$", re.MULTILINE)
_BELOW = ("backend", "server", "api", "app", "src", "web", "django", "project")


def find_needs(situation: "ProjectFacts") -> tuple[ProjectNeed, ...]:
    """Return what else a project needs, in the order in which it is done; read, never run."""
    return tuple(dict.fromkeys(_needs(situation)))[:_MOST]


def _needs(situation: "ProjectFacts") -> Iterator[ProjectNeed]:
    folder, project = situation.folder, situation.project
    modules = read_bounded(os.path.join(folder, ".gitmodules"), LIMIT)
    if not isinstance(modules, Unread):
        empty = [one for one in _SUBMODULE.findall(decode(modules))
                 if not _filled(os.path.join(folder, one))]  # fmt: skip
        if empty:
            told = f"git submodules are not checked out: {_some(empty)}"
            yield ProjectNeed(told, "git submodule update --init --recursive")
    large = read_bounded(os.path.join(folder, ".gitattributes"), LIMIT)
    if not isinstance(large, Unread) and "filter=lfs" in decode(large):
        yield ProjectNeed(".gitattributes keeps files in Git LFS", "git lfs pull")
    yield from _services(folder)
    if reach.isfile(os.path.join(folder, "package.json")):
        lock = (each for each in _MANAGERS if reach.lexists(os.path.join(folder, each[0])))
        if not reach.isdir(os.path.join(folder, "node_modules")):
            _, command = next(lock, ("", "npm install"))
            yield ProjectNeed("the packages of package.json are not installed", command)
    for name, command in _HOOKS:
        if reach.lexists(os.path.join(folder, name)):
            yield ProjectNeed(f"{name} has git hooks", command)
    for command, file in setup_targets(folder):
        yield ProjectNeed(f"{file} has a target that prepares a clone", command)
    for place in ("", *_BELOW):
        path = os.path.join(folder, place, "manage.py")
        data = read_bounded(path, LIMIT)
        if not isinstance(data, Unread) and "django" in decode(data):
            where = os.path.join(place, "manage.py")
            yield ProjectNeed("Django's migrations", f"python {where} migrate")
        if reach.isfile(os.path.join(folder, place, "alembic.ini")):
            where = os.path.join(place, "alembic.ini")
            yield ProjectNeed("Alembic's migrations", f"alembic -c {where} upgrade head")
        if place and _has_tests(os.path.join(folder, place)):
            yield ProjectNeed(f"tests are in {place}", f"cd {place} && pytest")
    if project.members:
        names = [os.path.relpath(one, folder) for one in project.members]
        is_uv = any(one.format == "uv.lock" for one in project.locks)
        yield ProjectNeed(
            f"projects of their own are in {_some(names)}",
            "uv sync --all-packages" if is_uv else f"envdeck onboard {project.members[0]}",
        )
    yield from _missing_tests(situation)


def _services(folder: str) -> Iterator[ProjectNeed]:
    """Yield the services of a Compose file that come as images: what the project runs against."""
    for name in _COMPOSE:
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        read = read_yaml(path)
        if isinstance(read, Problem):
            yield ProjectNeed(f"{name} {read.message}")
            return
        table = next((one.at("services").table for one in read.documents), {})
        named = [each for each, node in list(table.items())[:_SERVICES]
                 if node.string("image") and not _builds(node)]  # fmt: skip
        services = [each for each in named if _NAME.fullmatch(each)]
        if services:
            command = f"docker compose up -d {' '.join(services[:_SHOWN])}"
            yield ProjectNeed(f"services of {name}: {_some(services)}", command)
        return


def _builds(node: "YamlNode") -> bool:
    build = node.at("build")
    return bool(build.text or build.table)


def _missing_tests(situation: "ProjectFacts") -> Iterator[ProjectNeed]:
    """Yield the group or extra that has pytest, where it is not chosen."""
    chosen = {one.id for one in situation.options if one.chosen}
    parts = [one for one in sections(situation.project, None, "")
             if any(each.name == "pytest" for each in one.requirements)]  # fmt: skip
    if any(one.id in chosen or not one.id for one in parts):
        return
    for one in parts[:1]:
        kind, _, name = one.id.partition(":")
        yield ProjectNeed(
            f"pytest is in the {kind} {name}, which is not chosen",
            f"envdeck onboard {situation.folder} --{kind} {name}",
        )


def _filled(folder: str) -> bool:
    try:
        with reach.scandir(folder) as entries:
            return any(True for _ in entries)
    except (OSError, ValueError):
        return False


def _some(names: "list[str]") -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def command_files(folder: str) -> tuple[str, ...]:
    """Return the files that name commands and are there."""
    names = (*_JUST_NAMES, *_MAKE_NAMES, "noxfile.py", "tox.ini")
    return tuple(name for name in names if reach.isfile(os.path.join(folder, name)))
