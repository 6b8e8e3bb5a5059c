"""The nouns of a forecast."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the index has of one pin for the other Python."""

    WHEEL = "wheel"
    BUILD = "build"
    """Only a source distribution: it has to be built here."""
    UNSUPPORTED = "unsupported"
    """It does not support that Python: by `Requires-Python`, or since all it has are wheels for
    others. uv passes over upper bounds (`<3.13`), and so does this."""
    GONE = "gone"
    """The index does not have that version (any more)."""
    UNKNOWN = "unknown"
    """Not checked: see the note."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One pin on the other Python."""

    name: str
    version: str
    verdict: Verdict
    smallest: str | None = None
    """The next version up that has a wheel for that Python, where the pin has none."""
    newest: str | None = None
    """The newest version that has one, where the pin has none."""
    note: str = ""
    """Why, in a few words; it may carry hostile text, never a credential."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """All pins on one Python, on this platform."""

    python: str
    """`3.13`."""
    pins: tuple[Outlook, ...] = ()
    """In the order they were given."""
    problem: str = ""
    """Why nothing could be checked, in one sentence without a full stop, or empty."""

    def having(self, verdict: Verdict) -> tuple[Outlook, ...]:
        """Return the pins of one verdict."""
        return tuple(one for one in self.pins if one.verdict is verdict)
