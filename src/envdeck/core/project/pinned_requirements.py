"""A requirements file in which everything is pinned is a lock file too (pip-compile, uv export)."""

from envdeck.core.project.model import DeclaredRequirement, Lock, LockedPackage, Manifest
from envdeck.core.project.requirement_text import parsed


def lock_of(manifest: Manifest) -> Lock | None:
    """Return a requirements file as a lock, or None where it leaves anything open.

    That every line has its `==` is no proof that nothing is missing: it counts as a lock where
    lines have hashes (pip then demands that all have), or where a tool says that it wrote it.
    """
    lines = manifest.requirements
    if manifest.format != "requirements" or not lines or manifest.problems:
        return None
    packages = [_package(line) for line in lines]
    if any(package is None for package in packages):
        return None
    return Lock(
        manifest.file,
        "requirements",
        tuple(package for package in packages if package is not None),
        options=manifest.options,
    )


def _package(line: DeclaredRequirement) -> LockedPackage | None:
    requirement = parsed(line.text)
    if requirement is None:
        if line.text.startswith("-e "):
            return LockedPackage(line.name, None, line.text, kind="editable")
        return None
    marker = "" if requirement.marker is None else str(requirement.marker)
    bare = line.text.rpartition(" ;")[0] if " ;" in line.text else line.text
    if " @ " in line.text:
        return LockedPackage(requirement.name, None, bare.strip(), line.hashes, "archive", marker)
    bare = line.text.partition(";")[0].strip()
    specifier = requirement.specifier
    if not specifier.startswith("==") or "," in specifier or specifier.endswith("*"):
        return None
    version = specifier.lstrip("=").strip()
    return LockedPackage(requirement.name, version, bare, line.hashes, "index", marker)
