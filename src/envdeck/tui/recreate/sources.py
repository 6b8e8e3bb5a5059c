"""What an environment can be made again from: the lines, and the part of a dialog to choose in."""

from collections.abc import Callable, Iterable, Sequence

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.operations.recreate.options import SourceChoice
from envdeck.text import clip, counted, pad, plain, width
from envdeck.text.difference import difference_words
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, Section, radio, text_row, tick, title
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, line_width, wrapped

EXACT = "exact"
SNAPSHOT = "snapshot"
SOURCE = "source"
"""The first part of what such a row stands for; the name and the file are the others."""
ANOTHER_FILE = (SOURCE, "another file")
"""What the row stands for on which a file of the person's own is asked for."""
_NAME = 28
_VERSION = 16


def source_line(
    source: SourceChoice,
    cells: int,
    look: Display,
    *,
    chosen: bool,
    title_cells: int = 0,
    difference: Line = (),
) -> Line:
    """Return the row of a source: what it is, and how it differs from what is installed.

    `title_cells` is the width of the longest title of all, so that what follows is in line;
    `difference` is said in place of what the source tells of itself.
    """
    possible = not source.problem
    box = radio(look, chosen=chosen, possible=possible)
    told = difference or difference_line(source, look)
    if not possible:
        why = Part(look.sentence(source.problem), Tone.MUTED)
        told = (Part(f"{look.signs.broken} ", Tone.ERROR), why)
    room = cells - line_width(box) - 1
    column = max(8, min(max(title_cells, width(plain(source.title))), room * 3 // 5))
    name = clip(plain(source.title), column, look.signs.ellipsis)
    text = Part(pad(name, column), Tone.PLAIN if possible else Tone.MUTED)
    return (*box, text, Part("  "), *clipped(told, room - column - 2, look.signs.ellipsis))


def title_cells(sources: Iterable[SourceChoice]) -> int:
    """Return the width of the longest title."""
    return max((width(plain(source.title)) for source in sources), default=0)


def difference_line(source: SourceChoice, look: Display) -> Line:
    """Return `+3 -1 ~4`, or that there is no difference."""
    added, removed, changed = map(len, (source.added, source.removed, source.changed))
    if not added + removed + changed:
        said = "no difference" if source.resolved else "difference known after resolving"
        return (Part(said, Tone.MUTED),)
    parts = [
        Part(f"{sign}{count:,} ", tone)
        for sign, count, tone in (
            ("+", added, Tone.GOOD),
            ("-", removed, Tone.ERROR),
            ("~", changed, Tone.WARNING),
        )
        if count
    ]
    if not source.resolved:
        parts.append(Part("or more", Tone.MUTED))
    return tuple(parts)


def source_about(
    source: SourceChoice, cells: int, look: Display, *, doubtful: bool = False
) -> Sequence[Line]:
    """Return all that is known of a source, the names and versions that differ among it. What is
    doubtful is not said to come back as it is."""
    room = max(cells - 2, 12)
    told: list[Line] = []
    head: Line = (Part(plain(source.title), Tone.STRONG),)
    if source.file:
        head = (*head, Part("  "), Part(look.path(source.file), Tone.MUTED, path=True))
    told += wrapped(head, room, look.signs.ellipsis)
    for note in source.notes:
        told += wrapped((Part(look.sentence(note)),), room, look.signs.ellipsis)
    if source.problem:
        sentence = f"{look.signs.broken} Not available: {look.sentence(source.problem)}"
        told += wrapped((Part(sentence, Tone.ERROR),), room, look.signs.ellipsis)
    elif not source.resolved:
        unsure = f"{look.signs.warning} Full difference known after resolving."
        told += wrapped((Part(unsure, Tone.WARNING),), room, look.signs.ellipsis)
    elif not (doubtful or source.added or source.removed or source.changed):
        same = "Same packages at the same versions."
        told += wrapped((Part(same, Tone.MUTED),), room, look.signs.ellipsis)
    if not source.problem:
        told += _differences(source, room, look)
    return [(Part(" "), *line) for line in told]


def _differences(source: SourceChoice, room: int, look: Display) -> list[Line]:
    tones = {"~": Tone.WARNING, "+": Tone.GOOD, "-": Tone.ERROR}
    lines: list[Line] = []
    for sign, verb, rows in difference_words(source, look.signs.moved, look.signs.unknown):
        lines.append((Part(f"{counted(len(rows), 'package')} {verb}", Tone.HEADING),))
        longest = max(width(plain(name)) for name, _ in rows)
        column = min(longest, _NAME, max(room - _VERSION - 4, 8))
        for name, version in rows:
            text = pad(clip(plain(name), column, look.signs.ellipsis), column)
            line = (
                Part(f"{sign} ", tones[sign]),
                Part(text),
                Part(f"  {plain(version)}", Tone.MUTED),
            )
            lines.append(clipped(line, room, look.signs.ellipsis))
    return lines


@dataclass(slots=True)
class SourceRows(Section):
    """The sources to choose from, and which one is."""

    kinds = (SOURCE,)

    look: Display
    heading: str
    lacks: str
    """What is said where none can be chosen."""
    none: Sequence[Line] = ()
    """What stands in the place of the rows where there are none."""
    about: Callable[[SourceChoice, int], Sequence[Line]] | None = None
    """Tells all that is known of one, where that is more than the source itself knows."""
    difference: Callable[[], Line] = tuple
    """What is said of the exact one in place of what it tells of itself."""
    ask_for_file: Callable[[], object] | None = None
    """Asks for a file of the person's own, where one can be named."""
    sources: tuple[SourceChoice, ...] = ()
    chosen: tuple[str, str | None] | None = None
    """The name of the source, and its file or snapshot: there may be several."""

    def take(self, sources: Sequence[SourceChoice], *, named: bool = False) -> object:
        """Take what there is; the first is chosen, unless another was, or a file was `named`.
        Return what the row of the chosen one stands for."""
        self.sources = tuple(sources)
        usable = [_named(source) for source in sources if not source.problem]
        files = [each for each in usable if each[0] == "file"]
        if named and files:
            self.chosen = files[0]
        elif self.chosen not in usable:
            self.chosen = usable[0] if usable else None
        return (SOURCE, *self.chosen) if self.chosen else None

    @property
    def is_exact(self) -> bool:
        """Whether exactly what is there is chosen."""
        return self.chosen is not None and self.chosen[0] == EXACT

    @property
    def file(self) -> str | None:
        """The file of the one that is chosen, where it has to be told."""
        if self.chosen is None or self.snapshot is not None:
            return None
        name, file = self.chosen
        alone = sum(source.name == name for source in self.sources) == 1
        return file if name == "file" or not alone else None

    @property
    def snapshot(self) -> str | None:
        """The id of the snapshot that is chosen, where one is."""
        return self.chosen[1] if self.chosen is not None and self.chosen[0] == SNAPSHOT else None

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether a row is the one of the chosen source."""
        return self.chosen is not None and row.key == (SOURCE, *self.chosen)

    def choose(self, row: ChoiceRow) -> str:
        """Choose a source; return why it cannot be, or nothing."""
        if row.key == ANOTHER_FILE and self.ask_for_file is not None:
            self.ask_for_file()
        for source in self.sources:
            if row.key == (SOURCE, *_named(source)):
                if source.problem:
                    return f"not available: {self.look.sentence(source.problem)}"
                self.chosen = _named(source)
        return ""

    def missing(self) -> tuple[str, object] | None:
        """Return that nothing can be chosen, where nothing is."""
        return (self.lacks, None) if self.chosen is None else None

    def rows(self) -> list[ChoiceRow]:
        """Return a row for each under their title."""
        rows = [title(self.heading), *map(self._row, self.sources)]
        if not self.sources:
            rows += map(text_row, self.none)
        if self.ask_for_file is not None:
            rows.append(self._file_row())
        return rows

    def _row(self, source: SourceChoice) -> ChoiceRow:
        look, chosen = self.look, _named(source) == self.chosen

        def draw(cells: int) -> Line:
            told = self.difference() if source.name == EXACT else ()
            room = title_cells(self.sources)
            return source_line(
                source, cells, look, chosen=chosen, title_cells=room, difference=told
            )

        def tell(cells: int) -> Sequence[Line]:
            return self.about(source, cells) if self.about else source_about(source, cells, look)

        return ChoiceRow(draw, (SOURCE, *_named(source)), tell)

    def _file_row(self) -> ChoiceRow:
        box = radio(self.look, chosen=False)
        words = Part(f"choose a file{self.look.signs.ellipsis}", Tone.MUTED)
        told = (Part("Any requirements file, lock file or pyproject.toml."),)
        return ChoiceRow(
            lambda _cells: (*box, words),
            ANOTHER_FILE,
            lambda cells: [(Part(" "), *line) for line in wrapped(told, cells - 2)],
        )


PROJECT = "project"
"""The first part of what the row of the project itself stands for."""


@dataclass(slots=True)
class ProjectRows(Section):
    """Whether the project itself is installed, where the chosen source does that."""

    kinds = (PROJECT,)
    quiet = True

    look: Display
    sources: SourceRows
    left_out: bool = False

    @property
    def itself(self) -> bool:
        """Whether it is installed, as far as it is a question."""
        return not (self.left_out and self._is_asked)

    @property
    def _is_asked(self) -> bool:
        return any(
            source.installs_project and _named(source) == self.sources.chosen
            for source in self.sources.sources
        )

    def rows(self) -> list[ChoiceRow]:
        """Return the row, or none where there is nothing to leave out."""
        if not self._is_asked:
            return []

        def draw(cells: int) -> Line:
            note = "" if self.itself else "  dependencies only"
            line = (
                *tick(self.look, chosen=self.itself),
                Part("install the project itself"),
                Part(note, Tone.MUTED),
            )
            return clipped(line, cells - 1, self.look.signs.ellipsis)

        said = "Leave it out where it does not build: only its dependencies are installed"
        told = (Part(f"{said} (`--no-project`)."),)
        return [
            BLANK,
            ChoiceRow(
                draw,
                (PROJECT,),
                lambda cells: [(Part(" "), *line) for line in wrapped(told, max(cells - 2, 12))],
            ),
        ]

    def is_chosen(self, row: ChoiceRow) -> bool:
        """It is on or off, by a key of its own: `enter` goes on."""
        del row
        return True

    def choose(self, row: ChoiceRow) -> str:
        """Leave it out, or not."""
        del row
        self.left_out = not self.left_out
        return ""


def _named(source: SourceChoice) -> tuple[str, str | None]:
    return source.name, source.snapshot or (source.file if source.name != EXACT else None)
