"""How values are written for people; shared by the screen and the command line."""

from envdeck.text.ages import age, duration, exact_time, short_age, time_left
from envdeck.text.paths import shorten, shorten_name, tilde, tilde_within
from envdeck.text.plain import plain
from envdeck.text.signs import Signs, signs_for
from envdeck.text.sizes import exact_bytes, size
from envdeck.text.width import clip, pad, width

__all__ = [
    "Signs",
    "age",
    "clip",
    "duration",
    "exact_bytes",
    "exact_time",
    "pad",
    "plain",
    "short_age",
    "shorten",
    "shorten_name",
    "signs_for",
    "size",
    "tilde",
    "tilde_within",
    "time_left",
    "width",
]
