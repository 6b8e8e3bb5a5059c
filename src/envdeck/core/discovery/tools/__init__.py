"""Every tool that makes or keeps environments, one a module; the registry finds them."""

import pkgutil
from functools import cache
from importlib import import_module

from envdeck.core.discovery.tool import Tool


@cache
def all_tools() -> tuple[Tool, ...]:
    """Return an instance of each tool, in the order in which they are asked (first wins)."""
    found: list[Tool] = [
        import_module(f"{__name__}.{module.name}").TOOL
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda tool: tool.rank))
