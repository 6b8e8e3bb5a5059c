"""The names of tabs, as long as there is room for them."""

import pytest
from textual.app import App

from envdeck.tui.widgets.key_line import TabLine

TITLES = ("Overview", "Packages", "Project", ".env", "Health", "Timeline")


@pytest.mark.parametrize(
    ("cells", "active", "labels"),
    [
        (80, 1, "1 Overview|2 Packages|3 Project|4 .env|5 Health|6 Timeline"),
        (54, 1, "1Overview|2Packages|3Project|4.env|5Health|6Timeline"),
        (50, 1, "1Overview|2Packages|3Project|4.env|5Health|6Time"),
        (43, 1, "1Overview|2Pkgs|3Proj|4.env|5Health|6Time"),
        (43, 6, "1Over|2Pkgs|3Proj|4.env|5Health|6Timeline"),
        (40, 5, "1Over|2Pkgs|3Proj|4.env|5Health|6Time"),
        (30, 2, "1|2Packages|3|4|5|6"),
    ],
)
async def test_names_are_shortened_one_by_one(cells, active, labels):
    class Shown(App[None]):
        def compose(self):
            yield TabLine(TITLES)

    app = Shown()
    async with app.run_test(size=(cells, 5)) as pilot:
        line = app.query_one(TabLine)
        line.active = active
        await pilot.pause()
        assert "|".join(line.labels) == labels
        assert sum(map(len, line.labels)) + len(TITLES) - 1 <= line.content_size.width
