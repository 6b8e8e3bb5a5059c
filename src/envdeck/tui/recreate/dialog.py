"""The recreate dialog, for one or several environments."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment, InterpreterOption, Plan, Status
from envdeck.core.operations.recreate.options import (
    RecreateChoices,
    SourceChoice,
)
from envdeck.text import counted, plain
from envdeck.text.environment import minor_version, reason_words
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.picker import BLANK, PickerDialog, title
from envdeck.tui.dialogs.requests import RecreateChoice, recreate_requests
from envdeck.tui.recreate.doubts import DoubtRows
from envdeck.tui.recreate.forecast import BumpRows, Forecaster
from envdeck.tui.recreate.interpreters import PythonRows
from envdeck.tui.recreate.project_folder import expand_home
from envdeck.tui.recreate.sources import EXACT, ProjectRows, SourceRows
from envdeck.tui.widgets.fields import AskedField
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, wrapped
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations


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
        source.problem if source is not None else "cannot be read"
        for source in map(exact_of, known.values())
        if source is None or source.problem
    ]
    problem = problems[0] if problems and len(problems) == len(known) else ""
    return SourceChoice(EXACT, "current packages of each, exact versions", problem=problem)


def each_about(
    environments: Sequence[Environment],
    known: Mapping[str, RecreateChoices],
    cells: int,
    look: Display,
) -> list[Line]:
    """Return every environment that is recreated, with what stands in its way."""
    room = max(cells - 2, 12)
    lines: list[Line] = [
        (Part(f"{counted(len(environments), 'environment')}, each from its current packages:"),)
    ]
    for environment in environments:
        choices = known.get(environment.path)
        source = None if choices is None else exact_of(choices)
        problem = "cannot be read" if source is None else source.problem
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


def heading(environments: Sequence[Environment], look: Display, cells: int) -> Line:
    """Return what is recreated: the environment, or how many, and that they lost their base."""
    if len(environments) == 1:
        path = look.short_path(environments[0].path, max(cells - len("Recreate "), 12))
        return Part("Recreate ", Tone.STRONG), Part(path, Tone.STRONG)
    parts = [Part(f"Recreate {counted(len(environments), 'environment')}", Tone.STRONG)]
    minors = {minor_version(one.python.version) for one in environments}
    if all(one.status is Status.BROKEN for one in environments):
        lost = f" {minors.pop()}" if len(minors) == 1 and minors != {""} else ""
        parts.append(Part(f"  with a missing base interpreter{plain(lost)}", Tone.MUTED))
    return clipped(tuple(parts), cells, look.signs.ellipsis)


def file_meant(text: str, environment: Environment, home: str) -> str:
    """Return a path as it was meant: `~` is home, and others begin at the project."""
    start = environment.project.path or os.path.dirname(environment.path)
    return os.path.normpath(os.path.join(start, expand_home(text, home)))


_FRAME = 6
"""Cells that the frame takes of the width."""


class ChoiceReader:
    """Reads what each of some environments can be recreated from, and holds it."""

    def __init__(
        self,
        dialog: "RecreateDialog",
        operating: "Operations",
        environments: tuple[Environment, ...],
        taken: Callable[[], object],
    ) -> None:
        self.environments = environments
        self.known: dict[str, RecreateChoices] = {}
        """What there is for each, by its path."""
        self.file: str | None = None
        """The file that was named."""
        self._dialog, self._operating, self._taken = dialog, operating, taken
        self._latest: Latest[dict[str, RecreateChoices]] = Latest(
            dialog, self._take, dialog.picker.fail
        )

    def load(self) -> None:
        """Read it in a thread."""
        count = len(self.environments)
        several = "" if count == 1 else f" in {count}"
        self._dialog.picker.wait(f"Reading packages, lock files and declared dependencies{several}")
        self._latest.request(self._read)

    def name_file(self, _asked_for: str, text: str) -> None:
        """Take a file that was named."""
        self._dialog.file_field.action_close()
        if text.strip():
            home = self._dialog.look.home
            self.file = file_meant(text.strip(), self.environments[0], home)
            self.load()

    def _read(self, stopped: IsDropped) -> dict[str, RecreateChoices]:
        known = {}
        for environment in self.environments:
            if stopped():
                break
            known[environment.path] = self._operating.recreate_choices(environment, file=self.file)
        return known

    def _take(self, known: dict[str, RecreateChoices]) -> None:
        self.known = known
        self._taken()


class RecreateDialog(PickerDialog[tuple[PlanRequest, ...]]):
    """The sources with their difference to what is installed, then the interpreters, and where
    the chosen one has no wheel for some packages, what becomes of those.

    It is left with a wish for each environment; nothing was planned or done by then. `enter`
    chooses the row under the cursor and goes on, unless that brings more to choose.
    """

    def __init__(
        self, operating: "Operations", environments: Sequence[Environment], look: Display
    ) -> None:
        super().__init__(look)
        self._operating = operating
        self._environments = tuple(environments)
        self._alone = len(self._environments) == 1
        self._reader = ChoiceReader(self, operating, self._environments, self._take)
        self._forecaster = Forecaster(self, operating, environments, self._show_again)
        self.file_field = AskedField(self._reader.name_file, "path of a requirements or lock file")
        self.above = (self.file_field,)
        self._sources = SourceRows(
            look,
            "From",
            "no source available",
            ask_for_file=self.file_field.open if self._alone else None,
        )
        self._pythons = PythonRows(
            look,
            "Same minor version: packages stay at their versions.",
            "Another minor version: all packages are reinstalled for it.",
            self._forecaster,
            above=(BLANK, title("Python", "highlight one to check compatibility")),
            none="No suitable interpreter found.",
        )
        self._doubts = DoubtRows(look, (), self._sources, self._pythons)
        self._sources.difference = self._doubts.difference
        self._sources.about = self._doubts.about_source
        if not self._alone:
            self._sources.about = lambda _source, cells: each_about(
                self._environments, self._reader.known, cells, look
            )
        # What is locked or declared chooses versions of its own: only the exact ones jump.
        self._jumps = BumpRows(
            look,
            lambda: (
                self._pythons.minor,
                self._pythons.find_forecasts() if self._sources.is_exact else (),
            ),
        )
        self._project = ProjectRows(look, self._sources)
        own = (self._project,) if self._alone else ()
        self.picker.sections = (self._sources, *own, self._pythons, self._doubts, self._jumps)

    def on_mount(self) -> None:
        """Read what there is to choose from."""
        room = self.app.size.width - 2 * _FRAME
        self.title_label.show(heading(self._environments, self.look, room))
        self._reader.load()

    # what there is to choose from

    def _take(self) -> None:
        """Show what was read; what is proposed is chosen."""
        known = self._reader.known
        every = list(known.values())
        sources = every[0].sources if self._alone else (exact_for_all(known),)
        self._pythons.take(every[0].interpreters if self._alone else common_interpreters(every))
        self._doubts.known = every[0].doubts if self._alone else ()  # else each plan tells
        key = self._sources.take(sources, named=self._reader.file is not None)
        if sources or self._pythons.choices:
            self._show_again(key)
        else:
            self.picker.fail("no source to recreate from")

    def _show_again(self, key: object = None) -> None:
        """Draw the rows again; what becomes of packages without a wheel comes into sight."""
        if self._reader.known:
            self.picker.show(key)

    # answers

    def returned(self, planned: object) -> None:
        """Let what the plan found in doubt be chosen here."""
        if isinstance(planned, Plan) and planned.doubts:
            self._doubts.find(planned.doubts)
            self.picker.show()
            self.picker.is_complete()

    def action_go_on(self) -> None:
        """Leave with what was chosen."""
        if self.picker.is_complete() and self._sources.chosen is not None:
            choice = RecreateChoice(
                self._sources.chosen[0],
                self._sources.file,
                self._pythons.chosen,
                self._jumps.chosen,
                self._doubts.chosen,
                self._sources.snapshot,
                self._project.itself or not self._alone,
            )
            self.leave_with(
                recreate_requests(self._operating, self._environments, choice, self.look)
            )

    def action_refresh(self) -> None:
        """Read everything again."""
        self._forecaster.forget()
        self._doubts.forget()
        self._reader.load()
