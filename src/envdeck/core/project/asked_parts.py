"""The parts of what a project declares: its own dependencies, its groups, and its extras."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from envdeck.core.inspection.credentials import mask_text
from envdeck.core.inspection.requirements import holds, parse_requirement
from envdeck.core.project.drift import Project
from envdeck.core.project.installed import Installed
from envdeck.core.project.model import DeclaredRequirement, Lock
from envdeck.core.project.requirement_text import file_url
from envdeck.core.project.sections import sections

_EXTRAS = re.compile(r"\[([A-Za-z0-9._, -]+)\]\s*(?:;.*)?\Z")


@dataclass(frozen=True, slots=True)
class Asked:
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
    asked: tuple[Asked, ...]
    there: tuple[bool, ...]
    """Of each whether it is installed, at whatever version."""
    counts: bool = False
    """Whether it is taken for wanted here."""


def asked_parts(
    project: Project, lock: Lock | None, manager: str, installed: Installed, unchecked: list[str]
) -> tuple[AskedPart, ...]:
    """Return the parts of a project, those that count told apart.

    A part counts where its tool installs it without being asked, or where all of it is installed
    and it asks for something that no such part does. What cannot be told of a requirement is
    added to `unchecked`.
    """
    reading = _Asking(project, installed, unchecked)
    parts: list[AskedPart] = []
    for section in sections(project, lock, manager):
        asked = tuple(dict.fromkeys(reading.asked(section.requirements)))
        there = tuple(bool(one.name) and installed.present(one.name, one.extras) for one in asked)
        parts.append(AskedPart(section.id, section.default, asked, there))
    known = {(one.name, one.extras) for part in parts if part.default for one in part.asked}
    return tuple(replace(part, counts=_counts(part, known)) for part in _joined(parts))


def own_names(project: Project) -> frozenset[str]:
    """Return the names that the project itself goes by."""
    names = {one.name for one in project.manifests if one.name}
    names |= {one.name for lock in project.locks for one in lock.packages if one.root and one.name}
    return frozenset(names)


def _counts(part: AskedPart, known: set[tuple[str, tuple[str, ...]]]) -> bool:
    new = any((one.name, one.extras) not in known for one in part.asked)
    return part.default or (new and all(part.there))


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

    def __init__(self, project: Project, installed: Installed, unchecked: list[str]) -> None:
        self._installed, self._unchecked = installed, unchecked
        self._folder = file_url(os.path.normpath(project.folder)) if project.folder else ""
        self._names = own_names(project)
        self._extras: dict[str, list[DeclaredRequirement]] = {}
        for manifest in project.manifests:
            for one in manifest.requirements:
                if one.extra or (not one.group and manifest.name):
                    self._extras.setdefault(one.extra, []).append(one)

    def asked(self, requirements: Iterable[DeclaredRequirement]) -> Iterator[Asked]:
        """Yield what these come to; the project's own extras, asked by its name, are followed."""
        todo = list(requirements)[::-1]
        followed: set[str] = set()
        while todo:
            one = todo.pop()
            verdict = holds(one.text, one.extra, self._installed.markers)
            if verdict is False:
                continue
            if verdict is None:
                self._note(one, "whether its marker holds for this interpreter cannot be told")
                continue
            found = self._parsed(one)
            if found.url and not found.name:
                self._note(one, "it names no package, so whether it is installed cannot be told")
            if found.name not in self._names and found.url != self._folder:
                yield found
                continue
            if found.url and not self._names and found.name:
                yield found  # what it needs is told by its metadata alone
            for extra in (*([""] if found.url else []), *found.extras):
                if extra not in followed:
                    followed.add(extra)
                    todo += self._extras.get(extra, ())

    def _parsed(self, one: DeclaredRequirement) -> Asked:
        requirement = parse_requirement(one.text)
        if requirement is not None:
            _, at, url = one.text.partition("@")
            direct = url.partition(" ;")[0].strip() if at and not requirement.specifier else ""
            return Asked(
                one, requirement.name, requirement.extras, requirement.specifier,
                mask_text(direct) if "://" in direct else "",
            )  # fmt: skip
        editable = one.text.startswith("-e ")
        text = one.text.removeprefix("-e ").partition(" ;")[0].strip()
        tail = _EXTRAS.search(text)
        extras = tuple(part.strip().lower() for part in tail[1].split(",")) if tail else ()
        url = mask_text(text[: tail.start()] if tail else text)
        return Asked(one, one.name or self._name_at(url), extras, "", url, editable)

    def _name_at(self, url: str) -> str:
        """Return the name of what was installed from there."""
        found = self._installed.from_origin(url)
        return found.name if found is not None else ""

    def _note(self, one: DeclaredRequirement, message: str) -> None:
        place = os.path.basename(one.file) + (f":{one.line}" if one.line else "")
        self._unchecked.append(f"{place}: {message}")
