"""What is said of an environment before it goes, and what is noted of it in the trash."""

from collections.abc import Iterable

from envdeck.core.files import CFG_LIMIT, Unread, decode, read_bounded
from envdeck.core.inspection.credentials import mask_text
from envdeck.core.inspection.unowned import Unowned
from envdeck.core.model import Edits, Environment, Fact, ProjectState
from envdeck.core.operations.guards.moment import Moment
from envdeck.core.operations.journal import Entry
from envdeck.core.operations.sources.outlook import rebuilt_from
from envdeck.core.operations.transaction import Ground
from envdeck.core.operations.trash import Manifest

NOTED = 2_000
"""Unowned files, and edited ones, that a manifest lists."""
_NAMED = 5
"""Files and processes that are named; more are counted."""


def facts_of(
    environment: Environment, unowned: Unowned, moment: Moment, *, kept: bool = True
) -> tuple[Fact, ...]:
    """Return what a person should know before an environment goes."""
    facts = [Fact("python", _python(environment))]
    if environment.project.path is not None:
        gone = "" if environment.project.state is ProjectState.FOUND else ", which is not there"
        facts.append(Fact("project", f"{environment.project.path}{gone}"))
    facts.append(Fact("rebuilt from", rebuilt_from(environment, kept=kept)))
    if unowned.count:
        names = ", ".join(file.path for file in unowned.files[:_NAMED])
        more = unowned.count - min(unowned.count, _NAMED)
        told = f"{names} and {more:,} more" if more else names
        facts.append(Fact("your files", told))
    running = moment.processes
    if running.hidden and not running.problem and not running.users_of(environment.path):
        facts.append(Fact("used by", "no process of yours; others' cannot be looked into"))
    if environment.links:
        facts.append(Fact("links to it", f"lead nowhere then: {', '.join(environment.links)}"))
    if moment.read_only:
        facts.append(Fact("mode", "read-only: nothing is changed"))
    return tuple(facts)


def _python(environment: Environment) -> str:
    version = environment.python.version or "not known"
    count = environment.packages
    packages = "" if count is None else f", {count:,} package{'' if count == 1 else 's'}"
    return f"{version}, of {environment.manager}{packages}"


def manifest_of(
    entry: Entry,
    environment: Environment,
    ground: Ground,
    freeze: tuple[str, ...],
    unowned: Iterable[str] = (),
    edits: Edits | None = None,
) -> Manifest:
    """Return the manifest of an environment that an operation puts aside; `unowned` are the files
    in it that no package owns, relative to it, and `edits` those of packages that were edited."""
    size = environment.size
    return Manifest(
        id=entry.id,
        operation=entry.operation,
        path=entry.path,
        name=environment.name,
        manager=environment.manager,
        python=environment.python.version or "",
        put_at=ground.host.now(),
        packages=environment.packages,
        disk_bytes=size.disk_bytes if size else None,
        reclaimable_bytes=size.reclaimable_bytes if size else None,
        project=environment.project.path,
        freeze=freeze,
        cfg=_cfg(environment),
        unowned=tuple(sorted(unowned)[:NOTED]),
        edited=() if edits is None else tuple(each.path for each in edits.files[:NOTED]),
    )


def _cfg(environment: Environment) -> str:
    data = read_bounded(f"{environment.path}/pyvenv.cfg", CFG_LIMIT)
    return "" if isinstance(data, Unread) else mask_text(decode(data))
