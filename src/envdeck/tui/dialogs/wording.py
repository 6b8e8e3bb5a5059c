"""Words that dialogs and the views of what was done share."""

from envdeck.text import age

_DAY = 86_400.0
_IN_DAYS = 60
"""Up to so many days a time that is left is told in days: weeks would hide most of one."""


def capital(text: str) -> str:
    """Return a sentence as it begins; a path, a file's name or a key keeps its letters."""
    first = text.partition(" ")[0].rstrip(".,:;")
    if any(sign in first for sign in "/\\._="):
        return text
    return text[:1].upper() + text[1:]


def time_left(seconds: float) -> str:
    """Return how much time is left: `29 days`, `3 hours`; `now` for less than a minute."""
    days = round(seconds / _DAY)
    if 1 < days <= _IN_DAYS:
        return f"{days} days"
    return age(0, seconds)
