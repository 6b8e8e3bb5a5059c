"""The tour: offered once, five cards, with the keys as they are now."""

import os
import stat

import pytest

from envdeck.config.save import keep_answer, offers_tour, tour_file
from envdeck.core.system.host import Host
from envdeck.text import width
from envdeck.text.safe import ASCII
from envdeck.tui.base.actions import BY_ID
from envdeck.tui.help.tour import CARDS, TourDialog, TourOffer, card_lines, named_actions
from envdeck.tui.widgets.line import Display, line_text
from envdeck.tui.widgets.line_view import LineView


def shown(app):
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def told(number, **keys):
    look = Display("/home/ada", lambda: 0.0, ASCII, keys)
    return " ".join(line_text(line).strip() for line in card_lines(CARDS[number], look, 60))


# the cards


def test_there_are_five_and_each_names_actions_there_are():
    assert len(CARDS) == 5
    named = {name for card in CARDS for name in named_actions(card)}
    assert named <= set(BY_ID)
    assert {"delete", "undo", "walkthrough", "palette", "help", "mark", "filter", "tour"} <= named


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("cells", [20, 44, 70])
def test_a_card_fits_any_width_and_is_plain(number, cells):
    lines = card_lines(CARDS[number], Display("", lambda: 0.0, ASCII), cells)
    assert all(width(line_text(line)) <= cells for line in lines)
    assert all(line_text(line).isascii() for line in lines)
    assert not any(sign in line_text(line) for line in lines for sign in "{}")


def test_the_keys_are_those_of_the_person():
    assert "space marks a row" in told(2)
    assert "ctrl+d deletes" in told(2, delete="ctrl+d")
    assert "f2 shows this tour again" in told(4, tour="f2")


# going through them


async def test_it_is_gone_through_and_back_and_left(open_screen, wait_until):
    async with open_screen() as pilot:
        app = pilot.app
        await pilot.press("f12")
        assert isinstance(app.screen, TourDialog)
        for number, key in enumerate(("enter", "l", "right", "enter")):
            assert f"{CARDS[number].title}   {number + 1} of 5" in shown(app)
            await pilot.press(key)
            await wait_until(lambda number=number: app.screen.number == number + 1)
            await pilot.pause()
        assert "5 of 5" in shown(app)
        await pilot.press("h")
        await wait_until(lambda: app.screen.number == 3)
        await pilot.press("left", "enter", "enter")
        await wait_until(lambda: app.screen.number == 4)
        await pilot.press("enter")
        await wait_until(lambda: app.screen is app.main)
        await pilot.press("f12", "escape")
        await wait_until(lambda: app.screen is app.main)


async def test_its_buttons_take_the_mouse(open_screen, wait_until):
    async with open_screen() as pilot:
        app = pilot.app
        await pilot.press("f12")
        await pilot.click("#next")
        await wait_until(lambda: app.screen.number == 1)
        await pilot.click("#previous")
        await wait_until(lambda: app.screen.number == 0)
        await pilot.click("#cancel")
        await wait_until(lambda: app.screen is app.main)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_no_card_has_to_be_scrolled_where_there_is_room(open_screen, size):
    async with open_screen(size=size) as pilot:
        await pilot.press("f12")
        for _ in CARDS:
            await pilot.pause()
            assert pilot.app.screen.query_one(LineView).max_scroll_y == 0
            await pilot.press("enter")


async def test_it_is_in_the_palette_and_a_remapped_key_opens_it(open_screen):
    async with open_screen(keys={"tour": "f6"}) as pilot:
        app = pilot.app
        assert "Tour" in {each.title for each in app.get_system_commands(app.screen)}
        await pilot.press("f6")
        assert isinstance(app.screen, TourDialog)
        await pilot.press("f6")
        assert app.screen is app.main


# the offer


@pytest.mark.parametrize(("key", "wanted"), [("enter", True), ("escape", False), ("h", False)])
async def test_it_is_offered_once_and_the_answer_is_kept(open_screen, wait_until, key, wanted):
    answered = []
    answers = {"tour": True, "tour_answered": lambda: answered.append(key)}
    async with open_screen(**answers) as pilot:
        app = pilot.app
        await wait_until(lambda: isinstance(app.screen, TourOffer))
        await pilot.pause()
        assert "Take a one-minute tour?" in shown(app)
        assert "f12 " in shown(app)
        assert not answered
        await pilot.press(key)
        await wait_until(lambda: answered)
        await wait_until(lambda: isinstance(app.screen, TourDialog) == wanted)
        await wait_until(lambda: wanted or app.screen is app.main)


async def test_it_is_not_offered_unless_asked_for(open_screen, wait_until):
    async with open_screen() as pilot:
        await wait_until(lambda: pilot.app.main.panes.detail is not None)
        assert pilot.app.screen is pilot.app.main


def host_of(tmp_path):
    return Host(
        home=str(tmp_path),
        environ={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")},
        platform="linux",
    )


def test_the_answer_is_a_file_in_the_state_folder(tmp_path):
    host = host_of(tmp_path)
    assert offers_tour(host)
    keep_answer(host)
    assert tour_file(host) == str(tmp_path / "state" / "envdeck" / "tour")
    assert os.path.isfile(tour_file(host))
    assert stat.S_IMODE(os.stat(tmp_path / "state" / "envdeck").st_mode) == 0o700
    assert not offers_tour(host)
    keep_answer(host)


def test_where_no_answer_can_be_kept_it_is_not_offered(tmp_path):
    (tmp_path / "state").touch()
    host = host_of(tmp_path)
    assert not offers_tour(host)
    keep_answer(host)
    assert not os.path.lexists(tour_file(host))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_where_the_state_folder_is_not_ours_it_is_not_offered(tmp_path):
    (tmp_path / "state").mkdir(mode=0o500)
    assert not offers_tour(host_of(tmp_path))
