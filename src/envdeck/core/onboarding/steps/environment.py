"""Interpreter, environment, activation."""

import os
import posixpath
import shlex
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.inspection.interpreter import is_free_threaded
from envdeck.core.model import Environment, NoPlan, Plan, RecreateRequest, Status, minor_of
from envdeck.core.onboarding.model import (
    Option,
    StepAnswers,
    StepState,
    StepView,
    lock_problem,
    manifest_problem,
    not_made,
    problem_text,
    python_problems,
)
from envdeck.core.onboarding.project_state import (
    ProjectFacts,
    accepts_python,
    apply_answers,
    asked_for,
    collect_chosen,
    version_to_get,
)
from envdeck.core.onboarding.steps.base import OnboardingStep, envdeck_command
from envdeck.core.operations.engine.uv import find_uv
from envdeck.core.operations.run_command import Task
from envdeck.core.operations.shared.interpreters import named_by
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations


class EnvironmentStep(OnboardingStep):
    """Makes one where there is none, fixes one that is broken, moved, or of the wrong Python."""

    name: ClassVar = "environment"
    title: ClassVar = "Environment"
    why: ClassVar = "Isolated packages keep projects from breaking each other."
    needs: ClassVar = ("interpreter",)

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell whether it is there, works, and is accepted."""
        environment = situation.environment
        if environment is None:
            return self._none(situation)
        python = environment.python
        named = f"{environment.name}, Python {python.version or 'of unknown version'}"
        if environment.status is Status.SUSPECT:
            return self.view(
                StepState.CANNOT,
                f"{environment.name} is not an environment: {environment.reason}",
                hint=f"check {environment.path} and move it away if needed",
            )
        if environment.status is not Status.OK:
            return self._fixed(
                situation, environment, f"{environment.name} is {environment.status}: "
                f"{environment.reason}",
            )  # fmt: skip
        threads = is_free_threaded(environment.path, python.version)
        if not accepts_python(
            situation.wanted, python.version, python.implementation, free_threaded=threads
        ):
            return self._fixed(
                situation, environment, f"{named}, but the project requires "
                f"{asked_for(situation.wanted)}",
            )  # fmt: skip
        return self.view(StepState.DONE, f"{named}, works")

    def _none(self, situation: ProjectFacts) -> StepView:
        place = situation.place
        if obstacle := reach.obstacle(place):
            return self.view(
                StepState.CANNOT,
                f"{os.path.basename(place)} {obstacle}",
                hint=f"name it to have it looked at: envdeck show {shlex.quote(place)}",
            )
        if reach.lexists(place):
            return self.view(
                StepState.CANNOT,
                f"{os.path.basename(place)} exists but is not an environment",
                hint=f"check {place} and move it away",
            )
        if not situation.writable:
            return self.view(
                StepState.CANNOT,
                "cannot create an environment: the project folder is read-only",
                hint="make the folder writable, or copy the project",
            )
        problem = manifest_problem(situation.project)
        if problem is not None and not any(lock.usable for lock in situation.project.locks):
            return self.view(
                StepState.CANNOT,
                f"cannot create an environment: {problem_text(problem)}",
                hint="fix that file",
            )
        empty = not_made(situation.project)
        if empty is not None:
            return self.view(
                StepState.CANNOT,
                f"there is none, and it would be empty: {empty[0]}",
                hint=empty[1],
                details=[str(one) for one in situation.project.passed[1:]],
            )
        other = "" if situation.project.declares else other_language(situation.folder)
        if other:
            return self.view(StepState.SKIPPED, f"{other}, and it has no Python")
        chosen = situation.interpreters[0].interpreter if situation.interpreters else None
        options, folder = situation.options, situation.folder

        def act(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            parts = collect_chosen(situation.project, apply_answers(options, answers))
            return operations.plan_create(
                folder,
                path=place,
                interpreter=chosen.executable if chosen is not None else None,
                groups=parts.groups,
                extras=parts.extras,
                itself=parts.itself,
            )

        unread = lock_problem(situation.project)
        return self.view(
            StepState.OPEN,
            f"not created yet: {os.path.basename(place)}",
            details=[
                *([f"{problem_text(unread)}: using declared dependencies"] if unread else []),
                *(f"not used: {one}" for one in situation.project.passed),
            ],
            commands=[envdeck_command("create", folder, situation.project, options)],
            safe=True,
            options=options,
            act=act,
        )

    def _fixed(self, situation: ProjectFacts, environment: Environment, message: str) -> StepView:
        """Move it to the accepted interpreter; recreate it where that cannot fix it."""
        if situation.other_project:
            return self.view(
                StepState.CANNOT,
                f"{message}; belongs to another project, {situation.other_project}",
                hint="create a separate environment for this project",
            )
        if not reach.access(os.path.dirname(environment.path), os.W_OK | os.X_OK):
            return self.view(
                StepState.CANNOT, message, hint="make the parent folder writable"
            )  # fmt: skip
        chosen = situation.interpreters[0].interpreter if situation.interpreters else None
        same = chosen is not None and minor_of(chosen.version) == minor_of(
            environment.python.version
        )
        executable = chosen.executable if chosen is not None else None
        options: tuple[Option, ...] = ()
        if same and environment.status in {Status.BROKEN, Status.OK}:

            def rest(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
                return operations.plan_interpreter(environment, executable, allow=answers.allow)

            words = ("envdeck", "upgrade", environment.path, "--python", executable or "")
            return self.view(
                StepState.OPEN, message, commands=[words], safe=True, options=options, act=rest
            )
        options = situation.options
        lock = any(lock.usable for lock in situation.project.locks)
        declared = any(one.requirements or one.builds for one in situation.project.manifests)
        source = "lock" if lock else "declared" if declared else "exact"

        def plan_again(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            parts = collect_chosen(situation.project, apply_answers(options, answers))
            return operations.plan_recreate(
                environment,
                RecreateRequest(
                    source=source,
                    interpreter=executable,
                    groups=parts.groups if source != "exact" else None,
                    extras=parts.extras if source != "exact" else None,
                    itself=parts.itself,
                ),
                allow=answers.allow,
            )

        command = envdeck_command(
            "recreate", environment.path, situation.project, options if source != "exact" else ()
        )
        command += ("--from", source, *(("--python", executable) if executable else ()))
        return self.view(
            StepState.OPEN, message, commands=[command], safe=True, options=options, act=plan_again
        )


_LANGUAGES = {
    "package.json": "JavaScript", "go.mod": "Go", "Cargo.toml": "Rust", "Gemfile": "Ruby",
    "pom.xml": "Java", "build.gradle": "Java", "build.gradle.kts": "Kotlin",
    "composer.json": "PHP", "mix.exs": "Elixir", "pubspec.yaml": "Dart", "Package.swift": "Swift",
    "CMakeLists.txt": "C or C++", "deno.json": "TypeScript",
}  # fmt: skip
"""What says in which language a repository is written."""
_SCAN = 2_000


def other_language(folder: str) -> str:
    """Say in which other language a project without any Python is written; else empty."""
    found = next((name for name in _LANGUAGES if reach.isfile(os.path.join(folder, name))), "")
    if not found or reach.lexists(os.path.join(folder, ".python-version")):
        return ""
    for place in (folder, *(os.path.join(folder, one) for one in ("src", "app", "scripts"))):
        try:
            with reach.scandir(place) as entries:
                if any(
                    one.name.endswith((".py", ".ipynb"))
                    for _, one in zip(range(_SCAN), entries, strict=False)
                ):
                    return ""
        except (OSError, ValueError):
            continue
    return f"{found} says that the project is written in {_LANGUAGES[found]}"


class InterpreterStep(OnboardingStep):
    """Looks for one among those that are remembered, else on the whole machine."""

    name: ClassVar = "interpreter"
    title: ClassVar = "Python"
    why: ClassVar = (
        "With another version, packages may not install and code may fail in unexpected ways."
    )

    def look(self, situation: ProjectFacts) -> StepView:
        """Name the best of those that are accepted, or how to get one."""
        wanted = situation.wanted
        problems = python_problems(wanted)
        asked = asked_for(wanted)
        if situation.interpreters:
            best = situation.interpreters[0].interpreter
            ended = f", end of life since {best.end_of_life}" if best.end_of_life else ""
            suits = f"; the project requires {asked}" if asked else ""
            if problems and not asked:
                suits = "; required version not checked"
            first = next(iter(wanted.named), None)
            here = first is not None and minor_of(best.version) == minor_of(first.version)
            missing = "" if here or first is None else minor_of(first.version)
            if situation.interpreters[0].named:
                suits += f", named by {situation.interpreters[0].named_by}"
            hint = ""
            if missing and first is not None:
                hint = f"`uv python install {missing}` installs the one of {named_by(first)}"
            return self.view(
                StepState.DONE,
                f"Python {best.version} at {best.executable}{ended}{suits}",
                hint=hint,
                details=problems,
            )
        if wanted.contradiction:
            return self.view(
                StepState.CANNOT,
                f"no Python can be used: {wanted.contradiction}",
                hint=f"correct {wanted.exact_source} or {wanted.specifier_source}",
                details=problems,
            )
        return self._missing(situation, asked, problems)

    def _missing(self, situation: ProjectFacts, asked: str, problems: tuple[str, ...]) -> StepView:
        version = version_to_get(situation.wanted, situation.host.now())
        words = ("python", "install", *([version] if version else []))
        message = f"no Python found that the project accepts ({asked})"
        if not asked:
            message = "no Python found"
        program = find_uv()
        policy = situation.operations.policy
        if program is None or not policy.downloads or policy.offline:
            return self.view(
                StepState.CANNOT,
                message,
                hint=f"run `uv {' '.join(_quoted(word) for word in words)}`, or set "
                "`downloads = true` in the configuration",
                details=problems,
                commands=[("uv", *words)],
            )
        folder = situation.host.home

        def act(operations: "Operations", _: StepAnswers) -> Plan | NoPlan:
            title = f"Install Python {version}".strip()
            return operations.plan_run(Task(title, (program, *words), folder))

        return self.view(
            StepState.OPEN, message, details=problems, commands=[("uv", *words)], safe=True, act=act
        )


def _quoted(word: str) -> str:
    return word if word.replace(".", "").replace("@", "").isalnum() else f'"{word}"'


class ActivationStep(OnboardingStep):
    """No program can do it for the shell that started it: the line is for a person to type."""

    name: ClassVar = "activate"
    title: ClassVar = "Activate"
    why: ClassVar = "Makes `python` and all package commands those of the project."
    needs: ClassVar = ("environment",)

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell whether it is active, or what to type."""
        environment = situation.environment
        shell = situation.asked_shell or shell_in_use(situation.host, os.getppid())
        if environment is None:
            return self.view(
                StepState.READY, f"the command for {shell} is known once the environment exists"
            )
        active = situation.host.folder("VIRTUAL_ENV") or situation.host.folder("CONDA_PREFIX")
        if active is not None and reach.realpath(active) == environment.path:
            return self.view(StepState.DONE, "active in this shell")
        line = activation(environment, situation.bin, shell)
        if not line:
            return self.view(
                StepState.CANNOT,
                f"{environment.name} has no activation script for {shell}",
                hint=f"commands are in `{situation.bin or environment.path}`",
            )
        elsewhere = f"; active now: {active}" if active is not None else ""
        return self.view(
            StepState.READY, f"run this in {shell}{elsewhere}", commands=[line]
        )  # fmt: skip


_SCRIPTS = {
    "bash": ("source", "activate"),
    "zsh": ("source", "activate"),
    "ksh": (".", "activate"),
    "mksh": (".", "activate"),
    "ash": (".", "activate"),
    "dash": (".", "activate"),
    "sh": (".", "activate"),
    "fish": ("source", "activate.fish"),
    "csh": ("source", "activate.csh"),
    "tcsh": ("source", "activate.csh"),
    "nu": ("overlay use", "activate.nu"),
    "pwsh": ("&", "Activate.ps1"),
    "powershell": ("&", "Activate.ps1"),
    "xonsh": ("source", "activate.xsh"),
    "cmd": ("", "activate.bat"),
}
"""By the name of a shell: what is typed before the path of which script."""
_DEEPEST = 8
"""Processes above us that are asked for a shell: `uv run`, a wrapper, a multiplexer."""
_STAT_LIMIT = 1024
SHELLS = tuple(_SCRIPTS)


def shell_in_use(host: Host, parent: int) -> str:
    """Return the name of the shell that a person sits at: the nearest one above the process
    `parent`, where the system tells; else what `$SHELL` names; else the platform's own."""
    named = _read_variable(host)
    for name in _above(host, parent):
        if name in _SCRIPTS:
            # A script of /bin/sh that starts us says nothing of the shell that started it.
            return named if name in {"sh", "dash"} and named else name
    if named:
        return named
    return "powershell" if host.windows else "sh"


def activation(environment: Environment, folder: str, shell: str) -> tuple[str, ...]:
    """Return the words that activate an environment whose scripts lie in `folder`; none where
    there is no script for that shell."""
    if environment.manager in {"conda", "pixi"} or environment.creation.creator == "conda":
        return ("conda", "activate", environment.path)
    before, name = _SCRIPTS.get(shell, _SCRIPTS["sh"])
    for each in (name, name.lower()):
        script = os.path.join(folder, each)
        if folder and reach.isfile(script):
            return (*before.split(), script)
    return ()


def _read_variable(host: Host) -> str:
    name = posixpath.basename((host.variable("SHELL") or "").rstrip("/"))
    return name if name in _SCRIPTS else ""


def _above(host: Host, process: int) -> list[str]:
    """Return the names of a process and of those above it, the nearest first (Linux)."""
    names = []
    for _ in range(_DEEPEST):
        data = read_bounded(host.system("proc", str(process), "stat"), _STAT_LIMIT, whole=False)
        if isinstance(data, Unread) or process <= 1:
            break
        name, _, rest = decode(data).partition("(")[2].rpartition(")")
        fields = rest.split()
        names.append(name.lstrip("-"))
        if len(fields) < 2 or not fields[1].isdigit():
            break
        process = int(fields[1])
    return names
