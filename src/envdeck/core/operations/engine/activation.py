"""Activation scripts: where a shell's own quoting holds the path of the environment.

Each creator quotes in its own way: CPython before 3.12.8 puts the bare path between double
quotes, later ones and virtualenv quote as the shell needs it, uv in yet another way. So every form
in which the path may stand is looked for, and replaced by one that is right for that shell.
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
    """Replace a path, and what lies under it, but not one whose name only begins so."""
    return re.sub(_START + re.escape(before) + _END, lambda _: after, text)


def _escaped(path: str) -> str:
    return '"' + re.sub(r'(["\\$`])', r"\\\1", path) + '"'


def _fish_of_virtualenv(path: str) -> str:
    return re.sub(r"(['\\])", r"'\\\1'", path)


def _sh_of_uv(path: str) -> str:
    return path.replace("'", "'\\''")
