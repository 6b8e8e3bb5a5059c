"""How values are written for people; shared by the screen and the command line."""

from envdeck.core.system.words import (
    age,
    ago,
    counted,
    duration,
    exact_bytes,
    exact_time,
    join_some,
    short_age,
    size,
    time_left,
)
from envdeck.text.paths import clip, pad, place, shorten, shorten_name, tilde, tilde_within, width
from envdeck.text.safe import Signs, capitalise, plain, signs_for, spell_ascii

__all__ = [
    "Signs",
    "age",
    "ago",
    "capitalise",
    "clip",
    "counted",
    "duration",
    "exact_bytes",
    "exact_time",
    "join_some",
    "pad",
    "place",
    "plain",
    "short_age",
    "shorten",
    "shorten_name",
    "signs_for",
    "size",
    "spell_ascii",
    "tilde",
    "tilde_within",
    "time_left",
    "width",
]
