"""Paths as people read them: `~` for home, shortened in the middle, never wrapped."""

from envdeck.text.width import clip, width


def tilde(path: str, home: str) -> str:
    """Return a path with the home folder written as `~`."""
    if path == home:
        return "~"
    for separator in ("/", "\\"):
        if path.startswith(home + separator) and home not in {"", "/"}:
            return "~" + path[len(home) :]
    return path


def tilde_within(text: str, home: str) -> str:
    """Return a sentence with the home folder written as `~` wherever it begins a path."""
    if home in {"", "/"}:
        return text
    for separator in ("/", "\\"):
        text = text.replace(home + separator, "~" + separator)
    return text


def shorten(path: str, cells: int, ellipsis: str = "…") -> str:
    """Return a path in at most `cells` cells, keeping its start and the last two parts.

    The project and the environment are at the end, so whole parts go from the middle first:
    `~/work/…/api/.venv`; only when the last two do not fit is the text itself cut.
    """
    if width(path) <= cells:
        return path
    separator = "\\" if "\\" in path and "/" not in path else "/"
    parts = path.split(separator)
    for kept in range(len(parts) - 3, -1, -1):
        head = separator.join(parts[:kept])
        tail = separator.join([ellipsis, *parts[-2:]])
        candidate = f"{head}{separator}{tail}" if kept else tail
        if width(candidate) <= cells:
            return candidate
    tail = separator.join(parts[-2:])
    start = clip(tail, max(1, cells // 3), ellipsis)
    room = cells - width(start)
    return start + _end(tail, room) if room > 0 else clip(tail, cells, ellipsis)


def _end(text: str, cells: int) -> str:
    end, used = len(text), 0
    while end > 0:
        used += width(text[end - 1])
        if used > cells:
            break
        end -= 1
    return text[end:]
