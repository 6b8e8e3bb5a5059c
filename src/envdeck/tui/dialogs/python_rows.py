"""The part of a dialog in which an interpreter is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envdeck.core.model import Interpreter
from envdeck.core.operations.choices import InterpreterChoice
from envdeck.tui.dialogs.choice_row import ChoiceRow
from envdeck.tui.dialogs.forecast_lines import Told
from envdeck.tui.dialogs.forecaster import Forecaster
from envdeck.tui.dialogs.python_lines import python_about, python_line
from envdeck.tui.widgets.look import Look

PYTHON = "python"
"""The first half of what such a row stands for; its executable is the other."""


@dataclass(slots=True)
class PythonRows:
    """The interpreters to choose from, and which one is."""

    look: Look
    same: str
    """What choosing one of the same minor version comes to, in a sentence."""
    another: str
    """What choosing one of another minor version comes to."""
    forecaster: Forecaster | None = None
    choices: tuple[InterpreterChoice, ...] = ()
    chosen: str | None = field(default=None)
    """The executable that is chosen."""

    def take(self, choices: Sequence[InterpreterChoice]) -> None:
        """Take what there is to choose from; what is proposed is chosen, unless another was."""
        self.choices = tuple(choices)
        known = {choice.interpreter.executable for choice in choices}
        if self.chosen not in known:
            proposed = (one.interpreter.executable for one in choices if one.proposed)
            self.chosen = next(proposed, None)

    def choice(self, row: ChoiceRow | None) -> InterpreterChoice | None:
        """Return the choice that a row stands for, where it is one of an interpreter."""
        match row.key if row is not None else None:
            case (str(kind), str(executable)) if kind == PYTHON:
                return self._named(executable)
            case _:
                return None

    @property
    def current(self) -> InterpreterChoice | None:
        """The one that is chosen."""
        return None if self.chosen is None else self._named(self.chosen)

    def _named(self, executable: str) -> InterpreterChoice | None:
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

    def missing(self) -> tuple[str, object]:
        """Return why none is chosen, and the row to choose one on."""
        if not self.choices:
            return "no interpreter can be chosen here", None
        first = (PYTHON, self.choices[0].interpreter.executable)
        return "no interpreter is proposed: choose the one it shall rest on", first

    def told(self) -> tuple[Told, ...]:
        """Return the forecasts for the one that is chosen, where its minor version is another."""
        current = self.current
        if current is None or current.same_minor:
            return ()
        return self._told(current.interpreter) or ()

    def rows(self) -> list[ChoiceRow]:
        """Return a row for each."""
        return [self._row(choice) for choice in self.choices]

    def _row(self, choice: InterpreterChoice) -> ChoiceRow:
        interpreter = choice.interpreter
        told, chosen = self._told(interpreter), interpreter.executable == self.chosen
        asking = self.forecaster is not None and self.forecaster.is_asking(interpreter)
        return ChoiceRow(
            lambda cells: python_line(choice, told, cells, self.look, chosen=chosen, asking=asking),
            (PYTHON, interpreter.executable),
            lambda cells: python_about(
                choice, told, cells, self.look, same=self.same, another=self.another
            ),
        )

    def _told(self, interpreter: Interpreter) -> tuple[Told, ...] | None:
        return None if self.forecaster is None else self.forecaster.told(interpreter)
