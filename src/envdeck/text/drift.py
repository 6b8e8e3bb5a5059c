"""Words for drift, parts of a project, and what a recreate or an upgrade can do, for both front
ends."""

from typing import TYPE_CHECKING

from envdeck.core.project.model import Drift, DriftKind, ProjectPart
from envdeck.text.safe import plain

if TYPE_CHECKING:  # start-up: who only compares needs no operations
    from envdeck.core.operations.recreate.options import SourceChoice
    from envdeck.core.operations.upgrade.model import Fixed

UNCHOSEN = "extraneous (group not selected)"
DRIFT_WORDS = {
    DriftKind.MISSING: ("missing", "missing"),
    DriftKind.NOT_AS_LOCKED: ("mismatch", "version mismatch"),
    DriftKind.OUTSIDE: ("out of range", "outside declared range"),
    DriftKind.UNREACHABLE: ("extraneous", "extraneous"),
}
"""The kinds of drift, each in a word and in full."""


def drift_words(drift: Drift) -> str:
    """Return the kind of a drift in full; an extra one may belong to a group not chosen."""
    if drift.kind is DriftKind.UNREACHABLE and drift.under:
        return UNCHOSEN
    return DRIFT_WORDS[drift.kind][1]


def part_name(identifier: str) -> str:
    """Return what asks for something: `group dev`, `extra docs`; empty for the project itself."""
    return plain(" ".join(filter(None, identifier.split(":", 1))))


def part_words(part: ProjectPart) -> tuple[str, str, str]:
    """Return a part's name, how much of it is installed, and whether that is asked for."""
    if part.default:
        why = "default"
    else:
        why = "fully installed, included" if part.counts else "not selected"
    name = part_name(part.id) or "project dependencies"
    return name, f"{part.installed:,} of {part.declared:,}", why


def difference_words(
    source: "SourceChoice", arrow: str, unknown: str
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return how a source differs from what is installed: a sign, a verb (`changed`), and the
    name and version of each package. The texts may be hostile."""
    changed = [
        (name, f"{before} {arrow} {after or unknown}") for name, before, after in source.changed
    ]
    added = [(name, version or unknown) for name, version in source.added]
    blocks = [
        ("~", "changed", changed),
        ("+", "added", added),
        ("-", "removed", list(source.removed)),
    ]
    return [block for block in blocks if block[2]]


def fixed_words(fixed: "Fixed") -> str:
    """Return why a package is not upgraded: `stays at 1.0: editable install`."""
    return f"stays at {fixed.installed}: {fixed.reason}"
