"""Whether a project that has an example of `.env` has a `.env`."""

import os
from collections.abc import Iterator

from envdeck.core.dotenv.comparing import examples
from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding, Remedy, RemedyKind
from envdeck.core.model import Severity


def no_env_file(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning where neither it nor another file that the example counts for is there."""
    there = {file.path for file in looked.files}
    compared = {pair.example for pair in looked.compared}
    for path, example in examples(looked.files).items():
        if os.path.basename(path) != ".env" or path in there or example.path in compared:
            continue
        yield DotenvFinding(
            "no-env-file",
            Severity.WARNING,
            path,
            f"{looked.name(example.path)} is there, and {looked.name(path)} is not",
            f"make it from the example: `{looked.command('--create', path)}`",
            mends=Remedy(
                RemedyKind.CREATE, path, looked.project, example.names, example=example.path
            ),
        )
