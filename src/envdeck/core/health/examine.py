"""The registry of all checks, and their run over one environment, whole or without what is slow."""

from collections.abc import Collection

from envdeck.core.health import (
    FILE_CHECKS,
    CheckScope,
    HealthCheck,
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
from envdeck.core.health.status import STATUS_CHECKS, replace_findings
from envdeck.core.inspection.interpreter import BaseReader
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Environment, Examination, NotChecked
from envdeck.core.system.host import Host

SUBJECTS = (dependencies, integrity, path, interpreter, project, index)
CONTENT_CHECKS: dict[str, HealthCheck[HealthContext]] = {
    one.name: one
    for subject in SUBJECTS
    for one in vars(subject).values()
    if isinstance(one, HealthCheck)
}
"""Those that read files, by name."""
NAMES = frozenset({*STATUS_CHECKS, *CONTENT_CHECKS})
DEEPENED = frozenset({"changed-file"})
"""Those that look further when every file is hashed."""
_AUDIT = "vulnerable-distribution"
_UNASKED = {
    CheckScope.FILES: "only where a scan meets a file that is not as recorded",
    CheckScope.DEEP: "not asked: --deep does",
    CheckScope.ONLINE: "not asked: --online does",
}


@dataclass(slots=True)
class Examiner:
    """Examines the environments of one scan: what was read of one holds for others too."""

    host: Host
    _look: HealthContext | None = None

    def read(self, environment: Environment) -> HealthContext:
        """Return what the checks of one environment share."""
        if self._look is None:
            bases = BaseReader(self.host)
            self._look = HealthContext(environment, self.host, kept=True, bases=bases)
        return self._look.beside(environment)

    def examine(self, context: HealthContext) -> Environment:
        """Return the environment with what all checks find that a scan has the time for; what was
        found of its files stays."""
        found = _examine(context, NAMES, {CheckScope.CONTENTS}).findings
        return replace_findings(context.environment, found, FILE_CHECKS)

    def compare_files(self, environment: Environment) -> Environment:
        """Return the environment with what the checks find that look at every installed file."""
        found = _examine(self.read(environment), FILE_CHECKS, {CheckScope.FILES}).findings
        return replace_findings(environment, found, NAMES - FILE_CHECKS)


def examine_whole(
    context: HealthContext,
    *,
    names: Collection[str] = (),
    deep: bool = False,
    online: bool = False,
) -> Examination:
    """Return what the checks named (all, when none is) say; those that hash every file or ask the
    network only when that is asked for, and as not checked otherwise."""
    asked = {CheckScope.CONTENTS, CheckScope.FILES}
    asked |= {
        scope
        for scope, is_asked in ((CheckScope.DEEP, deep), (CheckScope.ONLINE, online))
        if is_asked
    }
    if context.deep is not deep:
        context = replace(context, deep=deep)
    return _examine(context, frozenset(names) or NAMES, asked)


def _examine(
    context: HealthContext, names: Collection[str], scopes: Collection[CheckScope]
) -> Examination:
    told = run_checks(
        [one for one in STATUS_CHECKS.values() if one.name in names],
        context.environment,
        context.environment,
    )
    read = run_checks(
        [one for one in CONTENT_CHECKS.values() if one.name in names and one.scope in scopes],
        context,
        context.environment,
    )
    unasked = [
        NotChecked(one.name, _UNASKED[one.scope])
        for one in CONTENT_CHECKS.values()
        if one.name in names and one.scope not in scopes
    ]
    audits = CheckScope.ONLINE in scopes and _AUDIT in names
    return Examination(
        sort_findings([*told.findings, *read.findings]),
        (*read.not_checked, *unasked),
        index.audit_states(context) if audits else (),
    )
