"""`python -m venv` and virtualenv called by hand."""

from functools import cached_property

from envdeck.core.discovery.managers.base import Manager, made_by_virtualenv
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind

_BY_HAND = ("envs", "Envs", ".venvs", ".virtualenvs")
"""Folders at home where people gather environments; editors use the last two."""


class Venv(Manager):
    """The standard library's own maker (PEP 405); it keeps no list and has no folder."""

    name = "venv"
    rank = 100
    by_creator = True

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The folders at home in which people gather environments by hand."""
        return tuple(map(self.host.at_home, _BY_HAND))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim all that is left, whether its cfg is signed (`command = … -m venv`, from
        CPython 3.11 on) or not: anything that follows PEP 405 is looked after in its way."""
        return candidate.kind is Kind.VENV


class Virtualenv(Manager):
    """The maker that most tools call; what they made is theirs, so it is asked late."""

    name = "virtualenv"
    rank = 90
    by_creator = True

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what bears its key in the cfg, and what it made before 20, without a cfg."""
        return made_by_virtualenv(candidate)
