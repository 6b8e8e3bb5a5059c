"""What other programs get: the terminal, and notices."""

import pytest

from envdeck.core.model import ProjectLink, Status
from envdeck.tui.base.terminal import editor_command, notice, shell_command


def everything(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def test_the_editor_is_that_of_the_variables():
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor_command({"VISUAL": " ", "EDITOR": "vi"}) == ["vi"]
    assert editor_command({}) == "no editor: set VISUAL or EDITOR"
    assert "VISUAL cannot be read" in editor_command({"VISUAL": "vi 'x"})


def test_the_shell_is_that_of_the_variables():
    assert shell_command("linux", {"SHELL": "/bin/zsh"}) == ["/bin/zsh"]
    assert shell_command("linux", {}) == ["/bin/sh"]
    assert shell_command("win32", {}) == ["cmd.exe"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "\x1b]9;done [/] x;y\x1b\\\a"),
        ({"VTE_VERSION": "7600"}, "\x1b]777;notify;EnvDeck;done [/] x,y\x1b\\\a"),
        ({"TMUX": "x", "VTE_VERSION": "7600"}, "\a"),
        ({"TERM": "screen-256color"}, "\a"),
    ],
)
def test_a_notice_carries_no_sequence_of_its_text(environ, expected):
    assert notice("do\x1bne\a [/] x;y", environ) == expected


async def test_what_cannot_be_opened_is_said(open_screen, made_up, monkeypatch):
    monkeypatch.setenv("EDITOR", "vi")
    broken = made_up.environment(
        status=Status.BROKEN, reason="its base is gone", project=ProjectLink()
    )
    async with open_screen(made_up.MemorySource([broken])) as pilot:
        await pilot.press("exclamation_mark")
        assert "broken: its base is gone" in everything(pilot)
        await pilot.press("E")
        assert "no project found to open in the editor" in everything(pilot)
    async with open_screen(made_up.MemorySource()) as pilot:
        await pilot.press("exclamation_mark")
        assert "no environment to open a shell in" in everything(pilot)
