"""A matrix as a plan: which cells there are, from what each is built, and why one cannot be."""

import os
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from envdeck.core.inspection.interpreter import is_free_threaded
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.requirements import parse_requirement
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    CACHES,
    CellEnd,
    Claims,
    Creation,
    Fact,
    InterpreterOption,
    NoPlan,
    Operation,
    Plan,
    Python,
    Result,
    Step,
    Target,
    minor_of,
)
from envdeck.core.operations.create import choose_source
from envdeck.core.operations.engine.creators import Creator, UvCreator, VenvCreator
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.guards.context import read_only
from envdeck.core.operations.shared.base_interpreter import base_path
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.interpreters import (
    InterpreterRequest,
    admits,
    interpreter_choices,
    interpreter_options,
    known_interpreters,
    pick,
)
from envdeck.core.operations.sources.offer import sources
from envdeck.core.operations.sources.source import (
    InstallMethod,
    PackageSource,
    Parts,
    SourceName,
)
from envdeck.core.operations.staging.stage import MISDIRECTED_HINT, BuildSpec
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.project.model import Project
from envdeck.core.project.project import read_project
from envdeck.core.system.words import counted

_BETWEEN = re.compile(r",(?=\s*[A-Za-z0-9])")
"""Where the next requirement begins: behind a comma of one stands an operator."""
_BRACKETS = re.compile(r"\[[^\]]*\]")
_PRERELEASE = re.compile(r"\d(a|b|rc)\d")
_VERSION = re.compile(r"\d+(\.\d+){0,2}t?")
CELLS = 400
"""Cells at most: a slip of the hand must not make thousands of environments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixChoice:
    """What a person asks for."""

    command: tuple[str, ...]
    pythons: tuple[str, ...] = ()
    """Versions or executables; empty: each minor version here that the project admits."""
    columns: tuple[str, ...] = ()
    """Requirements that are installed besides, with commas between those of one column; an empty
    one is the project as it is."""
    source: str | None = None
    """`lock`, `declared`, or the absolute path of a file; None: as a new environment is made."""
    groups: Sequence[str] | None = None
    extras: Sequence[str] | None = None
    itself: bool = True
    """Whether the project itself is installed, where it can be."""
    limit: float | None = None
    """Seconds after which the command is ended."""
    at_once: int = 0
    """How many cells at once; 0: as many as there are cores."""

    @property
    def parts(self) -> Parts:
        """The groups and extras, as the readers of manifests name them."""
        return Parts.choose(self.groups, self.extras, itself=self.itself)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One environment to be, and what is installed in it."""

    number: int
    """From 1, row by row."""
    python: str
    """The version of its interpreter; what was asked for, where there is none."""
    executable: str = ""
    column: tuple[str, ...] = ()
    """What is installed besides, credentials masked; hostile text."""
    spec: BuildSpec | None = None
    """None where it cannot be built."""
    more: PackageSource | None = None
    """What is installed after that: the requirements of its column, with what is declared."""
    obstacle: str = ""
    """Why it cannot be built, as far as that is known before."""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPlan(Plan):
    """A matrix that is to be run."""

    runner: ClassVar[str] = "envdeck.core.operations.matrix.run"
    project: str
    command: tuple[str, ...]
    pythons: tuple[str, ...]
    """The rows."""
    columns: tuple[tuple[str, ...], ...]
    cells: tuple[MatrixCell, ...]
    limit: float | None = None
    at_once: int = 1

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        project = frozenset({self.project})
        bases = (cell.executable for cell in self.cells if cell.executable)
        return Claims(changes=project, alone=project, reads=frozenset({CACHES, *bases}))


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixEnd(Result):
    """How a matrix ended."""

    cells: tuple[CellEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    python: str
    option: InterpreterOption | None = None
    obstacle: str = ""
    hint: str = ""


def split_requirements(text: str) -> tuple[str, ...]:
    """Return the requirements of a column: `django>=4,<5, psycopg` are two."""
    hidden = _BRACKETS.sub(lambda match: "\0" * len(match[0]), text)
    cuts = [0, *(match.end() for match in _BETWEEN.finditer(hidden)), len(text) + 1]
    parts = (text[a : b - 1].strip() for a, b in pairwise(cuts))
    return tuple(part for part in parts if part)


def plan_matrix(context: Context, project: str, choice: MatrixChoice) -> MatrixPlan | NoPlan:
    """Plan to run a command of a project over interpreters and versions of libraries."""
    if not choice.command:
        return NoPlan("no command to run", missing=True)
    if not os.path.isdir(project):
        return NoPlan(f"`{project}` is not a folder", hint="pass a project folder", missing=True)
    host, real = context.catalog.host, os.path.realpath(project)
    columns = [split_requirements(one) for one in choice.columns] or [()]
    for text in (each for column in columns for each in column):
        if parse_requirement(text) is None:
            return NoPlan(
                f"invalid requirement `{mask_text(text)}`",
                hint='use a name with a version: `--with "django>=5,<6"`',
                missing=True,
            )
    said = read_project(real, hashes=True)
    file = choice.source if choice.source is not None and os.path.isabs(choice.source) else None
    if unknown := choice.parts.unknown(said, file):
        return NoPlan(unknown, missing=True)
    uv = UvAdapter(host, folder=host.home)
    if uv.misdirected:
        return NoPlan(uv.misdirected, MISDIRECTED_HINT)
    rows = _rows(context, said, choice.pythons)
    if isinstance(rows, NoPlan):
        return rows
    if len(rows) * len(columns) > CELLS:
        return NoPlan(f"{len(rows) * len(columns):,} cells are too many (at most {CELLS})",
                      hint="name fewer with --python and --with", missing=True)  # fmt: skip
    creator: Creator = VenvCreator(host, host.home) if uv.problem else UvCreator(uv)
    cells: list[MatrixCell] = []
    for row in rows:
        for column in columns:
            cells.append(_cell(context, said, row, column, choice, creator, len(cells) + 1))
    shown = tuple(tuple(map(mask_text, column)) for column in columns)
    names = (", ".join(one) or "as declared" for one in shown)
    facts = [
        Fact("python", ", ".join(row.python for row in rows)),
        *([Fact("with", "; ".join(names))] if any(shown) else []),
    ]
    return MatrixPlan(
        id=new_id(host),
        operation=Operation.MATRIX,
        targets=(Target(real, None, os.path.basename(real), tuple(facts)),),
        steps=(
            Step(
                f"Run it in {counted(len(cells), 'environment')}",
                tuple(map(mask_text, choice.command)),
            ),
        ),
        warnings=_notes(cells),
        refusals=(read_only(),) if context.policy.read_only else (),
        frees_now_bytes=0,
        project=real,
        command=choice.command,
        pythons=tuple(row.python for row in rows),
        columns=shown,
        cells=tuple(cells),
        limit=choice.limit,
        at_once=max(1, choice.at_once or os.cpu_count() or 1),
    )


def default_pythons(context: Context, project: str) -> tuple[str, ...]:
    """Return the versions that a matrix of a project has where none is asked for. Slow."""
    rows = _rows(context, read_project(os.path.realpath(project)), ())
    return () if isinstance(rows, NoPlan) else tuple(row.python for row in rows)


def _notes(cells: Sequence[MatrixCell]) -> tuple[str, ...]:
    said = (note for cell in cells if cell.spec is not None for note in cell.spec.source.notes)
    return tuple(dict.fromkeys(said))


def _rows(context: Context, said: Project, asked: Sequence[str]) -> list[_Row] | NoPlan:
    known = known_interpreters(context)
    if not asked:
        return _default_rows(interpreter_options(InterpreterRequest(wanted=said.wanted), known))
    rows: dict[str, _Row] = {}
    for text in asked:
        request = InterpreterRequest(wanted=said.wanted, asked=text)
        is_version = _VERSION.fullmatch(text) is not None
        options = (
            interpreter_options(request, known)
            if is_version
            else interpreter_choices(context, None, said.folder, text)
        )
        option = pick(text, options)
        if isinstance(option, NoPlan) and not is_version:
            return option
        row = (
            _Row(text, None, option.message, option.hint)
            if isinstance(option, NoPlan)
            else _admitted(said, option)
        )
        rows.setdefault(row.option.interpreter.executable if row.option else text, row)
    return list(rows.values())


def _default_rows(options: Sequence[InterpreterOption]) -> list[_Row] | NoPlan:
    """Return each minor version once, the oldest first: those that the project admits; where it
    says nothing, those that are still supported."""
    found: dict[str, _Row] = {}
    for option in options:
        one = option.interpreter
        usual = (one.implementation or "cpython") == "cpython" and not (
            is_free_threaded(one.prefix, one.version, one.executable)
            or _PRERELEASE.search(one.version or "")
        )
        admitted = option.fits if option.specifier else one.end_of_life is None
        if usual and admitted and one.version:
            found.setdefault(minor_of(one.version), _Row(one.version, option))
    if not found:
        return NoPlan(
            "no interpreter here that the project admits",
            hint="name one with `--python`, or install one with `uv python install`",
        )
    return [found[minor] for minor in sorted(found, key=_numbers)]


def _numbers(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", minor))


def _admitted(said: Project, option: InterpreterOption) -> _Row:
    one = option.interpreter
    version = one.version or one.executable
    if not admits(said.wanted.specifier, one.version):
        return _Row(version, option, f"the project requires Python {said.wanted.specifier}")
    return _Row(version, option)


def _cell(
    context: Context,
    said: Project,
    row: _Row,
    column: tuple[str, ...],
    choice: MatrixChoice,
    creator: Creator,
    number: int,
) -> MatrixCell:
    """Return one cell; what stands in its way is said in it."""
    cell = MatrixCell(
        number=number,
        python=row.python,
        executable=row.option.interpreter.executable if row.option else "",
        column=tuple(map(mask_text, column)),
        obstacle=row.obstacle,
        hint=row.hint,
    )
    if row.option is None or row.obstacle:
        return cell
    file = choice.source if choice.source is not None and os.path.isabs(choice.source) else None
    name = None if file else choice.source
    found = choose_source(said, name, file, row.option, choice.parts)
    if isinstance(found, NoPlan):
        return replace(cell, obstacle=found.message, hint=found.hint)
    more = None
    if column and found.how is InstallMethod.RESOLVE:
        found = _add_column(found, column)
    elif column:
        more = _add_column(_declared(said, row.option, choice.parts), column)
    spec = BuildSpec(
        path=said.folder,
        interpreter=base_path(row.option).executable,
        creator=creator,
        creation=Creation(creator=creator.name, prompt=os.path.basename(said.folder)),
        source=found,
        downloads=context.policy.downloads,
        offline=context.policy.offline,
    )
    return replace(cell, spec=spec, more=more)


def _declared(said: Project, option: InterpreterOption, parts: Parts) -> PackageSource:
    """Return what the project declares, which bounds what a column may change of its lock, and
    tells which packages come from which index."""
    one = option.interpreter
    python = Python(one.version, one.implementation, one.executable)
    offered = sources(None, said, python=python, parts=parts)
    usable = [each for each in offered if each.name is SourceName.DECLARED and each.usable]
    nothing = PackageSource(
        name=SourceName.DECLARED, title="--with", how=InstallMethod.RESOLVE, project=said.folder
    )
    return usable[0] if usable else nothing


def _add_column(source: PackageSource, column: Sequence[str]) -> PackageSource:
    """Return a source with the requirements of a column; what comes from one index alone comes
    from there still."""
    index = {name: one for _, name, one in source.indexed}
    named = [(text, found.name) for text in column if (found := parse_requirement(text))]
    bound = tuple((text, name, index[name]) for text, name in named if name in index)
    return replace(
        source,
        requirements=(*source.requirements, *(text for text, name in named if name not in index)),
        indexed=(*source.indexed, *bound),
        hashes=False,
        places=(*source.places, *((name, "--with") for _, name in named)),
    )
