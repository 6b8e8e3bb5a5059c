"""What the disk has no room for is refused before anything is made."""

import os

import pytest

from envdeck.core.operations.room import no_room
from envdeck.core.operations.transaction import Ground

GIGA = 10**9


@pytest.mark.parametrize(
    ("free", "needs", "said"),
    [
        (2 * GIGA, GIGA, None),
        (2 * GIGA, None, None),
        (GIGA, GIGA, "it takes 1,000,000,000 while both are there"),
        (1_000, None, "it takes some while it runs"),
    ],
)
def test_room_is_judged_by_what_it_needs(host, home, monkeypatch, free, needs, said):
    ground = Ground.of(host)
    monkeypatch.setattr(type(ground.disk), "free_bytes", lambda *_: free)
    found = no_room(os.path.join(home, ".venv"), needs, ground)
    assert [one.guard for one in found] == ([] if said is None else ["no-room"])
    assert said is None or said in found[0].message
    assert all(not one.overrulable for one in found)


def test_a_place_that_is_not_there_is_for_others_to_refuse(host, home):
    assert no_room(str(home / "gone" / ".venv"), GIGA, Ground.of(host)) == ()
