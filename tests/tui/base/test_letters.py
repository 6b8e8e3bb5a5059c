"""A terminal without Unicode: no view draws a sign, a box or a bar that is no ASCII."""

import pytest

from envdeck.text.safe import ASCII

VIEWS = {
    "list": "",
    "problems": "P",
    "packages": "L",
    "machine": "m",
    "interpreters": "i",
    "trash": "T",
    "history": "H",
    "operations": "O",
    "help": "question_mark",
    "delete": "d",
    "version testing": "V",
}


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("view", VIEWS)
async def test_all_of_a_view_is_ascii(open_screen, made_up, wait_until, view, size):
    source = made_up.MemorySource([made_up.environment()])
    operations = made_up.MadeUpOperations(source=source)
    async with open_screen(source, operations=operations, size=size, signs=ASCII) as pilot:
        await pilot.press("g", *VIEWS[view].split())
        await wait_until(lambda: not VIEWS[view] or pilot.app.screen is not pilot.app.main)
        await pilot.pause()
        shown = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        assert [line for line in shown if not line.isascii()] == []
