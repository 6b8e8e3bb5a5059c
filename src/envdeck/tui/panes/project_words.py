"""The words for what a project says, and for how far an environment is from that."""

from envdeck.core.project.drift import Comparison, DriftKind, Part
from envdeck.text import plain
from envdeck.tui.panes.words import place
from envdeck.tui.widgets.look import Look

KINDS = {
    DriftKind.MISSING: "missing",
    DriftKind.NOT_AS_LOCKED: "not as locked",
    DriftKind.OUTSIDE: "outside",
    DriftKind.UNREACHABLE: "unreachable",
}
MEANINGS = {
    DriftKind.MISSING: "it is asked for, and not installed",
    DriftKind.NOT_AS_LOCKED: "the lock file has another version",
    DriftKind.OUTSIDE: "what is declared does not allow its version",
    DriftKind.UNREACHABLE: "nothing that is declared or locked needs it",
}


def part_name(identifier: str) -> str:
    """Return what asks for something: `group dev`, `extra docs`; empty for the project itself."""
    kind, _, name = identifier.partition(":")
    return plain(f"{kind} {name}") if name else plain(kind)


def agreement(comparison: Comparison, look: Look) -> str:
    """Return how many packages are as the project says: what counts most."""
    total = comparison.agreed + len(comparison.drifts)
    if not total:
        return "" if comparison.unchecked else "nothing is installed, and nothing is asked for"
    said = "the project declares them"
    if comparison.against:
        said = f"{place(comparison.against, None, comparison.project.folder, look)} has them"
    if total == 1:
        said = said.replace("has them", "has it").replace("declares them", "declares it")
    if not comparison.drifts:
        return f"all {total:,} packages are as {said}" if total > 1 else f"its package is as {said}"
    packages = "package" if total == 1 else "packages"
    be = "is" if comparison.agreed == 1 or total == 1 else "are"
    return f"{comparison.agreed:,} of {total:,} {packages} {be} as {said}"


def part_words(part: Part) -> tuple[str, str, str]:
    """Return a part's name, how much of it is installed, and whether that is asked for."""
    name = part_name(part.id) or "the project's own"
    how_much = f"{part.installed:,} of {part.declared:,}"
    if part.default:
        why = "default"
    elif part.counts:
        why = "all of it is here, so it counts"
    else:
        why = "not asked for here"
    return name, how_much, why
