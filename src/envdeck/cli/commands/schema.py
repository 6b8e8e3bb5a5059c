"""`envdeck schema [COMMAND]`: the JSON contract, as a JSON Schema.

The answers are made in :mod:`envdeck.cli.serialise` and beside their commands; here stands what
they promise, and the tests hold every answer against it. :data:`RECORDS` says of each object which
keys it has, as `key:type`; without a type it is text. `[type]` is a list, `type?` may be null, and
`key?` may be absent.
"""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Mapping

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.main import COMMANDS
from envdeck.cli.serialise import SCHEMA, Object
from envdeck.config import SettingOrigin
from envdeck.core.model import BisectVerdict, Ending, Operation, PackageChoice, Severity, Status
from envdeck.core.model.events import CellStatus
from envdeck.core.project.model import DriftFix, DriftKind
from envdeck.core.system.words import find_nearest
from envdeck.core.timeline.model import EventKind

DESCRIPTION = """Print the JSON Schema (draft 2020-12) of what `--json` prints, for one command or
all of them. Keys are only ever added, so a schema allows more than it names."""

EXAMPLES = """  envdeck schema                   all commands
  envdeck schema list              what `envdeck list --json` prints"""

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_KINDS: Mapping[str, Object] = {
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "count": {"type": "integer", "minimum": 0},
    "code": {"type": "integer"},
    "seconds": {"type": "number", "minimum": 0},
    "time": {"type": "string", "format": "date-time"},
    "one": {"const": SCHEMA},
    "object": {"type": "object"},
}
VALUES: Mapping[str, Collection[str]] = {
    "cell-status": ["planned", *(status.value for status in CellStatus)],
    "bisect-status": ("found", "not-reproduced", "cannot-tell"),
    "drift-fix": [fix.value for fix in DriftFix if fix.value],
    "drift-kind": [kind.value for kind in DriftKind],
    "ending": [ending.value for ending in Ending],
    "event-kind": [kind.value for kind in EventKind],
    "file-kind": ("env", "example", "stray"),
    "forecast-verdict": ("wheel", "build", "unsupported", "gone", "unknown"),
    "matrix-status": ("planned", "passed", "failed", "refused", "cancelled"),
    "level": ("patch", "minor", "major", "other"),
    "operation": [operation.value for operation in Operation],
    "origin": [origin.value for origin in SettingOrigin],
    "package-choice": [choice.value for choice in PackageChoice],
    "past-status": ("done", "rolled-back", "needs-attention", "pending"),
    "severity": [severity.value for severity in Severity],
    "status": [status.value for status in Status],
    "step-state": ("done", "open", "waiting", "cannot", "ready", "skipped"),
    "trash-status": ("in-trash", "partly-purged"),
    "verdict": [verdict.value for verdict in BisectVerdict],
}
"""What has one of a few values. Those in the enumerations of modules that would take as long to
load as all else are repeated; the tests compare them."""

_ENVIRONMENT = """path name manager creator:text? status:status python:python packages:count?
size:size? last_used:time? last_used_source project:text? links:[text] protected:text?
findings:[finding]"""
_DRIFTS = """against:text? parts:[part] drifts:[drift] pythons:[python-drift] agreed:count
unchecked:[text] passed:[passed] problems:[problem]"""
_UPGRADES = "path candidates:[candidate] fixed:[fixed] current:count"
_ENDED = "status:ending message hint freed_bytes:count?"
_ENTRY = """id group operation:operation status:past-status path name manager python started:time?
ended:time? message undoes:text? undone_by:text? purged:flag failed_checks:[text]"""
RECORDS: Mapping[str, str] = {
    # environments
    "environment": _ENVIRONMENT,
    "python": "version:text? implementation:text? executable:text? base:text? eol:text?",
    "size": "apparent_bytes:count disk_bytes:count reclaimable_bytes:count",
    "finding": "check severity:severity subject message remedy evidence:object",
    "list": """schema:one roots:[text] visited:count unreadable:count elapsed_ms:count
        environments:[environment] not_looked_at:[not-looked-at]""",
    "not-looked-at": "path reason hint",
    "show": f"{_ENVIRONMENT} distributions:[distribution] drift:comparison?",
    "distribution": """name version summary requested:flag installer:text? editable:flag
        origin:text? size_bytes:count? requires:[text] required_by:[text] missing:[text]
        problem:text?""",
    "find": "schema:one requirement environments:[holder]",
    "holder": f"{_ENVIRONMENT} version:text?",
    "doctor": "schema:one environments:[examined]",
    "examined": "path status:status findings:[finding] not_checked:[not-checked]",
    "not-checked": "check reason",
    "why": "schema:one path name version chains:[chain]",
    "chain": "packages:[text] root:text?",
    "interpreters": "schema:one interpreters:[interpreter] gone:[gone]",
    "interpreter": """path prefix version:text? implementation:text? source eol:text?
        externally_managed:flag dependants:[text] global:[global]""",
    "global": "path kind packages:[text]",
    "gone": "path dependants:[text]",
    # comparisons
    "comparison": _DRIFTS,
    "part": "id declared:count installed:count default:flag counts:flag",
    "drift": """kind:drift-kind name wanted:text? installed:text? file:text? line:count?
        under:[text] mend:drift-fix?""",
    "python-drift": "message file:text? line:count? error:flag wanted:text?",
    "passed": "file reason",
    "problem": "file line:count? message",
    "diff-project": f"schema:one environment project file:text? {_DRIFTS}",
    "diff-environments": """schema:one first second python:python-difference
        differences:[difference] same:count""",
    "python-difference": "first:text? second:text?",
    "difference": "name first:text? second:text?",
    # history of an environment
    "timeline": "schema:one path snapshots:[snapshot] events:[event]",
    "snapshot": "id taken_at:time? last_seen:time? good:flag packages:count python:text? source",
    "event": """at:time? earliest:time? kind:event-kind subject from:text? to:text? source
        certain:flag detail:text?""",
    "bisect": """schema:one status:bisect-status culprits:[culprit] runs:[bisect-run] message
        hints:[text]""",
    "culprit": "name from:text? to:text?",
    "bisect-run": "packages:object verdict:verdict exit:code? seconds:seconds reason:text?",
    "matrix": """schema:one id status:matrix-status project command:[text] pythons:[text]
        with:[[text]] cells:[cell] message hint:text? log:text?""",
    "cell": """python executable:text? with:[text] source:text? status:cell-status exit:code?
        seconds:seconds build_seconds:seconds packages:object reason:text? hint:text?
        output:[text]""",
    # changes
    "change": "schema:one operation:operation id:text? plan:plan? result:result?",
    "plan": """targets:[text] steps:[step] warnings:[text] reclaims_bytes:count? undo:text?
        frees_now_bytes:count? needs_bytes:count? kept_until:time? facts:[fact] allowed:[text]
        refusals:[refusal] left_out:[refusal] unproved:[unproved] edits:[edits] keep_edits:flag
        packages:packages?""",
    "step": "title command:[text]",
    "fact": "path label text",
    "refusal": "guard message hint path overrulable:flag",
    "unproved": "name version reason options:[package-choice] choice:package-choice?",
    "edits": "path count:count bytes:count files:[edited] missing:count not_compared:[text]",
    "edited": "path name bytes:count",
    "packages": """added:[wanted-release] removed:[release] changed:[version-change]
        reinstalled:[release]""",
    "release": "name version",
    "wanted-release": "name version:text?",
    "version-change": "name from to:text?",
    "result": f"""{_ENDED} verified:[text] free_bytes:count? stopped:flag packages:packages?
        guard?:text? items?:[item-result]""",
    "item-result": f"id path name {_ENDED} guard:text?",
    "upgrades": f"schema:one {_UPGRADES}",
    "candidate": """name installed target latest level:level held_back_by:[text] released:text?
        seed:flag""",
    "fixed": "name installed reason",
    "outdated": "schema:one environments:[outdated-environment]",
    "outdated-environment": """path candidates:[candidate]? fixed:[fixed]? current:count?
        problem:text?""",
    "recreate-choices": """schema:one path sources:[source] interpreters:[option]
        unproved:[unproved] forecast:forecast?""",
    "source": """name title file:text? snapshot:text? added:[[text]] removed:[[text]]
        changed:[[text]] resolved:flag notes:[text] problem:text?""",
    "option": "path version:text? same_minor:flag proposed:flag note",
    "forecast": "python problem:text? packages:[pin]",
    "pin": "name version verdict:forecast-verdict smallest:text? newest:text? note",
    # what was changed
    "history": "schema:one operations:[past] unreadable:[unreadable]",
    "past": f"{_ENTRY} undo:text? no_undo_because:text? partly_purged:flag",
    "unreadable": "path reason",
    "recovered": "schema:one recovered:[entry]",
    "entry": _ENTRY,
    "trash": "schema:one keep_days:count? items:[trash-item]",
    "trash-item": """id folder problem:text? going:flag status:trash-status operation?:operation
        path? name? manager? python? put_at?:time? kept_until?:time? due?:flag packages?:count?
        disk_bytes?:count? reclaimable_bytes?:count? project?:text? is_link?:flag unowned?:[text]
        edited?:[text]""",
    # projects and settings
    "dotenv": """schema:one project files:[dotenv-file] compared:[compared]
        findings:[dotenv-finding]""",
    "dotenv-file": """path kind:file-kind mode:text? bytes:count? encoding link:text? problem:text?
        git:git keys:[key]""",
    "git": "tracked:flag? ignored:flag? committed:flag? problem:text?",
    "key": "name line:count has_value:flag placeholder:flag exported:flag",
    "compared": "file example missing:[text] extra:[text]",
    "dotenv-finding": "check severity:severity message remedy file line:count?",
    "onboard": "schema:one project environment:text? steps:[setup-step] open:[text] done?:[done]",
    "setup-step": """step title state:step-state why message hint details:[text] commands:[[text]]
        safe:flag options:[setup-option] asks_for:[text]""",
    "setup-option": "id title chosen:flag",
    "done": "step operation:operation? id:text? status:ending message",
    "config": "schema:one path path_origin:origin exists:flag settings:object",
    "config-path": "schema:one path path_origin:origin",
}
_CHANGES = ("delete", "clean", "install", "uninstall", "create", "undo")
ANSWERS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in COMMANDS if name in RECORDS},
    **dict.fromkeys(_CHANGES, ("change",)),
    "list": ("list", "environment"),
    "diff": ("diff-project", "diff-environments"),
    "recreate": ("change", "recreate-choices"),
    "upgrade": ("change", "upgrades"),
    "dotenv": ("dotenv", "change"),
    "history": ("history", "recovered"),
    "trash": ("trash", "change"),
    "config": ("config", "config-path"),
}
"""What each command prints with `--json`; `list` also each line of `--ndjson`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument("name", nargs="?", metavar="COMMAND", help="only what this command prints")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Print the schema."""
    name = arguments.name
    if name is not None and name not in ANSWERS:
        close = find_nearest(name, ANSWERS)
        message = "prints no JSON" if name in COMMANDS else "is not a command"
        hint = f"envdeck schema {close[0]}" if close else "envdeck schema"
        raise CommandError(f"`{name}` {message}", hint=hint)
    context.console.json(schema_of(name))
    return Exit.DONE


def schema_of(command: str | None = None) -> Object:
    """Return the schema of what one command prints, or all of them."""
    chosen = ANSWERS.values() if command is None else [ANSWERS[command]]
    names = list(dict.fromkeys(name for answers in chosen for name in answers))
    found: dict[str, Object] = {}
    _define(names, found)
    answers = [_named(name) for name in names]
    return {
        "$schema": DRAFT,
        "title": " ".join(filter(None, ("envdeck", command, "--json"))),
        **(answers[0] if len(answers) == 1 else {"anyOf": answers}),
        "$defs": dict(sorted(found.items())),
    }


def _define(names: Iterable[str], found: dict[str, Object]) -> None:
    """Add the definitions of records and values, and of all that they are made of."""
    for name in names:
        if name in found or name in _KINDS:
            continue
        if name in VALUES:
            found[name] = {"enum": list(VALUES[name])}
            continue
        found[name] = record = _read_record(RECORDS[name])
        _define(re.findall(r"#/\$defs/([a-z-]+)", str(record)), found)


def _read_record(text: str) -> Object:
    fields = [word.partition(":") for word in text.split()]
    return {
        "type": "object",
        "properties": {key.rstrip("?"): _read_type(kind or "text") for key, _, kind in fields},
        "required": [key for key, _, _ in fields if not key.endswith("?")],
    }


def _read_type(text: str) -> Object:
    if text.endswith("?"):
        inner = _read_type(text[:-1])
        if "type" in inner:
            return {**inner, "type": [inner["type"], "null"]}
        return {"anyOf": [inner, {"type": "null"}]}
    if text.startswith("["):
        return {"type": "array", "items": _read_type(text[1:-1])}
    return dict(_KINDS[text]) if text in _KINDS else _named(text)


def _named(name: str) -> Object:
    return {"$ref": f"#/$defs/{name}"}
