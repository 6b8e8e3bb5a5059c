"""How values are written for people: harmless, short, aligned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.text import (
    age,
    clip,
    duration,
    exact_bytes,
    exact_time,
    pad,
    plain,
    short_age,
    shorten,
    shorten_name,
    signs_for,
    size,
    spell_ascii,
    tilde,
    tilde_within,
    width,
)
from envdeck.text.safe import ASCII, UNICODE

ANY = st.text(st.characters())  # lone surrogates included


class TestPlain:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("~/work/api", "~/work/api"),
            ("日本 [/]", "日本 [/]"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
            ("\udcff", "\\xff"),
            ("\ud800", "\\ud800"),
            ("abc\u202etxt", "abc\\u202etxt"),
            ("\U000e0041", "\\U000e0041"),
            ("a\u00a0b", "a\u00a0b"),
        ],
    )
    def test_what_acts_is_written_out(self, text, shown):
        assert plain(text) == shown

    @given(ANY)
    def test_nothing_that_acts_is_left_and_it_can_be_encoded(self, text):
        shown = plain(text)
        shown.encode()
        assert all(character.isprintable() or character.isspace() for character in shown)
        assert not set(shown) & set("\n\r\t\x1b\x07\u2028\u2029\u202e")


class TestSizes:
    @pytest.mark.parametrize(
        ("count", "shown"),
        [
            (None, "–"),
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (412_000_000, "412 MB"),
            (1_900_000_000, "1.9 GB"),
            (31_400_000_000, "31 GB"),
            (5 * 10**18, "5000 PB"),
        ],
    )
    def test_three_digits_and_a_decimal_unit(self, count, shown):
        assert size(count) == shown

    def test_exactly(self):
        assert (exact_bytes(431_221_034), exact_bytes(1)) == ("431,221,034 bytes", "1 byte")


class TestAges:
    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [
            (0, "now"),
            (-5, "now"),
            (61, "1 minute"),
            (7200, "2 hours"),
            (86400, "1 day"),
            (8e5, "1 week"),
            (8e6, "3 months"),
            (7e7, "2 years"),
        ],
    )
    def test_ages(self, seconds, shown):
        assert age(1e9 - seconds, 1e9) == shown

    def test_an_age_is_shortened_where_it_is_too_long(self):
        assert (short_age("10 minutes", 8), short_age("3 months", 8)) == ("10m", "3 months")

    def test_durations(self):
        assert (duration(2.04), duration(0.01)) == ("2.0 s", "< 0.1 s")

    def test_unknown(self):
        assert age(None, 1e9) == "–"

    @pytest.mark.parametrize(
        ("when", "shown"), [(0, "1970-01-01T00:00:00Z"), (1e30, f"{1e30:.0f} s since 1970")]
    )
    def test_exactly(self, when, shown):
        assert exact_time(when) == shown


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            ("/home/ada", "~"),
            ("/home/ada/x", "~/x"),
            ("/home/adam/x", "/home/adam/x"),
            ("/opt", "/opt"),
        ],
    )
    def test_home_is_a_tilde(self, path, shown):
        assert tilde(path, "/home/ada") == shown

    def test_home_is_a_tilde_within_a_sentence(self):
        said = "it was in /home/ada/x, and /home/adam/y is another"
        assert tilde_within(said, "/home/ada") == "it was in ~/x, and /home/adam/y is another"
        assert tilde_within("at /x", "/") == "at /x"
        said = "/mnt/home/ada/x, '/home/ada' and /home/ada.bak"
        assert tilde_within(said, "/home/ada") == "/mnt/home/ada/x, '~' and /home/ada.bak"

    def test_the_middle_goes_first(self):
        assert shorten("~/work/clients/acme/backend/api/.venv", 24) == "~/…/backend/api/.venv"
        assert shorten("~/work/clients/acme/backend/api/.venv", 14) == "~/…/api/.venv"
        assert shorten("~/work/api/.venv", 16) == "~/work/api/.venv"

    @pytest.mark.parametrize(
        ("path", "cells", "shown"),
        [
            ("~/code/tidewater/.tox/py39", 20, "~/…/tidewater/…/py39"),
            ("~/code/starmap/.pixi/envs/default", 22, "~/…/starmap/…/default"),
            ("~/a-very-long-project-name/.venv", 20, "…/a-very-l…ame/.venv"),
            ("~/.local/share/virtualenvs/mailer-Xy12abCd", 22, "~/…/mailer-Xy12abCd"),
            ("~/.cache/pypoetry/virtualenvs/invoices-bCXbTlPo-py3.9", 22, "…/invoices-bCXb…-py3.9"),
            (
                "~/.cache/pypoetry/virtualenvs/invoices-bCXbTlPo-py3.11",
                22,
                "…/invoices-bCX…-py3.11",
            ),
            ("~/.cache/pre-commit/repo8f2k/py_env-python3.12", 20, "…/repo8f2k/py_env…12"),
            ("C:\\Users\\ada\\work\\api\\.venv", 18, "…\\work\\api\\.venv"),
            ("~/notes/my-project-frontend-of-a-kind", 20, "…/my-project-f…-kind"),
        ],
    )
    def test_what_tells_environments_apart_stays(self, path, cells, shown):
        assert shorten(path, cells) == shown

    def test_the_plain_sign_for_a_cut_is_no_home(self):
        assert shorten("/srv/work/clients/acme/api/.venv", 20, "~") == "/.../acme/api/.venv"

    @given(st.lists(ANY, min_size=1, max_size=8).map("/".join).map(plain), st.integers(1, 60))
    def test_never_wider_than_asked_whatever_the_parts(self, path, cells):
        assert width(shorten(path, cells)) <= cells
        assert width(shorten(path, cells, "~")) <= cells
        assert width(shorten_name(path, cells)) <= cells

    @given(ANY.map(plain), st.integers(1, 60))
    def test_never_wider_than_asked(self, path, cells):
        assert width(shorten(path, cells)) <= cells

    @given(ANY.map(plain), st.integers(0, 40))
    def test_cutting_and_filling_meet_the_width(self, text, cells):
        cut = clip(text, cells)
        assert width(cut) <= cells
        assert width(pad(cut, cells)) == cells

    def test_wide_characters_take_two_cells(self):
        assert (width("日本"), width("e\u0301"), clip("日本語", 5)) == (4, 1, "日本…")


@pytest.mark.parametrize(
    ("encoding", "environ", "signs"),
    [
        ("utf-8", {"TERM": "xterm-256color"}, UNICODE),
        ("UTF8", {}, UNICODE),
        ("ascii", {"TERM": "xterm"}, ASCII),
        ("utf-8", {"TERM": "linux"}, ASCII),
        (None, {}, ASCII),
        ("utf-8", {"LANG": "C"}, ASCII),
        ("utf-8", {"LANG": "POSIX", "LC_CTYPE": "C.UTF-8"}, ASCII),
        ("utf-8", {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, ASCII),
        ("utf-8", {"LC_ALL": "C.UTF-8", "LANG": "C"}, UNICODE),
        ("utf-8", {"LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, UNICODE),
        ("utf-8", {"LANG": "C.UTF-8"}, UNICODE),
    ],
)
def test_signs_the_terminal_can_show(encoding, environ, signs):
    assert signs_for(encoding, environ) is signs
    assert signs.status_sign("ok") == " "
    assert (
        len({signs.status_sign(status) for status in ("ok", "broken", "moved", "mixed", "suspect")})
        == 5
    )


def test_every_sign_box_and_bar_has_a_letter_as_wide():
    signs = "".join(map(chr, (*range(0x2500, 0x25A0), *range(0x2800, 0x2900)))) + "".join(UNICODE)
    signs += "·…→←↑↓±–—✓✗●○«»“”×≥≤"
    letters = spell_ascii(signs)
    assert letters.isascii()
    assert len(letters) == len(signs)
    assert spell_ascii("naïve 日本 │") == "naïve 日本 |"
