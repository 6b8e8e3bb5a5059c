"""Whether the index that packages come from answers, asked by one short question before a plan."""

import time

from envdeck.core.online.client import Silence
from envdeck.core.online.releases import find_silence
from envdeck.core.operations.shared.context import Context

_ASKED_AGAIN_SECONDS = 60.0
_RELEASED = "nothing changes if one is not in it"


def index_silence(context: Context, environment: str) -> Silence | None:
    """Return how the index that packages of an environment come from fails to answer, asked once a
    minute; None where it answers, is not to be asked, or is none over HTTP."""
    if context.policy.offline or context.catalog.host.variable("UV_OFFLINE"):
        return None
    now, question = time.monotonic(), f"silence {environment}"
    asked, found = context.asked.get(question, (None, None))
    if asked is None or now - asked > _ASKED_AGAIN_SECONDS:
        found = find_silence(context.catalog.host, environment)
        context.asked[question] = now, found
    return found if isinstance(found, Silence) else None


def is_cut_off(context: Context, environment: str) -> bool:
    """Whether that index cannot be reached, and is not only slow."""
    found = index_silence(context, environment)
    return found is not None and not found.late


def silence_warnings(
    context: Context, environment: str, otherwise: str = _RELEASED
) -> tuple[str, ...]:
    """Say in a plan that the index does not answer, and what can still be done: packages come from
    uv's cache, and `otherwise`."""
    found = index_silence(context, environment)
    if found is None:
        return ()
    if found.late:
        return (f"the index is slow: {found.reason}; packages may come from uv's cache",)
    said = f"the index cannot be reached ({found.reason}): packages come from uv's cache"
    return (f"{said}; {otherwise}",)
