"""What planning asks of an installer, and uv's answers.

The planning functions take a :class:`Resolver`; the real one is :class:`UvResolver`.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from envdeck.core.model import Environment, OperationEvent
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import Failure, FailureKind, explain
from envdeck.core.operations.engine.runner import Runner, ignore, never
from envdeck.core.operations.engine.tool_change import update_of, version_of
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.engine.uv_formats import Change, read_outdated, read_plan
from envdeck.core.operations.upgrading.release_dates import read_release_days

LIMIT_SECONDS = 180.0
"""What one answer may take: a resolver that has to try old releases takes a minute."""


class UvResolver:
    """The resolver of uv, asked for one environment and never acting on it.

    uv starts the environment's interpreter, and so runs the `.pth` code in it: this is for
    planning what a person asked for, not for looking.
    """

    def __init__(
        self,
        uv: Uv,
        runner: Runner,
        environment: Environment,
        tell: Callable[[OperationEvent], None] = ignore,
        stopped: Callable[[], bool] = never,
    ) -> None:
        self._uv = uv
        self._runner = runner
        self._python = environment.python.executable or ""
        self._tell = tell
        self._stopped = stopped

    def plan(
        self, names: Sequence[str], constraints: Sequence[str], upgrade: Sequence[str]
    ) -> tuple[Change, ...] | Failure:
        """Ask for the dry run of an installation of everything."""
        with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
            done = self._run(
                self._uv.plan(
                    self._python,
                    _lines(folder, "requirements.txt", names),
                    upgrade=tuple(upgrade) or None,
                    constraints=_lines(folder, "constraints.txt", constraints),
                )
            )
        if not done.ok:
            return explain(done)
        plan = read_plan(done)
        return _unread("what it would change") if plan is None else plan

    def latest(self) -> dict[str, str] | Failure:
        """Ask for what is outdated."""
        done = self._run(self._uv.outdated(self._python))
        if not done.ok:
            return explain(done)
        rows = read_outdated(done)
        if rows is None:
            return _unread("its list of what is outdated")
        return {row.name: row.latest for row in rows}

    def released(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Ask for a lock file (PEP 751) of these alone, which holds `upload-time` where the
        index tells it (PEP 700), and costs a tenth of a second after a plan. Any failure
        leaves the days unknown."""
        if not versions:
            return {}
        with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
            pins = [f"{name}=={version}" for name, version in versions.items()]
            command = self._uv.resolve(
                _lines(folder, "requirements.txt", pins), python=self._python, dependencies=False
            )
            done = self._run(_as_lock_file(command))
        return read_release_days(done.stdout, versions) if done.ok else {}

    def _run(self, command: Command) -> Completed:
        return self._runner.run(command, self._tell, self._stopped, limit=LIMIT_SECONDS)


def _unread(what: str) -> Failure:
    """Return why nothing is concluded from an answer in a form that is not known."""
    cause = f"{version_of('uv')} writes {what} in a form that EnvDeck does not know"
    return Failure(FailureKind.TOOL, cause, update_of("uv"))


def _as_lock_file(command: Command) -> Command:
    """Ask for the same resolution in the form of a lock file."""
    end = command.argv.index("--")
    argv = (*command.argv[:end], "--format", "pylock.toml", *command.argv[end:])
    return replace(command, argv=argv, data=True)


def _lines(folder: str, name: str, lines: Iterable[str]) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path
