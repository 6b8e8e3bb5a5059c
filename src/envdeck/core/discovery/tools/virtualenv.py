"""virtualenv, called by hand."""

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.tool import Tool
from envdeck.core.discovery.tools._folders import made_by_virtualenv
from envdeck.core.host import Host


class Virtualenv(Tool):
    """The maker that most tools call; what they made is theirs, so it is asked late."""

    name = "virtualenv"
    rank = 90

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Claim what bears its key in the cfg, and what it made before 20, without a cfg."""
        return made_by_virtualenv(candidate)


VIRTUALENV = Virtualenv()
