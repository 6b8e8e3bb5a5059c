"""`python -m venv` and virtualenv called by hand."""

from collections.abc import Iterator

from envdeck.core.discovery.managers.base import KnownFolder, Manager, made_by_virtualenv
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.system.host import Host

_BY_HAND = ("envs", "Envs", ".venvs", ".virtualenvs")
"""Folders at home where people gather environments; editors use the last two."""


class Venv(Manager):
    """The standard library's own maker (PEP 405); it keeps no list and has no folder."""

    name = "venv"
    rank = 100

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield the folders at home in which people gather environments by hand."""
        for folder in _BY_HAND:
            yield KnownFolder(host.at_home(folder))

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim all that is left, whether its cfg is signed (`command = … -m venv`, from
        CPython 3.11 on) or not: anything that follows PEP 405 is looked after in its way."""
        return candidate.kind is Kind.VENV


VENV = Venv()


class Virtualenv(Manager):
    """The maker that most tools call; what they made is theirs, so it is asked late."""

    name = "virtualenv"
    rank = 90

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what bears its key in the cfg, and what it made before 20, without a cfg."""
        return made_by_virtualenv(candidate)


VIRTUALENV = Virtualenv()
