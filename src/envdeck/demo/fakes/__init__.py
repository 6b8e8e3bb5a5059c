"""Programs of the made-up packages that have something to do. They are read as text and put into
wheels, and never imported here; each needs nothing but the standard library."""

from functools import cache
from importlib import resources


@cache
def source(name: str) -> str:
    """Return the text of one of them."""
    return resources.files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8")
