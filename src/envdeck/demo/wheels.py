"""The made-up packages of the demo; their wheels written and unpacked."""

import base64
import glob
import hashlib
import importlib.util
import os
import random
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.version import Version

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.demo.fakes import source

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
                _write_file(library, entry.filename, archive.read(entry))
        recorded = archive.read(f"{release.info}/RECORD").decode().splitlines()
    rows = [line for line in recorded if not line.startswith(f"{release.info}/RECORD,")]
    python = os.path.join(environment, "bin", "python")
    for command, target in release.commands.items():
        module, _, name = target.partition(":")
        text = _SCRIPT.format(python=python, module=module, name=name).encode()
        script = os.path.join(environment, "bin", command)
        _write_file(environment, f"bin/{command}", text)
        os.chmod(script, 0o755)  # noqa: S103  a program like any other
        rows.append(_row(os.path.relpath(script, library).replace(os.sep, "/"), text))
    more = {f"{release.info}/INSTALLER": f"{installer}\n".encode()}
    if asked:
        more[f"{release.info}/REQUESTED"] = b""
    for path, data in more.items():
        _write_file(library, path, data)
        rows.append(_row(path, data))
    record = "".join(f"{row}\n" for row in [*rows, f"{release.info}/RECORD,,"])
    _write_file(library, f"{release.info}/RECORD", record.encode())


def _write_file(folder: str, path: str, data: bytes) -> None:
    place = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(data)


def _row(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}"


def releases() -> Iterator[DemoRelease]:
    """Yield every release in the index of the demo."""
    yield from _web()
    yield from _data()
    yield from _terminal()
    yield from _work()
    yield from _tools()


def withdrawn() -> Iterator[DemoRelease]:
    """Yield the releases that are installed and in no index."""
    yield DemoRelease("chorus-models", "1.0.0", "Bird song recognition models", 20_000)


def write_index(folder: str) -> int:
    """Write all wheels into a folder, with pip and setuptools as bundled with virtualenv; return
    their number. Raises OSError."""
    count = 0
    for release in releases():
        write_wheel(folder, release)
        count += 1
    for wheel in _seeds():
        shutil.copyfile(wheel, os.path.join(folder, os.path.basename(wheel)))
        count += 1
    return count


def _web() -> Iterator[DemoRelease]:
    summary = "A minimal web framework"
    loop = {"async": ("emberloop>=0.9",)}
    for version, templates in (("2.1.0", ">=3,<4"), ("2.3.1", ">=3,<4"), ("3.0.0", ">=3.1")):
        needs = ("wickrouter>=1.2", f"tallow-templates{templates}")
        yield DemoRelease("lanternweb", version, summary, 500, needs, loop)
    for version in ("1.2.0", "1.4.2"):
        yield DemoRelease("wickrouter", version, "URL routing for web applications", 70)
    for version in ("3.0.1", "3.1.0"):
        codecs = ("postmark-codecs>=1",)
        yield DemoRelease("tallow-templates", version, "HTML templates", 260, codecs)
    yield DemoRelease("emberloop", "0.9.4", "A small event loop", 180)
    for version in ("0.27.0", "0.28.1"):
        needs = ("certbundle>=2024", "postmark-codecs")
        yield DemoRelease("courier-http", version, "An HTTP client", 310, needs)
    for version in ("2024.8.30", "2026.10.5"):
        yield DemoRelease("certbundle", version, "Trusted CA certificates")
    yield DemoRelease("postmark-codecs", "1.0.2", "Text encoding detection", 60)


def _data() -> Iterator[DemoRelease]:
    for version in ("1.26.4", "2.1.3"):
        yield DemoRelease("numera", version, "Numeric arrays", 2400)
    for version, numbers in (("2.2.0", ">=1.26,<2"), ("2.2.3", ">=1.26"), ("3.0.0", ">=2")):
        yield DemoRelease("gridframe", version, "Data tables", 1600, (f"numera{numbers}",))
    for version in ("3.9.0", "3.9.2"):
        needs = ("numera>=1.26,<2", "huewheel>=2")
        yield DemoRelease("plotmill", version, "Charts", 1200, needs)
    for version in ("4.2.0", "4.4.1", "5.0.0"):
        pool = {"pool": ("emberloop>=0.9",)}
        yield DemoRelease("quarrydb", version, "A database driver", 620, extras=pool)
    for version in ("1.1.0", "1.2.0"):
        needs = ("quarrydb>=4", "tallow-templates>=3")
        yield DemoRelease("quarrydb-migrate", version, "Migrations for quarrydb", 90, needs)
    for version in ("2.0.3", "2.1.0"):
        yield DemoRelease("pebblecache", version, "A cache shared by processes", 110)
    for version in ("2.9.0", "2.9.2"):
        yield DemoRelease(
            "schemapress", version, "Data validation", 340, ("schemapress-core>=2.20",)
        )
    yield DemoRelease("schemapress-core", "2.23.4", "Compiled core of schemapress", 900)


def _terminal() -> Iterator[DemoRelease]:
    for version in ("13.8.0", "14.2.0"):
        yield DemoRelease("inkterm", version, "Terminal styling", 240, ("huewheel>=2.17",))
    yield DemoRelease("huewheel", "2.18.0", "Named colours", 420)
    for version in ("8.1.7", "8.2.0"):
        yield DemoRelease("tidyargs", version, "Command-line parsing", 100)


def _work() -> Iterator[DemoRelease]:
    sources = {
        "pytest/__init__.py": source("pytest"),
        "pytest/__main__.py": "import sys\n\nfrom pytest import main\n\nsys.exit(main())\n",
    }
    for version in ("8.2.0", "8.4.2"):
        yield DemoRelease(
            "pytest",
            version,
            "A demo replacement for pytest",
            150,
            ("huewheel",),
            commands={"pytest": "pytest:main"},
            sources=sources,
        )
    for version in ("0.6.0", "0.8.1"):
        text = f'"""Reads code."""\n\n\ndef main() -> None:\n    print("{version}: clean")\n'
        yield DemoRelease(
            "straightedge",
            version,
            "A linter",
            800,
            commands={"straightedge": "straightedge:main"},
            sources={"straightedge/__init__.py": text},
        )
    text = '"""Stands in for Django."""\n'
    yield DemoRelease(
        "Django",
        "5.2.8",
        "A demo replacement for Django",
        700,
        sources={
            "django/__init__.py": text,
            "django/core/__init__.py": text,
            "django/core/management/__init__.py": source("django"),
        },
    )
    yield DemoRelease(
        "pre-commit",
        "4.4.0",
        "A demo replacement for pre-commit",
        20,
        commands={"pre-commit": "pre_commit:main"},
        sources={"pre_commit/__init__.py": source("pre_commit")},
    )


def _tools() -> Iterator[DemoRelease]:
    for name, version, summary, kilobytes in (
        ("galley", "3.2.1", "Typesetting from templates", 1100),
        ("quire", "1.0.4", "Booklet layout", 500),
    ):
        text = f'"""{summary}."""\n\n\ndef main() -> None:\n    print("{name} {version}")\n'
        yield DemoRelease(
            name,
            version,
            summary,
            kilobytes,
            ("tidyargs>=8",),
            commands={name: f"{name}:main"},
            sources={f"{name}/__init__.py": text},
        )


def _seeds() -> list[str]:
    """Return the newest bundled wheel of virtualenv for each seed package."""
    found = importlib.util.find_spec("virtualenv")
    folders = (found.submodule_search_locations if found else None) or ()
    newest: dict[str, str] = {}
    for folder in folders:
        for wheel in sorted(glob.glob(os.path.join(folder, "seed", "wheels", "embed", "*.whl"))):
            newest[os.path.basename(wheel).partition("-")[0]] = wheel
    return [wheel for name, wheel in newest.items() if name in {"pip", "setuptools"}]
