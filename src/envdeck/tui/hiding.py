"""Secrets on the screen: they are hidden before anything makes a picture of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from textual.screen import Screen


class Hiding:
    """A widget that may show a secret."""

    def hide_secrets(self) -> None:
        """Hide it now: at the return nothing draws it any more."""
        raise NotImplementedError


class Secret:
    """A text whose representation does not tell it. No message or log can say it by accident."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __repr__(self) -> str:
        """Say that there is one."""
        return "<secret>"

    __str__ = __repr__


def hide_secrets(screens: "Iterable[Screen[Any]]") -> None:
    """Hide every secret that any of some screens shows."""
    for screen in screens:
        for widget in screen.walk_children():
            if isinstance(widget, Hiding):
                widget.hide_secrets()
