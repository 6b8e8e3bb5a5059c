"""What another Python would make of the pins.

uv stops at the first requirement that it cannot have, and names it. So all are asked of in one
go, which is all it takes where nothing is wrong; of what fails the one that is named has its
answer, and the rest is asked again. Where none is named (the words are uv's own, and may change),
halving gets down to single requirements. One run after another: several at once wait for each
other (125 pins, 8 of them without a wheel: 4 threads took three times as long as one).
"""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Interpreter, minor_of
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.failure import package_at_fault
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter, read_pins
from envdeck.core.system.host import Host

CALL_SECONDS = 60.0
ALL_SECONDS = 180.0
"""So long in all; what is not known by then is not known."""


@dataclass(frozen=True, slots=True)
class PinAnswer:
    """What uv says of one requirement."""

    version: str | None
    """What it takes; None where it takes nothing."""
    completed: Completed | None = field(default=None, repr=False)
    """How the question for it alone ended, where that failed; None where it was not asked."""


@dataclass(slots=True)
class Asker:
    """Puts questions to uv for one interpreter."""

    host: Host
    uv: UvAdapter
    python: str
    """The interpreter's executable; its platform and version count."""
    folder: str
    """Where requirements files are put, and removed."""
    stopped: Callable[[], bool]
    deadline: float = field(default_factory=lambda: time.monotonic() + ALL_SECONDS)

    def ask(
        self, lines: Mapping[str, str], *, only_binary: bool, resolution: str | None = None
    ) -> dict[str, PinAnswer]:
        """Return an answer for each name, by its requirements line (without dependencies)."""
        found: dict[str, PinAnswer] = {}
        batches: list[list[str]] = [list(lines)] if lines else []
        while batches:
            names = batches.pop()
            completed = self._one(
                [lines[name] for name in names], binary=only_binary, resolution=resolution
            )
            if completed is not None and completed.ok:
                taken = dict(read_pins(completed))
                found |= {name: PinAnswer(taken.get(name)) for name in names}
                continue
            named = None if completed is None else package_at_fault(completed, names)
            if named is not None:
                found[named] = PinAnswer(None, completed)
                names.remove(named)
                batches += [names] if names else []
            elif completed is None or len(names) == 1 or unreachable(completed):
                found |= {name: PinAnswer(None, completed) for name in names}
            else:
                half = (len(names) + 1) // 2
                batches += [names[half:], names[:half]]
        return found

    def _one(
        self, lines: Sequence[str], *, binary: bool, resolution: str | None
    ) -> Completed | None:
        left = self.deadline - time.monotonic()
        if left <= 0 or self.stopped():
            return None
        descriptor, path = tempfile.mkstemp(".in", "forecast-", self.folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
            command = self.uv.resolve(
                path,
                python=self.python,
                only_binary=binary,
                resolution=resolution,
                dependencies=False,
            )
            runner = Runner(self.host)
            return runner.run(command, stopped=self.stopped, limit=min(left, CALL_SECONDS))
        finally:
            os.unlink(path)


def unreachable(completed: Completed) -> bool:
    """Tell whether a question failed since an index could not be reached at all: to halve it
    would only wait once more for each half."""
    text = "\n".join(completed.tail)
    return (
        completed.overdue
        or completed.stopped
        or any(
            words in text
            for words in ("error sending request", "client error (Connect)", "operation timed out")
        )
    )


class Availability(StrEnum):
    """What the index has of one pin for the other Python."""

    WHEEL = "wheel"
    BUILD = "build"
    """Only a source distribution: it has to be built here."""
    UNSUPPORTED = "unsupported"
    """It does not support that Python: by `Requires-Python`, or since all it has are wheels for
    others. uv passes over upper bounds (`<3.13`): that of the version here is known from its
    metadata, those of others are not."""
    GONE = "gone"
    """The index does not have that version (any more)."""
    UNKNOWN = "unknown"
    """Not checked: see the note."""


@dataclass(frozen=True, slots=True)
class PinForecast:
    """One pin on the other Python."""

    name: str
    version: str
    verdict: Availability
    smallest: str | None = None
    """The next version up that has a wheel for that Python, where the pin has none."""
    newest: str | None = None
    """The newest version that has one, where the pin has none."""
    note: str = ""
    """Why, in a few words; it may carry hostile text, never a credential."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """All pins on one Python, on this platform."""

    python: str
    """`3.13`."""
    pins: tuple[PinForecast, ...] = ()
    """In the order they were given."""
    problem: str = ""
    """Why nothing could be checked, in one sentence without a full stop, or empty."""


def judge_direct(
    name: str, version: str, line: str, interpreter: Interpreter
) -> PinForecast | None:
    """Judge a pin by itself; None where it is to be asked of the index.

    `line` is its requirements line: `-e …`, `name @ URL`, or `name==version`.
    """
    line = line.strip()
    if line.startswith("-e"):
        return PinForecast(name, version, Availability.BUILD, note="editable install")
    _, at, url = line.partition("@")
    if at and "==" not in line.partition("@")[0]:
        file = url.strip().partition("#")[0].partition("?")[0].rpartition("/")[2]
        if file.endswith(".whl"):
            return _wheel(name, version, file, interpreter)
        return PinForecast(name, version, Availability.BUILD, note="built from its own source")
    try:
        Version(version)
    except (InvalidVersion, ValueError):
        return PinForecast(name, version, Availability.UNKNOWN, note="invalid version (PEP 440)")
    return None


def _wheel(name: str, version: str, file: str, interpreter: Interpreter) -> PinForecast:
    try:
        tags = parse_wheel_filename(file.replace("%2B", "+").replace("%2b", "+"))[3]
    except (InvalidWheelFilename, ValueError):
        return PinForecast(name, version, Availability.UNKNOWN, note="invalid wheel file name")
    minor = minor_of(interpreter.version).partition(".")[2]
    for tag in tags:
        python = tag.interpreter
        if tag.abi == "none" and (python == "py3" or python == f"py3{minor}"):
            return PinForecast(name, version, Availability.WHEEL)
        number = python.removeprefix("cp3")
        if python.startswith("cp3") and number.isdigit() and minor:
            later = tag.abi == "abi3" and int(number) <= int(minor)
            if interpreter.implementation in (None, "cpython") and (later or number == minor):
                return PinForecast(name, version, Availability.WHEEL)
    return PinForecast(name, version, Availability.UNSUPPORTED, note="wheel for another Python")


_GONE = re.compile(
    r"was not found in the (?:package registry|provided package locations)|there (?:is|are) no "
    r"versions? of |only \S+ is available and you require"
)
_UNSUPPORTED = re.compile(
    r"does not satisfy Python|no wheels with a matching|depends on Python|wheels for .* with the "
    r"following"
)
_NOT_ASKED = re.compile(
    r"network was disabled|was not found in the cache|[Ff]ailed to (?:fetch|read)"
)


def forecast(
    host: Host,
    pins: Iterable[tuple[str, ...]],
    interpreter: Interpreter,
    folder: str,
    *,
    environment: str | None = None,
    offline: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Forecast:
    """Say what the indexes have of each pin (name, version, requirements line) for an interpreter.

    Wheels count when they are for that version, implementation and platform. `folder` is a
    place for temporary files, which are removed; `environment` the folder whose `pip.conf`
    counts. A pin may tell its `Requires-Python` last. Nothing is installed or built. It
    takes one run of uv where all have wheels, and some hundred at the very most.
    """
    python = minor_of(interpreter.version)
    uv = UvAdapter(host, folder=folder, environment=environment, offline=offline)
    listed = [(normalise(name), version, line, *more) for name, version, line, *more in pins]
    wanted = [(name, version, line) for name, version, line, *_ in listed]
    bounds = {name: more[0] for name, _, _, *more in listed if more}
    if uv.problem:
        return Forecast(python, problem=uv.problem)
    apart: dict[str, PinForecast] = {}
    lines: dict[str, str] = {}
    for name, version, line in wanted:
        outlook = judge_direct(name, version, line, interpreter)
        if outlook is not None:
            apart[name] = outlook
        else:
            lines[name] = f"{name}=={version}"
    asker = Asker(host, uv, interpreter.executable, folder, stopped)
    kept_out = {
        name: told
        for name, told in bounds.items()
        if name in lines and not _admits(told, interpreter.version)
    }
    versions = {name: version for name, version, _ in wanted}
    found = {**apart, **_judge(asker, versions, lines, kept_out)}
    outlooks = tuple(found[name] for name, _, _ in wanted)
    return Forecast(python, outlooks, _problem(outlooks, lines))


def _admits(bound: str, version: str | None) -> bool:
    """Tell whether a `Requires-Python` admits a version; what cannot be read does."""
    try:
        return SpecifierSet(bound).contains(Version(version or ""), prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True


def _judge(
    asker: Asker, versions: dict[str, str], lines: dict[str, str], kept_out: Mapping[str, str]
) -> dict[str, PinForecast]:
    wheels = asker.ask(lines, only_binary=True)
    without = {
        name: lines[name] for name in lines if wheels[name].version is None or name in kept_out
    }
    unanswered = [
        name for name in without if wheels[name].version is None and _not_asked(wheels[name])
    ]
    open_ = {name: line for name, line in without.items() if name not in unanswered}
    sources = asker.ask(open_, only_binary=False)
    above = {
        name: f"{name}{'>' if name in kept_out else '>='}{versions[name].partition('+')[0]}"
        for name in open_
    }
    smallest = asker.ask(above, only_binary=True, resolution="lowest")
    some = {name: line for name, line in above.items() if smallest[name].version is not None}
    newest = asker.ask(some, only_binary=True, resolution="highest")
    found: dict[str, PinForecast] = {}
    for name in lines:
        version = versions[name]
        if name not in without:
            found[name] = PinForecast(name, version, Availability.WHEEL)
        elif name in unanswered:
            found[name] = PinForecast(name, version, Availability.UNKNOWN, note=_note(wheels[name]))
        else:
            verdict, note = _verdict(sources[name], version)
            if name in kept_out:
                verdict, note = Availability.UNSUPPORTED, f"requires Python {kept_out[name]}"
            found[name] = PinForecast(
                name,
                version,
                verdict,
                _stable(smallest[name], version),
                _stable(newest.get(name), version),
                note,
            )
    return found


def _verdict(answer: PinAnswer, version: str) -> tuple[Availability, str]:
    if answer.version is not None:
        return Availability.BUILD, "source only"
    if _not_asked(answer):
        return Availability.UNKNOWN, _note(answer)
    text = _text(answer.completed)
    if _UNSUPPORTED.search(text):
        return Availability.UNSUPPORTED, "not for this Python"
    if _GONE.search(text):
        local = "+" in version
        return Availability.GONE, "local build, not on an index" if local else "not on the index"
    return Availability.UNKNOWN, _note(answer)


def _not_asked(answer: PinAnswer) -> bool:
    completed = answer.completed
    if completed is None or completed.cut or unreachable(completed):
        return True
    return _NOT_ASKED.search(_text(completed)) is not None


def _note(answer: PinAnswer) -> str:
    completed = answer.completed
    if completed is None or completed.stopped:
        return "not checked"
    if completed.overdue:
        return "the index did not respond in time"
    text = _text(completed)
    if "network was disabled" in text or "found in the cache" in text:
        return "not in the cache, and offline"
    told = [line for line in completed.tail if line.startswith("error: ")]
    return (
        told[0].removeprefix("error: ")[:200]
        if told
        else f"uv failed with exit code {completed.code}"
    )


def _text(completed: Completed | None) -> str:
    return re.sub(r"\s+", " ", " ".join(completed.tail)) if completed else ""


def _stable(answer: PinAnswer | None, version: str) -> str | None:
    """Return the version of an answer, unless it is a pre-release where the pin is none."""
    if answer is None or answer.version is None:
        return None
    try:
        found, pinned = Version(answer.version), Version(version)
    except InvalidVersion:
        return None
    return answer.version if pinned.is_prerelease or not found.is_prerelease else None


def _problem(outlooks: Iterable[PinForecast], lines: dict[str, str]) -> str:
    unknown = [
        one.note for one in outlooks if one.name in lines and one.verdict is Availability.UNKNOWN
    ]
    return (
        f"no package could be checked: {unknown[0]}" if lines and len(unknown) == len(lines) else ""
    )
