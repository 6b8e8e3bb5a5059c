"""Installing wheels as pip does, without its time: unpacked, recorded, copied and not linked."""

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version

from envdeck.demo.wheels import Release

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
class Wanted:
    """A release that is to be installed."""

    release: Release
    asked: bool
    """Whether it was asked for by itself, and not only by another."""


def resolve(releases: Sequence[Release], requirements: Iterable[str]) -> tuple[Wanted, ...]:
    """Return what requirements ask for and what that needs, the newest that each allows.

    The first that names a package decides, so pins go before what would need it otherwise.
    Raises LookupError where there is none.
    """
    chosen: dict[str, Wanted] = {}
    asked = [Requirement(one) for one in requirements]
    queue = [(one, True) for one in asked]
    while queue:
        one, by_itself = queue.pop(0)
        if one.name not in chosen:
            release = _newest(releases, one)
            chosen[one.name] = Wanted(release, by_itself)
            queue += [(Requirement(need), False) for need in release.requires]
        extras = (chosen[one.name].release.extras[extra] for extra in sorted(one.extras))
        queue += [(Requirement(need), False) for needs in extras for need in needs]
    return tuple(chosen.values())


def _newest(releases: Sequence[Release], wanted: Requirement) -> Release:
    fitting = [
        one
        for one in releases
        if one.name == wanted.name and wanted.specifier.contains(one.version)
    ]
    if not fitting:
        raise LookupError(str(wanted))
    return max(fitting, key=lambda one: Version(one.version))


def unpack(
    wheel: str, release: Release, environment: str, library: str, *, asked: bool, installer: str
) -> None:
    """Install a wheel into the package folder `library` of an environment. Raises OSError."""
    rows = []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename != f"{release.info}/RECORD":
                _put(library, entry.filename, archive.read(entry))
        recorded = archive.read(f"{release.info}/RECORD").decode().splitlines()
    rows += [line for line in recorded if not line.startswith(f"{release.info}/RECORD,")]
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
