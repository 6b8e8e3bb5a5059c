"""Problems view: the findings of all environments, worst first; and the view of the places that
a scan could not look into or left out, each with its reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, Finding, NotLookedAt, Severity
from envdeck.text import counted, pad, plain
from envdeck.text.environment import count_severities
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import FilterRequested, PlanRequested
from envdeck.tui.dialogs.requests import finding_request
from envdeck.tui.store import Listing
from envdeck.tui.widgets.finding_lines import (
    count_words,
    finding_detail,
    fix_words,
    sentence,
    severity_sign,
    short_counts,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, wrapped
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.list_detail import ListDetailScreen, RowDetail

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations


HEALTH_TAB = 5
_FOLLOW = 0.5
"""Seconds between two looks at whether the list knows more."""
_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A finding of an environment, or (without one) the title above some, or a blank."""

    environment: Environment | None = None
    finding: Finding | None = None
    title: str = ""
    told: tuple[Finding, ...] = ()
    """What the title stands above."""


def problem_rows(environments: Iterable[Environment], *, by_check: bool) -> list[ProblemRow]:
    """Return every finding, in groups by check or by environment, the worst group first."""
    groups: dict[str, list[ProblemRow]] = {}
    for environment in environments:
        for finding in environment.findings:
            name = finding.check if by_check else environment.path
            groups.setdefault(name, []).append(ProblemRow(environment, finding))

    def rank(row: ProblemRow) -> int:
        return _ORDER[row.finding.severity] if row.finding is not None else len(_ORDER)

    def worst(group: tuple[str, list[ProblemRow]]) -> tuple[object, ...]:
        counts = count_severities(row.finding for row in group[1] if row.finding is not None)
        return (*(-count for count in counts[:2]), group[0])

    def by_rank(group: tuple[str, list[ProblemRow]]) -> tuple[object, ...]:
        return min(map(rank, group[1])), *worst(group)

    rows: list[ProblemRow] = []
    for name, some in sorted(groups.items(), key=by_rank):
        told = tuple(row.finding for row in some if row.finding is not None)
        rows += [ProblemRow()] if rows else []
        rows.append(ProblemRow(title=name, told=told))
        rows += sorted(some, key=rank)
    return rows


class ProblemList(LineList[ProblemRow]):
    """The findings, drawn when they are seen."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.by_check = True

    def can_choose(self, row: ProblemRow) -> bool:
        """Findings, and not the titles above them."""
        return row.finding is not None

    def key_of(self, row: ProblemRow) -> object:
        """A finding is named by its environment, its check and what it is about."""
        if row.environment is None or row.finding is None:
            return None
        return (row.environment.path, row.finding.check, row.finding.subject, row.finding.message)

    def draw_row(self, row: ProblemRow, cells: int) -> Line:
        """A finding beside its environment, or a title."""
        look = self.look
        if row.finding is None or row.environment is None:
            if not row.title:
                return ()
            title = plain(row.title) if self.by_check else look.short_path(row.title, cells - 12)
            said, tone = short_counts(row.told, look)
            return (Part(f" {title}", Tone.HEADING), Part(f"  {said}", tone))
        line: Line = (Part(" "), severity_sign(row.finding.severity, look), Part(" "))
        if self.by_check:
            room = min(max(cells // 3, 12), 40)
            path = look.short_path(row.environment.path, room)
            line = (*line, Part(pad(path, room) + "  ", Tone.MUTED))
        return clipped((*line, *sentence(row.finding, look)), cells - 1, look.signs.ellipsis)


class ProblemsScreen(ListDetailScreen[ProblemList, RowDetail[ProblemRow]]):
    """The findings above, all about one of them below. It follows the list as that knows more.

    Posts :class:`~envdeck.tui.messages.FilterRequested` for the environment chosen; whoever
    answers it closes the screen.
    """

    DEFAULT_CSS: ClassVar[str] = """
    ProblemsScreen > .above { height: 1fr; }
    ProblemsScreen > .below { height: 35%; }
    ProblemsScreen.-low > .above { margin-top: 0; }
    ProblemsScreen.-low.-above > .below, ProblemsScreen.-low.-below > .above { display: none; }
    ProblemsScreen.-low.-below > .below { height: 1fr; border-top: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("problems", "mend", "sort")]

    def __init__(
        self, listing: Listing, look: Display, operating: "Callable[[], Operations | None]"
    ) -> None:
        table = ProblemList(look)
        super().__init__(look, table, RowDetail[ProblemRow](self._about, table.key_of))
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self._listing = listing
        self._operating = operating
        self._revision = -1

    def on_mount(self) -> None:
        """Show what is known, and follow it."""
        self._follow()
        self.set_interval(_FOLLOW, self._follow)

    def _follow(self) -> None:
        if self._revision != self._listing.revision:
            self._revision = self._listing.revision
            self._show()

    def _show(self) -> None:
        environments = self._listing.environments()
        rows = problem_rows(environments, by_check=self.table.by_check)
        self.set_class(not rows, "-nothing")
        self.table.say_instead(_empty_line(environments, self.look))
        self.table.show_rows(rows)
        self.tell()

    def tell(self) -> None:
        """Say how many there are, and what keys do."""
        environments = self._listing.environments()
        findings = [one for each in environments for one in each.findings]
        having = sum(bool(each.findings) for each in environments)
        parts = [Part("Problems", Tone.STRONG)]
        if findings:
            parts.append(Part(f"   {count_words(findings)}"))
            parts.append(Part(f" in {counted(having, 'environment')}", Tone.MUTED))
        unknown = sum(not each.examined for each in environments)
        if unknown and findings:
            parts.append(Part(f" · {unknown:,} not examined yet", Tone.MUTED))
        self.title_label.show(tuple(parts))
        other = "by environment" if self.table.by_check else "by check"
        fix = {"mend": ""} if self._fixes() else {}
        hints = {"open": "Health", **fix, "sort": other, "next_pane": "details"}
        self.keys.tell({**(hints if findings else {}), "back": "", "help": ""})

    def row_moved(self) -> None:
        """Show another one below."""
        self.about.show(self.table.current)
        self.tell()

    def row_chosen(self, row: object) -> None:
        """Go to the Health tab of the environment."""
        if isinstance(row, ProblemRow) and row.environment is not None:
            self.post_message(FilterRequested("", path=row.environment.path, tab=HEALTH_TAB))

    def _fixes(self) -> str:
        row = self.table.current
        if row is None or row.finding is None or row.environment is None:
            return ""
        return fix_words(row.finding, row.environment.findings, self.look)

    def _about(self, row: ProblemRow, cells: int) -> Sequence[Line]:
        if row.finding is None or row.environment is None:
            return ()
        fixes = fix_words(row.finding, row.environment.findings, self.look)
        path = self.look.short_path(row.environment.path, max(cells - 2, 8))
        lines = finding_detail(row.finding, fixes, self.look, cells)
        return [(Part(f" {path}", Tone.STRONG),), *lines]

    def action_sort(self) -> None:
        """Group by environment, or by check again."""
        self.table.by_check = not self.table.by_check
        self._show()

    def action_mend(self) -> None:
        """Ask whether the finding under the cursor, and those of its kind, shall be fixed."""
        row = self.table.current
        operating = self._operating() if row is not None else None
        if operating is None or row is None or row.finding is None or row.environment is None:
            return
        environment = row.environment
        found = finding_request(
            operating, environment, row.finding, environment.findings, self.look
        )
        if isinstance(found, str):
            self.notify(found, markup=False)
        else:
            self.post_message(PlanRequested(found))

    action_problems = ListDetailScreen.action_dismiss  # the key that opened it closes it


def _empty_line(environments: Sequence[Environment], look: Display) -> Line:
    unknown = sum(not each.examined for each in environments)
    if unknown:
        said = f"No problems found yet; {counted(unknown, 'environment')} not examined"
        return (Part(said + look.signs.ellipsis, Tone.MUTED),)
    said = f"{look.signs.marked} No problems found in {counted(len(environments), 'environment')}"
    return (Part(said, Tone.GOOD),)


def unreadable_lines(places: Mapping[str, str], look: Display, cells: int) -> list[Line]:
    """Return the places and why, the reason below where it does not fit beside."""
    lines: list[Line] = []
    room = max(cells - 2, 8)
    for path, reason in sorted(places.items()):
        why = Part(look.sentence(reason), Tone.MUTED)
        place = Part(look.path(path), path=True)
        together = (place, Part("  "), why)
        if sum(len(part.text) for part in together) <= room:
            lines.append((Part(" "), *together))
        else:
            lines.append((Part(" "), Part(look.short_path(path, room))))
            lines += [(Part("   "), *line) for line in wrapped((why,), max(room - 2, 8))]
    return lines or [(Part(" No unreadable paths.", Tone.MUTED),)]


def left_out_lines(places: Sequence[NotLookedAt], look: Display, cells: int) -> list[Line]:
    """Return what was left out: each reason once, with its places and what includes each."""
    lines: list[Line] = []
    room = max(cells - 2, 8)
    groups: dict[str, list[NotLookedAt]] = {}
    for place in places:
        groups.setdefault(place.reason, []).append(place)
    for reason, found in groups.items():
        why = Part(look.sentence(reason), Tone.MUTED)
        lines += [(), *((Part(" "), *line) for line in wrapped((why,), room))]
        for place in found:
            lines.append((Part("  "), Part(look.short_path(place.path, room - 1), path=True)))
            hint = Part(look.sentence(place.hint), Tone.MUTED)
            lines += [(Part("    "), *line) for line in wrapped((hint,), max(room - 3, 8))]
    return lines


class _Places(LineView):
    def __init__(
        self, places: Mapping[str, str], left_out: Sequence[NotLookedAt], look: Display
    ) -> None:
        super().__init__()
        self._places = places
        self._left_out = left_out
        self._look = look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay the places out."""
        return [
            *unreadable_lines(self._places, self._look, cells),
            *left_out_lines(self._left_out, self._look, cells),
        ]


class UnreadableScreen(ListDetailScreen[_Places, None]):
    """The places, to read and scroll."""

    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "paths stand by their reason"}
    VIEW: ClassVar[str] = "Unreadable paths"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("unreadable")]

    def __init__(
        self, places: Mapping[str, str], look: Display, left_out: Sequence[NotLookedAt] = ()
    ) -> None:
        others = [place for place in left_out if place.path not in places]
        super().__init__(look, _Places(places, others, look), None)
        self._count = len(places)
        self._left_out = len(others)

    def tell(self) -> None:
        """Say how many there are, and how to leave."""
        where = "not included in the totals" if self.size.width >= 60 else "not in the totals"
        said = f"   {self._count:,} path{'' if self._count == 1 else 's'} {where}"
        if self._left_out:
            said += f", {self._left_out:,} not looked at"
        self.title_label.show((Part("Unreadable paths", Tone.STRONG), Part(said)))
        self.keys.tell({"back": "", "help": ""})

    action_unreadable = ListDetailScreen.action_dismiss  # the key that opened it closes it
