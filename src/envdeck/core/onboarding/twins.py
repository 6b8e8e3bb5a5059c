"""The commands of EnvDeck that do what a keystroke does."""

from collections.abc import Iterable

from envdeck.core.onboarding.model import Option
from envdeck.core.onboarding.parts import chosen_of
from envdeck.core.project.drift import Project


def envdeck_command(
    name: str, path: str, project: Project, options: Iterable[Option]
) -> tuple[str, ...]:
    """Return the command that does the same, with the groups and extras that are chosen."""
    parts = chosen_of(project, options)
    words = [word for each in parts.groups or () for word in ("--group", each)]
    words += [word for each in parts.extras or () for word in ("--extra", each)]
    return ("envdeck", name, path, *words)
