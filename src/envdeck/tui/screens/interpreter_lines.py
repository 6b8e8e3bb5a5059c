"""The interpreters view in lines: a table of bases, and all about the one under the cursor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envdeck.core.model import Environment, GlobalPackages, Interpreter
from envdeck.text import clip, pad, plain, shorten, size, width
from envdeck.tui.panes.words import counted, python_name
from envdeck.tui.screens.interpreter_groups import Base
from envdeck.tui.widgets.cells import status_words
from envdeck.tui.widgets.line import Line, Part, Tone, line_width, wrapped
from envdeck.tui.widgets.look import Look

_NAME, _SOURCE, _COUNT, _STATE, _GAP = 15, 8, 6, 15, "  "
_FOLDERS = {
    "site-packages": "its own site-packages",
    "dist-packages": "dist-packages, the system's own: leave them to its package manager",
    "user": "the user site: every environment-less Python of this version sees them",
}


@dataclass(frozen=True, slots=True)
class BaseRow:
    """A row of the table: a base, or (without one) the title above those that are gone."""

    base: Base | None = None
    title: str = ""


def base_rows(bases: Sequence[Base]) -> list[BaseRow]:
    """Return the rows of the table."""
    here = [BaseRow(base) for base in bases if not base.gone]
    gone = [BaseRow(base) for base in bases if base.gone]
    if not gone:
        return here
    return [*here, BaseRow(), BaseRow(title="Gone, and environments still rest on them"), *gone]


def heading(cells: int) -> Line:
    """Return the names of the columns."""
    names = [
        " " + pad("python", _NAME),
        pad("from", _SOURCE),
        pad("envs", _COUNT, right=True),
        pad("global", _COUNT, right=True),
    ]
    if cells >= 66:
        names.append(pad("state", _STATE))
    if _path_cells(cells):
        names.append("prefix")
    return (Part(_GAP.join(names), Tone.MUTED),)


def _path_cells(cells: int) -> int:
    fixed = 1 + _NAME + _SOURCE + 2 * _COUNT + 3 * len(_GAP)
    room = cells - fixed - (len(_GAP) + _STATE) - len(_GAP) - 1
    return room if room >= 14 else 0


def draw_base(row: BaseRow, cells: int, look: Look) -> Line:
    """Return the line of a row of the table."""
    base, signs = row.base, look.signs
    if base is None:
        return (Part(f" {row.title}", Tone.HEADING),) if row.title else ()
    resting = signs.ellipsis if base.dependants is None else f"{len(base.dependants):,}"
    if base.interpreter is None:
        sign = f"{signs.broken} gone"
        room = max(cells - 1 - _NAME - _SOURCE - _COUNT - 4 * len(_GAP), 10)
        return (
            Part(" " + pad(sign, _NAME), Tone.ERROR),
            Part(_GAP + " " * _SOURCE + _GAP + pad(resting, _COUNT, right=True) + _GAP),
            Part(shorten(look.path(base.path), room, signs.ellipsis)),
        )
    interpreter = base.interpreter
    parts = [
        Part(" " + _cell(python_name(interpreter), _NAME, look), Tone.STRONG),
        Part(_GAP + _cell(interpreter.source, _SOURCE, look)),
        Part(_GAP + pad(resting, _COUNT, right=True)),
        Part(_GAP + pad(f"{base.global_count or signs.unknown}", _COUNT, right=True)),
    ]
    word, tone = _state(interpreter, look)
    if cells >= 66:
        parts.append(Part(_GAP + pad(word, _STATE), tone))
    elif interpreter.end_of_life:
        parts.append(Part(f"{_GAP}{signs.warning} EOL", tone))
    if room := _path_cells(cells):
        path = shorten(look.path(interpreter.prefix), room, signs.ellipsis)
        parts.append(Part(_GAP + path, Tone.MUTED))
    return tuple(parts)


def _state(interpreter: Interpreter, look: Look) -> tuple[str, Tone]:
    if interpreter.end_of_life:
        return f"{look.signs.warning} end of life", Tone.WARNING
    if interpreter.externally_managed:
        return "managed", Tone.MUTED
    return "", Tone.PLAIN


def _cell(text: str, cells: int, look: Look) -> str:
    return pad(clip(plain(text), cells, look.signs.ellipsis), cells)


@dataclass(frozen=True, slots=True)
class AboutRow:
    """A line about a base; those of environments lead to them."""

    line: Line = ()
    environment: Environment | None = None


def about(base: Base, look: Look, cells: int) -> list[AboutRow]:
    """Return everything about one base in lines of `cells` cells."""
    room = max(cells - 2, 8)
    lines = _gone(look) if base.interpreter is None else _interpreter(base.interpreter, look)
    rows = [AboutRow(piece) for line in lines for piece in _inset(line, room, look)]
    rows.append(AboutRow())
    return rows + list(_dependants(base, look, room))


def _inset(line: Line, room: int, look: Look) -> Iterator[Line]:
    indent = ""
    if line and line[0].text.isspace():
        indent, line = line[0].text, line[1:]
    for piece in wrapped(line, room - width(indent), look.signs.ellipsis):
        yield (Part(" " + indent), *piece)


def _gone(look: Look) -> Iterator[Line]:
    yield (
        Part(f"{look.signs.broken} This Python is gone. ", Tone.ERROR),
        Part(
            "A system upgrade or an uninstall took it. What rests on it cannot start until it "
            "is made again with another Python; the packages are still listed in it."
        ),
    )


def _interpreter(interpreter: Interpreter, look: Look) -> Iterator[Line]:
    yield (
        Part(python_name(interpreter), Tone.STRONG),
        Part("  "),
        Part(look.path(interpreter.executable), Tone.MUTED, path=True),
    )
    if interpreter.aliases:
        also = ", ".join(look.path(alias) for alias in interpreter.aliases)
        yield (Part(f"also called {also}", Tone.MUTED),)
    if interpreter.end_of_life:
        ended = f"{look.signs.warning} end of life since {plain(interpreter.end_of_life)}: "
        yield Part(ended, Tone.WARNING), Part("no more security fixes for it and what rests on it")
    if interpreter.externally_managed:
        yield (Part("externally managed (PEP 668): pip leaves it alone", Tone.MUTED),)
    yield ()
    folders = [folder for folder in interpreter.global_packages if folder.names]
    if not folders:
        yield (
            Part("Installed globally", Tone.HEADING),
            Part("  nothing beyond pip: clean", Tone.GOOD),
        )
        return
    total = sum(len(folder.names) for folder in folders)
    yield Part("Installed globally", Tone.HEADING), Part(f"  {counted(total, 'package')}")
    for folder in folders:
        yield from _folder(folder, look)
    if any(folder.kind != "dist-packages" for folder in folders):
        yield (
            Part(
                "A clean global Python has nothing here: what is shared by everything breaks "
                "everything at once. Better in an environment, or with pipx or uv tool.",
                Tone.MUTED,
            ),
        )


def _folder(folder: GlobalPackages, look: Look) -> Iterator[Line]:
    yield (
        Part("  "),
        Part(f"{len(folder.names):,} in {plain(_FOLDERS.get(folder.kind, folder.kind))}  "),
        Part(look.path(folder.path), Tone.MUTED, path=True),
    )
    shown = ", ".join(plain(name) for name in folder.names[:12])
    more = len(folder.names) - 12
    text = f"{shown} and {more:,} more" if more > 0 else shown
    yield Part("    "), Part(text)


def _dependants(base: Base, look: Look, room: int) -> Iterator[AboutRow]:
    found = base.dependants
    if found is None:
        said = f"looking{look.signs.ellipsis}"
    elif found:
        said = f"{len(found):,}, enter opens one"
    else:
        said = "none: nothing here would miss it"
    title = Part("Environments on it", Tone.HEADING), Part(f"  {said}", Tone.MUTED)
    for piece in _inset(title, room, look):
        yield AboutRow(piece)
    for environment in found or ():
        yield AboutRow(_environment(environment, look, room), environment)


def _environment(environment: Environment, look: Look, room: int) -> Line:
    sign, tone = status_words(environment, look, short=True)
    measured = environment.size
    figure = size(measured.disk_bytes if measured else None, unknown=look.signs.unknown)
    tail = (
        Part(_GAP + _cell(environment.manager, 10, look), Tone.MUTED),
        Part(pad(figure, 8, right=True)),
    )
    head = Part(" " + pad(sign, 9) + _GAP, tone)
    left = max(room - line_width((head, *tail)), 8)
    path = shorten(look.path(environment.path), left, look.signs.ellipsis)
    return head, Part(pad(path, left)), *tail


NOTHING = (
    "No base interpreters are known yet. They are found with the environments: press esc and "
    "let the scan go on."
)
"""What is said where there is nothing to draw."""
