"""Which file declares which part of a project: its own dependencies, a group, an extra."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from envdeck.core.project.drift import Project
from envdeck.core.project.model import DeclaredRequirement, Lock, Manifest
from envdeck.core.project.requirements_txt import PLAIN_LABELS, requirements_label

OWN = ""
"""The id of the project's own dependencies."""

_TOOL_OF_LOCK = {
    "uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv",
}  # fmt: skip
_PYPROJECT = frozenset({"pyproject", "poetry", "pdm"})
_SHOWN_ONLY = frozenset({"environment.yml"})


@dataclass(frozen=True, slots=True)
class Section:
    """One part as one manifest has it."""

    file: str
    id: str
    """Empty for the project's own; `group:dev`, `extra:docs`."""
    default: bool
    """Whether its tool installs it without being asked."""
    requirements: tuple[DeclaredRequirement, ...]


def sections(project: Project, lock: Lock | None, manager: str) -> Iterator[Section]:
    """Yield the parts, the project's own first, by manifests and their tool's habits.

    `pyproject.toml` and `setup.cfg` are the project's own; a `Pipfile` is where pipenv looks
    after the environment, or nothing else declares anything, and so is `requirements.txt` in the
    end. The others are parts by themselves, called by their files. A file that another includes,
    or that was compiled of it, is none.
    """
    manifests = [one for one in project.manifests if one.format not in _SHOWN_ONLY]
    first = _first(manifests, manager)
    tool = _tool(lock, manager, manifests)
    ordered = (*first, *(one for one in manifests if one not in first))
    taken = {
        line.file
        for one in manifests
        if one.format != "requirements"
        for line in one.requirements
        if line.file != one.file
    }
    found = [
        section
        for manifest in ordered
        if manifest.file not in taken
        for section in _of(manifest, manifest in first, tool, lock)
    ]
    compiled = {one.file for one in project.locks if one.usable and one.format == "requirements"}
    ids = {section.id for section in found if section.file not in compiled}
    yield from (one for one in found if not (one.file in compiled and _declared_as(one, ids)))


def _of(manifest: Manifest, first: bool, tool: str, lock: Lock | None) -> Iterator[Section]:  # noqa: FBT001
    """Yield the parts of one manifest that ask for anything."""
    label = requirements_label(manifest.file)
    parts = [("", "", OWN if first else f"group:{label}", first)]
    for group in manifest.groups:
        usual = first and _by_default(manifest, group, tool, lock)
        parts.append((group, "", f"group:{group}", usual))
    parts += [("", extra, f"extra:{extra}", False) for extra in manifest.extras]
    for group, extra, part, default in parts:
        mine = [one for one in manifest.requirements if (one.group, one.extra) == (group, extra)]
        if mine:
            yield Section(manifest.file, part, default, tuple(mine))


def _first(manifests: Sequence[Manifest], manager: str) -> list[Manifest]:
    """Return the manifests that declare the project's own dependencies."""
    named = [one for one in manifests if one.format != "requirements"]
    pipfiles = [one for one in named if one.format == "Pipfile"]
    declaring = [one for one in named if one.format != "Pipfile" and _declares(one)]
    if pipfiles and (manager == "pipenv" or not declaring):
        return pipfiles
    if declaring:
        return [one for one in named if one.format != "Pipfile"]
    tables = [one for one in named if one.groups or one.extras]
    return [*tables, *_plain([one for one in manifests if one.format == "requirements"])]


def _declares(manifest: Manifest) -> bool:
    return any(not one.group and not one.extra for one in manifest.requirements)


def _plain(files: Sequence[Manifest]) -> list[Manifest]:
    """Return the requirements files (`.in`, and what was compiled of it) of the usual name; a
    single one whatever it is called."""
    for name in PLAIN_LABELS:
        found = [one for one in files if requirements_label(one.file) == name]
        if found:
            return found
    return list(files) if len({requirements_label(one.file) for one in files}) == 1 else []


def _declared_as(section: Section, ids: set[str]) -> bool:
    """Whether other files declare what this one was compiled of."""
    label = requirements_label(section.file)
    named = {section.id, f"extra:{label}", f"group:{label}", *([OWN] * (label in PLAIN_LABELS))}
    return bool(named & ids)


def _tool(lock: Lock | None, manager: str, manifests: Iterable[Manifest]) -> str:
    """Return the tool whose habits hold: that of the lock file, of the environment, or that of
    the tables in `pyproject.toml`."""
    if lock is not None and lock.format in _TOOL_OF_LOCK:
        return _TOOL_OF_LOCK[lock.format]
    if manager in _TOOL_OF_LOCK.values():
        return manager
    formats = {one.format for one in manifests}
    return next((tool for tool in ("poetry", "pdm") if tool in formats), "")


def _by_default(manifest: Manifest, group: str, tool: str, lock: Lock | None) -> bool:
    if tool in ("poetry", "pdm") and manifest.format in _PYPROJECT:
        return group not in manifest.optional_groups
    if tool == "uv":
        usual = manifest.default_groups if manifest.format == "pyproject" else ("dev",)
        return group in usual
    if lock is not None and lock.format == "pylock":
        return group in lock.default_groups
    return False  # pip and pipenv install no group without being asked
