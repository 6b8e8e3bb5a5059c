"""The Python that a project requires, and how its environment differs."""

import os
import re
import tomllib
from collections.abc import Callable, Iterator

from envdeck.core import lazy_versions as packaging
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model.environment import Python
from envdeck.core.project.deployed import named_pythons
from envdeck.core.project.deployed.base import minor_numbers
from envdeck.core.project.deployed.platforms import DEVELOPMENT
from envdeck.core.project.documents import (
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
)
from envdeck.core.project.manifests.others import (
    SetupCall,
    parse_setup_cfg,
    read_environment_yml,
    read_setup_call,
)
from envdeck.core.project.manifests.poetry import poetry_specifier
from envdeck.core.project.model import (
    NamedPython,
    Problem,
    PythonDrift,
    WantedPython,
    Where,
    allows,
)
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

_LIMIT = 64 * 1024
_VERSION = re.compile(
    r"(?:(?P<name>cpython|pypy|graalpy|python)[-@]?)?(?P<version>\d{1,2}(?:\.\d{1,4}){0,2}"
    r"(?:(?:a|b|rc)\d{1,3})?)(?P<threads>t(?!\w)|\+freethreaded)?(?:[-+].*)?\Z"
)


@dataclass(frozen=True, slots=True)
class _Pin:
    version: str
    """Empty where the file has a range."""
    implementation: str | None
    file: str
    specifier: str = ""


def wanted_python(folder: str, named: tuple[NamedPython, ...] | None = None) -> WantedPython:
    """Return the Python that the files of a project require.

    The specifier is that of `pyproject.toml` (PEP 621, else poetry's), else of `setup.cfg`,
    else of `setup.py`; the exact version that of `.python-version` (pyenv's or uv's form, also
    of a folder above in the same repository), else `.tool-versions` (asdf, mise), `mise.toml`,
    `runtime.txt`, else the `Pipfile`. Where none pins one, those that containers, platforms, CI,
    `environment.yml` and classifiers name are told, in that order; `named` are the first of
    these, where they were read already.
    """
    problems: list[Problem] = []
    specifier, specifier_file = "", None
    for file, text in _specifiers(folder, problems):
        if text:
            specifier, specifier_file = text, file
            break
    pin = next(_pins(folder, problems), None)
    if pin is not None and not pin.version:
        ranged, pin_file = pin.specifier, pin.file
        specifier = ",".join(filter(None, (specifier, ranged)))
        specifier_file = specifier_file or pin_file
        pin = None
    likely: tuple[NamedPython, ...] = ()
    if pin is None:
        found = named_pythons(folder)[0] if named is None else named
        likely = tuple(
            one for one in _sort_by_rank(folder, found) if allows(specifier, one.version)
        )
    return WantedPython(
        specifier,
        pin.version if pin else None,
        pin.implementation if pin else None,
        specifier_file,
        pin.file if pin else None,
        likely,
        tuple(problems),
    )


def _sort_by_rank(folder: str, named: tuple[NamedPython, ...]) -> Iterator[NamedPython]:
    """Yield what names a Python, the most binding first: what the project runs on, the container
    that it is developed in, what CI tests (the newest first), conda's, classifiers."""
    yield from (one for one in named if one.where is Where.DEPLOYED)
    yield from (one for one in named if one.source == DEVELOPMENT)
    tested = [one for one in named if one.where is Where.TESTED and one.source != DEVELOPMENT]
    yield from sorted(tested, key=lambda one: minor_numbers(one.version) or (0, 0), reverse=True)
    yield from _read_conda(folder)
    yield from _read_classifiers(folder)


_CONDA_PYTHON = re.compile(r"(?:.*::)?python\s*(?:==?|~=|>=)\s*(3\.\d{1,2}(?:\.\d{1,3})?)")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d{1,2})\s*\Z")


def _read_conda(folder: str) -> Iterator[NamedPython]:
    for name in ("environment.yml", "environment.yaml"):
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        for one in read_environment_yml(path).requirements:
            match = _CONDA_PYTHON.match(one.text) if not one.pip else None
            if match:
                yield NamedPython(match[1], Where.TESTED, name, path, one.line)


def _read_classifiers(folder: str) -> Iterator[NamedPython]:
    """Yield the newest version that classifiers have."""
    listed: list[tuple[str, int | None, str]] = []
    path = os.path.join(folder, "pyproject.toml")
    document = read_toml(path) if reach.isfile(path) else None
    if isinstance(document, DataDocument):
        for keys in (("project",), ("tool", "poetry")):
            told = strings(table_at(document.table, *keys).get("classifiers"))
            listed += [(text, document.line_of(text), path) for text in told]
    path = os.path.join(folder, "setup.cfg")
    if reach.isfile(path) and not isinstance(parser := parse_setup_cfg(path), Problem):
        told = tuple(parser.get("metadata", "classifiers", fallback="").splitlines())
        listed += [(text.strip(), None, path) for text in told]
    path = os.path.join(folder, "setup.py")
    call = read_setup_call(path) if reach.isfile(path) else None
    if isinstance(call, SetupCall):
        listed += [(text, call.lines[1] or None, path) for text in call.classifiers]
    found = [(match[1], line, file) for text, line, file in listed
             if (match := _CLASSIFIER.match(text))]  # fmt: skip
    found.sort(key=lambda one: minor_numbers(one[0]) or (0, 0), reverse=True)
    for version, line, file in found[:1]:
        yield NamedPython(version, Where.TESTED, "classifiers", file, line)


def _specifiers(folder: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    path = os.path.join(folder, "pyproject.toml")
    document = _document(path, problems)
    if document is not None:
        required = string_at(document.table, "project", "requires-python")
        yield path, _checked(document, required, required, problems)
        required = string_at(document.table, "tool", "poetry", "dependencies", "python")
        yield path, _checked(document, poetry_specifier(required) or "", required, problems)
    path = os.path.join(folder, "setup.cfg")
    if reach.isfile(path):
        parser = parse_setup_cfg(path)
        if isinstance(parser, Problem):
            problems.append(parser)
        else:
            required = parser.get("options", "python_requires", fallback="").strip()
            yield path, _checked(DataDocument(path, {}, required), required, required, problems)
    path = os.path.join(folder, "setup.py")
    call = read_setup_call(path) if reach.isfile(path) else None
    if isinstance(call, SetupCall):
        required = call.requires_python.strip()
        yield path, _checked(DataDocument(path, {}, required), required, required, problems)


def _checked(document: DataDocument, specifier: str, written: str, problems: list[Problem]) -> str:
    is_range = _is_range(specifier)
    if is_range is None:
        problems.append(document.problem("invalid Python version range", written))
    return specifier if is_range else ""


def _pins(folder: str, problems: list[Problem]) -> Iterator[_Pin]:
    readers: tuple[tuple[str, Callable[[str], Iterator[str]]], ...] = (
        (".python-version", _plain_lines),
        (".tool-versions", _tool_versions),
        ("runtime.txt", _plain_lines),
    )
    places = [(os.path.join(folder, name), read) for name, read in readers[:2]]
    places += [(path, _mise) for path in (os.path.join(folder, name) for name in _MISE)]
    places += [(os.path.join(folder, name), read) for name, read in readers[2:]]
    for above in _above(folder):
        places += [(os.path.join(above, name), read) for name, read in readers[:2]]
        places += [(os.path.join(above, name), _mise) for name in _MISE]
    for path, read in places:
        if not reach.isfile(path):
            continue
        data = read_bounded(path, _LIMIT)
        if isinstance(data, Unread):
            problems.append(Problem(path, f"cannot be read: {data.reason}"))
            continue
        yield from _first(path, read(decode(data)))
    path = os.path.join(folder, "Pipfile")
    document = _document(path, problems)
    if document is not None:
        wanted = ("requires", "python_full_version"), ("requires", "python_version")
        yield from _first(path, (string_at(document.table, *keys) for keys in wanted))


_MISE = ("mise.toml", ".mise.toml", "mise/config.toml", ".config/mise.toml")
_HIGHEST = 20


def _above(folder: str) -> tuple[str, ...]:
    """Return the folders above one, up to the top of its repository; none outside of one."""
    found: list[str] = []
    for _ in range(_HIGHEST):
        if reach.lexists(os.path.join(folder, ".git")):
            return tuple(found)
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
        found.append(folder)
    return ()


def _mise(text: str) -> Iterator[str]:
    try:
        told = table_at(tomllib.loads(text), "tools").get("python")
    except (ValueError, RecursionError):
        return
    for one in told if isinstance(told, list) else [told]:
        version = one.get("version") if isinstance(one, dict) else one
        if isinstance(version, str):
            yield version


def _first(path: str, candidates: Iterator[str]) -> Iterator[_Pin]:
    """Yield the first version, past `system` and names of environments (pyenv)."""
    for text in candidates:
        text = text.strip().lower()
        if text[:1] in "<>=!~" and text and _is_range(text):
            yield _Pin("", None, path, text)
            return
        match = _VERSION.match(text.partition("/")[0])
        if match is not None:
            name = match["name"]
            if name == "graalpy" and match["version"].partition(".")[0] not in {"2", "3"}:
                continue  # `graalpy-24.1` has the number of its own release
            implementation = None if name in (None, "python") else name
            build = "t" if match["threads"] else ""
            yield _Pin(match["version"] + build, implementation, path)
            return


def _is_range(text: str) -> bool | None:
    """Tell whether a text bounds a version: an empty one does not; None where it is invalid."""
    try:
        return bool(packaging.SpecifierSet(text))
    except ValueError:  # not valid, or of more digits than Python reads
        return None


def _plain_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.partition("#")[0]
        yield from ["".join(words.split())] if words.strip()[:1] in _SIGNS else words.split()[:1]


_SIGNS = tuple("<>=!~")


def _tool_versions(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["python"]:
            yield from words[1:]


def _document(path: str, problems: list[Problem]) -> DataDocument | None:
    if not reach.isfile(path):
        return None
    document = read_toml(path)
    if isinstance(document, Problem):
        problems.append(document)
        return None
    return document


_MINORS = tuple((3, minor) for minor in range(6, 16))
"""The candidates for a version inside a range."""
_NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}


def python_drifts(
    wanted: WantedPython,
    named: tuple[NamedPython, ...],
    python: Python,
    *,
    free_threaded: bool = False,
) -> tuple[PythonDrift, ...]:
    """Return how this interpreter differs from the project's Pythons, errors first.

    An error is a difference that tools refuse: outside the range, or not the pinned version.
    Deployment or tests with another minor version are worth knowing; another release of the same
    minor version is not.
    """
    minor = minor_numbers(python.version or "")
    if python.version is None or minor is None:
        return ()
    return (
        *_outside(wanted, named, python.version),
        *_not_pinned(wanted, python, free_threaded=free_threaded),
        *_deployed(wanted, named, minor),
        *_untested(wanted, named, minor),
    )


def _outside(
    wanted: WantedPython, named: tuple[NamedPython, ...], version: str
) -> Iterator[PythonDrift]:
    if allows(wanted.specifier, version):
        return
    file = wanted.specifier_source or ""
    key = "python_requires" if os.path.basename(file) == "setup.cfg" else "requires-python"
    yield PythonDrift(
        f"{key} is {wanted.specifier}, but the environment has {version}",
        file,
        error=True,
        wanted=_fitting_version(wanted, named, version),
    )


def _not_pinned(
    wanted: WantedPython, python: Python, *, free_threaded: bool
) -> Iterator[PythonDrift]:
    version, exact = python.version or "", wanted.exact
    if exact is None:
        return
    known, asked = version.split("."), exact.removesuffix("t").split(".")
    common = min(len(known), len(asked))  # unknown parts do not differ
    threads = free_threaded is exact.endswith("t")
    implementation = (python.implementation or "cpython").lower()
    another = (wanted.implementation or implementation) != implementation
    if known[:common] == asked[:common] and threads and not another:
        return
    what, is_ = exact, f"{version}{'t' * free_threaded}"
    if another:
        other = wanted.implementation or ""
        what = f"{_NAMES.get(other, other)} {exact}"
        is_ = f"{_NAMES.get(implementation, implementation)} {version}"
    file = wanted.exact_source or ""
    yield PythonDrift(
        f"{os.path.basename(file)} pins {what}, but the environment has {is_}",
        file,
        error=True,
        # interpreters are chosen by version alone, inside the range
        wanted="" if another or not allows(wanted.specifier, exact) else exact,
    )


def _deployed(
    wanted: WantedPython, named: tuple[NamedPython, ...], minor: tuple[int, int]
) -> Iterator[PythonDrift]:
    """Yield each file's first line of each other minor version."""
    seen = set()
    for one in named:
        other = minor_numbers(one.version)
        key = (one.file, other)
        worked_on = one.source == DEVELOPMENT
        deployed = one.where is Where.DEPLOYED
        if not (deployed or worked_on) or other in (None, minor) or key in seen:
            continue
        seen.add(key)
        does = f"its {DEVELOPMENT} has" if worked_on else "deploys on"
        fits = allows(wanted.specifier, one.version)
        but = "" if fits else f" (outside {wanted.specifier})"
        yield PythonDrift(
            f"develops on {_dotted(minor)}, {does} {one.version} ({_place(one)}){but}",
            one.file,
            one.line,
            wanted=one.version if fits else "",
        )


def _untested(
    wanted: WantedPython, named: tuple[NamedPython, ...], minor: tuple[int, int]
) -> Iterator[PythonDrift]:
    """Yield each source that tests only other minor versions."""
    sources: dict[str, list[NamedPython]] = {}
    for one in named:
        if (
            one.where is Where.TESTED
            and one.source != DEVELOPMENT
            and minor_numbers(one.version) is not None
        ):
            sources.setdefault(one.source, []).append(one)
    for source, ones in sources.items():
        minors = sorted({found for one in ones if (found := minor_numbers(one.version))})
        if minor in minors:
            continue
        fitting = [_dotted(one) for one in minors if allows(wanted.specifier, _dotted(one))]
        several = [_dotted(one) for one in minors]
        yield PythonDrift(
            f"{source} tests {_listed(several)}, not {_dotted(minor)} ({_place(ones[0])})",
            ones[0].file,
            ones[0].line,
            wanted=fitting[-1] if fitting else "",
        )


def _fitting_version(wanted: WantedPython, named: tuple[NamedPython, ...], version: str) -> str:
    """Return a version inside the range: the pinned, else a deployed one, else the nearest minor
    version above this one, else below."""
    deployed = [one.version for one in named if one.where is Where.DEPLOYED]
    for candidate in (wanted.exact, *deployed):
        if candidate and minor_numbers(candidate) and allows(wanted.specifier, candidate):
            return candidate
    own = minor_numbers(version) or (0, 0)
    above = [one for one in _MINORS if one >= own]
    below = [one for one in reversed(_MINORS) if one < own]
    for one in (*above, *below):
        if allows(wanted.specifier, _dotted(one)):
            return _dotted(one)
    return ""


def _place(one: NamedPython) -> str:
    base = os.path.basename(one.file)
    return base if one.line is None else f"{base}:{one.line}"


def _dotted(minor: tuple[int, int]) -> str:
    return f"{minor[0]}.{minor[1]}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
