"""Does it keep its first promise? The status of an environment, with its cause in words."""

import os
import re

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.cfg import unquoted
from envdeck.core.files import Unread, absence, decode_path, is_missing, read_bounded
from envdeck.core.inspection.interpreter import minor_of, minor_of_executable
from envdeck.core.model import Python, Status

_HEAD_LIMIT = 16 * 1024
_ACTIVATE = re.compile(r"^[ \t]*(?:export[ \t]+)?VIRTUAL_ENV=([^$`\n]+)$", re.MULTILINE)
_SHEBANG = re.compile(rb"#!(?:/bin/sh\n'''exec' )?\"?([^\"\n]+?)\"?(?: \"\$0\".*)?\n")
_SCRIPTS = ("pip", "pip3", "pip3.exe")


def judge(candidate: Candidate, python: Python) -> tuple[Status, str]:
    """Return the status and its cause; the worst comes first, an `ok` has no cause."""
    if shortcoming := candidate.shortcoming:
        return Status.SUSPECT, shortcoming
    for status, cause in (
        (Status.BROKEN, _broken(candidate, python)),
        (Status.MIXED, _mixed(candidate, python)),
        (Status.MOVED, _moved(candidate)),
    ):
        if cause:
            return status, cause
    return Status.OK, ""


def _broken(candidate: Candidate, python: Python) -> str:
    executable = python.executable
    if executable is None:
        return ""  # a conda prefix without Python promises none
    if reach.obstacle(executable) or reach.obstacle(candidate.cfg.get("home", "")):
        return ""  # nobody looked, so nobody knows
    if why := absence(executable):
        return f"its interpreter leads to {python.base_executable}, which {why}"
    if not reach.islink(executable) and not reach.access(executable, os.X_OK):
        return f"its interpreter {executable} cannot be executed"
    home = candidate.cfg.get("home", "")
    if os.path.isabs(home) and (is_missing(home) or reach.isfile(home)):
        return f"its base interpreter is gone: {home} does not exist"
    return ""


def _mixed(candidate: Candidate, python: Python) -> str:
    folders = sorted({folder.minor for folder in candidate.layout.package_folders if folder.minor})
    said = minor_of(candidate.cfg.get("version_info") or candidate.cfg.get("version"))
    base = _base_minor(candidate, python)
    if len(folders) > 1:
        return f"it has package folders for {' and '.join(folders)}"
    if folders and said and said != folders[0]:
        return f"its pyvenv.cfg says {said} and its package folder {folders[0]}"
    if folders and base and base != folders[0]:
        return f"its interpreter is now {base} and its packages are for {folders[0]}"
    if said and base and said != base:
        return f"its pyvenv.cfg says {said} and its interpreter is {base}"
    return ""


def _base_minor(candidate: Candidate, python: Python) -> str | None:
    target = python.base_executable
    if target is None or target.startswith(candidate.path + os.sep):
        return None  # a copy of the base's executable; its own place tells nothing
    return minor_of_executable(target)


def _moved(candidate: Candidate) -> str:
    place = _place_in_activate(candidate) or _place_in_shebang(candidate)
    if place is None or _same(place, candidate.path):
        return ""
    if reach.exists(os.path.join(place, "pyvenv.cfg")):
        return f"its scripts run in {place}, of which it is a copy"
    return f"its scripts point to {place}, where it was before"


def _place_in_activate(candidate: Candidate) -> str | None:
    """Return the place that `activate` sets; None where it is computed (relocatable)."""
    if candidate.layout.scripts is None:
        return None
    path = os.path.join(candidate.layout.scripts, "activate")
    data = read_bounded(path, _HEAD_LIMIT, whole=False)
    if isinstance(data, Unread):
        return None
    for match in _ACTIVATE.finditer(decode_path(data)):
        place = unquoted(match.group(1).strip()).replace("'\"'\"'", "'")
        if os.path.isabs(place):
            return place
    return None


def _place_in_shebang(candidate: Candidate) -> str | None:
    """Return the environment that the shebang of its pip names: `#!/abs/bin/python`, or the
    `/bin/sh` form that pip writes for paths with blanks or beyond 127 bytes."""
    if candidate.layout.scripts is None:
        return None
    for name in _SCRIPTS:
        data = read_bounded(os.path.join(candidate.layout.scripts, name), _HEAD_LIMIT, whole=False)
        if isinstance(data, Unread):
            continue
        if (match := _SHEBANG.match(data)) and (python := decode_path(match.group(1))):
            return os.path.dirname(os.path.dirname(python)) if os.path.isabs(python) else None
    return None


def _same(place: str, path: str) -> bool:
    try:
        return os.path.normpath(place) == path or reach.samefile(place, path)
    except (OSError, ValueError):
        return False
