"""Giving an environment a working interpreter of its own minor version, without a rebuild.

An environment rests on its base by a few links (or copies) in its scripts folder and by some
lines of its `pyvenv.cfg` (PEP 405); everything else in it names the environment itself. Where
the minor version stays, its packages stay good, and only these change. Neither `python -m venv
--upgrade` nor a creator is run: over another minor version the one makes a chimera, over a
dangling link it does nothing, and both say that all went well.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from envdeck.core.files import CFG_LIMIT, Unread, read_bounded
from envdeck.core.host import Host
from envdeck.core.inspection.interpreter import minor_of
from envdeck.core.model import Environment, Interpreter, Status
from envdeck.core.operations.base_path import BaseNames, BasePath, base_path, prefix_by
from envdeck.core.operations.interpreters import Choice
from envdeck.core.operations.upgrading.bases import NoBase, Wanted, choose_base, package_minors
from envdeck.core.operations.upgrading.cfg_text import CfgChange, rewritten
from envdeck.core.operations.upgrading.entries import Copy, Link, read_entries


@dataclass(frozen=True, slots=True)
class Repair:
    """What changes in an environment so that it runs on another base; a value."""

    interpreter: Interpreter
    named: BasePath
    """By which path it names that base then."""
    links: tuple[Link, ...]
    """Links in the scripts folder that are made anew."""
    copies: tuple[Copy, ...]
    """Executables in the scripts folder that are copied anew."""
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
    """Return how to put an environment on a base of its own minor version, or why not.

    `wanted` is a version (`3.11`, `3.11.9`) or the path of an executable; without it the newest
    patch release of its minor version is taken, by preference from the same source (pyenv, uv,
    the system …). `link` is the link by which a person named it, if so. The disk is looked at,
    and nothing is changed or run.
    """
    if reason := _unsupported(environment, host):
        return NoRepair(NoRepairKind.RECREATE, reason)
    minors = package_minors(environment) or {minor_of(environment.python.version) or ""}
    if len(minors) != 1 or not all(minors):
        told = " and ".join(sorted(filter(None, minors))) or "no known version"
        return NoRepair(NoRepairKind.RECREATE, f"its packages are for {told}")
    (minor,) = minors
    base = choose_base(environment, interpreters, minor, Wanted.parse(wanted))
    if isinstance(base, NoBase):
        kind = NoRepairKind.RECREATE if base.other else NoRepairKind.NO_INTERPRETER
        hint = f"`envdeck recreate ENV --python {base.other or 'VERSION'}`"
        return NoRepair(kind, base.reason, hint)
    data = read_bounded(os.path.join(environment.path, "pyvenv.cfg"), CFG_LIMIT)
    if isinstance(data, Unread) or b"\0" in data:
        why = f"cannot be read: {data.reason}" if isinstance(data, Unread) else "is not text"
        return NoRepair(NoRepairKind.RECREATE, f"its pyvenv.cfg {why}")
    exact = Wanted.parse(wanted).version is not None and (wanted or "").count(".") > 1
    named = base_path(Choice(base, path=link, exact=exact), environment)
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
        return NoRepair(NoRepairKind.CURRENT, f"it already runs on {named.executable}")
    if host.macos and entries.copies:
        return NoRepair(
            NoRepairKind.RECREATE, "its interpreter is a copy, which macOS binds to its base"
        )
    return Repair(base, named, links, entries.copies, cfg, cfg_changes)


def _unsupported(environment: Environment, host: Host) -> str:
    """Return why the interpreter of an environment cannot be exchanged, or an empty text."""
    if host.windows:
        return "on Windows its launchers are programs of the base they were made from"
    if environment.creation.creator == "conda":
        return "conda installs the interpreter as one of its packages"
    if environment.status is Status.SUSPECT:
        return environment.reason
    if environment.python.executable is None:
        return "it has no interpreter of its own"
    if environment.python.implementation not in (None, "cpython"):
        return f"it runs on {environment.python.implementation}, whose libraries are linked into it"
    return ""
