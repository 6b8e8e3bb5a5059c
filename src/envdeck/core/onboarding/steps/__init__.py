"""The steps of the walkthrough, one a file, in the order in which they are done."""

from envdeck.core.onboarding.steps.base import Step
from envdeck.core.onboarding.steps.command import TheFirstCommand
from envdeck.core.onboarding.steps.dotenv import NoSecretsInGit, TheDotenvFile
from envdeck.core.onboarding.steps.environment import Activating, AnEnvironment, AnInterpreter
from envdeck.core.onboarding.steps.hooks import TheGitHooks
from envdeck.core.onboarding.steps.packages import ThePackages

STEPS: tuple[Step, ...] = (
    AnInterpreter(),
    AnEnvironment(),
    ThePackages(),
    TheDotenvFile(),
    NoSecretsInGit(),
    TheGitHooks(),
    TheFirstCommand(),
    Activating(),
)
NAMES = tuple(step.name for step in STEPS)
