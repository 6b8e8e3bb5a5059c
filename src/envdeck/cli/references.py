"""From an ENV argument to the one environment it means."""

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from envdeck.cli.arguments import absolute_path, build_scope, folder, match_name, other_names
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.scan import ScanReport
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Distribution, Environment
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import lies_under
from envdeck.core.system.words import find_nearest
from envdeck.text import tilde

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog, Scope


_EXTRANEOUS = "unneeded-distribution"
_CANDIDATES = 10
"""How many environments an ambiguous reference lists."""


@dataclass(frozen=True, slots=True)
class EnvironmentReference:
    """An environment, and how a person came to it."""

    environment: Environment
    link: str | None = None
    """The symbolic link that was named, or that is in the project that was: what is done to
    the environment behind it is done elsewhere than it seems."""


def read_distributions(
    environment: Environment, catalog: "Catalog"
) -> tuple[Environment, tuple[Distribution, ...]]:
    """Return an environment with its findings, and what is installed in it. What is found to be
    extraneous is not told to be direct: that was a guess, where no installer keeps a mark."""
    environment = replace(environment, findings=catalog.examine(environment).findings)
    spare = {one.subject for one in environment.findings if one.check == _EXTRANEOUS}
    found = catalog.distributions(environment)
    return environment, tuple(
        replace(one, requested=one.requested and one.name not in spare) for one in found
    )


def find_reference(
    reference: str, context: CommandContext, catalog: "Catalog"
) -> EnvironmentReference:
    """Return the environment that an ENV argument means, and the link by which it was asked for.

    Raises as :func:`environment_of`.
    """
    environment = find_environment(reference, context, catalog)
    path = absolute_path(reference, context.host)
    if os.path.islink(path):
        return EnvironmentReference(environment, path)
    real = os.path.realpath(path)
    if os.path.isdir(path) and not lies_under(environment.path, real):
        for link in environment.links:
            if lies_under(link, real):
                return EnvironmentReference(environment, link)
    return EnvironmentReference(environment)


def find_environment(reference: str, context: CommandContext, catalog: "Catalog") -> Environment:
    """Return the environment that a path, its project's path, or a unique name means.

    A path that exists is never taken for a name. Raises :class:`CommandError` (exit 2) with
    the candidates when there are several, and the nearest names when there is none.
    """
    path = absolute_path(reference, context.host)
    found = catalog.lookup(path) or _find_around(path, catalog)
    if found is not None:
        return found
    if os.path.isdir(path):
        return _find_in_project(reference, os.path.realpath(path), context, catalog)
    if why := _closed(path):
        raise CommandError(f"cannot read `{reference}`: {why}")
    if os.path.lexists(path):
        raise CommandError(f"`{reference}` is not an environment", hint="pass its folder or name")
    return _find_by_name(reference, context, catalog)


def find_environments(
    references: Sequence[str], context: CommandContext, catalog: "Catalog"
) -> Iterator[Environment]:
    """Yield what is meant, each once: an environment, or everything under a folder and what the
    project in that folder keeps elsewhere."""
    met: set[str] = set()
    folders: list[str] = []
    for reference in references:
        path = absolute_path(reference, context.host)
        is_folder = os.path.isdir(path)
        environment = catalog.lookup(path) if is_folder else None
        if environment is None and is_folder:
            folders.append(reference)
            continue
        environment = environment or find_environment(reference, context, catalog)
        if environment.path not in met:
            met.add(environment.path)
            yield environment
    if folders or not references:
        scope = build_scope(folders, context, sizes=False)
        for environment in ScanReport(context, catalog, scope).complete():
            if environment.path not in met:
                met.add(environment.path)
                yield environment
    for reference in folders:
        project = os.path.realpath(absolute_path(reference, context.host))
        below = any(lies_under(path, project) for path in met)
        for environment in _find_elsewhere(reference, project, context, catalog, below=below):
            if environment.path not in met:
                met.add(environment.path)
                yield environment


def _find_around(path: str, catalog: "Catalog") -> Environment | None:
    """Return the environment that a path is a scripts folder of, or is in one: `$(which python)`
    is a link to its base, and names the environment by where it stands."""
    folder = path if os.path.isdir(path) and not os.path.islink(path) else os.path.dirname(path)
    if os.path.basename(folder) not in {"bin", "Scripts"} or not os.path.lexists(path):
        return None
    return catalog.lookup(os.path.dirname(folder))


def _closed(path: str) -> str:
    """Say why a path may not be looked at; empty where it may, or where there is none."""
    try:
        os.lstat(path)
    except PermissionError as error:
        return reason_of(error)
    except (OSError, ValueError):
        return ""
    return ""


def _find_in_project(
    reference: str, project: str, context: CommandContext, catalog: "Catalog"
) -> Environment:
    """Look below the project first, then in what is remembered (environments can be kept
    elsewhere), and over the whole machine only when neither knows one."""
    scope = replace(build_scope((), context, sizes=False), roots=(project,))
    below = _distinct(_scan(scope, context, catalog), catalog)
    kept = _find_elsewhere(reference, project, context, catalog, below=bool(below))
    found = list({one.path: one for one in (*below, *kept)}.values())
    if not found:
        raise CommandError(
            f"`{reference}` is not an environment and has none",
            hint=f"envdeck create {shlex.quote(reference)}",
        )
    return _choose_one(reference, found, context)


def _find_elsewhere(
    reference: str, project: str, context: CommandContext, catalog: "Catalog", *, below: bool
) -> list[Environment]:
    """Return the environments of a project that are remembered; where there are none, and none is
    `below` it either, those that the whole machine has."""
    everywhere = build_scope((), context, sizes=False)
    known = _distinct(_find_by_project(project, catalog.remembered(everywhere)), catalog)
    if known or below:
        return known
    context.console.note(f"no environment below `{reference}`: searching for its environment")
    return _find_by_project(project, _scan(everywhere, context, catalog))


def _find_by_name(reference: str, context: CommandContext, catalog: "Catalog") -> Environment:
    return _choose_one(reference, _find_named(reference, context, catalog), context)


def _find_named(
    reference: str, context: CommandContext, catalog: "Catalog", *, what: str = "environment"
) -> list[Environment]:
    """Return what is called so, as it is now; raises :class:`CommandError` for nothing."""
    scope = build_scope((), context, sizes=False)
    found = _distinct(match_name(reference, catalog.remembered(scope)), catalog)
    if not found:
        everything = _scan(scope, context, catalog)
        found = match_name(reference, everything)
        if not found:
            message = f"{what} not found: `{reference}`"
            raise CommandError(message, hint=_nearest(reference, everything))
    return found


def find_project(reference: str, context: CommandContext) -> str:
    """Return the folder of the project that a path, or the name of it or of its environment,
    means. A path that exists is never taken for a name. Raises :class:`CommandError`."""
    is_path = reference.startswith(os.curdir) or os.path.isabs(context.host.expand(reference))
    if is_path or os.path.lexists(absolute_path(reference, context.host)):
        return folder(reference, context)
    named = _find_named(reference, context, context.catalog(), what="project")
    projects = sorted({one.project.path for one in named if one.project.path})
    if not projects:
        raise CommandError(f"`{reference}` has no project", hint="pass the project's folder")
    if len(projects) > 1:
        raise _ambiguity(reference, projects, context)
    return folder(projects[0], context)


def _find_by_project(project: str, environments: Iterable[Environment]) -> list[Environment]:
    return [environment for environment in environments if environment.project.path == project]


def _scan(scope: "Scope", context: CommandContext, catalog: "Catalog") -> list[Environment]:
    return list(ScanReport(context, catalog, scope).complete())


def _distinct(environments: Iterable[Environment], catalog: "Catalog") -> list[Environment]:
    """Return each once, as it is now; what was remembered may have changed or gone."""
    paths = dict.fromkeys(environment.path for environment in environments)
    return [found for path in paths if (found := catalog.lookup(path)) is not None]


def _choose_one(reference: str, found: list[Environment], context: CommandContext) -> Environment:
    if len(found) == 1:
        return found[0]
    raise _ambiguity(reference, (environment.path for environment in found), context)


def _ambiguity(reference: str, found: Iterable[str], context: CommandContext) -> CommandError:
    paths = sorted(tilde(path, context.host.home) for path in found)
    details = paths[:_CANDIDATES]
    if len(paths) > _CANDIDATES:
        details.append(f"and {len(paths) - _CANDIDATES:,} more")
    return CommandError(
        f"`{reference}` is ambiguous ({len(paths)} matches):",
        hint="pass the path of one",
        details=details,
    )


def _nearest(reference: str, environments: Iterable[Environment]) -> str:
    names = {}
    for environment in environments:
        for name in {environment.name, *other_names(environment)}:
            names[name.casefold()] = environment.name
    close = find_nearest(reference.casefold(), names, most=3, least=0.5)
    if not close:
        return "envdeck list"
    suggestions = dict.fromkeys(f"`{names[name]}`" for name in close)
    return "did you mean " + " or ".join(suggestions) + "?"
