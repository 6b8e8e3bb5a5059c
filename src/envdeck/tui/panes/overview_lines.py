"""What the overview of an environment says, and where each figure was read."""

from collections.abc import Iterator
from dataclasses import dataclass

from envdeck.core.model import Environment, ProjectState, Severity, Size
from envdeck.text import exact_bytes, pad, plain, size
from envdeck.tui.panes.installed import Installed, Read, Reading, Unread
from envdeck.tui.panes.words import (
    counted,
    end_of_life,
    made_by,
    project_line,
    python_name,
    status_line,
)
from envdeck.tui.widgets.bar import bar
from envdeck.tui.widgets.line import Line, Part, Tone, joined, line_width, wrapped
from envdeck.tui.widgets.look import Look

LABEL_CELLS = 13
_BAR_CELLS = 32
_BELOW = " "
"""The label of what stands under the value above."""
_SEVERITIES = {
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.NOTE: Tone.ACCENT,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A label, what it says, and quietly how that is known."""

    label: str = ""
    value: Line = ()
    note: str = ""
    tone: Tone = Tone.MUTED
    """The label's."""


def overview(
    environment: Environment, installed: Installed | None, look: Look, cells: int
) -> list[Line]:
    """Return the overview in lines of `cells` cells: what matters first, then each thing apart."""
    lines: list[Line] = []
    for block in (
        _head(environment, installed, look),
        _findings(environment, look),
        _size(environment, look, cells),
        _life(environment, look),
        _contents(environment, installed, look),
        _python(environment, look),
        _seen(environment, look),
    ):
        drawn = [line for row in block for line in _drawn(row, cells, look)]
        if drawn:
            lines += [*drawn, ()]
    return lines[:-1]


def _drawn(row: Row, cells: int, look: Look) -> list[Line]:
    """Return a row with its value hanging beside the label, the note after it or below."""
    ellipsis = look.signs.ellipsis
    indent = 1 + (LABEL_CELLS if row.label else 0)
    room = max(cells - indent - 1, 8)
    value = wrapped(row.value, room, ellipsis)
    if row.note:
        note: Line = (Part(row.note, Tone.MUTED),)
        beside = line_width(value[-1]) + 2 + line_width(note)
        if row.value and len(value) == 1 and beside <= room:
            value = [(*value[-1], Part("  "), *note)]
        else:
            value = [*(value if row.value else []), *wrapped(note, room, ellipsis)]
    label = Part(" " + pad(row.label, indent - 1), row.tone)
    blank = Part(" " * indent)
    return [((label if number == 0 else blank), *line) for number, line in enumerate(value)]


def _head(environment: Environment, installed: Installed | None, look: Look) -> Iterator[Row]:
    yield Row(value=(Part(look.path(environment.path), Tone.STRONG, path=True),))
    yield Row(value=status_line(environment, look))
    if environment.python.end_of_life:
        yield Row(value=end_of_life(environment.python.end_of_life, look))
    python = environment.python
    pieces: list[Line] = [(Part(python_name(python)),), (Part(made_by(environment)),)]
    if python.base:
        pieces.append((Part("base "), Part(look.path(python.base), path=True)))
    yield Row(value=joined(pieces))
    yield Row(value=joined([_packages(environment, installed), _frees(environment.size)]))


def _packages(environment: Environment, installed: Installed | None) -> Line:
    if environment.packages is None and not isinstance(installed, Read):
        return (Part("packages could not be listed"),)
    listed = environment.packages
    if isinstance(installed, Read):
        listed = len(installed.distributions)
        if listed:
            asked = f"{installed.requested:,} asked for" if installed.requested else ""
            text = ", ".join(filter(None, (counted(listed, "package"), asked)))
            return (Part(text),)
    return (Part(counted(listed or 0, "package") if listed else "no packages"),)


def _frees(measured: Size | None) -> Line:
    if measured is None:
        return (Part("size not measured yet", Tone.MUTED),)
    up_to = "up to " if measured.up_to else ""
    freed = size(measured.reclaimable_bytes)
    return (Part(f"{size(measured.disk_bytes)}, frees {up_to}{freed}"),)


def _findings(environment: Environment, look: Look) -> Iterator[Row]:
    if environment.protected:
        yield Row("Protected", (Part(plain(environment.protected)),), "EnvDeck will not delete it")
    signs = {Severity.ERROR: look.signs.broken, Severity.WARNING: look.signs.warning}
    for finding in environment.findings:
        sign = signs.get(finding.severity, look.signs.unknown)
        tone = _SEVERITIES[finding.severity]
        label = f"{sign} {finding.severity.value}"
        yield Row(label, (Part(plain(finding.message)),), tone=tone)
        if finding.remedy:
            yield Row(_BELOW, (Part(plain(finding.remedy), Tone.ACCENT),))


def _size(environment: Environment, look: Look, cells: int) -> Iterator[Row]:
    measured = environment.size
    if measured is None:
        yield Row("Size", (Part("not measured yet", Tone.MUTED),))
        return
    note = "at most: blocks can be shared here" if measured.up_to else "if it alone is deleted"
    freed, disk = measured.reclaimable_bytes, measured.disk_bytes
    room = min(_BAR_CELLS, max(cells - LABEL_CELLS - 2, 8))
    yield Row("Size", bar(freed, disk, disk, room, look.signs))
    yield _figure("  frees", freed, look, note, "solid")
    if disk > freed:
        yield _figure("  shared", disk - freed, look, "has links elsewhere, stays", "hollow")
    yield _figure("  on disk", disk, look, "the blocks its files take")
    yield _figure("  apparent", measured.apparent_bytes, look, "the lengths of its files")
    if measured.unreadable:
        count = counted(measured.unreadable, "folder")
        text = f"{look.signs.warning} {count} could not be read, and not counted"
        yield Row(_BELOW, (Part(text, Tone.WARNING),))
    when = look.ago(measured.measured_at) if measured.measured_at else "at a time unknown"
    exact = f", {look.exact(measured.measured_at)}" if measured.measured_at else ""
    yield Row("  measured", (Part(when + exact),), counted(measured.files, "file"))


def _figure(label: str, count: int, look: Look, note: str, kind: str = "") -> Row:
    sign = {"solid": look.signs.solid, "hollow": look.signs.hollow}.get(kind, " ")
    tone = Tone.SOLID if kind == "solid" else Tone.HOLLOW
    exact = exact_bytes(count)
    return Row(
        label,
        (Part(sign, tone), Part(pad(size(count), 8, right=True)), Part(f"  {exact}", Tone.MUTED)),
        note,
    )


def _life(environment: Environment, look: Look) -> Iterator[Row]:
    used = environment.last_used
    if used.when is None:
        yield Row("Last used", (Part("unknown"),), plain(used.source))
    else:
        yield Row(
            "Last used",
            joined([(Part(look.ago(used.when)),), (Part(look.exact(used.when)),)]),
            plain(used.source),
        )
    note = plain(environment.project.source)
    if environment.project.state is ProjectState.NONE:
        note = "nothing names one; it may well be in use"
    yield Row("Project", project_line(environment, look), note and f"({note})")
    for number, link in enumerate(environment.links):
        yield Row("Linked from" if number == 0 else _BELOW, (Part(look.path(link), path=True),))


def _contents(environment: Environment, installed: Installed | None, look: Look) -> Iterator[Row]:
    folders = environment.site_packages
    inside = [_inside(folder, environment.path, look) for folder in folders]
    yield Row("Packages", _packages(environment, installed), ", ".join(inside))
    match installed:
        case Reading():
            yield Row("Scripts", (Part(f"reading{look.signs.ellipsis}", Tone.MUTED),))
        case Unread(reason):
            text = f"{look.signs.broken} packages could not be read: {plain(reason)}"
            yield Row(_BELOW, (Part(text, Tone.ERROR),))
        case Read(distributions):
            names = sorted({s.name for one in distributions for s in one.scripts})
            listed = ", ".join(plain(name) for name in names)
            value = f"{len(names):,}: {listed}" if names else "none"
            yield Row("Scripts", (Part(value),))
        case None:
            return


def _inside(folder: str, prefix: str, look: Look) -> str:
    if folder.startswith(prefix) and folder[len(prefix) : len(prefix) + 1] in {"/", "\\"}:
        return "in " + plain(folder[len(prefix) + 1 :])
    return "in " + look.path(folder)


def _python(environment: Environment, look: Look) -> Iterator[Row]:
    python, creation = environment.python, environment.creation
    yield Row("Python", (Part(python_name(python)),))
    for label, path in (
        ("  starts as", python.executable),
        ("  leads to", python.base_executable),
        ("  base", python.base),
    ):
        if path:
            yield Row(label, (Part(look.path(path), path=True),))
    if python.end_of_life:
        yield Row("  support", end_of_life(python.end_of_life, look))
    flags = [
        "sees system packages" if creation.system_site_packages else "no system packages",
        "relocatable" if creation.relocatable else "",
        "seeded with pip" if creation.seeded else "",
        f"prompt {plain(creation.prompt)}" if creation.prompt else "",
    ]
    yield Row(
        "Made by",
        joined(
            [
                (Part(made_by(environment).removeprefix("made by ")),),
                *(((Part(flag),)) for flag in flags if flag),
            ]
        ),
    )
    if creation.command:
        yield Row("  command", (Part(plain(creation.command)),))
    yield Row("Kept by", (Part(plain(environment.manager)),), "the tool that looks after it")


def _seen(environment: Environment, look: Look) -> Iterator[Row]:
    if environment.seen_at:
        when = look.ago(environment.seen_at)
        exact = look.exact(environment.seen_at)
        yield Row("Seen", (Part(when),), f"all of the above is as of {exact}")
