"""`entry_points.txt` (PyPA entry points): the commands a distribution brings."""

from envdeck.core.files import decode
from envdeck.core.model import Script

ENTRY_POINTS_LIMIT = 256 * 1024
"""Bytes; the largest known, of frameworks with hundreds of plugins, have some 30 KiB."""

_GROUPS = {"console_scripts", "gui_scripts"}


def parse_scripts(data: bytes) -> tuple[Script, ...]:
    """Return the console and GUI scripts in the order of the file.

    Names keep their case, `=` alone parts name and object, `#` and `;` begin a comment line,
    and extras behind the object (`pkg:main [color]`) are dropped. Lines that are none of this
    are passed over, as the standard library does. Two of one name are both kept.
    """
    if b"_scripts" not in data:
        return ()
    scripts: list[Script] = []
    wanted = False
    for raw in decode(data).replace("\r", "\n").split("\n"):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            wanted = line[1:-1].strip() in _GROUPS
        elif wanted:
            name, equals, target = line.partition("=")
            name, target = name.strip(), target.partition("[")[0].strip()
            if equals and name and target:
                scripts.append(Script(name, target))
    return tuple(scripts)
