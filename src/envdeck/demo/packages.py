"""The made-up packages of the demo, and what each requires."""

import glob
import importlib.util
import os
import shutil
from collections.abc import Iterator

from envdeck.demo.fakes import source
from envdeck.demo.wheels import DemoRelease, write_wheel


def releases() -> Iterator[DemoRelease]:
    """Yield every release in the index of the demo."""
    yield from _web()
    yield from _data()
    yield from _terminal()
    yield from _work()
    yield from _tools()


def withdrawn() -> Iterator[DemoRelease]:
    """Yield the releases that are installed and in no index."""
    yield DemoRelease("chorus-models", "1.0.0", "Models that know birds by their song", 20_000)


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
    summary = "A web framework that stays out of the way"
    loop = {"async": ("emberloop>=0.9",)}
    for version, templates in (("2.1.0", ">=3,<4"), ("2.3.1", ">=3,<4"), ("3.0.0", ">=3.1")):
        needs = ("wickrouter>=1.2", f"tallow-templates{templates}")
        yield DemoRelease("lanternweb", version, summary, 500, needs, loop)
    for version in ("1.2.0", "1.4.2"):
        yield DemoRelease("wickrouter", version, "Routes for web applications", 70)
    for version in ("3.0.1", "3.1.0"):
        codecs = ("postmark-codecs>=1",)
        yield DemoRelease("tallow-templates", version, "Templates that melt into HTML", 260, codecs)
    yield DemoRelease("emberloop", "0.9.4", "A small event loop", 180)
    for version in ("0.27.0", "0.28.1"):
        needs = ("certbundle>=2024", "postmark-codecs")
        yield DemoRelease("courier-http", version, "An HTTP client", 310, needs)
    for version in ("2024.8.30", "2026.10.5"):
        yield DemoRelease("certbundle", version, "Certificates of the authorities that are trusted")
    yield DemoRelease("postmark-codecs", "1.0.2", "How texts are encoded on their way", 60)


def _data() -> Iterator[DemoRelease]:
    for version in ("1.26.4", "2.1.3"):
        yield DemoRelease("numera", version, "Arrays of numbers", 2400)
    for version, numbers in (("2.2.0", ">=1.26,<2"), ("2.2.3", ">=1.26"), ("3.0.0", ">=2")):
        yield DemoRelease("gridframe", version, "Tables of data", 1600, (f"numera{numbers}",))
    for version in ("3.9.0", "3.9.2"):
        needs = ("numera>=1.26,<2", "huewheel>=2")
        yield DemoRelease("plotmill", version, "Charts of anything", 1200, needs)
    for version in ("4.2.0", "4.4.1", "5.0.0"):
        pool = {"pool": ("emberloop>=0.9",)}
        yield DemoRelease("quarrydb", version, "A database driver", 620, extras=pool)
    for version in ("1.1.0", "1.2.0"):
        needs = ("quarrydb>=4", "tallow-templates>=3")
        yield DemoRelease("quarrydb-migrate", version, "Migrations for quarrydb", 90, needs)
    for version in ("2.0.3", "2.1.0"):
        yield DemoRelease("pebblecache", version, "A cache between processes", 110)
    for version in ("2.9.0", "2.9.2"):
        yield DemoRelease(
            "schemapress", version, "Data that keeps its shape", 340, ("schemapress-core>=2.20",)
        )
    yield DemoRelease("schemapress-core", "2.23.4", "The fast half of schemapress", 900)


def _terminal() -> Iterator[DemoRelease]:
    for version in ("13.8.0", "14.2.0"):
        yield DemoRelease("inkterm", version, "Ink for terminals", 240, ("huewheel>=2.17",))
    yield DemoRelease("huewheel", "2.18.0", "Every colour has a name", 420)
    for version in ("8.1.7", "8.2.0"):
        yield DemoRelease("tidyargs", version, "Command lines without fuss", 100)


def _work() -> Iterator[DemoRelease]:
    sources = {
        "pytest/__init__.py": source("pytest"),
        "pytest/__main__.py": "import sys\n\nfrom pytest import main\n\nsys.exit(main())\n",
    }
    for version in ("8.2.0", "8.4.2"):
        yield DemoRelease(
            "pytest",
            version,
            "A stand-in for pytest, in the demo only",
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
            "Reads code closely",
            800,
            commands={"straightedge": "straightedge:main"},
            sources={"straightedge/__init__.py": text},
        )
    text = '"""Stands in for Django."""\n'
    yield DemoRelease(
        "Django",
        "5.2.8",
        "A stand-in for Django, in the demo only",
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
        "A stand-in for pre-commit, in the demo only",
        20,
        commands={"pre-commit": "pre_commit:main"},
        sources={"pre_commit/__init__.py": source("pre_commit")},
    )


def _tools() -> Iterator[DemoRelease]:
    for name, version, summary, kilobytes in (
        ("galley", "3.2.1", "Sets type from templates", 1100),
        ("quire", "1.0.4", "Folds pages into a booklet", 500),
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
