"""What is said of a recreate before it is done."""

from collections.abc import Collection

from envdeck.core.host import Host
from envdeck.core.model import Choices, Environment, Fact, PackageChoice, Step
from envdeck.core.operations.base_path import BasePath, uses_of
from envdeck.core.operations.blueprint import Blueprint
from envdeck.core.operations.guards.guard import some
from envdeck.core.operations.interpreters import Choice
from envdeck.core.operations.jumping import Jumps
from envdeck.core.operations.recipe.pins import Recipe
from envdeck.core.operations.sources.source import How, Source, SourceName

_CHOSEN = {
    PackageChoice.KEEP: "files kept",
    PackageChoice.RELEASE: "as released",
    PackageChoice.OMIT: "left out",
}


def facts_of(
    environment: Environment,
    chosen: Choice,
    named: BasePath,
    source: Source,
    unowned: int,
    jumped: Jumps,
    choices: Choices,
) -> tuple[Fact, ...]:
    """Return what a person should know before: from what, and on what."""
    now = environment.python.version or "not known"
    one = chosen.interpreter
    then = f"{now}, as it is" if now == one.version else f"{now}, then {one.version}"
    facts = [
        Fact("from", source.title),
        Fact("python", f"{then}, of {named.executable}"),
        *uses_of(named, one.version),
    ]
    facts += [Fact(name, f"{before} to {after}") for name, before, after in jumped]
    for choice, label in _CHOSEN.items():
        names = sorted(name for name, made in choices.items() if made is choice)
        facts += [Fact(label, ", ".join(names))] if names else []
    if unowned:
        plural = "file" if unowned == 1 else "files"
        facts.append(Fact("carried over", f"{unowned:,} {plural} that no package owns"))
    return tuple(facts)


def steps_of(
    blueprint: Blueprint, staged: str, environment: Environment, unowned: int, host: Host
) -> tuple[Step, ...]:
    """Return what is done, with the very commands that will be run."""
    count = len(blueprint.source.expected or blueprint.source.requirements)
    packages = "package" if count == 1 else "packages"
    install = f"install {count:,} {packages} and check each against what was"
    if blueprint.source.how is How.UV_SYNC:
        install = "install what uv.lock says"
    steps = [
        Step("make a new one beside it", blueprint.creating(staged).shown),
        Step(install, blueprint.installing(staged, host).shown),
    ]
    if unowned:
        steps.append(Step(f"copy {unowned:,} files that no package owns"))
    steps.append(Step("check what it needs, and that it imports what it could"))
    steps.append(Step(f"exchange the two: the old one of {environment.name} goes to the trash"))
    return tuple(steps)


def warnings_of(
    environment: Environment,
    recipe: Recipe,
    source: Source,
    chosen: Choice,
    doubtful: Collection[str],
    *,
    same_minor: bool,
) -> tuple[str, ...]:
    """Return why it may be a bad idea, one sentence each. What is `doubtful` is chosen for, and
    not rebuilt."""
    said = [*source.notes]
    if chosen.interpreter.end_of_life:
        said.append(
            f"Python {chosen.interpreter.version} has had no support since"
            f" {chosen.interpreter.end_of_life}"
        )
    if not same_minor and source.name is SourceName.EXACT:
        said.append(
            f"it goes from Python {environment.python.version} to {chosen.interpreter.version}:"
            " what has no release for that ends it, and nothing is changed;"
            " pip and setuptools come as its creator seeds them"
        )
    rebuilt = [
        pin.name
        for pin in recipe.installed
        if pin.obstacle and source.name is SourceName.EXACT and pin.name not in doubtful
    ]
    if rebuilt:
        said.append(f"rebuilt from their files here, since their source is gone: {some(rebuilt)}")
    if recipe.leftovers:
        said.append(f"{len(recipe.leftovers)} leftovers of an interrupted pip are left out")
    return tuple(said)
