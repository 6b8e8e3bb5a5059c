"""What is said of installed files that were edited, before an operation takes them along."""

from envdeck.core.model import Edits, Fact
from envdeck.core.operations.guards.guard import amount, some

_NAMED = 5


def edit_facts(edits: Edits) -> tuple[Fact, ...]:
    """Return which installed files are no longer what was installed."""
    facts = []
    if edits.count:
        facts.append(Fact("edited files", named_edits(edits)))
    if edits.unchecked:
        facts.append(Fact("not compared", some(edits.unchecked)))
    return tuple(facts)


def named_edits(edits: Edits) -> str:
    """Return how many files were edited, how large they are, and the first of them."""
    names = some((each.path for each in edits.files[: edits.count]), _NAMED)
    return f"{_files(edits.count)} of packages ({amount(edits.bytes)}): {names}"


def loss_warnings(edits: Edits) -> tuple[str, ...]:
    """Return what is lost for good where an environment is deleted permanently."""
    if not edits.count:
        return ()
    return (f"edited since they were installed, and deleted permanently: {named_edits(edits)}",)


def recreate_warnings(edits: Edits, *, keep: bool) -> tuple[str, ...]:
    """Return what becomes of edited and of missing files in an environment that is recreated."""
    said = []
    if edits.count and not keep:
        said.append(
            f"edited files are replaced by the released ones: {named_edits(edits)};"
            " they stay in the old environment, in the trash"
        )
    if edits.missing:
        lack = "is missing and comes" if edits.missing == 1 else "are missing and come"
        said.append(f"{_files(edits.missing)} of packages {lack} back as released")
    if edits.unchecked:
        said.append(f"not compared with RECORD: {some(edits.unchecked)}")
    return tuple(said)


def upgrade_warnings(edits: Edits, *, keep: bool) -> tuple[str, ...]:
    """Return what becomes of edited files in the packages that an upgrade replaces."""
    if not edits.count:
        return ()
    said = f"edited files of upgraded packages are replaced: {named_edits(edits)};"
    where = "stay in the old environment, in the trash"
    if keep:
        said = (
            f"edited files of upgraded packages: {named_edits(edits)}; kept where the new release"
            " has the same original, else left out"
        )
        return (f"{said}; all {where}",)
    return (f"{said} they {where}",)


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
