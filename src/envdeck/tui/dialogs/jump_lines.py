"""What becomes of the packages that have no wheel for another Python, in lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from envdeck.core.operations.forecast.outlook import Outlook, Verdict
from envdeck.text import clip, pad, plain, width
from envdeck.tui.dialogs.choice_row import radio
from envdeck.tui.dialogs.forecast_lines import Told, outlooks
from envdeck.tui.panes.words import counted
from envdeck.tui.widgets.line import Line, Part, Tone, clipped, joined, wrapped
from envdeck.tui.widgets.look import Look

_TITLES: dict[str | None, str] = {
    None: "as they are",
    "smallest": "the smallest jump",
    "newest": "the newest",
}
_NAME, _VERSION = 28, 12


@dataclass(frozen=True, slots=True)
class Jump:
    """One way to deal with those packages, and what it comes to."""

    name: str | None
    """`smallest`, `newest`, or None: each stays at its version."""
    moves: tuple[tuple[Outlook, str], ...]
    """What comes at another version, and at which."""
    stays: tuple[Outlook, ...]
    """What stays, to be built here or to fail."""
    stuck: tuple[Outlook, ...]
    """What has no version to go to, so that the jump cannot be chosen."""

    @property
    def title(self) -> str:
        """A few words."""
        return _TITLES[self.name]


def jumps(told: Sequence[Told]) -> tuple[Jump, ...]:
    """Return the ways there are; none where every package has a wheel, or nobody knows."""
    lacking = [pin for pin in outlooks(told) if pin.verdict not in {Verdict.WHEEL, Verdict.UNKNOWN}]
    return tuple(_jump(name, lacking) for name in _TITLES) if lacking else ()


def _jump(name: str | None, lacking: Sequence[Outlook]) -> Jump:
    moves, stays, stuck = [], [], []
    for pin in lacking:
        target = {"smallest": pin.smallest, "newest": pin.newest}.get(name or "")
        if target is not None and target != pin.version:
            moves.append((pin, target))
        elif name is None or target is not None or pin.verdict is Verdict.BUILD:
            stays.append(pin)
        else:
            stuck.append(pin)
    return Jump(name, tuple(moves), tuple(stays), tuple(stuck))


def jump_line(jump: Jump, cells: int, look: Look, *, chosen: bool) -> Line:
    """Return the row of one way: what moves, what is built here, what cannot be had."""
    possible = not jump.stuck
    box = radio(look, chosen=chosen, possible=possible)
    column = max(map(len, _TITLES.values()))
    tone = Tone.PLAIN if possible else Tone.MUTED
    told: Line
    if jump.stuck:
        told = (Part(f"{look.signs.broken} ", Tone.ERROR), Part(_stuck(jump), Tone.MUTED))
    else:
        told = joined(_pieces(jump, look))
    line = (*box, Part(pad(jump.title, column), tone), Part("  "), *told)
    return clipped(line, cells - 1, look.signs.ellipsis)


def _pieces(jump: Jump, look: Look) -> list[Line]:
    builds = sum(pin.verdict is Verdict.BUILD for pin in jump.stays)
    pieces: list[Line] = []
    if len(jump.stays) > builds:
        fails = f"{look.signs.broken} {len(jump.stays) - builds:,} cannot come"
        pieces.append((Part(fails, Tone.ERROR),))
    if builds:
        pieces.append((Part(f"{builds:,} to build here", Tone.WARNING),))
    if jump.moves:
        first = ", ".join(f"{plain(pin.name)} {plain(target)}" for pin, target in jump.moves)
        pieces.append((Part(f"~{len(jump.moves):,} ", Tone.WARNING), Part(first, Tone.MUTED)))
    return pieces


def _stuck(jump: Jump) -> str:
    others = f" or {counted(len(jump.stuck) - 1, 'other')}" if len(jump.stuck) > 1 else ""
    newer = "newer " if jump.name == "smallest" else ""
    return f"no {newer}version of {plain(jump.stuck[0].name)}{others} has a wheel"


def stuck_words(jump: Jump) -> str:
    """Return why a way cannot be chosen."""
    return f"it cannot be chosen: {_stuck(jump)}"


def jump_about(jump: Jump, python: str, cells: int, look: Look) -> list[Line]:
    """Return which package would come at which version."""
    room, ellipsis = max(cells - 2, 12), look.signs.ellipsis
    version = plain(python)
    sentence = {
        None: "Every package stays at its version; what has no wheel comes from its installed "
        "files where they are for any Python, and else cannot come.",
        "smallest": f"What has no wheel for Python {version} comes at the smallest version up "
        "that has one; all others stay.",
        "newest": f"What has no wheel for Python {version} comes at its newest version that has "
        "one; all others stay.",
    }[jump.name]
    lines = wrapped((Part(sentence),), room, ellipsis)
    if jump.stuck:
        said = f"{look.signs.broken} It cannot be chosen: {_stuck(jump)}"
        lines += wrapped((Part(said, Tone.ERROR),), room, ellipsis)
    every = [*(pin for pin, _ in jump.moves), *jump.stays, *jump.stuck]
    column = min(max((width(plain(pin.name)) for pin in every), default=0), _NAME, room // 3)

    def row(sign: str, tone: Tone, pin: Outlook, *told: Part) -> None:
        name = pad(clip(plain(pin.name), column, ellipsis), column)
        line = (Part(f"{sign} ", tone), Part(f"{name}  "), *told)
        lines.append(clipped(line, room, ellipsis))

    if jump.moves:
        change = "changes" if len(jump.moves) == 1 else "change"
        lines.append((Part(f"{counted(len(jump.moves), 'package')} {change}", Tone.HEADING),))
    for pin, target in jump.moves:
        arrow = look.signs.moved
        row("~", Tone.WARNING, pin, Part(f"{plain(pin.version)} {arrow} {plain(target)}"))
    for pin in (*jump.stays, *jump.stuck):
        if pin.verdict is Verdict.BUILD:
            sign, tone, words = look.signs.warning, Tone.WARNING, "is built here"
        elif pin.verdict is Verdict.GONE:
            sign, tone, words = look.signs.broken, Tone.ERROR, "is not on the index any more"
        else:
            sign, tone = look.signs.broken, Tone.ERROR
            words = f"does not support Python {version}"
        held = clip(plain(pin.version), _VERSION, ellipsis)
        row(sign, tone, pin, Part(f"{pad(held, _VERSION)}  ", Tone.MUTED), Part(words))
    return [(Part(" "), *line) for line in lines]
