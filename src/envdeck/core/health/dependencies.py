"""What the distributions need of each other."""

from collections.abc import Iterator

from envdeck.core.health import Answer, Diagnosis, content_check
from envdeck.core.health.context import HealthContext
from envdeck.core.inspection.packages.requirements import parse_requirement
from envdeck.core.model import Fix, FixKind, Severity


def _unmet(context: HealthContext) -> dict[str, dict[str, list[str]]]:
    """Return who requires what that nothing here satisfies: by name, requirement, requirers."""
    unmet: dict[str, dict[str, list[str]]] = {}
    for one in context.distributions:
        for text in one.missing:
            requirement = parse_requirement(text)
            if requirement is not None:
                by_text = unmet.setdefault(requirement.name, {})
                by_text.setdefault(text.partition(";")[0].strip(), []).append(one.name)
    return unmet


@content_check(Severity.ERROR)
def missing_requirement(context: HealthContext) -> Iterator[Answer]:
    """A requirement whose marker holds here, and of which nothing is installed."""
    for name, texts in _unmet(context).items():
        if name in context.by_name:
            continue
        requirers = sorted({requirer for found in texts.values() for requirer in found})
        text = next(iter(texts)) if len(texts) == 1 else name
        yield Diagnosis(
            f"{name} is not installed; required by {', '.join(requirers)}",
            f"Install {text}",
            name,
            (("required_by", tuple(requirers)), ("requirement", ", ".join(texts))),
            Fix(FixKind.INSTALL, tuple(texts)),
        )
