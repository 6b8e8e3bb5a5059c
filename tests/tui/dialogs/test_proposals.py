"""What a field proposes: it is selected, so that the first key takes its place."""

import pytest
from textual.widgets import Input


@pytest.mark.parametrize("key", ["W", "n"])
async def test_the_first_key_takes_the_place_of_the_folder_proposed(
    open_screen, made_up, key, wait_until
):
    async with open_screen(operations=made_up.MadeUpOperations()) as pilot:
        await pilot.press(key)
        await wait_until(lambda: isinstance(pilot.app.focused, Input))
        field = pilot.app.focused
        assert field.value
        await wait_until(lambda: field.selected_text == field.value)
        await pilot.press("z")
        assert field.value == "z"
