"""The Compare view: two environments, or one beside a file, version by version."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment
from envdeck.core.project.difference import (
    Difference,
    PackagePair,
    SideError,
    difference,
    difference_from_file,
    side_of,
)
from envdeck.core.system.files import reason_of
from envdeck.text import clip, counted, pad, plain
from envdeck.text.difference import SUFFIXES, count_words, export
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.dialogs.ask import AskDialog, Question
from envdeck.tui.store import Listing
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from textual.app import App

_GAP = "  "
_ROOMY = 24
"""Cells from which the whole name of an environment is told."""
_USUAL_NAMES = frozenset({".venv", "venv", "env"})


@dataclass(frozen=True, slots=True)
class PairRow:
    """A package on both sides, or (without one) a line above some."""

    pair: PackagePair | None = None
    line: Line = ()


def pair_rows(found: Difference) -> list[PairRow]:
    """Return the packages in groups: what differs first, what is the same last."""
    rows: list[PairRow] = []
    same = tuple(one for one in found.pairs if one.same)
    groups = (
        ("Different versions", found.changed, len(found.changed)),
        ("Only in the first", found.only_first, len(found.only_first)),
        ("Only in the second", found.only_second, len(found.only_second)),
        ("Identical", same, found.agreed),
    )
    for title, pairs, count in groups:
        if count:
            rows += [PairRow()] if rows else []
            line = (Part(f" {title}", Tone.HEADING), Part(f"  {count:,}", Tone.MUTED))
            rows.append(PairRow(line=line))
            rows += [PairRow(pair) for pair in pairs]
    return rows


class PairList(LineList[PairRow]):
    """The packages, drawn when they are seen."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.found: Difference | None = None

    def can_choose(self, row: PairRow) -> bool:
        """Packages, and not the titles above them."""
        return row.pair is not None

    def key_of(self, row: PairRow) -> object:
        """A package is named by its name."""
        return row.pair and row.pair.name

    def heading(self, cells: int) -> Line | None:
        """Both sides, each with its Python."""
        if self.found is None:
            return None
        name, version = _cells(cells)
        parts = [Part(" " + pad("", name), Tone.MUTED)]
        for side in (self.found.first, self.found.second):
            python = plain(side.python or self.look.signs.unknown)
            label, folder = side.label, os.path.dirname(side.label)
            if version < _ROOMY and os.path.basename(label) in _USUAL_NAMES:
                label = folder  # which project it is tells them apart
            path = self.look.short_path(label, max(version - len(python) - 1, 6))
            text = clip(f"{path} {python}", version, self.look.signs.ellipsis)
            tone = Tone.MUTED if self.found.same_python else Tone.WARNING
            parts.append(Part(_GAP + pad(text, version), tone))
        return tuple(parts)

    def draw_row(self, row: PairRow, cells: int) -> Line:
        """A package, or a title."""
        if row.pair is None:
            return row.line
        name, version = _cells(cells)
        ellipsis, unknown = self.look.signs.ellipsis, self.look.signs.unknown
        tone = Tone.MUTED if row.pair.same else Tone.PLAIN
        parts = [Part(" " + pad(clip(plain(row.pair.name), name, ellipsis), name), tone)]
        for text in (row.pair.first, row.pair.second):
            shown = clip(plain(text or unknown), version, ellipsis)
            missing = Tone.MUTED if text is None else tone
            parts.append(Part(_GAP + pad(shown, version), missing))
        return tuple(parts)


def _cells(cells: int) -> tuple[int, int]:
    """Return the cells of a name and of a version."""
    name = max(10, min(36, cells // 3))
    return name, max(8, min(48, (cells - name - 2 * len(_GAP) - 2) // 2))


class CompareScreen(ListDetailScreen[PairList, None]):
    """Versions side by side, and what only one of the two has."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("compare", "export")]

    def __init__(
        self, source: CatalogSource, first: Environment, second: Environment | str, look: Display
    ) -> None:
        """`second` is another environment, or the path of one, of a lock, a requirements file or
        the JSON of another machine."""
        super().__init__(look, PairList(look), None)
        self.source = source
        self._sides = first, second
        self._latest: Latest[Difference | SideError] = Latest(self, self._take)

    def on_mount(self) -> None:
        """Read both beside the screen."""
        self.table.say_instead((Part(f"reading{self.look.signs.ellipsis}", Tone.MUTED),))
        self._latest.request(lambda _stopped: _read(self.source, *self._sides))

    def _take(self, found: Difference | SideError) -> None:
        if isinstance(found, SideError):
            hint = f" ({found.hint})" if found.hint else ""
            said = self.look.sentence(f"{found}{hint}")
            self.table.say_instead((Part(said, Tone.ERROR),))
            return
        self.table.found = found
        self.table.say_instead((Part("No packages on either side.", Tone.MUTED),))
        self.table.show_rows(pair_rows(found))
        self.tell()

    def tell(self) -> None:
        """Say how much differs, and what keys do."""
        found, parts = self.table.found, [Part("Compare", Tone.STRONG)]
        if found is not None:
            told = f"   {count_words(found)}"
            if len(told) + len("Compare") > self.size.width - 2:
                told = f"   {len(found.differing):,} differ, {found.agreed:,} identical"
            parts.append(Part(told))
            parts += [
                Part(f" · {self.look.sentence(note)}", Tone.WARNING)
                for side in (found.first, found.second)
                for note in side.notes
            ]
        self.title_label.show(tuple(parts))
        keys = {"export": ""} if found is not None else {}
        self.keys.tell({**keys, "back": "", "help": ""})

    def action_export(self) -> None:
        """Ask for a file, and write the difference into it."""
        found = self.table.found
        if found is not None:
            self.app.push_screen(ExportDialog(found, self.look))

    action_compare = ListDetailScreen.action_dismiss  # the key that opened it closes it


def _read(
    source: CatalogSource, first: Environment, second: Environment | str
) -> Difference | SideError:
    """Read and compare both; called in a thread."""
    distributions = source.distributions(first)
    if isinstance(second, str):
        other = source.lookup(second) or source.lookup(os.path.join(second, ".venv"))
        if other is None and not os.path.isfile(second):
            return SideError(f"`{second}` is not an environment or a file")
        if other is None:
            try:
                return difference_from_file(first, distributions, second)[0]
            except SideError as error:
                return error
        second = other
    return difference(side_of(first, distributions), side_of(second, source.distributions(second)))


class ExportDialog(AskDialog[None]):
    """Asks into which file a difference is written; its name says in which format."""

    GO_ON: ClassVar[str] = "Write"

    def __init__(self, found: Difference, look: Display) -> None:
        kinds = " ".join(SUFFIXES)
        question = Question("File", kinds, "~/envdeck-compare.md", "~/envdeck-compare.md")
        super().__init__("Export the comparison", [question], look)
        self._found = found

    def notes(self) -> Sequence[Line]:
        """What comes of it."""
        said = "The ending of the name chooses the format. An existing file is not overwritten."
        return [(Part(said, Tone.MUTED),)]

    def action_go_on(self) -> None:
        """Write it; nothing is overwritten."""
        text = self.fields[0].value.strip()
        path = typed_path(text, self.look.home)
        form = SUFFIXES.get(os.path.splitext(path)[1].lower())
        if form is None:
            self.say(f"the name has to end with one of {' '.join(SUFFIXES)}")
            return
        try:
            with open(path, "x", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(export(self._found, form, self.look.home))
        except FileExistsError:
            self.say("that file exists already: choose another name")
        except (OSError, ValueError) as error:
            self.say(f"cannot be written: {reason_of(error)}")
        else:
            count = counted(len(self._found.differing), "difference")
            self.notify(f"{count} written to {self.look.path(path)}", markup=False)
            self.dismiss(None)


class CompareWithDialog(AskDialog[str]):
    """Asks what an environment is compared with, where no other one is marked."""

    GO_ON: ClassVar[str] = "Compare"

    def __init__(self, environment: Environment, look: Display) -> None:
        note = "lock, requirements file, JSON of `envdeck show`, or environment"
        folder = environment.project.path or os.path.dirname(environment.path)
        question = Question("With", note, "", "requirements.txt")
        super().__init__(f"Compare {look.path(environment.path)}", [question], look)
        self._folder = folder

    def notes(self) -> Sequence[Line]:
        """How two environments are compared."""
        said = (
            "A path begins at the project. To compare two environments, mark them"
            f" ({self.look.key('mark')}) in the list."
        )
        return [(Part(said, Tone.MUTED),)]

    def action_go_on(self) -> None:
        """Leave with the path."""
        text = self.fields[0].value.strip()
        path = os.path.join(self._folder, typed_path(text, self.look.home, self._folder))
        if not text:
            self.say("enter the path of a file or an environment")
        elif not os.path.exists(path):
            self.say(f"not found: {self.look.path(path)}")
        else:
            self.dismiss(path)


def typed_path(text: str, home: str, folder: str | None = None) -> str:
    """Return a path that was typed: `~` is home, and others begin at a folder (at home)."""
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return os.path.normpath(os.path.join(folder or home, text))


def open_compare(
    app: "App[None]",
    source: CatalogSource,
    listing: Listing,
    look: Display,
    say: Callable[[str], object],
) -> None:
    """Compare the two that are marked, or the marked one with the one under the cursor; with one
    alone, ask for the other side."""
    chosen, current = listing.marks.environments(), listing.current
    if current is not None and len(chosen) < 2 and current not in chosen:
        chosen.append(current)
    if len(chosen) > 2:
        say(f"compare two environments at a time ({len(chosen):,} marked)")
    elif len(chosen) == 2:
        app.push_screen(CompareScreen(source, chosen[0], chosen[1], look))
    elif chosen:

        def asked(path: str | None) -> None:
            if path is not None:
                app.push_screen(CompareScreen(source, chosen[0], path, look))

        app.push_screen(CompareWithDialog(chosen[0], look), asked)
    else:
        say("no environment to compare")
