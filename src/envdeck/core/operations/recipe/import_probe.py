"""What could be imported before and cannot now.

It runs the packages' own code, as a person would by using them, and so belongs to acting, never
to looking: after a person's yes, bounded in time, without their secrets, home or network.
"""

import ast
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.runner import Runner, never
from envdeck.core.operations.recipe.import_probe_program import MARK, PROGRAM
from envdeck.core.operations.recipe.recipe import record_of
from envdeck.core.system.files import Unread, decode, read_bounded
from envdeck.core.system.host import Host

MODULES = 5
"""So many modules of one distribution are tried."""
_TOP_LEVEL_LIMIT = 16 * 1024
_ENDINGS = (".py", ".so", ".pyd", ".pyc")
_LEFT_OUT = frozenset({"test", "tests", "testing", "docs", "doc", "examples", "conftest", "setup"})
"""Put at the top by mistake, and made to do something when they are run."""


def modules_of(info: str) -> tuple[str, ...]:
    """Return the modules to import of the distribution whose metadata folder is `info`.

    Packages and modules at the top; of a namespace, which has no `__init__`, the first
    packages in it. Where RECORD tells none (an editable), those that `top_level.txt` names.
    """
    rows = record_of(info)
    found = () if isinstance(rows, Unread) else _recorded(row.path for row in rows)
    if not found:
        data = read_bounded(os.path.join(info, "top_level.txt"), _TOP_LEVEL_LIMIT)
        lines = [] if isinstance(data, Unread) else decode(data).splitlines()
        found = tuple(filter(_is_wanted, (line.strip().replace("/", ".") for line in lines)))
    return found[:MODULES]


def _recorded(paths: Iterable[str]) -> tuple[str, ...]:
    modules: set[str] = set()
    inner: dict[str, set[str]] = {}
    for path in paths:
        if not path.endswith(_ENDINGS) or "__pycache__" in path:
            continue
        *folders, file = path.replace("\\", "/").split("/")
        stem = file.partition(".")[0]
        name = ".".join(folders) if stem == "__init__" else ".".join([*folders, stem])
        if not _is_wanted(name):
            continue
        if not folders or (stem == "__init__" and len(folders) == 1):
            modules.add(name)
        elif stem == "__init__":
            inner.setdefault(folders[0], set()).add(name)
    for top, names in inner.items():
        if top not in modules:
            depth = min(name.count(".") for name in names)
            modules |= {name for name in names if name.count(".") == depth}
    return tuple(sorted(modules, key=lambda name: (name.startswith("_"), name)))


def _is_wanted(name: str) -> bool:
    parts = name.split(".")
    return all(map(str.isidentifier, parts)) and not (
        parts[0] in _LEFT_OUT or parts[0].startswith("__")
    )


_SOURCES = 3_000
_SOURCE_LIMIT = 1024 * 1024
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def is_optional(info: str, module: str) -> bool:
    """Tell whether the distribution whose metadata folder is `info` imports one of its modules,
    and nowhere but where it goes on without it."""
    rows = record_of(info)
    if isinstance(rows, Unread):
        return False
    folder, own, found = os.path.dirname(info), module.replace(".", "/"), False
    paths = [row.path for row in rows if row.path.endswith(".py")]
    for path in paths[:_SOURCES]:
        if path.startswith(("/", "..", f"{own}.py", f"{own}/")):
            continue
        data = read_bounded(os.path.join(folder, path), _SOURCE_LIMIT)
        if isinstance(data, Unread):
            return False
        if module.encode() not in data:
            continue
        try:
            places = list(_imports_of(module, ast.parse(data).body, guarded=False))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False  # what is not for this Python says nothing
        if not all(places):
            return False
        found = found or bool(places)
    return found and len(paths) <= _SOURCES


def _imports_of(module: str, nodes: Iterable[ast.AST], *, guarded: bool) -> Iterator[bool]:
    """Yield of each import of a module whether it is one that may fail."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                told = [alias.name for alias in names]
            case ast.ImportFrom(module=str(origin), level=0, names=names):
                told = [origin, *(f"{origin}.{alias.name}" for alias in names)]
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):
                caught = guarded or any(map(_catches, handlers))
                yield from _imports_of(module, body, guarded=caught)
                yield from _imports_of(module, [*handlers, *orelse, *last], guarded=guarded)
                continue
            case _:
                children = ast.iter_child_nodes(node)
                yield from _imports_of(module, children, guarded=guarded)
                continue
        if any(name == module or name.startswith(f"{module}.") for name in told):
            yield guarded


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _CAUGHT for name in names)


_RESTARTS = 20
"""So many imports may end the interpreter itself before the rest is left untried."""
_ALONE = 20
"""So many distributions that failed are tried again, each in its own interpreter: what was
imported before them may be the cause (setuptools wants to come before distutils)."""
_ARGUMENT_LIMIT = 100_000
"""Bytes; Linux takes 128 KiB in one argument."""
_KEPT = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "USER", "LOGNAME",
        "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    }
)  # fmt: skip
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody (the discard port): what asks the network at import fails at
once, before as after."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Which distributions of an environment can be imported."""

    imported: frozenset[str] = frozenset()
    """Normalised names; every module that was tried could be imported."""
    failed: tuple[tuple[str, str], ...] = ()
    """Name and reason (hostile text, credentials masked)."""
    untried: frozenset[str] = frozenset()
    """Without a module to import, or after the time was up."""
    late: frozenset[str] = frozenset()
    """Of the untried, those for which there was no time left."""
    problem: str = ""
    """Why nothing could be tried (the interpreter does not run), or empty."""
    optional: tuple[tuple[str, str, str], ...] = ()
    """Name, module and reason of what fails and its distribution does without: one with no other
    failures is among the imported."""


class _Runs(Protocol):
    def run(
        self,
        command: Command,
        *,
        stopped: Callable[[], bool] = ...,
        limit: float | None = ...,
    ) -> Completed: ...


@dataclass(frozen=True, slots=True)
class _Try:
    name: str
    module: str


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Whose imports are tried, and which."""

    environment: Environment
    only: Collection[str] | None = None
    """The names that are tried, None for all; to learn what is lost it is enough to try in the
    old environment what failed in the new one."""
    limit: float = 120.0
    """Seconds; the runner's grace comes on top."""
    in_use: bool = False
    """Whether it is not to be written to by what it imports."""


def probe(
    request: ImportRequest,
    host: Host,
    runner: Runner | _Runs,
    folder: str,
    stopped: Callable[[], bool] = never,
) -> Imports:
    """Import the modules of every distribution with the environment's own interpreter.

    `folder` is an empty scratch folder: home and current folder of what runs.
    """
    environment, only = request.environment, request.only
    python = environment.python.executable
    if python is None:
        return Imports(problem="no interpreter")
    names = {listed.name for listed in list_names(environment.site_packages)}
    tries = list(
        dict.fromkeys(  # two of one name have the same modules
            _Try(listed.name, module)
            for listed in list_names(environment.site_packages)
            if only is None or listed.name in only
            for module in modules_of(listed.path)
        )
    )
    session = _Session(request, python, host, runner, folder, stopped, request.limit)
    session.run(tries)
    failed = dict.fromkeys(each.name for each in tries if session.reasons.get(each) is not None)
    for name in list(failed)[:_ALONE]:
        session.run([each for each in tries if each.name == name])
    wanted = names if only is None else names & set(only)
    folders = {listed.name: listed.path for listed in list_names(environment.site_packages)}
    works = {each.name for each, reason in session.reasons.items() if reason is None}
    spared = {
        each
        for each, reason in session.reasons.items()
        if reason is not None
        and each.name in works
        and (each in session.declined or is_optional(folders[each.name], each.module))
    }
    return _judged(wanted, tries, session.reasons, spared, session.problem)


@dataclass(slots=True)
class _Session:
    """Imports in one environment, until its time is up."""

    request: ImportRequest
    python: str
    host: Host
    runner: Runner | _Runs
    folder: str
    stopped: Callable[[], bool]
    left: float
    """Seconds."""
    reasons: dict[_Try, str | None] = field(default_factory=dict)
    """Why an import failed, or None where it did not."""
    declined: set[_Try] = field(default_factory=set)
    """The modules that themselves say that they are not available."""
    problem: str = ""

    def run(self, tries: Sequence[_Try]) -> None:
        """Import one after another, in a new interpreter when one was ended by an import."""
        waiting = list(tries)
        for _ in range(_RESTARTS):
            if not waiting or self.left <= 0 or self.problem or self.stopped():
                return
            part = _part(waiting)
            command = _command(self.request, self.python, self.host, self.folder, part)
            done = self.runner.run(command, stopped=self.stopped, limit=self.left)
            self.left -= done.seconds
            started, found, ended = _read(done.stdout, part)
            self.reasons.update({each: reason for each, (reason, _) in found.items()})
            self.declined -= found.keys()
            self.declined |= {each for each, (_, declined) in found.items() if declined}
            waiting = waiting[len(found) :]
            if done.overdue or done.stopped:
                return
            if not started:
                self.problem = f"interpreter does not run: {_why(done)}"
            elif not ended and len(found) < len(part):
                self.reasons[waiting[0]] = f"crashes the interpreter ({_why(done)})"
                waiting = waiting[1:]


def lost_imports(before: Imports, after: Imports) -> tuple[tuple[str, str], ...]:
    """Return name and reason of what could be imported before and cannot now."""
    return tuple((name, reason) for name, reason in after.failed if name in before.imported)


def lost_options(before: Imports, after: Imports) -> tuple[tuple[str, str], ...]:
    """Return name and reason of the optional modules that are not available any more."""
    without = {module for _, module, _ in before.optional}
    return tuple(
        (name, f"{module}: {reason}")
        for name, module, reason in after.optional
        if name in before.imported and module not in without
    )


def _part(waiting: Sequence[_Try]) -> list[_Try]:
    """Return as many as go into one argument."""
    part, size = [], 0
    for each in waiting:
        size += len(json.dumps(each.module)) + 2
        if size > _ARGUMENT_LIMIT:
            break
        part.append(each)
    return part


def _command(
    request: ImportRequest, python: str, host: Host, folder: str, part: Sequence[_Try]
) -> Command:
    environment = request.environment
    version = environment.python.version or "3"
    old = version.startswith(("2.", "3.0", "3.2", "3.3")) or version == "3.1"
    flags = ("-E", "-s", "-B") if old else ("-I", "-B")
    modules = json.dumps([each.module for each in part])
    environ = _environ(environment, host.environ, folder)
    last = (modules, "in use") if request.in_use else (modules,)
    return Command((python, *flags, "-c", PROGRAM, *last), folder, environ, data=True)


def _environ(environment: Environment, variables: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the few variables that code needs to be imported; what else a person has set may
    be a secret."""
    kept = {
        name: value
        for name, value in variables.items()
        if name.upper() in _KEPT or name.startswith("LC_")
    }
    homes = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    kept |= dict.fromkeys((*homes, "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"), folder)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        kept |= {name: _NOWHERE, name.upper(): _NOWHERE}
    return kept | {
        "VIRTUAL_ENV": environment.path,
        "PYTHONDONTWRITEBYTECODE": "1",  # for the interpreters that it may start itself
        "MPLBACKEND": "Agg",
        "QT_QPA_PLATFORM": "offscreen",
        "CUDA_VISIBLE_DEVICES": "",
    }


def _read(
    stdout: str, part: Sequence[_Try]
) -> tuple[bool, dict[_Try, tuple[str | None, bool]], bool]:
    """Return whether it began, of each import that ended, in order, the reason or None and
    whether the module declines, and whether it came to its end."""
    started = ended = False
    found: dict[_Try, tuple[str | None, bool]] = {}
    for line in stdout.split("\n"):
        if not line.startswith(MARK):
            continue
        try:
            what = json.loads(line[len(MARK) :])
        except (ValueError, RecursionError):
            continue
        match what:
            case ["start"]:
                started = True
            case ["end"]:
                ended = True
            case [int(index), str() | None as reason, *more] if index == len(found) < len(part):
                found[part[index]] = (reason, more == [True])
    return started, found, ended


def _why(done: Completed) -> str:
    if done.code < 0:
        return f"signal {-done.code}"
    return mask_text(done.tail[-1]) if done.tail else f"exit code {done.code}"


def _judged(
    names: set[str],
    tries: Sequence[_Try],
    reasons: Mapping[_Try, str | None],
    spared: Collection[_Try],
    problem: str,
) -> Imports:
    failed: dict[str, str] = {}
    optional: list[tuple[str, str, str]] = []
    for each, reason in reasons.items():
        if reason is not None and each in spared:
            optional.append((each.name, each.module, mask_text(reason)))
        elif reason is not None:
            failed.setdefault(each.name, mask_text(f"{each.module}: {reason}"))
    unfinished = {each.name for each in tries if each not in reasons}
    imported = frozenset(each.name for each in reasons) - failed.keys() - unfinished
    untried = frozenset(names - imported - failed.keys())
    late = frozenset(unfinished - failed.keys())
    failures = tuple(sorted(failed.items()))
    return Imports(imported, failures, untried, late, problem, tuple(sorted(optional)))
