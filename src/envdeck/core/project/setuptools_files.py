"""Requirements files that setuptools is told to read, such as `file = "requirements.txt"`."""

import os
from collections.abc import Iterable
from dataclasses import replace

from envdeck.core.project.model import DeclaredRequirement, Problem
from envdeck.core.project.requirements_txt import read_requirements


def requirements_of_files(
    folder: str, names: Iterable[str], extra: str = ""
) -> tuple[list[DeclaredRequirement], list[Problem]]:
    """Return what these files of a project declare, and what is wrong with them."""
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    for name in names:
        manifest = read_requirements(os.path.normpath(os.path.join(folder, name.strip())))
        found += [replace(one, extra=extra) for one in manifest.requirements]
        problems += manifest.problems
    return found, problems
