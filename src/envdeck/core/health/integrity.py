"""Whether what is installed is whole, built for this interpreter, and owned by somebody."""

import os
import stat
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TypeAlias

from envdeck.core.health import Answer, CheckScope, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext
from envdeck.core.inspection.ownership import read_owned
from envdeck.core.inspection.packages.builds import find_misfit
from envdeck.core.inspection.packages.claims import HashCache, find_altered
from envdeck.core.inspection.packages.record import digest_of, read_rows
from envdeck.core.inspection.packages.site_packages import (
    entries,
    is_distribution,
    leftovers,
    normalise,
    parse_entry,
)
from envdeck.core.inspection.unowned import is_creators
from envdeck.core.model import Distribution, Fix, FixKind, Severity, Status
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded
from envdeck.core.system.words import counted, join_some

_SHOWN = 5
"""Paths in the evidence; a count says how many there are."""
_CONDA = ("conda", "pixi")


def _is_condas(distribution: Distribution) -> bool:
    return (distribution.installer or "").startswith(_CONDA)


@content_check(Severity.ERROR)
def wrong_build(context: HealthContext) -> Iterator[Answer]:
    """Compiled modules that this interpreter cannot load."""
    target = context.target
    if target is None or target.implementation not in {"cpython", "pypy"}:
        yield Skipped("which builds its interpreter loads is not known")
        return
    if context.environment.status is Status.MIXED:
        yield Skipped("its packages are for another Python than its interpreter: mixed-versions")
        return
    for one, recorded in context.recorded:
        found = find_misfit(one.path.rpartition(os.sep)[0], recorded, target)
        if found is None:
            continue
        file, what = found
        yield Diagnosis(
            f"{one.name} {one.version} is built for {what}; the interpreter is {target}",
            "Reinstall it",
            one.name,
            (("installed", one.version), ("file", file), ("built_for", what),
             ("interpreter", str(target)), ("tags", recorded.tags)),
            Fix(FixKind.REINSTALL, (one.name,)),
        )  # fmt: skip


_Clash: TypeAlias = list[tuple[str, dict[str, tuple[str, int | None]]]]
"""Files that two distributions claim with different contents; by name, hash and size."""


@content_check(Severity.WARNING)
def file_clash(context: HealthContext) -> Iterator[Answer]:
    """A file that two distributions installed, each with its own content."""
    contents = HashCache()
    for names, clash in sorted(_clashes(context).items()):
        winner = _winner(clash, contents)
        first, second = names
        what = f"{counted(len(clash), 'file')}: {os.path.basename(clash[0][0])}"
        if len(clash) > 1:
            what += " …"
        spare = _spare(context, {first: second, second: first}.get(winner, second), names)
        told = f"those of {winner} are there" if winner else "which of them is there is not known"
        yield Diagnosis(
            f"{first} and {second} both own {what}; {told}",
            "Uninstall one of them, which restores the files of the other:"
            f" {context.command('uninstall', spare)}",
            first,
            (("distributions", names), ("installed", winner or None), ("count", len(clash)),
             ("paths", tuple(path for path, _ in clash[:_SHOWN]))),
            Fix(FixKind.UNINSTALL, (spare,)),
        )  # fmt: skip


def _spare(context: HealthContext, loser: str, names: tuple[str, str]) -> str:
    """Return which of two that clash is to go: what nothing requires, then what is not direct,
    then the one whose files are not there."""

    def value(name: str) -> tuple[bool, bool, bool]:
        row = context.by_name[name][0]
        return bool(row.required_by), row.requested, name != loser

    return min(names, key=value)


def _clashes(context: HealthContext) -> dict[tuple[str, str], _Clash]:
    """Return what pairs of distributions both claim; one name twice is another trouble.

    Only those are read whole that have a folder, a module or a program of one name.
    """
    met: set[str] = set()
    twice: set[str] = set()
    for _, recorded in context.recorded:
        twice |= recorded.tops & met
        twice.update(each for each in recorded.programs if each in met)
        met |= recorded.tops
        met.update(recorded.programs)
    owners: dict[tuple[str, str], list[Distribution]] = {}
    for one, recorded in context.recorded if twice else ():
        folder = os.path.dirname(one.path)
        for part in (*recorded.tops, *recorded.programs):
            if part in twice:
                owners.setdefault((folder, part), []).append(one)
    parts: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for (_, part), several in owners.items():
        if len(several) > 1 and len({one.name for one in several}) > 1:
            for one in several:
                parts.setdefault(one.path, set()).add(part)
                names[one.path] = one.name
    claimed: dict[str, dict[str, tuple[str, int | None]]] = {}
    for info, shared in parts.items():
        rows = read_rows(os.path.join(info, "RECORD"))
        for row in () if isinstance(rows, Unread) else rows:
            top = row.path.partition("/")[0]
            if row.hash and (
                (row.path in shared and top == "..") or (top in shared and _matters(row.path, top))
            ):
                place = os.path.normpath(os.path.join(os.path.dirname(info), row.path))
                claimed.setdefault(place, {})[names[info]] = row.hash, row.size
    return _find_differing(claimed)


_SLOPPY = frozenset({"tests", "test", "testing", "docs", "doc", "examples", "example"}) | {
    "scripts", "benchmarks", "tools", "samples",
}  # fmt: skip
"""Folders that many put beside their package by mistake, and nobody imports."""


def _matters(path: str, top: str) -> bool:
    """Tell whether a file is imported or run, or belongs to a package."""
    if path == top:
        return path.endswith((".py", ".so", ".pyd", ".pth"))
    return top.lower() not in _SLOPPY and "__pycache__" not in path


def _find_differing(
    claimed: dict[str, dict[str, tuple[str, int | None]]],
) -> dict[tuple[str, str], _Clash]:
    found: dict[tuple[str, str], _Clash] = {}
    for place, claims in sorted(claimed.items()):
        if len({digest for digest, _ in claims.values()}) < 2 or _is_namespace(place):
            continue
        for first, second in combinations(sorted(claims), 2):
            if claims[first][0] != claims[second][0]:
                clash = found.setdefault((first, second), [])
                clash.append((place, {name: claims[name] for name in (first, second)}))
    return found


_NAMESPACE_LIMIT = 4096


def _is_namespace(place: str) -> bool:
    """Tell whether a file only declares a namespace package: each part of one ships its own."""
    if os.path.basename(place) != "__init__.py":
        return False
    data = read_bounded(place, _NAMESPACE_LIMIT)
    if isinstance(data, Unread):
        return False
    text = decode(data)
    code = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    return not code or "extend_path" in text or "declare_namespace" in text


def _winner(clash: _Clash, contents: HashCache) -> str:
    """Return whose files are there, by the first few that tell; empty where none does."""
    for place, claims in clash[:_SHOWN]:
        try:
            status = reach.stat(place)
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        right = [
            name
            for name, (digest, size) in claims.items()
            if size in {None, status.st_size} and contents.agrees(place, status, digest) is True
        ]
        if len(right) == 1:
            return right[0]
    return ""


@content_check(Severity.WARNING)
def interrupted_install(context: HealthContext) -> Iterator[Answer]:
    """What an installer left that was killed."""
    left = leftovers(context.folders)
    if left:
        names = tuple(os.path.basename(path) for path in left)
        yield Diagnosis(
            f"{counted(len(left), 'leftover')} of an interrupted pip in {os.path.dirname(left[0])}:"
            f" {join_some(names)}",
            "Remove the leftovers",
            names[0],
            (("count", len(left)), ("paths", left[:_SHOWN])),
            Fix(FixKind.CLEAN_UP),
        )
    for one in context.distributions:
        lacks = _lacks(one)
        if not lacks:
            continue
        others = [each for each in context.by_name[one.name] if each.path != one.path]
        rest = bool(others) and lacks == "METADATA"
        name = os.path.basename(one.path)
        yield Diagnosis(
            f"{name} has no {lacks}: "
            + ("the rest of a removed version" if rest else "its install was interrupted"),
            "Remove the leftovers" if rest else "Reinstall it",
            one.name,
            (("path", one.path), ("lacks", lacks)),
            Fix(FixKind.CLEAN_UP) if rest else Fix(FixKind.REINSTALL, (one.name,)),
        )


_EMPTY = digest_of(b"")


def _lacks(one: Distribution) -> str:
    """Return which of the files is not there, or says nothing, that every installer writes: they
    are empty where the power went. Conda keeps its own list of files."""
    is_read = one.record not in {"", _EMPTY} and not one.problem
    if not one.path.endswith(".dist-info") or is_read:
        return ""
    if not reach.isdir(one.path):
        return ""
    if not reach.lexists(os.path.join(one.path, "METADATA")):
        return "METADATA"
    if one.unread:
        return "readable METADATA"
    if _is_condas(one):
        return ""
    if one.record:
        return "rows in RECORD" if one.record == _EMPTY else ""
    return "" if reach.lexists(os.path.join(one.path, "RECORD")) else "RECORD"


_MOST_STRANGERS = 20
_MOST_ENTRIES = 2_000


@content_check(Severity.WARNING)
def stranger_module(context: HealthContext) -> Iterator[Answer]:
    """Modules in the package folders that no distribution owns."""
    strangers: list[tuple[str, str]] = []
    unlisted: list[str] = []
    for folder in context.folders:
        found = _strangers(context, folder, unlisted)
        if isinstance(found, Unread):
            yield Skipped(f"{folder} cannot be listed: {found.reason}")
            continue
        strangers += [(folder, name) for name in found]
    if strangers and unlisted:
        yield Skipped(f"{join_some(unlisted)}: no list of its files")
        return
    for folder, name in strangers[:_MOST_STRANGERS]:
        module = name.partition(".")[0]
        yield Diagnosis(
            f"{module} in {folder} belongs to no installed package",
            f"Look at {os.path.join(folder, name)}, and delete it if nothing needs it",
            module,
            (("path", os.path.join(folder, name)), ("count", len(strangers))),
        )


def _strangers(context: HealthContext, folder: str, unlisted: list[str]) -> list[str] | Unread:
    """Return the entries of a package folder that can be imported and that nobody owns; to
    `unlisted` the distributions are added that do not say what is theirs."""
    names = entries(folder)
    if isinstance(names, Unread):
        return names
    tops: set[str] = set()
    for one, recorded in context.recorded:
        if one.path.rpartition(os.sep)[0] == folder:
            tops |= recorded.tops
    left = [name for name in names if name not in tops and _may_be_module(name)]
    left = [name for name in left if _is_module(context, folder, name)]
    if not left:
        return []
    owned = read_owned(context.environment.path, (folder,))
    relative = os.path.relpath(folder, context.environment.path).replace(os.sep, "/")
    tops = {path.partition("/")[0] for path in owned.inside.get(relative, ())}
    for name in names:
        if name.endswith((".egg-info", ".dist-info")):
            told = _top_levels(folder, name)
            tops.update(told, (f"{each}.py" for each in told))
            lists = ("RECORD", "installed-files.txt")
            if not told and not any(reach.lexists(os.path.join(folder, name, f)) for f in lists):
                unlisted.append(normalise(parse_entry(name)[0]))
    return [name for name in left if name not in tops]


def _may_be_module(name: str) -> bool:
    stem, dot, _ = name.partition(".")
    ends = not dot or name.endswith((".py", ".so", ".pyd"))
    return ends and stem.isidentifier() and not is_distribution(name) and stem != "__pycache__"


def _is_module(context: HealthContext, folder: str, name: str) -> bool:
    """Tell whether something can be imported; a folder only where there is a module in it, since
    an empty one is what a package leaves that had files of its own making."""
    root = context.environment.path
    relative = os.path.relpath(folder, root).replace(os.sep, "/")
    if is_creators(root, relative, name, scripts="bin", packages=True):
        return False
    if "." in name:
        return True
    try:
        with reach.scandir(os.path.join(folder, name)) as listed:
            return any(
                entry.name.endswith((".py", ".so", ".pyd"))
                for entry, _ in zip(listed, range(_MOST_ENTRIES), strict=False)
            )
    except OSError:
        return False


def _top_levels(folder: str, name: str) -> set[str]:
    data = read_bounded(os.path.join(folder, name, "top_level.txt"), _TOP_LEVEL_LIMIT)
    return set() if isinstance(data, Unread) else set(decode(data).split())


_TOP_LEVEL_LIMIT = 16 * 1024


@content_check(Severity.WARNING, CheckScope.FILES)
def missing_file(context: HealthContext) -> Iterator[Answer]:
    """Files that RECORD lists and that are not there."""
    places = [place for place in context.files.missing if not _is_beside(context, place)]
    yield from _group_by_distribution(context, places, "missing")
    for told in context.files.unread[:1]:
        yield Skipped(told)


_TELL_EVERY = 64
"""Files that are hashed between two words on how far it is."""


@content_check(Severity.WARNING, CheckScope.FILES)
def changed_file(context: HealthContext) -> Iterator[Answer]:
    """Files of packages that are not as RECORD says: of another length, or, where that is asked,
    with another hash."""
    changed = [place for place in context.files.resized if _is_code(context, place)]
    if context.deep:

        def goes_on(done: int, total: int) -> bool:
            if not done % _TELL_EVERY:
                context.tell(done, total)
            return done % _TELL_EVERY != 0 or not context.stopped()

        altered, unread = find_altered(context.claims, HashCache(), goes_on)
        changed += [place for place in altered if _is_code(context, place)]
        for told in unread[:1]:
            yield Skipped(told)
        parsed = context.claims.parsed.items()
        unhashed = [os.path.basename(info) for info, (data, _) in parsed if b".py,," in data]
        if unhashed:
            names = sorted(name.partition("-")[0] for name in unhashed)
            yield Skipped(f"RECORD has no hash for modules of {join_some(names)}")
    else:
        yield Skipped("only lengths were compared: --deep compares hashes")
    yield from _group_by_distribution(context, sorted(changed), "changed")


def _group_by_distribution(
    context: HealthContext, places: Iterable[str], what: str
) -> Iterator[Diagnosis]:
    """Yield one diagnosis for each distribution to which files belong. What is installed twice
    has its own check, and of an editable one its project has the files."""
    by_name: dict[str, list[str]] = {}
    for place in places:
        for claim in context.claims.by_place[place]:
            by_name.setdefault(claim.name, []).append(place)
    for name, found in sorted(by_name.items()):
        several = context.by_name.get(name, [])
        if len(several) != 1 or several[0].editable:
            continue
        one = several[0]
        info = f"/{os.path.basename(one.path)}/"
        found = [place for place in found if info not in place]
        if not found or (what == "changed" and _is_condas(one)):
            continue
        verb = "is" if len(found) == 1 else "are"
        yield Diagnosis(
            f"{counted(len(found), 'file')} of {name} {one.version} {verb} {what}:"
            f" {join_some(map(os.path.basename, found), 2)}",
            "Reinstall it",
            name,
            (("installed", one.version), ("count", len(found)),
             ("paths", tuple(found[:_SHOWN]))),
            Fix(FixKind.REINSTALL, (name,)),
        )  # fmt: skip


def _inside(context: HealthContext) -> tuple[str, ...]:
    root = context.environment.path
    return tuple(
        os.path.relpath(folder, root).replace(os.sep, "/") + "/" for folder in context.folders
    )


def _is_code(context: HealthContext, place: str) -> bool:
    """Tell whether a file is in a package folder: scripts and data elsewhere are changed by
    programs that they are for."""
    return place.startswith(_inside(context))


def _is_beside(context: HealthContext, place: str) -> bool:
    """Tell whether a script is in the package folder itself, where `pip install --target` puts it
    although RECORD has it elsewhere."""
    folder, _, name = place.rpartition("/")
    kind = folder.rpartition("/")[2]
    return kind in {"bin", "Scripts"} and any(
        reach.lexists(os.path.join(each, kind, name)) for each in context.folders
    )
