"""The direction of the arrows: the core knows no screen, the command line opens none by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_contracts_of_the_project_hold():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    result = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "package", ["envdeck.core", "envdeck.text", "envdeck.config", "envdeck.cli"]
)
def test_what_is_really_imported_has_no_screen(package):
    code = f"""
import importlib, pkgutil, sys
import {package} as package
for module in pkgutil.walk_packages(package.__path__, "{package}."):
    importlib.import_module(module.name)
foreign = {{name.partition(".")[0] for name in sys.modules}} & {{"textual", "rich", "click"}}
inner = {{name for name in sys.modules if name.startswith("envdeck.tui.")}}
print(*sorted(foreign | inner - {{"envdeck.tui.base.actions"}}))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split() == []


def test_a_first_frame_loads_nothing_that_looks_or_examines_or_is_opened_by_a_key():
    code = """
import sys
import envdeck.cli.commands.screen, envdeck.config.save, envdeck.core.catalog, envdeck.tui.app
later = ("core.health", "core.timeline", "core.discovery", "core.inspection", "core.lookup")
later = (*later, "core.scan", "tui.dialogs", "tui.detail", "tui.help")
names = {"core.discovery", "core.discovery.managers", "core.inspection"}  # these are light
names |= {"core.inspection.packages", "core.inspection.packages.provenance"}
loaded = {name.removeprefix("envdeck.") for name in sys.modules}
print(*sorted(name for name in loaded - names if name.startswith((*later, "tomllib", "hashlib"))))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split() == []
