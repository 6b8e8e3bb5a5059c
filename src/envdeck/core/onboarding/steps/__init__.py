"""The steps of the walkthrough, one a file, in the order in which they are done."""

from envdeck.core.onboarding.steps.base import OnboardingStep
from envdeck.core.onboarding.steps.command import CommandStep, HooksStep, NeedsStep
from envdeck.core.onboarding.steps.dotenv import DotenvStep, SecretsStep
from envdeck.core.onboarding.steps.environment import (
    ActivationStep,
    EnvironmentStep,
    InterpreterStep,
)
from envdeck.core.onboarding.steps.packages import PackagesStep

STEPS: tuple[OnboardingStep, ...] = (
    InterpreterStep(),
    EnvironmentStep(),
    PackagesStep(),
    DotenvStep(),
    SecretsStep(),
    HooksStep(),
    NeedsStep(),
    CommandStep(),
    ActivationStep(),
)
NAMES = tuple(step.name for step in STEPS)
