"""What a manifest declares, as a source: requirements that the resolver completes."""

import os

from envdeck.core.inspection.requirements import holds
from envdeck.core.operations.sources.source import Asked, How, Source, SourceName
from envdeck.core.project import DeclaredRequirement, Index, Manifest
from envdeck.core.project.requirement_text import file_url

_INDEX_OPTIONS = ("--index-url ", "--extra-index-url ")


def declared_source(manifest: Manifest, asked: Asked) -> Source:
    """Return what a manifest declares for the interpreter that is to be.

    One mistake in a file makes it no source: what it asks for would be installed in part.
    """
    groups = manifest.default_groups if asked.groups is None else asked.groups
    if manifest.format == "Pipfile" and asked.groups is None:
        groups = tuple(name for name in manifest.groups if name == "dev")
    lines: list[str] = []
    indexed: dict[str, tuple[str, str, Index]] = {}
    expected: dict[str, None] = {}
    for one in manifest.requirements:
        if one.extra and one.extra not in asked.extras:
            continue
        if one.group and one.group not in groups:
            continue
        if holds(one.text, one.extra, asked.markers) is False:
            continue
        index = next((each for each in manifest.indexes if each.name == one.index), None)
        if index is None:
            lines.append(_line(one))
        else:
            indexed[one.text] = (one.text, one.name, index)
        if one.name and one.name != manifest.name:
            expected[one.name] = None
    itself = asked.installs(builds=manifest.builds) and bool(asked.project)
    if itself:
        lines.append(f"-e {file_url(os.path.normpath(asked.project))}")
        if manifest.name:
            expected[manifest.name] = None
    return Source(
        name=SourceName.DECLARED,
        title=f"what {os.path.basename(manifest.file)} declares",
        how=How.RESOLVE,
        file=manifest.file,
        project=asked.project or None,
        requirements=(*manifest.options, *dict.fromkeys(lines)),
        indexed=tuple(indexed.values()),
        own_indexes=any(option.startswith(_INDEX_OPTIONS) for option in manifest.options),
        constraints=tuple(_line(one) for one in manifest.constraints),
        hashes=bool(lines)
        and not itself
        and not indexed
        and all(one.hashes for one in manifest.requirements),
        expected=tuple((name, None) for name in expected),
        groups=tuple(groups),
        extras=asked.extras,
        install_project=itself,
        problem=_problem(manifest),
    )


def _line(one: DeclaredRequirement) -> str:
    return one.text + "".join(f" --hash={digest}" for digest in one.hashes)


def _problem(manifest: Manifest) -> str:
    if not manifest.problems:
        return ""
    first = manifest.problems[0]
    name = os.path.basename(first.file)
    return f"{name}:{first.line}: {first.message}" if first.line else f"{name}: {first.message}"
