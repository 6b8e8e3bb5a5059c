"""What is said and noted of an environment that goes to the trash, and of its edited files."""

from collections.abc import Iterable

from envdeck.core.inspection.import_path import import_path
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.model import Edits, Environment, Fact
from envdeck.core.operations.transaction.journal import Entry
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.system.files import CFG_LIMIT, Unread, decode, read_bounded
from envdeck.core.system.host import Host
from envdeck.core.system.words import amount, counted, join_some

NOTED = 2_000
"""Unowned files, and edited ones, that a manifest lists."""
_NAMED = 5
"""Files and processes that are named; more are counted."""


def manifest_of(
    entry: Entry,
    environment: Environment,
    store: OperationStore,
    freeze: tuple[str, ...],
    unowned: Iterable[str] = (),
    edits: Edits | None = None,
) -> TrashManifest:
    """Return the manifest of an environment that an operation puts aside; `unowned` are the files
    in it that no package owns, relative to it, and `edits` those of packages that were edited."""
    size = environment.size
    return TrashManifest(
        id=entry.id,
        operation=entry.operation,
        path=entry.path,
        name=environment.name,
        manager=environment.manager,
        python=environment.python.version or "",
        put_at=store.host.now(),
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


def inherited_facts(environment: Environment, host: Host) -> tuple[Fact, ...]:
    """Return what the environment takes from the system or the user, which stays where it is."""
    if not environment.creation.system_site_packages:
        return ()
    inherited = {one.name for one in list_names(import_path(environment, host).inherited)}
    rows = read_distributions(environment)
    needed = {name for row in rows for name in row.requires} & inherited - {
        row.name for row in rows
    }
    if not inherited:
        return ()
    text = f"{counted(len(inherited), 'package')} of the system, unchanged"
    text += f"; required here: {join_some(sorted(needed))}" if needed else ""
    return (Fact("inherited", text),)


def edit_facts(edits: Edits) -> tuple[Fact, ...]:
    """Return which installed files are no longer what was installed."""
    facts = []
    if edits.count:
        facts.append(Fact("edited files", named_edits(edits)))
    if edits.unchecked:
        facts.append(Fact("not compared", join_some(edits.unchecked)))
    return tuple(facts)


def named_edits(edits: Edits) -> str:
    """Return how many files were edited, how large they are, and the first of them."""
    names = join_some((each.path for each in edits.files[: edits.count]), _NAMED)
    return f"{counted(edits.count, 'file')} of packages ({amount(edits.bytes)}): {names}"


def loss_warnings(edits: Edits) -> tuple[str, ...]:
    """Return what is lost for good where an environment is deleted permanently."""
    if not edits.count:
        return ()
    return (f"permanently deletes edited package files: {named_edits(edits)}",)


def recreate_warnings(edits: Edits, *, keep: bool) -> tuple[str, ...]:
    """Return what becomes of edited and of missing files in an environment that is recreated."""
    said = []
    if edits.count and not keep:
        said.append(
            f"edited files are replaced by the released ones: {named_edits(edits)};"
            " the edited ones stay in the trash"
        )
    if edits.missing:
        lack = "is missing and will be" if edits.missing == 1 else "are missing and will be"
        said.append(f"{counted(edits.missing, 'file')} of packages {lack} restored as released")
    if edits.unchecked:
        said.append(f"not compared with RECORD: {join_some(edits.unchecked)}")
    return tuple(said)


def upgrade_warnings(edits: Edits, *, keep: bool, became: str = "upgraded") -> tuple[str, ...]:
    """Return what becomes of edited files in packages that are upgraded, reinstalled or
    uninstalled."""
    if not edits.count:
        return ()
    gone = "removed" if became == "uninstalled" else "replaced"
    said = f"edited files of {became} packages are {gone}: {named_edits(edits)};"
    where = "edited ones stay in the trash"
    if keep:
        said = (
            f"edited files of {became} packages: {named_edits(edits)}; kept if their original is"
            " unchanged in the new release"
        )
        return (f"{said}; all {where}",)
    return (f"{said} the {where}",)
