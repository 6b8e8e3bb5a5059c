"""The source that was chosen, found anew for the interpreter that was chosen."""

from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import Environment, Interpreter, NoPlan, ProjectState, Python
from envdeck.core.operations.recipe.pins import Recipe
from envdeck.core.operations.sources.offering import sources
from envdeck.core.operations.sources.parts import DEFAULTS, Parts
from envdeck.core.operations.sources.source import Source, SourceName


def sources_of(
    environment: Environment,
    recipe: Recipe,
    file: str | None,
    interpreter: Interpreter | None,
    parts: Parts = DEFAULTS,
) -> tuple[Source, ...]:
    """Return everything that an environment can be made from, for an interpreter."""
    project = environment.project
    python = environment.python
    if interpreter is not None:
        python = Python(interpreter.version, interpreter.implementation, interpreter.executable)
    return sources(
        environment,
        project.path if project.state is ProjectState.FOUND else None,
        exact=[
            (pin.name, pin.version, pin.requirement)
            for pin in recipe.installed
            if pin.requirement and not pin.obstacle
        ],
        distributions=read_distributions(environment),
        python=python,
        file=file,
        groups=parts.groups,
        extras=parts.extras,
    )


def source_of(
    environment: Environment,
    recipe: Recipe,
    name: str,
    file: str | None,
    interpreter: Interpreter | None,
    parts: Parts = DEFAULTS,
) -> Source | NoPlan:
    """Return the source of a name that can be used, or why none can."""
    offered = sources_of(environment, recipe, file, interpreter, parts)
    found = [one for one in offered if one.name == name]
    if not found:
        what = {
            SourceName.LOCK: "its project has no lock file",
            SourceName.DECLARED: "its project declares nothing",
            SourceName.FILE: "no file was given",
        }.get(SourceName(name), "it has no such source")
        return NoPlan(f"{environment.name} cannot be made from that: {what}", missing=True)
    usable = [one for one in found if one.usable]
    if not usable:
        return NoPlan(
            f"{found[0].title} cannot be used: {found[0].problem}",
            hint="choose another source: `--from declared`" if name == SourceName.LOCK else "",
        )
    return usable[0]
