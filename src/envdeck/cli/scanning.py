"""A scan as a command sees it: progress and warnings on the way, environments at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.core.model import (
    Environment,
    Finished,
    Found,
    FoundInterpreter,
    Interpreter,
    Notice,
    Progress,
    Sized,
    Unreadable,
)
from envdeck.text import tilde

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog, Scope

_SHOWN = 3
"""How many unreadable places are named; more are counted."""


@dataclass(slots=True)
class Scan:
    """One scan of a catalog, told to the person while it runs."""

    context: Context
    catalog: "Catalog"
    scope: "Scope"
    interpreters: list[Interpreter] = field(default_factory=list)
    """Those met so far."""
    finished: Finished = field(
        default_factory=lambda: Finished((), 0, 0, elapsed=0.0, complete=False)
    )
    """How it ended; only meaningful when it has."""
    at_once: bool = False
    """Whether, without sizes, an environment is told when it is found, and once more if what is
    found later (a link to it, its project) adds to it."""
    met: int = 0
    """How many environments were found, whether they are wanted or not."""
    _waiting: dict[str, Environment] = field(default_factory=dict)
    _paths: set[str] = field(default_factory=set)
    _unreadable: list[Unreadable] = field(default_factory=list)
    _shown_at: float = -1.0

    def complete(self) -> Iterator[Environment]:
        """Yield each environment once all of it that was asked for is known.

        That is when it was measured, or, without sizes, when the scan has ended (unless
        :attr:`at_once`), since what is found first can still be replaced. One that could not be
        measured comes last. Without sizes none is told either, even where one is remembered: it
        would be there by chance.
        """
        for event in self.catalog.scan(self.scope):
            match event:
                case Found(environment):
                    known = environment if self.scope.sizes else replace(environment, size=None)
                    self._paths.add(environment.path)
                    self.met = len(self._paths)
                    if self.at_once and not self.scope.sizes:
                        yield known
                    else:
                        self._waiting[environment.path] = known
                case FoundInterpreter(interpreter):
                    self.interpreters.append(interpreter)
                case Sized(path, size):
                    if path in self._waiting:
                        yield replace(self._waiting.pop(path), size=size)
                case Progress():
                    self._show(event)
                case Unreadable():
                    self._unreadable.append(event)
                case Notice(message, hint):
                    self.context.console.warn(message, hint)
                case Finished():
                    self.finished = event
        yield from self._waiting.values()
        self._warn()

    def _show(self, progress: Progress) -> None:
        if 0 <= progress.elapsed - self._shown_at < 0.1:
            return
        self._shown_at = progress.elapsed
        self.context.console.progress(
            f"{progress.phase}: {progress.visited:,} folders, "
            f"{progress.environments:,} environments, {progress.elapsed:.1f} s"
        )

    def _warn(self) -> None:
        console = self.context.console
        if away := self.finished.not_looked_at:
            count = "1 path was" if len(away) == 1 else f"{len(away):,} paths were"
            first = tilde(away[0].path, self.context.host.home)
            console.warn(
                f"{count} {away[0].reason}: `{first}`", hint="envdeck list PATH looks there"
            )
        unreadable = [place for place in self._unreadable if place not in away]
        if len(unreadable) > _SHOWN:
            console.warn(f"{len(unreadable):,} places could not be read")
            return
        for place in unreadable:
            path = tilde(place.path, self.context.host.home)
            console.warn(f"`{path}` could not be read: {place.reason}")
