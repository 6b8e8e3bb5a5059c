"""`RecreatePlan`: planned, and in words."""

import os
from collections.abc import Collection
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Choices,
    Creation,
    Doubt,
    Environment,
    Fact,
    InterpreterOption,
    InterpreterReason,
    NoPlan,
    Operation,
    PackageChange,
    PackageChoice,
    RecreateRequest,
    Step,
    Target,
    minor_of,
)
from envdeck.core.operations.engine.creators import CannotBeMade, creator_for
from envdeck.core.operations.engine.pip_configuration import is_cut_off, silence_warnings
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.guards.check import guard_context, mark_of, obstacles
from envdeck.core.operations.recipe.edits import EditSearch, look_at
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.recipe import Recipe
from envdeck.core.operations.recreate.doubts import (
    DoubtSearch,
    doubt_refusals,
    find_doubts,
    wrong_choice,
)
from envdeck.core.operations.recreate.options import (
    Jumps,
    bump_source,
    bump_versions,
    drop_seeds,
    own_packages,
)
from envdeck.core.operations.shared.base_interpreter import (
    BasePath,
    base_path,
    uses_of,
)
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.describe import edit_facts, inherited_facts, recreate_warnings
from envdeck.core.operations.shared.history import failed_before
from envdeck.core.operations.shared.interpreters import interpreter_choices, pick, unfit_warnings
from envdeck.core.operations.shared.space import no_room, not_writable
from envdeck.core.operations.sources.offer import source_of
from envdeck.core.operations.sources.snapshot import (
    PastRecipe,
    find_snapshot,
    past_recipe,
    usable_source,
)
from envdeck.core.operations.sources.source import (
    InstallMethod,
    PackageSource,
    Parts,
    SourceName,
)
from envdeck.core.operations.staging.changes import Installed, changes_to
from envdeck.core.operations.staging.replace import ReplacePlan
from envdeck.core.operations.staging.stage import MISDIRECTED_HINT, BuildSpec
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import first_trash
from envdeck.core.project.parts import own_names
from envdeck.core.project.project import read_project
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.core.system.words import counted, join_some

_CHOSEN = {
    PackageChoice.KEEP: "files kept",
    PackageChoice.RELEASE: "from the index",
    PackageChoice.OMIT: "omitted",
}

_LAYOUT = ("bin", "lib", "Scripts", "Lib")
"""Folders that every creator makes."""


def facts_of(
    version: str | None,
    chosen: InterpreterOption,
    named: BasePath,
    source: PackageSource,
    unowned: int,
    choices: Choices,
) -> tuple[Fact, ...]:
    """Return what a person should know before: from what, and on what; `version` is the one that
    its interpreter has now."""
    now = version or "unknown"
    one = chosen.interpreter
    then = f"{now} (unchanged)" if now == one.version else f"{now} → {one.version}"
    facts = [
        Fact("from", source.title),
        Fact("python", f"{then}, {named.executable}"),
        *uses_of(named, one.version),
    ]
    for choice, label in _CHOSEN.items():
        names = sorted(name for name, made in choices.items() if made is choice)
        facts += [Fact(label, ", ".join(names))] if names else []
    if unowned:
        facts.append(Fact("carried over", f"{counted(unowned, 'file')} of yours"))
    return tuple(facts)


def steps_of(
    blueprint: BuildSpec, staged: str, name: str, unowned: int, host: Host
) -> tuple[Step, ...]:
    """Return what is done, with the very commands that will be run."""
    item = os.path.dirname(staged)
    count = len(blueprint.source.expected or blueprint.source.requirements)
    install = f"Install {counted(count, 'package')} and verify files"
    if blueprint.source.how is InstallMethod.UV_SYNC:
        install = "Install packages from uv.lock"
    steps = [
        Step("Create the new environment in staging", blueprint.create_command(staged).shown, item),
        Step(install, blueprint.install_command(staged, host).shown, item),
    ]
    if unowned:
        steps.append(Step(f"Copy {unowned:,} files of yours"))
    steps.append(Step("Check dependencies and imports"))
    steps.append(Step(f"Swap in {name} and move the old one to trash"))
    return tuple(steps)


def warnings_of(
    recipe: Recipe,
    source: PackageSource,
    chosen: InterpreterOption,
    doubtful: Collection[str],
    *,
    same_minor: bool,
) -> tuple[str, ...]:
    """Return why it may be a bad idea, one sentence each. What is `doubtful` is chosen for, and
    not rebuilt."""
    said = [*source.notes]
    if chosen.interpreter.end_of_life:
        said.append(
            f"Python {chosen.interpreter.version} is end of life since"
            f" {chosen.interpreter.end_of_life}"
        )
    if not same_minor and source.name is SourceName.EXACT:
        said.append(
            f"Python {recipe.python or 'unknown'} → {chosen.interpreter.version}:"
            " stops without changes if a package has no release for it;"
            " pip and setuptools use the bundled versions"
        )
    rebuilt = [
        pin.name
        for pin in recipe.installed
        if pin.obstacle and source.name is SourceName.EXACT and pin.name not in doubtful
    ]
    if rebuilt:
        said.append(f"rebuilt from installed files (source not found): {join_some(rebuilt)}")
    installed = {pin.name for pin in recipe.installed}
    if hollow := [pin.name for pin in recipe.pins if pin.name not in installed]:
        said.append(f"empty metadata folders skipped: {join_some(hollow)}")
    if recipe.leftovers:
        said.append(f"{len(recipe.leftovers)} leftovers of an interrupted pip skipped")
    return tuple(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecreatePlan(ReplacePlan):
    """An environment to be recreated."""

    runner: ClassVar[str] = "envdeck.core.operations.recreate.run"
    carries: bool
    """Whether there are files that no package owns."""
    same_minor: bool
    same_base: bool
    """Whether it uses the very interpreter that the old one uses."""
    look: EditSearch = field(repr=False, compare=False)
    """At its files, of which more is read while it is recreated."""
    own: frozenset[str] = frozenset()
    """The names of the project itself, where that is installed too."""
    past: PastRecipe | None = None
    """What brings a snapshot back, where that is the source."""
    jumped: frozenset[str] = frozenset()
    """Names that come at another version, since theirs has no wheel for the new interpreter."""

    def chosen(self, choice: PackageChoice) -> list[str]:
        """Return the names that a choice was made for."""
        return sorted(name for name, made in self.choices.items() if made is choice)


def plan_recreate(
    context: Context,
    environment: Environment,
    request: RecreateRequest,
    *,
    allow: frozenset[str],
    operation: Operation = Operation.RECREATE,
) -> RecreatePlan | NoPlan:
    """Plan to recreate an environment; see :meth:`Operations.plan_recreate`."""
    host, choices = context.catalog.host, request.choices
    for name in _LAYOUT:
        if reach.islink(place := os.path.join(environment.path, name)):
            what = (
                f"{name} is a symlink to {reach.realpath(place)}, which a new environment has not"
            )
            return NoPlan(what, hint="replace the symlink with a folder")
    parts = Parts.choose(request.groups, request.extras, itself=request.itself)
    folder = environment.project.path
    asks = bool(parts.groups or parts.extras)
    said = read_project(folder, deployed=False) if asks and folder is not None else None
    unknown = parts.unknown(said, request.file)
    if unknown:
        return NoPlan(unknown, missing=True)
    python, project = request.interpreter, environment.project.path
    snapshot = find_snapshot(context, environment, request)
    if isinstance(snapshot, NoPlan):
        return snapshot
    if snapshot is not None and python is None:
        then = minor_of(snapshot.python)  # else compiled packages of then would not run
        python = (then != minor_of(environment.python.version) and then) or None
    chosen = pick(python, interpreter_choices(context, environment, project, python))
    if isinstance(chosen, NoPlan):
        return chosen
    installed = Installed.read(environment)
    recipe = freeze(environment, heads=installed.heads)
    same_minor = minor_of(environment.python.version) == minor_of(chosen.interpreter.version)
    if not request.itself and request.source == SourceName.EXACT:
        choices = {**choices, **dict.fromkeys(own_packages(recipe, project), PackageChoice.OMIT)}
    wanted = replace(recipe, pins=tuple(pin for pin in recipe.pins if pin.name not in choices))
    past = None
    if snapshot is not None:
        version = chosen.interpreter.version or ""
        past = past_recipe(context, environment, recipe, snapshot, version)
    found = (
        source_of(environment, installed.distributions, wanted, request, chosen.interpreter, parts)
        if past is None
        else usable_source(past)
    )
    if isinstance(found, NoPlan):
        return found
    exact = found.name is SourceName.EXACT
    wrong = wrong_choice(choices, recipe, environment, exact=exact, same_minor=same_minor)
    if wrong is not None:
        return wrong
    jumped: Jumps = ()
    if request.jump is not None and exact:
        jumps = bump_versions(context, environment, wanted, chosen.interpreter, request.jump)
        if isinstance(jumps, NoPlan):
            return jumps
        found, jumped = bump_source(found, wanted, jumps), jumps
    if exact and not same_minor:
        found = drop_seeds(found, wanted)
    look = look_at(environment)
    edits = look.edits()
    doubts: tuple[Doubt, ...] = ()
    silent: tuple[str, ...] = ()
    if found.needs_index:
        kept = exact and same_minor
        otherwise = ("what is not in it is rebuilt from installed files",) if kept else ()
        silent = silence_warnings(context, environment.path, *otherwise)
    if exact:
        names = [pin.name for pin in wanted.installed if not pin.anchored]
        strict = tuple(pin.name for pin in wanted.installed if pin.strict)
        found = replace(found, binary=tuple(names), strict=strict)
        asked = DoubtSearch(
            host,
            environment,
            chosen.interpreter,
            same_minor,
            context.policy.offline,
            context.stopped,
            is_cut_off(context, environment.path) if silent else False,
        )
        doubts = find_doubts(asked, recipe, look)
    uv = UvAdapter(host, folder=host.home, environment=environment.path)
    if uv.misdirected:
        return NoPlan(uv.misdirected, MISDIRECTED_HINT)
    creator = creator_for(
        environment.creation, host, chosen.interpreter.version, folder=host.home, uv=uv
    )
    if isinstance(creator, CannotBeMade):
        if creator.instead is None:
            return NoPlan(creator.reason, creator.hint)
        creator = creator.instead
    named = base_path(chosen, environment)
    blueprint = BuildSpec(
        path=environment.path,
        interpreter=named.executable,
        names=named.kept,
        creator=creator,
        creation=environment.creation,
        source=found,
        # What is pinned is installed like the rest, by far faster than a creator seeds it.
        seeds=frozenset() if past or (exact and same_minor) else recipe.seeds,
        copies=_is_copied(environment.creation, environment.python.executable),
        downloads=context.policy.downloads,
        offline=context.policy.offline,
    )
    machine = guard_context(context)
    unowned = machine.unowned(environment.path)
    if not unowned.complete:
        readable = "make them readable, or " if unowned.unread else ""
        return NoPlan(
            f"not all files can be carried over: {unowned.problem}",
            hint=f"{readable}move them out of the environment",
        )
    facts = facts_of(environment.python.version, chosen, named, found, unowned.count, choices)
    target = Target(
        environment.path,
        environment.identity,
        environment.name,
        (*facts, *inherited_facts(environment, host), *edit_facts(edits)),
        mark_of(environment.path),
        edits,
    )
    refusals = (
        *obstacles(operation, target, environment, machine, allow),
        *doubt_refusals(
            doubts,
            choices,
            environment.path,
            None if same_minor else chosen.interpreter.executable,
        ),
    )
    doubtful = {one.name for one in doubts}
    replaced = look.edits(unreleased(choices) | (doubtful - choices.keys()))
    needs = environment.size.reclaimable_bytes if environment.size is not None else None
    identifier = new_id(host)
    staged = os.path.join(first_trash(environment.path, context.store), identifier)
    return RecreatePlan(
        id=identifier,
        operation=operation,
        package_changes=_changes(recipe, found, jumped, choices, same_minor=same_minor),
        targets=(target,),
        steps=steps_of(
            blueprint, os.path.join(staged, ENVIRONMENT), environment.name, unowned.count, host
        ),
        warnings=(
            *((named.lost,) if named.lost else ()),
            *warnings_of(
                recipe,
                found,
                chosen,
                doubtful,
                same_minor=same_minor,
            ),
            *unfit_warnings(chosen, () if same_minor else installed.heads),
            *recreate_warnings(replaced, keep=request.keep_edits),
            *silent,
        ),
        keep_edits=request.keep_edits,
        replaced_edits=replaced.count,
        look=look,
        refusals=(
            *refusals,
            *not_writable(environment.path),
            *no_room(environment.path, needs, context.store),
        ),
        allowed=allow,
        offers=failed_before(environment.path, context.store),
        needs_bytes=needs,
        frees_now_bytes=0,
        reclaims_bytes=needs,
        doubts=doubts,
        choices=choices,
        undo=f"envdeck undo {identifier}",
        kept_until=context.policy.kept_until(host.now()),
        environment=environment,
        done=f"recreated {environment.name}",
        installed=installed,
        recipe=recipe,
        own=_own_names(recipe, project, found) if request.itself else frozenset(),
        past=past,
        blueprint=blueprint,
        carries=unowned.count > 0,
        same_minor=same_minor,
        same_base=chosen.reason is InterpreterReason.CURRENT
        and environment.python.version == chosen.interpreter.version,
        jumped=frozenset(name for name, _, _ in jumped)
        | (frozenset() if same_minor else recipe.seeds),
    )


def _own_names(recipe: Recipe, project: str | None, source: PackageSource) -> frozenset[str]:
    here = frozenset(own_packages(recipe, project))
    if here or not source.install_project or not project:
        return here
    return own_names(read_project(project, deployed=False))


def _changes(
    recipe: Recipe, source: PackageSource, jumped: Jumps, choices: Choices, *, same_minor: bool
) -> tuple[PackageChange, ...] | None:
    """Return what becomes of packages, where that is known: of pip, setuptools and wheel that the
    creator brings only when they are there."""
    if source.how is InstallMethod.RESOLVE:
        return None
    exact = source.name is SourceName.EXACT
    before = {pin.name: pin.version for pin in recipe.installed}
    after: dict[str, str | None] = {**before} if exact else {**dict(source.expected)}
    after |= {name: version for name, _, version in jumped}
    for name in recipe.seeds if not (exact and same_minor) else ():
        if exact or name not in after:
            after.pop(name, None)
            del before[name]
    for name, choice in choices.items():
        if choice is PackageChoice.OMIT:
            after.pop(name, None)
    return changes_to(before, after)


def _is_copied(creation: Creation, executable: str | None) -> bool:
    """Tell whether the interpreter was copied and not linked."""
    return (
        creation.creator in {"venv", "virtualenv"}
        and executable is not None
        and reach.isfile(executable)
        and not reach.islink(executable)
    )


def unreleased(choices: Choices) -> frozenset[str]:
    """Return the names whose files are not put beside those of a release: kept, or left out."""
    return frozenset(
        name for name, choice in choices.items() if choice is not PackageChoice.RELEASE
    )
