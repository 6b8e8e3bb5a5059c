"""Which Pythons a project names that are not the one of its environment: "develops on 3.11,
deploys on 3.12"."""

import os
from collections.abc import Iterable, Iterator

from envdeck.core.model.environment import Python
from envdeck.core.project.deployed.dockerfile import DEVELOPMENT
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.versions import minor_of
from envdeck.core.project.drift import PythonDrift
from envdeck.core.project.model import WantedPython

_MINORS = tuple((3, minor) for minor in range(6, 16))
"""Which are thought of where a range is to be mended by one version."""
_LAST = 30
"""No minor version of CPython has had more releases."""
_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}


def python_drifts(
    wanted: WantedPython, named: Iterable[NamedPython], python: Python
) -> tuple[PythonDrift, ...]:
    """Return what the project says of Python that this interpreter is not, errors first.

    An error is what a tool would refuse: a range that it is outside of, a pin that is another
    version. That it is deployed on or tested with another minor version is worth knowing; of two
    releases of one minor version it is not. What the files leave open is no drift.
    """
    minor = minor_of(python.version or "")
    if python.version is None or minor is None:
        return ()
    told = tuple(named)
    return (
        *_outside(wanted, told, python.version),
        *_not_pinned(wanted, python),
        *_deployed(wanted, told, minor),
        *_untested(wanted, told, minor),
    )


def _outside(
    wanted: WantedPython, named: tuple[NamedPython, ...], version: str
) -> Iterator[PythonDrift]:
    if _accepts(wanted.specifier, version):
        return
    file = wanted.specifier_source or ""
    says = "python_requires" if os.path.basename(file) == "setup.cfg" else "requires-python"
    yield PythonDrift(
        f"{says} asks for {wanted.specifier}, and this is {version}",
        file,
        error=True,
        wanted=_mending(wanted, named, version),
    )


def _not_pinned(wanted: WantedPython, python: Python) -> Iterator[PythonDrift]:
    version, exact = python.version or "", wanted.exact
    if exact is None:
        return
    known, asked = version.split("."), exact.split(".")
    common = min(len(known), len(asked))  # what is known no further is not told apart
    implementation = (python.implementation or "cpython").lower()
    another = (wanted.implementation or implementation) != implementation
    if known[:common] == asked[:common] and not another:
        return
    what, is_ = exact, version
    if another:
        what = f"{_named(wanted.implementation or '')} {exact}"
        is_ = f"{_named(implementation)} {version}"
    file = wanted.exact_source or ""
    yield PythonDrift(
        f"{os.path.basename(file)} pins {what}, and this is {is_}",
        file,
        error=True,
        # an interpreter is picked by its version alone, and of what the range allows
        wanted="" if another or not _accepts(wanted.specifier, exact) else exact,
    )


def _deployed(
    wanted: WantedPython, named: tuple[NamedPython, ...], minor: tuple[int, int]
) -> Iterator[PythonDrift]:
    """Yield each file's first line of each other minor version."""
    seen = set()
    for one in named:
        other = minor_of(one.version)
        key = (one.file, other)
        worked_on = one.source == DEVELOPMENT
        deployed = one.where is Where.DEPLOYED
        if not (deployed or worked_on) or other in (None, minor) or key in seen:
            continue
        seen.add(key)
        does = f"its {DEVELOPMENT} has" if worked_on else "deploys on"
        fits = _accepts(wanted.specifier, one.version)
        but = "" if fits else f", which is outside {wanted.specifier}"
        yield PythonDrift(
            f"develops on {_dotted(minor)}, {does} {one.version} ({_place(one)}){but}",
            one.file,
            one.line,
            wanted=one.version if fits else "",
        )


def _untested(
    wanted: WantedPython, named: tuple[NamedPython, ...], minor: tuple[int, int]
) -> Iterator[PythonDrift]:
    """Yield each source that tests other minor versions and not this one."""
    sources: dict[str, list[NamedPython]] = {}
    for one in named:
        if (
            one.where is Where.TESTED
            and one.source != DEVELOPMENT
            and minor_of(one.version) is not None
        ):
            sources.setdefault(one.source, []).append(one)
    for source, ones in sources.items():
        minors = sorted({found for one in ones if (found := minor_of(one.version))})
        if minor in minors:
            continue
        fitting = [_dotted(one) for one in minors if _accepts(wanted.specifier, _dotted(one))]
        several = [_dotted(one) for one in minors]
        yield PythonDrift(
            f"{source} tests {_listed(several)}, and not {_dotted(minor)} ({_place(ones[0])})",
            ones[0].file,
            ones[0].line,
            wanted=fitting[-1] if fitting else "",
        )


def _mending(wanted: WantedPython, named: tuple[NamedPython, ...], version: str) -> str:
    """Return a version inside the range: what is pinned, else deployed, else the nearest minor
    version above this one, else below."""
    deployed = [one.version for one in named if one.where is Where.DEPLOYED]
    for candidate in (wanted.exact, *deployed):
        if candidate and minor_of(candidate) and _accepts(wanted.specifier, candidate):
            return candidate
    own = minor_of(version) or (0, 0)
    above = [one for one in _MINORS if one >= own]
    below = [one for one in reversed(_MINORS) if one < own]
    for one in (*above, *below):
        if _accepts(wanted.specifier, _dotted(one)):
            return _dotted(one)
    return ""


def _accepts(specifier: str, version: str) -> bool:
    """Tell whether a range allows a version; of a minor version, any of its releases. What cannot
    be told is allowed: the tool that reads it will say."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    if not specifier:
        return True
    candidates = [version]
    if version.count(".") == 1:
        candidates += [f"{version}.{release}" for release in range(_LAST + 1)]
    try:
        allowed = SpecifierSet(specifier)
        return any(allowed.contains(one, prereleases=True) for one in candidates)
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return True


def _place(one: NamedPython) -> str:
    base = os.path.basename(one.file)
    return base if one.line is None else f"{base}:{one.line}"


def _dotted(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _named(implementation: str) -> str:
    return _NAMES.get(implementation, implementation)
