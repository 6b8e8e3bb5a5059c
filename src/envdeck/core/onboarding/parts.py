"""The groups and extras of a project as options of the walkthrough."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envdeck.core.onboarding.model import Answers, Option
from envdeck.core.project.drift import Part, Project

if TYPE_CHECKING:
    from envdeck.core.project.model import Lock, Manifest

GROUP, EXTRA = "group:", "extra:"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is installed of a project beside its own dependencies, as planners take it."""

    groups: tuple[str, ...] | None
    """None: those that the project's own tool installs."""
    extras: tuple[str, ...] | None


def options_of(
    project: Project, parts: Sequence[Part], remembered: Collection[str] | None
) -> tuple[Option, ...]:
    """Return the groups and extras that can be chosen, in the order of the files.

    Chosen are those that a person chose before; with nothing `remembered` those that count in
    the environment that is here (its `parts`), or that one made now would get by default.
    """
    default = {part.id for part in parts if part.default} if parts else set(_defaults(project))
    counted = {part.id for part in parts if part.counts} if parts else default
    chosen = counted if remembered is None else set(remembered)
    return tuple(
        Option(each, f"{each.replace(':', ' ')}{' (default)' if each in default else ''}",
               each in chosen)
        for each in _known(project)
    )  # fmt: skip


def with_answers(options: tuple[Option, ...], answers: Answers) -> tuple[Option, ...]:
    """Return options as they are chosen by answers."""
    if answers.options is None:
        return options
    return tuple(replace(one, chosen=one.id in answers.options) for one in options)


def chosen_of(project: Project, options: Iterable[Option]) -> Chosen:
    """Return chosen options as planners take them: the defaults are left to the tool."""
    chosen = {one.id for one in options if one.chosen}
    groups = tuple(each.removeprefix(GROUP) for each in sorted(chosen) if each.startswith(GROUP))
    extras = tuple(each.removeprefix(EXTRA) for each in sorted(chosen) if each.startswith(EXTRA))
    default = {each.removeprefix(GROUP) for each in _defaults(project)}
    return Chosen(None if set(groups) == default else groups, extras or None)


def _known(project: Project) -> tuple[str, ...]:
    """Return the ids of all groups and extras that an environment can be made with."""
    said: tuple[Manifest | Lock, ...] = (*project.manifests, *project.locks)
    groups = [GROUP + name for one in said for name in one.groups]
    extras = [EXTRA + name for one in said for name in one.extras]
    return tuple(dict.fromkeys((*groups, *extras)))


def _defaults(project: Project) -> Iterable[str]:
    """Return the ids of the groups that the project's own tool installs without being asked."""
    for manifest in project.manifests:
        yield from (GROUP + name for name in manifest.default_groups if name in manifest.groups)
        if manifest.format == "Pipfile" and "dev" in manifest.groups:
            yield GROUP + "dev"
    optional = {name for one in project.manifests for name in one.optional_groups}
    named = {name for one in project.manifests for name in one.groups}
    told = any(one.format == "pyproject" for one in project.manifests)
    for lock in project.locks:
        if told and lock.format == "uv.lock":
            continue  # it has no defaults of its own: `[tool.uv]` tells them
        for name in lock.default_groups:
            if name in named and name not in optional:
                yield GROUP + name
