"""Whether the tour is offered: on the first start. The answer is a file beside the journal."""

import os
from contextlib import suppress

from envdeck.core.host import Host, own_path


def tour_file(host: Host) -> str:
    """Return the file that says that the offer was answered."""
    return own_path(host, "state", "tour")


def offers_tour(host: Host) -> bool:
    """Whether the tour is to be offered: nobody has answered yet, and an answer can be kept.

    Where it cannot, the offer would be made at every start.
    """
    path = tour_file(host)
    if os.path.lexists(path):
        return False
    above = os.path.dirname(path)
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK)


def keep_answer(host: Host) -> None:
    """Remember that the offer was answered; where that fails it is made once more, no worse."""
    path = tour_file(host)
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "xb"):
            pass
