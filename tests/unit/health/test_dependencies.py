"""What distributions need of each other."""

import pytest

from envdeck.core.health import fix_command
from envdeck.core.model import Fix, FixKind, Severity


def test_a_requirement_of_which_nothing_is_installed_is_missing(made):
    made.add("requests", "2.32.0", "Requires-Dist: idna<4,>=2.5", "Requires-Dist: urllib3")
    made.add("urllib3", "2.2.0")
    (found,) = made.examine("missing-requirement").findings
    assert (found.severity, found.subject) == (Severity.ERROR, "idna")
    assert "requests" in found.message
    assert dict(found.evidence) == {"required_by": ("requests",), "requirement": "idna<4,>=2.5"}
    assert found.fix == Fix(FixKind.INSTALL, ("idna<4,>=2.5",))


def test_a_requirement_of_another_platform_is_not_missing(made):
    made.add("click", "8.1.0", 'Requires-Dist: colorama; platform_system == "Windows"')
    assert made.examine("missing-requirement").findings == ()


def test_one_that_several_require_is_one_finding(made):
    made.add("flask", "3.0", "Requires-Dist: Click >= 8")
    made.add("black", "24.1", "Requires-Dist: click>=7")
    (found,) = made.examine("missing-requirement").findings
    assert dict(found.evidence)["required_by"] == ("black", "flask")


def test_a_remedy_has_the_command_for_it(made):
    made.add("requests", "2.32.0", "Requires-Dist: idna<4,>=2.5")
    (found,) = made.examine("missing-requirement").findings
    assert found.remedy == f"Install idna<4,>=2.5: envdeck install {made.path} 'idna<4,>=2.5'"


@pytest.mark.parametrize(
    ("kind", "packages", "command"),
    [
        (FixKind.REINSTALL, ("numpy",), "install {} numpy --reinstall"),
        (FixKind.UNINSTALL, ("a", "b"), "uninstall {} a b"),
        (FixKind.UPGRADE, ("a>=2",), "upgrade {} 'a>=2'"),
        (FixKind.REPAIR, (), "upgrade {} --python 3.12"),
        (FixKind.RECREATE, (), "recreate {}"),
        (FixKind.DELETE, (), "delete {}"),
    ],
)
def test_every_kind_of_fix_has_a_command(made, kind, packages, command):
    told = fix_command(made.environment, Fix(kind, packages))
    assert told == f"envdeck {command.format(made.path)}"
