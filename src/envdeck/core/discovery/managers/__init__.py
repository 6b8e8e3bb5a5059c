"""Every tool that makes or keeps environments, one a module; the registry finds them."""

import pkgutil
from functools import cache
from importlib import import_module

from envdeck.core.discovery.managers.base import Manager


@cache
def all_managers() -> tuple[Manager, ...]:
    """Return an instance of each tool, in the order in which they are asked (first wins)."""
    modules = (
        import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    )
    found = {
        value.name: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Manager)
    }
    return tuple(sorted(found.values(), key=lambda tool: tool.rank))
