"""What there is to choose from before an environment is made again."""

import os
import tempfile
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import Doubt, Environment, Interpreter, NoPlan, Python
from envdeck.core.operations.choices import InterpreterChoice, RecreateChoices, SourceChoice
from envdeck.core.operations.doubts import Doubting, find_doubts
from envdeck.core.operations.forecast.forecasting import forecast
from envdeck.core.operations.forecast.outlook import Forecast
from envdeck.core.operations.picking import interpreter_choices
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.pins import Recipe
from envdeck.core.operations.sources.difference import Difference, difference
from envdeck.core.operations.sources.offering import sources
from envdeck.core.operations.sources.source import Source, SourceName
from envdeck.core.operations.sourcing import sources_of

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context, Stopped


def recreate_choices(
    operations: "Context", environment: Environment, file: str | None
) -> RecreateChoices:
    """Return sources and interpreters; see :meth:`Operations.recreate_choices`."""
    recipe = freeze(environment)
    distributions = read_distributions(environment)
    found = interpreter_choices(operations, environment, environment.project.path)
    proposed = next((one.interpreter for one in found if one.proposed), None)
    doubts: tuple[Doubt, ...] = ()
    if proposed is not None:
        same_minor = next(one.same_minor for one in found if one.proposed)
        asked = Doubting(
            operations.catalog.host,
            environment,
            proposed,
            same_minor,
            operations.policy.offline,
            operations.stopped,
        )
        doubts = find_doubts(asked, recipe, find_edits(environment))
    return RecreateChoices(
        tuple(
            _choice(source, difference(source, distributions), recipe)
            for source in sources_of(environment, recipe, file, proposed)
        ),
        tuple(
            InterpreterChoice(
                one.interpreter, one.reason, same_minor=one.same_minor, proposed=one.proposed
            )
            for one in found
        ),
        doubts,
    )


def create_choices(operations: "Context", project: str) -> RecreateChoices | NoPlan:
    """Return sources and interpreters; see :meth:`Operations.create_choices`."""
    if not reach.isdir(project):
        hint = "give the folder of a project"
        return NoPlan(f"`{project}` is no folder", hint=hint, missing=True)
    real = os.path.realpath(project)
    found = interpreter_choices(operations, None, real)
    one = next((each.interpreter for each in found if each.proposed), None)
    python = None if one is None else Python(one.version, one.implementation, one.executable)
    return RecreateChoices(
        tuple(
            _choice(source, difference(source, ()), None)
            for source in sources(None, real, python=python)
        ),
        tuple(
            InterpreterChoice(each.interpreter, each.reason, proposed=each.proposed)
            for each in found
        ),
    )


def _choice(source: Source, differs: Difference, recipe: Recipe | None) -> SourceChoice:
    notes = source.notes
    if source.name is SourceName.EXACT and recipe is not None:
        # What has no line of its own is rebuilt from its files, so nothing of it goes.
        problems = [f"{pin.name}: {pin.problem}" for pin in recipe.installed if pin.problem]
        return SourceChoice(
            source.name, source.title, notes=(*notes, *problems), problem=source.problem
        )
    return SourceChoice(
        source.name,
        source.title,
        source.file,
        added=tuple((name, version or "newest") for name, version in differs.added),
        removed=differs.removed,
        changed=tuple(
            (name, before, after or "another") for name, before, after in differs.changed
        ),
        resolved=differs.resolved,
        notes=notes,
        problem=source.problem,
    )


def forecast_for(
    operations: "Context", environment: Environment, interpreter: Interpreter, stopped: "Stopped"
) -> Forecast | NoPlan:
    """Return what another interpreter would make of what is installed."""
    recipe = freeze(environment)
    pins = [(pin.name, pin.version, pin.requirement) for pin in recipe.installed if pin.requirement]
    with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
        found = forecast(
            operations.catalog.host,
            pins,
            interpreter,
            folder,
            environment=environment.path,
            offline=operations.policy.offline,
            stopped=stopped,
        )
    if found.problem and not found.pins:
        return NoPlan(found.problem)
    return found
