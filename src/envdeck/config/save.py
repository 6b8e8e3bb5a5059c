"""Save one setting; remember what was chosen on the screen, and that the tour was offered."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from types import MappingProxyType

from envdeck.config.load import COLUMNS, LIMIT, ConfigurationError, ScreenState, locate
from envdeck.core.system.files import Unread, parse_toml, read_bounded, reason_of, write_atomically
from envdeck.core.system.host import Host, own_path

_THEME = re.compile(
    r"""^(?P<key>[ \t]*(?:theme|"theme"|'theme')[ \t]*=[ \t]*)"""
    r"""(?P<value>"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*')""",
    re.MULTILINE,
)
_HEADING = re.compile(r"^[ \t]*\[", re.MULTILINE)


def save_theme(host: Host, theme: str) -> str | None:
    """Write the theme into the configuration file; return why that failed, or None.

    The one line is changed or added, the rest is kept byte for byte; the file is replaced as
    a whole (written beside, synced, renamed), so that it is never seen half written. A file
    that is not valid is left alone. A link to the file stays a link.
    """
    try:
        path, _ = locate(host)
    except ConfigurationError as error:
        return error.what
    if path == os.devnull:
        return "the configuration is disabled"
    try:
        path = os.path.realpath(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = _current(path)
        if isinstance(text, Unread):
            return text.reason
        changed = _set_theme(text, theme)
        if changed is None:
            return "cannot change the line `theme` safely"
        if changed != text:
            write_atomically(path, changed.encode(), sync=True)
    except (OSError, ValueError) as error:
        return reason_of(error)
    return None


def _current(path: str) -> str | Unread:
    if not os.path.lexists(path):
        return ""
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Unread("is not UTF-8")


def _set_theme(text: str, theme: str) -> str | None:
    """Return the text with the theme set, or None when no change does just that.

    Lines alone do not tell what a TOML file means (one can stand inside a string), so each
    possible change is parsed, and taken when the theme differs and nothing else does.
    """
    bom, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    wanted = _parsed(body)
    if wanted is None:
        return None
    if wanted.get("theme") == theme:
        return text
    wanted["theme"] = theme
    for candidate in _candidates(body, _quoted(theme)):
        if _parsed(candidate) == wanted:
            return bom + candidate
    return None


def _candidates(text: str, value: str) -> Iterator[str]:
    for line in _THEME.finditer(text):
        yield text[: line.start("value")] + value + text[line.end("value") :]
    end = "\r\n" if "\r\n" in text else "\n"
    new = f"theme = {value}{end}"
    heading = _HEADING.search(text)
    if heading is None:
        yield text + ("" if not text or text.endswith("\n") else end) + new
    else:
        yield text[: heading.start()] + new + text[heading.start() :]
    yield new + text


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return parse_toml(text)
    except (ValueError, RecursionError):  # not TOML, or a number beyond reading
        return None


def _quoted(value: str) -> str:
    """Return a TOML basic string: what it may not hold as it is, as an escape."""
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


_SCHEMA = 1
_MOST_FILTERS = 200
_LONGEST = 1000


def screen_file(host: Host) -> str:
    """Return the file of what was chosen on the screen."""
    return own_path(host, "state", "screen.json")


def read_screen_state(host: Host) -> ScreenState:
    """Read what was chosen on the screen. What cannot be used (it is broken, or of another version)
    is left out and said in `problems`; a column that is not known any more is left out alone."""
    document = _screen_document(screen_file(host))
    if isinstance(document, Unread):
        return ScreenState(problems=(f"screen.json: {document.reason}; using defaults",))
    problems: list[str] = []
    filters = document.get("filters", {})
    if not isinstance(filters, dict):
        problems.append("screen.json: saved filters cannot be read")
        filters = {}
    usable = {name: text for name, text in filters.items() if _is_filter(name, text)}
    problems += [f"saved filter {name[:40]!r} cannot be read" for name in filters.keys() - usable]
    columns = document.get("columns", [])
    known = columns if isinstance(columns, list) else []
    return ScreenState(
        MappingProxyType(dict(list(usable.items())[:_MOST_FILTERS])),
        tuple(dict.fromkeys(name for name in known if isinstance(name, str) and name in COLUMNS)),
        document.get("detail") is not False,
        tuple(problems),
    )


def save_screen_state(host: Host, state: ScreenState) -> str | None:
    """Keep what was chosen on the screen; return why that failed, or None. What another version
    keeps in the file stays in it."""
    path = screen_file(host)
    document = _screen_document(path)
    if isinstance(document, Unread):
        return f"screen.json: {document.reason}"
    before = document.get("filters", {})
    unusable = {
        name: text
        for name, text in (before.items() if isinstance(before, dict) else ())
        if not _is_filter(name, text)
    }
    document |= {
        "schema": _SCHEMA,
        "filters": {**unusable, **state.filters},
        "columns": list(state.columns),
        "detail": state.detail,
    }
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        write_atomically(path, json.dumps(document, indent=1).encode())
    except (OSError, ValueError) as error:
        return reason_of(error)
    return None


def _screen_document(path: str) -> dict[str, object] | Unread:
    if not os.path.lexists(path):
        return {}
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        return data
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return Unread("is not JSON")
    if not isinstance(document, dict) or not isinstance(document.get("schema"), int):
        return Unread("is not a file of envdeck")
    if document["schema"] != _SCHEMA:
        return Unread(f"is of another version of envdeck (schema {document['schema']})")
    return document


def _is_filter(name: object, text: object) -> bool:
    return all(
        isinstance(each, str) and each.strip() and each.isprintable() and len(each) < _LONGEST
        for each in (name, text)
    )


def tour_file(host: Host) -> str:
    """Return the file that says that the offer was answered."""
    return own_path(host, "state", "tour")


def offers_tour(host: Host) -> bool:
    """Whether the tour is to be offered: nobody has answered yet, and an answer can be kept.

    Where it cannot, the offer would be made at every start.
    """
    path = tour_file(host)
    if os.path.lexists(path):
        return False
    above = os.path.dirname(path)
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK)


def keep_answer(host: Host) -> None:
    """Remember that the offer was answered; where that fails it is made once more, no worse."""
    path = tour_file(host)
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "xb"):
            pass
