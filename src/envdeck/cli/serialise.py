"""The JSON contract of environments, plans and results; that of one command alone is with it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.lazy_dataclasses import asdict
from envdeck.core.model import (
    Choices,
    Distribution,
    Doubt,
    Ending,
    Environment,
    Examination,
    Finding,
    Finished,
    Interpreter,
    ItemResult,
    Operation,
    PackageChange,
    Plan,
    Refusal,
    Result,
    Size,
    Target,
)

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvFile, DotenvReport
    from envdeck.core.project.model import Comparison

SCHEMA = 1
Object = dict[str, Any]


def list_object(finished: Finished) -> tuple[Object, Object]:
    """Return what `list --json` says before and after the environments."""
    before = {
        "schema": SCHEMA,
        "roots": list(finished.roots),
        "visited": finished.visited,
        "unreadable": finished.unreadable,
        "elapsed_ms": round(finished.elapsed * 1000),
    }
    return before, {"not_looked_at": list(map(asdict, finished.not_looked_at))}


def environment_object(environment: Environment) -> Object:
    """Return one environment, as it stands in every answer."""
    python = environment.python
    return {
        "path": environment.path,
        "name": environment.name,
        "manager": environment.manager,
        "creator": environment.creation.creator,
        "status": environment.status.value,
        "python": {
            "version": python.version,
            "implementation": python.implementation,
            "executable": python.executable,
            "base": python.base,
            "eol": python.end_of_life,
        },
        "packages": environment.packages,
        "size": _size_object(environment.size),
        "last_used": utc_time(environment.last_used.when),
        "last_used_source": environment.last_used.source,
        "project": environment.project.path,
        "links": list(environment.links),
        "protected": environment.protected,
        "findings": [_finding_object(finding) for finding in environment.findings],
    }


def distribution_object(distribution: Distribution) -> Object:
    """Return one distribution, as it stands in `show --json`."""
    return {
        "name": distribution.name,
        "version": distribution.version,
        "summary": distribution.summary,
        "requested": distribution.requested,
        "installer": distribution.installer,
        "editable": distribution.editable,
        "origin": distribution.origin,
        "size_bytes": distribution.size_bytes,
        "requires": list(distribution.requires),
        "required_by": list(distribution.required_by),
        "missing": list(distribution.missing),
        "problem": distribution.problem or None,
    }


def drift_object(found: "Comparison") -> Object:
    """Return what is between an environment and its project, as in `show` and `diff`."""
    return {
        "against": found.against or None,
        "parts": [
            {
                "id": part.id,
                "declared": part.declared,
                "installed": part.installed,
                "default": part.default,
                "counts": part.counts,
            }
            for part in found.parts
        ],
        "drifts": [
            {
                "kind": one.kind.value,
                "name": one.name,
                "wanted": one.wanted,
                "installed": one.installed,
                "file": one.file or None,
                "line": one.line,
                "under": list(one.under),
                "mend": one.fix.value or None,
            }
            for one in found.drifts
        ],
        "pythons": [
            {
                "message": one.message,
                "file": one.file,
                "line": one.line,
                "error": one.error,
                "wanted": one.wanted or None,
            }
            for one in found.pythons
        ],
        "agreed": found.agreed,
        "unchecked": list(found.unchecked),
        "passed": [{"file": one.file, "reason": one.reason} for one in found.project.passed],
        "problems": [
            {"file": one.file, "line": one.line, "message": one.message}
            for one in found.project.problems
        ],
    }


def interpreter_object(interpreter: Interpreter, dependants: Iterable[str]) -> Object:
    """Return one interpreter, with the paths of the environments that use it."""
    return {
        "path": interpreter.executable,
        "prefix": interpreter.prefix,
        "version": interpreter.version,
        "implementation": interpreter.implementation,
        "source": interpreter.source,
        "eol": interpreter.end_of_life,
        "externally_managed": interpreter.externally_managed,
        "dependants": list(dependants),
        "global": [
            {"path": found.path, "kind": found.kind, "packages": list(found.names)}
            for found in interpreter.global_packages
        ],
    }


def _finding_object(finding: Finding) -> Object:
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "evidence": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in finding.evidence
        },
    }


def doctor_object(examined: Iterable[tuple[Environment, Examination]]) -> Object:
    """Return what `doctor --json` says."""
    return {
        "schema": SCHEMA,
        "environments": [
            {
                "path": environment.path,
                "status": environment.status.value,
                "findings": [_finding_object(finding) for finding in found.findings],
                "not_checked": [
                    {"check": one.check, "reason": one.reason} for one in found.not_checked
                ],
            }
            for environment, found in examined
        ],
    }


def _size_object(size: Size | None) -> Object | None:
    if size is None:
        return None
    return {
        "apparent_bytes": size.apparent_bytes,
        "disk_bytes": size.disk_bytes,
        "reclaimable_bytes": size.reclaimable_bytes,
    }


def utc_time(when: float | None) -> str | None:
    """Return a time by RFC 3339 in UTC; None also for one that no calendar holds."""
    if when is None:
        return None
    try:
        moment = datetime.fromtimestamp(when, UTC).replace(microsecond=0, tzinfo=None)
    except (OverflowError, OSError, ValueError):
        return None
    return f"{moment.isoformat()}Z"


def dotenv_object(report: "DotenvReport") -> Object:
    """Return what `dotenv --json` says."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "files": [_file_object(file) for file in report.files],
        "compared": [
            {
                "file": pair.file,
                "example": pair.example,
                "missing": list(pair.missing),
                "extra": list(pair.extra),
            }
            for pair in report.compared
        ],
        "findings": [
            {
                "check": finding.check,
                "severity": finding.severity.value,
                "message": finding.message,
                "remedy": finding.remedy,
                "file": finding.file,
                "line": finding.line,
            }
            for finding in report.findings
        ],
    }


def _file_object(file: "DotenvFile") -> Object:
    return {
        "path": file.path,
        "kind": file.kind.value,
        "mode": None if file.mode is None else f"{file.mode:04o}",
        "bytes": file.bytes,
        "encoding": file.encoding,
        "link": file.link,
        "problem": file.problem or None,
        "git": {
            "tracked": file.git.tracked,
            "ignored": file.git.ignored,
            "committed": file.git.committed,
            "problem": file.git.problem or None,
        },
        "keys": [
            {
                "name": key.name,
                "line": key.line,
                "has_value": key.has_value,
                "placeholder": key.placeholder,
                "exported": key.exported,
            }
            for key in file.keys
        ],
    }


def operation_object(plan: Plan, result: Result | None, left_out: Sequence[Refusal] = ()) -> Object:
    """Return what everything that changes something says: its plan, and how that ended."""
    return {
        "schema": SCHEMA,
        "operation": plan.operation.value,
        "id": plan.id,
        "plan": _plan_object(plan, left_out),
        "result": None if result is None else _result_object(result),
    }


def unplanned_object(operation: Operation, result: Result) -> Object:
    """Return the same where there is no plan: why there is none."""
    return {
        "schema": SCHEMA,
        "operation": operation.value,
        "id": None,
        "plan": None,
        "result": _result_object(result),
    }


def _plan_object(plan: Plan, left_out: Sequence[Refusal]) -> Object:
    return {
        "targets": [target.path for target in plan.targets],
        "steps": [
            {"title": step.title, "command": [mask_text(word) for word in step.command]}
            for step in plan.steps
        ],
        "warnings": [mask_text(warning) for warning in plan.warnings],
        "reclaims_bytes": plan.reclaims_bytes,
        "undo": plan.undo,
        "frees_now_bytes": plan.frees_now_bytes,
        "needs_bytes": plan.needs_bytes,
        "kept_until": utc_time(plan.kept_until),
        "facts": [
            {"path": target.path, "label": fact.label, "text": mask_text(fact.text)}
            for target in plan.targets
            for fact in target.facts
        ],
        "allowed": sorted(plan.allowed),
        "refusals": [_refusal_object(refusal) for refusal in plan.refusals],
        "left_out": [_refusal_object(refusal) for refusal in left_out],
        "unproved": [doubt_object(doubt, plan.choices) for doubt in plan.doubts],
        "edits": [_edits_object(target) for target in plan.targets],
        "keep_edits": plan.keep_edits,
        "packages": _packages_object(plan.package_changes),
    }


def doubt_object(doubt: Doubt, choices: Choices) -> Object:
    """Return a package that cannot be recreated exactly, and what was chosen for it."""
    choice = choices.get(doubt.name)
    return {
        "name": doubt.name,
        "version": doubt.version,
        "reason": mask_text(doubt.reason),
        "options": [option.value for option in doubt.options],
        "choice": None if choice is None else choice.value,
    }


def _edits_object(target: Target) -> Object:
    edits = target.edits
    return {
        "path": target.path,
        "count": edits.count,
        "bytes": edits.bytes,
        "files": [
            {"path": each.path, "name": each.name, "bytes": each.bytes} for each in edits.files
        ],
        "missing": edits.missing,
        "not_compared": list(edits.unchecked),
    }


def _refusal_object(refusal: Refusal) -> Object:
    return {
        "guard": refusal.guard,
        "message": mask_text(refusal.message),
        "hint": mask_text(refusal.hint),
        "path": refusal.path,
        "overrulable": refusal.overrulable,
    }


def _packages_object(changes: Sequence[PackageChange] | None) -> Object | None:
    """Return what becomes of packages; versions that are not known are null."""
    if changes is None:
        return None
    document: Object = {"added": [], "removed": [], "changed": [], "reinstalled": []}
    for each in changes:
        if each.before is None:
            document["added"].append({"name": each.name, "version": each.after or None})
        elif each.after is None:
            document["removed"].append({"name": each.name, "version": each.before})
        elif each.before == each.after:
            document["reinstalled"].append({"name": each.name, "version": each.after})
        else:
            versions = {"from": each.before, "to": each.after or None}
            document["changed"].append({"name": each.name, **versions})
    return document


def _result_object(result: Result) -> Object:
    document: Object = {
        "status": result.status.value,
        "verified": [mask_text(checked) for checked in result.verified],
        "message": mask_text(result.message),
        "hint": mask_text(result.hint),
        "freed_bytes": result.freed_bytes,
        "free_bytes": result.free_bytes,
        "stopped": result.stopped,
        "packages": _packages_object(result.package_changes),
    }
    if result.items:
        document["items"] = [_item_result_object(each) for each in result.items]
    return {**document, "guard": result.guard} if result.status is Ending.REFUSED else document


def _item_result_object(each: ItemResult) -> Object:
    return {
        "id": each.id,
        "path": each.path,
        "name": each.name,
        "status": each.status.value,
        "message": mask_text(each.message),
        "hint": mask_text(each.hint),
        "guard": each.guard,
        "freed_bytes": each.freed_bytes,
    }
