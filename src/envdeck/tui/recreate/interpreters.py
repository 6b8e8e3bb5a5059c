"""Interpreters as rows (also for upgrade)."""

from collections.abc import Sequence

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Interpreter, InterpreterOption
from envdeck.text import clip, pad, plain, width
from envdeck.text.environment import minor_version, python_name, reason_words
from envdeck.tui.dialogs.picker import ChoiceRow, Section, radio, text_row
from envdeck.tui.recreate.forecast import (
    JUMP,
    Forecaster,
    ForecastResult,
    forecast_about,
    forecast_line,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, line_width, wrapped

_SOURCE = 8
_SOURCE_FROM = 58
"""Cells from which it is said who installed it."""
_NAME = 16
_PATH_FROM = 24
"""Cells that must be left for a path to be worth showing."""


def python_line(
    choice: InterpreterOption,
    forecasts: Sequence[ForecastResult] | None,
    cells: int,
    look: Display,
    *,
    chosen: bool,
    asking: bool = False,
) -> Line:
    """Return the row of an interpreter; `forecasts` are those for it, as far as they came."""
    interpreter = choice.interpreter
    name = clip(python_name(interpreter), _NAME, look.signs.ellipsis)
    source = clip(plain(interpreter.source), _SOURCE, look.signs.ellipsis)
    line: Line = (
        *radio(look, chosen=chosen),
        Part(pad(name, _NAME), Tone.STRONG),
    )
    if cells >= _SOURCE_FROM:
        line = (*line, Part("  " + pad(source, _SOURCE)))
    if note := _note(choice, look):
        line = (*line, Part("  "), *note)
    room = max(cells - line_width(line) - 3, 1)
    if outlook := _outlook(choice, forecasts, room, look, asking=asking):
        line = (*line, Part("  "), *outlook)
    room = cells - line_width(line) - 3
    if room >= _PATH_FROM and forecasts is None and not asking:
        path = look.short_path(interpreter.executable, room)
        line = (*line, Part(" " * (room - width(path) + 2)), Part(path, Tone.MUTED))
    return clipped(line, cells - 1, look.signs.ellipsis)


def _note(choice: InterpreterOption, look: Display) -> Line:
    # That its support ended is said by sign and word, and when by what stands below the list.
    reason = look.sentence(reason_words(choice))
    note = (Part(reason, Tone.ACCENT),) if reason else ()
    if not choice.interpreter.end_of_life:
        return note
    mark = Part(f"{look.signs.warning} end of life", Tone.WARNING)
    return (mark, Part(", ", Tone.MUTED), *note) if note else (mark,)


def _outlook(
    choice: InterpreterOption,
    forecasts: Sequence[ForecastResult] | None,
    cells: int,
    look: Display,
    *,
    asking: bool,
) -> Line:
    if choice.same_minor:
        return ()
    if forecasts is not None:
        return forecast_line(forecasts, look, cells)
    if asking:
        return (Part(f"checking{look.signs.ellipsis}", Tone.MUTED),)
    return ()


def python_about(
    choice: InterpreterOption,
    forecasts: Sequence[ForecastResult] | None,
    cells: int,
    look: Display,
    *,
    same: str,
    another: str,
) -> list[Line]:
    """Return all about an interpreter; `same` and `another` say what choosing one of the same,
    or of another minor version comes to."""
    room, ellipsis = max(cells - 2, 12), look.signs.ellipsis
    interpreter = choice.interpreter
    lines = wrapped(
        (
            Part(python_name(interpreter), Tone.STRONG),
            Part(f"  from {plain(interpreter.source)}  ", Tone.MUTED),
            Part(look.path(interpreter.executable), Tone.MUTED, path=True),
        ),
        room,
        ellipsis,
    )
    if interpreter.end_of_life:
        since = f"{look.signs.warning} end of life since {plain(interpreter.end_of_life)}"
        lines += wrapped(
            (Part(since, Tone.WARNING), Part(": no more security fixes")), room, ellipsis
        )
    lines += wrapped((Part(same if choice.same_minor else another),), room, ellipsis)
    if not choice.same_minor:
        lines += _forecast(choice, forecasts, room, look)
    return [(Part(" "), *line) for line in lines]


def _forecast(
    choice: InterpreterOption, forecasts: Sequence[ForecastResult] | None, room: int, look: Display
) -> list[Line]:
    if forecasts is None:
        asking = f"Checking wheels in the package index{look.signs.ellipsis}"
        return [(Part(asking, Tone.MUTED),)]
    python = minor_version(choice.interpreter.version) or "that version"
    return forecast_about(forecasts, python, room, look)


PYTHON = "python"
"""The first half of what such a row stands for; its executable is the other."""


@dataclass(slots=True)
class PythonRows(Section):
    """The interpreters to choose from, and which one is."""

    kinds = (PYTHON,)
    brings = JUMP

    look: Display
    same: str
    """What choosing one of the same minor version comes to, in a sentence."""
    another: str
    """What choosing one of another minor version comes to."""
    forecaster: Forecaster | None = None
    above: tuple[ChoiceRow, ...] = ()
    """The rows above those of the interpreters."""
    none: str = ""
    """What is said where there is none."""
    choices: tuple[InterpreterOption, ...] = ()
    chosen: str | None = None
    """The executable that is chosen."""

    def take(self, choices: Sequence[InterpreterOption]) -> None:
        """Take what there is to choose from; what is proposed is chosen, unless another was."""
        self.choices = tuple(choices)
        known = {choice.interpreter.executable for choice in choices}
        if self.chosen not in known:
            proposed = (one.interpreter.executable for one in choices if one.default)
            self.chosen = next(proposed, None)

    def choice(self, row: ChoiceRow | None) -> InterpreterOption | None:
        """Return the choice that a row stands for, where it is one of an interpreter."""
        match row.key if row is not None else None:
            case (str(kind), str(executable)) if kind == PYTHON:
                return self._named(executable)
            case _:
                return None

    @property
    def current(self) -> InterpreterOption | None:
        """The one that is chosen."""
        return None if self.chosen is None else self._named(self.chosen)

    @property
    def minor(self) -> str:
        """The minor version of the one that is chosen; empty without one."""
        return "" if self.current is None else minor_version(self.current.interpreter.version)

    def _named(self, executable: str) -> InterpreterOption | None:
        for choice in self.choices:
            if choice.interpreter.executable == executable:
                return choice
        return None

    def cursor_on(self, row: ChoiceRow | None) -> None:
        """Let the forecast follow the cursor; elsewhere it is about the one that is chosen."""
        if self.forecaster is not None:
            choice = self.choice(row)
            if choice is None or choice.same_minor:
                choice = self.current
            due = choice is not None and not choice.same_minor
            self.forecaster.want(choice.interpreter if choice is not None and due else None)

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether a row is the one of the chosen interpreter."""
        choice = self.choice(row)
        return choice is not None and choice.interpreter.executable == self.chosen

    def choose(self, row: ChoiceRow) -> str:
        """Choose an interpreter."""
        choice = self.choice(row)
        if choice is not None:
            self.chosen = choice.interpreter.executable
        return ""

    def missing(self) -> tuple[str, object] | None:
        """Return why none is chosen, and the row to choose one on."""
        if self.current is not None:
            return None
        if not self.choices:
            return "no interpreter available", None
        first = (PYTHON, self.choices[0].interpreter.executable)
        return "choose a base interpreter", first

    def open_question(self) -> str:
        """Return that it is not known yet what another minor version comes to."""
        current = self.current
        if self.forecaster is None or current is None or current.same_minor:
            return ""
        known = self._find_forecasts(current.interpreter) is not None
        return "" if known else f"wheels for Python {self.minor} not checked yet"

    def find_forecasts(self) -> tuple[ForecastResult, ...]:
        """Return the forecasts for the one that is chosen, where its minor version is another."""
        current = self.current
        if current is None or current.same_minor:
            return ()
        return self._find_forecasts(current.interpreter) or ()

    def rows(self) -> list[ChoiceRow]:
        """Return a row for each."""
        if not self.choices and self.none:
            none = Part(f" {self.look.signs.broken} {self.none}", Tone.ERROR)
            return [*self.above, text_row((none,))]
        return [*self.above, *map(self._row, self.choices)]

    def _row(self, choice: InterpreterOption) -> ChoiceRow:
        interpreter = choice.interpreter
        forecasts, chosen = self._find_forecasts(interpreter), interpreter.executable == self.chosen
        asking = self.forecaster is not None and self.forecaster.is_asking(interpreter)
        return ChoiceRow(
            lambda cells: python_line(
                choice, forecasts, cells, self.look, chosen=chosen, asking=asking
            ),
            (PYTHON, interpreter.executable),
            lambda cells: python_about(
                choice, forecasts, cells, self.look, same=self.same, another=self.another
            ),
        )

    def _find_forecasts(self, interpreter: Interpreter) -> tuple[ForecastResult, ...] | None:
        return None if self.forecaster is None else self.forecaster.find_forecasts(interpreter)
