"""The first lines of scripts: the interpreter of the environment stands there in several forms.

Short paths without blanks stand on a `#!` line. What the kernel would cut (Linux: at 127 bytes,
or at a blank) is started by `/bin/sh`, in a line that to Python is a string. Where the path cannot
stand in Python's source (it is not UTF-8), the script finds its folder itself, as in uv's
relocatable environments.
"""

import re
import shlex

SHEBANG_LIMIT = 127
"""Bytes of a `#!` line that every system we know takes whole."""

_SH = re.compile(rb"""#!/bin/sh\r?\n'''exec' (?P<word>.+?) "\$0" "\$@"\r?\n' '''\r?\n""", re.DOTALL)
_LAUNCHER = re.compile(rb'#!"?(?P<path>[^"\r\n]+?)"?(?P<rest>[ \t]+-[^\r\n]*)?\r?\n(?=PK\x03\x04)')


def rewrite_shebang(data: bytes, before: bytes, after: bytes) -> bytes:
    """Return a script with the interpreter under `before` replaced by that under `after`.

    What names another interpreter is returned as it is.
    """
    found = _read(data, before)
    if found is None:
        return data
    tail, rest, end = found
    return _line(after, tail, rest) + data[end:]


def rewrite_launcher(data: bytes, before: bytes, after: bytes) -> bytes:
    """Return a Windows launcher (`.exe`), whose `#!` line stands before the zip at its end, with
    that line replaced. What is of another form is returned as it is."""
    for match in _LAUNCHER.finditer(data):
        path = match["path"]
        if path.startswith(before) and path[len(before) : len(before) + 1] in (b"\\", b"/"):
            path = after + path[len(before) :]
            quote = b'"' if b" " in path else b""
            line = b"#!" + quote + path + quote + (match["rest"] or b"") + b"\n"
            return data[: match.start()] + line + data[match.end() :]
    return data


def _read(data: bytes, before: bytes) -> tuple[bytes, bytes, int] | None:
    """Return what follows `before` in the path, the arguments, and where the first lines end."""
    match = _SH.match(data)
    if match:
        path, rest = _unquoted(match["word"]), b""
    else:
        # The path may hold blanks, which end it for the kernel alone; and an installer that did
        # not know has written it so. It is looked for as it is known to be.
        plain = re.compile(
            rb'#!\s*("?)'
            + re.escape(before)
            + rb'(?P<tail>/[^\s"]*)\1(?P<rest>(?:[ \t]+[^\n]*)?)\r?\n'
        )
        match = plain.match(data)
        return (match["tail"], match["rest"].rstrip(), match.end()) if match else None
    if path is None or not path.startswith(before + b"/"):
        return None
    return path[len(before) :], rest, match.end()


def _unquoted(word: bytes) -> bytes | None:
    """Read one word of a shell's line, as `'''exec'` lines have it."""
    if word.startswith(b'"') and word.endswith(b'"') and len(word) > 1:
        inner = word[1:-1]
        if b'"' not in inner:  # pip writes what is between as it is
            return inner
    try:
        parts = shlex.split(word.decode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    return parts[0].encode("utf-8", "surrogateescape") if len(parts) == 1 else None


def _line(after: bytes, tail: bytes, rest: bytes) -> bytes:
    path = after + tail
    direct = b"#!" + path + rest + b"\n"
    utf8 = _is_utf8(path)
    if utf8 and len(direct) <= SHEBANG_LIMIT and not re.search(rb"\s", path):
        return direct
    if utf8 and b"\\" not in path and b"\n" not in path and b"\r" not in path:
        word = shlex.quote(path.decode()).encode()
    else:
        # Nothing of the path may stand in Python's source; the interpreter lies beside.
        name = tail.rpartition(b"/")[2]
        word = b'"$(dirname -- "$(realpath -- "$0")")"/' + shlex.quote(name.decode()).encode()
    rest = rest.strip()
    rest = b" " + rest if rest else b""
    return b"#!/bin/sh\n'''exec' " + word + rest + b" \"$0\" \"$@\"\n' '''\n"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
