"""What tools write where they are of another version than was reckoned with.

A newer one drops an option or writes a lock file that an older one cannot read; a project may
require another one. All words were met: uv 0.3 to 0.13, poetry 1.8 and 2.5, PDM 2.10 and 2.29,
pipenv 2026.10, virtualenv 21.
"""

import re
import sys
from collections.abc import Iterable
from importlib import metadata

from envdeck.core.lazy_dataclasses import dataclass

_OWN = ("uv", "virtualenv")
"""What is beside EnvDeck and is updated there."""
_UPDATES = {
    "poetry": "`poetry self update`",
    "pdm": "`pdm self update`",
    "pipenv": "`pip install --upgrade pipenv`",
}


@dataclass(frozen=True, slots=True)
class ToolChange:
    """Why a tool of that version cannot do what it was asked."""

    cause: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""


_BRING_BACK = "restore it from git: `git log --all -- pyproject.toml`"
_SCHEMA = re.compile(
    r"error: The lockfile at `(?P<file>[^`]+)` uses an unsupported schema version"
    r" \(v(?P<version>\d+), but only v(?P<own>\d+) is supported\)"
)
_UNREAD = re.compile(r"error: Failed to parse `(?P<file>[^`]+\.lock)`")
_REQUIRED = re.compile(
    r"error: Required uv version `(?P<wanted>[^`]+)` does not match the running version"
)
_NO_PROJECT = re.compile(r"error: No `pyproject\.toml` found in current directory")
_FROZEN = re.compile(
    r"error: Frozen lockfile discovery requires a lockfile with revision (?P<revision>\d+) or later"
)
_NO_LOCK = re.compile(r"error: Unable to find lockfile at `(?P<file>[^`]+)`")
_INCOMPATIBLE = re.compile(r"The lock file is not compatible with the current version of Poetry")
_UNKNOWN = re.compile(
    r"error: unexpected argument '(?P<uv>[^']+)' found|"
    r"error: unrecognized subcommand '(?P<command>[^']+)'|"
    r"error: invalid value '(?P<value>[^']*)' for '(?P<of>[^']+)'|"
    r"(?:(?P<tool>[a-z]+)(?: \w+)?: )?error: unrecognized arguments: (?P<parsed>\S+)|"
    r"The option \"(?P<poetry>[^\"]+)\" does not exist|"
    r"Error: No such (?:option|command):? ['\"]?(?P<click>[^\s'\"]+)|"
    r"The (?:requested )?command \"?(?P<named>[\w-]+)\"? (?:does not|doesn't) exist"
)
_BUILD = "Failed to build"


def explain_change(program: str, lines: Iterable[str]) -> ToolChange | None:
    """Return why `program` failed with these lines, where it is its version that is amiss."""
    told = [line.strip() for line in lines]
    if any(_BUILD in line for line in told):
        return None  # these are the words of the package that is built
    for index, line in enumerate(told):
        found = _explained(program, line, told[index + 1 :])
        if found is not None:
            return found
    return None


def version_of(tool: str) -> str:
    """Return a tool's name with the version that is beside EnvDeck: `uv 0.13.9`."""
    try:
        return f"{tool} {metadata.version(tool)}" if tool in _OWN else tool
    except metadata.PackageNotFoundError:
        return tool


def update_of(tool: str, wanted: str = "") -> str:
    """Return how a tool is updated; empty where nothing is known of it."""
    if tool not in _OWN:
        return f"update it: {_UPDATES[tool]}" if tool in _UPDATES else ""
    python = sys.executable
    asked = f"'{tool}{wanted}'" if wanted else tool
    command = f"{python} -m uv pip install --python {python} --upgrade {asked}"
    return f"update the one EnvDeck uses: `{command}`"


def _explained(program: str, line: str, rest: list[str]) -> ToolChange | None:
    if match := _SCHEMA.match(line):
        cause = (
            f"{version_of(program)} cannot read {match['file']}: schema version"
            f" {match['version']} is newer than the supported {match['own']}"
        )
        return ToolChange(cause, update_of(program))
    if match := _UNREAD.match(line):
        why = _reason(rest)
        cause = f"{version_of(program)} cannot read {match['file']}" + (f": {why}" if why else "")
        return ToolChange(cause, f"if a newer {program} wrote it: {update_of(program)}")
    if match := _REQUIRED.match(line):
        cause = f"the project requires {program} {match['wanted']}, installed is"
        cause += f" {version_of(program)}"
        return ToolChange(cause, update_of(program, _specifier(match["wanted"])))
    if _NO_PROJECT.match(line):
        cause = f"no pyproject.toml, which {version_of(program)} needs to read the lock"
        return ToolChange(cause, _BRING_BACK)
    if match := _FROZEN.match(line):
        cause = f"no pyproject.toml, without which {version_of(program)} reads uv.lock"
        return ToolChange(f"{cause} only since revision {match['revision']}", _BRING_BACK)
    if match := _NO_LOCK.match(line):
        return ToolChange(f"{match['file']} does not exist", "create it: `uv lock`")
    if _INCOMPATIBLE.match(line):
        cause = "poetry cannot read poetry.lock: a newer version of poetry wrote it"
        return ToolChange(cause, update_of("poetry"))
    if match := _UNKNOWN.match(line):
        tool = match["tool"] or program
        what = next((text for text in _words(match) if text is not None), "an option")
        return ToolChange(f"{version_of(tool)} does not support `{what}`", update_of(tool))
    return None


def _words(match: re.Match[str]) -> tuple[str | None, ...]:
    value = None
    if match["of"] is not None:
        value = f"{match['of'].split()[0]} {match['value']}"
    return (value, *match.group("uv", "command", "parsed", "poetry", "click", "named"))


def _reason(lines: list[str]) -> str:
    """Return the last line of a parser's message, which tells what it stumbled on."""
    said = [line for line in lines if line and not line.startswith("hint:")]
    return re.sub(r"\A(?:cause|Caused by): ", "", said[-1]).rstrip(". ") if said else ""


def _specifier(text: str) -> str:
    """Return a version specifier; what could end a shell's word is left out."""
    return text if re.fullmatch(r"[\w.,<>=!~*+ -]{1,60}", text) else ""
