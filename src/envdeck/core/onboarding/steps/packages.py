"""Step: everything that is declared or locked is installed."""

import os
import shlex
from typing import TYPE_CHECKING, ClassVar

from envdeck.core.model import Environment, NoPlan, Plan, RecreateRequest
from envdeck.core.onboarding.model import (
    StepAnswers,
    StepState,
    StepView,
    lock_problem,
    manifest_problem,
    not_made,
    problem_text,
)
from envdeck.core.onboarding.project_state import (
    WITHOUT,
    ProjectFacts,
    apply_answers,
    collect_chosen,
)
from envdeck.core.onboarding.steps.base import OnboardingStep, envdeck_command
from envdeck.core.project.model import Comparison, Drift, DriftKind
from envdeck.core.project.parts import main_manifests

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

_LACKS = (DriftKind.MISSING, DriftKind.NOT_AS_LOCKED, DriftKind.OUTSIDE)
"""What keeps an environment from being what the project asks for; more than that does not."""
_SHOWN = 50
"""Packages that are listed."""


class PackagesStep(OnboardingStep):
    """Compares by reading alone; what is chosen beyond the defaults must be there too."""

    name: ClassVar = "packages"
    title: ClassVar = "Dependencies"
    why: ClassVar = "Missing packages and version mismatches fail only at import."
    needs: ClassVar = ("environment",)

    def look(self, situation: ProjectFacts) -> StepView:
        """Tell what is missing, of the parts that are chosen."""
        project, environment = situation.project, situation.environment
        unread = manifest_problem(project) or lock_problem(project)
        obstacle = not_made(project)
        if obstacle is not None:
            rest = [str(one) for one in project.passed if str(one) not in obstacle[0]]
            return self.view(StepState.CANNOT, obstacle[0], hint=obstacle[1], details=rest)
        if not main_manifests(project) and not any(lock.packages for lock in project.locks):
            if unread is not None:
                return self._unread(situation, problem_text(unread))
            return self.view(StepState.SKIPPED, "the project declares no dependencies")
        comparison = situation.comparison
        if environment is None or comparison is None:
            return self.view(
                StepState.OPEN, "nothing is installed yet", options=situation.options, safe=True
            )
        lacks = [one for one in comparison.drifts if one.kind in _LACKS]
        short = _short_parts(situation, comparison)
        if lacks or short:
            return self._open(situation, environment, comparison, lacks, short)
        if unread is not None:
            return self._unread(situation, problem_text(unread))
        lock = os.path.basename(comparison.against)
        held = ", ".join(one.id.replace(":", " ") for one in situation.options
                         if one.chosen and one.id != WITHOUT)  # fmt: skip
        message = f"all packages match {lock or 'the declared dependencies'}"
        message += f", with {held}" if held else ""
        if any(one.chosen and one.id == WITHOUT for one in situation.options):
            message += ", the project itself left out"
        if comparison.unchecked:
            message += "; partly unchecked"
        details = [*comparison.unchecked, *(f"not used: {one}" for one in project.passed)]
        return self.view(StepState.DONE, message, details=details, options=situation.options)

    def _unread(self, situation: ProjectFacts, problem: str) -> StepView:
        return self.view(
            StepState.CANNOT,
            f"not checked: {problem}",
            hint="fix that file, or lock again with its tool",
            details=situation.comparison.unchecked if situation.comparison else (),
            options=situation.options,
        )

    def _open(
        self,
        situation: ProjectFacts,
        environment: Environment,
        comparison: Comparison,
        lacks: list[Drift],
        short: list[str],
    ) -> StepView:
        source = "lock" if comparison.against else "declared"
        project, options = situation.project, situation.options
        details = [_line(one) for one in lacks[:_SHOWN]]
        details += [f"and {len(lacks) - _SHOWN:,} more"] if len(lacks) > _SHOWN else []
        details += [*short, *comparison.unchecked]
        details += [f"not used: {one}" for one in situation.project.passed]
        count = len(lacks)
        said = f"{count:,} {'package does' if count == 1 else 'packages do'} not match "
        said += os.path.basename(comparison.against) or "the declared dependencies"
        if not lacks:
            said = f"selected parts not fully installed: {', '.join(short)}"

        if situation.other_project:
            return self.view(
                StepState.CANNOT,
                f"{said}; the environment belongs to another project, {situation.other_project}",
                hint="create a separate environment for this project",
                details=details,
                options=options,
            )

        workspace = situation.project.workspace
        if workspace and environment.project.path == workspace:
            # what others of the workspace need in it is uv's to know
            extra = [f"--{one.id.replace(':', '=')}" for one in options
                     if one.chosen and one.id != WITHOUT]  # fmt: skip
            extra += ["--no-install-project"] * any(
                one.chosen and one.id == WITHOUT for one in options
            )
            sync = shlex.join(["uv", "sync", "--inexact", "--directory", project.folder, *extra])
            return self.view(
                StepState.CANNOT,
                f"{said}; the environment is that of the workspace {workspace}",
                hint=sync,
                details=details,
                options=options,
            )

        def act(operations: "Operations", answers: StepAnswers) -> Plan | NoPlan:
            parts = collect_chosen(situation.project, apply_answers(options, answers))
            return operations.plan_recreate(
                environment,
                RecreateRequest(
                    source=source, groups=parts.groups, extras=parts.extras, itself=parts.itself
                ),
                allow=answers.allow,
            )

        command = envdeck_command("recreate", environment.path, situation.project, options)
        return self.view(
            StepState.OPEN,
            said,
            details=details,
            commands=[(*command, "--from", source)],
            safe=True,
            options=options,
            act=act,
        )


def _short_parts(situation: ProjectFacts, comparison: Comparison) -> list[str]:
    """Say which chosen groups and extras are not installed, of those that are not counted."""
    chosen = {one.id for one in situation.options if one.chosen}
    return [
        f"{part.id.replace(':', ' ')}: {part.installed:,} of {part.declared:,} installed"
        for part in comparison.parts
        if part.id in chosen and not part.counts and part.installed < part.declared
    ]


def _line(drift: Drift) -> str:
    wanted = f" {drift.wanted}" if drift.wanted else ""
    under = f" ({', '.join(each.replace(':', ' ') for each in drift.under)})"
    here = f", installed {drift.installed}" if drift.installed else ""
    kind = "missing: " if drift.kind is DriftKind.MISSING else ""
    return f"{kind}{drift.name}{wanted}{here}{under if drift.under else ''}"
