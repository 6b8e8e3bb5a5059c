"""What would become of the packages on another Python, in lines."""

from collections.abc import Iterable, Sequence

from envdeck.core.model import NoPlan
from envdeck.core.operations.forecast.outlook import Forecast, Outlook, Verdict
from envdeck.text import clip, pad, plain, width
from envdeck.tui.panes.words import counted
from envdeck.tui.widgets.line import Line, Part, Tone, clipped, glued, joined, wrapped
from envdeck.tui.widgets.look import Look

Told = Forecast | NoPlan

_ORDER = (Verdict.UNSUPPORTED, Verdict.GONE, Verdict.BUILD, Verdict.UNKNOWN)
"""What a person has to look at, the worst first; those with a wheel come last."""
_TONES = {
    Verdict.UNSUPPORTED: Tone.ERROR,
    Verdict.GONE: Tone.ERROR,
    Verdict.BUILD: Tone.WARNING,
    Verdict.UNKNOWN: Tone.MUTED,
    Verdict.WHEEL: Tone.GOOD,
}
_WORDS = {
    Verdict.UNSUPPORTED: "not for it",
    Verdict.GONE: "gone",
    Verdict.BUILD: "to build",
    Verdict.UNKNOWN: "unknown",
}
_SENTENCES = {
    Verdict.UNSUPPORTED: "does not support Python {python}",
    Verdict.GONE: "is not on the index any more",
    Verdict.BUILD: "has to be built here",
    Verdict.UNKNOWN: "could not be checked",
}
_NAME, _VERSION = 26, 12


def outlooks(told: Iterable[Told]) -> tuple[Outlook, ...]:
    """Return the pins of some forecasts, those that several environments share once."""
    found: dict[tuple[str, str], Outlook] = {}
    for one in told:
        for pin in one.pins if isinstance(one, Forecast) else ():
            found.setdefault((pin.name, pin.version), pin)
    return tuple(found.values())


def unanswered(told: Iterable[Told]) -> tuple[str, str]:
    """Return why something could not be forecast and a way out; empty where all could."""
    for one in told:
        if isinstance(one, NoPlan):
            return one.message, one.hint
        if one.problem:
            return one.problem, ""
    return "", ""


def forecast_line(told: Sequence[Told], look: Look) -> Line:
    """Return the counts in one line, the worst first: `1 not for it · 2 to build · 40 wheels`."""
    pins = outlooks(told)
    if not pins and unanswered(told)[0]:
        return (Part(f"{look.signs.unknown} not checked", Tone.MUTED),)
    if not pins:
        return (Part("nothing to forecast", Tone.MUTED),)
    wheels = sum(pin.verdict is Verdict.WHEEL for pin in pins)
    pieces: list[Line] = []
    for verdict in _ORDER:
        count = sum(pin.verdict is verdict for pin in pins)
        if count:
            sign = f"{look.signs.broken} " if _TONES[verdict] is Tone.ERROR else ""
            pieces.append((Part(f"{sign}{count:,} {_WORDS[verdict]}", _TONES[verdict]),))
    every = "all " if wheels == len(pins) and wheels > 1 else ""
    good = Part(f"{every}{counted(wheels, 'wheel')}", Tone.GOOD if wheels else Tone.MUTED)
    return joined([*pieces, (good,)])


def forecast_about(told: Sequence[Told], python: str, cells: int, look: Look) -> list[Line]:
    """Return the packages by what would become of them, what needs a look first."""
    lines: list[Line] = []
    ellipsis = look.signs.ellipsis
    problem, hint = unanswered(told)
    if problem:
        sentence = f"{look.signs.warning} Not all was checked: {look.sentence(problem)}"
        lines += wrapped((Part(sentence, Tone.WARNING),), cells, ellipsis)
        if hint:
            lines += wrapped((Part(look.sentence(hint), Tone.MUTED),), cells, ellipsis)
    pins = outlooks(told)
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
        if pin.verdict is Verdict.WHEEL
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


def _pin_line(pin: Outlook, column: int, cells: int, look: Look) -> Line:
    name = pad(clip(plain(pin.name), column, look.signs.ellipsis), column)
    version = clip(plain(pin.version), _VERSION, look.signs.ellipsis)
    parts = [Part(f"  {name}  "), Part(pad(version, _VERSION), Tone.MUTED)]
    ways: list[Line] = []
    if pin.smallest:
        ways.append((Part("smallest jump ", Tone.MUTED), Part(plain(pin.smallest))))
    if pin.newest and pin.newest != pin.smallest:
        ways.append((Part("newest ", Tone.MUTED), Part(plain(pin.newest))))
    if not ways and pin.verdict in {Verdict.UNSUPPORTED, Verdict.GONE}:
        ways.append((Part("no version has a wheel for it", Tone.MUTED),))
    if pin.note:
        ways.append((Part(look.sentence(pin.note), Tone.MUTED),))
    return clipped((*parts, Part("  "), *joined(ways)), cells, look.signs.ellipsis)
