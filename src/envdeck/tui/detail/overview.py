"""Tab 1: overview."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, ProjectState
from envdeck.text import counted, exact_bytes, join_some, pad, plain, size
from envdeck.text.environment import (
    creator_words,
    project_words,
    protection_reason,
    python_name,
    support_words,
)
from envdeck.tui.detail.tab import DetailTab, InstalledState, ReadDone, ReadFailure, ReadPending
from envdeck.tui.widgets.finding_lines import count_words, severity_sign
from envdeck.tui.widgets.line import (
    Display,
    Line,
    Part,
    Tone,
    bar,
    flowed,
    glued,
    joined,
)
from envdeck.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.services import PlanRequest

LABEL_CELLS = 12
_BAR_CELLS = 32
_NOTHING = Part("")
_BELOW = " "
"""The label of what stands under the value above."""
_STATUS_TONES = {"ok": Tone.GOOD, "broken": Tone.ERROR}
_OTHERS = 3
"""Findings that are told below the worst; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Row:
    """A label, and in pieces what it says; the quiet ones say how that is known."""

    label: str = ""
    pieces: tuple[Line, ...] = ()
    sign: Part = _NOTHING
    """What stands before it in place of a label; a blank one sets it in."""


def _row(label: str, *pieces: Line | str) -> Row:
    """Return a row; a plain text among its pieces is said quietly."""
    told = ((Part(one, Tone.MUTED),) if isinstance(one, str) else one for one in pieces if one)
    return Row(label, tuple(told))


def overview(
    environment: Environment, installed: InstalledState | None, look: Display, cells: int
) -> list[Line]:
    """Return the overview in lines of `cells` cells: what matters first, each thing once."""
    lines: list[Line] = []
    for block in (
        _headline(environment, look),
        _head(environment, look),
        _findings(environment, look),
        _size(environment, look, cells),
        _life(environment, look),
        _contents(environment, installed, look),
        _python(environment, look),
        _scan_row(environment, look),
    ):
        drawn = [line for row in block for line in _drawn(row, cells, look)]
        if drawn:
            lines += [*drawn, ()]
    return lines[:-1]


def _headline(environment: Environment, look: Display) -> Iterator[Row]:
    """Yield the worst finding with the keys that lead on; nothing while the environment has not
    been examined."""
    findings = environment.findings
    if not findings:
        if environment.examined:
            yield _row("", (Part(f"{look.signs.marked} No problems found by the scan", Tone.GOOD),))
        return
    worst = findings[0]
    keys: list[Line] = [(Part(look.key("tab.5"), Tone.HEADING), Part(" Health", Tone.MUTED))]
    if worst.fix is not None:
        keys.insert(0, (Part(look.key("mend"), Tone.HEADING), Part(" fixes", Tone.MUTED)))
    same = [one for one in findings if one.severity is worst.severity]
    sign = severity_sign(worst.severity, look)
    said = Part(f"{count_words(same)}: {look.sentence(worst.message)}", sign.tone)
    yield Row("", ((said,), joined(keys, ", ")), sign)
    if worst.remedy:
        yield Row("", ((Part(look.sentence(worst.remedy), Tone.ACCENT),),), Part(" "))


def _drawn(row: Row, cells: int, look: Display) -> list[Line]:
    """Return a row with what it says hanging beside the label."""
    indent = 1 + (LABEL_CELLS if row.label else 2 if row.sign.text else 0)
    said = flowed(row.pieces, max(cells - indent - 1, 8), look.signs.ellipsis)
    label = Part(" " + pad(row.label or row.sign.text, indent - 1), row.sign.tone)
    if row.label:
        label = label._replace(tone=Tone.MUTED)
    blank = Part(" " * indent)
    return [((label if number == 0 else blank), *line) for number, line in enumerate(said)]


def _head(environment: Environment, look: Display) -> Iterator[Row]:
    yield _row("", (Part(look.path(environment.path), Tone.STRONG, path=True),))
    python = (Part(glued(python_name(environment.python))),)
    first, *others = environment.states
    tone = _STATUS_TONES.get(first, Tone.WARNING)
    status: list[Part] = [Part(f"{look.signs.status_sign(first)} {first}".strip(), tone)]
    status += (Part(f", {word}", Tone.WARNING) for word in others)
    yield _row("", tuple(status), python, (Part(plain(environment.manager)),))


def _findings(environment: Environment, look: Display) -> Iterator[Row]:
    findings = environment.findings
    said = {finding.message for finding in findings}
    checks = {finding.check for finding in findings}
    if environment.reason and environment.reason not in said:
        yield _row("", (Part(look.sentence(environment.reason)),))
    for finding in findings[1 : 1 + _OTHERS]:
        yield Row(
            "",
            ((Part(look.sentence(finding.message)),),),
            severity_sign(finding.severity, look),
        )
        if finding.remedy:
            yield Row("", ((Part(look.sentence(finding.remedy), Tone.ACCENT),),), Part(" "))
    if len(findings) > 1 + _OTHERS:
        key = Part(look.key("tab.5"), Tone.HEADING)
        yield _row("", (Part(f"and {len(findings) - 1 - _OTHERS:,} more, "), key, Part(" Health")))
    if environment.python.end_of_life and "end-of-life" not in checks:
        ended = support_words(environment.python.end_of_life)
        yield _row("", (Part(f"{look.signs.warning} {ended}", Tone.WARNING),))
    if environment.protected:
        why = look.sentence(protection_reason(environment.protected))
        yield _row("", (Part("not deletable: ", Tone.WARNING), Part(why)))


def _size(environment: Environment, look: Display, cells: int) -> Iterator[Row]:
    measured = environment.size
    if measured is None:
        yield _row("Size", "not measured yet")
        return
    freed, disk = measured.reclaimable_bytes, measured.disk_bytes
    room = min(_BAR_CELLS, max(cells - LABEL_CELLS - 2, 8))
    yield _row("Size", bar(freed, disk, disk, room, look.signs))
    if measured.up_to:
        yield _figure(" frees", freed, look, "at most (shared blocks)", "solid")
    else:
        yield _figure(" frees", freed, look, "if deleted alone", "solid")
    if disk > freed:
        yield _figure(" shared", disk - freed, look, "shared by hard links, not freed", "hollow")
    yield _figure(" on disk", disk, look)
    yield _figure(" apparent", measured.apparent_bytes, look, "sum of file lengths")
    if measured.unreadable:
        count = counted(measured.unreadable, "folder")
        text = f"{look.signs.warning} {count} unreadable, not counted"
        yield _row(_BELOW, (Part(text, Tone.WARNING),))
    yield _row(
        " measured",
        *_when(measured.measured_at or None, look, "unknown time"),
        counted(measured.files, "file"),
    )


def _figure(label: str, count: int, look: Display, note: str = "", kind: str = "") -> Row:
    sign = {"solid": look.signs.solid, "hollow": look.signs.hollow}.get(kind, "")
    tone = Tone.SOLID if kind == "solid" else Tone.HOLLOW
    figure = Part(glued(pad(size(count), 7 if sign else 8, right=True)))
    said: Line = (Part(sign, tone), figure) if sign else (figure,)
    return _row(label, said, glued(exact_bytes(count)), note)


def _when(when: float | None, look: Display, unknown: str) -> tuple[Line | str, ...]:
    """Return how long ago, and exactly when."""
    if when is None:
        return ((Part(unknown),),)
    return (Part(look.ago(when)),), look.exact(when)


def _life(environment: Environment, look: Display) -> Iterator[Row]:
    used = environment.last_used
    yield _row("Last used", *_when(used.when, look, "unknown"), look.sentence(used.source))
    link = environment.project
    note = look.sentence(link.source)
    if link.state is ProjectState.NONE:
        note = "environment may still be in use"
    state, path = project_words(link)
    project: Line = (Part(look.path(path), path=True),) if path else (Part(state),)
    if state and path:
        project = (Part(f"{state}: ", Tone.WARNING), *project)
    yield _row("Project", project, note)
    for number, path in enumerate(environment.links):
        yield _row("Links" if number == 0 else _BELOW, (Part(look.path(path), path=True),))


_SCRIPTS = 6
"""Scripts that are named; more are counted: what matters more stands below."""


def _contents(
    environment: Environment, installed: InstalledState | None, look: Display
) -> Iterator[Row]:
    folders = [_inside(folder, environment.path, look) for folder in environment.site_packages]
    asked = ""
    if isinstance(installed, ReadDone) and installed.requested:
        asked = f"{installed.requested:,} direct"
    yield _row("Packages", (Part(_packages(environment, installed)),), asked, *folders)
    match installed:
        case ReadPending():
            yield _row("Scripts", f"reading{look.signs.ellipsis}")
        case ReadFailure(reason):
            text = f"{look.signs.broken} cannot read packages: {plain(reason)}"
            yield _row(_BELOW, (Part(text, Tone.ERROR),))
        case ReadDone(distributions):
            names = sorted({s.name for one in distributions for s in one.scripts})
            listed = join_some(map(plain, names), _SCRIPTS)
            yield _row("Scripts", (Part(f"{len(names):,}: {listed}" if names else "none"),))
        case None:
            return


def _packages(environment: Environment, installed: InstalledState | None) -> str:
    if isinstance(installed, ReadDone):
        return f"{len(installed.distributions):,}" if installed.distributions else "none"
    if environment.packages is None:
        return "unreadable"
    return f"{environment.packages:,}" if environment.packages else "none"


def _inside(folder: str, prefix: str, look: Display) -> Line:
    if folder.startswith(prefix) and folder[len(prefix) : len(prefix) + 1] in {"/", "\\"}:
        inner = plain(folder[len(prefix) + 1 :])
    else:
        inner = look.path(folder)
    return (Part(inner, Tone.MUTED, path=True),)


def _python(environment: Environment, look: Display) -> Iterator[Row]:
    python, creation = environment.python, environment.creation
    for label, path in (
        ("Base", python.base),
        ("Executable", python.executable),
        ("Resolves to", python.base_executable),
    ):
        if path:
            yield _row(label, (Part(look.path(path), path=True),))
    creator, *flags = creator_words(creation)
    yield _row("Created by", (Part(creator),), *flags)
    if creation.command:
        yield _row(" command", (Part(look.sentence(creation.command)),))


def _scan_row(environment: Environment, look: Display) -> Iterator[Row]:
    if environment.seen_at:
        yield _row("Last scan", *_when(environment.seen_at, look, ""))


class OverviewLines(LineView):
    """The overview as lines, laid out again for every width."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.environment: Environment | None = None
        self.installed: InstalledState | None = None

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Return the overview for a width."""
        if self.environment is None or cells <= 0:
            return ()
        return overview(self.environment, self.installed, self.look, cells)


class Overview(DetailTab):
    """One environment, told from what matters most to where each figure was read."""

    def __init__(self, look: Display) -> None:
        super().__init__(look)
        self.view = OverviewLines(look)

    def compose(self) -> ComposeResult:
        """One view of lines."""
        yield self.view

    @property
    def entrance(self) -> Widget:
        """The lines, for scrolling."""
        return self.view

    @property
    def hints(self) -> dict[str, str]:
        """The key that fixes, where an operation does."""
        environment = self.view.environment
        worst = environment.findings[:1] if environment is not None else ()
        return {"mend": ""} if any(one.fix is not None for one in worst) else {}

    def request_fix(self, operating: "Operations", action: str = "mend") -> "PlanRequest | str":
        """Return the operation that fixes the worst finding."""
        del action
        environment = self.view.environment
        if environment is None or not environment.findings:
            return "no problem to fix"
        # start-up: a first frame loads no dialogs
        from envdeck.tui.dialogs.requests import finding_request

        findings = environment.findings
        return finding_request(operating, environment, findings[0], findings, self.look)

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show an environment, from its first line where it is another one than before."""
        before = self.view.environment
        self.offers = frozenset({"mend"}) if environment.findings else frozenset()
        self.view.environment, self.view.installed = environment, installed
        self.view.lay_out_again()
        if before is None or before.path != environment.path:
            self.view.scroll_to(y=0, animate=False)
