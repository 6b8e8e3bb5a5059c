"""A dotenv file beside the example that it is made from."""

import os
import re
from collections.abc import Iterable, Iterator

from envdeck.core.dotenv.model import DotenvFile, FileKind, KeyComparison

_WORDS = ("example", "sample", "template", "dist", "tmpl", "tpl", "defaults", "default")
"""Which example counts where there are several; the others come after."""
_WORD = r"(?:examples?|samples?|template|tpl|tmpl|dist|defaults?|skeleton)"
_INNER = re.compile(rf"[._-]{_WORD}(?=[._-]|\Z)", re.IGNORECASE)
_FIRST = re.compile(rf"\A{_WORD}[._-]", re.IGNORECASE)


def made_from(example: str) -> str:
    """Return the path of the file that an example is one of: `.env.local` of
    `.env.local.example`, `.env` of `env.sample` and of `example.env`."""
    folder, name = os.path.split(example)
    name = _INNER.sub("", _FIRST.sub("", name))
    if not name.startswith(".") and re.match(r"env(?:[._-]|\Z)", name, re.IGNORECASE):
        name = f".{name}"
    return os.path.join(folder, name)


def examples(files: Iterable[DotenvFile]) -> dict[str, DotenvFile]:
    """Return the example of each file that one is here of, by the path of that file."""
    found = [file for file in files if file.kind is FileKind.EXAMPLE and not file.problem]
    chosen: dict[str, DotenvFile] = {}
    for file in sorted(found, key=_rank):
        chosen.setdefault(made_from(file.path), file)
    return chosen


def pairs(files: tuple[DotenvFile, ...]) -> Iterator[tuple[DotenvFile, DotenvFile]]:
    """Yield each file that could be read with its example.

    Where there is no `.env`, its example is that of `.env.local`: some projects have it so.
    """
    chosen = examples(files)
    paths = {file.path for file in files}
    for file in files:
        if file.kind is not FileKind.ENV:
            continue
        example = chosen.get(file.path)
        folder, name = os.path.split(file.path)
        usual = os.path.join(folder, ".env")
        if example is None and name == ".env.local" and usual not in paths:
            example = chosen.get(usual)
        if example is not None and not file.problem:
            yield file, example


def compare(files: tuple[DotenvFile, ...]) -> tuple[KeyComparison, ...]:
    """Return what only one of a file and its example has, both ways, for each such pair."""
    compared: list[KeyComparison] = []
    for file, example in pairs(files):
        here, there = frozenset(file.names), frozenset(example.names)
        missing = tuple(name for name in example.names if name not in here)
        extra = tuple(name for name in file.names if name not in there)
        compared.append(KeyComparison(file.path, example.path, missing, extra))
    return tuple(compared)


def _rank(file: DotenvFile) -> tuple[int, str]:
    name = os.path.basename(file.path).lower()
    place = next((index for index, word in enumerate(_WORDS) if word in name), len(_WORDS))
    return place, file.path
