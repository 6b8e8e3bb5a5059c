"""`packaging`: versions, specifiers, markers, requirements, each class imported at its first use.

They take up to 30 ms, and most commands parse no version, marker or requirement. Modules that a
short command loads name them through this one; all others import `packaging` itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.markers import Marker as Marker
    from packaging.requirements import InvalidRequirement as InvalidRequirement
    from packaging.requirements import Requirement as Requirement
    from packaging.specifiers import InvalidSpecifier as InvalidSpecifier
    from packaging.specifiers import SpecifierSet as SpecifierSet
    from packaging.version import InvalidVersion as InvalidVersion
    from packaging.version import Version as Version

_MODULES = {
    "Marker": "markers",
    "InvalidRequirement": "requirements",
    "Requirement": "requirements",
    "InvalidSpecifier": "specifiers",
    "SpecifierSet": "specifiers",
    "InvalidVersion": "version",
    "Version": "version",
}


def __getattr__(name: str) -> object:
    """Import a class and keep it here (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"packaging.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
