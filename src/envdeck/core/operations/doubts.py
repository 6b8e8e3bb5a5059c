"""Which packages cannot be recreated exactly, known before anything is touched."""

import os
import shlex
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envdeck.core.host import Host
from envdeck.core.inspection.site_packages import list_names
from envdeck.core.model import (
    UNPROVED,
    Choices,
    Doubt,
    Edits,
    Environment,
    Interpreter,
    NoPlan,
    PackageChoice,
    Refusal,
)
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.recipe.identity import other_release, unlike_files
from envdeck.core.operations.recipe.pins import Pin, PinKind, Recipe
from envdeck.core.operations.recipe.proof import check_files
from envdeck.core.operations.recipe.salvage import is_pure, salvage_problem

_ALONE = 20
"""So many packages are asked for one by one where the index does not have all of them."""
_CALL_SECONDS = 60.0
_LEGACY = (".egg", ".egg-info")
_NOT_ON_INDEX = "the index has no identical release"


@dataclass(frozen=True, slots=True)
class Doubting:
    """What is asked, of which environment."""

    host: Host
    environment: Environment
    interpreter: Interpreter
    """On which it is to be recreated."""
    same_minor: bool
    offline: bool
    stopped: Callable[[], bool]


def find_doubts(asked: Doubting, recipe: Recipe, edits: Edits) -> tuple[Doubt, ...]:
    """Return the packages that neither their files, nor their origin, nor the release on the
    index proves. Only of those that their files do not prove is the index asked; nothing of
    theirs is built or run. `edits` are what was edited in the environment, as far as that is
    known."""
    faulty = check_files(asked.environment).names.union(each.name for each in edits.files)
    suspects = {
        pin.name: (pin, reason)
        for pin in recipe.installed
        if (pin.obstacle or not pin.anchored) and (reason := _suspicion(asked, pin, faulty))
    }
    had = [pin for pin, _ in suspects.values() if pin.requirement and not pin.obstacle]
    proved = _proved_by_index(asked, had)
    return tuple(
        Doubt(
            pin.name,
            pin.display_name,
            pin.version,
            reason if pin.obstacle else f"{reason}, and {_NOT_ON_INDEX}",
            options_for(pin, same_minor=asked.same_minor),
        )
        for name, (pin, reason) in suspects.items()
        if name not in proved
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
    options: tuple[PackageChoice, ...], environment: Environment, name: str, python: str | None
) -> str:
    """Return the commands that choose one of `options` for a package; `python` is the interpreter
    that has to be named for it."""
    command = f"envdeck recreate {shlex.quote(environment.path)}"
    command += f" --python {shlex.quote(python)}" if python else ""
    said = {
        PackageChoice.KEEP: "keeps its files as they are",
        PackageChoice.RELEASE: "takes what the index has",
        PackageChoice.OMIT: "leaves it out",
    }
    first, *others = options
    words = [f"`{command} --{first} {name}` {said[first]}"]
    words += [f"`--{each} {name}` {said[each]}" for each in others]
    return ", ".join(words)


def doubt_refusals(
    doubts: Iterable[Doubt], choices: Choices, environment: Environment, python: str | None
) -> tuple[Refusal, ...]:
    """Return what stands in the way: each doubt that nothing was chosen for."""
    return tuple(
        Refusal(
            UNPROVED,
            f"{one.title} cannot be recreated exactly: {one.reason}",
            hint=choice_hint(one.options, environment, one.name, python),
            path=environment.path,
        )
        for one in doubts
        if one.name not in choices
    )


def wrong_choice(
    choices: Choices, recipe: Recipe, environment: Environment, *, exact: bool, same_minor: bool
) -> NoPlan | None:
    """Say which choice cannot be; None where all of them can."""
    if choices and not exact:
        return NoPlan("a choice for a package is for `--from exact` alone", missing=True)
    pins = {pin.name: pin for pin in recipe.installed}
    for name, choice in choices.items():
        if name not in pins:
            return NoPlan(f"{environment.name} has no package {name}", missing=True)
        options = options_for(pins[name], same_minor=same_minor)
        if choice not in options:
            hint = choice_hint(options, environment, name, None)
            return NoPlan(f"`--{choice}` is not possible for {name}", hint=hint, missing=True)
    return None


def _suspicion(asked: Doubting, pin: Pin, faulty: Container[str]) -> str:
    """Return why the files of a package do not prove what it is; empty where they may.

    Its files are only read where a faulty one or a missing hash gives cause to.
    """
    if pin.path.endswith(_LEGACY):
        return "it is an egg, without a RECORD"
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


def _proved_by_index(asked: Doubting, pins: Sequence[Pin]) -> frozenset[str]:
    """Return the names of those that the index has as they are here, by their hashes."""
    if not pins or asked.stopped():
        return frozenset()
    with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
        proved = set(_compare(asked, pins, os.path.join(folder, "all")))
        if not proved and len(pins) > 1:
            for number, pin in enumerate(pins[:_ALONE]):
                proved.update(_compare(asked, [pin], os.path.join(folder, str(number))))
    return frozenset(proved)


def _compare(asked: Doubting, pins: Sequence[Pin], folder: str) -> Iterator[str]:
    """Unpack the releases into a folder of their own, and yield the names of the same ones."""
    os.mkdir(folder)
    requirements = os.path.join(folder, "requirements.txt")
    descriptor = os.open(requirements, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(f"{pin.requirement}\n" for pin in pins))
    uv = Uv(asked.host, folder=folder, environment=asked.environment.path, offline=asked.offline)
    # Not with `--target`: the rows of scripts and data files would be others than here.
    prefix = os.path.join(folder, "packages")
    command = uv.install(
        asked.interpreter.executable,
        requirements,
        dependencies=False,
        only_binary=True,
        prefix=prefix,
    )
    done = Runner(asked.host).run(command, stopped=asked.stopped, limit=_CALL_SECONDS)
    if not done.ok:
        return
    by_name = {pin.name: pin for pin in pins}
    for there in list_names(_package_folders(prefix)):
        pin = by_name.get(there.name)
        if pin is None:
            continue
        same = not unlike_files(pin.path, there.path)
        if same or (not asked.same_minor and not other_release(pin.path, there.path)):
            yield pin.name


def _package_folders(prefix: str) -> list[str]:
    """Return the package folders below a prefix, on any system."""
    patterns = ("lib*/python*/site-packages", "[Ll]ib/site-packages")
    return [os.fspath(path) for pattern in patterns for path in Path(prefix).glob(pattern)]
