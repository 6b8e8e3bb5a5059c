"""Steps, states, answers, problems."""

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.project.model import Problem, Project, WantedPython
from envdeck.core.project.parts import main_manifests, not_here

if TYPE_CHECKING:
    from envdeck.core.model import NoPlan, Plan
    from envdeck.core.operations.api import Operations


class StepState(StrEnum):
    """How one step stands. Nothing is said to be done that was not checked just now."""

    DONE = "done"
    """It was checked, and holds."""
    OPEN = "open"
    """It does not hold yet, and a keystroke does it."""
    WAITING = "waiting"
    """A step before it comes first."""
    CANNOT = "cannot"
    """It does not hold, and only a person can do it: the hint says how."""
    READY = "ready"
    """Nothing is missing for it; whether it works is known once it was run."""
    SKIPPED = "skipped"
    """It does not apply to this project."""

    @property
    def is_open(self) -> bool:
        """Whether something is left to do before the project can be worked on."""
        return self in {StepState.OPEN, StepState.WAITING, StepState.CANNOT}


@dataclass(frozen=True, slots=True)
class Option:
    """Something of several that can be chosen for a step: a group, an extra, a command."""

    id: str
    """`group:dev`, `extra:docs`, `command:pytest`."""
    title: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class StepField:
    """A value that a step asks a person for."""

    name: str
    """The key: `DATABASE_URL`."""
    secret: bool = True
    """Whether it is masked while it is typed."""
    default: str = field(default="", repr=False)
    """What the example has for it; empty where it has nothing, or a placeholder."""
    published: bool = False
    """Whether git tracks the example: then what it proposes is no secret."""


@dataclass(frozen=True, slots=True)
class StepAnswers:
    """What a person chose and typed for one step."""

    options: tuple[str, ...] | None = None
    """The ids of what is chosen; None leaves it as proposed."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: frozenset[str] = frozenset()
    """Guards that the person has overruled by name."""


Act: TypeAlias = "Callable[[Operations, StepAnswers], Plan | NoPlan]"


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as it stands."""

    name: str
    """`interpreter`, `environment`, `packages`, `dotenv`, `secrets`, `hooks`, `command`,
    `activate`."""
    title: str
    """A few words: `An environment that works`."""
    why: str
    """Why it matters, in one sentence."""
    state: StepState
    message: str
    """What was found, in one sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    """What a person can do where we cannot."""
    details: tuple[str, ...] = ()
    """A line each: what is missing, which findings."""
    commands: tuple[tuple[str, ...], ...] = ()
    """The exact commands that a keystroke runs, credentials masked; of the last step, what a
    person types."""
    safe: bool = False
    """Whether `--yes` may do it unattended: it can be taken back, and runs nothing of the
    project's."""
    options: tuple[Option, ...] = ()
    fields: tuple[StepField, ...] = ()
    act: "Act | None" = field(default=None, repr=False, compare=False)
    """Plans what the keystroke does; None where there is nothing to do."""


def problem_text(problem: Problem) -> str:
    """Say what is wrong with a file, by its short name and the line."""
    name = os.path.basename(problem.file)
    return f"{name}:{problem.line}: {problem.message}" if problem.line else (
        f"{name}: {problem.message}"
    )  # fmt: skip


def python_problems(wanted: WantedPython) -> tuple[str, ...]:
    """Say what could not be read of which Python a project asks for."""
    return tuple(dict.fromkeys(map(problem_text, wanted.problems)))


def lock_problem(project: Project) -> Problem | None:
    """Return why the lock of a project cannot be used; None where one can, or it has none."""
    if not project.locks or any(lock.usable for lock in project.locks):
        return None
    return project.locks[0].problems[0]


def manifest_problem(project: Project) -> Problem | None:
    """Return why what a project declares cannot be used; None where it can be, or is nothing."""
    return next((one.problems[0] for one in main_manifests(project) if one.problems), None)


def not_made(project: Project) -> tuple[str, str] | None:
    """Return why nothing that a project asks for can be installed, and a hint; None where
    something can, or nothing is asked for."""
    if any(lock.packages for lock in project.locks) or main_manifests(project):
        return None
    files = [os.path.relpath(one.file, project.folder) for one in project.manifests
             if one.format == "requirements"]  # fmt: skip
    if files:
        told = f"none of {', '.join(files[:5])} is named as the project's own requirements"
        return told, f"`envdeck create {project.folder} --from {files[0]}`, or another of them"
    return not_here(project)
