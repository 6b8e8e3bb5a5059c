"""Which compiled modules an interpreter can load, told by names and headers alone.

PEP 425 has the tags of wheels, PEP 3149 those of file names, and the first bytes of a binary say
for which machine it is. What is not known is given the benefit of the doubt.
"""

import os
import re
import struct
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache

from envdeck.core.inspection.packages.record import RecordSummary
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, minor_of
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

_HEAD = 4096
"""Bytes; the header of a PE file is some hundred bytes in."""
_ELF = {
    3: "i686",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    22: "s390x",
    243: "riscv64",
    21: "ppc64",
    258: "loongarch64",
}
_PE = {0x14C: "i686", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACH = {7: "i686", 0x01000007: "x86_64", 0x0100000C: "aarch64"}
_SAME = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "i386": "i686",
    "x86": "i686",
    "ppc64le": "ppc64",
    "powerpc64le": "ppc64",
    "powerpc64": "ppc64",
}
_LINUX = re.compile(r"(?:manylinux(?:\d+|_\d+_\d+)|musllinux_\d+_\d+|linux)_(\w+)")
_MACOS = re.compile(r"macosx_\d+_\d+_(\w+)")
_WINDOWS = re.compile(r"win(?:_(\w+)|32)")
_MANY = frozenset({"universal2", "universal", "intel", "fat", "fat3", "fat32", "fat64"})
_VERSION = re.compile(r"(py|cp|pp|pypy)(\d)(\d*)")
_ABI = re.compile(r"cp(\d)(\d+)([a-z]*)")
_SUFFIX = re.compile(
    r"\.(?:cpython-|cp(?=\d))(?P<major>\d)(?P<minor>\d+)(?P<flags>[a-z]*)(?:-(?P<place>[\w-]+))?"
    r"\.(?:so|pyd)\Z"
)
_PYPY = re.compile(r"\.pypy(?P<major>\d)(?P<minor>\d+)-[\w-]+\.(?:so|pyd)\Z")


@dataclass(frozen=True, slots=True)
class Binary:
    """What a program or a compiled module is for."""

    system: str
    """`linux` (any that runs ELF), `macos` or `windows`."""
    machines: frozenset[str]
    """Several for the fat binaries of macOS; none where the machine is not known."""


class Fit(Enum):
    """Whether a compiled module can be loaded, as its name tells."""

    YES = "yes"
    NO = "no"
    UNTOLD = "untold"
    """Its name names no interpreter."""


@dataclass(frozen=True, slots=True)
class BuildTarget:
    """The interpreter that is to load something."""

    major: int
    minor: int
    implementation: str = "cpython"
    free_threaded: bool = False
    system: str = "linux"
    machine: str = ""
    """`x86_64`, `aarch64` …; empty where it is not known."""

    def __str__(self) -> str:
        name = {"cpython": "CPython", "pypy": "PyPy"}.get(self.implementation, self.implementation)
        threads = " (free-threaded)" if self.free_threaded else ""
        return " ".join(f"{name} {self.major}.{self.minor}{threads} {self.machine}".split())

    def takes_tag(self, tag: str) -> bool:
        """Tell whether a tag of a WHEEL (`cp39-abi3-manylinux_2_17_x86_64`) is for it."""
        parts = tag.strip().lower().rsplit("-", 2)
        if len(parts) != 3:
            return True
        pythons, abis, platforms = (part.split(".") for part in parts)
        return any(map(self.takes_platform, platforms)) and any(
            self._takes_abi(python, abi) for python in pythons for abi in abis
        )

    def takes_platform(self, platform: str) -> bool:
        """Tell whether the platform of a tag is its own; one that nobody knows may be."""
        for system, pattern in (("linux", _LINUX), ("macos", _MACOS), ("windows", _WINDOWS)):
            if match := pattern.fullmatch(platform):
                machine = match[1] or "i686"
                return system == self.system and (machine in _MANY or self._is_machine(machine))
        return True

    def _takes_abi(self, python: str, abi: str) -> bool:
        match = _VERSION.fullmatch(python)
        if match is None:
            return True
        kind, major, minor = match[1], int(match[2]), int(match[3] or 0)
        whole, newest = (major, minor), (self.major, self.minor)
        if kind == "py":
            return major == self.major and whole <= newest
        if (kind == "cp") != (self.implementation == "cpython"):
            return False
        if abi == "abi3":
            return major == self.major and whole <= newest and not self.free_threaded
        if abi == "abi3t":
            return major == self.major and whole <= newest
        if exact := _ABI.fullmatch(abi):
            return self._is_version(exact[1], exact[2], exact[3])
        return whole == newest or not match[3]

    def takes_name(self, name: str) -> Fit:
        """Tell by the name of a compiled module whether it is for this interpreter."""
        if match := _SUFFIX.search(name):
            right = self.implementation == "cpython"
            right = right and self._is_version(match["major"], match["minor"], match["flags"])
            return Fit.YES if right and self._is_place(match["place"] or "") else Fit.NO
        if match := _PYPY.search(name):
            right = self.implementation == "pypy"
            return (
                Fit.YES
                if right and self._is_version(match["major"], match["minor"], "")
                else Fit.NO
            )
        return Fit.UNTOLD

    def _is_version(self, major: str, minor: str, flags: str) -> bool:
        return (int(major), int(minor)) == (self.major, self.minor) and (
            "t" in flags
        ) == self.free_threaded

    def _is_place(self, place: str) -> bool:
        """Tell whether `x86_64-linux-gnu`, `darwin` or `win_amd64` is where it runs."""
        if place == "darwin":
            return self.system == "macos"
        if place.startswith("win"):
            return self.takes_platform(place)
        machine, linux, _ = place.partition("-linux")
        return not linux or (self.system == "linux" and self._is_machine(machine))

    def _is_machine(self, machine: str) -> bool:
        machine = _SAME.get(machine, machine)
        if machine.startswith("arm"):
            machine = "arm"
        return not self.machine or machine == self.machine

    def takes_binary(self, binary: Binary) -> bool:
        """Tell whether a binary is for its system and machine."""
        known = binary.machines if self.machine else frozenset()
        return binary.system == self.system and (not known or self.machine in known)


def target_of(environment: Environment, host: Host) -> BuildTarget | None:
    """Return what loads the modules of an environment; None where its version is not known."""
    python = environment.python
    minor = minor_of(python.version)
    if not minor:
        return None
    system = "windows" if host.windows else "macos" if host.macos else "linux"
    program = python.base_executable or python.executable
    binary = read_binary(program) if program else None
    machine = next(iter(binary.machines)) if binary and len(binary.machines) == 1 else ""
    major, _, rest = minor.partition(".")
    folder = environment.site_packages[0] if environment.site_packages else ""
    free = re.search(r"[\\/]python\d+\.\d+t[\\/]", folder) is not None
    return BuildTarget(
        int(major), int(rest), python.implementation or "cpython", free, system, machine
    )


def read_binary(path: str) -> Binary | None:
    """Return what a file is for, by its first bytes; None where it is no binary, or not there."""
    head = read_bounded(path, _HEAD, whole=False)
    if isinstance(head, Unread) or len(head) < 64:
        return None
    if head[:4] == b"\x7fELF":
        order = ">" if head[5] == 2 else "<"
        (machine,) = struct.unpack_from(f"{order}H", head, 18)
        return Binary("linux", _named(_ELF.get(machine)))
    if head[:2] == b"MZ":
        (start,) = struct.unpack_from("<I", head, 60)
        if start + 6 > len(head) or head[start : start + 4] != b"PE\0\0":
            return None
        (machine,) = struct.unpack_from("<H", head, start + 4)
        return Binary("windows", _named(_PE.get(machine)))
    if head[:4] in {b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"}:
        (machine,) = struct.unpack_from("<I", head, 4)
        return Binary("macos", _named(_MACH.get(machine)))
    if head[:4] == b"\xca\xfe\xba\xbe":
        (count,) = struct.unpack_from(">I", head, 4)
        kinds = [
            struct.unpack_from(">I", head, 8 + 20 * index)[0]
            for index in range(min(count, 10))
            if 12 + 20 * index <= len(head)
        ]
        return Binary("macos", frozenset(_MACH[kind] for kind in kinds if kind in _MACH))
    return None


def _named(machine: str | None) -> frozenset[str]:
    return frozenset({machine} if machine else ())


_MOST_READ = 5
"""Binaries of one distribution."""


def find_misfit(
    folder: str, recorded: RecordSummary, target: BuildTarget
) -> tuple[str, str] | None:
    """Return a file of a distribution in a package folder that cannot be loaded, and what it is
    for; None where all is well, as far as can be told.

    The tags of WHEEL alone do not tell: some wheels say there what they are not. A module that is
    there for several interpreters, or in Python too, counts as what fits.
    """
    fits = _fits(recorded.tags, target)
    if fits and (recorded.tags or not recorded.compiled):
        load = not recorded.compiled or _may_load_all(recorded, target)
        others = () if load else _unloadable(recorded, target)
        if others and len(others) == len(recorded.compiled):
            return others[0], os.path.basename(others[0]).partition(".")[2]
        return None
    if any(tag.endswith("-any") for tag in recorded.tags):
        return None
    if others := _unloadable(recorded, target):
        what = recorded.tags[0] if recorded.tags else os.path.basename(others[0])
        return others[0], what
    foreign = _foreign(folder, recorded.compiled or recorded.programs, target)
    if foreign is None and recorded.compiled and _is_version_other(recorded.tags, target):
        return recorded.compiled[0], recorded.tags[0]
    return foreign


@lru_cache(maxsize=1024)
def _fits(tags: tuple[str, ...], target: BuildTarget) -> bool:
    """Tell whether an interpreter takes one of some tags, or there are none."""
    return not tags or any(map(target.takes_tag, tags))


def _may_load_all(recorded: RecordSummary, target: BuildTarget) -> bool:
    """Tell by the few kinds of names that there are whether none is for another interpreter."""
    kinds = {path.rpartition("/")[2].partition(".")[2] for path in recorded.compiled}
    return all(target.takes_name(f"x.{kind}") is not Fit.NO for kind in kinds)


def _is_version_other(tags: Sequence[str], target: BuildTarget) -> bool:
    """Tell whether what speaks against tags is not their platform alone."""
    return any(
        target.takes_platform(part) for tag in tags for part in tag.split("-")[-1].split(".")
    )


def _unloadable(recorded: RecordSummary, target: BuildTarget) -> list[str]:
    """Return the compiled modules of which no file is for the interpreter, by their names."""
    by_module: dict[str, list[str]] = {}
    for path in recorded.compiled:
        folder, _, name = path.rpartition("/")
        by_module.setdefault(f"{folder}/{name.partition('.')[0]}", []).append(path)
    return [
        path
        for paths in by_module.values()
        if all(target.takes_name(path) is Fit.NO for path in paths)
        for path in paths
    ]


def _foreign(folder: str, paths: Iterable[str], target: BuildTarget) -> tuple[str, str] | None:
    """Return the first of a few binaries for another machine, where none of them is for this."""
    found: list[tuple[str, str]] = []
    for path in list(paths)[:_MOST_READ]:
        binary = read_binary(os.path.join(folder, path))
        if binary is None and "/bin/" in path:  # `pip install --target` puts programs there
            binary = read_binary(os.path.join(folder, "bin", os.path.basename(path)))
        if binary is None:
            continue
        if target.takes_binary(binary):
            return None
        found.append((path, " ".join([binary.system, *sorted(binary.machines)])))
    return found[0] if found else None
