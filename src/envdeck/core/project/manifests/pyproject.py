"""`pyproject.toml`: PEP 621, PEP 735, PDM's and setuptools' additions."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.documents import (
    NO_REQUIREMENT,
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
)
from envdeck.core.project.manifests.indexes import (
    IndexTable,
    pdm_indexes,
    poetry_indexes,
    uv_indexes,
)
from envdeck.core.project.manifests.poetry import poetry_requirements
from envdeck.core.project.manifests.requirements_txt import (
    read_requirements,
    requirement_of_line,
)
from envdeck.core.project.manifests.sources import (
    UvSources,
    index_checked,
    pdm_sourced,
    poetry_joined,
    uv_sourced,
    workspace_root,
)
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.requirements import (
    editable_line,
    file_url,
    is_name,
    parsed,
    read_overrides,
)
from envdeck.core.system import reach


def shape_problems(document: DataDocument) -> Iterator[Problem]:
    """Yield what a tool would refuse in the tables that declare something. Names of groups and
    requirements are looked at by whoever reads them."""
    whole = document.table
    for name in ("project", "dependency-groups", "tool", "build-system"):
        if name in whole and not isinstance(whole[name], dict):
            yield document.problem(f"[{name}] is not a table", name)
    project = table_at(whole, "project")
    if project and not string_at(whole, "tool", "poetry", "name"):
        if "name" not in project:
            yield document.problem("[project] has no name", "[project]")
        elif not isinstance(project["name"], str) or not is_name(project["name"]):
            yield document.problem("invalid name in [project] (PEP 508)", "name")
    if not isinstance(project.get("requires-python", ""), str):
        yield document.problem("requires-python is not a string", "requires-python")
    if not _strings(project.get("dependencies", [])):
        yield document.problem("dependencies is not a list of strings", "dependencies")
    extras = project.get("optional-dependencies", {})
    if not isinstance(extras, dict):
        yield document.problem("optional-dependencies is not a table", "optional-dependencies")
    elif not all(map(_strings, extras.values())):
        bad = next(name for name, listed in extras.items() if not _strings(listed))
        yield document.problem("an extra is not a list of strings", bad)


def _strings(value: Any) -> bool:  # noqa: ANN401  whatever TOML can hold
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def pdm_requirements(document: DataDocument) -> dict[str, tuple[str, ...]]:
    """Return the requirements of each group, `-e …` lines (which PEP 508 does not know) among
    them."""
    listed = table_at(document.table, "tool", "pdm", "dev-dependencies")
    return {normalise(name): strings(texts) for name, texts in listed.items()}


def requirements_of_files(
    folder: str, names: Iterable[str], extra: str = ""
) -> tuple[list[DeclaredRequirement], list[Problem]]:
    """Return what these files of a project declare, and what is wrong with them."""
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    for name in names:
        manifest = read_requirements(os.path.normpath(os.path.join(folder, name.strip())))
        found += [replace(one, extra=extra) for one in manifest.requirements]
        problems += manifest.problems
    return found, problems


_DEEPEST = 50
_MOST = 20_000


def expand_groups(
    document: DataDocument, groups: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """Return the requirements of each group, by its normalised name, and what is wrong.

    `packaging.dependency_groups` gives up on all groups when one is wrong; here each bad entry
    is a problem, and the others count.
    """
    problems: list[Problem] = []
    named: dict[str, Any] = {}
    for name, entries in groups.items():
        if normalise(name) in named:
            problems.append(document.problem("duplicate dependency group", name))
        named.setdefault(normalise(name), entries)

    spent = count(1)
    found = {
        name: tuple(dict.fromkeys(_expand(named, document, problems, spent, (name,))))
        for name in named
    }
    return found, tuple(dict.fromkeys(problems))


def _expand(
    named: Mapping[str, Any],
    document: DataDocument,
    problems: list[Problem],
    spent: Iterator[int],
    path: tuple[str, ...],
) -> Iterator[str]:
    """Yield the entries of the last group of a path, and of those that it includes.

    No function within :func:`expand_groups`: one that calls itself is freed by the collector only,
    and the document that it refers to with it.
    """
    name = path[-1]
    entries = named[name]
    if not isinstance(entries, list):
        problems.append(document.problem("this dependency group is not a list", name))
        return
    for entry in entries:
        if next(spent) > _MOST:
            return
        if isinstance(entry, str):
            yield entry
            continue
        other = entry.get("include-group") if isinstance(entry, dict) else None
        if not isinstance(other, str) or len(entry) != 1:
            problems.append(document.problem("this dependency group has an invalid entry", name))
        elif normalise(other) not in named:
            problems.append(document.problem("a dependency group includes an unknown group", other))
        elif normalise(other) in path or len(path) > _DEEPEST:
            problems.append(document.problem("a dependency group includes itself", other))
        else:
            inner = (*path, normalise(other))
            yield from _expand(named, document, problems, spent, inner)


def read_pyproject(path: str) -> Manifest:
    """Read what a `pyproject.toml` declares, by whichever tables it has."""
    document = read_toml(path)
    if isinstance(document, Problem):
        return Manifest(path, "pyproject", problems=(document,))
    project, tool = table_at(document.table, "project"), table_at(document.table, "tool")
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    root = workspace_root(document)
    indexes = uv_indexes(document, root)
    _add(document, strings(project.get("dependencies")), found, problems)
    for extra, texts in table_at(project, "optional-dependencies").items():
        _add(document, strings(texts), found, problems, extra=normalise(extra))
    groups, wrong = expand_groups(document, table_at(document.table, "dependency-groups"))
    problems += wrong
    for group, members in groups.items():
        _add(document, members, found, problems, group=group)
    _add(document, strings(table_at(tool, "uv").get("dev-dependencies")), found, problems, "dev")
    defaults, format_ = _uv_defaults(document, groups), "pyproject"
    optional: frozenset[str] = frozenset()
    if table_at(tool, "poetry"):
        found = list(poetry_joined(document, found, problems))
        more, wrong_too, optional = poetry_requirements(
            document, [one for one in found if one.group], has_project=bool(project)
        )
        found += more
        problems += wrong_too
        names = dict.fromkeys(one.group for one in found if one.group)
        defaults = tuple(name for name in names if name not in optional)
        format_ = "poetry"
    elif table_at(tool, "pdm"):
        for group, texts in pdm_requirements(document).items():
            _add(document, texts, found, problems, group=group)
        defaults = tuple(dict.fromkeys(one.group for one in found if one.group))
        format_ = "pdm"
    name = string_at(project, "name") or string_at(tool, "poetry", "name")
    builds = _builds(document)
    dynamic = _dynamic(document, found, problems, builds=builds)
    theirs = poetry_indexes(document) if format_ == "poetry" else pdm_indexes(document)
    known = {**indexes.named, **theirs.named}
    options = tuple(dict.fromkeys((*indexes.options, *theirs.options)))
    found = list(pdm_sourced(document, found))
    found = list(uv_sourced(document, found, UvSources(document, root, indexes), problems))
    found = list(index_checked(document, found, IndexTable(known, options), problems))
    named = dict.fromkeys(one.index for one in found if one.index)
    problems += shape_problems(document)
    return Manifest(
        path,
        format_,
        tuple(found),
        constraints=tuple(_constraints(document, problems)),
        overrides=read_overrides(document, root or document),
        options=options,
        indexes=tuple(known[one] for one in named if one in known),
        name=normalise(name),
        builds=builds,
        dynamic=dynamic,
        unbuilt=_unbuilt(document, normalise(name)) if builds and not dynamic else "",
        default_groups=defaults,
        optional_groups=tuple(sorted(optional)),
        problems=tuple(problems),
    )


def _add(
    document: DataDocument,
    texts: Iterable[str],
    found: list[DeclaredRequirement],
    problems: list[Problem],
    group: str = "",
    extra: str = "",
) -> None:
    for text in texts:
        requirement = parsed(text)
        if requirement is None and text.startswith(("-e ", "--editable ")):
            number = document.line_of(text) or 1
            place = text.replace("${PROJECT_ROOT}", os.path.dirname(document.file))
            one = requirement_of_line(document.file, number, place)
            if isinstance(one, Problem):
                problems.append(one)
            else:
                found.append(replace(one, group=group, extra=extra))
        elif requirement is None:
            problems.append(document.problem(NO_REQUIREMENT, text))
        else:
            name, line = requirement.name, document.line_of(text)
            found.append(DeclaredRequirement(text, name, document.file, line, group, extra))


def _dynamic(
    document: DataDocument,
    found: list[DeclaredRequirement],
    problems: list[Problem],
    *,
    builds: bool,
) -> bool:
    """Read what setuptools would read from other files, and tell whether a build alone tells the
    dependencies: then the project itself is a requirement, and so is each extra of it."""
    project = table_at(document.table, "project")
    dynamic = strings(project.get("dynamic"))
    told = table_at(document.table, "tool", "setuptools", "dynamic")
    listed = {"": table_at(told, "dependencies")} if "dependencies" in dynamic else {}
    if "optional-dependencies" in dynamic:
        listed |= table_at(told, "optional-dependencies")
    alone = False
    for extra, table in listed.items():
        files = strings(table_at(table).get("file"))
        more, wrong = requirements_of_files(os.path.dirname(document.file), files, normalise(extra))
        found += more
        problems += wrong
        alone = alone or (not files and not extra)
    legacy = builds and not project and not table_at(document.table, "tool", "poetry")
    if not alone and not legacy:
        return False
    line = document.line_of("dynamic") if alone else None
    name = normalise(string_at(project, "name"))
    found += itself(document.file, name, line)
    return True


def itself(
    file: str, name: str, line: int | None = None, extras: Iterable[str] = ()
) -> list[DeclaredRequirement]:
    """Return the project of a manifest as a requirement, installed in place, and each of its
    extras."""
    url = file_url(os.path.normpath(os.path.dirname(file)))
    return [
        DeclaredRequirement(
            editable_line(url, extras=(extra,) if extra else ()), name, file, line, extra=extra
        )
        for extra in ("", *extras)
    ]


def hatch_names(folder: str) -> frozenset[str]:
    """Return the names of what hatch installs into the default environment of a project besides
    what that declares, as `pyproject.toml` or `hatch.toml` tells."""
    found: set[str] = set()
    for file, keys in (("pyproject.toml", ("tool", "hatch")), ("hatch.toml", ())):
        document = read_toml(os.path.join(folder, file))
        if isinstance(document, Problem):
            continue
        told = table_at(document.table, *keys, "envs", "default")
        for key in ("dependencies", "extra-dependencies"):
            found |= {one.name for text in strings(told.get(key)) if (one := parsed(text))}
    return frozenset(found)


def _uv_defaults(document: DataDocument, groups: Iterable[str]) -> tuple[str, ...]:
    """uv, and so we, install the group `dev` unless the project says otherwise."""
    told = table_at(document.table, "tool", "uv").get("default-groups", ["dev"])
    known = (*groups, "dev")
    if told == "all":
        return tuple(dict.fromkeys(groups))
    named = dict.fromkeys(map(normalise, strings(told)))
    return tuple(name for name in named if name in known)


def _builds(document: DataDocument) -> bool:
    """Whether a tool would install the project itself."""
    tool = table_at(document.table, "tool")
    package = table_at(tool, "uv").get("package")
    if isinstance(package, bool):
        return package
    if table_at(tool, "poetry").get("package-mode") is False:
        return False
    if table_at(tool, "pdm").get("distribution") is False:
        return False
    if "build-system" in document.table:
        return True
    legacy = not table_at(document.table, "project") and not table_at(tool, "poetry")
    return legacy and reach.isfile(os.path.join(os.path.dirname(document.file), "setup.py"))


_GONE = frozenset({"poetry.masonry.api"})
"""Backends that no supported release of their tool has."""
_NEEDS_PACKAGE = ("poetry.core.masonry.api", "poetry.masonry.api", "hatchling.build", "uv_build",
                  "flit_core.buildapi")  # fmt: skip


def _unbuilt(document: DataDocument, name: str) -> str:
    """Say why the project itself cannot be built, where its files tell: a backend that is gone,
    or one that looks for a package of the project's name, and there is none."""
    backend = string_at(document.table, "build-system", "build-backend")
    left = f"{name or 'The project'} itself is not installed"
    if backend in _GONE:
        line = document.line_of(backend)
        return f"{left}: its build backend {backend} is obsolete (pyproject.toml:{line})"
    tool = table_at(document.table, "tool")
    told = (
        "packages" in table_at(tool, "poetry")
        or "include" in table_at(tool, "poetry")
        or table_at(tool, "hatch", "build")
        or table_at(tool, "uv", "build-backend")
        or table_at(tool, "flit")
        or string_at(tool, "poetry", "build", "script")
    )
    if backend not in _NEEDS_PACKAGE or told or not name:
        return ""
    folder = os.path.dirname(document.file)
    stem = name.replace("-", "_")
    places = [os.path.join(folder, *part, one) for part in ((), ("src",))
              for one in (stem, f"{stem}.py", f"{stem}-stubs")]  # fmt: skip
    if any(reach.lexists(place) for place in places) or _spelt_otherwise(folder, stem):
        return ""
    return f"{left}: {backend.partition('.')[0]} finds no package `{stem}` in the folder"


def _spelt_otherwise(folder: str, stem: str) -> bool:
    """Whether a package has the name in other letters: `PIL`, `src/MyApp`, or parts in folders."""
    first = stem.partition("_")[0]
    for place in (folder, os.path.join(folder, "src")):
        try:
            with reach.scandir(place) as entries:
                for _, one in zip(range(1000), entries, strict=False):
                    plain = one.name.lower().removesuffix(".py").replace("-", "_").replace(".", "_")
                    if plain in (stem, stem.replace("_", "")):
                        return True
                    if plain == first != stem and one.is_dir():
                        return True
        except (OSError, ValueError):
            continue
    return False


def _constraints(document: DataDocument, problems: list[Problem]) -> Iterable[DeclaredRequirement]:
    found: list[DeclaredRequirement] = []
    told = table_at(document.table, "tool", "uv").get("constraint-dependencies")
    _add(document, strings(told), found, problems)
    return found
