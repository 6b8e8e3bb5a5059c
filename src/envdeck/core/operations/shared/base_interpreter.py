"""The interpreter that an operation takes, and the path by which an environment names it.

A relative one (`../../pythons/3.12/bin/python3`) leads nowhere in the folder where an environment
is made or copied: there it is absolute, and becomes what it was when the environment is settled.

Managers keep links that lead to a minor version's newest patch release (uv's
`cpython-3.12-linux-x86_64-gnu`, Homebrew's `opt/python@3.12`, mise's `3.12`), and people make
their own. Whatever names the folder of one patch release breaks with the next one.
"""

import os
import re
from collections.abc import Iterator, Mapping

from envdeck.core.discovery.interpreters.find import steady_prefix
from envdeck.core.discovery.interpreters.landmarks import locate
from envdeck.core.discovery.prefix import read_cfg
from envdeck.core.inspection.interpreter import version_of
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment, Fact, Interpreter, InterpreterOption, minor_of
from envdeck.core.operations.disk.links import replace_link
from envdeck.core.system import reach
from envdeck.core.system.reach import deepest_link, link_hops

_PYTHON = re.compile(r"(?:python|pypy)(?:\d+(?:\.\d+)?t?)?\Z")


def base_links(folder: str) -> Iterator[tuple[str, str]]:
    """Yield name and target of each link among an environment's interpreters (`folder` is its
    `bin`) that leads out of the environment."""
    root = os.path.dirname(folder)
    try:
        names = sorted(name for name in reach.listdir(folder) if _PYTHON.match(name))
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(os.path.join(folder, name))
        except OSError:
            continue
        if not os.path.normpath(os.path.join(folder, target)).startswith(root + os.sep):
            yield name, target


def anchor_links(staged: str, path: str) -> dict[str, str]:
    """Make the relative ones of those links absolute in the copy at `staged` of the environment
    at `path`; return them as they were, by their names."""
    folder = os.path.join(staged, "bin")
    there = dict(base_links(os.path.join(path, "bin")))
    relative = {name: target for name, target in there.items() if not os.path.isabs(target)}
    for name, target in relative.items():
        if _target(os.path.join(folder, name)) == target:
            absolute = os.path.normpath(os.path.join(path, "bin", target))
            replace_link(os.path.join(folder, name), absolute)
    return relative


def restore_links(staged: str, path: str, links: Mapping[str, str]) -> None:
    """Give links in what is made at `staged` and will be at `path` the targets that they had, by
    their names; one that leads elsewhere from there, or within the environment, stays."""
    folder = os.path.join(staged, "bin")
    outer = dict(base_links(folder))
    for name, target in links.items():
        if name not in outer or outer[name] == target:
            continue
        then = reach.realpath(os.path.join(path, "bin", target))
        if then == reach.realpath(os.path.join(folder, outer[name])):
            replace_link(os.path.join(folder, name), target)


def _target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


_PATCH = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class BaseNames:
    """What an environment calls its base, as far as that leads to one interpreter now."""

    executable: str
    """The path outside of the environment to which its own entry is a link; where that is a copy,
    the executable in its `home`."""
    cfg: Mapping[str, str] = field(default_factory=dict)
    """Values of `pyvenv.cfg` by their keys: `home`, `base-prefix` …"""
    links: Mapping[str, str] = field(default_factory=dict)
    """Targets of its links to the base, as they are written, by their names (`python3`)."""


@dataclass(frozen=True, slots=True)
class BasePath:
    """How an environment is to name an interpreter."""

    executable: str
    """What its links lead to, and what its creator is given."""
    kept: BaseNames | None = None
    """The old environment's own names, where those stay."""
    lost: str = ""
    """Why the old environment's link does not stay, in a sentence; empty where it does, or where
    there is none."""

    @property
    def link(self) -> str | None:
        """The link in the path that moves on with patch releases, if there is one."""
        return moving_link(self.executable)


def base_path(chosen: InterpreterOption, environment: Environment | None = None) -> BasePath:
    """Return how an environment is to name the interpreter that was chosen.

    By the link that a person named; else by that of the old environment, as long as it leads
    there; else by the link that the interpreter's manager moves on with patch releases, unless
    one patch release was asked for; else by its own path.
    """
    one = chosen.interpreter
    if chosen.path is not None:
        return BasePath(chosen.path)
    old = _entry_target(environment) if environment is not None else None
    if environment is not None and old is not None and leads_to(old, one):
        return BasePath(old, _names(environment, old, one))
    lost = _lost(old, one) if old is not None else ""
    steady = None if chosen.exact else steady_prefix(one.prefix, one.source)
    if steady is not None:
        path = os.path.join(steady, os.path.relpath(one.executable, one.prefix))
        if leads_to(path, one):
            return BasePath(path, lost=lost)
    return BasePath(one.executable, lost=lost)


def uses_of(named: BasePath, version: str | None) -> tuple[Fact, ...]:
    """Return what a plan says of the link that an environment will use, if there is one."""
    link = named.link
    return () if link is None else (Fact("uses", f"{link} → {version or 'unknown'}"),)


def moving_link(path: str) -> str | None:
    """Return the link in the path of an executable that may lead to another installation one day.

    `bin/python3` beside the `python3.12` that it leads to does not; nor does a home folder that
    is a link, where the folder of one patch release is named below it.
    """
    link = deepest_link(path)
    if link == path:
        folders = {reach.realpath(os.path.dirname(hop)) for hop in link_hops(path)}
        link = path if len(folders) > 1 else deepest_link(os.path.dirname(path))
    return None if link is None or _PATCH.search(path[len(link) :]) else link


def leads_to(path: str, interpreter: Interpreter) -> bool:
    """Tell whether a path is an interpreter's executable, or leads to it; one that leads there
    by way of an environment does not count, since that may go."""
    if reach.realpath(path) != interpreter.executable:
        found, own = locate(path), locate(interpreter.executable)
        if found is None or own is None:
            return False
        if (found.prefix, found.stdlib) != (own.prefix, own.stdlib):
            return False
    return all(locate(hop) is not None for hop in link_hops(path))


def prefix_by(path: str, prefix: str) -> str:
    """Return the prefix of an executable by the link in its path: `opt/python@3.12` of
    `opt/python@3.12/bin/python3.12`. A link to the executable alone is followed first."""
    levels = os.path.relpath(reach.realpath(path), prefix).count(os.sep) + 1
    for hop in link_hops(path):
        folder = hop
        for _ in range(levels):
            folder = os.path.dirname(folder)
        if reach.realpath(folder) == prefix:
            return folder
    return prefix


def _entry_target(environment: Environment) -> str | None:
    """Return the executable of the base as the environment names it, whether it is there or not."""
    folder = os.path.dirname(environment.python.executable or "")
    targets = dict(base_links(folder)) if folder else {}
    for name in ("python", "python3", *targets):
        if name in targets:
            path = os.path.join(folder, targets[name])
            plain = os.path.normpath(path)
            same = reach.realpath(plain) == reach.realpath(path)
            return plain if same else path
    home = read_cfg(os.path.join(environment.path, "pyvenv.cfg"))[0].get("home", "")
    if not os.path.isabs(home):
        return None
    minor = minor_of(environment.python.version) or "3"
    beside = [os.path.join(home, name) for name in (f"python{minor}", "python3", "python")]
    return next((path for path in beside if reach.exists(path)), beside[0])


def _names(environment: Environment, executable: str, one: Interpreter) -> BaseNames:
    """Return the names in an environment that lead to an interpreter, and no others."""
    folder = os.path.dirname(environment.python.executable or "")
    links = {
        name: target
        for name, target in base_links(folder)
        if leads_to(os.path.join(folder, target), one)
    }
    cfg = read_cfg(os.path.join(environment.path, "pyvenv.cfg"))[0]
    kept = {key: value for key, value in cfg.items() if still_leads(key, value, one)}
    return BaseNames(executable, kept, links)


def still_leads(key: str, value: str, one: Interpreter) -> bool:
    """Tell whether a value of a `pyvenv.cfg` names that interpreter."""
    if not os.path.isabs(value):
        return False
    if key in ("base-prefix", "base-exec-prefix"):
        return reach.realpath(value) == one.prefix
    if key in ("executable", "base-executable"):
        return leads_to(value, one)
    if key == "home":
        minor = minor_of(one.version) or "3"
        names = (os.path.basename(one.executable), f"python{minor}", "python3", "python")
        return any(leads_to(os.path.join(value, name), one) for name in names)
    return False


def _lost(old: str, one: Interpreter) -> str:
    """Say where a link leads that an environment named its base by, and that cannot stay."""
    link = moving_link(old)
    if link is None:
        return ""
    found = locate(old)
    if found is None:
        return f"symlink {link} → {reach.realpath(old)} is no longer an interpreter"
    if found.minor is not None and found.minor != minor_of(one.version):
        return f"symlink {link} now resolves to Python {version_of(found, {}, '') or found.minor}"
    return ""
