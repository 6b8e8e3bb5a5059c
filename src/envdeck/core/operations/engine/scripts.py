"""Activation scripts and shebangs.

Each creator quotes in its own way: CPython before 3.12.8 puts the bare path between double
quotes, later ones and virtualenv quote as the shell needs it, uv in yet another way. So every form
in which the path may stand is looked for, and replaced by one that is right for that shell.

Short paths without blanks stand on a `#!` line. What the kernel would cut (Linux: at 127 bytes,
or at a blank) is started by `/bin/sh`, in a line that to Python is a string. Where the path cannot
stand in Python's source (it is not UTF-8), the script finds its folder itself, as in uv's
relocatable environments. A script that tells its encoding does so in its first two lines: uv writes
that comment between, and the path byte by byte in octal digits.
"""

import re
import shlex
from collections.abc import Callable


def _fish(path: str) -> str:
    return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _csh(path: str) -> str:
    # History is expanded inside single quotes too.
    quoted = "'" + path.replace("'", "'\"'\"'") + "'"
    return quoted.replace("\\", "'\\\\'").replace("!", "'\\!'")


def _sh(path: str) -> str:
    return "'" + path.replace("'", "'\"'\"'") + "'"


def _powershell(path: str) -> str:
    return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", path) + "'"


def _nu(path: str) -> str:
    sharps = "#" * (1 + max(map(len, re.findall("#+", path)), default=0))
    return f"r{sharps}'{path}'{sharps}"


def _batch(path: str) -> str:
    return '"' + path.replace("%", "%%") + '"'


_QUOTING: dict[str, Callable[[str], str]] = {
    "activate": _sh,
    "activate.sh": _sh,
    "activate.fish": _fish,
    "activate.csh": _csh,
    "deactivate.csh": _csh,
    "activate.nu": _nu,
    "activate.ps1": _powershell,
    "activate.bat": _batch,
    "activate.xsh": ascii,
    "activate_this.py": ascii,
}
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
"""Paths that mean the same in every shell, quoted or not."""
_START = r"(?<![A-Za-z0-9_.\-])"
_END = r"(?![A-Za-z0-9_.\-])"


def is_activation(name: str) -> bool:
    """Tell whether a file of that name is an activation script."""
    return name.lower() in _QUOTING


def rewrite_activation(name: str, text: str, before: str, after: str) -> str:
    """Return the script `name` with `before` replaced by `after`, quoted for its shell."""
    quote = _QUOTING[name.lower()]
    if _PLAIN.match(before) and _PLAIN.match(after) and not ("%" in after and quote is _batch):
        return replace_path(text, before, after)
    forms = {f(before) for f in (_sh, _fish, _csh, _powershell, _nu, _batch, ascii, repr)}
    forms |= {shlex.quote(before), f'"{before}"', f"'{before}'", _escaped(before)}
    forms |= {f"'{part}'" for part in (_fish_of_virtualenv(before), _sh_of_uv(before))}
    forms -= {before}
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    text = re.sub(pattern, lambda _: quote(after), text)
    # virtualenv quotes for a shell only where that is needed: else the path stands bare.
    bare = r"(?<![^\s=(])" + re.escape(before) + r"(?=[\s;)\]/]|\Z)"
    text = re.sub(bare, lambda _: quote(after), text)
    if quote is _batch:  # `@set "VIRTUAL_ENV=…"`: the quotes are around more than the path
        text = re.sub(
            "(?<==)" + re.escape(before.replace("%", "%%")) + '(?=")',
            lambda _: after.replace("%", "%%"),
            text,
        )
    return text


def replace_path(text: str, before: str, after: str) -> str:
    """Replace a path, and what is under it, but not one whose name only begins so."""
    return re.sub(_START + re.escape(before) + _END, lambda _: after, text)


def _escaped(path: str) -> str:
    return '"' + re.sub(r'(["\\$`])', r"\\\1", path) + '"'


def _fish_of_virtualenv(path: str) -> str:
    return re.sub(r"(['\\])", r"'\\\1'", path)


def _sh_of_uv(path: str) -> str:
    return path.replace("'", "'\\''")


SHEBANG_LIMIT = 127
"""Bytes of a `#!` line that every system we know takes whole."""

_SH = re.compile(
    rb"""#!/bin/sh\r?\n(?P<encoding>#[^\n]*\n)?'''exec' (?P<word>.+?) "\$0" "\$@"\r?\n' '''\r?\n""",
    re.DOTALL,
)
_ENCODING = re.compile(rb"[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)[^\n]*\n")
_UTF8 = frozenset({b"utf-8", b"utf8"})
"""What Python takes a script for that tells nothing."""
_OCTAL = re.compile(rb"""\"\$\(printf %b((?: '\\'0[0-7]{3})+)\)\"""")
_LAUNCHER = re.compile(rb'#!"?(?P<path>[^"\r\n]+?)"?(?P<rest>[ \t]+-[^\r\n]*)?\r?\n(?=PK\x03\x04)')


def rewrite_shebang(data: bytes, before: bytes, after: bytes) -> bytes:
    """Return a script with the interpreter under `before` replaced by that under `after`.

    What names another interpreter is returned as it is.
    """
    found = _read(data, before)
    if found is None:
        return data
    tail, rest, end = found
    line = _line(after, tail, rest)
    encoding = _ENCODING.match(data[end:])
    told = data.startswith(b"#!/bin/sh\n#")
    if encoding and line.startswith(b"#!/bin/sh\n") and (told or encoding[1].lower() not in _UTF8):
        if not line.isascii():  # the path would be read in that encoding
            line = _line(after, tail, rest, beside=True)
        first, end_of_line, more = line.partition(b"\n")
        line = first + end_of_line + b"# coding: " + encoding[1] + b"\n" + more
    return line + data[end:]


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
    if octal := _OCTAL.fullmatch(word):
        return bytes(int(each[-3:], 8) & 0xFF for each in octal[1].split())
    if word.startswith(b'"') and word.endswith(b'"') and len(word) > 1:
        inner = word[1:-1]
        if b'"' not in inner:  # pip writes what is between as it is
            return inner
    try:
        parts = shlex.split(word.decode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    return parts[0].encode("utf-8", "surrogateescape") if len(parts) == 1 else None


def _line(after: bytes, tail: bytes, rest: bytes, *, beside: bool = False) -> bytes:
    """Return the lines that start a script; by what is `beside` it, where that is asked."""
    path = after + tail
    direct = b"#!" + path + rest + b"\n"
    utf8 = _is_utf8(path)
    if utf8 and len(direct) <= SHEBANG_LIMIT and not re.search(rb"\s", path):
        return direct
    if utf8 and not beside and not any(each in path for each in (b"\\", b"\n", b"\r")):
        word = shlex.quote(path.decode()).encode()
    else:
        # Nothing of the path may stand in Python's source; the interpreter is beside.
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
