"""The registry of all checks, and their run over one environment, whole or without what is slow."""

from collections.abc import Collection
from dataclasses import replace

from envdeck.core.health import (
    HealthCheck,
    Look,
    dependencies,
    index,
    integrity,
    interpreter,
    path,
    project,
    run_checks,
    sort_findings,
)
from envdeck.core.health.context import HealthContext
from envdeck.core.health.status import STATUS_CHECKS
from envdeck.core.model import Examination, NotChecked

SUBJECTS = (dependencies, integrity, path, interpreter, project, index)
CONTENT_CHECKS: dict[str, HealthCheck[HealthContext]] = {
    one.name: one
    for subject in SUBJECTS
    for one in vars(subject).values()
    if isinstance(one, HealthCheck)
}
"""Those that read files, by name."""
NAMES = frozenset({*STATUS_CHECKS, *CONTENT_CHECKS})
_UNASKED = {
    Look.FILES: "not with a scan: `envdeck doctor` does",
    Look.DEEP: "not asked: --deep does",
    Look.ONLINE: "not asked: --online does",
}


def examine_contents(context: HealthContext) -> Examination:
    """Return what all checks say that a scan has the time for."""
    return _examine(context, NAMES, {Look.CONTENTS})


def examine_whole(
    context: HealthContext,
    *,
    names: Collection[str] = (),
    deep: bool = False,
    online: bool = False,
) -> Examination:
    """Return what the checks named (all, when none is) say; those that hash every file or ask the
    network only when that is asked for, and as not checked otherwise."""
    asked = {Look.CONTENTS, Look.FILES}
    asked |= {look for look, is_asked in ((Look.DEEP, deep), (Look.ONLINE, online)) if is_asked}
    if context.deep is not deep:
        context = replace(context, deep=deep)
    return _examine(context, frozenset(names) or NAMES, asked)


def _examine(
    context: HealthContext, names: Collection[str], looks: Collection[Look]
) -> Examination:
    told = run_checks(
        [one for one in STATUS_CHECKS.values() if one.name in names],
        context.environment,
        context.environment,
    )
    read = run_checks(
        [one for one in CONTENT_CHECKS.values() if one.name in names and one.look in looks],
        context,
        context.environment,
    )
    unasked = [
        NotChecked(one.name, _UNASKED[one.look])
        for one in CONTENT_CHECKS.values()
        if one.name in names and one.look not in looks
    ]
    return Examination(
        sort_findings([*told.findings, *read.findings]), (*read.not_checked, *unasked)
    )
