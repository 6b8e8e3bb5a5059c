"""The checks of dotenv files: each takes a project's files as they were read, and yields findings.

A check is a function and a line in :data:`CHECKS`.
The words of a finding name keys, and never their values.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from envdeck.core.dotenv.checks.duplicated_key import duplicated_key
from envdeck.core.dotenv.checks.ever_committed import ever_committed
from envdeck.core.dotenv.checks.extra_key import extra_key
from envdeck.core.dotenv.checks.git_not_checked import git_not_checked
from envdeck.core.dotenv.checks.incorrect_delimiter import incorrect_delimiter
from envdeck.core.dotenv.checks.key_without_value import key_without_value
from envdeck.core.dotenv.checks.leading_character import leading_character
from envdeck.core.dotenv.checks.lowercase_key import lowercase_key
from envdeck.core.dotenv.checks.missing_key import missing_key
from envdeck.core.dotenv.checks.no_env_file import no_env_file
from envdeck.core.dotenv.checks.not_ignored import not_ignored
from envdeck.core.dotenv.checks.not_read import not_read
from envdeck.core.dotenv.checks.not_utf8 import not_utf8
from envdeck.core.dotenv.checks.outside_project import outside_project
from envdeck.core.dotenv.checks.quote_character import quote_character
from envdeck.core.dotenv.checks.readable_by_others import readable_by_others
from envdeck.core.dotenv.checks.secret_in_example import secret_in_example
from envdeck.core.dotenv.checks.space_character import space_character
from envdeck.core.dotenv.checks.stray_in_environment import stray_in_environment
from envdeck.core.dotenv.checks.tracked_by_git import tracked_by_git
from envdeck.core.dotenv.checks.trailing_whitespace import trailing_whitespace
from envdeck.core.dotenv.checks.unordered_key import unordered_key
from envdeck.core.dotenv.checks.unreadable_line import unreadable_line
from envdeck.core.dotenv.checks.value_without_quotes import value_without_quotes
from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding

Check: TypeAlias = Callable[[Looked], Iterator[DotenvFinding]]

_MANY = 100
"""So many findings of one check in one file are told one by one."""
_ORDER = {"error": 0, "warning": 1, "note": 2}


CHECKS: tuple[Check, ...] = (
    duplicated_key,
    ever_committed,
    extra_key,
    git_not_checked,
    incorrect_delimiter,
    key_without_value,
    leading_character,
    lowercase_key,
    missing_key,
    no_env_file,
    not_ignored,
    not_read,
    not_utf8,
    outside_project,
    quote_character,
    readable_by_others,
    secret_in_example,
    space_character,
    stray_in_environment,
    tracked_by_git,
    trailing_whitespace,
    unordered_key,
    unreadable_line,
    value_without_quotes,
)
"""In the order of their names."""


def examine(looked: Looked) -> tuple[DotenvFinding, ...]:
    """Return what all the checks find: errors first, then by file and line."""
    places = {file.path: place for place, file in enumerate(looked.files)}
    found = [finding for check in CHECKS for finding in _told(check(looked))]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                _ORDER[one.severity],
                places.get(one.file, len(places)),
                one.file,
                one.line or 0,
            ),
        )
    )


def _told(findings: Iterator[DotenvFinding]) -> Iterator[DotenvFinding]:
    """Yield findings of one check, of a file's that go on and on the first ones and how many
    there are besides."""
    counts: Counter[str] = Counter()
    after: dict[str, DotenvFinding] = {}
    for finding in findings:
        counts[finding.file] += 1
        if counts[finding.file] <= _MANY:
            yield finding
        else:
            after.setdefault(finding.file, finding)
    for file, first in after.items():
        count = counts[file] - _MANY
        lines = "line is" if count == 1 else "lines are"
        yield replace(first, message=f"{count:,} more {lines} like that, from this one on")
