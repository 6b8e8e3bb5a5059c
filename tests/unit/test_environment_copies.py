"""An environment that a test gets is the one that the tool would have made."""

import os
from pathlib import Path

import pytest

from support.environments import create_environment, make_environment


def account(top: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return what is at a path by its name there: mode, and content with the path left out."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in (top, *top.rglob("*")):
        mode = path.lstat().st_mode
        if path.is_symlink():
            found[str(path.relative_to(top))] = mode, os.readlink(path)
        else:
            data = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(top))] = mode, data.replace(os.fsencode(top), b"@")
    return found


@pytest.mark.parametrize("flags", [(), ("--system-site-packages",), ("--copies",)], ids=" ".join)
@pytest.mark.parametrize("creator", ["venv", "virtualenv"])
def test_a_copy_is_what_the_tool_makes(tmp_path, creator, flags):
    first, second, made = (tmp_path / place / ".venv" for place in ("first", "a/second", "made"))
    for path in (first, second):
        assert create_environment(path, creator=creator, flags=flags) == path
    made.parent.mkdir()
    make_environment(made, creator, flags)
    assert account(first) == account(second) == account(made)
    assert any(b"@" in data for _, data in account(made).values() if isinstance(data, bytes))
