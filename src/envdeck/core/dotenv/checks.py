"""The checks of dotenv files, one decorated function each; words name keys, never values."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator

from envdeck.core.dotenv.files import (
    comments_of,
    groups_of,
    names_a_key,
    required_files,
    unordered_in,
)
from envdeck.core.dotenv.model import (
    Content,
    DotenvFinding,
    FileKind,
    Remedy,
    RemedyKind,
    name_keys,
)
from envdeck.core.dotenv.registry import CHECKS, CheckContext, Remark, check, line_check
from envdeck.core.dotenv.secrets import has_token, looks_secret
from envdeck.core.dotenv.syntax import Statement
from envdeck.core.model import Severity

_MANY = 100
"""So many remarks of one check on one file become findings; the rest are counted."""
_ORDER = tuple(Severity)
"""Errors first."""


def examine(context: CheckContext) -> tuple[DotenvFinding, ...]:
    """Return the findings of all checks: errors first, then by file, line and check."""
    places = {file.path: place for place, file in enumerate(context.files)}
    found = [
        DotenvFinding(one.name, remark.severity or one.severity, *remark[:5])
        for one in CHECKS
        for remark in _first_remarks(one.find(context))
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                _ORDER.index(one.severity),
                places.get(one.file, len(places)),
                one.file,
                one.line or 0,
                one.check,
            ),
        )
    )


def _first_remarks(remarks: Iterator[Remark]) -> Iterator[Remark]:
    """Yield the first remarks on each file, then one that counts the rest."""
    counts: Counter[str] = Counter()
    after: dict[str, Remark] = {}
    for remark in remarks:
        counts[remark.file] += 1
        if counts[remark.file] <= _MANY:
            yield remark
        else:
            after.setdefault(remark.file, remark)
    for file, first in after.items():
        count = counts[file] - _MANY
        lines = "line is" if count == 1 else "lines are"
        yield first._replace(message=f"{count:,} more {lines} affected, from here on")


@check(Severity.WARNING)
def duplicated_key(context: CheckContext) -> Iterator[Remark]:
    """Each time but the first."""
    for document in context.written:
        first: dict[str | None, int] = {}
        for one in document.assignments:
            line = first.setdefault(one.name, one.line)
            if line != one.line:
                yield Remark(
                    document.file.path,
                    f"{one.name} is a duplicate of line {line}; the last one wins",
                    "remove one of them",
                    one.line,
                )


_LEADING = re.compile(r"\A[^A-Za-z_]+")
_OTHER = re.compile(r"[^A-Za-z0-9_]")


@line_check(Severity.WARNING)
def incorrect_delimiter(one: Statement) -> tuple[str, str] | None:
    """No shell takes such a name. Its start is for `leading-character`."""
    if not _OTHER.search(_LEADING.sub("", one.name or "")):
        return None
    return (
        f"{one.name} has a character that is invalid in variable names",
        "use underscores between words",
    )


@line_check(Severity.WARNING)
def key_without_value(one: Statement) -> tuple[str, str] | None:
    """python-dotenv sets no variable for it, other readers refuse the file."""
    if one.value is not None:
        return None
    return (
        f"{one.name} has no `=` and sets nothing",
        f"write `{one.name}=` for an empty value",
    )


@line_check(Severity.WARNING)
def leading_character(one: Statement) -> tuple[str, str] | None:
    """A digit, a dot, a quote; blanks too, as in dotenv-linter."""
    first = one.text[:1]
    if first.isalpha() or first == "_":
        return None
    what = "whitespace" if first.isspace() else "an invalid character"
    return f"the line of {one.name} starts with {what}", "start it with a letter or an underscore"


@line_check(Severity.NOTE)
def lowercase_key(one: Statement) -> tuple[str, str] | None:
    """Names of variables are in upper case by custom (POSIX, chapter 8)."""
    name = one.name or ""
    if name == name.upper():
        return None
    return f"{name} has lowercase letters", f"rename it to {name.upper()}, here and in the code"


_NEEDS_QUOTES = re.compile(r"[\s\\$#&=`;|<>()*?!~{}\[\],'\"]")


@line_check(Severity.NOTE)
def quote_character(one: Statement) -> tuple[str, str] | None:
    """Docker's `--env-file` and old releases of Compose read quotes as part of the value."""
    raw = one.raw.strip()
    if not one.value or raw[:1] not in {"'", '"'} or "\\" in raw or _NEEDS_QUOTES.search(one.value):
        return None
    return (
        f"the value of {one.name} has unnecessary quotes",
        "remove the quotes: some readers include them in the value",
    )


@line_check(Severity.WARNING)
def space_character(one: Statement) -> tuple[str, str] | None:
    """python-dotenv skips the spaces, and a shell runs the key as a command."""
    before, equal, after = one.text.partition("=")
    begins = after.lstrip()
    is_led = after[:1].isspace() and bool(begins) and not begins.startswith("#")
    if not equal or not (before[-1:].isspace() or is_led):
        return None
    return (
        f"spaces around `=` of {one.name}",
        "remove the spaces: shells reject the line",
    )


@check(Severity.NOTE)
def trailing_whitespace(context: CheckContext) -> Iterator[Remark]:
    """Some readers keep it in the value."""
    for document in context.written:
        for one in document.assignments:
            if one.text[-1:].isspace():
                yield Remark(
                    document.file.path,
                    f"trailing whitespace after {one.name}",
                    "remove it: some readers include it in the value",
                    one.line + one.lines - 1,
                )


@check(Severity.NOTE)
def unordered_key(context: CheckContext) -> Iterator[Remark]:
    """A key that should stand before another one of its group.

    Blank lines and comments part groups, and so does a value that needs a key of the group. A
    group with half of its keys out of order has no order to keep.
    """
    for document in context.written:
        for group in groups_of(document):
            found = list(unordered_in(group))
            if len(found) * 2 >= len(group):
                continue
            for name, line, other in found:
                yield Remark(
                    document.file.path,
                    f"{name} should come before {other}",
                    "sort the keys of each group; separate groups with a blank line",
                    line,
                )


@check(Severity.ERROR)
def unreadable_line(context: CheckContext) -> Iterator[Remark]:
    """It sets nothing. Its text may be a part of a value and is not quoted."""
    for document in context.written:
        for one in document.statements:
            if one.name is None:
                message = "python-dotenv cannot parse this line and skips it"
                remedy = "write it as `KEY=value` and close all quotes"
            elif not names_a_key(one):
                message = "this line sets no key: it looks like part of an unquoted value"
                remedy = "put the whole multi-line value in double quotes"
            else:
                continue
            yield Remark(document.file.path, message, remedy, one.line)


@line_check(Severity.WARNING)
def value_without_quotes(one: Statement) -> tuple[str, str] | None:
    """A shell that reads the file runs the second word as a command."""
    if not one.value or one.raw.lstrip()[:1] in {"'", '"'} or not re.search(r"\s", one.value):
        return None
    return f"the value of {one.name} has spaces but no quotes", "quote the value"


@check(Severity.WARNING)
def not_utf8(context: CheckContext) -> Iterator[Remark]:
    """At the line of the first byte that is not UTF-8."""
    for document in context.documents:
        file, line = document.file, 1
        told = "UTF-16: python-dotenv and other readers reject the file"
        if file.encoding.startswith("utf-8") or file.problem:
            continue
        if file.encoding == "latin-1":
            told = "not UTF-8, read as Latin-1; python-dotenv rejects the file"
            data = document.text.encode("latin-1")
            try:
                data.decode()
            except UnicodeDecodeError as error:
                line += len(re.findall(rb"\r\n|\n|\r", data[: error.start]))
        yield Remark(file.path, told, "save the file as UTF-8", line)


@check(Severity.WARNING)
def not_read(context: CheckContext) -> Iterator[Remark]:
    """No other check has anything to judge then."""
    for file in context.files:
        if file.problem:
            yield Remark(
                file.path,
                f"cannot be read: {file.problem}",
                "make it a readable regular file, or rename it",
            )


@check(Severity.ERROR)
def ever_committed(context: CheckContext) -> Iterator[Remark]:
    """Removing a file from git leaves it in every commit that has it."""
    for file in context.private:
        if not file.git.committed or (file.git.tracked and file.content is not Content.SECRETS):
            continue
        name = context.name(file.path)
        history = context.git("log", "--all", "--full-history", "--oneline", "--", name)
        yield Remark(
            file.path,
            "was committed: old values remain in git history",
            f"rotate these secrets; list the commits: `{history}`",
        )


@check(Severity.NOTE)
def git_not_checked(context: CheckContext) -> Iterator[Remark]:
    """Once a reason: the other checks of git prove nothing then."""
    reasons: set[str] = set()
    for file in context.private:
        problem = file.git.problem
        if not problem or problem in reasons:
            continue
        reasons.add(problem)
        status = context.git("status", "--short", "--ignored", "--", context.name(file.path))
        yield Remark(
            file.path,
            f"git status not fully checked: {problem}",
            f"check with `{status}`",
        )


@check(Severity.WARNING)
def not_ignored(context: CheckContext) -> Iterator[Remark]:
    """In a repository, and neither ignored nor tracked."""
    for file in context.private:
        if file.git.ignored is False and file.git.tracked is False:
            yield Remark(
                file.path,
                "not ignored by git: the next `git add .` would add it",
                f"add it to .gitignore: `{context.command('--ignore', file.path)}`",
                fix=Remedy(RemedyKind.IGNORE, file.path, context.project),
            )


@check(Severity.ERROR)
def tracked_by_git(context: CheckContext) -> Iterator[Remark]:
    """The next push publishes its values."""
    for file in context.private:
        if not file.git.tracked:
            continue
        if file.content is not Content.SECRETS:
            sealed = file.content is Content.ENCRYPTED
            what = (
                "every secret in it is encrypted or kept elsewhere"
                if sealed
                else ("nothing in it looks like a secret")
            )
            yield Remark(
                file.path,
                f"git tracks it, and {what}",
                "keep secrets in a file that git ignores: `.env.local`",
                severity=Severity.NOTE,
            )
            continue
        removal = context.git("rm", "--cached", "--", context.name(file.path))
        ignore = context.command("--ignore", file.path)
        more = "" if file.git.ignored else f", then `{ignore}`"
        yield Remark(
            file.path,
            "tracked by git: everyone with the repository can read its values",
            f"remove it from git and keep the file: `{removal}`{more}",
        )


@check(Severity.NOTE)
def extra_key(context: CheckContext) -> Iterator[Remark]:
    """One a file, with all keys that its example lacks."""
    for pair in context.compared:
        if pair.extra:
            example = context.name(pair.example)
            yield Remark(
                pair.file,
                f"{name_keys(pair.extra)} not in {example}",
                f"add keys that others need to {example}, without values",
            )


@check(Severity.WARNING)
def missing_key(context: CheckContext) -> Iterator[Remark]:
    """One a file, with all keys that it lacks."""
    outside = {file.path for file in context.files if context.is_outside(file)}
    for pair in context.compared:
        if not pair.missing:
            continue
        remedy = f"add the missing keys: `{context.command('--add-missing', pair.file)}`"
        fix: Remedy | None = Remedy(
            RemedyKind.ADD, pair.file, context.project, pair.missing, example=pair.example
        )
        if pair.file in outside:
            remedy, fix = "add the missing keys to the link target", None
        message = f"{name_keys(pair.missing)} missing, but in {context.name(pair.example)}"
        yield Remark(pair.file, message, remedy, fix=fix)


@check(Severity.WARNING)
def no_env_file(context: CheckContext) -> Iterator[Remark]:
    """There is an example, and no file that it is an example of."""
    paths = {file.path for file in context.files}
    compared = {pair.example for pair in context.compared}
    for path, example in required_files(context.files).items():
        if path in paths or example.path in compared:
            continue
        project, keys = context.project, example.names
        yield Remark(
            path,
            f"{context.name(path)} is missing, {context.name(example.path)} exists",
            f"create it from the example: `{context.command('--create', path)}`",
            fix=Remedy(RemedyKind.CREATE, path, project, keys, example=example.path),
        )


@check(Severity.NOTE)
def outside_project(context: CheckContext) -> Iterator[Remark]:
    """A link out of the project: its keys are shown, its target is not edited."""
    for file in context.files:
        if file.kind is not FileKind.STRAY and context.is_outside(file):
            yield Remark(
                file.path,
                f"symlink to {file.link} outside the project; read only",
                "edit the link target directly",
            )


@check(Severity.WARNING)
def readable_by_others(context: CheckContext) -> Iterator[Remark]:
    """Only where the system has permission bits."""
    for file in context.private:
        if file.mode is None or file.bytes is None or not file.mode & 0o077:
            continue
        command = context.command("--private", file.path)
        fix: Remedy | None = Remedy(RemedyKind.PRIVATE, file.path, context.project)
        if context.is_outside(file):
            command, fix = shlex.join(["chmod", "600", file.link or ""]), None
        yield Remark(
            file.path,
            f"readable by other users (mode {file.mode:04o})",
            f"restrict access to the owner: `{command}`",
            fix=fix,
        )


@check(Severity.ERROR)
def secret_in_example(context: CheckContext) -> Iterator[Remark]:
    """Each value in an example that looks real; it is not quoted."""
    for document in context.documents:
        if document.file.kind is not FileKind.EXAMPLE:
            continue
        for one in (*document.statements, *comments_of(document)):
            if one.name is None and one.text.startswith("#"):
                if not has_token(one.text):
                    continue
                what = "this line"
            elif one.name is not None and not names_a_key(one):
                what = "this line"
            elif looks_secret(one.name or "", one.value if one.name and one.value else one.text):
                what = f"the value of {one.name}" if one.name else "this line"
            else:
                continue
            yield Remark(
                document.file.path,
                f"{what} looks like a real secret",
                "use a placeholder such as `changeme`; if the secret is real, rotate it",
                one.line,
            )


@check(Severity.WARNING)
def stray_in_environment(context: CheckContext) -> Iterator[Remark]:
    """Deleting or recreating the environment deletes it."""
    for file in context.files:
        if file.kind is FileKind.STRAY:
            yield Remark(
                file.path,
                "inside an environment: deleted together with it",
                "move it to the project folder",
            )
