"""How values are written for people; shared by the screen and the command line."""

from envdeck.text.ages import age, exact_time
from envdeck.text.paths import shorten, tilde, tilde_within
from envdeck.text.plain import plain
from envdeck.text.signs import Signs, signs_for
from envdeck.text.sizes import exact_bytes, size
from envdeck.text.width import clip, pad, width

__all__ = [
    "Signs",
    "age",
    "clip",
    "exact_bytes",
    "exact_time",
    "pad",
    "plain",
    "shorten",
    "signs_for",
    "size",
    "tilde",
    "tilde_within",
    "width",
]
