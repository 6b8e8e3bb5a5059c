"""Steps: the tests, or another command of the project, run; the Git hooks of pre-commit."""

import os
import re
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.dotenv.report import values_of
from envdeck.core.git import find_repository, hooks_folder
from envdeck.core.git.repository import git_folders
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import NoPlan, Plan
from envdeck.core.onboarding.commands import FoundTask, command_files, find_needs, find_tasks
from envdeck.core.onboarding.model import Option, StepAnswers, StepState, StepView
from envdeck.core.onboarding.project_state import ProjectFacts
from envdeck.core.onboarding.steps.base import OnboardingStep
from envdeck.core.operations.run_command import Task
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_UNITS = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"))


class NeedsStep(OnboardingStep):
    """Says what the project needs beside Python; nothing of it is checked further, or run."""

    name: ClassVar = "needs"
    title: ClassVar = "What else the project needs"
    why: ClassVar = "Services, other packages and migrations that its code counts on."
    where_due: ClassVar = True

    def look(self, situation: ProjectFacts) -> StepView:
        """Name each, with the command that a person types."""
        found = find_needs(situation)
        if not found:
            return self.view(StepState.SKIPPED, "nothing else is needed")
        lines = [f"{one.message}: `{one.command}`" if one.command else one.message for one in found]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return self.view(
            StepState.READY,
            f"{found[0].message}{more}",
            hint=f"`{found[0].command}`" if found[0].command else "",
            details=lines,
        )


class CommandStep(OnboardingStep):
    """Whether it works is known once it was run here, in this very environment."""

    name: ClassVar = "command"
    title: ClassVar = "Tests"
    why: ClassVar = "If this fails, the problem was there before you."
    needs: ClassVar = ("environment",)
    after: ClassVar = ("packages", "dotenv")

    def look(self, situation: ProjectFacts) -> StepView:
        """Offer the commands that were found, and say how the last one ended here."""
        found = find_tasks(situation)
        if not found:
            there = command_files(situation.folder)
            return self.view(
                StepState.SKIPPED,
                f"{', '.join(there)} has no test, check or run"
                if there
                else "no command of it was found: no tests, scripts, Makefile, justfile, noxfile "
                "or tox",
            )
        tasks = [one for one in found if one.argv]
        if situation.environment is None:
            return self.view(StepState.READY, "commands are known once the environment exists")
        if not tasks:
            missing = ", ".join(dict.fromkeys(one.missing for one in found))
            return self.view(
                StepState.CANNOT,
                f"commands need missing tools: {missing}",
                hint="install them, or select the group that includes them",
                details=[one.words for one in found],
            )
        return self._offered(situation, tasks)

    def _offered(self, situation: ProjectFacts, tasks: list[FoundTask]) -> StepView:
        wanted = situation.chosen(self.name)
        known = [one.id for one in tasks]
        chosen = next((each for each in wanted or () if each in known), known[0])
        first = next(one for one in tasks if one.id == chosen)
        options = tuple(Option(one.id, one.words, one.id == chosen) for one in tasks)

        def act(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            asked = (answers.options or (chosen,))[0]
            one = next((each for each in tasks if each.id == asked), None)
            if one is None:
                return NoPlan(f"command not found: `{asked.partition(':')[2]}`", missing=True)
            return operations.plan_run(_task(situation, one))

        state, message = self._ended(situation, known)
        return self.view(
            state,
            message or f"ready to run `{first.words}`",
            commands=[first.argv] if first.argv else [],
            options=options,
            act=act,
        )

    def _ended(self, situation: ProjectFacts, known: list[str]) -> tuple[StepState, str]:
        """Return how the last run ended, where it was one in this environment."""
        ran = situation.memory.ran
        if ran is None or ran.option not in known or ran.environment != situation.mark:
            return StepState.READY, ""
        ended = f"failed with exit code {ran.code}" if ran.code else "passed"
        words = f"`{ran.option.partition(':')[2]}` {ended}"
        ago = _ago(situation.host.now() - ran.at)
        return (StepState.OPEN if ran.code else StepState.DONE), f"{words} {ago}"


def _task(situation: ProjectFacts, one: FoundTask) -> "Task":
    environment = situation.environment
    return Task(
        f"Run {one.words}",
        one.argv,
        situation.folder,
        environment.path if environment is not None else None,
        values_of(situation.folder),
    )


def _ago(seconds: float) -> str:
    for size, unit in _UNITS:
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


CONFIG = ".pre-commit-config.yaml"
_LIMIT = 256 * 1024
_ITS_OWN = "File generated by pre-commit"
_TYPES = re.compile(r"^default_install_hook_types:[ \t]*(.*(?:\n[ \t]*-.*)*)", re.MULTILINE)
_TYPE = re.compile(r"\b(?:pre|post|prepare|commit)-[a-z-]{3,20}")
_PYTHON = re.compile(r"^INSTALL_PYTHON=(?:'([^'\n]*)'|(\S+))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of one repository, as pre-commit would install them."""

    config: str
    folder: str | None
    """Where git runs them from; None outside repositories."""
    configured: bool = False
    """Whether that folder is one that git's configuration names: pre-commit installs none there."""
    types: tuple[str, ...] = ("pre-commit",)
    """Which are to be installed."""
    there: tuple[str, ...] = ()
    """Those of them that are, and are pre-commit's."""
    others: tuple[str, ...] = ()
    """Those in whose place somebody else's is."""
    python: str = ""
    """The interpreter that an installed one runs; empty where it names none."""


def read_hooks(project: str, host: Host) -> Hooks | None:
    """Return the hooks of the repository that a project is in; None where nothing asks for
    pre-commit, in the project's folder or at the top of its repository."""
    repository = find_repository(project)
    places = [project, *([repository] if repository is not None else [])]
    configs = [os.path.join(place, CONFIG) for place in places]
    config = next((each for each in configs if reach.isfile(each)), None)
    if config is None:
        return None
    folder = hooks_folder(project, host)
    types = _types(config)
    if folder is None or repository is None:
        return Hooks(config, None, types=types)
    behind = git_folders(repository)
    usual = os.path.join(behind.common, "hooks") if behind is not None else folder
    there, others, python = [], [], ""
    for name in types:
        path = os.path.join(folder, name)
        if not reach.lexists(path):
            continue
        data = read_bounded(path, _LIMIT)
        text = "" if isinstance(data, Unread) else decode(data)
        if _ITS_OWN not in text:
            others.append(name)
        elif reach.access(path, os.X_OK):
            there.append(name)
            found = _PYTHON.search(text)
            python = (found[1] or found[2] or "") if found else ""
    configured = reach.realpath(folder) != reach.realpath(usual)
    return Hooks(config, folder, configured, types, tuple(there), tuple(others), python)


def _types(config: str) -> tuple[str, ...]:
    """Return which hooks `pre-commit install` installs, by a look at that one setting."""
    data = read_bounded(config, _LIMIT)
    found = None if isinstance(data, Unread) else _TYPES.search(decode(data))
    named = tuple(dict.fromkeys(_TYPE.findall(found[1]))) if found else ()
    return named or ("pre-commit",)


class HooksStep(OnboardingStep):
    """Looks for those of pre-commit; what others install is left to them."""

    name: ClassVar = "hooks"
    title: ClassVar = "Git hooks"
    why: ClassVar = "They catch problems before a commit instead of in review."
    after: ClassVar = ("environment", "packages")

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell whether they are there, and whose they are."""
        hooks = read_hooks(situation.folder, situation.host)
        if hooks is None:
            return self.view(StepState.SKIPPED, "no .pre-commit-config.yaml in the project")
        if hooks.folder is None:
            return self.view(
                StepState.CANNOT,
                "has a .pre-commit-config.yaml but is not in a git repository",
                hint="clone the repository with git, or run `git init`",
            )
        program = situation.program("pre-commit")
        named = ", ".join(hooks.types)
        if set(hooks.there) == set(hooks.types):
            if program or (hooks.python and reach.exists(hooks.python)):
                return self.view(StepState.DONE, f"pre-commit installed as {named}")
            gone = f"{named} is installed, but its pre-commit is missing"
            return self._missing(situation, gone)
        if hooks.others:
            return self.view(
                StepState.CANNOT,
                f"another hook is installed: {', '.join(hooks.others)}",
                hint=f"check {hooks.folder}; `pre-commit install` keeps it as "
                f"{hooks.others[0]}.legacy and runs both",
            )
        if hooks.configured:
            return self.view(
                StepState.CANNOT,
                f"git uses hooks in {hooks.folder}, where pre-commit does not install",
                hint="run `git config --unset-all core.hooksPath`, then refresh",
            )
        if program is None:
            return self._missing(situation, f"not installed: {named}")
        return self._open(situation, hooks, program)

    def _missing(self, situation: ProjectFacts, message: str) -> StepView:
        """Say that there is no pre-commit; one may yet come with the environment."""
        return self.view(
            StepState.OPEN if situation.environment is None else StepState.CANNOT,
            f"{message}; pre-commit not found in the environment or on the PATH",
            hint="install it with `uv tool install pre-commit`",
        )

    def _open(self, situation: ProjectFacts, hooks: Hooks, program: str) -> StepView:
        environment = situation.environment
        argv = (program, "install")

        def act(operations: "Operations", _: StepAnswers) -> Plan | NoPlan:
            active = environment.path if environment is not None else None
            hides = values_of(situation.folder)
            return operations.plan_run(
                Task("Install the git hooks", argv, situation.folder, active, hides)
            )

        missing = [name for name in hooks.types if name not in hooks.there]
        return self.view(
            StepState.OPEN, f"not installed: {', '.join(missing)}", commands=[argv], act=act
        )
