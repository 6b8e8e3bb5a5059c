"""How far one version is from another: patch, minor or major."""

from envdeck.core.operations.upgrading.candidate import Level


def level(installed: str, target: str) -> Level:
    """Return how far `target` is from `installed`, by their numbers alone (PEP 440).

    The first number that differs decides: the first one is major, the second minor, and all
    behind it patch, as are a post-release, a local label, and the step from a pre-release to
    its release. While the first number is 0, a change of the second is major too, which is how
    npm-check-updates and the caret of semantic versioning have it. A calendar version is taken
    by its numbers like any other: from 2025.1 to 2026.1 is major. It promises nothing: authors
    number as they like. Across epochs numbers do not compare.
    """
    from packaging.version import InvalidVersion, Version

    try:
        before, after = Version(installed), Version(target)
    except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
        return Level.OTHER
    if before.epoch != after.epoch:
        return Level.OTHER
    if before.major != after.major:
        return Level.MAJOR
    if before.minor != after.minor:
        return Level.MINOR if before.major else Level.MAJOR
    return Level.PATCH
