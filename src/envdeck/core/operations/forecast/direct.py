"""Pins that no index is asked of: URLs, folders, checkouts, and versions that are none."""

from envdeck.core.model import Interpreter
from envdeck.core.operations.forecast.outlook import Outlook, Verdict


def judge_direct(name: str, version: str, line: str, interpreter: Interpreter) -> Outlook | None:
    """Judge a pin by itself; None where it is to be asked of the index.

    `line` is its requirements line: `-e …`, `name @ URL`, or `name==version`.
    """
    from packaging.version import InvalidVersion, Version

    line = line.strip()
    if line.startswith("-e"):
        return Outlook(name, version, Verdict.BUILD, note="it is installed in place (editable)")
    _, at, url = line.partition("@")
    if at and "==" not in line.partition("@")[0]:
        file = url.strip().partition("#")[0].partition("?")[0].rpartition("/")[2]
        if file.endswith(".whl"):
            return _wheel(name, version, file, interpreter)
        return Outlook(name, version, Verdict.BUILD, note="it is built from its own source")
    try:
        Version(version)
    except (InvalidVersion, ValueError):
        return Outlook(name, version, Verdict.UNKNOWN, note="its version is none (PEP 440)")
    return None


def _wheel(name: str, version: str, file: str, interpreter: Interpreter) -> Outlook:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        tags = parse_wheel_filename(file.replace("%2B", "+").replace("%2b", "+"))[3]
    except (InvalidWheelFilename, ValueError):
        return Outlook(name, version, Verdict.UNKNOWN, note="its file has no name of a wheel")
    minor = _minor(interpreter.version)
    for tag in tags:
        python = tag.interpreter
        if tag.abi == "none" and (python == "py3" or python == f"py3{minor}"):
            return Outlook(name, version, Verdict.WHEEL)
        number = python.removeprefix("cp3")
        if python.startswith("cp3") and number.isdigit() and minor is not None:
            later = tag.abi == "abi3" and int(number) <= minor
            if interpreter.implementation in (None, "cpython") and (later or int(number) == minor):
                return Outlook(name, version, Verdict.WHEEL)
    return Outlook(name, version, Verdict.UNSUPPORTED, note="its wheel is for another Python")


def _minor(version: str | None) -> int | None:
    parts = (version or "").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
