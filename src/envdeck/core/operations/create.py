"""A new environment for a project that has none: made aside, then moved into its place."""

import os
import shlex
from typing import ClassVar

from envdeck.core.inspection.interpreter import is_free_threaded, is_version
from envdeck.core.inspection.protection import own_place
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    CACHES,
    Claims,
    Creation,
    Ending,
    Fact,
    Interpreter,
    InterpreterOption,
    NoPlan,
    Operation,
    Plan,
    Python,
    Refusal,
    Result,
    Step,
    StepStarted,
    Target,
    minor_of,
    refused,
)
from envdeck.core.operations.engine.creators import Creator, UvCreator, VenvCreator
from envdeck.core.operations.engine.failure import BuildError
from envdeck.core.operations.engine.pip_configuration import silence_warnings
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.recipe.verify import dependency_problems
from envdeck.core.operations.shared.base_interpreter import (
    base_path,
    uses_of,
)
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.interpreters import (
    interpreter_choices,
    named_by,
    pick,
    unfit_warnings,
)
from envdeck.core.operations.shared.space import no_room, not_writable
from envdeck.core.operations.sources.offer import sources
from envdeck.core.operations.sources.source import (
    DEFAULTS,
    InstallMethod,
    PackageSource,
    Parts,
    SourceName,
)
from envdeck.core.operations.staging.changes import changes_between, changes_to
from envdeck.core.operations.staging.prove import FileProof, install_source, is_of
from envdeck.core.operations.staging.stage import (
    MISDIRECTED_HINT,
    BuildSpec,
    StagedBuild,
)
from envdeck.core.operations.transaction.journal import Entry, Move, new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import first_trash, transaction
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.project.model import Project, WantedPython
from envdeck.core.project.parts import not_here, own_names
from envdeck.core.project.project import read_project
from envdeck.core.system import reach
from envdeck.core.system.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePlan(Plan):
    """An environment to be."""

    runner: ClassVar[str] = "envdeck.core.operations.create"
    project: str
    blueprint: BuildSpec
    version: str
    own: frozenset[str] = frozenset()
    """The names of the project itself, where it is installed too."""

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        place = frozenset(target.path for target in self.targets)
        base = frozenset({self.blueprint.interpreter, CACHES})
        return Claims(changes=place, alone=frozenset({self.project}), reads=base)


def plan_create(
    context: Context,
    project: str,
    *,
    path: str | None,
    source: str | None,
    file: str | None,
    interpreter: str | None,
    parts: Parts = DEFAULTS,
) -> CreatePlan | NoPlan:
    """Plan a new environment; see :meth:`Operations.plan_create`."""
    if why := reach.obstacle(project):
        hint = f"name it on the command line: `envdeck create {shlex.quote(project)}`"
        return NoPlan(f"`{project}` is not read: {why}", hint=hint)
    if not reach.isdir(project):
        return NoPlan(f"`{project}` is not a folder", hint="pass a project folder", missing=True)
    real = reach.realpath(project)
    said = read_project(real, hashes=True)
    unknown = parts.unknown(said, file)
    if unknown:
        return NoPlan(unknown, missing=True)
    place = os.path.join(real if path else said.environment_folder, path or ".venv")
    chosen = pick(interpreter, interpreter_choices(context, None, real, interpreter))
    if isinstance(chosen, NoPlan):
        return chosen
    found = choose_source(said, source, file, chosen, parts)
    if isinstance(found, NoPlan):
        return found
    return _planned(context, said, os.path.normpath(place), found, chosen)


def choose_source(
    project: Project, name: str | None, file: str | None, chosen: InterpreterOption, parts: Parts
) -> PackageSource | NoPlan:
    """Return from what a new environment of a project is made: what is named, or the first that
    can be used."""
    one = chosen.interpreter
    python = Python(one.version, one.implementation, one.executable)
    offered = sources(None, project, python=python, file=file, parts=parts)
    named = "file" if file is not None and name is None else name
    fitting = [each for each in offered if named is None or each.name == named]
    before: list[str] = []
    for each in fitting:
        if each.usable:
            return replace(each, notes=(*before, *each.notes))
        if each.file is not None:
            before.append(f"Not used: {each.title}: {each.problem}")
    amiss = [each for each in fitting if each.file is not None]
    if not amiss and project.manifests and named != SourceName.LOCK:
        amiss = [each for each in fitting if each.name == SourceName.DECLARED]
    if amiss:
        return NoPlan(
            f"{amiss[0].title} cannot be used: {amiss[0].problem}",
            hint="use another source: `--from declared`"
            if amiss[0].name == "lock"
            else "correct that file, or name another one: `--from FILE`",
        )
    if named is not None:
        what = {"lock": "no lock file", "declared": "no readable declared dependencies"}
        return NoPlan(f"the project has {what.get(named, f'no {named}')}", missing=True)
    elsewhere = not_here(project)
    if elsewhere:
        return NoPlan(*elsewhere)
    return PackageSource(
        name=SourceName.DECLARED,
        title="nothing (empty environment)",
        how=InstallMethod.PINS,
    )


def _planned(
    context: Context,
    said: Project,
    place: str,
    source: PackageSource,
    chosen: InterpreterOption,
) -> CreatePlan | NoPlan:
    host, project = context.catalog.host, said.folder
    one = chosen.interpreter
    uv = UvAdapter(host, folder=host.home)
    if uv.misdirected:
        return NoPlan(uv.misdirected, MISDIRECTED_HINT)
    named = base_path(chosen)
    creator: Creator = VenvCreator(host, host.home) if uv.problem else UvCreator(uv)
    blueprint = BuildSpec(
        path=place,
        interpreter=named.executable,
        creator=creator,
        creation=Creation(
            creator=creator.name,
            prompt=os.path.basename(said.workspace if _is_shared(said, place) else project),
        ),
        source=source,
        downloads=context.policy.downloads,
        offline=context.policy.offline,
    )
    identifier = new_id(host)
    trash = first_trash(place, context.store)
    staged = os.path.join(trash, identifier, ENVIRONMENT)
    wanted = said.wanted
    asked = wanted.exact or wanted.specifier
    by = wanted.exact_source or wanted.specifier_source
    facts = [
        Fact("from", source.title),
        *([Fact("workspace", said.workspace)] if _is_shared(said, place) else []),
        Fact("python", f"{one.version}, {named.executable}{_why(chosen)}"),
        *uses_of(named, one.version),
        *([Fact("required", f"{asked} ({os.path.basename(by)})")] if asked and by else []),
    ]
    item = os.path.dirname(staged)
    steps = [
        Step("Create the environment in staging", blueprint.create_command(staged).shown, item)
    ]
    if not source.empty:
        what = "packages from uv.lock" if source.how is InstallMethod.UV_SYNC else "packages"
        steps.append(Step(f"Install {what}", blueprint.install_command(staged, host).shown, item))
    steps += [Step("Check dependencies and imports"), Step(f"Move it to {place}")]
    return CreatePlan(
        id=identifier,
        operation=Operation.CREATE,
        targets=(Target(place, None, _name(place), tuple(facts)),),
        steps=tuple(steps),
        warnings=(
            *source.notes,
            *_other_python(wanted, one),
            *unfit_warnings(chosen),
            *(silence_warnings(context, place) if source.needs_index else ()),
        ),
        refusals=_refusals(place, host)
        or (*not_writable(place), *no_room(place, None, context.store)),
        package_changes=None
        if source.how is InstallMethod.RESOLVE
        else changes_to({}, dict(source.expected)),
        frees_now_bytes=0,
        undo=f"envdeck undo {identifier}",
        project=project,
        blueprint=blueprint,
        version=one.version or "",
        own=own_names(said) if source.install_project else frozenset(),
    )


def _is_shared(said: Project, place: str) -> bool:
    return bool(said.workspace) and os.path.dirname(place) == said.workspace


def _why(chosen: InterpreterOption) -> str:
    return f", named by {chosen.named_by}" if chosen.named else ""


def _other_python(wanted: WantedPython, one: Interpreter) -> tuple[str, ...]:
    """Say where the project asks for another version than is taken, or names another one."""
    threads = is_free_threaded(one.prefix, one.version, one.executable)
    named = wanted.named[0] if wanted.named else None
    asked = wanted.exact or (minor_of(named.version) if named else "")
    if not asked or is_version(one.version, asked, free_threaded=threads):
        return ()
    used = f"{one.version}{' (free-threaded)' * threads} is used"
    if wanted.exact:
        by = os.path.basename(wanted.exact_source or "the project")
        return (f"{by} requires Python {asked}, but {used}",)
    said = f"Python {asked} is named by {named_by(wanted.named[0])}, but {used}"
    return (f"{said} (install it with `uv python install {asked}`)",)


def _refusals(place: str, host: Host) -> tuple[Refusal, ...]:
    """Return why nothing can be made there: in a trash or another place of ours it would be
    cleared away with that."""
    if own := own_place(reach.realpath(place), host):
        said = f"cannot create {place}: {own}"
        return (Refusal("protected-path", said, "use another path with `--path`", place),)
    if reach.lexists(place):
        is_folder = reach.isdir(place)
        kind = "" if is_folder else " (symlink)" if reach.islink(place) else " (not a folder)"
        way = "use `envdeck recreate" if is_folder else "remove it with `rm"
        return (
            Refusal(
                "place-taken",
                f"path already exists: {place}{kind}",
                hint=f"{way} {shlex.quote(place)}`, or another path with `--path`",
                path=place,
            ),
        )
    if not reach.isdir(os.path.dirname(place)):
        return (Refusal("place-taken", f"folder not found: {os.path.dirname(place)}", path=place),)
    return ()


def _name(place: str) -> str:
    return os.path.join(*place.split(os.sep)[-2:])


def run(plan: CreatePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Make it aside, check it, and move it into its place; or leave nothing behind."""
    store, place = context.store, plan.blueprint.path
    against = _refusals(place, store.host)
    if against:
        return refused(against[0])
    entry = Entry(
        id=plan.id,
        group=plan.id,
        operation=plan.operation,
        move=Move.EXCHANGE,
        path=place,
        name=_name(place),
        manager=plan.blueprint.creator.name,
        python=plan.version,
    )
    try:
        with transaction(store, entry) as current:
            current.open_item(first_trash(place, store))
            manifest = TrashManifest(
                plan.id, plan.operation, place, _name(place), entry.manager, plan.version,
                store.host.now(),
            )  # fmt: skip
            current.describe(manifest)
            building = StagedBuild(
                plan.blueprint, current, store, tell, stopped, project=plan.project
            )
            verified = _build(plan, building)
            if stopped():
                raise BuildError("cancelled", stopped=True)
            tell(StepStarted(len(plan.steps) - 1, plan.steps[-1].title))
            changes = changes_between(None, building.environment())
            current.swap_in()
    except BuildError as error:
        return Result(
            Ending.ROLLED_BACK,
            f"not created: {error.message}",
            hint=_way_round(plan, error) or error.way_out(place, store),
            stopped=error.stopped,
        )
    done = f"created {_name(place)}"
    return Result(Ending.DONE, done, verified=tuple(verified), package_changes=changes)


def _way_round(plan: CreatePlan, error: BuildError) -> str:
    """Return how to do without the project itself, where that is what does not build."""
    if not is_of(error, plan.own):
        return ""
    return f"leave it out: `envdeck create {shlex.quote(plan.project)} --no-project`"


def _build(plan: CreatePlan, building: StagedBuild) -> list[str]:
    building.tell(StepStarted(0, plan.steps[0].title))
    building.make()
    said: tuple[str, ...] = ()
    if not plan.blueprint.source.empty:
        building.tell(StepStarted(1, plan.steps[1].title))
        said = install_source(building)
    building.tell(StepStarted(len(plan.steps) - 2, plan.steps[-2].title))
    checked = FileProof().check(building)
    made = building.environment()
    problems = dependency_problems(made, plan.blueprint.source.overrides)
    if problems:
        name, missing = problems[0]
        raise BuildError(f"{name} requires {missing}, which the source does not include")
    building.settle()
    count = made.packages or 0
    return [*said, f"{count:,} packages, no missing dependencies", *checked.verified]
