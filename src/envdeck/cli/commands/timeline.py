"""`timeline`: what changed in an environment, newest first, and its snapshots."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.plan_text import safe
from envdeck.cli.references import find_environment
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import SCHEMA, Object, utc_time
from envdeck.core.timeline.model import EventKind, NoSnapshot, TimelineEvent
from envdeck.core.timeline.store import SnapshotStore
from envdeck.text import counted, exact_time, pad, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.timeline.model import Timeline

DESCRIPTION = """What changed in an environment, newest first: packages, the interpreter, the
project's files, and what EnvDeck did. Times are UTC. Nothing in the environment is run."""

EXAMPLES = """  envdeck timeline .                         what changed, by day
  envdeck timeline api/.venv --json
  envdeck timeline . --mark-good             the current packages work
  envdeck timeline . --mark-good 6f3a        that snapshot worked
  envdeck recreate . --from snapshot:6f3a    go back to it"""

_TOGETHER_SECONDS = 120
"""Packages that one command installed are that close to each other."""
_EACH = 8
"""So many are told each for itself; more are told in one line."""
_NAMED = 5
_SNAPSHOTS = 10
_SIGNS = {EventKind.ADDED: "+", EventKind.REMOVED: "-", EventKind.CHANGED: "~"}
_STYLES = {EventKind.ADDED: "green", EventKind.REMOVED: "red", EventKind.CHANGED: "yellow"}
_ALL = "newest"


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "--mark-good",
        nargs="?",
        const=_ALL,
        metavar="SNAPSHOT",
        help="note that this snapshot works: its id, the start of it, or a day (2026-11-28; the "
        "last of that day); by default what is installed now",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Print the timeline, or mark a snapshot."""
    from envdeck.core.timeline.read import read_timeline  # start-up: help needs none of it

    warn_pending(context)
    environment = find_environment(arguments.reference, context, context.catalog())
    timeline = read_timeline(environment, context.host)
    if arguments.mark_good is not None:
        marked = _mark_good(arguments.mark_good, timeline, context)
        if not arguments.json:
            context.console.line(marked)
            return Exit.DONE
        timeline = read_timeline(environment, context.host)
    for notice in timeline.notices:
        message = tilde_within(notice.message, context.host.home)
        context.console.warn(safe(message), safe(notice.hint))
    if arguments.json:
        context.console.json(timeline_object(timeline))
    else:
        _print(timeline, context)
    return Exit.DONE


def _mark_good(reference: str, timeline: "Timeline", context: CommandContext) -> str:
    store = SnapshotStore(context.host)
    newest = timeline.snapshots[0].id if timeline.snapshots else ""
    found = store.find(timeline.path, newest if reference == _ALL else reference)
    if isinstance(found, NoSnapshot):
        raise CommandError(safe(found.reason), hint=safe(found.hint))
    store.mark_good(timeline.path, found.id)
    if store.notice is not None:
        raise CommandError(safe(store.notice.message), code=Exit.FAILED)
    return f"Snapshot {found.id} of {exact_time(found.taken_at)} is marked good"


def timeline_object(timeline: "Timeline") -> Object:
    """Return the timeline for programs."""
    return {
        "schema": SCHEMA,
        "path": timeline.path,
        "snapshots": [
            {
                "id": one.id,
                "taken_at": utc_time(one.taken_at),
                "last_seen": utc_time(one.last_seen),
                "good": one.good,
                "packages": len(one.packages),
                "python": one.python,
                "source": one.source,
            }
            for one in timeline.snapshots
        ],
        "events": [
            {
                "at": utc_time(one.at),
                "earliest": utc_time(one.earliest),
                "kind": one.kind.value,
                "subject": one.subject,
                "from": one.before,
                "to": one.after,
                "source": one.source,
                "certain": one.certain,
                "detail": one.detail or None,
            }
            for one in timeline.events
        ],
    }


def _print(timeline: "Timeline", context: CommandContext) -> None:
    console = context.console
    console.line(console.style(safe(tilde(timeline.path, context.host.home)), "bold"))
    for day, events in groupby(timeline.events, key=lambda one: exact_time(one.at)[:10]):
        console.line()
        console.line(console.style(day, "bold"))
        for together in _batches(list(events)):
            for line in _event_lines(together, context):
                console.line(f"  {exact_time(together[0].at)[11:16]}  {line}")
    if not timeline.events:
        console.line("  No changes seen yet: each scan that sees one keeps it")
    console.line()
    console.line(console.style("Snapshots", "bold"))
    for one in timeline.snapshots[:_SNAPSHOTS]:
        words = [
            console.style(one.id, "cyan"),
            exact_time(one.taken_at)[:16].replace("T", " "),
            pad(counted(len(one.packages), "package"), 13),
            safe(one.python or console.signs.unknown),
        ]
        words += [console.style("good", "green")] if one.good else []
        console.line(f"  {'  '.join(words)}")
    if len(timeline.snapshots) > _SNAPSHOTS:
        console.line(f"  and {len(timeline.snapshots) - _SNAPSHOTS:,} older (--json lists all)")
    elif not timeline.snapshots:
        console.line("  None is kept")


def _batches(events: Sequence[TimelineEvent]) -> Iterator[list[TimelineEvent]]:
    """Yield the events of a day, those together that are told in one line where they are many."""
    batch: list[TimelineEvent] = []
    for one in events:
        first = batch[0] if batch else None
        if first is None or not (
            first.kind in _SIGNS
            and (one.kind, one.certain, one.earliest) == (first.kind, first.certain, first.earliest)
            and first.at - one.at <= _TOGETHER_SECONDS
        ):
            if batch:
                yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _event_lines(events: Sequence[TimelineEvent], context: CommandContext) -> Iterator[str]:
    first = events[0]
    if len(events) <= _EACH:
        for one in events:
            yield _joined(_words(one, context), one, context)
        return
    names = ", ".join(f"{one.subject} {one.after or one.before}" for one in events[:_NAMED])
    more = f"{len(events) - _NAMED:,} more"
    sign = context.console.style(_SIGNS[first.kind], _STYLES[first.kind])
    text = f"{sign} {counted(len(events), 'package')}: {safe(names)} and {more}"
    yield _joined(text, first, context, detail=False)


def _words(event: TimelineEvent, context: CommandContext) -> str:
    """Say what happened."""
    console, moved = context.console, context.console.signs.moved
    subject = safe(tilde(event.subject, context.host.home))
    version = f" {moved} ".join(safe(one) for one in (event.before, event.after) if one)
    if event.kind is EventKind.CHANGED and event.before == event.after:
        version = safe(event.after or "")
    if event.kind in _SIGNS:
        return f"{console.style(_SIGNS[event.kind], _STYLES[event.kind])} {subject} {version}"
    if event.kind is EventKind.INTERPRETER:
        return f"Python {version}, {subject}"
    word = version or ("changed" if event.kind is not EventKind.OPERATION else "")
    return f"{console.style(subject, 'cyan')} {word}".rstrip()


def _joined(
    text: str, event: TimelineEvent, context: CommandContext, *, detail: bool = True
) -> str:
    """Return a line with what else is known: the commit, between which looks, how sure."""
    remarks = []
    if detail and event.detail:
        remarks.append(safe(tilde_within(event.detail, context.host.home)))
    if event.earliest is not None:
        remarks.append(f"after {exact_time(event.earliest)[:16].replace('T', ' ')}")
    if not event.certain:
        remarks.append("inferred from file times")
    if not remarks:
        return text
    return f"{text}  {context.console.style(', '.join(remarks), 'dim')}"
