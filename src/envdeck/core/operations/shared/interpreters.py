"""Interpreters to choose from, and how well each fits."""

import os
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.interpreter import is_free_threaded, is_version
from envdeck.core.inspection.interpreters import base_of, find_interpreters, interpreter_at
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Distribution,
    Environment,
    Interpreter,
    InterpreterOption,
    InterpreterReason,
    NoPlan,
    minor_of,
)
from envdeck.core.operations.shared.base_interpreter import leads_to, moving_link
from envdeck.core.operations.shared.context import Context
from envdeck.core.project.model import NamedPython, WantedPython
from envdeck.core.project.pythons import wanted_python
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.core.system.words import join_some

_UNNAMED = 1_000_000
_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_DOTTED = re.compile(r"\d+(\.\d+){0,2}t?")
_TAKEN_OVER = (InterpreterReason.CURRENT, InterpreterReason.SAME_MINOR)
"""For these the packages of the environment stay what they are."""


@dataclass(frozen=True, slots=True)
class InterpreterRequest:
    """For what an interpreter is to be chosen."""

    environment: Environment | None = None
    """None: for a new one."""
    wanted: WantedPython = field(default_factory=WantedPython)
    """What the project's files ask for."""
    asked: str | None = None
    """What a person asks for: a version (`3.13`), or the real path of an executable."""

    @property
    def version(self) -> str | None:
        """The version that a person asks for."""
        return self.asked if self.asked and _DOTTED.fullmatch(self.asked) else None


def interpreter_options(
    request: InterpreterRequest, interpreters: Iterable[Interpreter]
) -> tuple[InterpreterOption, ...]:
    """Return the interpreters in the order of choice.

    By default that is taken which a person asked for: of a version the base it has, else the
    newest. Where nothing was asked for: the base it has; else the newest of the same minor
    version and implementation; else the newest that the project's version file asks for; else
    that which its other files name, the most binding one first; else the newest that it allows
    and that is still supported. What asks for nothing takes CPython.
    """
    asked = request.asked
    known = [one for one in interpreters if one.version or _is_asked(one, request)]
    base = base_of(request.environment, known) if request.environment is not None else None
    options = sorted((_option(request, one, is_base=one is base) for one in known), key=_rank)
    if asked is None:
        default = next((one for one in options[:1] if _suits(one)), None)
    else:
        options = [replace(one, fits=_is_asked(one.interpreter, request)) for one in options]
        default = max((one for one in options if one.fits), key=_closeness, default=None)
    if default is None:
        return tuple(options)
    exact = default.exact if request.version is None else request.version.count(".") > 1
    taken = replace(default, default=True, exact=exact)
    return tuple(taken if one is default else one for one in options)


def _option(request: InterpreterRequest, one: Interpreter, *, is_base: bool) -> InterpreterOption:
    environment = request.environment
    python = environment.python if environment else None
    wanted = request.wanted
    same_minor = (
        python is not None
        and _numbers_of(python.version)[:2] == _numbers_of(one.version)[:2] != (0, 0)
        and (python.implementation or "cpython") == (one.implementation or "cpython")
        and _has_threads(one)
        is (environment is not None and is_free_threaded(environment.path, python.version))
    )
    fits, matches = admits(wanted.specifier, one.version), _matches_file(one, wanted)
    reason, named = None, _named(one, wanted)
    if same_minor:
        reason = InterpreterReason.CURRENT if is_base else InterpreterReason.SAME_MINOR
    elif not fits:
        reason = InterpreterReason.NOT_ALLOWED
    elif matches:
        reason = InterpreterReason.REQUESTED
    elif named:
        reason = InterpreterReason.NAMED
    exact = matches and (wanted.exact or "").count(".") > 1
    return InterpreterOption(
        one,
        reason,
        fits,
        same_minor=same_minor or python is None,
        specifier=wanted.specifier,
        named=named,
        named_by=named_by(wanted.named[named - 1]) if named else "",
        exact=exact,
    )


def _named(one: Interpreter, wanted: WantedPython) -> int:
    """Return the place, from 1, of the first Python of that minor version that the project names;
    0 where it names none."""
    if (one.implementation or "cpython") != "cpython" or _has_threads(one):
        return 0
    minor = minor_of(one.version)
    places = (at for at, named in enumerate(wanted.named, 1) if minor_of(named.version) == minor)
    return next(places, 0)


def named_by(named: NamedPython) -> str:
    """Return what names a Python, in a few words: `Dockerfile:1`."""
    name = os.path.basename(named.file)
    place = f"{name}:{named.line}" if named.line else name
    told = "" if named.source in (name, place) else f" ({named.source})"
    return f"{place}{told}"


def _rank(option: InterpreterOption) -> tuple[bool | int | str, ...]:
    one, reason = option.interpreter, option.reason
    return (
        reason is not InterpreterReason.CURRENT,
        reason not in _TAKEN_OVER,
        not option.fits,
        reason is not InterpreterReason.REQUESTED,
        option.named or _UNNAMED,
        one.end_of_life is not None,
        (one.implementation or "cpython") != "cpython",
        _is_prerelease(one),
        _has_threads(one),
        *(-number for number in _numbers_of(one.version)),
        one.externally_managed,
        one.executable,
    )


def _suits(option: InterpreterOption) -> bool:
    if option.reason in (*_TAKEN_OVER, InterpreterReason.REQUESTED):
        return True
    return option.fits and (bool(option.named) or option.interpreter.end_of_life is None)


def _closeness(option: InterpreterOption) -> tuple[object, ...]:
    one = option.interpreter
    numbers = tuple(int(part) for part in re.findall(r"\d+", one.version or ""))
    return option.reason is InterpreterReason.CURRENT, not one.externally_managed, numbers


def _is_asked(one: Interpreter, request: InterpreterRequest) -> bool:
    if request.version is None:
        return request.asked is not None and reach.realpath(one.executable) == request.asked
    return is_version(one.version, request.version, free_threaded=_has_threads(one))


def admits(specifier: str | None, version: str | None) -> bool:
    """Tell whether a `requires-python` admits a version; what cannot be read does: the tool that
    reads it will say."""
    if not specifier or version is None:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True


def unfit_warnings(
    option: InterpreterOption, heads: Iterable[Distribution] = ()
) -> tuple[str, ...]:
    """Say where the project does not admit the Python that is taken, and which of the installed
    packages do not support it."""
    version = option.interpreter.version
    said = []
    if not admits(option.specifier, version):
        said.append(f"the project requires Python {option.specifier}, but {version} is used")
    unfit = sorted(
        f"{one.name} {one.version} (requires Python {one.requires_python})"
        for one in heads
        if not admits(one.requires_python, version)
    )
    if unfit:
        said.append(f"installed, but not for Python {version}: {join_some(unfit)}")
    return tuple(said)


def _matches_file(one: Interpreter, wanted: WantedPython) -> bool:
    if wanted.exact is None or one.version is None:
        return False
    implementation = wanted.implementation or "cpython"
    if (one.implementation or "cpython") != implementation:
        return False
    return is_version(one.version, wanted.exact, free_threaded=_has_threads(one))


def _has_threads(one: Interpreter) -> bool:
    return is_free_threaded(one.prefix, one.version, one.executable)


def _is_prerelease(one: Interpreter) -> bool:
    return bool(re.search(r"\d(a|b|rc)\d", one.version or ""))


def _numbers_of(version: str | None) -> tuple[int, int, int]:
    match = _NUMBERS.match(version or "")
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def known_interpreters(context: Context) -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine: remembered ones that are still there, else found."""
    remembered = [
        one for one in context.catalog.remembered_interpreters() if reach.exists(one.executable)
    ]
    if remembered:
        return tuple(remembered)
    found = find_interpreters(context.catalog.host)
    return tuple(one for one in found if isinstance(one, Interpreter))


def interpreter_choices(
    context: Context,
    environment: Environment | None,
    project: str | None,
    asked: str | None = None,
) -> tuple[InterpreterOption, ...]:
    """Return the interpreters in the order of choice, the one to take among them: what is `asked`
    for (a version, or the path of an executable), else what suits best. The base that an
    environment has is among them wherever it is."""
    host = context.catalog.host
    known = known_interpreters(context)
    base = _base(environment) if environment is not None else None
    if base is not None:
        known = _add_path(known, reach.realpath(base), host)
    wanted = wanted_python(project) if project is not None and reach.isdir(project) else None
    request = InterpreterRequest(environment, wanted or WantedPython(), asked)
    if asked is None or request.version is not None:
        return interpreter_options(request, known)
    named, path = os.path.abspath(host.expand(asked)), reach.realpath(host.expand(asked))
    found = interpreter_options(replace(request, asked=path), _add_path(known, path, host))
    return tuple(
        replace(one, path=_link(named, one.interpreter)) if one.default else one for one in found
    )


def _add_path(known: tuple[Interpreter, ...], path: str, host: Host) -> tuple[Interpreter, ...]:
    """Return interpreters, and the one of a real path too, where there is one."""
    if path in {reach.realpath(one.executable) for one in known}:
        return known
    found = interpreter_at(path, host)
    return known if found is None else (*known, found)


def pick(asked: str | None, options: tuple[InterpreterOption, ...]) -> InterpreterOption | NoPlan:
    """Return the option to take, or why there is none."""
    for one in options:
        if one.default:
            return one
    if asked is None and options:
        return NoPlan(
            "no suitable interpreter found",
            hint="choose one with `--python` (see `envdeck interpreters`)",
        )
    if asked is None:
        return NoPlan("no interpreters found", hint="install one with `uv python install`")
    if InterpreterRequest(asked=asked).version is not None:
        return NoPlan(
            f"Python {asked} not found",
            hint=f"install it with `uv python install {asked}`, or see `envdeck interpreters`",
            missing=True,
        )
    return NoPlan(
        f"`{asked}` is not an interpreter",
        hint="use a version such as `3.13`, or the path of a Python",
        missing=True,
    )


def _base(environment: Environment) -> str | None:
    """Return the executable that an environment uses; where its own is a copy of that, the
    one in the folder that it was copied from."""
    python = environment.python
    minor = minor_of(python.version) or "3"
    names = ("python.exe", f"bin/python{minor}", "bin/python3")
    beside = [os.path.join(python.base, *name.split("/")) for name in names if python.base]
    for path in filter(None, (python.base_executable, *beside)):
        if not path.startswith(environment.path + os.sep) and reach.exists(path):
            return path
    return None


def _link(path: str, one: Interpreter) -> str | None:
    """Return the path that a person gave, where it is a link that an environment may be on."""
    return path if moving_link(path) is not None and leads_to(path, one) else None


_FOLDER = re.compile(r"python(\d+\.\d+)(t?)\Z")
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}\S*\Z")


@dataclass(frozen=True, slots=True)
class NamedInterpreter:
    """Which interpreter a person asked for: at most one of the two."""

    version: str | None = None
    path: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> "NamedInterpreter":
        """Read a version (`3.11`, `3.11.9`) or a path."""
        if text is None:
            return cls()
        return cls(version=text) if _VERSION.match(text) else cls(path=text)

    def fits(self, interpreter: Interpreter) -> bool:
        """Tell whether an interpreter is what was asked for."""
        if self.path is not None:
            names = (interpreter.executable, *interpreter.aliases, interpreter.prefix)
            return self.path in names or reach.realpath(self.path) in names
        if self.version is None:
            return True
        known = interpreter.version
        return is_version(known, self.version, free_threaded=_has_threads(interpreter))

    @property
    def text(self) -> str:
        """Return it as it was asked."""
        return self.version or self.path or ""


def package_minors(environment: Environment) -> set[str]:
    """Return the minor versions that the package folders are for: `3.13`, or `3.13t`."""
    found = set()
    for folder in environment.site_packages:
        match = _FOLDER.match(os.path.basename(os.path.dirname(folder)))
        if match:
            found.add(match[1] + match[2])
    return found


@dataclass(frozen=True, slots=True)
class NoBase:
    """Why there is no base."""

    reason: str
    other: str | None = None
    """The version that was asked for, where it is there and of another minor version."""


def choose_base(
    environment: Environment,
    interpreters: Sequence[Interpreter],
    minor: str,
    wanted: NamedInterpreter,
) -> Interpreter | NoBase:
    """Return the best interpreter of that minor version, or why there is none.

    Free-threaded builds (`3.13t`) are a version of their own: their packages do not go together
    with those of the others. Best is the newest patch release; of two alike that from where the
    present base is, then the one first found.
    """
    asked = [one for one in interpreters if wanted.fits(one)]
    alike = [one for one in asked if _bases_minor(one) == minor]
    fitting = [one for one in alike if _usable(one)]
    if fitting:
        return max(
            fitting, key=lambda one: (_bases_numbers(one.version), _shared_path(environment, one))
        )
    if alike:
        return NoBase(f"{alike[0].executable} cannot be used as base interpreter")
    if wanted.text and asked:
        other = _bases_minor(asked[0]) or "unknown version"
        return NoBase(f"its packages are for {minor}, but {wanted.text} is {other}", other)
    return NoBase(f"interpreter not found: {wanted.text or minor}")


def _usable(interpreter: Interpreter) -> bool:
    return (
        interpreter.implementation in (None, "cpython")
        and can_stand(interpreter.executable)
        and can_stand(interpreter.prefix)
        and reach.access(interpreter.executable, os.X_OK)
    )


def _bases_minor(interpreter: Interpreter) -> str:
    return f"{minor_of(interpreter.version)}{'t' * _has_threads(interpreter)}"


def _bases_numbers(version: str | None) -> tuple[bool, tuple[int, ...]]:
    """Return what sorts versions: releases above pre-releases of any number."""
    text = version or ""
    numbers = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    return re.search(r"(?:a|b|rc)\d", text) is None, numbers


def _shared_path(environment: Environment, interpreter: Interpreter) -> int:
    """Return how much of its path an interpreter shares with the present base."""
    base = environment.python.base or environment.python.base_executable or ""
    pairs = zip(base.split(os.sep), interpreter.prefix.split(os.sep), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def can_stand(path: str) -> bool:
    """Tell whether a path survives as a value: one line, and no blanks at its ends."""
    return path == path.strip() and not set(path) & {"\n", "\r", "\0"}
