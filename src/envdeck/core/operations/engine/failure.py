"""Why a command failed, in one sentence and with a way out, from what the tool wrote.

uv, pip, venv and virtualenv say the same in many words. What is not recognised keeps the tool's
own first words. Hints of the tools are not passed on: some advise `--clear`.
"""

import os
import re
from collections.abc import Collection
from enum import StrEnum

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.operations.engine.command import NOT_FOUND, NOT_RUNNABLE, Completed
from envdeck.core.operations.engine.tool_change import explain_change
from envdeck.core.operations.shared.space import ROOM_HINT, find_common, hint_for
from envdeck.core.operations.transaction.transaction import OperationStore

_SENTENCE = 300
"""Characters of a tool's own words that are kept."""


class FailureKind(StrEnum):
    """What kind of thing stands in the way."""

    STOPPED = "stopped"
    OVERDUE = "overdue"
    DISK = "disk"
    PERMISSION = "permission"
    HASH = "hash"
    BUILD = "build"
    NETWORK = "network"
    DOWNLOAD = "download"
    """One file does not come whole; the index answers otherwise."""
    INDEX = "index"
    """The index answers, but not with what an index answers."""
    OFFLINE = "offline"
    """Only the cache may be read, and what is needed is not in it."""
    WHEEL = "wheel"
    """There is no file for this Python or platform."""
    MISSING = "missing"
    """No such package, version or file."""
    CONFLICT = "conflict"
    INTERPRETER = "interpreter"
    TOOL = "tool"
    """The tool is of another version than was reckoned with."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed, for a person."""

    kind: FailureKind
    cause: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    """What can be done, best with a command; or empty."""


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: FailureKind
    pattern: re.Pattern[str]
    cause: str
    """With the pattern's groups, by name, in braces."""
    hint: str = ""


def _rule(kind: FailureKind, pattern: str, cause: str, hint: str = "") -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE), cause, hint)


def _named(group: str) -> str:
    """Return a pattern for the name of a package, with or without a version."""
    return rf"`?(?P<{group}>[A-Za-z0-9][^\s`,;]*)`?"


_NAME = _named("what")
_LOOK = "list its releases: `pip index versions {bare}`"
_RULES = (
    _rule(
        FailureKind.DISK,
        r"os error 28\b|Errno 28\b|No space left on device",
        "the disk is full",
        ROOM_HINT,
    ),
    _rule(
        FailureKind.DISK,
        r"os error 122\b|Errno 122\b|Disk quota exceeded",
        "the disk quota is exceeded",
        ROOM_HINT,
    ),
    _rule(
        FailureKind.HASH,
        rf"Hash mismatch for {_NAME}|DO NOT MATCH THE HASHES",
        "{what} does not match its known hash",
        "do not install it; download it again after `uv cache clean {bare}`",
    ),
    _rule(
        FailureKind.INTERPRETER,
        r"No interpreter found|No virtual environment or system Python|"
        r"Failed to (?:inspect|query) Python interpreter|Invalid version request|"
        r"is not supported but \S+ was requested|older than the minimum|"
        r"no longer ships pip/setuptools for|ensurepip is not available|No module named '?venv",
        "interpreter cannot be used: {line}",
        "use another one: `envdeck recreate ENV --python VERSION`",
    ),
    _rule(
        FailureKind.PERMISSION,
        r"os error 13\b|Errno 13\b|Permission denied|os error 30\b|Read-only file system",
        "permission denied: {line}",
        "check the owner of the folder: `ls -ld`",
    ),
    _rule(
        FailureKind.BUILD,
        rf"Failed to build {_NAME}|Failed building wheel for (?P<pip>\S+)|build backend returned",
        "{what} has no wheel and its build failed{backend}",
        "use a release with a wheel, or see the operation log for the full output",
    ),
    _rule(
        FailureKind.OFFLINE,
        r"network (?:was|is) disabled|not found in the cache",
        "{what} is not in the cache, and network access is off",
        "run without `--offline`",
    ),
    _rule(
        FailureKind.NETWORK,
        rf"Failed to (?:download(?: and build)?|fetch) {_NAME}.*(?:network timeout|timed out)",
        "the download of {what} timed out",
        "check the connection, then try again",
    ),
    _rule(
        FailureKind.DOWNLOAD,
        rf"Failed to (?:download(?: and build)?|fetch) {_NAME}.*"
        r"(?:end of file|reading a body|response body|extract archive|zip file)"
        rf"|Because {_named('other')} has an invalid package format",
        "the download of {what} is incomplete or damaged",
        "try again; if it stays so, the file on the index is damaged",
    ),
    _rule(
        FailureKind.NETWORK,
        r"Failed to fetch: `?\S+?/(?P<what>[^/\s`]+)/`?\s.*timed out",
        "{place} did not respond to a request for {what}",
        "check the connection and proxy, then try again",
    ),
    _rule(
        FailureKind.NETWORK,
        r"dns error|failed to lookup address|Connection refused|Connection reset|timed out|"
        r"Network is unreachable|NewConnectionError|ConnectTimeout|ReadTimeout|"
        r"error sending request|certificate|tls handshake",
        "{place} cannot be reached",
        "check the connection and proxy, then try again",
    ),
    _rule(
        FailureKind.INDEX,
        r"lack of valid authentication|\b(?:401|403) (?:Unauthorized|Forbidden)",
        "the index denied access",
        "set credentials in `~/.netrc` or a keyring",
    ),
    _rule(
        FailureKind.INDEX,
        r"HTTP status (?:server|client) error|unexpected JSON|\b50[0-9] Server Error|"
        r"Received some unexpected",
        "{place} is not responding like a package index",
        "try again later, or use another index: `UV_DEFAULT_INDEX`",
    ),
    _rule(
        FailureKind.WHEEL,
        rf"Because {_NAME} has no wheels with a matching|"
        r"(?P<pip>\S+) is not a supported wheel on this platform|"
        rf"{_named('other')} has no usable wheels",
        "{what} has no wheel for this Python and platform",
        "use another Python version: `envdeck recreate ENV --python VERSION`",
    ),
    _rule(
        FailureKind.CONFLICT,
        r"does not satisfy Python\S+ and (?P<what>\S+ depends on Python[^\s,]+),? we can conclude"
        r"|Because (?P<needs>\S+ requires Python ?[^\s,]+),? and (?:only|you require)",
        "{what}",
        "use another Python version, or another release",
    ),
    _rule(
        FailureKind.CONFLICT,
        r"(?P<what>\S+) depends? on (?P<other>\S+).*(?:unsatisfiable|cannot be used|incompatible)|"
        r"ResolutionImpossible",
        "conflicting requirements: {line}",
    ),
    _rule(
        FailureKind.MISSING,
        r"Because only .{1,400}? (?:is|are) available\b.{0,400}? and you require"
        r" (?P<what>[A-Za-z0-9][^\s`;]*?),? we can conclude",
        "{what} not found in the index",
        _LOOK,
    ),
    _rule(
        FailureKind.MISSING,
        rf"Because {_NAME} was not found in the (?:package registry|provided)",
        "{what} not found in the index",
        "correct or remove it, or name the index that has it: `--extra-index-url URL`",
    ),
    _rule(
        FailureKind.MISSING,
        rf"Because {_NAME} was not found|there (?:is|are) no versions? of {_named('none')}"
        rf"|only {_named('only')} is available|No matching distribution found for (?P<pip>\S+)",
        "{what} not found in the index",
        _LOOK,
    ),
    _rule(
        FailureKind.MISSING,
        r"(?:File|Distribution) not found(?: at)?: (?P<what>\S+)|does not appear to be a git",
        "{what} does not exist",
    ),
    _rule(
        FailureKind.CONFLICT,
        r"requirements are unsatisfiable|No solution found",
        "conflicting requirements: {line}",
    ),
)
_COMPILER = re.compile(
    r"\b(?:gcc|g\+\+|clang|cc1|cl\.exe|rustc|cargo)\b|Python\.h|[Cc]ompiler|Visual C\+\+|"
    r"command '\S+' failed"
)
_COMPILER_HINT = "install a compiler and headers, or use a release with a wheel"
_URL = re.compile(r"https?://[^\s`)>'\"]+")
_REQUIRED = re.compile(
    r"(?:\byou require |Failed to download(?: and build)? `)"
    r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?(?=[<>=!~ ,])"
)
_LABEL = re.compile(r"\A\s*(?:error|cause|caused by|\w*Error)\s*:\s*", re.IGNORECASE)


def explain(completed: Completed) -> Failure:
    """Return why a command that is not :attr:`Completed.ok` failed."""
    lines = [line for line in completed.tail if not line.startswith("hint: Build failures")]
    lines = lines or completed.stdout[-4000:].splitlines()
    if completed.stopped:
        return Failure(FailureKind.STOPPED, "cancelled")
    if completed.overdue:
        return Failure(
            FailureKind.OVERDUE,
            f"timed out after {completed.seconds:.0f} seconds",
            "check the connection, then try again",
        )
    own_words = _own_words(lines)
    if completed.code in {NOT_FOUND, NOT_RUNNABLE} and len(lines) == 1:
        return Failure(FailureKind.INTERPRETER, own_words)
    changed = explain_change(completed.program, lines)
    if changed is not None:
        return Failure(FailureKind.TOOL, changed.cause[:_SENTENCE], changed.hint)
    text = " ".join(line.strip() for line in lines)
    for rule in _RULES:
        match = rule.pattern.search(text)
        if match:
            what = next((group for group in match.groups() if group), "") or "a package"
            words = {"what": what, "bare": _bare(what), "line": own_words, "place": _place(text)}
            hint = "" if what == "a package" and "{bare}" in rule.hint else rule.hint
            if rule.kind is FailureKind.BUILD:
                said = _backend_words(lines)
                words["backend"] = f": {said}" if said else ""
                hint = _COMPILER_HINT if _COMPILER.search(text) else hint
            return Failure(rule.kind, _filled(rule.cause, words), _filled(hint, words))
    return Failure(FailureKind.OTHER, own_words or f"exit code {completed.code}")


def package_at_fault(completed: Completed, names: Collection[str]) -> str | None:
    """Return the one of these names (PEP 503) that uv says it cannot have; None where it names
    none alone."""
    text = " ".join(" ".join(completed.tail).split())
    named = {normalise(match[1]) for match in _REQUIRED.finditer(text)} & {*names}
    return named.pop() if len(named) == 1 else None


def _filled(template: str, words: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), template)


def _own_words(lines: list[str]) -> str:
    """Return the deepest cause that the tool names, without its labels, as one line."""
    labelled = [index for index, line in enumerate(lines) if _LABEL.match(line)]
    if not labelled:
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:_SENTENCE]
    start = labelled[-1]
    said = [lines[start]]
    for line in lines[start + 1 :]:
        if not line.startswith("  ") or _LABEL.match(line):
            break
        said.append(line)
    words = _LABEL.sub("", " ".join(line.strip() for line in said)).rstrip(". ")
    return words[:_SENTENCE]


def _backend_words(lines: list[str]) -> str:
    """Return the last thing that a build backend wrote, which mostly is why it failed."""
    start = next((i for i, line in enumerate(lines) if line.strip() == "[stderr]"), None)
    if start is None:
        return ""
    said = [line.strip() for line in lines[start + 1 :] if not line.strip().startswith("hint:")]
    return next((line for line in reversed(said) if line), "").rstrip(".")[:_SENTENCE]


def _bare(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _place(text: str) -> str:
    match = _URL.search(text)
    if not match:
        return "the index"
    scheme, _, rest = match[0].partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


class BuildError(Exception):
    """It cannot be done: the reason, a way out, and whether a person stopped it."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        stopped: bool = False,
        kind: FailureKind = FailureKind.OTHER,
        guard: str | None = None,
    ) -> None:
        super().__init__(message)
        self.guard = guard
        """The check that failed, where a person may accept that by its name."""
        self.message = message
        self.hint = hint
        self.stopped = stopped
        self.kind = kind

    @classmethod
    def explain(cls, failure: Failure) -> "BuildError":
        """Return it for a command that failed."""
        stopped = failure.kind is FailureKind.STOPPED
        return cls(failure.cause, failure.hint, stopped=stopped, kind=failure.kind)

    def way_out(self, path: str, store: OperationStore) -> str:
        """Return the hint; where a disk is full, and it can be told which, what helps on that."""
        if self.kind is not FailureKind.DISK:
            return self.hint
        host = store.host
        cache = host.folder("UV_CACHE_DIR") or os.path.join(host.user_cache(), "uv")
        scratch = host.folder("TMPDIR") or host.system("tmp")
        shortage = find_common((os.path.dirname(path), cache, scratch), store)
        return self.hint if shortage is None else hint_for(shortage, store)
