"""Wheels written and unpacked."""

import base64
import hashlib
import os
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import Version

_LONG_AGO = (2024, 1, 1, 0, 0, 0)
_UNIX = 3
_REGULAR = 0o100644
_NOISE = random.Random(8).randbytes(1 << 16)  # noqa: S311  made-up data, no secret


@dataclass(frozen=True, slots=True)
class DemoRelease:
    """One release of a made-up package, pure Python, for every interpreter."""

    name: str
    version: str
    summary: str
    kilobytes: int = 40
    """The size of its data, which does not compress."""
    requires: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The requirements of each extra."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """Console scripts: `pytest` is `pytest:main`."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Modules by their path; without any, the package has its version only."""
    module: str = ""
    """Its import name, where that is not its escaped name."""

    @property
    def escaped(self) -> str:
        """Its name as in names of files (PEP 427)."""
        return self.name.lower().replace("-", "_").replace(".", "_")

    @property
    def file(self) -> str:
        """The name of its wheel."""
        return f"{self.escaped}-{self.version}-py3-none-any.whl"

    @property
    def info(self) -> str:
        """The name of its dist-info folder."""
        return f"{self.escaped}-{self.version}.dist-info"


def write_wheel(folder: str, release: DemoRelease) -> str:
    """Write the wheel of a release into a folder, and return its path. Raises OSError."""
    path = os.path.join(folder, release.file)
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _files(release):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
            rows.append(f"{name},sha256={digest.decode().rstrip('=')},{len(content)}\n")
            archive.writestr(_entry(name), content)
        record = f"{release.info}/RECORD"
        archive.writestr(_entry(record), "".join([*rows, f"{record},,\n"]))
    return path


def _files(release: DemoRelease) -> Iterator[tuple[str, bytes]]:
    module = release.module or release.escaped
    initial = f"{module}/__init__.py"
    if initial not in release.sources:
        yield initial, f'"""{release.summary}."""\n\n__version__ = "{release.version}"\n'.encode()
    for name, text in release.sources.items():
        yield name, text.encode()
    for number, length in enumerate(_shares(release)):
        whole, rest = divmod(length, len(_NOISE))
        yield f"{module}/data/table{number}.bin", _NOISE * whole + _NOISE[:rest]
    yield f"{release.info}/METADATA", _metadata(release).encode()
    yield (
        f"{release.info}/WHEEL",
        b"Wheel-Version: 1.0\nGenerator: envdeck-demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    )
    if release.commands:
        lines = [f"{name} = {target}\n" for name, target in release.commands.items()]
        yield f"{release.info}/entry_points.txt", "".join(["[console_scripts]\n", *lines]).encode()


def _shares(release: DemoRelease) -> Iterator[int]:
    """Spread its data over several files."""
    left = release.kilobytes * 1024
    while left > 0:
        share = min(left, max(16 * 1024, left // 2))
        yield share
        left -= share


def _metadata(release: DemoRelease) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {release.name}",
        f"Version: {release.version}",
        f"Summary: {release.summary}",
        "License: MIT",
        "Requires-Python: >=3.8",
        *(f"Requires-Dist: {requirement}" for requirement in release.requires),
    ]
    for extra, requirements in release.extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {one}; extra == "{extra}"' for one in requirements]
    return "\n".join(lines) + f"\n\nMade up for the demo of EnvDeck: {release.summary}.\n"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.create_system = _UNIX
    entry.external_attr = _REGULAR << 16
    return entry


_SCRIPT = """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit({name}())
"""


@dataclass(frozen=True, slots=True)
class WheelRequest:
    """A release to install."""

    release: DemoRelease
    asked: bool
    """Whether it is direct, and not only required by another."""


def resolve(
    releases: Sequence[DemoRelease], requirements: Iterable[str]
) -> tuple[WheelRequest, ...]:
    """Return the newest releases for requirements, and for what those require.

    The first requirement of a package decides, so pins stand before others. Raises LookupError
    where no release fits.
    """
    chosen: dict[str, WheelRequest] = {}
    asked = [Requirement(one) for one in requirements]
    queue = [(one, True) for one in asked]
    while queue:
        one, by_itself = queue.pop(0)
        if one.name not in chosen:
            release = _newest(releases, one)
            chosen[one.name] = WheelRequest(release, by_itself)
            queue += [(Requirement(need), False) for need in release.requires]
        extras = (chosen[one.name].release.extras[extra] for extra in sorted(one.extras))
        queue += [(Requirement(need), False) for needs in extras for need in needs]
    return tuple(chosen.values())


def _newest(releases: Sequence[DemoRelease], wanted: Requirement) -> DemoRelease:
    fitting = [
        one
        for one in releases
        if one.name == wanted.name and wanted.specifier.contains(one.version)
    ]
    if not fitting:
        raise LookupError(str(wanted))
    return max(fitting, key=lambda one: Version(one.version))


def unpack(
    wheel: str, release: DemoRelease, environment: str, library: str, *, asked: bool, installer: str
) -> None:
    """Install a wheel into the package folder `library` of an environment. Raises OSError."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename != f"{release.info}/RECORD":
                _put(library, entry.filename, archive.read(entry))
        recorded = archive.read(f"{release.info}/RECORD").decode().splitlines()
    rows = [line for line in recorded if not line.startswith(f"{release.info}/RECORD,")]
    python = os.path.join(environment, "bin", "python")
    for command, target in release.commands.items():
        module, _, name = target.partition(":")
        text = _SCRIPT.format(python=python, module=module, name=name).encode()
        script = os.path.join(environment, "bin", command)
        _put(environment, f"bin/{command}", text)
        os.chmod(script, 0o755)  # noqa: S103  a program like any other
        rows.append(_row(os.path.relpath(script, library).replace(os.sep, "/"), text))
    more = {f"{release.info}/INSTALLER": f"{installer}\n".encode()}
    if asked:
        more[f"{release.info}/REQUESTED"] = b""
    for path, data in more.items():
        _put(library, path, data)
        rows.append(_row(path, data))
    record = "".join(f"{row}\n" for row in [*rows, f"{release.info}/RECORD,,"])
    _put(library, f"{release.info}/RECORD", record.encode())


def _put(folder: str, path: str, data: bytes) -> None:
    place = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(data)


def _row(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}"
