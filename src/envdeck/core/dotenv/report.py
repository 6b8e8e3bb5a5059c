"""The dotenv files of one project: read, compared and checked; and their values, one to show, all
of them to mask outputs. Those are read each time, and never kept."""

import re
from collections.abc import Iterator

from envdeck.core.dotenv.checks import examine
from envdeck.core.dotenv.files import compare, find_files, names_a_key, read_contents, read_document
from envdeck.core.dotenv.model import DotenvReport, FileKind, git_states
from envdeck.core.dotenv.registry import CheckContext
from envdeck.core.dotenv.syntax import Statement, parse
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.system.files import Unread
from envdeck.core.system.host import Host


def read_dotenv(
    project: str, host: Host, *, environment: str | None = None, git: bool = True
) -> DotenvReport:
    """Read the dotenv files of a project, and strays in its environment.

    With `git` False the state in git is not checked. An unreadable file has a `problem`; a missing
    project has no files.
    """
    found = find_files(project, environment)
    documents = tuple(read_document(one, posix=not host.windows) for one in found)
    if git and documents:
        states = git_states([one.file.path for one in documents], host)
        documents = tuple(
            replace(one, file=replace(one.file, git=states[one.file.path])) for one in documents
        )
    files = tuple(one.file for one in documents)
    compared = compare(files)
    findings = examine(CheckContext(project, documents, compared))
    return DotenvReport(project, files, compared, findings)


_SHORTEST = 4
"""Characters; masking shorter texts makes an output unreadable."""
_SHORTEST_LINE = 8
_COMMON = frozenset(
    {"true", "false", "none", "null", "auto", "text", "json", "http", "https", "localhost"}
    | {"127.0.0.1", "0.0.0.0", "development", "production", "staging", "testing", "test", "local"}  # noqa: S104
    | {"debug", "info", "warning", "error", "critical", "default", "postgres", "utf-8", "root"}
)
_UNQUOTED = re.compile(r"""\A(['"])(.*)\1\Z""", re.DOTALL)
_PASSWORD = re.compile(r"://[^\s/@:]*:([^\s/]+)@")


def reveal(path: str, key: str) -> str | None:
    """Return the value of one key, with any `${…}` as written; None without a value, a key or a
    readable file."""
    values = {
        statement.name: statement.value
        for statement in _statements(path)
        if statement.name and names_a_key(statement)
    }
    return values.get(key)


def values_of(project: str) -> tuple[str, ...]:
    """Return the texts to mask in the output of a project's commands, the longest first.

    These are the values in its files other than examples, each line of a value with several, and
    passwords in URLs, without texts of less than 4 characters and common words (`localhost`).
    """
    found = {
        text
        for file in find_files(project)
        if file.kind is not FileKind.EXAMPLE
        for statement in _statements(file.path)
        for text in _texts(statement)
        if len(text) >= _SHORTEST and text.lower() not in _COMMON
    }
    return tuple(sorted(found, key=lambda text: (-len(text), text)))


def _statements(path: str) -> tuple[Statement, ...]:
    contents = read_contents(path)
    if isinstance(contents, Unread | str):
        return ()
    statements = parse(contents[0])
    return () if isinstance(statements, str) else statements


def _texts(statement: Statement) -> Iterator[str]:
    if statement.name is None or not names_a_key(statement):
        yield statement.text.strip()  # a part of a value that has no quotes
        return
    value = statement.value or ""
    yield value
    yield _UNQUOTED.sub(r"\2", statement.raw.strip())  # as in a print of the file
    lines = value.splitlines()
    if len(lines) > 1:
        kept = (line.strip() for line in lines)
        yield from (line for line in kept if len(line) >= _SHORTEST_LINE and line[:5] != "-----")
    password = _PASSWORD.search(value)
    if password:
        yield password[1]
