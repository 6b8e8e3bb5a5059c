"""Every manager of environments, one a module; the registry finds them."""

import os
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from envdeck.core.system.host import Host

if TYPE_CHECKING:  # start-up: who only names a manager needs none of them
    from collections.abc import Mapping

    from envdeck.core.discovery.managers.base import LockFile, Manager


@cache
def manager_classes() -> "tuple[type[Manager], ...]":
    """Return every manager, in the order in which they are asked (first wins)."""
    files = {file.partition(".") for folder in __path__ for file in os.listdir(folder)}
    names = sorted(name for name, _, kind in files if kind in {"py", "pyc"} and name != "__init__")
    modules = [import_module(f"{__name__}.{name}") for name in names]
    base: type[Manager] = import_module(f"{__name__}.base").Manager
    found = {
        value.name: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    }
    return tuple(sorted(found.values(), key=lambda manager: manager.rank))


def manager_names() -> tuple[str, ...]:
    """Return the names that a manager can have."""
    return tuple(sorted(manager.name for manager in manager_classes()))


def managers(host: Host) -> "tuple[Manager, ...]":
    """Return every manager on this host, with nothing read yet; one look makes them once."""
    return tuple(manager(host) for manager in manager_classes())


@cache
def lock_files() -> "Mapping[str, LockFile]":
    """Return the lock files by the names of their managers."""
    return MappingProxyType({one.name: one.lock for one in manager_classes() if one.lock})


def lock_manager(file: str) -> str:
    """Return the manager whose lock file has this name; empty where none has."""
    return next((manager for manager, lock in lock_files().items() if lock.name == file), "")
