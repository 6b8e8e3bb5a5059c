"""One distribution as its own metadata tells it, without looking at the others beside it."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from envdeck.core import reach
from envdeck.core.files import Unread, decode, read_bounded, reason_of
from envdeck.core.inspection.credentials import mask_text, mask_url
from envdeck.core.inspection.direct_url import DIRECT_URL_LIMIT, DirectUrl
from envdeck.core.inspection.direct_url import parse as parse_direct_url
from envdeck.core.inspection.distribution_names import from_entry, normalise
from envdeck.core.inspection.egg_info import (
    EGG_LINK_LIMIT,
    REQUIRES_LIMIT,
    parse_egg_link,
    parse_requires,
)
from envdeck.core.inspection.entry_points import ENTRY_POINTS_LIMIT, parse_scripts
from envdeck.core.inspection.metadata import CoreMetadata, read_metadata
from envdeck.core.inspection.record import RECORD_LIMIT, listed_size
from envdeck.core.model import Distribution

_INSTALLER_LIMIT = 1024


def read_head(folder: str, entry: str, *, sizes: bool = False) -> Distribution:
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
    return _read(path, path, entry, metadata_name, sizes=sizes)


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
            self.problems.append(f"its {name} cannot be read: {data.reason}")
            return None
        return data


def _read(
    metadata_folder: str, path: str, entry: str, metadata_name: str, *, sizes: bool
) -> Distribution:
    try:
        names = frozenset(reach.listdir(metadata_folder))
    except NotADirectoryError:
        return _single_file(path, entry)
    except (OSError, ValueError) as error:
        return _row(path, entry, CoreMetadata(), [f"cannot be read: {reason_of(error)}"])
    files = _Files(metadata_folder, names)
    metadata = _metadata(files, metadata_name)
    installer = files.read("INSTALLER", _INSTALLER_LIMIT)
    origin = files.read("direct_url.json", DIRECT_URL_LIMIT)
    scripts = files.read("entry_points.txt", ENTRY_POINTS_LIMIT)
    if not metadata.requires_dist and (old := files.read("requires.txt", REQUIRES_LIMIT)):
        metadata = replace(metadata, requires_dist=parse_requires(old))
    record = files.read("RECORD", RECORD_LIMIT) if sizes else None
    direct = parse_direct_url(origin) if origin is not None else DirectUrl()
    if direct.problem:
        files.problems.append(direct.problem)
    name, version = _name_and_version(entry, metadata, files.problems)
    return Distribution(
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
        size_bytes=listed_size(record) if record is not None else None,
        requires_python=metadata.requires_python,
        requirements=metadata.requires_dist,
        scripts=parse_scripts(scripts) if scripts else (),
        problem="; ".join(files.problems),
    )


def _metadata(files: _Files, name: str) -> CoreMetadata:
    if name not in files.names:
        files.problems.append(f"has no {name}")
        return CoreMetadata()
    metadata = read_metadata(files.folder + os.sep + name)
    if isinstance(metadata, Unread):
        files.problems.append(f"its {name} cannot be read: {metadata.reason}")
        return CoreMetadata()
    if metadata.problem:
        files.problems.append(metadata.problem)
    if not metadata.name:
        files.problems.append(f"its {name} has no Name")
    if not metadata.version:
        files.problems.append(f"its {name} has no Version")
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
        return _linked(path, entry, None, f"cannot be read: {data.reason}")
    target = parse_egg_link(data)
    if target is None or not os.path.isabs(target):
        return _linked(path, entry, None, "does not name its project's folder")
    wanted = normalise(from_entry(entry)[0])
    try:
        names = sorted(reach.listdir(target))
    except (OSError, ValueError) as error:
        reason = f"its project's folder cannot be read: {reason_of(error)}"
        return _linked(path, entry, target, reason)
    for name in names:
        if name.endswith(".egg-info") and normalise(from_entry(name)[0]) == wanted:
            found = read_head(target, name)
            return replace(found, path=path, editable=True, origin=_file_url(target))
    return _linked(path, entry, target, "its project's folder has no egg-info of that name")


def _linked(path: str, entry: str, target: str | None, problem: str) -> Distribution:
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
    )


def _name_and_version(entry: str, metadata: CoreMetadata, problems: list[str]) -> tuple[str, str]:
    """Return what the metadata says, and the folder's name where that says nothing."""
    if metadata.name and metadata.version:
        return metadata.name, metadata.version
    name, version = from_entry(entry)
    return metadata.name or name, metadata.version or version


def _file_url(folder: str) -> str:
    """Return the `file:` URL of a folder, as a `direct_url.json` would have it."""
    return mask_url(Path(folder).as_uri())
