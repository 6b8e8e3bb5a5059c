"""Another interpreter of the same minor version: what changes in an environment for it.

An environment uses its base by a few links (or copies) in its scripts folder and by some
lines of its `pyvenv.cfg` (PEP 405); everything else in it names the environment itself. Where
the minor version stays, its packages stay good, and only these change. Neither `python -m venv
--upgrade` nor a creator is run: over another minor version the one makes a chimera, over a
dangling link it does nothing, and both say that all went well.
"""

import os
import re
import shutil
import stat
from collections.abc import Callable, Sequence
from enum import StrEnum

from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import moved_reason
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Environment,
    Interpreter,
    InterpreterOption,
    Status,
    minor_of,
)
from envdeck.core.operations.engine.relocation import CfgChange, rewritten
from envdeck.core.operations.shared.base_interpreter import (
    BaseNames,
    BasePath,
    base_path,
    prefix_by,
)
from envdeck.core.operations.shared.interpreters import (
    NamedInterpreter,
    NoBase,
    choose_base,
    package_minors,
)
from envdeck.core.system import reach
from envdeck.core.system.files import CFG_LIMIT, Unread, read_bounded, reason_of
from envdeck.core.system.host import Host

_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?t?)?\Z")
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""What an executable begins with: ELF, and the forms of Mach-O."""


@dataclass(frozen=True, slots=True)
class BaseLink:
    """A link that leads to the base."""

    path: str
    """Relative to the environment: `bin/python`."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BaseCopy:
    """A copy of the base's executable."""

    path: str
    """Relative to the environment: `bin/python`."""
    source: str


@dataclass(frozen=True, slots=True)
class Entries:
    """What leads to the base."""

    links: tuple[BaseLink, ...]
    copies: tuple[BaseCopy, ...]


def read_entries(environment: Environment, base: Interpreter) -> Entries | Unread:
    """Return the entries of an environment as they are, and as they are for that base.

    A link to a neighbour (`python3 -> python`), or to elsewhere in the environment, stays what
    it is. A program that is neither link nor executable image is nothing a creator made, and
    a reason to leave all of it alone.
    """
    folder = os.path.dirname(environment.python.executable or "")
    try:
        names = sorted(name for name in reach.listdir(folder) if _PYTHON.match(name))
        return _sorted_out(environment.path, folder, names, base)
    except OSError as error:
        return Unread(f"{os.path.basename(folder)} cannot be read: {reason_of(error)}")


def _sorted_out(root: str, folder: str, names: list[str], base: Interpreter) -> Entries | Unread:
    links: list[BaseLink] = []
    copies: list[BaseCopy] = []
    for name in names:
        path = os.path.join(folder, name)
        relative = os.path.relpath(path, root)
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            target = os.readlink(path)
            if not _inside(root, os.path.join(folder, target)):
                links.append(BaseLink(relative, target, base.executable))
        elif stat.S_ISREG(mode) and _is_program(path):
            copies.append(BaseCopy(relative, reach.realpath(base.executable)))
        else:
            return Unread(f"{relative} is not a link to or copy of an interpreter")
    if not links and not copies:
        return Unread("no base interpreter linked from the scripts folder")
    return Entries(tuple(links), tuple(copies))


def _inside(root: str, target: str) -> bool:
    return os.path.normpath(target).startswith(root.rstrip(os.sep) + os.sep)


def _is_program(path: str) -> bool:
    head = read_bounded(path, 4, whole=False)
    return not isinstance(head, Unread) and head.startswith(_PROGRAMS)


@dataclass(frozen=True, slots=True)
class Repair:
    """What changes in an environment so that it runs on another base; a value."""

    interpreter: Interpreter
    named: BasePath
    """By which path it names that base then."""
    links: tuple[BaseLink, ...]
    """Links in the scripts folder that are recreated."""
    copies: tuple[BaseCopy, ...]
    """Executables in the scripts folder that are copied again."""
    cfg: bytes = field(repr=False)
    """The whole new `pyvenv.cfg`."""
    cfg_changes: tuple[CfgChange, ...]


class NoRepairKind(StrEnum):
    """What a person can do where there is no repair."""

    RECREATE = "recreate"
    """It takes a rebuild: another minor version, or parts that cannot be exchanged."""
    NO_INTERPRETER = "no-interpreter"
    """No interpreter that was found fits."""
    CURRENT = "current"
    """Nothing: it runs on that interpreter already."""


@dataclass(frozen=True, slots=True)
class NoRepair:
    """Why an environment is not repaired in place."""

    kind: NoRepairKind
    reason: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""


def repair_plan(
    environment: Environment,
    interpreters: Sequence[Interpreter],
    host: Host,
    *,
    wanted: str | None = None,
    link: str | None = None,
) -> Repair | NoRepair:
    """Return how to put an environment on a base of the same minor version, or why not.

    `wanted` is a version (`3.11`, `3.11.9`) or the path of an executable; without it the newest
    patch release of its minor version is taken, by preference from the same source (pyenv, uv,
    the system …). `link` is the link by which a person named it, if so. The disk is looked at,
    and nothing is changed or run.
    """
    if reason := _unsupported(environment, host):
        return NoRepair(NoRepairKind.RECREATE, reason)
    minors = package_minors(environment) or {minor_of(environment.python.version)}
    if len(minors) != 1 or not all(minors):
        told = " and ".join(sorted(filter(None, minors))) or "an unknown version"
        return NoRepair(NoRepairKind.RECREATE, f"its packages are for {told}")
    (minor,) = minors
    base = choose_base(environment, interpreters, minor, NamedInterpreter.parse(wanted))
    if isinstance(base, NoBase):
        kind = NoRepairKind.RECREATE if base.other else NoRepairKind.NO_INTERPRETER
        hint = f"`envdeck recreate ENV --python {base.other or 'VERSION'}`"
        return NoRepair(kind, base.reason, hint)
    data = read_bounded(os.path.join(environment.path, "pyvenv.cfg"), CFG_LIMIT)
    if isinstance(data, Unread) or b"\0" in data:
        why = f"cannot be read: {data.reason}" if isinstance(data, Unread) else "is not text"
        return NoRepair(NoRepairKind.RECREATE, f"pyvenv.cfg {why}")
    exact = NamedInterpreter.parse(wanted).version is not None and (wanted or "").count(".") > 1
    named = base_path(InterpreterOption(base, path=link, exact=exact), environment)
    by_link = replace(
        base, executable=named.executable, prefix=prefix_by(named.executable, base.prefix)
    )
    entries = read_entries(environment, by_link)
    if isinstance(entries, Unread):
        return NoRepair(NoRepairKind.RECREATE, entries.reason)
    kept = BaseNames("") if named.kept is None else named.kept
    cfg, cfg_changes = rewritten(data, by_link, lambda key, old: kept.cfg.get(key) == old)
    links = tuple(
        each
        for each in entries.links
        if each.before not in (each.after, kept.links.get(os.path.basename(each.path)))
    )
    if not links and not cfg_changes and environment.status is not Status.BROKEN:
        return NoRepair(NoRepairKind.CURRENT, f"already uses {named.executable}")
    if host.macos and entries.copies:
        return NoRepair(
            NoRepairKind.RECREATE, "on macOS, a copied interpreter cannot be moved to another base"
        )
    return Repair(base, named, links, entries.copies, cfg, cfg_changes)


def _unsupported(environment: Environment, host: Host) -> str:
    """Return why the interpreter of an environment cannot be exchanged, or an empty text."""
    if host.windows:
        return "on Windows, launchers are bound to their base interpreter"
    if environment.creation.creator == "conda":
        return "conda installs the interpreter as one of its packages"
    if environment.status is Status.SUSPECT:
        return environment.reason
    if environment.python.executable is None:
        return "no interpreter of its own"
    if environment.python.implementation not in (None, "cpython"):
        return f"uses {environment.python.implementation}, whose libraries are linked into it"
    candidate = recognise(environment.path)
    # where its base is gone as well, its status says that alone
    return moved_reason(candidate) if candidate is not None else ""


_NEW = ".envdeck-new"


def apply_repair(folder: str, repair: Repair, write: Callable[[str, bytes], None]) -> None:
    """Carry a repair out in the staged copy at `folder`.

    The files of the copy are hard links to the original's: each is replaced by a new one, and
    none is written into. `write` does so for a whole file. Raises OSError, and leaves the copy
    half done then: it is staged, and is thrown away.
    """
    for link in repair.links:
        path = os.path.join(folder, link.path)
        _clear(path + _NEW)
        os.symlink(link.after, path + _NEW)
        os.replace(path + _NEW, path)
    for copy in repair.copies:
        path = os.path.join(folder, copy.path)
        _clear(path + _NEW)
        shutil.copyfile(copy.source, path + _NEW)
        shutil.copymode(copy.source, path + _NEW)
        os.replace(path + _NEW, path)
    write(os.path.join(folder, "pyvenv.cfg"), repair.cfg)


def _clear(path: str) -> None:
    """Remove what an earlier attempt left."""
    if os.path.lexists(path):
        os.unlink(path)
