"""A matrix is run: each cell in a throw-away environment of its own, as many at once as there are
cores.

They are made in an item of EnvDeck's own trash that the journal knows: whatever ends the program,
the next start removes them. Folders of sources are copied there, and built from the copy: a build
writes beside what it builds. What the command itself writes into its project is its own.
"""

import os
import re
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

from envdeck.core.dotenv.report import values_of
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.requirements import parse_requirement
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    CellEnd,
    CellStarted,
    CellStatus,
    CommandStarted,
    Ending,
    Environment,
    OperationEvent,
    OutputLine,
    Result,
    StepProgress,
    StepStarted,
)
from envdeck.core.operations.engine.command import NOT_FOUND, NOT_RUNNABLE, Command, Completed
from envdeck.core.operations.engine.failure import BuildError, explain
from envdeck.core.operations.engine.runner import Runner, leave_out_place
from envdeck.core.operations.matrix.copies import WheelBuilder
from envdeck.core.operations.matrix.plan import MatrixCell, MatrixEnd, MatrixPlan
from envdeck.core.operations.recipe.verify import dependency_problems
from envdeck.core.operations.run_command import Task, task_command
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.sources.source import InstallMethod, PackageSource
from envdeck.core.operations.staging.prove import install_source
from envdeck.core.operations.staging.stage import BuildSpec, StagedBuild
from envdeck.core.operations.transaction.journal import Entry, Move
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    Transaction,
    TransactionPart,
    transaction,
)
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.system.files import read_bounded, reason_of

OUTPUT_LINES = 2_000
"""Lines kept of what the command wrote in one cell."""
_LINE = 500
"""Characters kept of a line."""
_SHEBANG = re.compile(rb"\A#![^\n]*python[0-9.]*[ \t]*(?:-[^\n]*)?\r?\n")
_ENV = re.compile(rb"\A#![^\n]*/env[ \t]")
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*t?(?:\.exe)?\Z")
_MANAGERS = frozenset({"uv", "uvx", "poetry", "pdm", "pipenv", "rye", "hatch"})
"""Programs of their own that run others in the environment that is active."""


class _EndedError(Exception):
    """All cells are over, so that their environments go."""


def run(plan: MatrixPlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Run every cell, telling each that begins and each that ends; nothing stays of them."""
    store = context.store
    entry = Entry(
        id=plan.id,
        group=plan.id,
        operation=plan.operation,
        move=Move.EXCHANGE,
        path=plan.project,
        name=os.path.basename(plan.project),
        manager="uv",
    )
    tell(StepStarted(0, plan.steps[0].title))
    ends: tuple[CellEnd, ...] = ()
    try:
        with transaction(store, entry) as current:
            current.open_item(store.places.trash)
            named = TrashManifest(
                plan.id, plan.operation, plan.project, entry.name, "uv", "", store.host.now()
            )
            current.describe(named, needed=False)
            current.make_staged()
            ends = _Cells(plan, context, current, tell, stopped).run()
            raise _EndedError(_summary(ends))
    except _EndedError:
        pass
    except BusyError as error:
        return Result(Ending.REFUSED, f"a matrix of this project runs already: {error}",
                      guard="in-use", hint="wait until it finishes")  # fmt: skip
    was_stopped = any(one.status is CellStatus.NOT_RUN for one in ends)
    passed = all(one.status is CellStatus.PASSED for one in ends)
    status = Ending.DONE if passed else Ending.FAILED
    return MatrixEnd(
        status=Ending.ROLLED_BACK if was_stopped else status,
        message=_summary(ends),
        stopped=was_stopped,
        cells=ends,
    )


def _summary(ends: Sequence[CellEnd]) -> str:
    """Return how many passed, and how the others ended: `3 of 4 passed, 1 failed`."""
    count = {one: sum(end.status is one for end in ends) for one in CellStatus}
    words = {
        CellStatus.FAILED: "failed",
        CellStatus.NOT_BUILT: "cannot be built",
        CellStatus.TIMED_OUT: "timed out",
        CellStatus.NOT_RUN: "cancelled",
    }
    rest = [f"{count[one]} {word}" for one, word in words.items() if count[one]]
    return ", ".join([f"{count[CellStatus.PASSED]} of {len(ends)} passed", *rest])


@dataclass(slots=True)
class _Cells:
    """The cells of one matrix while they run."""

    plan: MatrixPlan
    context: Context
    current: Transaction
    tell: Tell
    stopped: Stopped
    _broken: Event = field(default_factory=Event)
    """Set when Ctrl-C or a fault came, so that what runs at once is ended."""
    _telling: Lock = field(default_factory=Lock)
    _wheels: WheelBuilder = field(init=False)
    _hides: tuple[str, ...] = field(init=False, repr=False)
    _done: int = 0

    def __post_init__(self) -> None:
        self._hides = values_of(self.plan.project)
        folder = os.path.join(self.current.staged, "sources")
        self._wheels = WheelBuilder(folder, self._runner(), self._is_over)

    def _is_over(self) -> bool:
        return self._broken.is_set() or self.stopped()

    def _runner(self) -> Runner:
        return Runner(self.context.catalog.host, keep=self.current.keep, hides=self._hides)

    def run(self) -> tuple[CellEnd, ...]:
        """Run them all; the first that fails by a fault of ours ends the others."""
        with ThreadPoolExecutor(min(self.plan.at_once, len(self.plan.cells))) as pool:
            try:
                waiting = [pool.submit(self._run, cell) for cell in self.plan.cells]
                return tuple(one.result() for one in waiting)
            except BaseException:
                self._broken.set()
                raise

    def _run(self, cell: MatrixCell) -> CellEnd:
        log: deque[OperationEvent] = deque(maxlen=OUTPUT_LINES)
        try:
            end = self._end(cell, log)
        except BaseException:
            self._broken.set()
            raise
        with self._telling:
            self._done += 1
            self._write(cell, log)
            self.tell(end)
            self.tell(StepProgress(self._done, len(self.plan.cells), "environments"))
        return end

    def _write(self, cell: MatrixCell, log: Sequence[OperationEvent]) -> None:
        """Tell what a cell ran and wrote, in one piece: it goes to the log of the operation."""
        column = ", ".join(cell.column) or "as declared"
        self.tell(OutputLine(f"== {cell.number}: {cell.python}, {column}"))
        for event in log:
            self.tell(event)

    def _say(self, cell: MatrixCell, *, runs: bool) -> None:
        with self._telling:
            self.tell(CellStarted(cell.number, runs))

    def _end(self, cell: MatrixCell, log: deque[OperationEvent]) -> CellEnd:
        number, began = cell.number, time.monotonic()
        if self._is_over():
            return CellEnd(number, CellStatus.NOT_RUN, reason="cancelled")
        if cell.spec is None:
            why = cell.obstacle or "unknown"
            return CellEnd(number, CellStatus.NOT_BUILT, reason=why, hint=cell.hint)
        self._say(cell, runs=False)
        folder = os.path.join(self.current.staged, str(number))
        place = TransactionPart(self.current, folder)
        try:
            made = self._build(cell, cell.spec, place, log)
            building = time.monotonic() - began
            self._say(cell, runs=True)
            end = self._try(cell, made, log)
            return replace(end, build_seconds=building, packages=_versions(cell, made))
        except BuildError as error:
            status = CellStatus.NOT_RUN if error.stopped else CellStatus.NOT_BUILT
            return CellEnd(
                number,
                status,
                build_seconds=time.monotonic() - began,
                reason=error.message,
                hint=error.way_out(folder, self.context.store),
                output=_texts(log),
            )
        except OSError as error:
            named = f": {error.filename}" if isinstance(error.filename, str) else ""
            reason = f"{reason_of(error)}{named}"
            return CellEnd(number, CellStatus.NOT_BUILT, reason=reason, output=_texts(log))
        finally:
            if os.path.lexists(folder):
                self.context.store.disk.remove_tree(folder)

    def _build(
        self, cell: MatrixCell, spec: BuildSpec, place: TransactionPart, log: deque[OperationEvent]
    ) -> Environment:
        """Make the environment of a cell. Raises :class:`BuildError`."""
        keep = leave_out_place(log.append)
        building = StagedBuild(
            replace(spec, path=place.staged), place, self.context.store, keep, self._is_over,
            project=self.plan.project,
        )  # fmt: skip
        building.make()
        python = building.environment().python.executable or ""
        for source in filter(None, (spec.source, cell.more)):
            if source.empty:
                continue
            built = self._wheels.built(source, python, cell.python, building.uv(), keep)
            building.blueprint = _CellSpec.derive(building.blueprint, built)
            install_source(building)
            if built.how is InstallMethod.UV_SYNC and (local := _local_lines(built)):
                done = building.install_lines(local)
                if not done.ok:
                    raise BuildError.explain(explain(done))
        made = building.environment()
        if problems := dependency_problems(made, spec.source.overrides):
            name, missing = problems[0]
            raise BuildError(f"{name} requires {missing}, which is not installed")
        return made

    def _try(self, cell: MatrixCell, made: Environment, log: deque[OperationEvent]) -> CellEnd:
        """Run the command in the environment of a cell."""
        host, plan, folder = self.context.catalog.host, self.plan, made.path
        command = task_command(Task("", plan.command, plan.project, folder), host)
        own = {"UV_PROJECT_ENVIRONMENT": folder, "UV_NO_SYNC": "1"}
        command = replace(command, environ={**command.environ, **own})
        if another := _another(plan.command[0], command, folder):
            return CellEnd(
                cell.number,
                CellStatus.FAILED,
                reason=f"{os.path.basename(plan.command[0])} is not installed in it; the one at"
                f" {another} uses another Python",
                hint=_way_in(plan.command[0]),
            )
        output: deque[str] = deque(maxlen=OUTPUT_LINES)

        def keep(event: OperationEvent) -> None:
            log.append(event)
            if isinstance(event, OutputLine):
                output.append(event.text[:_LINE])

        done = self._runner().run(command, keep, self._is_over, limit=plan.limit)
        status, reason, hint = _judged(done, plan)
        ended = status in {CellStatus.PASSED, CellStatus.FAILED}
        return CellEnd(
            cell.number,
            status,
            done.code if ended else None,
            done.seconds,
            reason=reason,
            hint=hint,
            output=tuple(output),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CellSpec(BuildSpec):
    """How a cell is built: of a lock that uv installs, nothing is built in the project."""

    @classmethod
    def derive(cls, spec: BuildSpec, source: PackageSource) -> "_CellSpec":
        """Return how a source is installed into what `spec` tells of."""
        return cls(
            path=spec.path,
            interpreter=spec.interpreter,
            creator=spec.creator,
            creation=spec.creation,
            source=source,
            downloads=spec.downloads,
            offline=spec.offline,
        )

    def install_command(self, *arguments: object, **more: object) -> Command:
        """Do as :meth:`BuildSpec.installing`, without what lies in folders on this disk."""
        made: Callable[..., Command] = BuildSpec.install_command
        command = made(self, *arguments, **more)
        if self.source.how is not InstallMethod.UV_SYNC:
            return command
        return replace(command, argv=(*command.argv, "--no-install-local"))


def _local_lines(source: PackageSource) -> list[str]:
    return [line for line in source.requirements if "file://" in line and line[:1] != "-"]


def _texts(log: Sequence[OperationEvent]) -> tuple[str, ...]:
    """Return what was run and written while a cell was built."""
    found: list[str] = []
    for event in log:
        if isinstance(event, CommandStarted):
            found.append(f"$ {' '.join(event.command)}"[:_LINE])
        elif isinstance(event, OutputLine):
            found.append(event.text[:_LINE])
    return tuple(found)


def _judged(done: Completed, plan: MatrixPlan) -> tuple[CellStatus, str, str]:
    """Return how a command ended, why it did not pass, and what helps."""
    if done.stopped:
        return CellStatus.NOT_RUN, "cancelled", ""
    if done.overdue:
        return CellStatus.TIMED_OUT, f"not over after {plan.limit:g} s", ""
    if done.code == 0:
        return CellStatus.PASSED, "", ""
    if done.code < 0:
        return CellStatus.FAILED, f"ended by {signal.Signals(-done.code).name}", ""
    if done.code in {NOT_FOUND, NOT_RUNNABLE} and done.tail:
        return CellStatus.FAILED, done.tail[-1], _way_in(plan.command[0])
    return CellStatus.FAILED, "", ""


def _way_in(program: str) -> str:
    if os.sep in program:
        return ""
    return f"install it with `--with {program}`, or with the group that has it (`--group`)"


def _another(program: str, command: Command, folder: str) -> str:
    """Return where a program lies that would run with another Python than the cell's: what that
    says would be held for a result of the cell. Empty where it does not."""
    path = shutil.which(program, path=command.environ.get("PATH", ""))
    name = os.path.basename(program)
    if os.sep in program or path is None or name in _MANAGERS:
        return ""
    if path.startswith(folder + os.sep):
        return ""
    if _PYTHON.match(name) or os.path.basename(os.path.dirname(path)) == "shims":
        return path
    head = read_bounded(path, 256, whole=False)
    is_bound = isinstance(head, bytes) and _SHEBANG.match(head) and not _ENV.match(head)
    return path if is_bound else ""


def _versions(cell: MatrixCell, made: Environment) -> tuple[tuple[str, str], ...]:
    """Return the versions that were installed of what the column of a cell names."""
    if not cell.column:
        return ()
    there: Mapping[str, str] = {one.name: one.version for one in read_distributions(made)}
    asked = [found.name for text in cell.column if (found := parse_requirement(text))]
    return tuple((name, there[name]) for name in asked if name in there)
