"""Another interpreter: repaired in a copy for the same minor version, made anew for another."""

from typing import TYPE_CHECKING

from envdeck.core.model import Environment, Fact, NoPlan, Operation, Plan, Step
from envdeck.core.operations.base_path import uses_of
from envdeck.core.operations.picking import interpreter_choices, pick
from envdeck.core.operations.rebuilding import Building
from envdeck.core.operations.recreate import plan_recreate
from envdeck.core.operations.sources.source import How, Source, SourceName
from envdeck.core.operations.staged import staged_plan
from envdeck.core.operations.upgrading.repair import NoRepair, NoRepairKind, Repair, repair_plan
from envdeck.core.operations.upgrading.repair_applying import apply_repair

if TYPE_CHECKING:
    from envdeck.core.operations.context import Context


def plan_interpreter(
    operations: "Context",
    environment: Environment,
    interpreter: str | None,
    *,
    allow: frozenset[str],
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan another interpreter; see :meth:`Operations.plan_interpreter`."""
    choices = interpreter_choices(operations, environment, environment.project.path)
    known = [one.interpreter for one in choices]
    link = None
    if interpreter is not None:
        chosen = pick(interpreter, choices, operations)
        if isinstance(chosen, NoPlan):
            return chosen
        link = chosen.path
        known += [] if chosen.interpreter in known else [chosen.interpreter]
    found = repair_plan(environment, known, operations.catalog.host, wanted=interpreter, link=link)
    if isinstance(found, Repair):
        return _repaired(operations, environment, found, allow)
    if found.kind is NoRepairKind.RECREATE:
        return plan_recreate(
            operations,
            environment,
            source="exact",
            file=None,
            interpreter=interpreter,
            allow=allow,
            operation=Operation.UPGRADE,
            keep_edits=keep_edits,
        )
    return _none(found, environment)


def _none(found: NoRepair, environment: Environment) -> NoPlan:
    hint = found.hint.replace("ENV", environment.path)
    return NoPlan(found.reason, hint, missing=found.kind is NoRepairKind.NO_INTERPRETER)


def _repaired(
    operations: "Context", environment: Environment, repair: Repair, allow: frozenset[str]
) -> Plan | NoPlan:
    one, named = repair.interpreter, repair.named.executable

    def change(building: Building) -> list[str]:
        apply_repair(building.folder, repair, building.ground.disk.rewrite)
        return [f"it runs on {named}"]

    facts = [
        Fact("python", f"{environment.python.version or 'not known'}, then {one.version}"),
        Fact("rests on", named),
        *uses_of(repair.named, one.version),
        *(Fact("link", f"{link.path} to {link.after}") for link in repair.links),
        *(Fact("copy", copy.path) for copy in repair.copies),
        *(Fact("pyvenv.cfg", f"{each.key} = {each.after}") for each in repair.cfg_changes),
    ]
    return staged_plan(
        operations,
        environment,
        source=Source(name=SourceName.EXACT, title="", how=How.PINS),
        facts=tuple(facts),
        middle=lambda _staged, _blueprint: (Step(f"rest the copy on {named}"),),
        warnings=(repair.named.lost,) if repair.named.lost else (),
        change=change,
        tried=frozenset(),
        done=f"{environment.name} rests on Python {one.version}",
        allow=allow,
    )
