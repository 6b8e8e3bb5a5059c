"""Tab 5 as lines."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import groupby

from envdeck.core.health import CheckScope
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import AuditedPackage, AuditState, Finding, Severity
from envdeck.text import capitalise, join_some, plain
from envdeck.tui.detail.health_report import HealthReport
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.tab import BLANK, AnyRow, LateRow, TabRow, heading, wrap_indented
from envdeck.tui.widgets.finding_lines import count_words, sentence, severity_sign
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined

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
