"""The forecast for another Python: asked of uv, which asks the indexes that installs ask."""

import re
from collections.abc import Callable, Iterable

from envdeck.core.host import Host
from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.model import Interpreter
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.forecast.asking import Answer, Asker, unreachable
from envdeck.core.operations.forecast.direct import judge_direct
from envdeck.core.operations.forecast.outlook import Forecast, Outlook, Verdict

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
    pins: Iterable[tuple[str, str, str]],
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
    counts. Nothing is installed or built. It takes one run of uv where all have wheels, and
    some hundred at the very most.
    """
    python = ".".join((interpreter.version or "").split(".")[:2])
    uv = Uv(host, folder=folder, environment=environment, offline=offline)
    wanted = [(normalise(name), version, line) for name, version, line in pins]
    if uv.problem:
        return Forecast(python, problem=uv.problem)
    apart: dict[str, Outlook] = {}
    lines: dict[str, str] = {}
    for name, version, line in wanted:
        outlook = judge_direct(name, version, line, interpreter)
        if outlook is not None:
            apart[name] = outlook
        else:
            lines[name] = f"{name}=={version}"
    asker = Asker(host, uv, interpreter.executable, folder, stopped)
    found = {**apart, **_judge(asker, {name: version for name, version, _ in wanted}, lines)}
    outlooks = tuple(found[name] for name, _, _ in wanted)
    return Forecast(python, outlooks, _problem(outlooks, lines))


def _judge(asker: Asker, versions: dict[str, str], lines: dict[str, str]) -> dict[str, Outlook]:
    wheels = asker.ask(lines, only_binary=True)
    without = {name: lines[name] for name in lines if wheels[name].version is None}
    unanswered = [name for name in without if _not_asked(wheels[name])]
    open_ = {name: line for name, line in without.items() if name not in unanswered}
    sources = asker.ask(open_, only_binary=False)
    above = {name: f"{name}>={versions[name].partition('+')[0]}" for name in open_}
    smallest = asker.ask(above, only_binary=True, resolution="lowest")
    some = {name: line for name, line in above.items() if smallest[name].version is not None}
    newest = asker.ask(some, only_binary=True, resolution="highest")
    found: dict[str, Outlook] = {}
    for name in lines:
        version = versions[name]
        if name not in without:
            found[name] = Outlook(name, version, Verdict.WHEEL)
        elif name in unanswered:
            found[name] = Outlook(name, version, Verdict.UNKNOWN, note=_note(wheels[name]))
        else:
            verdict, note = _verdict(sources[name], version)
            found[name] = Outlook(
                name,
                version,
                verdict,
                _stable(smallest[name], version),
                _stable(newest.get(name), version),
                note,
            )
    return found


def _verdict(answer: Answer, version: str) -> tuple[Verdict, str]:
    if answer.version is not None:
        return Verdict.BUILD, "only its source is there"
    if _not_asked(answer):
        return Verdict.UNKNOWN, _note(answer)
    text = _text(answer.completed)
    if _UNSUPPORTED.search(text):
        return Verdict.UNSUPPORTED, "it is not for this Python"
    if _GONE.search(text):
        local = "+" in version
        return Verdict.GONE, "a local build, on no index" if local else "the index does not have it"
    return Verdict.UNKNOWN, _note(answer)


def _not_asked(answer: Answer) -> bool:
    completed = answer.completed
    if completed is None or completed.cut or unreachable(completed):
        return True
    return _NOT_ASKED.search(_text(completed)) is not None


def _note(answer: Answer) -> str:
    completed = answer.completed
    if completed is None or completed.stopped:
        return "not checked"
    if completed.overdue:
        return "the index did not answer in time"
    text = _text(completed)
    if "network was disabled" in text or "found in the cache" in text:
        return "not in the cache, and offline"
    told = [line for line in completed.tail if line.startswith("error: ")]
    return told[0].removeprefix("error: ")[:200] if told else f"uv ended with {completed.code}"


def _text(completed: Completed | None) -> str:
    return re.sub(r"\s+", " ", " ".join(completed.tail)) if completed else ""


def _stable(answer: Answer | None, version: str) -> str | None:
    """Return the version of an answer, unless it is a pre-release where the pin is none."""
    from packaging.version import InvalidVersion, Version

    if answer is None or answer.version is None:
        return None
    try:
        found, pinned = Version(answer.version), Version(version)
    except InvalidVersion:
        return None
    return answer.version if pinned.is_prerelease or not found.is_prerelease else None


def _problem(outlooks: Iterable[Outlook], lines: dict[str, str]) -> str:
    unknown = [one.note for one in outlooks if one.name in lines and one.verdict is Verdict.UNKNOWN]
    return f"nothing could be checked: {unknown[0]}" if lines and len(unknown) == len(lines) else ""
