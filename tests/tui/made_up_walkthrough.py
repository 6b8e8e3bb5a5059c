"""A walkthrough that exists in memory alone; for the tests of its screen, and its pictures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from envdeck.core.model import Ending, NoPlan, Operation, Plan, Result, Step, Target
from envdeck.core.onboarding.model import Option, StepAnswers, StepField, StepState, StepView

PROJECT = "/home/ada/work/shop"


def _act(*_: object) -> NoPlan:
    return NoPlan("nothing is planned through this")


def steps(**states: StepState) -> tuple[StepView, ...]:
    """Return the eight steps, those named in another state than for a fresh clone."""
    fresh = (
        StepView(
            "interpreter",
            "Python",
            "With another version, packages may not install and code may fail in unexpected ways.",
            StepState.DONE,
            "CPython 3.12.4 fits requires-python >=3.11",
        ),
        StepView(
            "environment",
            "Environment",
            "Isolated packages keep projects from breaking each other.",
            StepState.OPEN,
            "there is no environment in the project yet",
            commands=(("uv", "venv", "--python", "/usr/bin/python3.12", f"{PROJECT}/.venv"),),
            safe=True,
            options=(Option("group:dev", "dev", chosen=True), Option("extra:docs", "docs")),
            act=_act,
        ),
        StepView(
            "packages",
            "Dependencies",
            "Missing packages and version mismatches fail only at import.",
            StepState.WAITING,
            "requires: Environment",
            details=tuple(f"package-{number} 1.{number} is missing" for number in range(12)),
        ),
        StepView(
            "dotenv",
            ".env file",
            "Code that reads a missing setting fails at start or later.",
            StepState.OPEN,
            "there is no .env, and .env.example asks for 2 keys",
            details=("DATABASE_URL is missing", "PORT is missing"),
            safe=True,
            fields=(StepField("DATABASE_URL"), StepField("PORT", secret=False, default="8000")),
            act=_act,
        ),
        StepView(
            "secrets",
            "Secrets not in git",
            "Pushed secrets stay in the history for everyone with access.",
            StepState.CANNOT,
            ".env was committed in the past",
            hint="give new values to what is in it: whoever has a clone has the old ones",
        ),
        StepView(
            "hooks",
            "Git hooks",
            "They catch problems before a commit instead of in review.",
            StepState.SKIPPED,
            "no .pre-commit-config.yaml in the project",
        ),
        StepView(
            "command",
            "Tests",
            "If this fails, the problem was there before you.",
            StepState.WAITING,
            "requires: Environment",
        ),
        StepView(
            "activate",
            "Activate",
            "Makes `python` and all package commands those of the project.",
            StepState.READY,
            "a bash is in use",
            commands=(("source", f"{PROJECT}/.venv/bin/activate"),),
        ),
    )
    return tuple(replace(step, state=states.get(step.name, step.state)) for step in fresh)


def ready() -> tuple[StepView, ...]:
    """Return the steps of a project that nothing is left to do for."""
    done = {"environment": StepState.DONE, "packages": StepState.DONE, "dotenv": StepState.DONE}
    found = steps(**done, secrets=StepState.DONE, command=StepState.READY)
    told = {
        "command": {
            "message": "it can be run now",
            "commands": (("pytest", "-q"),),
            "act": _act,
            "options": (
                Option("command:pytest", "run the tests with pytest", chosen=True),
                Option("command:shop", "shop --help"),
            ),
        }
    }
    return tuple(replace(step, **told.get(step.name, {})) for step in found)


@dataclass
class MadeUpWalking:
    """What is behind a walkthrough: it finds and plans what it was told to."""

    found: tuple[StepView, ...] = field(default_factory=steps)
    after: dict[str, tuple[StepView, ...]] = field(default_factory=dict)
    """What is found once a step was done with success."""
    hold: Callable[[], bool] = field(default=lambda: False)
    """While this is true a look does not end unless it is stopped."""
    dead: Callable[[], bool] = field(default=lambda: False)
    """While this is true a look does not end, whoever stops it: its disk does not answer."""
    failure: Exception | None = None
    operation: Operation = Operation.CREATE
    looks: int = 0
    at_once: int = 0
    """Looks that go on."""
    most_at_once: int = 0
    asked: list[tuple[str, object]] = field(default_factory=list)

    def look(self, stopped: Callable[[], bool] = lambda: False) -> tuple[StepView, ...]:
        """Return what was told."""
        self.looks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        while self.dead() or (self.hold() and not stopped()):
            time.sleep(0.001)
        self.at_once -= 1
        if self.failure is not None:
            raise self.failure
        return self.found

    def step(self, name: str) -> StepView:
        """Return one of them."""
        self.asked.append(("step", name))
        return next(step for step in self.found if step.name == name)

    def plan(self, step: StepView, answers: StepAnswers) -> Plan | NoPlan:
        """Plan what a step does."""
        self.asked.append(("plan", (step.name, answers.options, dict(answers.values))))
        return Plan(
            id=f"20261120-101502-{len(self.asked):04}",
            operation=self.operation,
            targets=(Target(f"{PROJECT}/.venv"),),
            steps=tuple(Step("make it", command) for command in step.commands) or (Step("do it"),),
        )

    def ended(self, step: StepView, plan: Plan, result: Result) -> None:
        """Take what was done."""
        del plan
        self.asked.append(("ended", (step.name, result.status)))
        if result.status is Ending.DONE:
            self.found = self.after.get(step.name, self.found)

    def choose(self, name: str, answers: StepAnswers) -> None:
        """Take what was chosen."""
        self.asked.append(("choose", (name, answers.options, dict(answers.values))))
