"""What of a project's files could not be read, in the words of a step."""

import os

from envdeck.core.project.drift import Project
from envdeck.core.project.model import Problem, WantedPython


def told(problem: Problem) -> str:
    """Say what is wrong with a file, by its short name and the line."""
    name = os.path.basename(problem.file)
    return f"{name}:{problem.line}: {problem.message}" if problem.line else (
        f"{name}: {problem.message}"
    )  # fmt: skip


def python_problems(wanted: WantedPython) -> tuple[str, ...]:
    """Say what could not be read of which Python a project asks for."""
    return tuple(dict.fromkeys(map(told, wanted.problems)))


def lock_problem(project: Project) -> Problem | None:
    """Return why the lock of a project cannot be used; None where one can, or it has none."""
    if not project.locks or any(lock.usable for lock in project.locks):
        return None
    return project.locks[0].problems[0]


def manifest_problem(project: Project) -> Problem | None:
    """Return why what a project declares cannot be used; None where it can be, or is nothing."""
    if any(not one.problems for one in project.manifests):
        return None
    return next((one.problems[0] for one in project.manifests if one.problems), None)
