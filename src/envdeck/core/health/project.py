"""What an environment's project declares, locks and keeps in its dotenv files; counted here, and
listed in their own tabs."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.health import Answer, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext, is_of_runner
from envdeck.core.model import Fix, FixKind, Severity
from envdeck.core.system.words import counted, join_some

if TYPE_CHECKING:
    from envdeck.core.project.model import Comparison

_WORDS = {
    "missing": "missing",
    "not-as-locked": "at another version than locked",
    "outside": "at a version that is not declared",
    "unreachable": "extraneous",
}
_LATER = "is not compared in a scan: `envdeck doctor` does"


def compare_with_project(
    context: HealthContext, project: str, *, pythons: bool = True
) -> "Comparison":
    """Return an environment beside its project; without `pythons` by the packages alone."""
    from envdeck.core.project.drift.compare import compare  # start-up: no scan compares
    from envdeck.core.project.project import read_project  # start-up: no scan compares

    read = read_project(project, deployed=pythons, pythons=pythons)
    context.elsewhere |= read.files
    return compare(
        read,
        context.environment,
        context.distributions,
        system_folders=context.import_path.inherited,
        host=context.host,
    )


@content_check(Severity.WARNING)
def drift(context: HealthContext) -> Iterator[Answer]:
    """What is installed differs from what the project declares or locks."""
    project, environment = context.project, context.environment
    if project is None or is_of_runner(environment):
        return
    if context.kept:
        yield Skipped(_LATER)
        return
    found = compare_with_project(context, project)
    for why in found.unchecked:
        yield Skipped(why)
    counts = Counter(str(one.kind) for one in found.drifts)
    parts = [f"{counts[kind]:,} {word}" for kind, word in _WORDS.items() if counts[kind]]
    parts += [one.message for one in found.pythons if one.error]
    if not parts:
        return
    against = os.path.basename(found.against) or "declared dependencies"
    names = [one.name for one in found.drifts]
    only_extra = set(counts) == {"unreachable"} and len(parts) == 1
    yield Diagnosis(
        f"Drift from {against}: {', '.join(parts)}" + (f" ({join_some(names)})" if names else ""),
        f"See the Project tab; envdeck recreate {environment.path}",
        project,
        (
            ("against", found.against or None),
            *((kind.replace("-", "_"), count) for kind, count in sorted(counts.items())),
            ("python", tuple(one.message for one in found.pythons if one.error)),
        ),
        Fix(FixKind.RECREATE),
        Severity.NOTE if only_extra else None,
    )


@content_check(Severity.WARNING)
def dotenv_findings(context: HealthContext) -> Iterator[Answer]:
    """The checks of the project's dotenv files found something; no value is told."""
    if context.project is None or is_of_runner(context.environment):
        return
    if context.kept:
        yield Skipped(_LATER)
        return
    from envdeck.core.dotenv.report import read_dotenv  # start-up: no scan reads them

    report = read_dotenv(context.project, context.host, environment=context.environment.path)
    for file in report.files:
        if file.problem:
            yield Skipped(f"{os.path.basename(file.path)} was not read whole: {file.problem}")
    if not report.findings:
        return
    counts = Counter(one.severity for one in report.findings)
    files = sorted({os.path.basename(one.file) for one in report.findings})
    yield Diagnosis(
        f"{join_some(files)}: "
        + ", ".join(counted(counts[one], one.value) for one in Severity if counts[one]),
        f"See the .env tab, or: envdeck dotenv {context.project}",
        files[0],
        (
            ("files", tuple(sorted({one.file for one in report.findings}))),
            ("checks", tuple(sorted({one.check for one in report.findings}))),
        ),
        severity=next(one for one in Severity if counts[one]),
    )
