"""The JSON contract: keys are only ever added, and stand in this order."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from envdeck.core.model import Distribution, Environment, Finding, Finished, Interpreter, Size

if TYPE_CHECKING:
    from envdeck.core.project.drift import Comparison

SCHEMA = 1
Object = dict[str, Any]


def list_object(finished: Finished, environments: Iterable[Environment]) -> Object:
    """Return what `list --json` says."""
    return {
        "schema": SCHEMA,
        "roots": list(finished.roots),
        "visited": finished.visited,
        "unreadable": finished.unreadable,
        "elapsed_ms": round(finished.elapsed * 1000),
        "environments": [environment_object(environment) for environment in environments],
        "not_looked_at": [
            {"path": place.path, "reason": place.reason} for place in finished.not_looked_at
        ],
    }


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
    }


def drift_object(found: "Comparison") -> Object:
    """Return what lies between an environment and its project, as in `show` and `diff`."""
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
                "mend": one.mend.value or None,
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
        "problems": [
            {"file": one.file, "line": one.line, "message": one.message}
            for one in found.project.problems
        ],
    }


def interpreter_object(interpreter: Interpreter, dependants: Iterable[str]) -> Object:
    """Return one interpreter, with the paths of the environments that rest on it."""
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
        "message": finding.message,
        "remedy": finding.remedy,
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
