"""The part of a dialog in which it is chosen what becomes of packages that cannot be recreated
exactly."""

from collections.abc import Sequence

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Doubt, PackageChoice
from envdeck.core.operations.recreate.options import SourceChoice
from envdeck.text import counted, pad, plain
from envdeck.text.environment import minor_version
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, Section, radio, title
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.sources import EXACT, SourceRows, source_about
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, wrapped

DOUBT = "doubt"
"""The first part of what such a row stands for; the package and the choice are the others."""

_WORDS = {
    PackageChoice.KEEP: (
        "keep its files",
        "as installed, including edits",
        "Keeps the installed files, including edits.",
    ),
    PackageChoice.RELEASE: (
        "use the index",
        "may be another project's code",
        "Installs the index's release of this version: it may be another project's code.",
    ),
    PackageChoice.OMIT: (
        "omit it",
        "not in the new environment",
        "Recreates the environment without this package.",
    ),
}
"""The choice, what it means in a few words for its row, and in a sentence."""
_COLUMN = max(len(words) for words, *_ in _WORDS.values())


@dataclass(slots=True)
class DoubtRows(Section):
    """The packages that there are, and what was chosen for them."""

    kinds = (DOUBT,)
    whole = True

    look: Display
    doubts: tuple[Doubt, ...] = ()
    sources: SourceRows | None = None
    pythons: PythonRows | None = None
    known: tuple[Doubt, ...] = ()
    """What is in doubt on the proposed interpreter, and on others of its minor version."""
    _found: dict[str, tuple[Doubt, ...]] = field(default_factory=dict)
    """What a plan found in doubt, by the interpreter that it was for."""
    _chosen: dict[str, PackageChoice] = field(default_factory=dict)

    @property
    def chosen(self) -> tuple[tuple[str, PackageChoice], ...]:
        """What was chosen, by name; what no longer applies is not among it."""
        options = {one.name: one.options for one in self.doubts}
        return tuple(
            (name, choice)
            for name, choice in sorted(self._chosen.items())
            if choice in options.get(name, ())
        )

    def choice(self, row: ChoiceRow) -> tuple[str, PackageChoice] | None:
        """Return what a row stands for, where it is one of these."""
        match row.key:
            case (first, str() as name, PackageChoice() as choice) if first == DOUBT:
                return name, choice
        return None

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether a row is one of those that were chosen."""
        return self.choice(row) in self.chosen

    def choose(self, row: ChoiceRow) -> str:
        """Choose what becomes of one package."""
        chosen = self.choice(row)
        if chosen is not None:
            self._chosen[chosen[0]] = chosen[1]
        return ""

    def find(self, doubts: tuple[Doubt, ...]) -> None:
        """Take what a plan found in doubt on the chosen interpreter."""
        if self.pythons is not None and self.pythons.chosen is not None:
            self._found[self.pythons.chosen] = doubts

    def forget(self) -> None:
        """Forget what plans found."""
        self._found.clear()

    def _here(self, pythons: PythonRows) -> tuple[Doubt, ...]:
        """Return what is in doubt on the chosen interpreter. Only what is recreated exactly is."""
        python = pythons.current
        if python is None:
            return ()
        proposed = next((one for one in pythons.choices if one.default), python)
        same = minor_version(proposed.interpreter.version) == pythons.minor
        return self._found.get(python.interpreter.executable, self.known if same else ())

    @property
    def open(self) -> int:
        """How many packages nothing was chosen for."""
        return len(self.doubts) - len(self.chosen)

    def difference(self) -> Line:
        """Return what the row of the source says of them; empty where there are none."""
        if not self.doubts:
            return ()
        if self.open:
            return (Part(f"{self.look.signs.warning} {self.open:,} to decide below", Tone.WARNING),)
        return (Part(f"{counted(len(self.doubts), 'package')} decided below", Tone.MUTED),)

    def about(self, cells: int) -> list[Line]:
        """Return what is said of them below the list, where the source is told of."""
        if not self.doubts:
            return []
        many = counted(len(self.doubts), "package")
        said = f"{many} cannot be recreated exactly. Decide below for each."
        if not self.open:
            said = f"{many} cannot be recreated exactly: decided below. The others match."
        tone = Tone.WARNING if self.open else Tone.PLAIN
        told = wrapped((Part(said, tone),), max(cells - 2, 12), self.look.signs.ellipsis)
        return [(Part(" "), *line) for line in told]

    def about_source(self, source: SourceChoice, cells: int) -> Sequence[Line]:
        """Return all that is known of a source, what is in doubt by it among it."""
        if source.name != EXACT:
            return source_about(source, cells, self.look)
        told = source_about(source, cells, self.look, doubtful=bool(self.doubts))
        return [*told[:1], *self.about(cells), *told[1:]]

    def missing(self) -> tuple[str, object] | None:
        """Return which package nothing was chosen for, and the row to choose on; None where there
        is none."""
        known = dict(self.chosen)
        for one in self.doubts:
            if one.name not in known:
                return f"decide what to do with {one.title}", (DOUBT, one.name, one.options[0])
        return None

    def rows(self) -> list[ChoiceRow]:
        """Return the rows of each package under its title; none where there is nothing to
        choose."""
        if self.sources is not None and self.pythons is not None:
            self.doubts = self._here(self.pythons) if self.sources.is_exact else ()
        known = dict(self.chosen)
        rows: list[ChoiceRow] = []
        for one in self.doubts:
            rows += [BLANK, title(plain(one.title), "cannot be recreated exactly")]
            rows += [self._row(one, choice, known.get(one.name)) for choice in one.options]
        return rows

    def _row(self, doubt: Doubt, choice: PackageChoice, chosen: PackageChoice | None) -> ChoiceRow:
        words, brief, about = _WORDS[choice]
        ellipsis = self.look.signs.ellipsis

        def draw(cells: int) -> Line:
            box = radio(self.look, chosen=choice is chosen)
            line = (*box, Part(pad(words, _COLUMN)), Part("  "), Part(brief, Tone.MUTED))
            return clipped(line, cells - 1, ellipsis)

        def tell(cells: int) -> Sequence[Line]:
            room = max(cells - 2, 12)
            reason = (Part(self.look.sentence(f"{doubt.title}: {doubt.reason}")),)
            return [
                (Part(" "), *line)
                for parts in (reason, (Part(about),))
                for line in wrapped(parts, room, ellipsis)
            ]

        return ChoiceRow(draw, (DOUBT, doubt.name, choice), tell)
