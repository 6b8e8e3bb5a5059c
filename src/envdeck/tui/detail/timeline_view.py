"""Tab 6 as lines: what happened, by day, and what one snapshot holds."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Notice
from envdeck.core.timeline.model import EventKind, Snapshot, TimelineEvent
from envdeck.text import clip, counted, exact_time, join_some, pad, plain, width
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.tab import BLANK, AnyRow, LateRow, TabRow, heading
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped, joined

FOLDED_FROM = 7
"""Packages that changed at once from which they are one row."""
_NAMED = 3
_SIGNS = {
    EventKind.CHANGED: ("~", Tone.WARNING),
    EventKind.REMOVED: ("-", Tone.ERROR),
    EventKind.ADDED: ("+", Tone.GOOD),
}
_KINDS = (
    *(EventKind.OPERATION, EventKind.INTERPRETER, *_SIGNS),
    *(EventKind.MANIFEST, EventKind.LOCK, EventKind.DOTENV),
)
_NAME = 28


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Many packages that came, went or changed at once, as one row."""

    kind: EventKind
    events: tuple[TimelineEvent, ...]


Moment: TypeAlias = Snapshot | TimelineEvent | EventGroup


def timeline_rows(
    events: Sequence[TimelineEvent],
    snapshots: Sequence[Snapshot],
    look: Display,
    cells: int,
    unfolded: Collection[object],
    *,
    bad: str = "",
) -> list[AnyRow]:
    """Return what happened in lines of `cells` cells, newest first, a heading for each day; `bad`
    is the snapshot that a bisect takes as the bad one."""
    moments: list[tuple[float, Snapshot | TimelineEvent]]
    moments = [*((one.taken_at, one) for one in snapshots), *((one.at, one) for one in events)]
    moments.sort(key=_order)
    rows: list[AnyRow] = []
    for day, on_day in groupby(moments, key=lambda each: exact_time(each[0])[:10]):
        told = list(on_day)
        title = heading(day, look.ago(told[0][0]))
        rows += [BLANK, TabRow(clipped(title.line, cells - 1, look.signs.ellipsis))]
        before = ""
        for at, moment in _together([each for _, each in told], unfolded):
            clock = exact_time(at)[11:16]
            shown = clock if clock != before else ""
            before = clock
            note = ""
            if isinstance(moment, Snapshot):
                note = "bad" if moment.id == bad else ""
                note = note or ("the newest" if moment in snapshots[:1] else "")
            make = partial(_moment_line, moment, shown, note, look, cells)
            rows.append(LateRow(make, _key(moment), moment))
    return rows[1:]


def _order(moment: tuple[float, Snapshot | TimelineEvent]) -> tuple[object, ...]:
    """Newest first; of one time what did it, then what changed, kind by kind."""
    at, one = moment
    if isinstance(one, Snapshot):
        return (-at, -1, "")
    return (-at, _KINDS.index(one.kind), one.subject)


def _together(
    moments: Sequence[Snapshot | TimelineEvent], unfolded: Collection[object]
) -> Iterator[tuple[float, Moment]]:
    """Yield what happened on a day with its time, packages that changed at once together where
    they are many; a group that is unfolded is followed by all of it."""

    def alike(one: Snapshot | TimelineEvent) -> tuple[object, ...]:
        if isinstance(one, Snapshot):
            return (one.id, one.taken_at)
        return (one.at, one.kind if one.kind in _SIGNS else one)

    for _, some in groupby(moments, key=alike):
        found = list(some)
        events = tuple(one for one in found if isinstance(one, TimelineEvent))
        if len(events) >= FOLDED_FROM:
            group = EventGroup(events[0].kind, events)
            yield events[0].at, group
            if _key(group) not in unfolded:
                continue
        for one in found:
            yield (one.taken_at if isinstance(one, Snapshot) else one.at), one


def _key(moment: Moment) -> object:
    match moment:
        case Snapshot(id=identity, taken_at=at):
            return ("snapshot", identity, at)
        case EventGroup(kind, events):
            return ("group", kind, events[0].at)
        case TimelineEvent():
            return ("event", moment.kind, moment.at, moment.subject, moment.before, moment.after)


def _moment_line(moment: Moment, clock: str, note: str, look: Display, cells: int) -> Line:
    line = (Part(f" {clock:5}  ", Tone.MUTED), *_line(moment, note, look))
    return clipped(line, cells - 1, look.signs.ellipsis)


def _line(moment: Moment, note: str, look: Display) -> Line:
    match moment:
        case Snapshot():
            return _snapshot_line(moment, note, look)
        case EventGroup(kind, events):
            sign, tone = _SIGNS[kind]
            names = [plain(one.subject) for one in events]
            said = f" {counted(len(events), 'package')}"
            arrow = look.signs.ready
            return (
                Part(sign, tone),
                Part(said, Tone.STRONG),
                Part(f": {join_some(names, _NAMED)} {arrow}"),
            )
        case TimelineEvent():
            return event_line(moment, look)


def _snapshot_line(snapshot: Snapshot, note: str, look: Display) -> Line:
    parts: list[Line] = [(Part(f"Snapshot {snapshot.id[:8]}", Tone.HEADING),)]
    if snapshot.good:
        parts.append((Part(f"{look.signs.marked} good", Tone.GOOD),))
    if note == "bad":
        parts.append((Part(f"{look.signs.broken} bad", Tone.ERROR),))
    parts.append((Part(counted(len(snapshot.packages), "package")),))
    if note == "the newest":
        parts.append((Part(note, Tone.MUTED),))
    else:
        parts.append((Part(f"seen until {look.ago(snapshot.last_seen)}", Tone.MUTED),))
    return joined(parts)


def event_line(event: TimelineEvent, look: Display) -> Line:
    """Return what happened in one line."""
    sign, tone = _SIGNS.get(event.kind, (look.signs.running, Tone.ACCENT))
    versions = f" {look.signs.moved} ".join(
        plain(one) for one in (event.before, event.after) if one
    )
    if event.kind is EventKind.CHANGED and event.before == event.after:
        versions = plain(event.after or "")
    parts: list[Line] = [
        (
            Part(f"{sign} ", tone),
            Part("base interpreter " if event.kind is EventKind.INTERPRETER else ""),
            Part(look.sentence(event.subject), Tone.STRONG),
            Part(f" {versions}" if versions else ""),
        )
    ]
    if event.detail:
        parts.append((Part(look.sentence(event.detail), Tone.MUTED),))
    if not event.certain:
        parts.append((Part("inferred from file times", Tone.MUTED),))
    return tuple(part for part in joined(parts) if part.text)


def moment_words(event: TimelineEvent, look: Display) -> Line:
    """Return when an event can have happened, and how that is known."""
    when = exact_time(event.at)
    if event.earliest is not None:
        when = f"between {exact_time(event.earliest)} and {when}"
    source = f" ({plain(event.source)})" if event.source else ""
    return (Part(f"{when}{source}", Tone.MUTED),)


def gap_rows(notices: Sequence[Notice], look: Display, cells: int) -> list[AnyRow]:
    """Return what could not be looked at, with an empty row below."""
    told = [f"{look.signs.warning} {look.sentence(one.message)}" for one in notices]
    lines: list[Line] = [(Part(one, Tone.WARNING),) for one in told]
    return [*say(lines, look, cells), BLANK] if lines else []


def empty_rows(look: Display, cells: int) -> list[TabRow]:
    """Return what is said where nothing is known of the past."""
    lines: list[Line] = [
        (Part("No changes seen yet.", Tone.STRONG),),
        (Part("Each scan that finds other packages keeps a snapshot of them."),),
        (Part(look.key("refresh"), Tone.HEADING), Part(": scan now", Tone.MUTED)),
    ]
    return say(lines, look, cells)


def snapshot_rows(snapshot: Snapshot, newest: Snapshot, look: Display, cells: int) -> list[TabRow]:
    """Return the packages of a snapshot, each beside what it is in the newest one."""
    now = newest.versions
    then = snapshot.versions
    added = [one for one in newest.packages if one.name not in then]
    rows = [
        heading(f"Snapshot {snapshot.id[:8]}", exact_time(snapshot.taken_at)),
        TabRow(
            (
                Part(" "),
                *joined(
                    [
                        (Part(counted(len(snapshot.packages), "package")),),
                        (Part(f"Python {plain(snapshot.python or look.signs.unknown)}"),),
                        (Part(f"{look.signs.marked} good", Tone.GOOD),) if snapshot.good else (),
                        _difference_line(then, now, newest is snapshot),
                    ]
                ),
            )
        ),
        BLANK,
    ]
    names = max((width(plain(one.name)) for one in snapshot.packages), default=0)
    names = min(names, _NAME, max(cells // 2, 8))
    for one in snapshot.packages:
        name = pad(clip(plain(one.name), names, look.signs.ellipsis), names)
        parts: list[Line] = [(Part(f" {name}  "), Part(plain(one.version), Tone.STRONG))]
        current = now.get(one.name)
        if current is None:
            parts.append((Part("removed since", Tone.ERROR),))
        elif current != one.version:
            parts.append((Part(f"{look.signs.moved} {plain(current)}", Tone.WARNING),))
        if one.origin:
            origin = f"{'editable, ' if one.editable else ''}from {one.origin}"
            parts.append((Part(look.sentence(origin), Tone.MUTED),))
        line = clipped(joined(parts, "  "), cells - 1, look.signs.ellipsis)
        rows.append(TabRow(line, (one.name, one.version)))
    for one in added:
        name = pad(clip(plain(one.name), names, look.signs.ellipsis), names)
        line = (Part(f" {name}  "), Part(f"added since: {plain(one.version)}", Tone.GOOD))
        rows.append(TabRow(clipped(line, cells - 1, look.signs.ellipsis), (one.name, "added")))
    return rows


def _difference_line(then: dict[str, str], now: dict[str, str], newest: bool) -> Line:  # noqa: FBT001
    if newest:
        return (Part("the newest", Tone.MUTED),)
    added = len(now.keys() - then.keys())
    removed = len(then.keys() - now.keys())
    changed = sum(then[name] != now[name] for name in then.keys() & now.keys())
    figures = ((added, "added"), (removed, "removed"), (changed, "changed"))
    said = ", ".join(f"{count:,} {word}" for count, word in figures if count)
    return (Part(f"since then {said}" if said else "the same as now", Tone.MUTED),)
