"""A bell and a notice at the end of a long operation, while nobody looks."""

from types import SimpleNamespace

import pytest

from envdeck.tui.base.messages import OperationEnded


@pytest.mark.parametrize(
    ("seconds", "focus", "notices", "told"),
    [
        (11.0, False, True, True),
        (9.0, False, True, False),
        (11.0, True, True, False),
        (11.0, False, False, False),
    ],
)
async def test_the_end_of_a_long_operation_is_told_once_to_who_looks_elsewhere(
    open_screen, monkeypatch, seconds, focus, notices, told
):
    for name in ("TMUX", "VTE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    async with open_screen(notices=notices) as pilot:
        written = []
        monkeypatch.setattr(pilot.app._driver, "write", written.append)
        pilot.app.app_focus = focus
        job = SimpleNamespace(started_at=100.0, ended_at=100.0 + seconds)
        for _screen in range(2):
            pilot.app.on_operation_ended(OperationEnded(job, "Deleted ~/x: freed 1.0 GB"))
        found = [each for each in written if "\x1b]9;" in each]
        assert found == (["\x1b]9;Deleted ~/x: freed 1.0 GB\x1b\\\a"] if told else [])
