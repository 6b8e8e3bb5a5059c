"""The distributions of the demo home: well-known names, with what each needs (`releases.txt`).

Names, versions, licences and requirements are those of real releases, near enough for a tree
that looks familiar; sizes keep their proportions only, so that the home stays small.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

_BINARY = frozenset(
    {
        "aiohttp", "billiard", "charset-normalizer", "contourpy", "coverage", "frozenlist",
        "greenlet", "kiwisolver", "lxml", "markupsafe", "matplotlib", "multidict", "mypy",
        "numpy", "pandas", "pillow", "propcache", "pydantic-core", "pyyaml", "scikit-learn",
        "scipy", "shapely", "sqlalchemy", "yarl",
    }
)  # fmt: skip
_COMMANDS = {
    "alembic": "alembic", "black": "black", "celery": "celery", "cookiecutter": "cookiecutter",
    "coverage": "coverage", "django": "django-admin", "fastapi": "fastapi", "flask": "flask",
    "gunicorn": "gunicorn", "httpie": "http", "mypy": "mypy", "nox": "nox", "pip": "pip",
    "pytest": "pytest", "ruff": "ruff", "uvicorn": "uvicorn", "virtualenv": "virtualenv",
    "yt-dlp": "yt-dlp",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Package:
    """One release."""

    name: str
    version: str
    licence: str
    kilobytes: int
    summary: str
    requires: tuple[str, ...] = ()
    editable: str | None = None
    """The project it is installed from in place."""

    @property
    def module(self) -> str:
        """The folder it is imported from."""
        return normalised(self.name).replace("-", "_").replace(".", "_")

    @property
    def command(self) -> str | None:
        """Its console script."""
        return _COMMANDS.get(normalised(self.name))

    @property
    def binary(self) -> bool:
        """Whether most of it is compiled."""
        return normalised(self.name) in _BINARY

    @property
    def info(self) -> str:
        """The name of its dist-info folder."""
        return f"{self.module}-{self.version}.dist-info"

    def metadata(self) -> str:
        """Return its core metadata."""
        head = [
            "Metadata-Version: 2.4",
            f"Name: {self.name}",
            f"Version: {self.version}",
            f"Summary: {self.summary}",
            f"License-Expression: {self.licence}",
            "Requires-Python: >=3.8",
            *(f"Requires-Dist: {requirement}" for requirement in self.requires),
        ]
        return "\n".join(head) + f"\n\n# {self.name}\n\n{self.summary}.\n"


def normalised(name: str) -> str:
    """Return a name as PEP 503 has it."""
    return name.lower().replace("_", "-").replace(".", "-")


def _rows() -> Iterator[Package]:
    table = Path(__file__).with_name("releases.txt").read_text(encoding="utf-8")
    for line in table.splitlines()[1:]:
        name, version, licence, size, summary, needs = (part.strip() for part in line.split("|", 5))
        yield Package(name, version, licence, int(size), summary, _split(needs))


def _split(text: str) -> tuple[str, ...]:
    """Take a list of requirements apart at ", " before a name; specifiers hold plain commas."""
    return tuple(part for part in text.split(", ") if part)


RELEASES = {normalised(package.name): package for package in _rows()}


def closure(asked: Iterable[str], python: str) -> tuple[tuple[Package, bool], ...]:
    """Return what an installer would install for these, each with whether direct.

    `asked` holds names or `name==version`; `python` is the minor version, for the markers.
    """
    markers = {
        "python_version": python,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "extra": "",
    }
    found: dict[str, tuple[Package, bool]] = {}
    waiting = [(text, True) for text in asked]
    pinned = dict(text.split("==") for text in asked if "==" in text)
    while waiting:
        text, is_asked = waiting.pop(0)
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate(markers):
            continue
        name = normalised(requirement.name)
        if name in found:
            continue
        package = RELEASES[name]
        if requirement.name in pinned or name in pinned:
            package = replace(package, version=pinned.get(requirement.name) or pinned[name])
        found[name] = package, is_asked
        waiting += [(needed, False) for needed in package.requires]
    return tuple(found.values())
