"""The interpreters view: the Pythons that environments use, in a table, and all about the one under
the cursor."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Environment, GlobalPackages, Interpreter
from envdeck.text import clip, counted, pad, plain, size, width
from envdeck.text.environment import python_name, short_manager
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import FilterRequested
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.machine.groups import (
    InterpreterBase,
    add_dependants,
    bases,
    query_for,
    query_for_all,
)
from envdeck.tui.main.cells import status_words
from envdeck.tui.widgets.line import Display, Line, Part, Tone, line_width, wrapped
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen
from envdeck.tui.workers.latest import Latest

_NAME, _SOURCE, _COUNT, _GAP = 15, 8, 6, "  "
_ROOMY_FROM = 100
_NAMES_SHOWN = 12
_FOLDERS = {
    "site-packages": "site-packages",
    "dist-packages": "dist-packages, managed by the system package manager",
    "user": "user site, visible to every Python {minor} outside environments",
}


@dataclass(frozen=True, slots=True)
class BaseRow:
    """A row of the table: a base, or (without one) the title above those that are gone."""

    base: InterpreterBase | None = None
    title: str = ""


def base_rows(bases: Sequence[InterpreterBase]) -> list[BaseRow]:
    """Return the rows of the table."""
    here = [BaseRow(base) for base in bases if not base.gone]
    gone = [BaseRow(base) for base in bases if base.gone]
    if not gone:
        return here
    return [*here, BaseRow(), BaseRow(title="Missing, but used by environments"), *gone]


def heading(cells: int) -> Line:
    """Return the names of the columns."""
    names = [
        " " + pad("Python", _NAME),
        pad("From", _SOURCE),
        pad("Envs", _COUNT, right=True),
        pad("Global", _COUNT, right=True),
    ]
    if cells >= 66:
        names.append(pad("State", _state_cells(cells)))
    if _path_cells(cells):
        names.append("Prefix")
    return (Part(_GAP.join(names), Tone.MUTED),)


def _state_cells(cells: int) -> int:
    return 18 if cells >= _ROOMY_FROM else 13


def _path_cells(cells: int) -> int:
    fixed = 1 + _NAME + _SOURCE + 2 * _COUNT + 3 * len(_GAP)
    room = cells - fixed - (len(_GAP) + _state_cells(cells)) - len(_GAP) - 1
    return room if room >= 14 else 0


def draw_base(row: BaseRow, cells: int, look: Display) -> Line:
    """Return the line of a row of the table."""
    base, signs = row.base, look.signs
    if base is None:
        return (Part(f" {row.title}", Tone.HEADING),) if row.title else ()
    resting = signs.ellipsis if base.dependants is None else f"{len(base.dependants):,}"
    if base.interpreter is None:
        sign = f"{signs.broken} missing"
        room = max(cells - 1 - _NAME - _SOURCE - _COUNT - 4 * len(_GAP), 10)
        return (
            Part(" " + pad(sign, _NAME), Tone.ERROR),
            Part(_GAP + " " * _SOURCE + _GAP + pad(resting, _COUNT, right=True) + _GAP),
            Part(look.short_path(base.path, room)),
        )
    interpreter = base.interpreter
    parts = [
        Part(" " + _cell(python_name(interpreter), _NAME, look), Tone.STRONG),
        Part(_GAP + _cell(interpreter.source, _SOURCE, look)),
        Part(_GAP + pad(resting, _COUNT, right=True)),
        Part(_GAP + pad(f"{base.global_count or signs.unknown}", _COUNT, right=True)),
    ]
    word, tone = _state(interpreter, look, cells)
    if cells >= 66:
        parts.append(Part(_GAP + pad(word, _state_cells(cells)), tone))
    elif interpreter.end_of_life:
        parts.append(Part(f"{_GAP}{signs.warning} EOL", tone))
    if room := _path_cells(cells):
        path = look.short_path(interpreter.prefix, room)
        parts.append(Part(_GAP + path, Tone.MUTED))
    return tuple(parts)


def _state(interpreter: Interpreter, look: Display, cells: int) -> tuple[str, Tone]:
    if interpreter.end_of_life:
        return f"{look.signs.warning} end of life", Tone.WARNING
    if interpreter.externally_managed:
        return "externally managed" if cells >= _ROOMY_FROM else "PEP 668", Tone.MUTED
    return "", Tone.PLAIN


def _cell(text: str, cells: int, look: Display) -> str:
    return pad(clip(plain(text), cells, look.signs.ellipsis), cells)


@dataclass(frozen=True, slots=True)
class BaseDetailRow:
    """A line about a base; those of environments lead to them, others open what they say."""

    line: Line = ()
    environment: Environment | None = None
    query: str | None = None
    """What the list is narrowed to when it is chosen."""
    unfolds: bool = False
    """Whether it stands for names that are shown when it is chosen."""

    @property
    def key(self) -> object:
        """An environment is named by its path; None where nothing is opened."""
        if self.environment is not None:
            return self.environment.path
        return (self.query, self.unfolds) if self.query is not None or self.unfolds else None


def base_detail(
    base: InterpreterBase, look: Display, cells: int, *, unfolded: bool = False
) -> list[BaseDetailRow]:
    """Return everything about one base in lines of `cells` cells; `unfolded` says that all the
    names installed globally are wanted."""
    room = max(cells - 2, 8)
    told = _missing_rows(look)
    if base.interpreter is not None:
        told = _interpreter(base.interpreter, look, unfolded=unfolded)
    rows = [replace(row, line=line) for row in told for line in _inset(row.line, room, look)]
    rows.append(BaseDetailRow())
    return rows + list(_dependants(base, look, room))


def _inset(line: Line, room: int, look: Display) -> Iterator[Line]:
    indent = ""
    if line and line[0].text.isspace():
        indent, line = line[0].text, line[1:]
    for piece in wrapped(line, room - width(indent), look.signs.ellipsis):
        yield (Part(" " + indent), *piece)


def _missing_rows(look: Display) -> Iterator[BaseDetailRow]:
    yield BaseDetailRow(
        (
            Part(f"{look.signs.broken} Base interpreter not found. ", Tone.ERROR),
            Part(
                "Removed by a system upgrade or an uninstall. Recreate its environments with "
                "another Python; their packages are still readable."
            ),
        )
    )


def _interpreter(
    interpreter: Interpreter, look: Display, *, unfolded: bool
) -> Iterator[BaseDetailRow]:
    name = Part(python_name(interpreter), Tone.STRONG)
    path = Part(look.path(interpreter.executable), Tone.MUTED, path=True)
    yield BaseDetailRow((name, Part("  "), path))
    if interpreter.aliases:
        also = ", ".join(look.path(alias) for alias in interpreter.aliases)
        yield BaseDetailRow((Part(f"also {also}", Tone.MUTED),))
    if interpreter.end_of_life:
        ended = f"{look.signs.warning} end of life since {plain(interpreter.end_of_life)}: "
        more = Part("no more security fixes")
        yield BaseDetailRow((Part(ended, Tone.WARNING), more))
    if interpreter.externally_managed:
        yield BaseDetailRow(
            (Part("externally managed (PEP 668): pip does not install into it", Tone.MUTED),)
        )
    yield BaseDetailRow()
    title = Part("Global packages", Tone.HEADING)
    folders = [folder for folder in interpreter.global_packages if folder.names]
    if not folders:
        yield BaseDetailRow((title, Part("  none beyond pip", Tone.GOOD)))
        return
    total = sum(len(folder.names) for folder in folders)
    yield BaseDetailRow((title, Part(f"  {counted(total, 'package')}")))
    minor = ".".join((interpreter.version or "").split(".")[:2])
    for folder in folders:
        yield from _folder(folder, minor, look, unfolded=unfolded)
    if any(folder.kind != "dist-packages" for folder in folders):
        advice = "Avoid global packages: use an environment, pipx or uv tool instead."
        yield BaseDetailRow((Part(advice, Tone.MUTED),))


def _folder(
    folder: GlobalPackages, minor: str, look: Display, *, unfolded: bool
) -> Iterator[BaseDetailRow]:
    kind = _FOLDERS.get(folder.kind, plain(folder.kind)).replace("{minor}", minor)
    count = Part(f"{len(folder.names):,} in {kind}  ")
    yield BaseDetailRow((Part("  "), count, Part(look.path(folder.path), Tone.MUTED, path=True)))
    names = folder.names if unfolded else folder.names[:_NAMES_SHOWN]
    yield BaseDetailRow((Part("    "), Part(", ".join(plain(name) for name in names))))
    more = len(folder.names) - len(names)
    if more:
        key = look.key("open")
        told = Part(f"and {more:,} more"), Part(f"  {key}: show all", Tone.MUTED)
        yield BaseDetailRow((Part("    "), *told), unfolds=True)


def _dependants(base: InterpreterBase, look: Display, room: int) -> Iterator[BaseDetailRow]:
    found = base.dependants
    if found is None:
        said = f"looking{look.signs.ellipsis}"
    elif found:
        said = counted(len(found), "environment")
    else:
        said = "none"
    title = Part("Used by", Tone.HEADING), Part(f"  {said}", Tone.MUTED)
    for piece in _inset(title, room, look):
        yield BaseDetailRow(piece)
    query = query_for_all(found) if found and len(found) > 1 else None
    if query is not None:
        yield BaseDetailRow((Part(f" {look.key('open')}: list all", Tone.ACCENT),), query=query)
    for environment in found or ():
        yield BaseDetailRow(_environment(environment, look, room), environment)


def _environment(environment: Environment, look: Display, room: int) -> Line:
    sign, tone = status_words(environment, look, short=True)
    measured = environment.size
    wide = 17 if room >= 70 else 10
    figure = size(measured.disk_bytes if measured else None, unknown=look.signs.unknown)
    tail = (
        Part(
            _GAP + pad(short_manager(environment.manager, wide, look.signs.ellipsis), wide),
            Tone.MUTED,
        ),
        Part(pad(figure, 8, right=True)),
    )
    head = Part(" " + pad(sign, 9) + _GAP, tone)
    left = max(room - line_width((head, *tail)), 8)
    path = look.short_path(environment.path, left)
    return head, Part(pad(path, left)), *tail


def empty_text(look: Display) -> str:
    """Return what is said where there is nothing to draw."""
    return (
        "No base interpreters found yet. They are found with the environments: press "
        f"{look.key('back')} and let the scan finish."
    )


class BaseList(LineList[BaseRow]):
    """The bases, those that are gone below."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return heading(cells) if self.rows else None

    def can_choose(self, row: BaseRow) -> bool:
        """Bases, and not the title."""
        return row.base is not None

    def key_of(self, row: BaseRow) -> object:
        """A base is named by its path and version: one prefix can hold several."""
        base = row.base
        return base and (base.path, base.interpreter and base.interpreter.version)

    def draw_row(self, row: BaseRow, cells: int) -> Line:
        """One base."""
        return draw_base(row, cells, self.look)


class BaseDetail(DrawnList[BaseDetailRow]):
    """What one base carries, and what rests on it."""

    def __init__(self, look: Display) -> None:
        self.base: InterpreterBase | None = None
        self._unfolded = False

        def make(cells: int) -> list[BaseDetailRow]:
            base = self.base
            return [] if base is None else base_detail(base, look, cells, unfolded=self._unfolded)

        super().__init__(make)

    def show(self, base: InterpreterBase | None) -> None:
        """Show a base."""
        if base == self.base:
            return
        another = self.base is None or base is None or base.path != self.base.path
        news = another or (self.base is not None and not self.base.dependants)
        self.base = base
        self._unfolded = self._unfolded and not another
        self.build(base.dependants[0].path if base and base.dependants and news else None)
        if another:
            self.scroll_to(y=0, animate=False)

    def unfold(self) -> None:
        """Show every name installed globally."""
        self._unfolded = True
        self.build()


class InterpretersScreen(ListDetailScreen[BaseList, BaseDetail]):
    """Bases above, all about one of them below.

    Posts :class:`~envdeck.tui.messages.FilterRequested` for the environment chosen; whoever
    answers it closes the screen.
    """

    DEFAULT_CSS = """
    InterpretersScreen > .above { height: auto; max-height: 45%; }
    InterpretersScreen.-nothing > .above { height: 1fr; max-height: 100%; }
    """
    WHY_NOT: ClassVar[Mapping[str, str]] = {"sort": "interpreters stand by version"}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("interpreters", "recreate")]

    def __init__(
        self,
        source: CatalogSource,
        environments: Sequence[Environment],
        interpreters: Sequence[Interpreter],
        *,
        look: Display | None = None,
        recreate: Callable[[Sequence[Environment]], object] | None = None,
    ) -> None:
        """`recreate` lets a person choose from what environments are recreated."""
        look = look or Display.current()
        super().__init__(look, BaseList(look), BaseDetail(look))
        self._recreate = recreate
        self.source = source
        self._environments = tuple(environments)
        self._bases = bases(interpreters)
        self._latest = Latest(self, self._show)

    def on_mount(self) -> None:
        """Show the bases, and work out beside the screen what rests on them."""
        keys = {"open": "details", "recreate": "recreate all that use it", "next_pane": ""}
        self.keys.tell({**keys, "back": "", "help": ""})
        self.table.say_instead((Part(empty_text(self.look), Tone.MUTED),))
        self._show(self._bases)
        known, environments = self._bases, self._environments
        self._latest.request(lambda _stopped: add_dependants(known, environments))

    def _show(self, found: list[InterpreterBase]) -> None:
        """Show bases; the cursor stays on its own."""
        self._bases = found
        self.table.show_rows(base_rows(found))
        self.set_class(not found, "-nothing")
        self.tell()

    def tell(self) -> None:
        """Say how many there are, and what rests on those that are gone."""
        here = sum(not base.gone for base in self._bases)
        gone = len(self._bases) - here
        parts = [Part("Interpreters", Tone.STRONG), Part(f"   {here:,} found")]
        if gone:
            resting = sum(len(base.dependants or ()) for base in self._bases if base.gone)
            text = f" · {gone:,} missing, used by {counted(resting, 'environment')}"
            parts.append(Part(text, Tone.ERROR))
        self.title_label.show(tuple(parts))

    def row_moved(self) -> None:
        """Show another one below."""
        if self.table.current is not None:
            self.about.show(self.table.current.base)

    def row_chosen(self, row: object) -> None:
        """Look into a base, or list the environments of a row below."""
        match row:
            case BaseDetailRow(environment=Environment(path=path)):
                self.post_message(FilterRequested(query_for(path)))
            case BaseDetailRow(query=str(query)):
                self.post_message(FilterRequested(query))
            case BaseDetailRow(unfolds=True):
                self.about.unfold()
            case BaseRow():
                self.focus_pane(above=False)
            case _:
                return

    def action_recreate(self) -> None:
        """Choose from what all environments that use this interpreter are recreated; below, the one
        under the cursor."""
        row, below = self.table.current, self.about.current if self.about.has_focus else None
        base = None if row is None else row.base
        targets = () if base is None else base.dependants or ()
        if below is not None and below.environment is not None:
            targets = (below.environment,)
        if targets and self._recreate is not None:
            self._recreate(targets)
        else:
            looking = base is not None and base.dependants is None
            said = (
                "still looking which environments use it" if looking else "no environment uses it"
            )
            self.notify(said, markup=False)

    action_interpreters = ListDetailScreen.action_dismiss  # the key that opened it closes it
