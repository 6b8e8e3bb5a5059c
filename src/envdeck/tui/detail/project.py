"""Tab 3, and its remedies."""

from functools import partial
from typing import TYPE_CHECKING

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, NoPlan, Plan, RecreateRequest
from envdeck.core.project.model import Comparison, Drift, DriftFix, PythonDrift
from envdeck.text import place, plain
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.services import CatalogSource, PlanRequest
from envdeck.tui.detail.project_view import declares_nothing, project_rows, say
from envdeck.tui.detail.reader import ReadTab
from envdeck.tui.detail.tab import InstalledState, ReadDone, ReadFailure, ReadPending, TabRow
from envdeck.tui.widgets.line import Display, Line, Part, Tone

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

# What reads a project is imported by the thread that does so, and what shows it with it: the
# tab opens before.


class Compared:
    """What a reading brought; None where the project is no longer there."""

    def __init__(self, comparison: "Comparison | None") -> None:
        self.comparison = comparison


class ProjectTab(ReadTab[Compared]):
    """Drift under the cursor; below it what the project declares, locks and asks for."""

    def __init__(self, look: Display, source: CatalogSource) -> None:
        super().__init__(look, lambda request: Compared(source.project(*request)))
        self.offers = frozenset({"mend"})
        self._laid: tuple[tuple[Comparison, Environment, int], list[TabRow]] | None = None

    @property
    def hints(self) -> dict[str, str]:
        """The key for fixing, where something is to be fixed."""
        return {"mend": ""} if self.view.current is not None else {}

    @property
    def comparison(self) -> "Comparison | None":
        """What is shown, once it was read."""
        found = self.reading.found
        return found.comparison if found is not None else None

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show an environment beside its project."""
        match installed:
            case ReadDone(distributions):
                self.reading.show(environment, distributions)
            case ReadFailure():
                self.reading.show(environment, installed)
            case _:
                self.reading.show(environment, None)

    def lay(self, environment: Environment, cells: int) -> list[TabRow]:
        """Return the rows."""
        match self.reading.state:
            case Compared(comparison=None):
                gone = (Part("Project not found.", Tone.WARNING),)
                return say([gone, _again(self.look)], self.look, cells)
            case Compared(comparison=comparison) if comparison is not None:
                return self._compared(comparison, environment, cells)
            case ReadFailure(reason):
                why = f"{self.look.signs.broken} Cannot compare with the project: {reason}"
                return say([(Part(why, Tone.ERROR),), _again(self.look)], self.look, cells)
            case _:
                words = f"Comparing with the project{self.look.signs.ellipsis}"
                return say([(Part(words, Tone.MUTED),)], self.look, cells)

    def _compared(
        self, comparison: "Comparison", environment: Environment, cells: int
    ) -> list[TabRow]:
        """Lay a comparison out, once for a width: it is shown again whenever anything is known."""
        shown = (comparison, environment, cells)
        if self._laid is None or not _same(self._laid[0], shown):
            rows = project_rows(*shown[:2], self.look, cells)
            if not comparison.project.manifests and not comparison.project.locks:
                rows += [TabRow(), *declares_nothing(self.look, cells)]
            self._laid = shown, rows
        return self._laid[1]

    def tell(self) -> None:
        """Say what the key for fixing does with the row under the cursor."""
        mending = self._mending()
        if mending is None:
            self.footing.tell(())
        elif isinstance(mending, str):
            self.footing.tell((Part(mending[0].upper() + mending[1:], Tone.MUTED),))
        else:
            key = Part(self.look.key("mend"), Tone.HEADING)
            self.footing.tell((key, Part(f": {mending.words}", Tone.MUTED)))
        self.post_message(HintsChanged())

    # fixing

    def _mending(self) -> "ProjectFixes | str | None":
        row, comparison = self.view.current, self.comparison
        if row is None or comparison is None:
            return None
        if not isinstance(row.about, Drift | PythonDrift):
            return None
        return find_fix(comparison, row.about, self.look)

    def request_fix(self, operating: "Operations", action: str = "mend") -> "PlanRequest | str":
        """Return the recreate that fixes what is under the cursor, or why there is none."""
        del action
        mending = self._mending()
        if isinstance(self.reading.state, ReadPending):
            return "still comparing with the project"
        environment = self.reading.environment
        if environment is None or mending is None:
            return "no drift to fix"
        if isinstance(mending, str):
            return mending
        return fix_request(operating, environment, mending, self.look)


def _again(look: Display) -> Line:
    key = Part(look.key("refresh"), Tone.HEADING)
    return key, Part(": try again", Tone.MUTED)


def _same(one: tuple[object, object, int], other: tuple[object, object, int]) -> bool:
    """Whether two are of the same objects: to compare thousands of drifts would take long."""
    return one[0] is other[0] and one[1] is other[1] and one[2] == other[2]


@dataclass(frozen=True, slots=True)
class ProjectFixes:
    """A recreate, as far as it is known before it is planned."""

    words: str
    """What is done, for a sentence that begins with the key: `recreate from uv.lock`."""
    source: str
    """`lock`, `declared` or `exact`."""
    file: str | None = None
    """Which of several lock files."""
    interpreter: str | None = None
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None


def find_fix(
    comparison: Comparison, about: Drift | PythonDrift, look: Display
) -> ProjectFixes | str:
    """Return what fixes a drift, or why nothing of ours does.

    The groups and extras are those that count now, so that a recreate takes away none that
    somebody has chosen.
    """
    if isinstance(about, PythonDrift):
        if not about.wanted:
            where = place(about.file, about.line, look.home, comparison.project.folder)
            return f"cannot be fixed by another Python: edit {where}"
        source = "declared" if comparison.project.manifests else "exact"
        source = "lock" if comparison.against else source
    elif about.fix is DriftFix.NONE:
        name = plain(about.name)
        return f"cannot fix {name}: no source to install it from"
    else:
        source = "lock" if about.fix is DriftFix.FROM_LOCK else "declared"
        if about.fix is DriftFix.INTERPRETER:
            source = "lock" if comparison.against else "declared"
    locks = comparison.project.locks
    several = source == "lock" and len(locks) > 1 and bool(comparison.against)
    where = f"from {_source_words(comparison, source, look)}"
    interpreter = about.wanted if isinstance(about, PythonDrift) else _python(comparison, about)
    if interpreter:
        where = f"with Python {plain(interpreter)} {where}"
    known = source != "exact" and bool(comparison.parts)
    return ProjectFixes(
        f"recreate {where}",
        source,
        comparison.against if several else None,
        interpreter,
        _count_kind(comparison, "group:") if known else None,
        _count_kind(comparison, "extra:") if known else None,
    )


def _source_words(comparison: Comparison, source: str, look: Display) -> str:
    if source == "lock":
        return (
            place(comparison.against, None, look.home, comparison.project.folder) or "the lock file"
        )
    return "declared dependencies" if source == "declared" else "current packages"


def _python(comparison: Comparison, drift: Drift) -> str | None:
    """Return the Python that a package cannot be had without, where the project asks for one."""
    if drift.fix is not DriftFix.INTERPRETER:
        return None
    return next((one.wanted for one in comparison.pythons if one.wanted), None)


def _count_kind(comparison: Comparison, kind: str) -> tuple[str, ...]:
    return tuple(
        part.id.removeprefix(kind)
        for part in comparison.parts
        if part.counts and part.id.startswith(kind)
    )


def fix_request(
    operating: "Operations", environment: Environment, mending: ProjectFixes, look: Display
) -> PlanRequest:
    """Return the wish for it."""

    def plan(allow: frozenset[str], *, keep: bool = False) -> Plan | NoPlan:
        return operating.plan_recreate(
            environment,
            RecreateRequest(
                source=mending.source,
                file=mending.file,
                interpreter=mending.interpreter,
                groups=mending.groups,
                extras=mending.extras,
                keep_edits=keep,
            ),
            allow=allow,
        )

    return PlanRequest(
        f"Recreate {look.path(environment.path)}",
        plan,
        keeping=partial(plan, keep=True),
        paths=(environment.path,),
    )
