"""Names that Textual keeps to itself, and that the tests replace."""

from importlib.metadata import version
from pkgutil import resolve_name

import pytest


def find_private(name: str) -> object:
    """Return what has a name such as `textual._compositor:Compositor`; say so where a release of
    Textual has it no more."""
    try:
        return resolve_name(name)
    except (ImportError, AttributeError) as error:
        raise pytest.UsageError(
            f"Textual {version('textual')} has no {name}, which the tests replace so that no time"
            f" is lost: adapt tests/support/clock.py and frames.py ({error})"
        ) from error
