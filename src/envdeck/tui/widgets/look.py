"""How values are put into words on the screen: home folder, clock and signs as one argument."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from envdeck.text import Signs, age, exact_time, plain, shorten, signs_for, tilde, tilde_within
from envdeck.tui.actions import keys_of, shown_key


@dataclass(frozen=True, slots=True)
class Look:
    """What the views need to know about the terminal and the reader, and nothing else.

    An argument, so that a view shows the same in a test as it does here, at any hour.
    """

    home: str = ""
    clock: Callable[[], float] = field(default=time.time)
    signs: Signs = field(default_factory=Signs)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys that the person gave to actions."""

    @classmethod
    def current(cls) -> "Look":
        """Return the look of the terminal we run in."""
        signs = signs_for(getattr(sys.stdout, "encoding", None), os.environ)
        return cls(os.path.expanduser("~"), time.time, signs)

    def path(self, path: str) -> str:
        """Return a path that is safe to show, with `~` for home."""
        return plain(tilde(path, self.home))

    def short_path(self, path: str, cells: int) -> str:
        """Return a path that is safe to show in so many cells."""
        return shorten(self.path(path), cells, self.signs.ellipsis)

    def sentence(self, text: str) -> str:
        """Return a sentence that is safe to show, with `~` for home in the paths it names."""
        return plain(tilde_within(text, self.home))

    def key(self, action: str) -> str:
        """Return the first key of an action, as people write it."""
        return shown_key(keys_of(action, self.keys)[0])

    def ago(self, when: float) -> str:
        """Return `3 months ago`, or `just now`."""
        said = age(when, self.clock())
        return "just now" if said == "now" else f"{said} ago"

    def exact(self, when: float) -> str:
        """Return the time to the second."""
        return exact_time(when)

    @property
    def unicode(self) -> bool:
        """Whether the terminal shows more than ASCII."""
        return not self.signs.solid.isascii()
