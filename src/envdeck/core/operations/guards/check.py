"""All guards, asked at planning and again at acting.

One guard a module, in the order of :data:`GUARDS`. They only look, and never touch anything.
"""

import os
from collections.abc import Iterable, Iterator

from envdeck.core.inspection.unowned import unowned_files
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment, Operation, Refusal, Target
from envdeck.core.operations.guards.context import Guard, GuardContext, GuardRequest
from envdeck.core.operations.guards.rules import (
    HasDependants,
    InUse,
    Mounted,
    NotAnEnvironment,
    OwnedByManager,
    OwnEnvironment,
    ProtectedPath,
    ReadOnly,
    Symlink,
    TrackedByGit,
    UnownedFiles,
)
from envdeck.core.operations.shared.context import (
    Context,
    RememberedEnvironments,
    remembered_environments,
)
from envdeck.core.system.reach import Scope

GUARDS: tuple[Guard, ...] = (
    NotAnEnvironment(),
    ProtectedPath(),
    Symlink(),
    HasDependants(),
    Mounted(),
    OwnEnvironment(),
    OwnedByManager(),
    TrackedByGit(),
    UnownedFiles(),
    InUse(),
    ReadOnly(),
)
"""In the order in which they are told."""


def ask(request: GuardRequest, *, allowed: frozenset[str] = frozenset()) -> tuple[Refusal, ...]:
    """Return all that stands in the way, what nobody may overrule first.

    `allowed` are the guards that a person has overruled by name; of those that cannot be
    overruled it changes nothing. Where one refuses for good, the slow ones are not asked: the
    files of a home folder are not listed to tell that it stays.
    """
    refusals: list[Refusal] = []
    asked = list(_concerned(request))
    for guard in (*(one for one in asked if not one.costly), *(one for one in asked if one.costly)):
        if guard.costly and any(not refusal.overrulable for refusal in refusals):
            break
        if guard.overrulable and guard.costly and guard.name in allowed:
            continue
        refusal = guard.refuses(request)
        if refusal and not (refusal.overrulable and guard.name in allowed):
            refusals.append(refusal)
    order = {guard.name: place for place, guard in enumerate(GUARDS)}
    return tuple(sorted(refusals, key=lambda one: (one.overrulable, order[one.guard])))


def unchecked(request: GuardRequest) -> tuple[str, ...]:
    """Return what :func:`ask` could not check for this question, and why: warnings of a plan, one
    sentence each. What was not asked, since another guard refuses for good, is not among them."""
    said = (guard.unchecked(request) for guard in _concerned(request))
    return tuple(sentence for sentence in said if sentence)


def _concerned(request: GuardRequest) -> Iterator[Guard]:
    """Yield the guards of this operation; before a link, only those that look at the link."""
    for guard in GUARDS:
        if request.operation in guard.operations and (request.link is None or guard.of_links):
            yield guard


UNOWNED = "unowned-files"


def guard_context(context: Context, known: RememberedEnvironments | None = None) -> GuardContext:
    """Return what is true of the machine now, read as far as guards ask; `known` is what was
    remembered a moment ago, taken again if it is still what is remembered."""
    catalog = context.catalog
    return GuardContext.now(
        catalog.host,
        environments=remembered_environments(catalog, known).environments,
        roots=Scope().walked(catalog.host),
        read_only=context.policy.read_only,
    )


def mark_of(path: str) -> str:
    """Return what tells the environment at `path` from one that was made in its place; empty
    where it has no `pyvenv.cfg`."""
    try:
        status = os.lstat(os.path.join(path, "pyvenv.cfg"))
    except OSError:
        return ""
    return f"{status.st_ino}.{status.st_mtime_ns}"


def target_of(environment: Environment) -> Target:
    """Return an environment as what is acted on, as it was when it was shown."""
    return Target(
        environment.path, environment.identity, environment.name, mark=mark_of(environment.path)
    )


def obstacles(
    operation: Operation,
    target: Target,
    environment: Environment,
    machine: GuardContext,
    allowed: frozenset[str],
    *,
    link: str | None = None,
    by_owner: bool = False,
) -> tuple[Refusal, ...]:
    """Return what stands in the way now, what nobody may overrule first."""
    real = replace(target, path=environment.path)
    if link is None and mark_of(environment.path) != target.mark:
        return (replaced(target),)
    request = GuardRequest(
        operation=operation,
        target=real,
        environment=environment,
        link=link,
        machine=machine,
        by_owner=by_owner,
    )
    return ask(request, allowed=allowed)


def replaced(target: Target) -> Refusal:
    """Return the refusal of a target that is no longer what was shown."""
    return Refusal(
        "not-an-environment",
        "changed since the preview",
        hint=f"check again with `envdeck show {target.path}`",
        path=target.path,
    )


def not_shown(files: Iterable[str]) -> Refusal:
    """Return the refusal of a target that holds files which were not shown."""
    return Refusal(
        UNOWNED,
        f"files added since the preview: {', '.join(sorted(files)[:3])}",
        hint="run it again to include them",
    )


def unowned_now(environment: Environment, folder: str) -> frozenset[str]:
    """Return the files that no package owns, of an environment that now is at `folder`."""
    found = unowned_files(elsewhere(environment, folder))
    return frozenset(file.path for file in found.files)


def elsewhere(environment: Environment, folder: str) -> Environment:
    """Return an environment as it is when its folder is at another place."""

    def moved(path: str | None) -> str | None:
        if path is not None and path.startswith(environment.path + os.sep):
            return folder + path[len(environment.path) :]
        return path

    python = environment.python
    return replace(
        environment,
        path=folder,
        site_packages=tuple(moved(path) or path for path in environment.site_packages),
        python=replace(
            python,
            executable=moved(python.executable),
            base_executable=moved(python.base_executable),
        ),
    )
