"""The interpreter of an environment, read from its cfg, its links and its folder names.

Nothing is run: an environment's interpreter executes the `.pth` files in it at every start.
"""

import os
import re

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.files import Unread, decode_path, read_bounded
from envdeck.core.model import Python
from envdeck.core.paths import lies_under

_NOTE_LIMIT = 4096

_N = "[0-9]{1,4}"
"""Pattern of one number in a version: no release has more digits, and noise has."""
_NUMBER = re.compile(rf"({_N}\.{_N}(?:\.{_N})?)(?![0-9])((?:a|b|rc){_N})?")
_LONG = re.compile(rf"({_N}\.{_N}\.{_N})\.(alpha|beta|candidate|final)\.({_N})\Z")
_IMPLEMENTATION = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_STAGES = {"alpha": "a", "beta": "b", "candidate": "rc"}
_CONDA_RECORD = re.compile(rf"python-({_N}\.{_N}\.{_N})-")
_NAMED_MINOR = re.compile(r"(?:python|pypy)(\d+\.\d+)t?(?:\.exe)?\Z")
_IN_PATH = re.compile(
    r"[\\/](?:[a-z]+-)?(\d+\.\d+)(?:\.\d+)?[^\\/]*[\\/](?:bin|install)\b", re.IGNORECASE
)


def read_python(candidate: Candidate) -> Python:
    """Return what the files of an environment tell of its interpreter."""
    cfg, layout = candidate.cfg, candidate.layout
    folder = layout.package_folders[0] if layout.package_folders else None
    version = _version(candidate) or (folder.minor if folder else None)
    implementation = _implementation(cfg) or (folder and folder.implementation)
    target = reach.realpath(layout.executable) if layout.executable else None
    return Python(
        version=version,
        implementation=implementation or ("cpython" if version else None),
        executable=layout.executable,
        base=_base(cfg, target, candidate),
        base_executable=target,
    )


def minor_of(version: str | None) -> str | None:
    """Return `3.12` of `3.12.4`."""
    match = re.match(rf"{_N}\.{_N}(?![0-9])", version or "")
    return match.group() if match else None


def minor_of_executable(path: str | None) -> str | None:
    """Return the minor version that the place of a base interpreter names, if it does:
    `/usr/bin/python3.11`, `…/versions/3.12.4/bin/python`, `…/cpython-3.12.4-linux…/bin/python`."""
    if path is None:
        return None
    if match := _NAMED_MINOR.search(os.path.basename(path)):
        return match.group(1)
    match = _IN_PATH.search(path)
    return match.group(1) if match else None


def _implementation(cfg: dict[str, str]) -> str | None:
    name = cfg.get("implementation", "").lower()
    return name if _IMPLEMENTATION.fullmatch(name) else None


def _version(candidate: Candidate) -> str | None:
    cfg = candidate.cfg
    for key in ("version_info", "version"):  # the first is the more exact where both are
        value = cfg.get(key, "")
        if match := _LONG.match(value):
            number, stage, serial = match.groups()
            return number if stage == "final" else f"{number}{_STAGES[stage]}{serial}"
        if match := _NUMBER.match(value):
            return match.group()
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return _conda_version(candidate.path)
    return None


def _conda_version(path: str) -> str | None:
    """Return the version of the package `python` in conda's records of what it installed."""
    try:
        with reach.scandir(os.path.join(path, "conda-meta")) as entries:
            for entry in entries:
                if match := _CONDA_RECORD.match(entry.name):
                    return match.group(1)
    except OSError:
        return None
    return None


def _base(cfg: dict[str, str], target: str | None, candidate: Candidate) -> str | None:
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return None
    if prefix := cfg.get("base-prefix"):
        return os.path.normpath(prefix)
    home = cfg.get("home") or _home_before_cfg(candidate, target)
    if not home or not os.path.isabs(home):
        return None
    home = os.path.normpath(home)
    return os.path.dirname(home) if os.path.basename(home) in {"bin", "Scripts"} else home


def _home_before_cfg(candidate: Candidate, target: str | None) -> str:
    """Return where the base of an environment without a cfg is, or an empty text.

    virtualenv before 20 copied the executable and kept the prefix in `orig-prefix.txt`.
    """
    for folder in candidate.layout.package_folders:
        note = os.path.join(os.path.dirname(folder.path), "orig-prefix.txt")
        data = read_bounded(note, _NOTE_LIMIT)
        if isinstance(data, Unread) or b"\0" in data:
            continue
        if prefix := decode_path(data).strip():
            return os.path.join(prefix, "bin")
    if target is None or lies_under(target, candidate.path):
        return ""
    return os.path.dirname(target)
