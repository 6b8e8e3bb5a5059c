"""The interpreter of an environment, its version, end of support (one dated table).

Nothing is run: an environment's interpreter executes the `.pth` files in it at every start.

In the order of trust: the header it was compiled with, its build details (PEP 739), conda's
record, the framework's property list, a folder named after it, the system's package manager,
and at last the name of its standard library, which tells the minor version only.

Debian and its like ship `/usr/bin/python3.11` without the headers that name its micro version;
their own record of what is installed has it. Those of Debian, Alpine and Arch are plain files
or folder names; that of RPM systems has its own format and is not read.
"""

import json
import os
import re
import time
from collections.abc import Mapping
from itertools import islice

from envdeck.core.discovery.interpreters.landmarks import Located, locate
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Python, minor_of
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded, read_text
from envdeck.core.system.host import Host, lies_under

_NOTE_LIMIT = 4096

_N = "[0-9]{1,4}"
"""Pattern of one number in a version: no release has more digits, and noise has."""
_INTERPRETER_NUMBER = re.compile(rf"({_N}\.{_N}(?:\.{_N})?)(?![0-9])((?:a|b|rc){_N})?")
_LONG = re.compile(rf"({_N}\.{_N}\.{_N})\.(alpha|beta|candidate|final)\.({_N})\Z")
_IMPLEMENTATION = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_STAGES = {"alpha": "a", "beta": "b", "candidate": "rc"}
_CONDA_RECORD = re.compile(rf"python-({_N}\.{_N}\.{_N})-")
_NAMED_MINOR = re.compile(r"(?:python|pypy)(\d+\.\d+)t?(?:\.exe)?\Z")
_IN_PATH = re.compile(
    r"[\\/](?:(?:cpython|python|pypy|graalpy)[-@]?)?(2\.[67]|3\.\d+)(?:\.\d+)?[^\\/]*"
    r"[\\/](?:bin|install)\b",
    re.IGNORECASE,
)
"""A folder called by a version of Python, or by its family and that; `graalpy-24.1` and
`vendor-2.1` have numbers of their own."""


@dataclass(slots=True)
class BaseReader:
    """What base interpreters are now; each is read once, since many environments share one."""

    host: Host
    _located: dict[str, Located | None] = field(default_factory=dict)
    _versions: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _packaged: Mapping[str, str] | None = None

    def locate(self, executable: str) -> Located | None:
        """Return the interpreter that an executable is or leads to; None when it is none."""
        if executable not in self._located:
            name = os.path.basename(executable).lower()
            named = any(family in name for family in ("python", "pypy", "graalpy"))
            windows = self.host.windows
            self._located[executable] = locate(executable, windows=windows) if named else None
        return self._located[executable]

    def version(self, located: Located) -> str | None:
        """Return its version as exact as the files tell."""
        key = located.prefix, located.stdlib
        if key not in self._versions:
            system = reach.realpath(self.host.system("usr"))
            if located.prefix == system and self._packaged is None:
                self._packaged = packaged_versions(self.host)
            self._versions[key] = version_of(located, self._packaged or {}, system)
        return self._versions[key]


def read_python(candidate: EnvironmentCandidate, bases: BaseReader | None = None) -> Python:
    """Return what the files of an environment tell of its interpreter as it is now.

    A link follows its base to the next release. What the cfg recorded when the environment was
    made stands in where the base cannot be read, and where the executable is a copy.
    """
    cfg, layout = candidate.cfg, candidate.layout
    folder = layout.package_folders[0] if layout.package_folders else None
    target = reach.realpath(layout.executable) if layout.executable else None
    version = _recorded_version(candidate)
    implementation = _implementation(cfg)
    virtual = candidate.kind is Kind.VENV or candidate.kind is Kind.LEGACY
    if virtual and target is not None and not lies_under(target, candidate.path):
        bases = bases or BaseReader(Host.current())
        if (located := bases.locate(target)) is not None:
            version = _more_exact(bases.version(located), version)
            implementation = located.implementation
    version = version or (folder.minor if folder else None)
    implementation = implementation or (folder and folder.implementation)
    return Python(
        version=version,
        implementation=implementation or ("cpython" if version else None),
        executable=layout.executable,
        base=_base(cfg, target, candidate),
        base_executable=target,
    )


def _more_exact(now: str | None, recorded: str | None) -> str | None:
    """Return the version now; where that is a minor version only, the recorded one of it."""
    if now is None or (recorded and recorded.startswith(f"{now}.")):
        return recorded
    return now


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
    """Return `sys.implementation.name`: virtualenv records `platform.python_implementation()`,
    which is another word for GraalPy."""
    name = cfg.get("implementation", "").lower()
    if name == "graalvm":
        return "graalpy"
    return name if _IMPLEMENTATION.fullmatch(name) else None


def _recorded_version(candidate: EnvironmentCandidate) -> str | None:
    cfg = candidate.cfg
    for key in ("version_info", "version"):  # the first is the more exact where both are
        value = cfg.get(key, "")
        if match := _LONG.match(value):
            number, stage, serial = match.groups()
            return number if stage == "final" else f"{number}{_STAGES[stage]}{serial}"
        if match := _INTERPRETER_NUMBER.match(value):
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


def _base(cfg: dict[str, str], target: str | None, candidate: EnvironmentCandidate) -> str | None:
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return None
    if prefix := cfg.get("base-prefix"):
        return os.path.normpath(prefix)
    home = cfg.get("home") or _home_before_cfg(candidate, target)
    if not home or not os.path.isabs(home):
        return None
    home = os.path.normpath(home)
    return os.path.dirname(home) if os.path.basename(home) in {"bin", "Scripts"} else home


def _home_before_cfg(candidate: EnvironmentCandidate, target: str | None) -> str:
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


_LIMIT = 64 * 1024
_RECORDS = 20_000
_INTERPRETER_VERSION_NUMBER = r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?"


def version_of(located: Located, packaged: Mapping[str, str], system_prefix: str) -> str | None:
    """Return the version as exact as the files tell: `3.12.4`, else `3.12`, else None.

    `packaged` are the versions that the system's package manager installed, by minor, which
    count for interpreters in `system_prefix` only.
    """
    version = (
        _read_header(located)
        or _read_build_details(located)
        or _read_conda(located)
        or _read_property_list(located)
        or _read_folder(located)
    )
    if version is None and located.prefix == system_prefix and located.minor:
        version = packaged.get(located.minor)
    return version or located.minor


def header_version(prefix: str, names: tuple[str, ...]) -> str | None:
    """Return `PY_VERSION` of the `patchlevel.h` in `include`, or in one of those folders in it.

    A build between two releases calls itself `3.12.4+`; the plus is dropped.
    """
    for name in names:
        text = read_text(os.path.join(prefix, "include", name, "patchlevel.h"), _LIMIT)
        if not isinstance(text, Unread) and (
            match := re.search(
                rf'^#define\s+PY_VERSION\s+"({_INTERPRETER_VERSION_NUMBER})\+?"', text, re.MULTILINE
            )
        ):
            return match.group(1)
    return None


def _read_header(located: Located) -> str | None:
    folder = os.path.basename(located.stdlib)
    # debug builds and those of Python 3 before 3.8 add ABI flags: `python3.7m`
    names = (folder, f"{folder}m", f"{folder}d", "")
    return _checked_version(header_version(located.prefix, names), located)


def _read_build_details(located: Located) -> str | None:
    data = read_bounded(os.path.join(located.stdlib, "build-details.json"), _LIMIT)
    if isinstance(data, Unread):
        return None
    try:
        details = json.loads(data)
        info = details["language"]["version_info"] if "language" in details else None
        info = info or details["implementation"]["version"]
        version = "{major}.{minor}.{micro}".format(**info)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    stage = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(str(info.get("releaselevel")))
    if stage:
        version = f"{version}{stage}{info.get('serial')}"
    return (
        _checked_version(version, located)
        if re.fullmatch(_INTERPRETER_VERSION_NUMBER, version)
        else None
    )


def _read_conda(located: Located) -> str | None:
    try:
        with reach.scandir(os.path.join(located.prefix, "conda-meta")) as entries:
            names = [entry.name for entry in islice(entries, _RECORDS)]
    except OSError:
        return None
    for name in sorted(names):
        if match := re.match(rf"(?:python|pypy)-({_INTERPRETER_VERSION_NUMBER})-", name):
            return _checked_version(match.group(1), located)
    return None


def _read_property_list(located: Located) -> str | None:
    text = read_text(os.path.join(located.prefix, "Resources", "Info.plist"), _LIMIT)
    if isinstance(text, Unread):
        return None
    match = re.search(
        rf"<key>CFBundleVersion</key>\s*<string>({_INTERPRETER_VERSION_NUMBER})</string>", text
    )
    return _checked_version(match.group(1), located) if match else None


def _read_folder(located: Located) -> str | None:
    for part in reversed(located.prefix.replace("\\", "/").split("/")):
        for version in re.findall(rf"(?<![\d.]){_INTERPRETER_VERSION_NUMBER}(?![\d.])", part):
            if located.minor and (fitting := _checked_version(version, located)):
                return fitting
    return None


def _checked_version(version: str | None, located: Located) -> str | None:
    """Return the version unless the name of the standard library contradicts it: a folder can
    hold what is left of another."""
    if version and located.minor and not version.startswith(located.minor + "."):
        return None
    return version


_PACKAGES_LIMIT = 64 * 1024 * 1024
"""Bytes; dpkg's record of a system with 5,000 packages has 8 MB."""
_FIELD_LIMIT = 100
_PACKAGES = 50_000


def packaged_versions(host: Host) -> dict[str, str]:
    """Return the versions of the system's own interpreters by minor: `{"3.11": "3.11.2"}`."""
    if host.windows or host.macos:
        return {}
    return _debian(host) | _alpine(host) | _arch(host)


def upstream(version: str, minor: str | None = None) -> str | None:
    """Return the version of Python in that of a package (`1:3.13.0~rc2-1+b1` → `3.13.0rc2`), or
    None when it names no micro version, or another minor."""
    text = version.rpartition(":")[2].replace("~", "").replace("_", "")
    match = re.match(r"(\d+\.\d+)\.\d+((a|b|rc)\d+)?", text)
    return match.group() if match and minor in {None, match.group(1)} else None


def _debian(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("var", "lib", "dpkg", "status"), _PACKAGES_LIMIT, whole=False)
    if isinstance(data, Unread):
        return {}
    found: dict[str, str] = {}
    position = 0
    start = b"\nPackage: python"
    while (position := data.find(start, position)) >= 0:
        position += len(start)
        name = data[position : data.find(b"\n", position)]
        end = data.find(b"\n\n", position)
        stanza = data[position : end if end >= 0 else len(data)]
        if name.endswith(b"-minimal") and b"\nStatus: install ok installed" in stanza:
            minor = name[: -len(b"-minimal")].decode("ascii", "replace")
            if version := upstream(_field(stanza, b"\nVersion: "), minor):
                found[minor] = version
    return found


def _alpine(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("lib", "apk", "db", "installed"), _PACKAGES_LIMIT, whole=False)
    if isinstance(data, Unread) or (start := data.find(b"\nP:python3\n")) < 0:
        return {}
    end = data.find(b"\n\n", start + 1)
    stanza = data[start : end if end >= 0 else len(data)]
    version = upstream(_field(stanza, b"\nV:"))
    return {minor_of(version): version} if version else {}


def _arch(host: Host) -> dict[str, str]:
    try:
        with reach.scandir(host.system("var", "lib", "pacman", "local")) as entries:
            names = [
                entry.name
                for entry in islice(entries, _PACKAGES)
                if entry.name.startswith("python-3.")
            ]
    except OSError:
        return {}
    versions = (upstream(name.removeprefix("python-")) for name in sorted(names))
    return {minor_of(version): version for version in versions if version}


def _field(stanza: bytes, name: bytes) -> str:
    start = stanza.find(name)
    if start < 0:
        return ""
    value = stanza[start + len(name) :][:_FIELD_LIMIT].partition(b"\n")[0]
    return value.decode("ascii", "replace").strip()


def is_free_threaded(prefix: str, version: str | None, executable: str = "") -> bool:
    """Tell whether what is at a prefix (an environment's, or a base) is of the free-threaded
    build, whose packages are built for it alone: `python3.13t`, `lib/python3.13t`."""
    minor = minor_of(version)
    if not minor:
        return False
    if os.path.basename(executable).removesuffix(".exe").endswith(f"{minor}t"):
        return True
    library = os.path.join(prefix, "lib", f"python{minor}")
    return reach.isdir(f"{library}t") and not reach.isdir(library)


def is_version(version: str | None, asked: str, *, free_threaded: bool) -> bool:
    """Tell whether a Python is of the version that is asked for (`3.13`, `3.13.1`, `3.13t`). The
    free-threaded build is asked for as such, or it is not meant."""
    parts = asked.removesuffix("t").split(".")
    same = (version or "").split(".")[: len(parts)] == parts
    return same and free_threaded is asked.endswith("t")


RELEASES = {
    "2.6": "2013-10-29", "2.7": "2020-01-01",
    "3.0": "2009-06-27", "3.1": "2012-04-09", "3.2": "2016-02-20", "3.3": "2017-09-29",
    "3.4": "2019-03-18", "3.5": "2020-09-30", "3.6": "2021-12-23", "3.7": "2023-06-27",
    "3.8": "2024-10-07", "3.9": "2025-10-31", "3.10": "2026-10", "3.11": "2027-10",
    "3.12": "2028-10", "3.13": "2029-10", "3.14": "2030-10", "3.15": "2031-10",
}  # fmt: skip
"""The minor versions of CPython, oldest first, and the day of the last release of each, or the
month it is planned for. A month has passed when it is over, not when it begins: the last security
release may come on any day of it."""
RELEASES_CHECKED = "2026-11-29"
"""When the table was last compared with https://devguide.python.org/versions/."""


def end_of_life(
    version: str | None, now: float, implementation: str | None = "cpython"
) -> str | None:
    """Return the day (`2024-10-07`) or month (`2026-10`) support ended, once that has passed.

    `now` is in seconds since the epoch, and days are those of UTC. None means supported, or not
    known: a version before or after those listed, or another implementation than CPython, whose
    versions of the language have a support of their own.
    """
    if version is None or implementation != "cpython":
        return None
    end = RELEASES.get(minor_of(version))
    if end is None:
        return None
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    return end if today[: len(end)] > end else None
