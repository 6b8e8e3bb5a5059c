"""The packages view in lines: a table of packages, and the environments that hold one."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from envdeck.core.inspection.packages.copies import PackageTable, PackageUse, hold
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment
from envdeck.text import clip, counted, pad, plain, size, width
from envdeck.tui.store.columns import version_numbers
from envdeck.tui.widgets.line import Display, Line, Part, Tone, bar

_COUNT, _FIGURE, _GAP = 5, 8, "  "
_ROOMY_FROM = 76
_BAR_FROM = 110
_NAME, _VERSIONS, _UPGRADE, _BAR = 20, 14, 16, 24

SORTS = {
    "size": "by size",
    "environments": "by count",
    "versions": "by versions",
    "name": "by name",
}
"""The orders, and how the key line names each."""

UpgradeTargets: TypeAlias = Mapping[str, Mapping[str, str]]
"""By name, and by the path of an environment, the version that it could be upgraded to."""


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package."""

    use: PackageUse
    latest: Mapping[str, str] = field(default_factory=dict)
    """By the path of an environment, the version that it could be upgraded to."""


def package_rows(
    packages: PackageTable, latest: UpgradeTargets, words: str, sort: str
) -> list[PackageRow]:
    """Return the packages that have all of the words in their names, in an order. The word
    `outdated` stands for those that could be upgraded somewhere."""
    wanted = words.casefold().split()
    only_outdated = "outdated" in wanted
    wanted = [word for word in wanted if word != "outdated"]
    newer = {name: _newer(name, some, packages) for name, some in latest.items()}
    rows = [
        PackageRow(use, newer.get(name, {}))
        for name, use in packages.uses.items()
        if all(word in name for word in wanted) and (not only_outdated or newer.get(name))
    ]

    def rank(row: PackageRow) -> tuple[object, ...]:
        use = row.use
        first = {
            "size": (-(use.occupied or 0), -use.environments),
            "environments": (-use.environments, -(use.occupied or 0)),
            "versions": (-len(use.versions), -use.environments),
        }.get(sort, ())
        return (*first, use.name)

    return sorted(rows, key=rank)


def _newer(name: str, some: Mapping[str, str], packages: PackageTable) -> dict[str, str]:
    """Return what could be upgraded still: not where that was done since the index was asked."""
    held = packages.held
    return {
        path: version
        for path, version in some.items()
        if path in held and hold(name, version) not in held[path]
    }


def table_words(packages: PackageTable, environments: int, *, measuring: bool) -> Line:
    """Return what there is in all."""
    uses = packages.uses.values()
    parts = [Part("Packages", Tone.STRONG)]
    parts.append(Part(f"   {len(uses):,} in {counted(environments, 'environment')}"))
    occupied = sum(use.occupied or 0 for use in uses)
    if occupied:
        parts.append(Part(f" · {size(occupied)} on disk", Tone.MUTED))
        parts.append(Part(f" · {size(sum(use.shared for use in uses))} shared", Tone.MUTED))
    if measuring:
        parts.append(Part(" · measuring", Tone.MUTED))
    return tuple(parts)


def _cells_left(cells: int) -> tuple[int, int, int]:
    """Return the cells of the name, of what can be upgraded, and of the bar."""
    upgrade = _UPGRADE + 2 if cells >= _ROOMY_FROM else 0
    drawn = _BAR + 2 if cells >= _BAR_FROM else 0
    shared = _FIGURE + 2 if cells >= _ROOMY_FROM else 0
    fixed = 2 + _VERSIONS + _COUNT + _FIGURE + 6 + upgrade + drawn + shared
    return max(8, min(cells - fixed, 48)), upgrade, drawn


def heading(cells: int) -> Line:
    """Return the names of the columns."""
    name, _, drawn = _cells_left(cells)
    told = [" " + pad("Package", name), pad("Versions", _VERSIONS), pad("Envs", _COUNT, right=True)]
    told += [" " * (drawn - 2)] if drawn else []
    told += [pad("On disk", _FIGURE, right=True)]
    if cells >= _ROOMY_FROM:
        told += [pad("Shared", _FIGURE, right=True), pad("Upgrade", _UPGRADE)]
    return (Part(_GAP.join(told), Tone.MUTED),)


def draw_package(row: PackageRow, largest: int, cells: int, look: Display) -> Line:
    """Return the line of a package."""
    use, signs = row.use, look.signs
    name, _, drawn = _cells_left(cells)
    measured = use.occupied is not None
    occupied = size(use.occupied, unknown=signs.unknown)
    parts = [
        Part(" " + pad(clip(plain(use.name), name, signs.ellipsis), name), Tone.STRONG),
        Part(_GAP + pad(clip(_version_words(use), _VERSIONS, signs.ellipsis), _VERSIONS)),
        Part(_GAP + pad(f"{use.environments:,}", _COUNT, right=True) + _GAP),
    ]
    if drawn:
        whole = use.occupied or 0
        parts += [*bar(whole - use.shared, whole, largest, drawn - 2, signs), Part(_GAP)]
    parts.append(Part(pad(occupied, _FIGURE, right=True)))
    if cells >= _ROOMY_FROM:
        shared = size(use.shared) if measured else signs.unknown
        parts.append(Part(_GAP + pad(shared, _FIGURE, right=True), Tone.MUTED))
        parts.append(Part(_GAP + clip(_upgrade_words(row), _UPGRADE, signs.ellipsis), Tone.ACCENT))
    elif row.latest:
        parts.append(Part(" +", Tone.ACCENT))
    return tuple(parts)


def _version_words(use: PackageUse) -> str:
    most = max(use.versions, key=lambda one: (use.versions[one], version_numbers(one), one))
    others = len(use.versions) - 1
    told = plain(most) or "?"
    if not others:
        return told
    more = f" +{others:,}"
    return clip(told, _VERSIONS - len(more), ".") + more


def _upgrade_words(row: PackageRow) -> str:
    if not row.latest:
        return ""
    newest = max(row.latest.values(), key=lambda one: (version_numbers(one), one))
    return f"{plain(newest)} in {len(row.latest):,}"


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A line about a package; those of environments lead to them."""

    line: Line = ()
    path: str | None = None
    query: str | None = None
    """What the list is narrowed to when it is chosen."""

    @property
    def key(self) -> object:
        """What it leads to; None where it leads nowhere."""
        return self.path or self.query


def package_detail(
    row: PackageRow,
    holders: Sequence[tuple[str, str]],
    environments: Mapping[str, Environment],
    look: Display,
    cells: int,
) -> list[HolderRow]:
    """Return what holds a package, in lines of `cells` cells, the newest version first."""
    use, signs = row.use, look.signs
    told = [Part(f" {plain(use.name)}", Tone.STRONG)]
    told.append(Part(f"  {counted(len(use.versions), 'version')}", Tone.MUTED))
    if use.occupied is not None:
        told.append(Part(f" · {size(use.occupied)} on disk", Tone.MUTED))
        told.append(Part(f" · {size(use.shared)} in linked files", Tone.MUTED))
    if use.unmeasured and use.occupied is not None:
        told.append(Part(f" · {use.unmeasured:,} without RECORD, not measured", Tone.MUTED))
    quoted = f'"{use.name}"' if " " in use.name else use.name
    rows = [HolderRow(tuple(told))]
    rows.append(
        HolderRow((Part(f" {look.key('open')}: list all", Tone.ACCENT),), query=f"package:{quoted}")
    )
    versions = max((width(plain(version)) for version, _ in holders), default=1)
    versions = min(max(versions, 1), 16)
    ordered = sorted(holders, key=lambda one: one[1])
    ordered.sort(key=lambda one: (version_numbers(one[0] or "0"), one[0]), reverse=True)
    for version, path in ordered:
        environment = environments.get(path)
        python = (environment and environment.python.version) or signs.unknown
        target = row.latest.get(path)
        tail = f"{_GAP}{signs.moved} {plain(target)}" if target else ""
        shown = pad(clip(plain(version) or signs.unknown, versions, signs.ellipsis), versions)
        room = max(cells - 15 - versions - width(tail), 8)
        line = (
            Part(f"   {shown}{_GAP}"),
            Part(pad(look.short_path(path, room), room)),
            Part(_GAP + pad(clip(plain(python), 7, signs.ellipsis), 7), Tone.MUTED),
            Part(tail, Tone.ACCENT),
        )
        rows.append(HolderRow(line, path))
    return rows
