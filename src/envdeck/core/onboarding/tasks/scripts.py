"""The project's own commands."""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.onboarding.tasks.found import FoundTask
from envdeck.core.project.model import Problem
from envdeck.core.project.reading import table_at
from envdeck.core.project.setup_cfg import parse_setup_cfg

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation

_TABLES = (("project", "scripts"), ("tool", "poetry", "scripts"))
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,100}")


def project_scripts(situation: "Situation") -> Iterator[FoundTask]:
    """Yield each with `--help`: it shows that it starts, and ends by itself."""
    for name in dict.fromkeys(_named(situation)):
        if not _NAME.fullmatch(name):
            continue
        names = (f"{name}.exe", name) if situation.host.windows else (name,)
        paths = [os.path.join(situation.bin, each) for each in names if situation.bin]
        path = next((each for each in paths if reach.isfile(each)), None)
        words = f"{name} --help"
        yield FoundTask(words, (path, "--help") if path else (), missing="" if path else name)


def _named(situation: "Situation") -> Iterator[str]:
    for keys in _TABLES:
        yield from table_at(situation.pyproject, *keys)
    path = os.path.join(situation.folder, "setup.cfg")
    if reach.isfile(path):
        parser = parse_setup_cfg(path)
        if not isinstance(parser, Problem):
            told = parser.get("options.entry_points", "console_scripts", fallback="")
            for line in (told or "").splitlines():
                name, equals, _ = line.partition("=")
                if equals:
                    yield name.strip()
