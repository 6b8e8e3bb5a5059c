"""A configuration file of git's, as far as plain settings go (`git-config(1)`, "Syntax")."""

import re

_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9.-]+)\s*(?:\"((?:\\.|[^\"\\])*)\")?\s*\]")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=(.*)|([#;].*)?\Z)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def settings(text: str) -> dict[str, str]:
    """Return settings by their full names (`core.hookspath`, in lower case but for a subsection);
    of one that is set again the last. A line that is none is passed over."""
    found: dict[str, str] = {}
    section = ""
    for line in _joined(text.removeprefix("\ufeff")):
        head = _SECTION.match(line)
        if head:
            section = head[1].lower() + (f".{head[2]}" if head[2] is not None else "")
            line = line[head.end() :]
        setting = _SETTING.match(line)
        if setting and section:
            value = "true" if setting[2] is None else _unquoted(setting[2])
            found[f"{section}.{setting[1].lower()}"] = value
    return found


def _joined(text: str) -> list[str]:
    """Return the lines, one that ends with a backslash joined with the next."""
    lines: list[str] = []
    open_ended = False
    for line in text.splitlines():
        if open_ended:
            lines[-1] += line
        else:
            lines.append(line)
        slashes = len(line) - len(line.rstrip("\\"))
        open_ended = slashes % 2 == 1
        if open_ended:
            lines[-1] = lines[-1][:-1]
    return lines


def _unquoted(value: str) -> str:
    """Return a value without its quotes, escapes, comment, and the blanks around it."""
    kept: list[str] = []
    length = 0
    quoted = escaped = False
    for letter in value.strip():
        if escaped:
            kept.append(_ESCAPES.get(letter, letter))
            escaped = False
        elif letter == "\\":
            escaped = True
            continue
        elif letter == '"':
            quoted = not quoted
        elif letter in "#;" and not quoted:
            break
        else:
            kept.append(letter)
        if quoted or not letter.isspace():
            length = len(kept)
    return "".join(kept[:length])
