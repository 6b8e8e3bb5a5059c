"""From a drift to the operation that mends it: a recreate, by what the project says."""

from dataclasses import dataclass
from functools import partial

from envdeck.core.model import Environment, NoPlan, Plan
from envdeck.core.project.drift import Comparison, Drift, Mend, PythonDrift
from envdeck.text import plain
from envdeck.tui.operating import Operating, Wish
from envdeck.tui.panes.words import place
from envdeck.tui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class Mending:
    """A recreate, as far as it is known before it is planned."""

    words: str
    """What is done, for a sentence that begins with the key: `recreates it from uv.lock`."""
    source: str
    """`lock`, `declared` or `exact`."""
    file: str | None = None
    """Which of several lock files."""
    interpreter: str | None = None
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None


def mending(comparison: Comparison, about: Drift | PythonDrift, look: Look) -> Mending | str:
    """Return what mends a drift, or why nothing of ours does.

    The groups and extras are those that count now, so that a recreate takes away none that
    somebody has chosen.
    """
    if isinstance(about, PythonDrift):
        if not about.wanted:
            where = place(about.file, about.line, comparison.project.folder, look)
            return f"no version of Python mends that: change what {where} says"
        source = "declared" if comparison.project.manifests else "exact"
        source = "lock" if comparison.against else source
    elif about.mend is Mend.NONE:
        name = plain(about.name)
        return f"no operation mends {name}: nothing here can be installed from"
    else:
        source = "lock" if about.mend is Mend.FROM_LOCK else "declared"
        if about.mend is Mend.INTERPRETER:
            source = "lock" if comparison.against else "declared"
    locks = comparison.project.locks
    several = source == "lock" and len(locks) > 1 and bool(comparison.against)
    where = f"from {_from(comparison, source, look)}"
    interpreter = about.wanted if isinstance(about, PythonDrift) else _python(comparison, about)
    if interpreter:
        where = f"on {plain(interpreter)} {where}"
    known = source != "exact" and bool(comparison.parts)
    return Mending(
        f"recreates it {where}",
        source,
        comparison.against if several else None,
        interpreter,
        _counting(comparison, "group:") if known else None,
        _counting(comparison, "extra:") if known else None,
    )


def _from(comparison: Comparison, source: str, look: Look) -> str:
    if source == "lock":
        return place(comparison.against, None, comparison.project.folder, look) or "its lock file"
    return "what is declared" if source == "declared" else "what is in it"


def _python(comparison: Comparison, drift: Drift) -> str | None:
    """Return the Python that a package cannot be had without, where the project asks for one."""
    if drift.mend is not Mend.INTERPRETER:
        return None
    return next((one.wanted for one in comparison.pythons if one.wanted), None)


def _counting(comparison: Comparison, kind: str) -> tuple[str, ...]:
    return tuple(
        part.id.removeprefix(kind)
        for part in comparison.parts
        if part.counts and part.id.startswith(kind)
    )


def mend_wish(operating: Operating, environment: Environment, mending: Mending, look: Look) -> Wish:
    """Return the wish for it."""

    def plan(allow: frozenset[str], *, keep: bool = False) -> Plan | NoPlan:
        return operating.plan_recreate(
            environment,
            source=mending.source,
            file=mending.file,
            interpreter=mending.interpreter,
            groups=mending.groups,
            extras=mending.extras,
            keep_edits=keep,
            allow=allow,
        )

    return Wish(
        f"Recreate {look.path(environment.path)}",
        plan,
        keeping=partial(plan, keep=True),
        paths=(environment.path,),
    )
