"""From findings to the operation that fixes them."""

import os
from collections.abc import Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from envdeck.core.inspection.packages.distributions import read_heads
from envdeck.core.inspection.packages.site_packages import leftovers
from envdeck.core.model import (
    Environment,
    Finding,
    FixKind,
    NoPlan,
    Operation,
    Plan,
    RecreateRequest,
    Step,
)
from envdeck.core.operations.change.plan import plan_install, plan_uninstall
from envdeck.core.operations.delete.plan import plan_delete
from envdeck.core.operations.recreate.plan import plan_recreate
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.stage import BuildSpec
from envdeck.core.operations.upgrade.model import Cleanup, StagedChange, staged_plan
from envdeck.core.operations.upgrade.plan import plan_interpreter, plan_upgrade, planning_obstacle
from envdeck.core.system import reach
from envdeck.core.system.words import counted, join_some

_NAMED = 5


def plan_fix(
    context: Context,
    environment: Environment,
    findings: Sequence[Finding],
    *,
    allow: frozenset[str],
) -> Plan | NoPlan:
    """Plan to fix findings; see :meth:`Operations.plan_fix`."""
    unfixed = [one.check for one in findings if one.fix is None]
    fixes = [one.fix for one in findings if one.fix is not None]
    if unfixed or not fixes:
        named = f": {', '.join(dict.fromkeys(unfixed))}" if unfixed else ""
        return NoPlan(f"no operation fixes this{named}", hint="follow the finding's remedy")
    kinds = list(dict.fromkeys(fix.kind.value for fix in fixes))
    if len(kinds) > 1:
        return NoPlan(
            f"these need different operations: {', '.join(kinds)}", hint="fix one kind at a time"
        )
    packages = list(dict.fromkeys(name for fix in fixes for name in fix.packages))
    match fixes[0].kind:
        case FixKind.INSTALL | FixKind.REINSTALL as kind:
            again = kind is FixKind.REINSTALL
            return plan_install(context, environment, packages, again=again, allow=allow)
        case FixKind.UNINSTALL:
            return plan_uninstall(context, environment, packages, unneeded=False, allow=allow)
        case FixKind.CLEAN_UP:
            return _plan_cleanup(context, environment, allow=allow)
        case FixKind.UPGRADE:
            wanted = read_wanted(packages)
            if isinstance(wanted, NoPlan):
                return wanted
            return plan_upgrade(context, environment, wanted, lock=False, allow=allow)
        case FixKind.RECREATE:
            return plan_recreate(context, environment, RecreateRequest(), allow=allow)
        case FixKind.REPAIR:
            return plan_interpreter(context, environment, None, allow=allow)
        case FixKind.DELETE:
            return plan_delete(context, [environment], {}, purge=False, allow=allow)


def read_wanted(requirements: Sequence[str]) -> dict[str, str | None] | NoPlan:
    """Return by name the range that all requirements of it leave, None for the newest version."""
    wanted: dict[str, list[str]] = {}
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return NoPlan(f"invalid requirement `{text}`")
        bounds = wanted.setdefault(canonicalize_name(requirement.name), [])
        bounds += map(str, requirement.specifier)
    return {name: ",".join(dict.fromkeys(bounds)) or None for name, bounds in wanted.items()}


def _plan_cleanup(
    context: Context, environment: Environment, *, allow: frozenset[str]
) -> Plan | NoPlan:
    """Plan to remove what an interrupted installer left."""
    if obstacle := planning_obstacle(context, environment):
        return obstacle
    paths = tuple(
        os.path.relpath(path, environment.path)
        for path in (*leftovers(environment.site_packages), *_rests(environment))
    )
    if not paths:
        return NoPlan("no leftovers of an interrupted install", nothing=True)
    names = join_some(map(os.path.basename, paths), _NAMED)

    def steps(_staged: str, _blueprint: BuildSpec) -> tuple[Step, ...]:
        return (Step(f"Remove {names} from the copy"),)

    return staged_plan(
        context,
        environment,
        StagedChange(
            operation=Operation.UNINSTALL,
            change=Cleanup(paths),
            package_changes=(),
            source=PackageSource(name=SourceName.EXACT, title="", how=InstallMethod.PINS),
            middle=steps,
            warnings=(),
            tried=frozenset(),
            done=f"removed {counted(len(paths), 'leftover')} from {environment.name}",
        ),
        allow=allow,
    )


def _rests(environment: Environment) -> Iterator[str]:
    """Yield metadata folders without METADATA beside another one of that name."""
    rows = read_heads(environment)
    for one in rows:
        others = any(each.name == one.name and each.path != one.path for each in rows)
        if (
            others
            and one.path.endswith(".dist-info")
            and reach.isdir(one.path)
            and not reach.lexists(os.path.join(one.path, "METADATA"))
        ):
            yield one.path
