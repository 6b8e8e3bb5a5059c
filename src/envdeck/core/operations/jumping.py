"""Other versions for another Python: where a package has no wheel for it at its own version."""

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from envdeck.core.model import Environment, Interpreter, NoPlan
from envdeck.core.operations.forecast.outlook import Verdict
from envdeck.core.operations.recipe.pins import Recipe
from envdeck.core.operations.sources.source import How, Source

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context

Jumps: TypeAlias = tuple[tuple[str, str, str], ...]
"""Name, version now, version then."""


def jump_over(
    operations: "Context",
    environment: Environment,
    recipe: Recipe,
    interpreter: Interpreter,
    jump: str,
) -> Jumps | NoPlan:
    """Return which packages have to move for an interpreter, and where to: to the `smallest`
    version up that has a wheel for it, or to the `newest`."""
    from envdeck.core.operations.choosing import forecast_for

    told = forecast_for(operations, environment, interpreter, operations.stopped)
    if isinstance(told, NoPlan):
        return told
    found = []
    for pin in told.pins:
        if pin.verdict in {Verdict.WHEEL, Verdict.UNKNOWN}:
            continue
        target = pin.smallest if jump == "smallest" else pin.newest
        if target is None and pin.verdict is not Verdict.BUILD:
            return NoPlan(
                f"no version of {pin.name} has a wheel for Python {interpreter.version}",
                hint="recreate it from what the project declares: `--from declared`",
            )
        if target is not None and target != pin.version:
            found.append((pin.name, pin.version, target))
    return tuple(found)


def jumped_source(source: Source, recipe: Recipe, jumps: Jumps) -> Source:
    """Return the exact source with those versions in place of the ones that are here."""
    moved = {name: version for name, _, version in jumps}
    lines = [
        f"{pin.display_name}=={moved[pin.name]}" if pin.name in moved else pin.requirement
        for pin in recipe.installed
        if pin.requirement and not pin.obstacle
    ]
    expected = tuple((name, moved.get(name, version)) for name, version in source.expected)
    return replace(source, how=How.PINS, requirements=tuple(lines), expected=expected)


def without_seeds(source: Source, recipe: Recipe) -> Source:
    """Return the exact source without pip, setuptools and wheel: the creator seeds those that
    suit the other Python."""
    seeds = {pin.name: pin.requirement for pin in recipe.installed if pin.seed}
    return replace(
        source,
        requirements=tuple(line for line in source.requirements if line not in seeds.values()),
        expected=tuple(pair for pair in source.expected if pair[0] not in seeds),
    )
