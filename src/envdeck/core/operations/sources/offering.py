"""The sources that there are for an environment, in the order in which they are offered."""

import os
from collections.abc import Sequence
from dataclasses import replace

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.inspection.marker_environment import marker_environment
from envdeck.core.model import Distribution, Environment, Python
from envdeck.core.operations.sources.declaring import declared_source
from envdeck.core.operations.sources.locking import lock_source
from envdeck.core.operations.sources.source import Asked, Exact, How, Source, SourceName
from envdeck.core.project import Manifest, read_declared, read_lock, read_locks, read_manifest
from envdeck.core.project.requirement_text import file_url


def sources(
    environment: Environment | None,
    project: str | None,
    *,
    exact: Sequence[Exact] = (),
    exact_problem: str = "",
    distributions: Sequence[Distribution] = (),
    python: Python | None = None,
    file: str | None = None,
    groups: Sequence[str] | None = None,
    extras: Sequence[str] | None = None,
) -> tuple[Source, ...]:
    """Return what an environment can be rebuilt (or, with None, made anew) from.

    In the order of the contract: what is here (where there is an environment), every lock file,
    what is declared, and `file` where one is given. One that cannot be used is listed with its
    problem. Markers are evaluated for `python`, the interpreter that is to be (default: the
    environment's). `groups` and `extras` of None are the project's own defaults.
    """
    target = python or (environment.python if environment else Python())
    asked = Asked(
        project or "",
        marker_environment(target),
        None if groups is None else tuple(map(normalise, groups)),
        () if extras is None else tuple(map(normalise, extras)),
        _in_place(project, distributions) if environment is not None else None,
    )
    found: list[Source] = []
    if environment is not None:
        found.append(_exact(exact, exact_problem))
    if project is not None:
        manifests = read_declared(project)
        locks = read_locks(project)
        found += [lock_source(lock, manifests, asked) for lock in locks]
        if not locks:
            found.append(_none(SourceName.LOCK, "what the project locks", "it has no lock file"))
        locked = {lock.file for lock in locks if lock.usable}
        declared = [one for one in manifests if one.file not in locked]
        declared = [one for one in declared if one.requirements or one.problems or one.builds]
        found += [declared_source(manifest, asked) for manifest in _chosen(declared)]
        if not declared:
            nothing = "the project declares nothing that can be read"
            found.append(_none(SourceName.DECLARED, "what the project declares", nothing))
    if file is not None:
        found.append(_file(file, asked))
    return tuple(found)


def _exact(exact: Sequence[Exact], problem: str) -> Source:
    return Source(
        name=SourceName.EXACT,
        title="exactly what is here",
        how=How.PINS,
        requirements=tuple(line for _, _, line in exact),
        expected=tuple((normalise(name), version) for name, version, _ in exact),
        problem=problem,
    )


def _none(name: SourceName, title: str, problem: str) -> Source:
    return Source(name=name, title=title, how=How.PINS, problem=problem)


def _chosen(manifests: Sequence[Manifest]) -> Sequence[Manifest]:
    """Return one declaration for each way of declaring, those that can be used first.

    Of several requirements files each is offered: none of them is the whole by itself.
    """
    return sorted(manifests, key=lambda one: bool(one.problems and not one.requirements))


def _file(path: str, asked: Asked) -> Source:
    lock = read_lock(path)
    if lock is not None:
        source = lock_source(lock, (), asked)
    else:
        source = declared_source(read_manifest(path), asked)
    how = How.PINS if source.how is How.UV_SYNC else source.how
    title = f"the file {os.path.basename(path)}"
    return replace(source, name=SourceName.FILE, title=title, how=how)


def _in_place(project: str | None, distributions: Sequence[Distribution]) -> bool:
    """Whether the project is installed in place (editable) now."""
    if project is None:
        return False
    url = file_url(os.path.normpath(project))
    return any(one.editable and (one.origin or "").rstrip("/") == url for one in distributions)
