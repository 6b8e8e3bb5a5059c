"""Tab 5: what is wrong with an environment, why, and what fixes it."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial, partialmethod
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from envdeck.core.health import CheckScope
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import AuditedPackage, AuditState, Environment, Finding, Severity
from envdeck.text import capitalise, join_some, plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.services import CatalogSource, PlanRequest
from envdeck.tui.detail.health_report import HealthReader, HealthReport
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.tab import (
    BLANK,
    AnyRow,
    DetailTab,
    InstalledState,
    LateRow,
    TabFooting,
    TabRow,
    heading,
    tab_bindings,
    wrap_indented,
)
from envdeck.tui.dialogs.requests import finding_request, uninstall_request
from envdeck.tui.widgets.finding_lines import (
    count_words,
    finding_detail,
    fix_words,
    sentence,
    severity_sign,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

FOLDED_FROM = 6
"""Findings of one check from which they are folded into one row."""
_NAMED = 4
_SIGN = 3


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Many findings of one check, as one row."""

    check: str
    severity: Severity
    findings: tuple[Finding, ...]


def health_rows(
    report: HealthReport, look: Display, cells: int, unfolded: Collection[object]
) -> list[AnyRow]:
    """Return the tab in lines of `cells` cells, errors first; `unfolded` are the keys of the
    groups whose findings are shown."""
    findings = report.findings
    rows: list[AnyRow] = []
    for (severity, check), found in groupby(findings, key=lambda one: (one.severity, one.check)):
        group = CheckGroup(check, severity, tuple(found))
        rows += _group(group, look, cells, unfolded)
    if not findings and report.at is not None:
        good = Part(f"{look.signs.marked} No problems found", Tone.GOOD)
        rows += say([(good,)], look, cells)
    rows += _audited(report, look, cells, unfolded)
    unchecked = list(_unchecked(report, look, cells))
    if unchecked:
        rows += [BLANK, heading("Not checked"), *unchecked]
    return rows


def _group(
    group: CheckGroup, look: Display, cells: int, unfolded: Collection[object]
) -> Iterator[LateRow]:
    indent = 1
    if len(group.findings) >= FOLDED_FROM:
        key = ("check", group.severity, group.check)
        is_open = key in unfolded
        yield LateRow(partial(_group_line, group, look, cells, is_open=is_open), key, group)
        if not is_open:
            return
        indent = 3
    for number, finding in enumerate(group.findings):
        names = (finding.check, finding.subject, finding.message, number)
        yield LateRow(partial(_finding_line, finding, look, cells, indent), names, finding)


def _group_line(group: CheckGroup, look: Display, cells: int, *, is_open: bool) -> Line:
    sign = severity_sign(group.severity, look)
    line: Line = (
        Part(" "),
        sign,
        Part(f" {plain(group.check)}", Tone.STRONG),
        Part(f"  {len(group.findings):,}", sign.tone),
    )
    if not is_open:
        subjects = [look.sentence(one.subject) for one in group.findings if one.subject]
        line = (*line, Part(f"  {join_some(subjects, _NAMED)}" if subjects else ""))
    arrow = look.signs.descending if is_open else look.signs.ready
    return clipped((*line, Part(f" {arrow}", Tone.MUTED)), cells - 1, look.signs.ellipsis)


def _finding_line(finding: Finding, look: Display, cells: int, indent: int) -> Line:
    sign = severity_sign(finding.severity, look)
    line = (Part(" " * indent), sign, Part(" "), *sentence(finding, look))
    return clipped(line, cells - 1, look.signs.ellipsis)


@dataclass(frozen=True, slots=True)
class AuditGroup:
    """The distributions of which the same is known, as one row."""

    state: AuditState
    packages: tuple[AuditedPackage, ...]


def _audited(
    report: HealthReport, look: Display, cells: int, unfolded: Collection[object]
) -> Iterator[AnyRow]:
    """Yield what is known of the advisories, a row for each state that there is."""
    if not report.audited:
        return
    times = [one.asked_at for one in report.audited if one.asked_at is not None]
    yield BLANK
    yield heading("Advisories", f"asked {look.ago(min(times))}" if times else "")
    for state in (
        AuditState.VULNERABLE,
        AuditState.NOT_CHECKED,
        AuditState.SKIPPED,
        AuditState.CLEAN,
    ):
        some = tuple(one for one in report.audited if one.state is state)
        if some:
            key = ("audit", state)
            is_open = key in unfolded
            group = AuditGroup(state, some)
            yield LateRow(partial(_audit_line, group, look, cells, is_open=is_open), key, group)
            for one in some if is_open else ():
                make = partial(_package_line, one, look, cells)
                yield LateRow(make, ("audit", state, one.name), one)


def _audit_line(group: AuditGroup, look: Display, cells: int, *, is_open: bool) -> Line:
    sign, tone = {
        AuditState.VULNERABLE: (look.signs.broken, Tone.ERROR),
        AuditState.CLEAN: (look.signs.marked, Tone.GOOD),
    }.get(group.state, (look.signs.unknown, Tone.MUTED))
    reasons = dict.fromkeys(look.sentence(one.reason) for one in group.packages if one.reason)
    names = (look.sentence(one.name) for one in group.packages)
    said = "; ".join([*reasons][:2]) if reasons else join_some(names, _NAMED)
    line = (
        Part(f" {sign} ", tone),
        Part(f"{len(group.packages):,} {group.state.value}", Tone.STRONG),
        Part("" if is_open else f"  {said}"),
        Part(f" {look.signs.descending if is_open else look.signs.ready}", Tone.MUTED),
    )
    return clipped(line, cells - 1, look.signs.ellipsis)


def _package_line(one: AuditedPackage, look: Display, cells: int) -> Line:
    when = f"asked {look.ago(one.asked_at)}" if one.asked_at is not None else ""
    line = (
        Part(f"   {look.sentence(one.name)} {look.sentence(one.version)}"),
        Part(f"  {look.sentence(one.reason) or when}", Tone.MUTED),
    )
    return clipped(line, cells - 1, look.signs.ellipsis)


def _unchecked(report: HealthReport, look: Display, cells: int) -> Iterator[TabRow]:
    asks = (
        (CheckScope.DEEP, report.deep, "deep", "hash every installed file"),
        (CheckScope.ONLINE, report.online, "online", "ask the index and the advisory service"),
    )
    for kind, answer, action, words in asks:
        names = report.named(kind)
        if names and answer is None:
            line: Line = (
                Part(f"{', '.join(names)}{': only lengths were compared' * (action == 'deep')}"),
                Part("  "),
                Part(look.key(action), Tone.HEADING),
                Part(f": {words}", Tone.MUTED),
            )
            yield from _line(line, look, cells)
    for reason, some in groupby(report.not_checked, key=lambda one: one.reason):
        names = tuple(dict.fromkeys(plain(one.check) for one in some))
        said = f": {look.sentence(reason)}"
        yield from _line((Part(", ".join(names)), Part(said, Tone.MUTED)), look, cells)


def _line(line: Line, look: Display, cells: int) -> Iterator[TabRow]:
    first = (Part(f" {look.signs.unknown} ", Tone.MUTED),)
    return (TabRow(one) for one in wrap_indented(line, look, cells, _SIGN, first=first))


def head_line(report: HealthReport | None, doing: str, look: Display) -> Line:
    """Return how many findings there are, and when what was looked at."""
    if report is None:
        return ()
    parts: list[Line] = []
    findings = report.findings
    if findings:
        parts.append((Part(count_words(findings), Tone.STRONG),))
    if doing:
        parts.append((Part(f"{look.signs.running} {doing}", Tone.ACCENT),))
    if report.online is not None:
        parts.append((Part(f"index asked {look.ago(report.online.at)}", Tone.MUTED),))
    if report.deep is not None:
        parts.append((Part(f"files hashed {look.ago(report.deep.at)}", Tone.MUTED),))
    if report.at is not None:
        parts.append((Part(f"examined {look.ago(report.at)}", Tone.MUTED),))
    elif not doing:
        parts.append((Part(f"examining{look.signs.ellipsis}", Tone.MUTED),))
    line = joined(parts)
    return (line[0]._replace(text=capitalise(line[0].text)), *line[1:]) if line else ()


def group_detail(group: CheckGroup, look: Display) -> Sequence[Line]:
    """Return what is said of findings that are folded."""
    key = Part(look.key("open"), Tone.HEADING)
    return [(Part(" "), key, Part(f": show all {len(group.findings):,}", Tone.MUTED))]


_LOW = 10
"""Lines of the tab below which either the findings or the one under the cursor are shown."""


class FindingLines(LineView):
    """All about the finding under the cursor."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self._shown: tuple[object, str] = (None, "")

    def show(self, about: object, fixes: str) -> None:
        """Show a finding, or findings that are folded, and what the key for fixing does."""
        if self._shown != (about, fixes):
            self._shown = (about, fixes)
            self.lay_out_again()
            self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        about, fixes = self._shown
        match about:
            case Finding():
                return list(finding_detail(about, fixes, self._look, cells))
            case CheckGroup():
                return group_detail(about, self._look)
            case _:
                return ()


class HealthTab(DetailTab):
    """Findings, errors first; below them evidence and remedy of the one under the cursor."""

    DEFAULT_CSS = """
    HealthTab > DrawnList { height: 1fr; }
    HealthTab > FindingLines { border-top: solid $foreground 20%; display: none; }
    HealthTab > FindingLines:focus { border-top: solid $primary; }
    HealthTab.-about > FindingLines { display: block; }
    HealthTab.-low > FindingLines { display: none; }
    HealthTab.-low > FindingLines:focus { display: block; height: 1fr; border-top: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("deep", "online", "back"),
        *tab_bindings("uninstall"),
    ]

    def __init__(self, look: Display, source: CatalogSource) -> None:
        super().__init__(look)
        self.offers = frozenset({"mend", "deep", "online", "uninstall"})
        self.head = TabFooting(look)
        self.view = DrawnList[AnyRow](self._lay)
        self.about = FindingLines(look)
        self.reading = HealthReader(self, source, look, self._build)
        self._unfolded: set[object] = set()

    def compose(self) -> ComposeResult:
        """How many there are, the findings, and the one under the cursor."""
        yield self.head
        yield self.view
        yield self.about

    @property
    def entrance(self) -> Widget:
        """The findings."""
        return self.view

    @property
    def hints(self) -> dict[str, str]:
        """The keys that fix, and that look closer."""
        fix = {"mend": ""} if self._fixes() else {}
        return fix | {"deep": "", "online": ""}

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show the findings of an environment."""
        del installed
        again = self.reading.show(environment)
        if again:
            self._unfolded.clear()
        self._build()
        if again:
            self.view.scroll_to(y=0, animate=False)
            self.view.go("first")

    def left(self) -> None:
        """Examine nothing more."""
        self.reading.leave()

    def read_again(self) -> None:
        """Examine it again; what was hashed or asked may not hold any more."""
        environment = self.reading.environment
        if environment is not None:
            self.reading.forget()
            self.show(environment, None)

    def _build(self) -> None:
        self.view.build()
        self._tell()

    def _lay(self, cells: int) -> Sequence[AnyRow]:
        report, failure = self.reading.report, self.reading.failure
        if failure is not None:
            why = f"{self.look.signs.broken} Cannot examine: {failure.reason}"
            again = (Part(self.look.key("refresh"), Tone.HEADING), Part(": try again", Tone.MUTED))
            return say([(Part(why, Tone.ERROR),), again], self.look, cells)
        return [] if report is None else health_rows(report, self.look, cells, self._unfolded)

    @on(LineList.Moved)
    def _tell(self) -> None:
        """Say what holds now above the findings, and all about the one under the cursor."""
        self.head.tell(head_line(self.reading.report, self.reading.doing, self.look))
        current = self.view.current
        about = current.about if current is not None else None
        about = about if isinstance(about, Finding | CheckGroup) else None
        self.set_class(about is not None, "-about")
        self.about.show(about, self._fixes())
        self.on_resize()
        self.post_message(HintsChanged())

    def on_resize(self) -> None:
        """Give both parts the room there is."""
        height = self.size.height
        self.set_class(height < _LOW, "-low")
        self.head.display = height > 2
        if height >= _LOW:
            lines = len(self.about.lay_out(max(self.size.width - 1, 1)))
            self.about.styles.height = min(lines + 1, max(height // 2, 4))
        else:
            self.about.styles.height = None

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        """Show the findings of a group, or go into what is told of a finding."""
        event.stop()
        row = self.view.current
        if row is not None and isinstance(row.about, CheckGroup | AuditGroup):
            self._unfolded ^= {row.key}
            self._build()
        elif row is not None and isinstance(row.about, Finding):
            self.about.focus()

    def action_back(self) -> None:
        """From what is told of a finding to the findings."""
        if not self.about.has_focus:
            raise SkipAction
        self.view.focus()

    def _ask(self, kind: CheckScope) -> None:
        """Look closer, or cancel that."""
        said = self.reading.ask(kind)
        if said:
            self.notify(said, markup=False)

    action_deep = partialmethod(_ask, CheckScope.DEEP)
    action_online = partialmethod(_ask, CheckScope.ONLINE)

    # the fix

    def _finding(self) -> Finding | None:
        """Return the finding under the cursor, or the first of the group there."""
        row = self.view.current
        match row.about if row is not None else None:
            case Finding() as finding:
                return finding
            case CheckGroup(findings=findings):
                return findings[0]
            case _:
                return None

    def _fixes(self) -> str:
        finding, report = self._finding(), self.reading.report
        if finding is None or report is None:
            return ""
        return fix_words(finding, report.findings, self.look)

    def request_fix(self, operating: "Operations", action: str = "mend") -> PlanRequest | str:
        """Return the operation that fixes what is under the cursor, and what else it fixes; or
        the uninstall of the package that it is about."""
        finding, report = self._finding(), self.reading.report
        environment = self.reading.environment
        if finding is None or report is None or environment is None:
            return "no problem to fix" if action == "mend" else "no package to uninstall"
        if action == "uninstall":
            row = self.view.current
            group = row.about if row is not None else None
            about = group.findings if isinstance(group, CheckGroup) else (finding,)
            names = [one.subject for one in about if one.subject and "/" not in one.subject]
            if not names:
                return "this problem is not about a package"
            return uninstall_request(operating, environment, names, self.look)
        return finding_request(operating, environment, finding, report.findings, self.look)
