"""The checks of dotenv files, one function each.

A check is a function and a line in :data:`CHECKS`.
The words of a finding name keys, and never their values.
"""

import os
import re
import shlex
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from envdeck.core.dotenv.files import DotenvDocument, examples, names_a_key
from envdeck.core.dotenv.model import (
    DotenvFile,
    DotenvFinding,
    FileKind,
    KeyComparison,
    Remedy,
    RemedyKind,
)
from envdeck.core.dotenv.secrets import looks_secret
from envdeck.core.model import Severity
from envdeck.core.system import reach

_NAMED = 8
"""So many keys are named in one sentence."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One project's files. It holds their values and is forgotten once they are checked."""

    project: str
    documents: tuple[DotenvDocument, ...] = ()
    compared: tuple[KeyComparison, ...] = ()

    @property
    def files(self) -> tuple[DotenvFile, ...]:
        """The files as nouns."""
        return tuple(document.file for document in self.documents)

    @property
    def written(self) -> tuple[DotenvDocument, ...]:
        """The files whose lines somebody looks after: all but strays."""
        return tuple(one for one in self.documents if one.file.kind is not FileKind.STRAY)

    @property
    def private(self) -> tuple[DotenvFile, ...]:
        """The files that hold values."""
        return tuple(file for file in self.files if file.kind is FileKind.ENV)

    def name(self, path: str) -> str:
        """Return a file as it is called from the project's folder."""
        return os.path.relpath(path, self.project)

    def is_outside(self, file: DotenvFile) -> bool:
        """Tell a link that leads out of the project: what is behind it is not edited."""
        inside = reach.realpath(self.project).rstrip(os.sep) + os.sep
        return file.link is not None and not file.link.startswith(inside)

    def command(self, option: str, path: str) -> str:
        """Return the command of ours that mends something of one file."""
        words = ["envdeck", "dotenv", self.project, option]
        if self.name(path) != ".env":
            words += ["--file", self.name(path)]
        return shlex.join(words)

    def git(self, *words: str) -> str:
        """Return a command of git's in the project's folder."""
        return shlex.join(["git", "-C", self.project, *words])


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them; of more than eight, how many there are besides."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def line_finding(
    check: str, severity: Severity, document: DotenvDocument, line: int, message: str, remedy: str
) -> DotenvFinding:
    """Return a finding about one line, which a person mends in an editor."""
    return DotenvFinding(check, severity, document.file.path, message, remedy, line)


def duplicated_key(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning for each time but the first."""
    for document in looked.written:
        first: dict[str | None, int] = {}
        for one in document.assignments:
            line = first.setdefault(one.name, one.line)
            if line != one.line:
                yield line_finding(
                    "duplicated-key",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{one.name} is set in line {line} already; the last one holds",
                    "remove the one that is not meant",
                )


_LEADING = re.compile(r"\A[^A-Za-z_]+")
_OTHER = re.compile(r"[^A-Za-z0-9_]")


def incorrect_delimiter(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning: no shell takes such a name. What stands before the first letter is
    `leading-character`'s."""
    for document in looked.written:
        for one in document.assignments:
            name = one.name or ""
            if _OTHER.search(_LEADING.sub("", name)):
                yield line_finding(
                    "incorrect-delimiter",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{name} has a character in it that names of variables do not have",
                    "part its words by underscores",
                )


def key_without_value(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning: python-dotenv sets no variable for it, other readers refuse the file."""
    for document in looked.written:
        for one in document.assignments:
            if one.value is None:
                yield line_finding(
                    "key-without-value",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{one.name} has no equal sign, and sets nothing",
                    f"write `{one.name}=` for an empty value",
                )


def leading_character(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning for a digit, a dot, a quote; for blanks too, as dotenv-linter does."""
    for document in looked.written:
        for one in document.assignments:
            first = one.text[:1]
            if first.isalpha() or first == "_":
                continue
            what = "blanks" if first.isspace() else "a character that no name begins with"
            yield line_finding(
                "leading-character",
                Severity.WARNING,
                document,
                one.line,
                f"the line of {one.name} begins with {what}",
                "begin it with a letter or an underscore",
            )


def lowercase_key(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note: names of variables are in upper case by custom (POSIX, chapter 8)."""
    for document in looked.written:
        for one in document.assignments:
            name = one.name or ""
            if name != name.upper():
                yield line_finding(
                    "lowercase-key",
                    Severity.NOTE,
                    document,
                    one.line,
                    f"{name} has letters in lower case",
                    f"call it {name.upper()}, here and where it is read",
                )


_NEEDED = re.compile(r"[\s\\$#&=`;|<>()*?!~{}\[\],'\"]")


def quote_character(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note: Docker's `--env-file` and Compose of old take quotes for a part of it."""
    for document in looked.written:
        for one in document.assignments:
            raw = one.raw.strip()
            needed = _NEEDED.search(one.value or "") or "\\" in raw
            if one.value and raw[:1] in {"'", '"'} and not needed:
                yield line_finding(
                    "quote-character",
                    Severity.NOTE,
                    document,
                    one.line,
                    f"the value of {one.name} is in quotes that it does not need",
                    "remove the quotes: some readers take them for a part of the value",
                )


def space_character(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning: python-dotenv passes them over, and a shell runs the key as a command."""
    for document in looked.written:
        for one in document.assignments:
            before, equal, after = one.text.partition("=")
            begins = after.lstrip()
            is_spaced = before[-1:].isspace() or (
                after[:1].isspace() and bool(begins) and not begins.startswith("#")
            )
            if equal and is_spaced:
                yield line_finding(
                    "space-character",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"there are blanks around the equal sign of {one.name}",
                    "remove them: a shell that reads the file refuses the line",
                )


def trailing_whitespace(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note: some readers take them for a part of the value."""
    for document in looked.written:
        for one in document.assignments:
            if one.text[-1:].isspace():
                yield line_finding(
                    "trailing-whitespace",
                    Severity.NOTE,
                    document,
                    one.line + one.lines - 1,
                    f"the line of {one.name} ends with blanks",
                    "remove them: some readers take them for a part of the value",
                )


_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def unordered_key(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note for a key that should stand before another one of its group.

    Blank lines and comments part groups, and so does a value that needs a key of the group. A
    group that has no order at all (half of its keys are out of it) was not meant to have one.
    """
    for document in looked.written:
        for group in _groups(document):
            found = list(_unordered(group))
            if len(found) * 2 >= len(group):
                continue
            for name, line, other in found:
                yield line_finding(
                    "unordered-key",
                    Severity.NOTE,
                    document,
                    line,
                    f"{name} should stand before {other}",
                    "sort the keys of a group, or part groups by a blank line",
                )


def _unordered(group: dict[str, int]) -> Iterator[tuple[str, int, str]]:
    """Yield what stands behind a name that it comes before, with its line and that name."""
    before: list[str] = []
    for name, line in group.items():
        place = bisect(before, name)
        if place < len(before):
            yield name, line, before[place]
        before.insert(place, name)


def _groups(document: DotenvDocument) -> Iterator[dict[str, int]]:
    """Yield names and lines; a name that is set again is `duplicated-key`'s."""
    group: dict[str, int] = {}
    expected = 0
    for one in document.assignments:
        needs = _REFERENCE.findall(one.raw)
        if one.line != expected or any(name in group for name in needs):
            yield group
            group = {}
        group.setdefault(one.name or "", one.line)
        expected = one.line + one.lines
    yield group


def unreadable_line(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield an error: whatever it was meant to set is not set. Its text is not quoted, since it
    may be a part of a value."""
    for document in looked.written:
        for one in document.statements:
            if one.name is None:
                message = "python-dotenv cannot read this line, and passes over it"
                remedy = "write it as `KEY=value`, and close the quotes that it opens"
            elif not names_a_key(one):
                message = "this line sets no key: it looks like a part of a value without quotes"
                remedy = "put the whole value in double quotes, from its first line to its last"
            else:
                continue
            yield line_finding(
                "unreadable-line", Severity.ERROR, document, one.line, message, remedy
            )


_BLANK = re.compile(r"\s")


def value_without_quotes(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning: a shell that reads the file runs its second word as a command."""
    for document in looked.written:
        for one in document.assignments:
            if one.value and one.raw.lstrip()[:1] not in {"'", '"'} and _BLANK.search(one.value):
                yield line_finding(
                    "value-without-quotes",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"the value of {one.name} has blanks in it and no quotes",
                    "put the value in quotes",
                )


def not_utf8(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning with the line of the first byte that is none."""
    for document in looked.documents:
        file = document.file
        if file.encoding != "latin-1" or file.problem:
            continue
        data = document.text.encode("latin-1")
        line = 1
        try:
            data.decode()
        except UnicodeDecodeError as error:
            before = data[: error.start]
            line += len(before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) - 1
        yield DotenvFinding(
            "not-utf8",
            Severity.WARNING,
            file.path,
            "it is not UTF-8, and was read as Latin-1; python-dotenv refuses the file",
            "save it as UTF-8",
            line,
        )


def not_read(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning that says why: nothing else is known of it."""
    for file in looked.files:
        if file.problem:
            yield DotenvFinding(
                "not-read",
                Severity.WARNING,
                file.path,
                f"it was not read: {file.problem}",
                "make it a regular text file that you may read, or give it another name",
            )


def ever_committed(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield an error: removing a file from git removes it from no commit there is."""
    for file in looked.private:
        if not file.git.committed:
            continue
        history = looked.git(
            "log", "--all", "--full-history", "--oneline", "--", looked.name(file.path)
        )
        yield DotenvFinding(
            "ever-committed",
            Severity.ERROR,
            file.path,
            "it was committed: its values of then are in the repository's history",
            "rotate them: have each replaced by a new one where it was given out; the commits: "
            f"`{history}`",
        )


def git_not_checked(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note, once for each reason: no finding of git's is no proof then."""
    said: set[str] = set()
    for file in looked.private:
        problem = file.git.problem
        if not problem or problem in said:
            continue
        said.add(problem)
        status = looked.git("status", "--short", "--ignored", "--", looked.name(file.path))
        yield DotenvFinding(
            "git-not-checked",
            Severity.NOTE,
            file.path,
            f"whether it is or was in git was not checked in full: {problem}",
            f"ask git yourself: `{status}`",
        )


def not_ignored(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning for one that is neither ignored nor tracked; in a repository only."""
    for file in looked.private:
        if file.git.ignored is not False or file.git.tracked is not False:
            continue
        yield DotenvFinding(
            "not-ignored",
            Severity.WARNING,
            file.path,
            "git does not ignore it: the next `git add .` takes it in",
            f"add it to .gitignore: `{looked.command('--ignore', file.path)}`",
            mends=Remedy(RemedyKind.IGNORE, file.path, looked.project),
        )


def tracked_by_git(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield an error: with the next push everybody has them."""
    for file in looked.private:
        if not file.git.tracked:
            continue
        removal = looked.git("rm", "--cached", "--", looked.name(file.path))
        ignore = "" if file.git.ignored else f", and then `{looked.command('--ignore', file.path)}`"
        yield DotenvFinding(
            "tracked-by-git",
            Severity.ERROR,
            file.path,
            "git tracks it: who has the repository has its values",
            f"take it out of git and keep it here: `{removal}`{ignore}",
        )


def extra_key(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield one note for a file, with all the keys that its example does not tell others of."""
    for pair in looked.compared:
        if not pair.extra:
            continue
        are = "is" if len(pair.extra) == 1 else "are"
        example = looked.name(pair.example)
        yield DotenvFinding(
            "extra-key",
            Severity.NOTE,
            pair.file,
            f"{listed(pair.extra)} {are} here and not in {example}",
            f"add to {example} what others need too, without its value",
        )


def missing_key(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield one warning for a file, with all the keys that it lacks."""
    outside = {file.path for file in looked.files if looked.is_outside(file)}
    for pair in looked.compared:
        if not pair.missing:
            continue
        are = "is" if len(pair.missing) == 1 else "are"
        example = looked.name(pair.example)
        remedy = f"add what is missing: `{looked.command('--add-missing', pair.file)}`"
        mends: Remedy | None = Remedy(
            RemedyKind.ADD, pair.file, looked.project, pair.missing, example=pair.example
        )
        if pair.file in outside:
            remedy, mends = "add what is missing where the link leads to", None
        yield DotenvFinding(
            "missing-key",
            Severity.WARNING,
            pair.file,
            f"{listed(pair.missing)} {are} in {example} and missing here",
            remedy,
            mends=mends,
        )


def no_env_file(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning where neither it nor another file that the example counts for is there."""
    there = {file.path for file in looked.files}
    compared = {pair.example for pair in looked.compared}
    for path, example in examples(looked.files).items():
        if os.path.basename(path) != ".env" or path in there or example.path in compared:
            continue
        yield DotenvFinding(
            "no-env-file",
            Severity.WARNING,
            path,
            f"{looked.name(example.path)} is there, and {looked.name(path)} is not",
            f"make it from the example: `{looked.command('--create', path)}`",
            mends=Remedy(
                RemedyKind.CREATE, path, looked.project, example.names, example=example.path
            ),
        )


def outside_project(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a note: its keys are shown, and it is not edited from here."""
    for file in looked.files:
        if file.kind is FileKind.STRAY or not looked.is_outside(file):
            continue
        yield DotenvFinding(
            "outside-project",
            Severity.NOTE,
            file.path,
            f"it is a link to {file.link}, outside the project, and is only read",
            "edit the file that it leads to where it is",
        )


def readable_by_others(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning with its mode; where the system has none, there is nothing to say."""
    for file in looked.private:
        if file.mode is None or file.bytes is None or not file.mode & 0o077:
            continue
        remedy = f"take that from them: `{looked.command('--private', file.path)}`"
        mends = Remedy(RemedyKind.PRIVATE, file.path, looked.project)
        if looked.is_outside(file):
            remedy = f"take that from them: `{shlex.join(['chmod', '600', file.link or ''])}`"
        yield DotenvFinding(
            "readable-by-others",
            Severity.WARNING,
            file.path,
            f"its mode is {file.mode:04o}: others than its owner have access to it",
            remedy,
            mends=None if looked.is_outside(file) else mends,
        )


def secret_in_example(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield an error for each value that looks real; it is not quoted."""
    for document in looked.documents:
        if document.file.kind is not FileKind.EXAMPLE:
            continue
        for one in document.statements:
            if one.name is not None and not names_a_key(one):
                named = "what stands here"
            elif looks_secret(one.name or "", one.value if one.name and one.value else one.text):
                named = f"the value of {one.name}" if one.name else "what stands here"
            else:
                continue
            yield line_finding(
                "secret-in-example",
                Severity.ERROR,
                document,
                one.line,
                f"{named} looks like a real secret",
                "put a placeholder like `changeme` there; if it was real, have it replaced by a "
                "new one where it was given out",
            )


def stray_in_environment(looked: CheckContext) -> Iterator[DotenvFinding]:
    """Yield a warning: it goes when the environment is deleted or made again."""
    for file in looked.files:
        if file.kind is FileKind.STRAY:
            yield DotenvFinding(
                "stray-in-environment",
                Severity.WARNING,
                file.path,
                "it lies inside an environment, and is deleted with it",
                "move it to the project's folder",
            )


Check: TypeAlias = Callable[[CheckContext], Iterator[DotenvFinding]]

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


def examine(looked: CheckContext) -> tuple[DotenvFinding, ...]:
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
