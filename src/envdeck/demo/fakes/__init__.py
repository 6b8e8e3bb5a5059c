"""Programs of made-up packages: put into wheels as text, never imported, standard library only."""

from functools import cache
from importlib import resources


@cache
def source(name: str) -> str:
    """Return the text of a program."""
    return resources.files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8")
