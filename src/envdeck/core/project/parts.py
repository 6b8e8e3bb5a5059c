"""Groups, extras and the project itself: what is declared where, what is asked for."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from envdeck.core.discovery.managers import lock_files, lock_manager
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.requirements import accepts, holds, parse_requirement
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.project.drift.installed import InstalledIndex, Root
from envdeck.core.project.drift.installed import reach as reach_from
from envdeck.core.project.manifests.others import read_setup_cfg, read_setup_py
from envdeck.core.project.manifests.pyproject import read_pyproject
from envdeck.core.project.manifests.requirements_txt import main_label, requirements_label
from envdeck.core.project.model import (
    DeclaredRequirement,
    Lock,
    Manifest,
    PassedFile,
    Project,
)
from envdeck.core.project.requirements import file_url
from envdeck.core.system import reach

OWN = ""
"""The id of the project's own dependencies."""

_PYPROJECT = frozenset({"pyproject", "poetry", "pdm"})
_SHOWN_ONLY = frozenset({"environment.yml"})
_CONDA = ("conda", "pixi")


@dataclass(frozen=True, slots=True)
class PartSection:
    """One part as one manifest has it."""

    manifest: Manifest
    id: str
    """Empty for the project's own; `group:dev`, `extra:docs`."""
    default: bool
    """Whether its tool installs it without being asked."""
    requirements: tuple[DeclaredRequirement, ...]

    @property
    def file(self) -> str:
        """The manifest."""
        return self.manifest.file


def sections(project: Project, lock: Lock | None, manager: str) -> Iterator[PartSection]:
    """Yield the parts, the project's own first, by manifests and their tool's habits.

    Both what is installed and what is compared with is put together of these. `pyproject.toml`
    and `setup.cfg` are the project's own; a `Pipfile` is where pipenv looks after the
    environment, or nothing else declares anything, and so is `requirements.txt` in the end. The
    others are parts by themselves, called by their files. A file that another includes, or that
    was compiled of it, is none.
    """
    first = main_manifests(project, manager)
    listed = [one for one in project.manifests if one.format not in _SHOWN_ONLY or one in first]
    passed = {one.file for one in passed_manifests(project, manager)}
    manifests = [one for one in listed if one.file not in passed or one.format == "requirements"]
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
        for section in _read_sections(manifest, manifest in first, tool, lock)
    ]
    compiled = {one.file for one in project.locks if one.usable and one.format == "requirements"}
    ids = {section.id for section in found if section.file not in compiled}
    main = _main_label(project.manifests)
    yield from (one for one in found if not (one.file in compiled and _declared_as(one, ids, main)))


def part_ids(project: Project, lock: Lock | None = None, manager: str = "") -> dict[str, bool]:
    """Return the groups and extras that can be chosen, by their ids, and of each whether its
    tool installs it without being asked."""
    found: dict[str, bool] = {}
    for one in sections(project, lock, manager):
        if one.id:
            found[one.id] = found.get(one.id, False) or one.default
    for each in project.locks:
        for group in each.groups:
            if each.usable and f"extra:{group}" not in found:
                default = each.format == "pylock" and group in each.default_groups
                found.setdefault(f"group:{group}", default or _locked_default(each, group, project))
        for extra in each.extras:
            found.setdefault(f"extra:{extra}", False)
    return found


def _locked_default(lock: Lock, group: str, project: Project) -> bool:
    """Whether a group that a lock alone tells of is one that its tool installs: where nothing is
    declared beside it."""
    return not project.manifests and group in lock.default_groups


def main_manifests(project: Project, manager: str = "") -> tuple[Manifest, ...]:
    """Return the manifests that declare the project's own dependencies, also those that cannot
    be read: what they ask for is not known then, and no other file stands in for them."""
    manifests = project.manifests
    named = [
        one for one in manifests if one.format != "requirements" and one.format not in _SHOWN_ONLY
    ]
    plain = _plain([one for one in manifests if one.format == "requirements"])
    pipfiles = [one for one in named if one.format == "Pipfile"]
    others = [one for one in named if one.format != "Pipfile"]
    declaring = [one for one in others if _declares(one) and not (one.dynamic and plain)]
    if pipfiles and (manager == "pipenv" or not declaring):
        return tuple(pipfiles)
    if declaring:
        return tuple(one for one in others if not (one.dynamic and plain))
    tables = [one for one in others if (one.groups or one.extras or one.builds) and
              not (one.dynamic and plain)]  # fmt: skip
    found = (*tables, *plain)
    if found or manager in _CONDA:
        return found
    return tuple(one for one in manifests if any(each.pip for each in one.requirements)
                 and one.format in _SHOWN_ONLY)  # fmt: skip


def passed_manifests(project: Project, manager: str = "") -> tuple[PassedFile, ...]:
    """Return the manifests that say something of the project's own dependencies and are passed
    over, each with the reason."""
    first = main_manifests(project, manager)
    names = " and ".join(dict.fromkeys(os.path.basename(one.file) for one in first))
    if not names:
        return ()
    main = _main_label(project.manifests)
    own = {line.file for one in first for line in one.requirements}
    found = []
    for one in project.manifests:
        if one in first or one.format in _SHOWN_ONLY or one.file in own:
            continue
        if one.dynamic:
            told = f"a build alone tells its dependencies, and {names} is installed"
            found.append(PassedFile(one.file, told))
        elif one.format != "requirements" or requirements_label(one.file) == main:
            found.append(PassedFile(one.file, f"{names} declares the project's own dependencies"))
    return tuple(found)


def not_here(project: Project) -> tuple[str, str] | None:
    """Return why an environment made for a project would be empty though something asks for
    packages, and a hint; None where nothing does."""
    if project.passed:
        return f"nothing here can be installed: {project.passed[0]}", (
            "run its own tool, or name a requirements file: `--from FILE`"
        )
    if project.members:
        names = [os.path.relpath(one, project.folder) for one in project.members]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        told = f"the folder declares no packages; {', '.join(names[:5])}{more} "
        told += "is a project" if len(names) == 1 else "are projects"
        return told, f"`envdeck create {project.members[0]}`"
    return None


def _read_sections(
    manifest: Manifest,
    first: bool,  # noqa: FBT001
    tool: str,
    lock: Lock | None,
) -> Iterator[PartSection]:
    """Yield the parts of one manifest that ask for anything."""
    label = requirements_label(manifest.file)
    parts = [("", "", OWN if first else f"group:{label}", first)]
    for group in manifest.groups:
        usual = first and _is_default(manifest, group, tool, lock)
        parts.append((group, "", f"group:{group}", usual))
    locked = lock.groups if lock is not None and lock.format == "pdm.lock" else ()
    parts += [("", extra, f"extra:{extra}", first and extra in locked) for extra in manifest.extras]
    for group, extra, part, default in parts:
        mine = [
            one
            for one in manifest.requirements
            if (one.group, one.extra) == (group, extra) and one.pip
        ]
        if mine:
            yield PartSection(manifest, part, default, tuple(mine))


def _declares(manifest: Manifest) -> bool:
    own = any(not one.group and not one.extra for one in manifest.requirements)
    return own or (bool(manifest.problems) and manifest.format != "Pipfile")


def _main_label(manifests: Iterable[Manifest]) -> str:
    files = [one.file for one in manifests if one.format == "requirements"]
    return main_label(map(requirements_label, files))


def _plain(files: Sequence[Manifest]) -> list[Manifest]:
    """Return the requirements files (`.in`, and what was compiled of it) of the usual name; a
    single one whatever it is called."""
    main = _main_label(files)
    return [one for one in files if main and requirements_label(one.file) == main]


def _declared_as(section: PartSection, ids: set[str], main: str) -> bool:
    """Whether other files declare what this one was compiled of."""
    label = requirements_label(section.file)
    named = {section.id, f"extra:{label}", f"group:{label}", *([OWN] * (label == main))}
    return bool(named & ids)


def _tool(lock: Lock | None, manager: str, manifests: Iterable[Manifest]) -> str:
    """Return the tool whose habits hold: that of the lock file, that of the tables in
    `pyproject.toml`, or that of the environment."""
    if lock is not None and (tool := lock_manager(lock.format)):
        return tool
    formats = {one.format for one in manifests}
    if tool := next((tool for tool in lock_files() if tool in formats), ""):
        return tool
    return manager if manager in lock_files() else "" if manager else "uv"


def _is_default(manifest: Manifest, group: str, tool: str, lock: Lock | None) -> bool:
    if lock is not None and lock.format == "pylock":
        return group in lock.default_groups
    if lock is not None and lock.format == "pdm.lock":
        return group in lock.groups
    if tool in ("poetry", "pdm") and manifest.format in _PYPROJECT:
        return group not in manifest.optional_groups
    if tool == "uv" and manifest.format in _PYPROJECT:
        usual = manifest.default_groups if manifest.format == "pyproject" else ("dev",)
        return group in usual
    return False  # pip and pipenv install no group without being asked


_EXTRAS = re.compile(r"\[([A-Za-z0-9._, -]+)\]\s*(?:;.*)?\Z")


@dataclass(frozen=True, slots=True)
class PartRequirement:
    """One requirement that holds for the environment's interpreter."""

    declared: DeclaredRequirement
    name: str
    """Normalised; empty where nothing tells it."""
    extras: tuple[str, ...] = ()
    specifier: str = ""
    url: str = ""
    """Where it comes from when not from an index, credentials masked."""
    editable: bool = False


@dataclass(frozen=True, slots=True)
class AskedPart:
    """One part, with what it asks for here."""

    id: str
    default: bool
    asked: tuple[PartRequirement, ...]
    there: tuple[bool, ...]
    """Of each whether it is installed, at whatever version."""
    counts: bool = False
    """Whether it is taken for wanted here."""


def asked_parts(
    project: Project,
    lock: Lock | None,
    manager: str,
    installed: InstalledIndex,
    unchecked: list[str],
) -> tuple[AskedPart, ...]:
    """Return the parts of a project, those that count told apart.

    A part counts where its tool installs it without being asked, or where all of it is installed
    and it asks for something that no such part does. At a version that it does not take, it has
    to be the only one that asks: of `django4` and `django5` one was installed, and what others
    need is there anyhow. What cannot be told of a requirement is added to `unchecked`.
    """
    reading = _Asking(project, installed, unchecked)
    parts: list[AskedPart] = []
    for section in sections(project, lock, manager):
        asked = tuple(dict.fromkeys(reading.asked(section.requirements)))
        there = tuple(bool(one.name) and installed.present(one.name, one.extras) for one in asked)
        parts.append(AskedPart(section.id, section.default, asked, there))
    return _counted(tuple(_joined(parts)), installed)


def own_names(project: Project) -> frozenset[str]:
    """Return the names that the project itself goes by."""
    names = {one.name for one in project.manifests if one.name}
    names |= {one.name for lock in project.locks for one in lock.packages if one.root and one.name}
    return frozenset(names)


def _counted(parts: Sequence[AskedPart], installed: InstalledIndex) -> tuple[AskedPart, ...]:
    known = {(one.name, one.extras) for part in parts if part.default for one in part.asked}
    whole = [part for part in parts if not part.default and all(part.there)
             and any((one.name, one.extras) not in known for one in part.asked)]  # fmt: skip
    fitting = [part for part in whole if all(_fits(one, installed) for one in part.asked)]
    counting = {part.id for part in (*(one for one in parts if one.default), *fitting)}
    if len(fitting) < len(whole):
        roots = [
            Root(one.name, one.extras) for part in parts if part.id in counting
            for one in part.asked if one.name
        ]  # fmt: skip
        elsewhere = reach_from(roots, installed).parts
        counting |= {
            part.id for part in whole if any(one.name not in elsewhere for one in part.asked)
        }
    return tuple(replace(part, counts=part.id in counting) for part in parts)


def _fits(one: PartRequirement, installed: InstalledIndex) -> bool:
    return any(accepts(one.specifier, there) for there in installed.versions(one.name))


def _joined(parts: Iterable[AskedPart]) -> Iterator[AskedPart]:
    """Yield each part once: several files may say something of one."""
    joined: dict[str, AskedPart] = {}
    for part in parts:
        same = joined.get(part.id)
        if same is not None:
            part = AskedPart(
                part.id, same.default or part.default, (*same.asked, *part.asked),
                (*same.there, *part.there),
            )  # fmt: skip
        joined[part.id] = part
    yield from joined.values()


class _Asking:
    """From what is declared to what is asked for here."""

    def __init__(self, project: Project, installed: InstalledIndex, unchecked: list[str]) -> None:
        self._installed, self._unchecked = installed, unchecked
        self._project = project.folder
        self._folder = file_url(os.path.normpath(project.folder)) if project.folder else ""
        self._names = own_names(project)
        self._dynamic = any(one.dynamic for one in project.manifests)
        self._extras: dict[str, list[DeclaredRequirement]] = {}
        for manifest in project.manifests:
            for one in manifest.requirements:
                if one.extra or (not one.group and manifest.name):
                    self._extras.setdefault(one.extra, []).append(one)

    def asked(self, requirements: Iterable[DeclaredRequirement]) -> Iterator[PartRequirement]:
        """Yield what these come to; the project's own extras, asked by its name, are followed."""
        todo = list(requirements)[::-1]
        followed: set[str] = set()
        while todo:
            one = todo.pop()
            verdict = holds(one.text, one.extra, self._installed.markers)
            if verdict is False:
                continue
            if verdict is None:
                self._note(one, "its marker cannot be evaluated for this interpreter")
                continue
            found = self._parsed(one)
            if found.url and not found.name:
                self._note(one, "no package name: cannot check if installed")
            if found.editable and found.url == self._folder and self._dynamic:
                yield found  # a build alone tells what it needs
                continue
            if found.name not in self._names and found.url != self._folder:
                yield found
                continue
            if found.url and not self._names and found.name:
                yield found  # what it needs is told by its metadata alone
            for extra in (*([""] if found.url else []), *found.extras):
                if extra not in followed:
                    followed.add(extra)
                    todo += self._extras.get(extra, ())

    def _parsed(self, one: DeclaredRequirement) -> PartRequirement:
        requirement = parse_requirement(one.text)
        if requirement is not None:
            _, at, url = one.text.partition("@")
            direct = url.partition(" ;")[0].strip() if at and not requirement.specifier else ""
            return PartRequirement(
                one, requirement.name, requirement.extras, requirement.specifier,
                mask_text(direct) if "://" in direct else "",
            )  # fmt: skip
        editable = one.text.startswith("-e ")
        text = one.text.removeprefix("-e ").partition(" ;")[0].strip()
        tail = _EXTRAS.search(text)
        extras = tuple(part.strip().lower() for part in tail[1].split(",")) if tail else ()
        url = mask_text(text[: tail.start()] if tail else text)
        return PartRequirement(one, one.name or self._name_at(url), extras, "", url, editable)

    def _name_at(self, url: str) -> str:
        """Return the name of what was installed from there; else what a folder there says."""
        place = self._installed.expanded(url)
        if "://" not in place and "$" not in place:  # a variable that holds a relative path
            place = file_url(os.path.normpath(os.path.join(self._project, place)))
        found = self._installed.find_origin(place)
        return found.name if found is not None else name_in(place)

    def _note(self, one: DeclaredRequirement, message: str) -> None:
        place = os.path.basename(one.file) + (f":{one.line}" if one.line else "")
        self._unchecked.append(f"{place}: {message}")


_NAMING = {"pyproject.toml": read_pyproject, "setup.cfg": read_setup_cfg, "setup.py": read_setup_py}


def name_in(url: str) -> str:
    """Return the name of the project in a folder of this disk; empty where none can be read."""
    _, is_file, place = url.partition("file://")
    folder = unquote(place.partition("#")[0], errors="surrogateescape") if is_file else ""
    if not os.path.isabs(folder) or not reach.isdir(folder):
        return ""
    paths = ((os.path.join(folder, file), read) for file, read in _NAMING.items())
    return next(
        (name for path, read in paths if reach.isfile(path) and (name := read(path).name)), ""
    )
