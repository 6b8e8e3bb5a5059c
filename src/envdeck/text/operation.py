"""Words for operations, refusals, results, history, trash, fixes and setup steps, for both front
ends."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    BisectRun,
    BisectRunStarted,
    CellStatus,
    Ending,
    Fact,
    Operation,
    PackageChange,
    Plan,
    Refusal,
    Result,
    Step,
    StepProgress,
    Target,
)
from envdeck.core.system.words import counted, join_some, size, time_left
from envdeck.text.safe import place, plain, tilde, tilde_within

if TYPE_CHECKING:  # start-up: a screen that fixes nothing reads no .env
    from envdeck.core.dotenv.model import Remedy
    from envdeck.core.operations.shared.history import HistoryItem
    from envdeck.core.operations.transaction.journal import Entry


class OperationWords(NamedTuple):
    """The forms of a verb."""

    verb: str
    doing: str
    done: str


OPERATION_WORDS = {
    Operation.DELETE: OperationWords("delete", "deleting", "deleted"),
    Operation.RECREATE: OperationWords("recreate", "recreating", "recreated"),
    Operation.UPGRADE: OperationWords("upgrade", "upgrading", "upgraded"),
    Operation.INSTALL: OperationWords("install", "installing", "installed"),
    Operation.UNINSTALL: OperationWords("uninstall", "uninstalling", "uninstalled"),
    Operation.CREATE: OperationWords("create", "creating", "created"),
    Operation.UNDO: OperationWords("undo", "undoing", "undone"),
    Operation.PURGE: OperationWords(
        "permanently delete", "permanently deleting", "permanently deleted"
    ),
    Operation.EDIT: OperationWords("edit", "editing", "edited"),
    Operation.RUN: OperationWords("run", "running", "run"),
    Operation.BISECT: OperationWords("bisect", "bisecting", "bisected"),
    Operation.MATRIX: OperationWords("test", "testing", "tested"),
}


CHANGES_SHOWN = 12
"""Changes of packages that a plan lists; more are counted."""
CHANGE_COLUMNS = ("Package", "Now", "After")


def change_words(change: PackageChange) -> tuple[str, str, str]:
    """Return a change of a package as a row of :data:`CHANGE_COLUMNS`."""
    after = "removed" if change.after is None else change.after or "unknown version"
    if change.before == change.after:
        after = f"{after} (reinstalled)"
    return change.name, change.before or "not installed", after


def progress_words(progress: StepProgress | None) -> str:
    """Return how far a step is, in its own unit: `1,204 of 18,291 files`."""
    if progress is None:
        return ""
    if progress.unit == "bytes":
        done = size(progress.done)
        return done if progress.total is None else f"{done} of {size(progress.total)}"
    total = "" if progress.total is None else f" of {progress.total:,}"
    return f"{progress.done:,}{total} {progress.unit}"


def refusal_words(refusal: Refusal, home: str) -> str:
    """Return what a refusal is about, why, and its guard: `~/a: tracked by git (tracked)`."""
    message = tilde_within(refusal.message, home)
    path = tilde(refusal.path, home)
    about = f"{path}: " if path and path not in message else ""
    return f"{about}{message} ({refusal.guard})" if refusal.guard else f"{about}{message}"


def room_words(plan: Plan, result: Result, trash: str = "the trash is emptied") -> str:
    """Return what became of the space: `2.3 GB freed, 14 GB free`; empty where nothing did.
    `trash` says what frees what was moved there."""
    said = []
    if result.freed_bytes:
        said.append(f"{size(result.freed_bytes)} freed")
        more = (plan.reclaims_bytes or 0) - (plan.frees_now_bytes or 0)
        if plan.undo is not None and plan.frees_now_bytes and more > 0:
            said.append(f"{size(more)} more when {trash}")
    elif result.status is Ending.DONE and result.free_bytes is not None and plan.undo is not None:
        said.append(f"{size(plan.reclaims_bytes, unknown='space')} freed when {trash}")
    if result.free_bytes is not None:
        said.append(f"{size(result.free_bytes)} free")
    return ", ".join(said)


ONE_BY_ONE = 3
"""Targets up to which each of them is told of by itself; of more, what is the same is told once."""
_NAMED = 6
"""Targets that a shared sentence names; more are counted."""


def short_names(targets: Iterable[Target]) -> dict[str, str]:
    """Return what each target is called among the others, by its path: `api` of `api/.venv`, as
    long as that is one of them alone."""
    names = {one.path: one.name or os.path.basename(one.path) for one in targets}
    if len(set(names.values())) < len(names):
        return {path: path for path in names}
    heads = {path: os.path.split(name) for path, name in names.items()}
    folders = [head for head, _ in heads.values()]
    if len({tail for _, tail in heads.values()}) > 1 or len(set(folders)) < len(names):
        return names
    return {path: head or names[path] for path, (head, _) in heads.items()}


def count_held(names: Sequence[str], total: int) -> str:
    """Return how many of several something holds for, and which: `3 of 12: api, blog, shop`."""
    if len(names) == total:
        return f"all {total:,}"
    return f"{len(names):,} of {total:,}: {join_some(names, _NAMED)}"


def gathered(said: Iterable[tuple[str, str]], total: int) -> list[str]:
    """Return each sentence once, with those of several that it holds for; `said` are the sentences
    with the name of what each is about, empty where it is about none alone."""
    found: dict[str, list[str]] = {}
    for sentence, name in said:
        found.setdefault(sentence, []).append(name)
    told = []
    for sentence, names in found.items():
        if total == 1 or not all(names):
            told.append(sentence)
        elif len(names) == 1:
            told.append(f"{names[0]}: {sentence}")
        else:
            told.append(f"{sentence} · {count_held(names, total)}")
    return told


def shared_facts(
    targets: Sequence[Target], names: Mapping[str, str]
) -> tuple[list[Fact], list[Target]]:
    """Return the facts that several targets share, each once with those it holds for, and the
    targets with the facts that are theirs alone."""
    holders: dict[Fact, list[str]] = {}
    for target in targets:
        for fact in dict.fromkeys(target.facts):
            holders.setdefault(fact, []).append(names[target.path])
    shared = {fact: of for fact, of in holders.items() if len(of) > 1}
    told = [
        Fact(fact.label, f"{fact.text} · {count_held(of, len(targets))}")
        for fact, of in shared.items()
    ]
    rest = [
        replace(one, facts=tuple(fact for fact in one.facts if fact not in shared))
        for one in targets
    ]
    return told, rest


def shared_warnings(plan: Plan, names: Mapping[str, str]) -> list[str]:
    """Return the warnings of a plan over several, where one begins with the name of a target."""
    known = {target.name: names[target.path] for target in plan.targets}
    said = []
    for warning in plan.warnings:
        name, colon, rest = warning.partition(": ")
        said.append((rest, known[name]) if colon and name in known else (warning, ""))
    return gathered(said, len(names))


def shared_steps(plan: Plan) -> Iterator[Step]:
    """Yield the steps of a plan over several, those that differ in the name of their target alone
    as one: `Move 12 environments to the trash`."""
    known = {target.name for target in plan.targets}
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for step in plan.steps:
        words = step.title.split(" ")
        name = next((word for word in words if word in known), "")
        title = " ".join("\0" if word == name else word for word in words) if name else step.title
        found.setdefault((title, step.command), []).append(name)
    for (title, command), of in found.items():
        many = f"{len(of):,} environments" if len(of) > 1 else of[0]
        yield Step(title.replace("\0", many), command)


CELL_WORDS = {
    CellStatus.PASSED: "passed",
    CellStatus.FAILED: "failed",
    CellStatus.NOT_BUILT: "cannot be built",
    CellStatus.TIMED_OUT: "timed out",
    CellStatus.NOT_RUN: "cancelled",
}
"""How a cell of a matrix ended."""


def column_words(column: Sequence[str]) -> str:
    """Return what a column of a matrix has besides the project; hostile text."""
    return ", ".join(column) or "as declared"


_OF_COPIES = frozenset({Operation.BISECT, Operation.MATRIX})


STAGING = "$STAGING"
"""What the commands of a plan call the folder in which something new is made."""


def ended_word(phase: str, operation: Operation, *, partly_purged: bool = False) -> str:
    """Return how an operation of the history ended, by its last phase."""
    if partly_purged and phase == "needs-attention":
        return "partly deleted"
    if operation in _OF_COPIES and phase == "rolled-back":
        return "ended"  # its copies are removed whatever it finds
    words = {"done": "done", "rolled-back": "rolled back", "needs-attention": "needs attention"}
    return words.get(phase, "unfinished")


HistoryRecord: TypeAlias = "tuple[HistoryItem, Entry]"


def group_batches(pasts: Iterable[HistoryRecord]) -> list[list[HistoryRecord]]:
    """Return operations of the history with those of one batch together, at the place of the
    first of them. A permanent delete is one of them, though it goes through the trash."""
    found: dict[tuple[str, str], list[HistoryRecord]] = {}
    for each in pasts:
        found.setdefault(each[1].tie, []).append(each)
    for name, operation in list(found):
        deleted = found.get((name, Operation.DELETE), ())
        if operation == Operation.PURGE and deleted and all(one.purged for _, one in deleted):
            del found[name, operation]
    return list(found.values())


def batch_words(entries: "Sequence[Entry]") -> str:
    """Return what a batch of the history was about: `12 environments · 2.3 GB`."""
    noun = "environment" if all(one.manager or one.python for one in entries) else "item"
    if all(one.is_file for one in entries):
        noun = "file"
    sizes = [one.bytes_aside for one in entries if one.bytes_aside is not None]
    gone = entries[0].operation in {Operation.DELETE, Operation.PURGE}
    about = f" · {size(sum(sizes))}" if sizes and gone else ""
    return f"{counted(len(entries), noun)}{about}"


def batch_ended(words: Iterable[str]) -> str:
    """Return how the operations of a batch ended: `done`, `10 of 12 done`."""
    counts = Counter(words)
    word = "done" if "done" in counts else counts.most_common(1)[0][0]
    return word if len(counts) == 1 else f"{counts[word]:,} of {counts.total():,} {word}"


_TRIED = 3
"""Packages of a run of a bisect that are named; more are counted."""


def tried_words(one: BisectRun | BisectRunStarted) -> str:
    """Return which of the suspects a run of a bisect has as in the bad state; hostile text."""
    if not one.applied:
        return "all as in the good state"
    left = [name for name in one.packages if name not in one.applied]
    if not left:
        return "all as in the bad state"
    if len(one.applied) <= _TRIED:
        return ", ".join(f"{name} {one.packages[name] or 'removed'}" for name in one.applied)
    if len(left) <= _TRIED:
        return f"all but {', '.join(left)}"
    return f"{len(one.applied):,} of {len(one.packages):,}"


def time_kept(until: float | None, now: float, *, over: str) -> str:
    """Return how long an item stays in the trash: `27 days`, `for ever`; `over` when it is due."""
    if until is None:
        return "for ever"
    return time_left(until - now) if until > now else over


def remedy_words(remedy: "Remedy", home: str) -> tuple[str, str]:
    """Return what a remedy does, as a verb and the rest: `add`, `TOKEN to .env`."""
    file = place(remedy.file, None, home, remedy.project)
    match remedy.kind.value:
        case "create":
            return "create", f"{file} from {place(remedy.example, None, home, remedy.project)}"
        case "add" if len(remedy.keys) == 1:
            return "add", f"{plain(remedy.keys[0])} to {file}"
        case "add":
            return "add", f"{len(remedy.keys):,} keys to {file}"
        case "ignore":
            return "add", f"{file} to .gitignore"
        case _:
            return "restrict", f"{file} to its owner"


STEP_WORDS = {
    "done": "done",
    "open": "to do",
    "waiting": "waiting",
    "cannot": "manual step",
    "ready": "ready",
    "skipped": "not applicable",
}
"""Of a step of the project setup, by its state."""
