"""What is known of the health of environments: read in threads, and kept."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from envdeck.core.health import CheckScope, sort_findings
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import AuditedPackage, Environment, Examination, Finding, NotChecked
from envdeck.text import counted, duration
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.detail.reader import KEPT, Reader
from envdeck.tui.detail.tab import ReadFailure, ReadPending
from envdeck.tui.widgets.line import Display
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from textual.timer import Timer

_TICK = 0.5
"""Seconds between two signs that a long look goes on."""
_DOING = {
    CheckScope.DEEP: ("hashing installed files", "file"),
    CheckScope.ONLINE: ("asking the index", "package"),
}
_NONE = {CheckScope.DEEP: "no check hashes files", CheckScope.ONLINE: "no check asks the index"}


@dataclass(frozen=True, slots=True)
class AskedAnswer:
    """What the checks say that run only when they are asked for."""

    examination: Examination
    at: float


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What is known of the health of one environment."""

    quick: Examination
    at: float | None = None
    """When it was examined; None while only the last scan tells."""
    names: tuple[tuple[CheckScope, tuple[str, ...]], ...] = ()
    """The checks that run only when they are asked for."""
    deep: AskedAnswer | None = None
    online: AskedAnswer | None = None

    def named(self, kind: CheckScope) -> tuple[str, ...]:
        """Return the checks of a kind that run only when they are asked for."""
        return dict(self.names).get(kind, ())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first; what was asked for says more than the quick look did."""
        asked = [one for one in (self.deep, self.online) if one]
        again = set(self.named(CheckScope.DEEP)) if self.deep is not None else set()
        kept = [one for one in self.quick.findings if one.check not in again]
        return sort_findings([*kept, *(one for some in asked for one in some.examination.findings)])

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What could not be looked at, without what waits to be asked for, and without what the
        states of the advisories say."""
        unasked = {name for _, names in self.names for name in names}
        kept = [one for one in self.quick.not_checked if one.check not in unasked]
        asked = [one.examination.not_checked for one in (self.deep, self.online) if one]
        told = {"vulnerable-distribution"} if self.audited else set()
        return (*kept, *(one for some in asked for one in some if one.check not in told))

    @property
    def audited(self) -> tuple[AuditedPackage, ...]:
        """What is known of the advisories for each distribution."""
        return () if self.online is None else self.online.examination.audited


class HealthReader:
    """Examines the environment that is shown. What takes long (hashing, asking the index) is done
    when it is asked for, and its answer is kept until the environment is read again."""

    def __init__(
        self, owner: Widget, source: CatalogSource, look: Display, changed: Callable[[], object]
    ) -> None:
        """Take who shows it, and who is told of news."""
        self.environment: Environment | None = None
        self.failure: ReadFailure | None = None
        self._owner = owner
        self._source = source
        self._look = look
        self._changed = changed
        self._reports: OrderedDict[str, HealthReport] = OrderedDict()
        self._asked: object = None
        self._running: tuple[str, CheckScope, float] | None = None
        """The environment that a long look is at, which, and since when."""
        self._far: tuple[int, int] = (0, 0)
        """How far that is, of how much; 0 where it has not said so. Written by its threads."""
        self._ticks: Timer | None = None
        self._reader: Reader[Environment, HealthReport] = Reader(
            owner, self._read, self._answer, lambda one: (one.path, one.seen_at)
        )
        self._latest: Latest[tuple[str, CheckScope, Examination]] = Latest(
            owner, self._take, self._fail
        )

    @property
    def report(self) -> HealthReport | None:
        """What is known of the environment that is shown."""
        return None if self.environment is None else self._reports.get(self.environment.path)

    @property
    def doing(self) -> str:
        """What long look goes on at the environment that is shown, and how long it has taken."""
        if self._running is None or self.environment is None:
            return ""
        path, kind, since = self._running
        if path != self.environment.path:
            return ""
        took = duration(max(0.0, self._look.clock() - since))
        (doing, unit), (done, total) = _DOING[kind], self._far
        far = f" {done:,} of {counted(total, unit)} ·" if total else ""
        return f"{doing}{self._look.signs.ellipsis}{far} {took}"

    def show(self, environment: Environment) -> bool:
        """Show an environment: the findings of the last scan until it is examined. Return whether
        it is another one than before."""
        before, self.environment = self.environment, environment
        other = before is None or before.path != environment.path
        known = self._reports.get(environment.path)
        if known is None or known.at is None:
            self._keep(environment.path, HealthReport(Examination(environment.findings)))
        if other:
            self.failure = None
        asked = (environment.path, environment.seen_at)
        if asked != self._asked:
            self._asked = asked
            self._reader.ask(environment)
        return other

    def leave(self) -> None:
        """Ask for nothing; when it is shown again it is examined again."""
        self._asked = None
        self._reader.forget()

    def forget(self) -> None:
        """Drop what is known of the environment that is shown: it may not hold any more."""
        if self.environment is not None:
            self._reports.pop(self.environment.path, None)
        self._asked = None

    def _read(self, environment: Environment) -> HealthReport:
        # the tab opens before: this imports every check
        from envdeck.core.health.examine import CONTENT_CHECKS, DEEPENED

        names = tuple(
            (
                kind,
                tuple(
                    one.name
                    for one in CONTENT_CHECKS.values()
                    if one.scope is kind or (kind is CheckScope.DEEP and one.name in DEEPENED)
                ),
            )
            for kind in (CheckScope.DEEP, CheckScope.ONLINE)
        )
        return HealthReport(self._source.examine(environment), self._look.clock(), names)

    def _answer(
        self, environment: Environment, found: HealthReport | ReadPending | ReadFailure
    ) -> None:
        if isinstance(found, HealthReport):
            before = self._reports.get(environment.path)
            if before is not None:
                found = replace(found, deep=before.deep, online=before.online)
            self._keep(environment.path, found)
        shown = self.environment
        if shown is None or shown.path != environment.path or isinstance(found, ReadPending):
            return
        self.failure = found if isinstance(found, ReadFailure) else None
        self._changed()

    def _keep(self, path: str, report: HealthReport) -> None:
        self._reports[path] = report
        self._reports.move_to_end(path)
        while len(self._reports) > KEPT:
            self._reports.popitem(last=False)

    # what takes long

    def ask(self, kind: CheckScope) -> str:
        """Run the checks of a kind, or cancel that where it goes on; return why neither, or that
        it was cancelled."""
        environment, report = self.environment, self.report
        if environment is None or report is None or report.at is None:
            return "still examining"
        names = report.named(kind)
        if self._running is not None and self._running[:2] == (environment.path, kind):
            self._latest.cancel()
            self._end()
            return "cancelled"
        if not names:
            return _NONE[kind]
        self._running, self._far = (environment.path, kind, self._look.clock()), (0, 0)
        if self._ticks is None:
            self._ticks = self._owner.set_interval(_TICK, self._changed)
        self._latest.request(partial(self._examine, environment, kind, names))
        self._changed()
        return ""

    def _examine(
        self, environment: Environment, kind: CheckScope, names: tuple[str, ...], stopped: IsDropped
    ) -> tuple[str, CheckScope, Examination]:
        deep, online = kind is CheckScope.DEEP, kind is CheckScope.ONLINE

        def tell(done: int, total: int) -> None:
            if not stopped():
                self._far = (max(done, self._far[0]), total)

        found = self._source.examine(
            environment, names, deep=deep, online=online, tell=tell, stopped=stopped
        )
        return environment.path, kind, found

    def _take(self, found: tuple[str, CheckScope, Examination]) -> None:
        path, kind, examination = found
        report = self._reports.get(path)
        if report is not None:
            answer = AskedAnswer(examination, self._look.clock())
            deep = kind is CheckScope.DEEP
            changed = replace(report, deep=answer) if deep else replace(report, online=answer)
            self._keep(path, changed)
        self._end()

    def _fail(self, text: str) -> None:
        self._owner.post_message(OutcomeSaid(text, failed=True))
        self._end()

    def _end(self) -> None:
        self._running = None
        if self._ticks is not None:
            self._ticks.stop()
            self._ticks = None
        self._changed()
