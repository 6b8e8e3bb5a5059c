"""Text on light grounds can be read, and dark themes are left as they are."""

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from envdeck.tui.widgets.line_view import READABLE, contrast, readable

LIGHT = [
    name for name, each in BUILTIN_THEMES.items() if not each.dark and not name.startswith("ansi")
]


@pytest.mark.parametrize("theme", LIGHT)
def test_text_of_a_light_theme_is_as_dark_as_it_must_be(theme) -> None:
    before = BUILTIN_THEMES[theme].to_color_system().generate()
    after = readable(before)
    for name in ("text-primary", "text-success", "text-warning", "text-error"):
        for ground in ("background", "surface", "panel"):
            ratio = contrast(Color.parse(after[name]), Color.parse(after[ground]))
            assert ratio >= READABLE - 0.05
    assert after.keys() == before.keys()


async def test_the_screen_uses_them(open_screen) -> None:
    async with open_screen(theme="textual-light") as pilot:
        light = pilot.app.get_css_variables()
        pale = BUILTIN_THEMES["textual-light"].to_color_system().generate()
        assert light["text-warning"] != pale["text-warning"]
        panel = Color.parse(light["panel"])
        assert contrast(panel + Color.parse(light["foreground-muted"]), panel) >= READABLE - 0.05
        pilot.app.theme = "textual-dark"
        dark = BUILTIN_THEMES["textual-dark"].to_color_system().generate()
        assert pilot.app.get_css_variables()["text-warning"] == dark["text-warning"]
