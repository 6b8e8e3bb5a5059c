"""`pyvenv.cfg`, as PEP 405 has it: `key = value` lines, keys in any case, no sections."""

from envdeck.core.files import CFG_LIMIT, Unread, decode, decode_path, read_bounded

_PATHS = frozenset({"home", "executable", "base-prefix", "base-exec-prefix", "base-executable"})
_LINES = 400
"""Real ones have about ten; what goes on for ever is no cfg."""


def parse_cfg(text: str) -> dict[str, str]:
    """Return the keys (lower case) and values of a `pyvenv.cfg`; lines without `=` are passed
    over, as the `site` module does. The first of two lines with one key holds in CPython's
    launcher and the last in `site`; the last is kept here."""
    keys: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n")[:_LINES]:
        key, separator, value = line.partition("=")
        if separator and (key := key.strip().lower()):
            keys[key] = value.strip()
    return keys


def read_cfg(path: str) -> tuple[dict[str, str], str]:
    """Return the keys of the file at `path`, and why it could not be read (or an empty text).

    Values with a NUL or beyond any path's length are dropped with a reason: binary noise.
    """
    data = read_bounded(path, CFG_LIMIT)
    if isinstance(data, Unread):
        said = data.reason
        return {}, said if said.startswith("is ") else f"cannot be read: {said}"
    if b"\0" in data:
        return {}, "is not text"
    keys = parse_cfg(decode(data))
    paths = parse_cfg(decode_path(data))
    return keys | {key: paths[key] for key in _PATHS & paths.keys()}, ""


def unquoted(value: str) -> str:
    """Return a value without the quotes virtualenv puts around a prompt."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
