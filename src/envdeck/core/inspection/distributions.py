"""What is installed in an environment, read from its package folders without running anything.

Three levels, by what they cost: names and versions from one listing (:func:`installed_versions`),
what each distribution says of itself (:func:`read_heads`), and all of it with sizes and the
requirement graph (:func:`read_distributions`).
"""

import os
from collections.abc import Iterable
from dataclasses import replace

from envdeck.core import reach
from envdeck.core.files import Unread
from envdeck.core.inspection.distribution_heads import read_head
from envdeck.core.inspection.distribution_names import is_distribution
from envdeck.core.inspection.marker_environment import Machine, marker_environment
from envdeck.core.inspection.requested import requested
from envdeck.core.inspection.requirement_graph import Needs, requirement_graph
from envdeck.core.inspection.site_packages import entries, folders, list_names
from envdeck.core.model import Distribution, Environment

_TOLD = 60
"""Characters of a requirement that cannot be read, as its problem quotes it."""


def read_distributions(
    environment: Environment,
    *,
    machine: Machine | None = None,
    system_folders: Iterable[str] | None = None,
) -> tuple[Distribution, ...]:
    """Return every distribution of an environment's own package folders, whole, by name.

    `system_folders` are the package folders it sees besides its own when system packages are
    switched on; by default those of its base. What is in them satisfies requirements here, and
    is not listed. It never raises: what vanishes or cannot be read leaves a row with its
    problem, and a folder that cannot be listed leaves none.
    """
    rows = _read_rows(environment, sizes=True)
    inherited: dict[str, list[str]] = {}
    if environment.creation.system_site_packages:
        if system_folders is None:
            system_folders = base_package_folders(environment)
        for listed in list_names(system_folders):
            inherited.setdefault(listed.name, []).append(listed.version)
    graph = requirement_graph(rows, marker_environment(environment.python, machine), inherited)
    linked = [_linked(row, needs) for row, needs in zip(rows, graph, strict=True)]
    asked = requested(linked)
    there = _script_names(environment)
    if there is not None:
        linked = [_with_scripts(row, there) for row in linked]
    return tuple(
        row if row.requested == by_person else replace(row, requested=by_person)
        for row, by_person in zip(linked, asked, strict=True)
    )


def read_heads(environment: Environment) -> tuple[Distribution, ...]:
    """Return what each distribution says of itself, by name: no sizes, and no graph.

    `requires`, `required_by` and `missing` are empty, and `requested` is the installer's mark
    alone, which says nothing where uv or conda set it.
    """
    return _read_rows(environment, sizes=False)


def installed_versions(environment: Environment) -> dict[str, tuple[str, str]]:
    """Return version and metadata path by normalised name, from folder names alone.

    Of two of one name the first by version text counts; :func:`list_names` has both. Only an
    entry that names no version (`.egg-link`) is opened.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, version, path in list_names(environment.site_packages):
        if name not in found:
            known = version or read_head(*os.path.split(path)).version
            found[name] = (known, path)
    return found


def base_package_folders(environment: Environment) -> tuple[str, ...]:
    """Return where the base of an environment keeps its packages, Debian's places included."""
    base, version = environment.python.base, environment.python.version
    if base is None or version is None:
        return ()
    minor = ".".join(version.split(".")[:2])
    names = (
        os.path.join("lib", f"python{minor}", "site-packages"),
        os.path.join("lib", f"python{minor}", "dist-packages"),
        os.path.join("lib", "python3", "dist-packages"),
        os.path.join("local", "lib", f"python{minor}", "dist-packages"),
        os.path.join("Lib", "site-packages"),
    )
    return tuple(path for name in names if reach.isdir(path := os.path.join(base, name)))


def _read_rows(environment: Environment, *, sizes: bool) -> tuple[Distribution, ...]:
    rows: list[Distribution] = []
    for folder in folders(environment.site_packages):
        names = entries(folder)
        if not isinstance(names, Unread):
            rows += [
                read_head(folder, entry, sizes=sizes) for entry in names if is_distribution(entry)
            ]
    rows.sort(key=lambda row: (row.name, row.version, row.path))
    return _with_doubles(rows)


def _with_doubles(rows: list[Distribution]) -> tuple[Distribution, ...]:
    """Say on each of several distributions of one name that there are others."""
    versions: dict[str, list[str]] = {}
    for row in rows:
        versions.setdefault(row.name, []).append(row.version)
    if len(versions) == len(rows):
        return tuple(rows)
    return tuple(
        _with_problem(row, f"is installed more than once: {', '.join(versions[row.name])}")
        if len(versions[row.name]) > 1
        else row
        for row in rows
    )


def _linked(row: Distribution, needs: Needs) -> Distribution:
    linked = replace(
        row, requires=needs.requires, required_by=needs.required_by, missing=needs.missing
    )
    if not needs.invalid:
        return linked
    told = ", ".join(text[:_TOLD] or "an empty one" for text in needs.invalid[:2])
    more = f" and {len(needs.invalid) - 2} more" if len(needs.invalid) > 2 else ""
    return _with_problem(linked, f"requirements that cannot be read: {told}{more}")


def _with_problem(row: Distribution, problem: str) -> Distribution:
    return replace(row, problem=f"{row.problem}; {problem}" if row.problem else problem)


def _script_names(environment: Environment) -> frozenset[str] | None:
    """Return the names in its scripts folder, `.exe` left off; None when it cannot be listed."""
    if environment.python.executable is None:
        return None
    try:
        names = reach.listdir(os.path.dirname(environment.python.executable))
    except OSError:
        return None
    return frozenset(name.removesuffix(".exe") for name in names)


def _with_scripts(row: Distribution, there: frozenset[str]) -> Distribution:
    """Leave out scripts that were not installed: pip's wheel names those of the Python that it
    was built with (`pip3.9`), and installers write their own."""
    scripts = tuple(script for script in row.scripts if script.name in there)
    return row if len(scripts) == len(row.scripts) else replace(row, scripts=scripts)
