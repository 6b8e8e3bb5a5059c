"""What stands in the way of an operation: asked when it is planned, and again when it acts."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from envdeck.core.inspection.unowned import unowned_files
from envdeck.core.model import Environment, Operation, Refusal, Target
from envdeck.core.operations.guards import ask
from envdeck.core.operations.guards.moment import Moment, Question
from envdeck.core.operations.knowing import Known, known_now
from envdeck.core.scope import Scope

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context

UNOWNED = "unowned-files"


def moment_of(operations: "Context", known: Known | None = None) -> Moment:
    """Return what is true of the machine now, read as far as guards ask; `known` is what was
    remembered a moment ago, taken again if it is still what is remembered."""
    catalog = operations.catalog
    return Moment.now(
        catalog.host,
        environments=known_now(catalog, known).environments,
        roots=Scope().walked(catalog.host),
        read_only=operations.policy.read_only,
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
    moment: Moment,
    allowed: frozenset[str],
    *,
    link: str | None = None,
    by_owner: bool = False,
) -> tuple[Refusal, ...]:
    """Return what stands in the way now, what nobody may overrule first."""
    real = replace(target, path=environment.path)
    if link is None and mark_of(environment.path) != target.mark:
        return (replaced(target),)
    question = Question(
        operation=operation,
        target=real,
        environment=environment,
        link=link,
        moment=moment,
        by_owner=by_owner,
    )
    return ask(question, allowed=allowed)


def replaced(target: Target) -> Refusal:
    """Return the refusal of a target that is no longer what was shown."""
    return Refusal(
        "not-an-environment",
        "what is there now is not what was shown",
        hint=f"look again with `envdeck show {target.path}`",
        path=target.path,
    )


def unowned_now(environment: Environment, folder: str) -> frozenset[str]:
    """Return the files that no package owns, of an environment that now lies at `folder`."""
    found = unowned_files(elsewhere(environment, folder))
    return frozenset(file.path for file in found.files)


def elsewhere(environment: Environment, folder: str) -> Environment:
    """Return an environment as it is when its folder lies at another place."""

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
