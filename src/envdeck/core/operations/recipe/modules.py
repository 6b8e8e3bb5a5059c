"""Which modules a distribution puts at the top, as its RECORD tells them."""

import os
from collections.abc import Iterable

from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.operations.recipe.records import record_of

MODULES = 5
"""So many modules of one distribution are tried."""
_TOP_LEVEL_LIMIT = 16 * 1024
_ENDINGS = (".py", ".so", ".pyd", ".pyc")
_LEFT_OUT = frozenset({"test", "tests", "testing", "docs", "doc", "examples", "conftest", "setup"})
"""Put at the top by mistake, and made to do something when they are run."""


def modules_of(info: str) -> tuple[str, ...]:
    """Return the modules to import of the distribution whose metadata folder is `info`.

    Packages and modules at the top; of a namespace, which has no `__init__`, the first
    packages in it. Where RECORD tells none (an editable), those that `top_level.txt` names.
    """
    rows = record_of(info)
    found = () if isinstance(rows, Unread) else _recorded(row.path for row in rows)
    if not found:
        data = read_bounded(os.path.join(info, "top_level.txt"), _TOP_LEVEL_LIMIT)
        lines = [] if isinstance(data, Unread) else decode(data).splitlines()
        found = tuple(filter(_is_wanted, (line.strip().replace("/", ".") for line in lines)))
    return found[:MODULES]


def _recorded(paths: Iterable[str]) -> tuple[str, ...]:
    modules: set[str] = set()
    inner: dict[str, set[str]] = {}
    for path in paths:
        if not path.endswith(_ENDINGS) or "__pycache__" in path:
            continue
        *folders, file = path.replace("\\", "/").split("/")
        stem = file.partition(".")[0]
        name = ".".join(folders) if stem == "__init__" else ".".join([*folders, stem])
        if not _is_wanted(name):
            continue
        if not folders or (stem == "__init__" and len(folders) == 1):
            modules.add(name)
        elif stem == "__init__":
            inner.setdefault(folders[0], set()).add(name)
    for top, names in inner.items():
        if top not in modules:
            depth = min(name.count(".") for name in names)
            modules |= {name for name in names if name.count(".") == depth}
    return tuple(sorted(modules, key=lambda name: (name.startswith("_"), name)))


def _is_wanted(name: str) -> bool:
    parts = name.split(".")
    return all(map(str.isidentifier, parts)) and not (
        parts[0] in _LEFT_OUT or parts[0].startswith("__")
    )
