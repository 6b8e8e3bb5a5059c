"""Stands in for Django's `django.core.management` in the demo, as far as `manage.py` shows it."""

import sys
from collections.abc import Sequence


def execute_from_command_line(arguments: Sequence[str]) -> None:
    """Do what `manage.py` was asked: `check`, `test`, `migrate`."""
    command = arguments[1] if len(arguments) > 1 else "help"
    said = {
        "check": "System check identified no issues (0 silenced).",
        "test": "Ran 4 tests in 0.012s\n\nOK",
        "migrate": "No migrations to apply.",
        "help": "Available subcommands: check, migrate, test",
    }
    if command not in said:
        sys.exit(f"Unknown command: {command!r}")
    sys.stdout.write(said[command] + "\n")
