"""Tab 5: what is wrong with an environment, why, and what fixes it."""

from collections.abc import Sequence
from functools import partialmethod
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from envdeck.core.health import CheckScope
from envdeck.core.model import Environment, Finding
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.services import CatalogSource, Operating, PlanRequest
from envdeck.tui.detail.health_report import HealthReader
from envdeck.tui.detail.health_view import (
    AuditGroup,
    CheckGroup,
    group_detail,
    head_line,
    health_rows,
)
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.tab import AnyRow, DetailTab, InstalledState, TabFooting, tab_bindings
from envdeck.tui.dialogs.requests import finding_request, uninstall_request
from envdeck.tui.widgets.finding_lines import finding_detail, fix_words
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.widgets.line_view import LineView

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
        anew = self.reading.show(environment)
        if anew:
            self._unfolded.clear()
        self._build()
        if anew:
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

    def mend(self, operating: Operating, action: str = "mend") -> PlanRequest | str:
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
