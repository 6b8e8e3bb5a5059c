"""Plans that are agreed to as soon as they are there: the tests read fast."""

import pytest


def take_any_yes(patch: pytest.MonkeyPatch) -> None:
    """Let plan dialogs take a yes at once; that they wait has tests of its own."""
    patch.setattr("envdeck.tui.dialogs.plan.UNREAD", 0)
    patch.setattr("envdeck.tui.dialogs.plan.HELD", 0)
