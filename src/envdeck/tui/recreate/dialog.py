"""The recreate dialog, for one or several environments."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from envdeck.core.model import Doubt, Environment, InterpreterOption, NoPlan, Plan, Status
from envdeck.core.operations.recreate.options import (
    RecreateChoices,
    SourceChoice,
)
from envdeck.text import counted, plain
from envdeck.text.environment import minor_version, reason_words
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, PickerDialog, radio, title
from envdeck.tui.dialogs.requests import RecreateChoice, recreate_requests
from envdeck.tui.recreate.doubts import DoubtRows
from envdeck.tui.recreate.forecast import JumpRows
from envdeck.tui.recreate.forecaster import Forecaster
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.sources import source_about, source_line, title_cells
from envdeck.tui.widgets.line import Line, Look, Part, Tone, clipped, wrapped

EXACT = "exact"


def common_interpreters(known: Sequence[RecreateChoices]) -> tuple[InterpreterOption, ...]:
    """Return the interpreters that all of them could rest on, in the order of the first.

    One is of the same minor version, or proposed, only where it is that for all; its reason stays
    where all of them say it.
    """
    if not known:
        return ()
    others = [
        {choice.interpreter.executable: choice for choice in choices.interpreters}
        for choices in known[1:]
    ]
    found = []
    for choice in known[0].interpreters:
        same = [other.get(choice.interpreter.executable) for other in others]
        if None in same:
            continue
        every = [choice, *(one for one in same if one is not None)]
        reason = choice.reason if len({reason_words(one) for one in every}) == 1 else None
        same_minor = all(one.same_minor for one in every)
        proposed = all(one.default for one in every)
        found.append(replace(choice, reason=reason, same_minor=same_minor, default=proposed))
    return tuple(found)


def exact_of(choices: RecreateChoices) -> SourceChoice | None:
    """Return the source that brings back exactly what is there."""
    return next((source for source in choices.sources if source.name == EXACT), None)


def exact_for_all(known: Mapping[str, RecreateChoices]) -> SourceChoice:
    """Return the one source for several: each from exactly what is in it."""
    problems = [
        source.problem if source is not None else "it cannot be read"
        for source in map(exact_of, known.values())
        if source is None or source.problem
    ]
    problem = problems[0] if problems and len(problems) == len(known) else ""
    return SourceChoice(EXACT, "exactly what is in each", problem=problem)


def each_about(
    environments: Sequence[Environment],
    known: Mapping[str, RecreateChoices],
    cells: int,
    look: Look,
) -> list[Line]:
    """Return every environment that is made again, with what stands in its way."""
    room = max(cells - 2, 12)
    lines: list[Line] = [
        (Part(f"Each of the {counted(len(environments), 'environment')} from what is in it:"),)
    ]
    for environment in environments:
        choices = known.get(environment.path)
        source = None if choices is None else exact_of(choices)
        problem = "it cannot be read" if source is None else source.problem
        packages = environment.packages
        told = look.signs.unknown if packages is None else counted(packages, "package")
        version = plain(environment.python.version or look.signs.unknown)
        said = f"{version}  {told}"
        path = look.short_path(environment.path, max(room - len(said) - 4, 12))
        lines.append(
            clipped((Part(path), Part(f"  {said}", Tone.MUTED)), room, look.signs.ellipsis)
        )
        if problem:
            sentence = f"{look.signs.broken} {look.sentence(problem)}"
            lines += [
                (Part("  "), *line)
                for line in wrapped((Part(sentence, Tone.ERROR),), room - 2, look.signs.ellipsis)
            ]
        for note in source.notes if source is not None else ():
            lines += [
                (Part("  "), *line)
                for line in wrapped(
                    (Part(look.sentence(note), Tone.MUTED),), room - 2, look.signs.ellipsis
                )
            ]
    return [(Part(" "), *line) for line in lines]


def heading(environments: Sequence[Environment], look: Look, cells: int) -> Line:
    """Return what is made again: the environment, or how many, and that they lost their base."""
    if len(environments) == 1:
        path = look.short_path(environments[0].path, max(cells - len("Recreate "), 12))
        return Part("Recreate ", Tone.STRONG), Part(path, Tone.STRONG)
    parts = [Part(f"Recreate {counted(len(environments), 'environment')}", Tone.STRONG)]
    minors = {minor_version(one.python.version) for one in environments}
    if all(one.status is Status.BROKEN for one in environments):
        lost = f" {minors.pop()}" if len(minors) == 1 and minors != {""} else ""
        parts.append(Part(f"  that lost their base{plain(lost)}", Tone.MUTED))
    return clipped(tuple(parts), cells, look.signs.ellipsis)


SOURCE = "source"
_ANOTHER_FILE = (SOURCE, "another file")
_FRAME = 6
"""Cells that the frame takes of the width."""


class ChoicesKnown(Message, bubble=False):
    """What there is to choose from was read, for each environment by its path."""

    def __init__(self, known: dict[str, RecreateChoices]) -> None:
        super().__init__()
        self.known = known


class RecreateDialog(PickerDialog[tuple[PlanRequest, ...]]):
    """The sources with their difference to what is installed, then the interpreters, and where
    the chosen one has no wheel for some packages, what becomes of those.

    It is left with a wish for each environment; nothing was planned or done by then. `enter`
    on what is not chosen chooses it, and goes on where it is chosen already.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the key is its own, whatever keys "back" was given.
        Binding("escape", "back", show=False),
    ]

    def __init__(
        self, operating: Operating, environments: Sequence[Environment], look: Look
    ) -> None:
        super().__init__(look)
        self._operating = operating
        self._environments = tuple(environments)
        self._known: dict[str, RecreateChoices] = {}
        self._sources: tuple[SourceChoice, ...] = ()
        self._source: tuple[str, str | None] | None = None
        self._file: str | None = None
        self._forecaster = Forecaster(self, operating, environments, self._forecast_changed)
        self._pythons = PythonRows(
            look,
            "The same minor version: the packages come back as they are.",
            "Another minor version: every package is installed anew for it.",
            self._forecaster,
        )
        self._jumps = JumpRows(look)
        self._doubts = DoubtRows(look)
        self._doubts_on: dict[str, tuple[Doubt, ...]] = {}
        """What a plan found in doubt, by the interpreter that it was for."""
        self._field = Input(placeholder="path of a requirements or lock file", compact=True)
        self._field.cursor_blink = False
        self._field.display = False

    def above(self) -> Iterable[Widget]:
        """The field for a file, where one is asked for."""
        yield self._field

    def on_mount(self) -> None:
        """Read what there is to choose from."""
        self.title_label.show(
            heading(self._environments, self.look, self.app.size.width - 2 * _FRAME)
        )
        self._load()

    def on_unmount(self) -> None:
        """Ask nothing more."""
        super().on_unmount()
        self._forecaster.stop()

    # what there is to choose from

    def _load(self) -> None:
        several = f" in {len(self._environments)}" if len(self._environments) > 1 else ""
        self.wait(f"Reading what is installed{several}, locked and declared")
        self.fetch("choices", self._read)

    def _read(self, stopped: Callable[[], bool]) -> Message:
        known = {}
        for environment in self._environments:
            if stopped():
                break
            known[environment.path] = self._operating.recreate_choices(environment, file=self._file)
        return ChoicesKnown(known)

    def on_choices_known(self, message: ChoicesKnown) -> None:
        """Show it, what is proposed chosen."""
        known = list(message.known.values())
        self._known = message.known
        several = len(self._environments) > 1
        self._sources = (exact_for_all(message.known),) if several else known[0].sources
        self._pythons.take(common_interpreters(known) if several else known[0].interpreters)
        if not self._sources and not self._pythons.choices:
            self.fail(NoPlan("there is nothing to make it from"))
            return
        usable = [_key(source) for source in self._sources if not source.problem]
        by_name = [_key(source) for source in self._sources if source.name == "file"]
        if self._file is not None and by_name and by_name[0] in usable:
            self._source = by_name[0]
        elif self._source not in usable:
            self._source = usable[0] if usable else None
        self.show_again((SOURCE, *self._source) if self._source else None)

    def _forecast_changed(self) -> None:
        if self._known and not self.left:
            self.show_again()

    def make_rows(self) -> Sequence[ChoiceRow]:
        """The sources, then the interpreters."""
        rows = [title("From")]
        rows += [self._source_row(source) for source in self._sources]
        if len(self._environments) == 1:
            rows.append(self._file_row())
        rows += [BLANK, title("On", "another minor version is forecast where the cursor rests")]
        if not self._pythons.choices:
            none = f"{self.look.signs.broken} No interpreter here is one that it could rest on."
            rows.append(ChoiceRow(lambda _cells: (Part(f" {none}", Tone.ERROR),)))
        self._take_jumps()
        self._take_doubts()
        return rows + self._pythons.rows() + self._doubts.rows() + self._jumps.rows()

    def show_again(self, key: object = None) -> None:
        """Draw the rows anew; what becomes of packages without a wheel comes into sight."""
        asked_before = bool(self._jumps.ways)
        super().show_again(key)
        if self._jumps.ways and not asked_before and self._pythons.choice(self.list.current):
            self.list.viewport.reveal(len(self.list.rows) - 1)

    def _take_jumps(self) -> None:
        """What is locked or declared chooses versions of its own: only the exact ones jump."""
        python, exact = self._pythons.current, self._source is not None and self._source[0] == EXACT
        told = self._pythons.told() if exact else ()
        self._jumps.take(told, "" if python is None else minor_version(python.interpreter.version))

    def _take_doubts(self) -> None:
        """Only what is recreated exactly is in doubt; of several environments each plan tells."""
        exact = self._source is not None and self._source[0] == EXACT
        alone = len(self._environments) == 1
        self._doubts.doubts = self._doubts_of_python() if exact and alone else ()

    def _doubts_of_python(self) -> tuple[Doubt, ...]:
        """Return what is in doubt on the chosen interpreter: known of the proposed one's minor
        version, and of any other once a plan has found it."""
        python = self._pythons.current
        known = next(iter(self._known.values()), None)
        if python is None or known is None:
            return ()
        found = self._doubts_on.get(python.interpreter.executable)
        if found is not None:
            return found
        proposed = next((one for one in self._pythons.choices if one.default), python)
        first, second = (minor_version(one.interpreter.version) for one in (python, proposed))
        return known.doubts if first == second else ()

    def returned(self, planned: object) -> None:
        """Let what the plan found in doubt be chosen here."""
        python = self._pythons.chosen
        if isinstance(planned, Plan) and planned.doubts and python is not None:
            self._doubts_on[python] = planned.doubts
            self.show_again()
            if (missing := self._doubts.missing()) is not None:
                self._ask_about(*missing)

    def _ask_about(self, text: str, key: object) -> None:
        """Ask for a choice, with all that can be chosen in sight."""
        self.ask_for(text, key)
        rows = self.list.rows
        first = next(number for number, row in enumerate(rows) if row.key == key)
        end = next(
            (number for number in range(first, len(rows)) if rows[number].key is None), len(rows)
        )
        self.list.viewport.reveal(end - 1)

    def _source_row(self, source: SourceChoice) -> ChoiceRow:
        chosen = _key(source) == self._source
        several = len(self._environments) > 1

        def about(cells: int) -> Sequence[Line]:
            if several:
                return each_about(self._environments, self._known, cells, self.look)
            if source.name != EXACT:
                return source_about(source, cells, self.look)
            doubtful = bool(self._doubts.doubts)
            told = source_about(source, cells, self.look, doubtful=doubtful)
            return [*told[:1], *self._doubts.about(cells), *told[1:]]

        return ChoiceRow(
            lambda cells: source_line(
                source,
                cells,
                self.look,
                chosen=chosen,
                title_cells=title_cells(self._sources),
                difference=self._doubts.difference() if source.name == EXACT else (),
            ),
            (SOURCE, *_key(source)),
            about,
        )

    def _file_row(self) -> ChoiceRow:
        box = radio(self.look, chosen=False)
        words = Part(f"a file that you name{self.look.signs.ellipsis}", Tone.MUTED)
        told = (Part("A requirements file, a lock file or a pyproject.toml of any other place."),)
        return ChoiceRow(
            lambda _cells: (*box, words),
            _ANOTHER_FILE,
            lambda cells: [(Part(" "), *line) for line in wrapped(told, cells - 2)],
        )

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """The keys on a row."""
        if row is None:
            return {"refresh": "try again", "back": "cancel"}
        if self._is_chosen(row):
            return {"open": "show the plan", "next_pane": "read below", "back": "cancel"}
        word = "type its path" if row.key == _ANOTHER_FILE else "choose"
        return {"open": word, "next_pane": "read below", "back": "cancel"}

    def cursor_moved(self, row: ChoiceRow | None) -> None:
        """Let the forecast follow."""
        self._pythons.cursor_on(row)

    # choosing

    def _is_chosen(self, row: ChoiceRow) -> bool:
        python, way = self._pythons.choice(row), self._jumps.way(row)
        if python is not None:
            return python.interpreter.executable == self._pythons.chosen
        if way is not None:
            return way.name == self._jumps.chosen
        doubt = self._doubts.choice(row)
        if doubt is not None:
            return doubt in self._doubts.chosen
        return self._source is not None and row.key == (SOURCE, *self._source)

    async def entered(self, row: ChoiceRow) -> None:
        """Choose what is not chosen; go on where it is."""
        if self._is_chosen(row):
            self.action_go_on()
        else:
            await self.toggled(row)

    async def toggled(self, row: ChoiceRow) -> None:
        """Choose a source, an interpreter, a jump, or what becomes of a package."""
        python, way = self._pythons.choice(row), self._jumps.way(row)
        doubt = self._doubts.choice(row)
        if doubt is not None:
            self._doubts.choose(*doubt)
        elif python is not None:
            self._pythons.chosen = python.interpreter.executable
        elif way is not None:
            problem = self._jumps.choose(way)
            if problem:
                self.warn(problem)
                return
        elif row.key == _ANOTHER_FILE:
            self._ask_for_file()
            return
        else:
            source = next((one for one in self._sources if (SOURCE, *_key(one)) == row.key), None)
            if source is None:
                return
            if source.problem:
                self.warn(f"it cannot be chosen: {self.look.sentence(source.problem)}")
                return
            self._source = _key(source)
        self.show_again()

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self._source is None:
            self.warn("no source can be chosen here")
        elif self._pythons.chosen is None:
            self.ask_for(*self._pythons.missing())
        elif (missing := self._doubts.missing()) is not None:
            self._ask_about(*missing)
        else:
            name, file = self._source
            alone = sum(source.name == name for source in self._sources) == 1
            named = file if name == "file" or not alone else None
            choice = RecreateChoice(
                name, named, self._pythons.chosen, self._jumps.chosen, self._doubts.chosen
            )
            self.leave_with(
                recreate_requests(self._operating, self._environments, choice, self.look)
            )

    def action_refresh(self) -> None:
        """Read everything anew."""
        self._forecaster.forget()
        self._doubts_on.clear()
        self._load()

    # a file of the person's own

    def _ask_for_file(self) -> None:
        self._field.display = True
        self._field.focus()

    @on(Input.Submitted)
    def _file_named(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_field()
        text = event.value.strip()
        if text:
            self._file = self._place(text)
            self._load()

    def _place(self, text: str) -> str:
        """Return a path as it was meant: `~` is home, and others begin at the project."""
        if text == "~" or text.startswith("~/"):
            text = self.look.home + text[1:]
        environment = self._environments[0]
        start = environment.project.path or os.path.dirname(environment.path)
        return os.path.normpath(os.path.join(start, text))

    def action_back(self) -> None:
        """Out of the field; else cancel."""
        if self._field.display:
            self._leave_field()
        else:
            super().action_back()

    def _leave_field(self) -> None:
        self._field.display = False
        self.list.focus()


def _key(source: SourceChoice) -> tuple[str, str | None]:
    """Return what names a source: there may be several lock files."""
    return source.name, source.file if source.name != EXACT else None
