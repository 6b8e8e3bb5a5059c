"""Which packages cannot be recreated exactly, known before anything is touched."""

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Sequence

from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import (
    UNPROVED,
    Choices,
    Creation,
    Doubt,
    Environment,
    Interpreter,
    NoPlan,
    PackageChoice,
    Refusal,
)
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.failure import FailureKind, explain, package_at_fault
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import InstallRules, UvAdapter
from envdeck.core.operations.recipe.edits import EditSearch
from envdeck.core.operations.recipe.identity import other_release, unlike_files
from envdeck.core.operations.recipe.recipe import Pin, PinKind, Recipe
from envdeck.core.operations.recipe.wheel import is_pure, salvage_problem
from envdeck.core.operations.shared.context import read_environment
from envdeck.core.operations.staging.stage import python_at
from envdeck.core.system.host import Host

_MOST_CALLS = 40
"""So often is the index asked where it does not have all of the packages."""
_CALL_SECONDS = 60.0
_ALL_SECONDS = 120.0
"""After so long the index is asked no more."""
_LEGACY = (".egg", ".egg-info")
_NOT_ON_INDEX = "the index has no identical release"
_NOT_ASKED = "the index did not respond"
_NOT_CACHED = "the index was not queried (offline)"
_NO_ANSWER = frozenset(
    {FailureKind.OVERDUE, FailureKind.NETWORK, FailureKind.INDEX, FailureKind.INTERPRETER}
    | {FailureKind.DISK, FailureKind.PERMISSION, FailureKind.STOPPED, FailureKind.TOOL}
)
"""What every package would meet again."""


@dataclass(frozen=True, slots=True)
class DoubtSearch:
    """What is asked, of which environment."""

    host: Host
    environment: Environment
    interpreter: Interpreter
    """On which it is to be recreated."""
    same_minor: bool
    offline: bool
    stopped: Callable[[], bool]
    silent: bool = False
    """Whether the index was found not to answer: then only the cache is asked."""


def find_doubts(asked: DoubtSearch, recipe: Recipe, look: EditSearch) -> tuple[Doubt, ...]:
    """Return the packages that neither their files, nor their origin, nor the release on the
    index proves. Only of those that their files do not prove is the index asked; nothing of
    theirs is built or run. `look` has compared the environment with its RECORDs."""
    faulty = look.faulty.union(each.name for each in look.edits().files)
    suspects = {
        pin.name: (pin, reason)
        for pin in recipe.installed
        if (pin.obstacle or not pin.anchored) and (reason := _suspicion(asked, pin, faulty))
    }
    had = [pin for pin, _ in suspects.values() if pin.requirement and not pin.obstacle]
    answers = _ask_index(asked, had)
    return tuple(
        Doubt(
            pin.name,
            pin.display_name,
            pin.version,
            reason if pin.obstacle else f"{reason}, and {_why(asked, name, answers)}",
            options_for(pin, same_minor=asked.same_minor),
        )
        for name, (pin, reason) in suspects.items()
        if name not in answers.proved
    )


def options_for(pin: Pin, *, same_minor: bool) -> tuple[PackageChoice, ...]:
    """Return what can be chosen for a package that cannot be recreated exactly."""
    found = []
    in_place = pin.kind is PinKind.EDITABLE or pin.path.endswith(".egg-link")
    if not in_place and (same_minor or is_pure(pin)):
        found.append(PackageChoice.KEEP)
    if pin.requirement and not pin.obstacle:
        found.append(PackageChoice.RELEASE)
    return (*found, PackageChoice.OMIT)


def choice_hint(
    options: tuple[PackageChoice, ...], path: str, name: str, python: str | None
) -> str:
    """Return the commands that choose one of `options` for a package of the environment at `path`;
    `python` is the interpreter that has to be named for it."""
    command = f"envdeck recreate {shlex.quote(path)}"
    command += f" --python {shlex.quote(python)}" if python else ""
    said = {
        PackageChoice.KEEP: "keeps its files",
        PackageChoice.RELEASE: "uses the index's release",
        PackageChoice.OMIT: "omits it",
    }
    first, *others = options
    words = [f"`{command} --{first} {name}` {said[first]}"]
    words += [f"`--{each} {name}` {said[each]}" for each in others]
    return ", ".join(words)


def doubt_refusals(
    doubts: Iterable[Doubt], choices: Choices, path: str, python: str | None
) -> tuple[Refusal, ...]:
    """Return what stands in the way: each doubt that nothing was chosen for."""
    return tuple(
        Refusal(
            UNPROVED,
            f"{one.title} cannot be recreated exactly: {one.reason}",
            hint=choice_hint(one.options, path, one.name, python),
            path=path,
        )
        for one in doubts
        if one.name not in choices
    )


def wrong_choice(
    choices: Choices, recipe: Recipe, environment: Environment, *, exact: bool, same_minor: bool
) -> NoPlan | None:
    """Say which choice cannot be; None where all of them can."""
    if choices and not exact:
        return NoPlan("package choices require `--from exact`", missing=True)
    pins = {pin.name: pin for pin in recipe.installed}
    for name, choice in choices.items():
        if name not in pins:
            return NoPlan(f"package not installed in {environment.name}: {name}", missing=True)
        options = options_for(pins[name], same_minor=same_minor)
        if choice not in options:
            hint = choice_hint(options, environment.path, name, None)
            return NoPlan(f"`--{choice}` is not possible for {name}", hint=hint, missing=True)
    return None


def _suspicion(asked: DoubtSearch, pin: Pin, faulty: Container[str]) -> str:
    """Return why the files of a package do not prove what it is; empty where they may.

    Its files are only read where a faulty one or a missing hash gives cause to.
    """
    if pin.path.endswith(_LEGACY):
        return "egg without RECORD"
    if pin.kind is PinKind.EDITABLE and pin.path.endswith(".dist-info"):
        return "" if asked.same_minor else pin.obstacle
    if pin.path.endswith(".egg-link"):
        return pin.obstacle
    if not asked.same_minor and not is_pure(pin):
        return pin.obstacle  # its release for the other version is compared once it is there
    if pin.rows and pin.hashed and pin.name not in faulty:
        return ""
    python = None if asked.same_minor else asked.interpreter.version
    return salvage_problem(pin, asked.environment, python=python)


def _why(asked: DoubtSearch, name: str, answers: "_IndexAnswers") -> str:
    if asked.offline and not asked.silent:
        return _NOT_CACHED
    return _NOT_ASKED if name in answers.unasked else _NOT_ON_INDEX


@dataclass(slots=True)
class _IndexAnswers:
    """What the index has of some packages."""

    proved: set[str] = field(default_factory=set)
    """Names of those that it has as they are here."""
    unasked: set[str] = field(default_factory=set)
    """Names of those of which it did not tell."""


def _ask_index(asked: DoubtSearch, pins: Sequence[Pin]) -> _IndexAnswers:
    """Ask whether the index has packages as they are here: all at once, less what it is said not
    to have, and one by one where that is not said. An index that fails is asked no more."""
    answers = _IndexAnswers(unasked={pin.name for pin in pins})
    waiting = [list(pins)] if pins else []
    until = time.monotonic() + _ALL_SECONDS
    with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
        for number in range(_MOST_CALLS):
            if not waiting or asked.stopped() or time.monotonic() >= until:
                break
            batch = waiting.pop()
            done = _compare(asked, batch, os.path.join(folder, str(number)), answers, until)
            if done.ok:
                answers.unasked.difference_update(pin.name for pin in batch)
                continue
            kind = explain(done).kind
            if kind in _NO_ANSWER:
                break
            named = package_at_fault(done, [pin.name for pin in batch])
            missing = {pin.name for pin in batch if pin.name == named or len(batch) == 1}
            if kind is not FailureKind.DOWNLOAD:
                answers.unasked -= missing
            if rest := [pin for pin in batch if pin.name not in missing]:
                waiting += [rest] if missing else [[pin] for pin in rest]
    return answers


def _left(until: float) -> float:
    return max(0.0, min(_CALL_SECONDS, until - time.monotonic()))


def _compare(
    asked: DoubtSearch, pins: Sequence[Pin], folder: str, answers: _IndexAnswers, until: float
) -> Completed:
    """Install the releases into an environment of their own, where nothing is run, and note
    which are the same. It is laid out as theirs is: RECORD tells of scripts and headers by that."""
    os.mkdir(folder)
    requirements = os.path.join(folder, "requirements.txt")
    descriptor = os.open(requirements, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(f"{pin.requirement}\n" for pin in pins))
    uv = UvAdapter(
        asked.host,
        folder=folder,
        environment=asked.environment.path,
        offline=asked.offline or asked.silent,
    )
    runner = Runner(asked.host)
    made = os.path.join(folder, "environment")
    like = Creation(relocatable=asked.environment.creation.relocatable)  # so are its scripts
    done = runner.run(
        uv.create(made, asked.interpreter.executable, like),
        stopped=asked.stopped,
        limit=_left(until),
    )
    if not done.ok:
        return done
    command = uv.install(
        python_at(made, asked.host),
        requirements,
        InstallRules(dependencies=False, only_binary=True, compiles=False),
    )
    done = runner.run(command, stopped=asked.stopped, limit=_left(until))
    found = read_environment(made, asked.host) if done.ok else None
    by_name = {pin.name: pin for pin in pins}
    for there in list_names(found.site_packages if found is not None else ()):
        pin = by_name.get(there.name)
        if pin is None:
            continue
        same = not unlike_files(pin.path, there.path)
        if same or (not asked.same_minor and not other_release(pin.path, there.path)):
            answers.proved.add(pin.name)
    return done
