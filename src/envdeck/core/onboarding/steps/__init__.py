"""The steps of the walkthrough, one a file, in the order in which they are done."""

from envdeck.core.onboarding.step import Step
from envdeck.core.onboarding.steps.activate import Activating
from envdeck.core.onboarding.steps.command import TheFirstCommand
from envdeck.core.onboarding.steps.dotenv import TheDotenvFile
from envdeck.core.onboarding.steps.environment import AnEnvironment
from envdeck.core.onboarding.steps.hooks import TheGitHooks
from envdeck.core.onboarding.steps.interpreter import AnInterpreter
from envdeck.core.onboarding.steps.packages import ThePackages
from envdeck.core.onboarding.steps.secrets import NoSecretsInGit

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
