"""Forecast and version bumps as rows."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, Interpreter, NoPlan
from envdeck.core.operations.recreate.forecast import Availability, Forecast, PinForecast
from envdeck.text import clip, counted, pad, plain, width
from envdeck.text.environment import minor_version
from envdeck.tui.dialogs.picker import BLANK, ChoiceRow, Section, radio, title
from envdeck.tui.widgets.line import (
    Display,
    Line,
    Part,
    Tone,
    clipped,
    fitted,
    glued,
    joined,
    wrapped,
)
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

ForecastResult = Forecast | NoPlan

_ORDER = (Availability.UNSUPPORTED, Availability.GONE, Availability.BUILD, Availability.UNKNOWN)
"""What a person has to look at, the worst first; those with a wheel come last."""
_TONES = {
    Availability.UNSUPPORTED: Tone.ERROR,
    Availability.GONE: Tone.ERROR,
    Availability.BUILD: Tone.WARNING,
    Availability.UNKNOWN: Tone.MUTED,
    Availability.WHEEL: Tone.GOOD,
}
_WORDS = {
    Availability.UNSUPPORTED: "unsupported",
    Availability.GONE: "not on index",
    Availability.BUILD: "to build",
    Availability.UNKNOWN: "unknown",
}
_SENTENCES = {
    Availability.UNSUPPORTED: "does not support Python {python}",
    Availability.GONE: "is no longer on the index",
    Availability.BUILD: "has no wheel and must be built",
    Availability.UNKNOWN: "could not be checked",
}
_NAME, _VERSION = 26, 12


def outlooks(forecasts: Iterable[ForecastResult]) -> tuple[PinForecast, ...]:
    """Return the pins of some forecasts, those that several environments share once."""
    found: dict[tuple[str, str], PinForecast] = {}
    for one in forecasts:
        for pin in one.pins if isinstance(one, Forecast) else ():
            found.setdefault((pin.name, pin.version), pin)
    return tuple(found.values())


def unanswered(forecasts: Iterable[ForecastResult]) -> tuple[str, str]:
    """Return why something could not be forecast and a way out; empty where all could."""
    for one in forecasts:
        if isinstance(one, NoPlan):
            return one.message, one.hint
        if one.problem:
            return one.problem, ""
    return "", ""


def forecast_line(forecasts: Sequence[ForecastResult], look: Display, cells: int = 200) -> Line:
    """Return the counts in one line, the worst first: `1 not for it · 2 to build · 40 wheels`; in
    less room the first of them."""
    pins = outlooks(forecasts)
    if not pins and unanswered(forecasts)[0]:
        return (Part(f"{look.signs.unknown} not checked", Tone.MUTED),)
    if not pins:
        return (Part("nothing to check", Tone.MUTED),)
    wheels = sum(pin.verdict is Availability.WHEEL for pin in pins)
    pieces: list[Line] = []
    for verdict in _ORDER:
        count = sum(pin.verdict is verdict for pin in pins)
        if count:
            sign = f"{look.signs.broken} " if _TONES[verdict] is Tone.ERROR else ""
            pieces.append((Part(f"{sign}{count:,} {_WORDS[verdict]}", _TONES[verdict]),))
    every = "all " if wheels == len(pins) and wheels > 1 else ""
    good = Part(f"{every}{counted(wheels, 'wheel')}", Tone.GOOD if wheels else Tone.MUTED)
    return fitted([*pieces, (good,)], cells, look.signs.ellipsis)


def forecast_about(
    forecasts: Sequence[ForecastResult], python: str, cells: int, look: Display
) -> list[Line]:
    """Return the packages by what would become of them, what needs a look first."""
    lines: list[Line] = []
    ellipsis = look.signs.ellipsis
    problem, hint = unanswered(forecasts)
    if problem:
        sentence = f"{look.signs.warning} Partly checked: {look.sentence(problem)}"
        lines += wrapped((Part(sentence, Tone.WARNING),), cells, ellipsis)
        if hint:
            lines += wrapped((Part(look.sentence(hint), Tone.MUTED),), cells, ellipsis)
    pins = outlooks(forecasts)
    column = min(max((width(plain(pin.name)) for pin in pins), default=0), _NAME, cells // 3)
    for verdict in _ORDER:
        rows = sorted((pin for pin in pins if pin.verdict is verdict), key=lambda pin: pin.name)
        if rows:
            said = _plural(_SENTENCES[verdict], len(rows)).format(python=plain(python))
            heading = f"{counted(len(rows), 'package')} {said}"
            lines += wrapped((Part(heading, _TONES[verdict]),), cells, ellipsis)
            lines += [_pin_line(pin, column, cells, look) for pin in rows]
    wheels = sorted(
        glued(f"{plain(pin.name)} {plain(pin.version)}")
        for pin in pins
        if pin.verdict is Availability.WHEEL
    )
    if wheels:
        have = "has" if len(wheels) == 1 else "have"
        lines.append((Part(f"{counted(len(wheels), 'package')} {have} a wheel", Tone.GOOD),))
        lines += [
            (Part("  "), *line)
            for line in wrapped((Part(", ".join(wheels), Tone.MUTED),), cells - 2, ellipsis)
        ]
    return lines


def _plural(sentence: str, count: int) -> str:
    verb, _, rest = sentence.partition(" ")
    plural = {"does": "do", "is": "are", "has": "have"}.get(verb, verb)
    return sentence if count == 1 else f"{plural} {rest}"


def _pin_line(pin: PinForecast, column: int, cells: int, look: Display) -> Line:
    name = pad(clip(plain(pin.name), column, look.signs.ellipsis), column)
    version = clip(plain(pin.version), _VERSION, look.signs.ellipsis)
    parts = [Part(f"  {name}  "), Part(pad(version, _VERSION), Tone.MUTED)]
    ways: list[Line] = []
    if pin.smallest:
        ways.append((Part("next with wheel ", Tone.MUTED), Part(plain(pin.smallest))))
    if pin.newest and pin.newest != pin.smallest:
        ways.append((Part("latest ", Tone.MUTED), Part(plain(pin.newest))))
    if not ways and pin.verdict in {Availability.UNSUPPORTED, Availability.GONE}:
        ways.append((Part("no version has a wheel", Tone.MUTED),))
    if pin.note:
        ways.append((Part(look.sentence(pin.note), Tone.MUTED),))
    return clipped((*parts, Part("  "), *joined(ways)), cells, look.signs.ellipsis)


_TITLES: dict[str | None, str] = {
    None: "keep versions",
    "smallest": "smallest update",
    "newest": "latest",
}
_NAME, _VERSION = 28, 12


@dataclass(frozen=True, slots=True)
class VersionBump:
    """One way to deal with those packages, and what it comes to."""

    name: str | None
    """`smallest`, `newest`, or None: each stays at its version."""
    moves: tuple[tuple[PinForecast, str], ...]
    """What comes at another version, and at which."""
    stays: tuple[PinForecast, ...]
    """What stays, to be built here or to fail."""
    stuck: tuple[PinForecast, ...]
    """What has no version to go to, so that the jump cannot be chosen."""

    @property
    def title(self) -> str:
        """A few words."""
        return _TITLES[self.name]


def list_bumps(forecasts: Sequence[ForecastResult]) -> tuple[VersionBump, ...]:
    """Return the ways there are; none where every package has a wheel, or nobody knows."""
    lacking = [
        pin
        for pin in outlooks(forecasts)
        if pin.verdict not in {Availability.WHEEL, Availability.UNKNOWN}
    ]
    return tuple(_bump(name, lacking) for name in _TITLES) if lacking else ()


def _bump(name: str | None, lacking: Sequence[PinForecast]) -> VersionBump:
    moves, stays, stuck = [], [], []
    for pin in lacking:
        target = {"smallest": pin.smallest, "newest": pin.newest}.get(name or "")
        if target is not None and target != pin.version:
            moves.append((pin, target))
        elif name is None or target is not None or pin.verdict is Availability.BUILD:
            stays.append(pin)
        else:
            stuck.append(pin)
    return VersionBump(name, tuple(moves), tuple(stays), tuple(stuck))


def bump_line(jump: VersionBump, cells: int, look: Display, *, chosen: bool) -> Line:
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


def _pieces(jump: VersionBump, look: Display) -> list[Line]:
    builds = sum(pin.verdict is Availability.BUILD for pin in jump.stays)
    pieces: list[Line] = []
    if len(jump.stays) > builds:
        fails = f"{look.signs.broken} {len(jump.stays) - builds:,} not installable"
        pieces.append((Part(fails, Tone.ERROR),))
    if builds:
        pieces.append((Part(f"{builds:,} to build", Tone.WARNING),))
    if jump.moves:
        first = ", ".join(f"{plain(pin.name)} {plain(target)}" for pin, target in jump.moves)
        pieces.append((Part(f"~{len(jump.moves):,} ", Tone.WARNING), Part(first, Tone.MUTED)))
    return pieces


def _stuck(jump: VersionBump) -> str:
    others = f" or {counted(len(jump.stuck) - 1, 'other')}" if len(jump.stuck) > 1 else ""
    newer = "newer " if jump.name == "smallest" else ""
    return f"no {newer}version of {plain(jump.stuck[0].name)}{others} has a wheel"


def bump_detail(jump: VersionBump, python: str, cells: int, look: Display) -> list[Line]:
    """Return which package would come at which version."""
    room, ellipsis = max(cells - 2, 12), look.signs.ellipsis
    version = plain(python)
    sentence = {
        None: "All packages keep their version. Packages without a wheel are rebuilt from their "
        "installed files if those are pure Python, else they cannot be installed.",
        "smallest": f"Packages without a wheel for Python {version} use the next newer version "
        "that has one; all others keep their version.",
        "newest": f"Packages without a wheel for Python {version} use their latest version "
        "that has one; all others keep their version.",
    }[jump.name]
    lines = wrapped((Part(sentence),), room, ellipsis)
    if jump.stuck:
        said = f"{look.signs.broken} Not available: {_stuck(jump)}"
        lines += wrapped((Part(said, Tone.ERROR),), room, ellipsis)
    every = [*(pin for pin, _ in jump.moves), *jump.stays, *jump.stuck]
    column = min(max((width(plain(pin.name)) for pin in every), default=0), _NAME, room // 3)

    def row(sign: str, tone: Tone, pin: PinForecast, *told: Part) -> None:
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
        if pin.verdict is Availability.BUILD:
            sign, tone, words = look.signs.warning, Tone.WARNING, "must be built"
        elif pin.verdict is Availability.GONE:
            sign, tone, words = look.signs.broken, Tone.ERROR, "is no longer on the index"
        else:
            sign, tone = look.signs.broken, Tone.ERROR
            words = f"does not support Python {version}"
        held = clip(plain(pin.version), _VERSION, ellipsis)
        row(sign, tone, pin, Part(f"{pad(held, _VERSION)}  ", Tone.MUTED), Part(words))
    return [(Part(" "), *line) for line in lines]


JUMP = "jump"
"""The first half of what such a row stands for; the name of the jump is the other."""


@dataclass(slots=True)
class BumpRows(Section):
    """The ways there are for the Python that is chosen, and which one is taken."""

    kinds = (JUMP,)

    look: Display
    find_forecasts: Callable[[], tuple[str, Sequence[ForecastResult]]]
    """Tells the minor version of that Python and the forecasts for it; none where its minor
    version is that of now."""
    ways: tuple[VersionBump, ...] = ()
    _wanted: str | None = None

    @property
    def chosen(self) -> str | None:
        """The jump that is taken: what was wanted of another Python is none for this one."""
        possible = {way.name for way in self.ways if not way.stuck}
        return self._wanted if self._wanted in possible else None

    def way(self, row: ChoiceRow) -> VersionBump | None:
        """Return what a row stands for, where it is one of these."""
        return next((way for way in self.ways if row.key == (JUMP, way.name)), None)

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether a row is the one of the jump that is taken."""
        way = self.way(row)
        return way is not None and way.name == self.chosen

    def choose(self, row: ChoiceRow) -> str:
        """Take one of them; return why it cannot be, or nothing."""
        way = self.way(row)
        if way is None:
            return ""
        if way.stuck:
            return f"not available: {_stuck(way)}"
        self._wanted = way.name
        return ""

    def rows(self) -> list[ChoiceRow]:
        """Return a row for each, under their title; none where there is nothing to choose."""
        python, forecasts = self.find_forecasts()
        self.ways = list_bumps(forecasts)
        if not self.ways:
            return []
        heading = title("Packages without a wheel", f"for Python {python}")
        return [BLANK, heading, *(self._row(way, python) for way in self.ways)]

    def _row(self, way: VersionBump, python: str) -> ChoiceRow:
        chosen = way.name == self.chosen
        return ChoiceRow(
            lambda cells: bump_line(way, cells, self.look, chosen=chosen),
            (JUMP, way.name),
            lambda cells: bump_detail(way, python, cells, self.look),
        )


PAUSE_SECONDS = 0.25
"""How long the cursor rests on an interpreter before the index is asked about it."""


class Forecaster:
    """Holds what is known of each Python, and asks about one at a time.

    Patch releases of one minor version share their answer: wheels are made for minor versions.
    """

    def __init__(
        self,
        owner: Widget,
        operating: "Operations",
        environments: Sequence[Environment],
        changed: Callable[[], None],
    ) -> None:
        self._operating = operating
        self._environments = tuple(environments)
        self._changed = changed
        self._known: dict[str, tuple[ForecastResult, ...]] = {}
        self._request: Interpreter | None = None
        self._asking = False
        self._latest: Latest[tuple[ForecastResult, ...]] = Latest(
            owner, self._take, lambda text: self._take((NoPlan(text),))
        )

    def find_forecasts(self, interpreter: Interpreter) -> tuple[ForecastResult, ...] | None:
        """Return what is known of a Python, one answer an environment."""
        return self._known.get(_key(interpreter))

    def is_asking(self, interpreter: Interpreter) -> bool:
        """Whether it is being asked about now."""
        return self._asking and self.is_requested(interpreter)

    def is_requested(self, interpreter: Interpreter) -> bool:
        """Whether it will be asked about, or is already."""
        return self._request is not None and _key(self._request) == _key(interpreter)

    def want(self, interpreter: Interpreter | None) -> None:
        """Ask about a Python once the cursor rests on it, and give up what was asked before."""
        if interpreter is not None and self.is_requested(interpreter):
            return
        self.stop()
        if interpreter is not None and self.find_forecasts(interpreter) is None:
            self._request = interpreter
            self._latest.request(
                partial(self._ask, interpreter), pause=PAUSE_SECONDS, begun=self._begun
            )

    def stop(self) -> None:
        """Give up what is asked."""
        self._latest.cancel()
        self._request = None
        if self._asking:
            self._asking = False
            self._changed()

    def forget(self) -> None:
        """Forget every answer: all is asked again."""
        self.stop()
        self._known.clear()

    def _begun(self) -> None:
        self._asking = True
        self._changed()

    def _ask(self, interpreter: Interpreter, stopped: IsDropped) -> tuple[ForecastResult, ...]:
        forecasts: list[ForecastResult] = []
        for environment in self._environments:
            if stopped():
                break
            forecasts.append(self._operating.forecast(environment, interpreter, stopped))
        return tuple(forecasts)

    def _take(self, forecasts: tuple[ForecastResult, ...]) -> None:
        """Keep the answer to what is requested."""
        if self._request is not None:
            self._known[_key(self._request)] = forecasts
        self._request, self._asking = None, False
        self._changed()


def _key(interpreter: Interpreter) -> str:
    return f"{interpreter.implementation} {minor_version(interpreter.version)}"
