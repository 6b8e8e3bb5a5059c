"""The scripts that activate an environment in a shell, and the lines in them that are a person's.

Every creator has its own text, in many versions, but each ends in one of a few ways: what comes
after that was added by hand. Lines in the middle are told from the creator's own only beside a
script that the same creator has just written.
"""

import re
from collections.abc import Sequence

_SHELLS = frozenset(
    {"activate.csh", "activate.fish", "activate.nu", "activate.ps1", "Activate.ps1"}
    | {"activate.xsh", "activate.bat", "activate_this.py", "deactivate.bat", "deactivate.csh"}
    | {"deactivate.nu", "pydoc.bat"}
)
ACTIVATION = _SHELLS | {"activate"}
"""The scripts for shells, which no program in an environment needs."""
HOOKS = frozenset(
    {"preactivate", "postactivate", "predeactivate", "postdeactivate", "get_env_details"}
)
"""What virtualenvwrapper puts beside them."""

_ENDS = {
    "activate": rb"hash -r.*",
    "activate.csh": rb"rehash",
    "activate.fish": rb"set -gx (?:_OLD_FISH_PROMPT_OVERRIDE|VIRTUAL_ENV_PROMPT) .*",
    "activate.nu": rb"(?:export )?alias (?:deactivate|pydoc) = .*",
    "Activate.ps1": rb"\$Env:PATH = \"\$VenvExecDir.*",
    "activate.xsh": rb".*\.activate\(\)",
    "activate_this.py": rb"sys\.(?:exec_)?prefix = base.*",
}
"""The last line of a script that is more than the end of a block, as creators write it."""
_CLOSERS = frozenset({b"fi", b"end", b"}"})


def added_lines(name: str, data: bytes) -> bytes:
    """Return what was added at the end of the activation script `name`; empty where nothing but
    remarks was, or where it does not end in any way that is known."""
    pattern = _ENDS.get(name)
    lines = data.splitlines(keepends=True)
    if pattern is None:
        return b""
    ends = [at for at, line in enumerate(lines) if re.fullmatch(pattern, line.strip())]
    if not ends:
        return b""
    at = ends[-1] + 1
    while at < len(lines) and lines[at].strip() in _CLOSERS:
        at += 1
    rest = lines[at:]
    return b"".join(rest) if any(map(_counts, rest)) else b""


def is_as_made(name: str, data: bytes) -> bool:
    """Tell whether nothing was added to an activation script. One for POSIX shells has to end as
    all creators end it; of the others, an unknown end is some creator's."""
    if name == "activate" and not re.search(rb"(?m)^[ \t]*hash -r", data):
        return False
    return not added_lines(name, data)


def merge_lines(name: str, old: bytes, new: bytes) -> bytes:
    """Return the script `new`, as a creator has just written it, with what a person added to
    `old`: anywhere, where the rest of it is the new one line by line, and else at its end."""
    if _holds(old.splitlines(), new.splitlines()):
        return old
    added = added_lines(name, old)
    if not added or new.endswith(added):
        return new
    gap = b"" if new.endswith((b"\n", b"\r")) else b"\n"
    return new + gap + added


def _counts(line: bytes) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith(b"#")


def _holds(lines: Sequence[bytes], parts: Sequence[bytes]) -> bool:
    """Tell whether the parts are all among the lines, in their order."""
    left = iter(lines)
    return all(part in left for part in parts)
