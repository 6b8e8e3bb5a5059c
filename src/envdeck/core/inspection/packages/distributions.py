"""All distributions of an environment, in two speeds.

What each distribution says of itself (:func:`read_heads`), and all of it with sizes and the
requirement graph (:func:`read_distributions`).
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from envdeck.core.inspection.import_path import inherited_versions
from envdeck.core.inspection.packages.dependencies import Needs, requirement_graph
from envdeck.core.inspection.packages.metadata import (
    ENTRY_POINTS_LIMIT,
    CoreMetadata,
    KnownPackages,
    parse_scripts,
    read_metadata,
)
from envdeck.core.inspection.packages.provenance import (
    DIRECT_URL_LIMIT,
    DirectUrl,
    mask_text,
    mask_url,
    requested,
)
from envdeck.core.inspection.packages.provenance import (
    parse as parse_direct_url,
)
from envdeck.core.inspection.packages.record import (
    RECORD_LIMIT,
    FileKey,
    digest_of,
    file_key,
    listed_size,
)
from envdeck.core.inspection.packages.requirements import MarkerHost, marker_environment
from envdeck.core.inspection.packages.site_packages import (
    EGG_LINK_LIMIT,
    REQUIRES_LIMIT,
    entries,
    folders,
    is_distribution,
    list_names,
    normalise,
    parse_egg_link,
    parse_entry,
    parse_requires,
)
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Distribution, Environment, Script
from envdeck.core.system import reach
from envdeck.core.system.files import (
    Unread,
    decode,
    read_bounded,
    reason_of,
)
from envdeck.core.system.host import Host

_INSTALLER_LIMIT = 1024
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
"""Of git and hg; anything else may be anything, and is not kept."""


def read_head(
    folder: str, entry: str, *, sizes: bool = False, known: KnownPackages | None = None
) -> Distribution:
    """Read the metadata at `entry` in a package folder; what is amiss becomes its problem.

    What only the distributions together tell is left empty (`requires`, `required_by`,
    `missing`), and `requested` says no more than whether there is a REQUESTED file. RECORD,
    by far the largest file, is read only for `sizes`.
    """
    path = os.path.join(folder, entry)
    if entry.endswith(".egg-link"):
        return _egg_link(path, entry)
    if entry.endswith(".egg"):
        return _read(os.path.join(path, "EGG-INFO"), path, entry, "PKG-INFO", sizes=False)
    metadata_name = "METADATA" if entry.endswith(".dist-info") else "PKG-INFO"
    return _read(path, path, entry, metadata_name, sizes=sizes, known=known)


@dataclass(slots=True)
class _Files:
    """The files of one metadata folder; asked for only when its listing has them."""

    folder: str
    names: frozenset[str]
    problems: list[str] = field(default_factory=list)

    def read(self, name: str, limit: int) -> bytes | None:
        if name not in self.names:
            return None
        data = read_bounded(self.folder + os.sep + name, limit)
        if isinstance(data, Unread):
            self.problems.append(f"{name} cannot be read: {data.reason}")
            return None
        return data


def _read(
    metadata_folder: str,
    path: str,
    entry: str,
    metadata_name: str,
    *,
    sizes: bool,
    known: KnownPackages | None = None,
) -> Distribution:
    try:
        names = frozenset(reach.listdir(metadata_folder))
    except NotADirectoryError:
        return _single_file(path, entry)
    except (OSError, ValueError) as error:
        return _row(path, entry, CoreMetadata(), [f"cannot be read: {reason_of(error)}"])
    files = _Files(metadata_folder, names)
    linked = file_key(f"{metadata_folder}/{metadata_name}") if sizes and known else None
    metadata = _metadata(files, metadata_name, known, linked)
    installer = files.read("INSTALLER", _INSTALLER_LIMIT)
    origin = files.read("direct_url.json", DIRECT_URL_LIMIT)
    scripts = files.read("entry_points.txt", ENTRY_POINTS_LIMIT)
    if not metadata.requires_dist and (old := files.read("requires.txt", REQUIRES_LIMIT)):
        metadata = replace(metadata, requires_dist=parse_requires(old))
    record = files.read("RECORD", RECORD_LIMIT) if sizes else None
    digest = digest_of(record) if record is not None else ""
    size = _size(record, digest, linked, known) if record is not None else None
    if record and known is not None and entry.endswith(".dist-info"):
        known.records.take(metadata_folder, record, digest, linked)
    told = entry, installer, origin, scripts, "REQUESTED" in names
    if known is not None and not files.problems and (row := known.row(metadata, told)) is not None:
        return replace(row, path=path, size_bytes=size, record=digest)
    direct = parse_direct_url(origin) if origin is not None else DirectUrl()
    commit = direct.commit if direct.commit and _COMMIT.fullmatch(direct.commit) else ""
    if direct.problem:
        files.problems.append(direct.problem)
    name, version = _name_and_version(entry, metadata, files.problems)
    row = Distribution(
        name=normalise(name),
        display_name=name,
        version=version,
        path=path,
        summary=metadata.summary,
        licence=mask_text(metadata.licence),
        requested="REQUESTED" in names,
        installer=(mask_text(decode(installer).strip()) or None) if installer else None,
        editable=direct.editable,
        origin=direct.origin,
        vcs=direct.kind if commit and not direct.subdirectory else "",
        commit=commit,
        size_bytes=size,
        requires_python=metadata.requires_python,
        requirements=metadata.requires_dist,
        scripts=parse_scripts(scripts) if scripts else (),
        record=digest,
        problem="; ".join(files.problems),
        unread=not metadata.whole,
    )
    if known is not None and not row.problem:
        known.keep(metadata, told, row)
    return row


def _size(record: bytes, digest: str, linked: FileKey | None, known: KnownPackages | None) -> int:
    return listed_size(record) if known is None else known.size(record, digest, linked)


def _metadata(
    files: _Files, name: str, known: KnownPackages | None, linked: FileKey | None
) -> CoreMetadata:
    if name not in files.names:
        files.problems.append(f"has no {name}")
        return CoreMetadata()
    path = files.folder + os.sep + name
    metadata = read_metadata(path) if known is None else known.metadata(path, linked)
    if isinstance(metadata, Unread):
        files.problems.append(f"{name} cannot be read: {metadata.reason}")
        return CoreMetadata()
    if metadata.problem:
        files.problems.append(metadata.problem)
    if not metadata.name:
        files.problems.append(f"{name} has no Name")
    if not metadata.version:
        files.problems.append(f"{name} has no Version")
    return metadata


def _single_file(path: str, entry: str) -> Distribution:
    """Read an `.egg-info` that is a file, as distutils wrote it: a PKG-INFO by itself."""
    if not entry.endswith(".egg-info"):
        kind = "is a zipped egg" if entry.endswith(".egg") else "is not a folder"
        return _row(path, entry, CoreMetadata(), [kind])
    metadata = read_metadata(path)
    if isinstance(metadata, Unread):
        return _row(path, entry, CoreMetadata(), [f"cannot be read: {metadata.reason}"])
    return _row(path, entry, metadata, [metadata.problem] if metadata.problem else [])


def _egg_link(path: str, entry: str) -> Distribution:
    """Follow an `.egg-link` (`setup.py develop`) to the egg-info in the project it names."""
    data = read_bounded(path, EGG_LINK_LIMIT)
    if isinstance(data, Unread):
        return _distribution_heads_linked(path, entry, None, f"cannot be read: {data.reason}")
    target = parse_egg_link(data)
    if target is None or not os.path.isabs(target):
        return _distribution_heads_linked(path, entry, None, "does not name its project folder")
    wanted = normalise(parse_entry(entry)[0])
    try:
        names = sorted(reach.listdir(target))
    except (OSError, ValueError) as error:
        reason = f"project folder cannot be read: {reason_of(error)}"
        return _distribution_heads_linked(path, entry, target, reason)
    for name in names:
        if name.endswith(".egg-info") and normalise(parse_entry(name)[0]) == wanted:
            found = read_head(target, name)
            return replace(found, path=path, editable=True, origin=_file_url(target))
    return _distribution_heads_linked(
        path, entry, target, "project folder has no egg-info of that name"
    )


def _distribution_heads_linked(
    path: str, entry: str, target: str | None, problem: str
) -> Distribution:
    row = _row(path, entry, CoreMetadata(), [problem])
    return replace(row, editable=True, origin=_file_url(target) if target else None)


def _row(path: str, entry: str, metadata: CoreMetadata, problems: list[str]) -> Distribution:
    name, version = _name_and_version(entry, metadata, problems)
    return Distribution(
        name=normalise(name),
        display_name=name,
        version=version,
        path=path,
        summary=metadata.summary,
        licence=mask_text(metadata.licence),
        requires_python=metadata.requires_python,
        requirements=metadata.requires_dist,
        problem="; ".join(problems),
        unread=not metadata.whole,
    )


def _name_and_version(entry: str, metadata: CoreMetadata, problems: list[str]) -> tuple[str, str]:
    """Return what the metadata says, and the folder's name where that says nothing."""
    if metadata.name and metadata.version:
        return metadata.name, metadata.version
    name, version = parse_entry(entry)
    return metadata.name or name, metadata.version or version


def _file_url(folder: str) -> str:
    """Return the `file:` URL of a folder, as a `direct_url.json` would have it."""
    return mask_url(Path(folder).as_uri())


_TOLD = 60
"""Characters of a requirement that cannot be read, as its problem quotes it."""


def read_distributions(
    environment: Environment,
    *,
    machine: MarkerHost | None = None,
    system_folders: Iterable[str] | None = None,
    host: Host | None = None,
    known: KnownPackages | None = None,
) -> tuple[Distribution, ...]:
    """Return every distribution of an environment's own package folders, whole, by name.

    `system_folders` are the folders that it sees besides its own; by default what
    :func:`envdeck.core.inspection.import_path.import_path` says. What is in them satisfies
    requirements here, and is not listed. `known` is what was read of other environments. It never
    raises: what vanishes or cannot be read leaves
    a row with its problem, and a folder that cannot be listed leaves none.
    """
    rows = _read_rows(environment, sizes=True, known=known)
    return link_heads(environment, rows, machine=machine, system_folders=system_folders, host=host)


def link_heads(
    environment: Environment,
    rows: tuple[Distribution, ...],
    *,
    machine: MarkerHost | None = None,
    system_folders: Iterable[str] | None = None,
    host: Host | None = None,
) -> tuple[Distribution, ...]:
    """Return what :func:`read_distributions` does, of rows that were read before."""
    there = _script_names(environment)
    inherited = inherited_versions(environment, host, system_folders)
    graph = requirement_graph(rows, marker_environment(environment.python, machine), inherited)
    asked = requested(rows, [needs.requires for needs in graph])
    return tuple(
        _distributions_linked(row, needs, _scripts_there(row, there), by_person=by_person)
        for row, needs, by_person in zip(rows, graph, asked, strict=True)
    )


def read_versions(site_packages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the versions of what is installed, by its names; from the names of files, where those
    tell it."""
    versions: dict[str, tuple[str, ...]] = {}
    for one in list_names(site_packages):
        version = one.version or read_head(*os.path.split(one.path)).version
        versions[one.name] = (*versions.get(one.name, ()), version)
    return versions


def read_heads(
    environment: Environment, names: frozenset[str] | None = None, *, sizes: bool = False
) -> tuple[Distribution, ...]:
    """Return what each distribution, or each of `names`, says of itself: no graph, and sizes only
    where they are asked for.

    `requires`, `required_by` and `missing` are empty, and `requested` is the installer's mark
    alone, which says nothing where uv or conda set it.
    """
    return _read_rows(environment, sizes=sizes, known=None, only=names)


def _read_rows(
    environment: Environment,
    *,
    sizes: bool,
    known: KnownPackages | None,
    only: frozenset[str] | None = None,
) -> tuple[Distribution, ...]:
    rows: list[Distribution] = []
    for folder in folders(environment.site_packages):
        names = entries(folder)
        if not isinstance(names, Unread):
            rows += [
                read_head(folder, entry, sizes=sizes, known=known)
                for entry in names
                if is_distribution(entry)
                and (only is None or normalise(parse_entry(entry)[0]) in only)
            ]
    rows.sort(key=lambda row: (row.name, row.version, row.path))
    return _mark_doubles(rows)


def _mark_doubles(rows: list[Distribution]) -> tuple[Distribution, ...]:
    """Say on each of several distributions of one name that there are others."""
    versions: dict[str, list[str]] = {}
    for row in rows:
        versions.setdefault(row.name, []).append(row.version)
    if len(versions) == len(rows):
        return tuple(rows)
    return tuple(
        _add_problem(row, f"is installed more than once: {', '.join(versions[row.name])}")
        if len(versions[row.name]) > 1
        else row
        for row in rows
    )


def _distributions_linked(
    row: Distribution, needs: Needs, scripts: tuple[Script, ...], *, by_person: bool
) -> Distribution:
    linked = replace(
        row,
        requires=needs.requires,
        required_by=needs.required_by,
        missing=needs.missing,
        requested=by_person,
        scripts=scripts,
    )
    if needs.unread:
        linked = _add_problem(linked, f"versions not checked: {_some(needs.unread)}")
    if needs.invalid:
        linked = _add_problem(linked, f"invalid requirements: {_some(needs.invalid)}")
    return linked


def _some(texts: Sequence[str]) -> str:
    told = ", ".join(mask_text(text[:_TOLD]) or "an empty one" for text in texts[:2])
    return f"{told} and {len(texts) - 2} more" if len(texts) > 2 else told


def _add_problem(row: Distribution, problem: str) -> Distribution:
    return replace(row, problem=f"{row.problem}; {problem}" if row.problem else problem)


def _script_names(environment: Environment) -> frozenset[str] | None:
    """Return the names in its scripts folder, `.exe` left off; None when it cannot be listed."""
    if environment.python.executable is None:
        return None
    try:
        names = reach.listdir(os.path.dirname(environment.python.executable))
    except OSError:
        return None
    return frozenset(name.removesuffix(".exe") for name in names)


def _scripts_there(row: Distribution, there: frozenset[str] | None) -> tuple[Script, ...]:
    """Leave out scripts that were not installed: pip's wheel names those of the Python that it
    was built with (`pip3.9`), and installers write their own."""
    if there is None or not row.scripts:
        return row.scripts
    return tuple(script for script in row.scripts if script.name in there)
