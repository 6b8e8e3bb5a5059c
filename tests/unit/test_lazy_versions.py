"""The classes of `packaging` that are imported when they are first used."""

import subprocess
import sys

import packaging.markers
import packaging.requirements
import packaging.specifiers
import packaging.version
import pytest

from envdeck.core import lazy_versions

LOOK = """
import sys
import envdeck.core.query, envdeck.core.project.model
from envdeck.core.inspection.packages.requirements import accepts
assert not any(name.startswith("packaging") for name in sys.modules)
assert accepts(">=1", "2") and "packaging.specifiers" in sys.modules
assert "packaging.requirements" not in sys.modules
"""


def test_each_is_the_class_of_packaging_itself():
    assert lazy_versions.Marker is packaging.markers.Marker
    assert lazy_versions.Requirement is packaging.requirements.Requirement
    assert lazy_versions.InvalidRequirement is packaging.requirements.InvalidRequirement
    assert lazy_versions.SpecifierSet is packaging.specifiers.SpecifierSet
    assert lazy_versions.InvalidSpecifier is packaging.specifiers.InvalidSpecifier
    assert lazy_versions.Version is packaging.version.Version
    assert lazy_versions.InvalidVersion is packaging.version.InvalidVersion
    with pytest.raises(AttributeError, match="no attribute 'Tag'"):
        lazy_versions.Tag  # noqa: B018


def test_only_what_is_used_is_imported():
    subprocess.run([sys.executable, "-c", LOOK], check=True)
