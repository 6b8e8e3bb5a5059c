"""Finding, naming, reading and comparing dotenv files."""

import codecs
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from envdeck.core.discovery.prune import NAMES
from envdeck.core.dotenv.model import DotenvFile, FileKind, Key, KeyComparison
from envdeck.core.dotenv.parse import Statement, parse
from envdeck.core.dotenv.secrets import is_placeholder, is_secret_text
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, reason_of

_EXAMPLE_WORDS = frozenset(
    {"example", "examples", "sample", "samples", "template", "tpl", "tmpl", "dist"}
    | {"default", "defaults", "skeleton"}
)
_OTHER_FORMATS = frozenset(
    {"py", "js", "cjs", "mjs", "ts", "json", "toml", "yml", "yaml", "md", "rst", "html", "sh"}
    | {"zsh", "fish", "bash", "ps1", "j2", "erb", "php", "schema", "lock", "swp", "swo"}
    | {"vault", "enc", "gpg", "age", "asc", "sops", "zip", "gz"}
)
"""Last parts of names: other languages, and encrypted files (which belong in git)."""
_DOTTED = re.compile(r"\.env(?:[._-].+|~)?\Z", re.DOTALL)
_ENDING = re.compile(r".+\.env\Z", re.DOTALL)
_BARE = re.compile(r"env[._-].+\Z", re.DOTALL)
_PARTS = re.compile(r"[._-]")


def kind_of(name: str) -> FileKind | None:
    """Return the kind of a dotenv file by its name; None for other files.

    `.env`, `.env.local`, `.env-prod`, and as Compose and dotenv-linter have them `prod.env`; with a
    word like `example` or `template` in it, an example: `.env.local.example`, `env.sample`,
    `example.env`. `.envrc` is a script of direnv's, and `.env.vault` is encrypted.
    """
    lowered = name.lower()
    parts = _PARTS.split(lowered)
    if parts[-1] in _OTHER_FORMATS:
        return None
    is_example = not _EXAMPLE_WORDS.isdisjoint(parts)
    if _DOTTED.match(lowered) or _ENDING.match(lowered):
        return FileKind.EXAMPLE if is_example else FileKind.ENV
    return FileKind.EXAMPLE if is_example and _BARE.match(lowered) else None


_ENTRIES = 10_000
"""So many names of the project's folder are read."""
_ENTRIES_BELOW = 2_000
"""So many of each folder in it."""
_FOLDERS = 200
"""So many folders of a project are listed."""
_FILES = 100
"""So many dotenv files are reported of one project."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A dotenv file by its name, before it is read."""

    path: str
    kind: FileKind


@dataclass(frozen=True, slots=True)
class _Listing:
    files: tuple[FoundFile, ...] = ()
    folders: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


def find_files(project: str, environment: str | None = None) -> tuple[FoundFile, ...]:
    """Return the dotenv files of a project: `.env` first, each folder's in the order of names.

    They are in its folder and one level below (`docker`, `backend`, `config`), except in hidden
    folders, links, other repositories and package folders; strays are at the top of environments.
    """
    top = _listing(project)
    environments = list(dict.fromkeys([*top.environments, *([environment] if environment else [])]))
    found = list(top.files)
    for folder in top.folders[:_FOLDERS]:
        if len(found) >= _FILES:
            break
        below = _listing(folder, nested=True)
        found += below.files
    for folder in environments:
        found += _listing(folder).files
    strays = tuple(reach.realpath(folder) for folder in environments)
    unique: dict[str, FoundFile] = {}
    for file in found:
        unique.setdefault(_identity(file.path), _marked_stray(file, strays))
    return tuple(unique.values())[:_FILES]


def _listing(folder: str, *, nested: bool = False) -> _Listing:
    """Return the relevant entries of a folder; none of an unreadable one."""
    files: list[FoundFile] = []
    folders: list[str] = []
    environments: list[str] = []
    try:
        with reach.scandir(folder) as entries:
            for entry in islice(entries, _ENTRIES_BELOW if nested else _ENTRIES):
                kind = kind_of(entry.name)
                if kind is not None and not _is_other_folder(entry.path):
                    files.append(FoundFile(entry.path, kind))
                elif not nested and entry.is_dir(follow_symlinks=False):
                    if _is_environment(entry.path):
                        environments.append(entry.path)
                    elif _is_looked_into(entry):
                        folders.append(entry.path)
    except (OSError, ValueError):
        return _Listing()
    files.sort(key=lambda file: (os.path.basename(file.path) != ".env", file.path))
    return _Listing(tuple(files), tuple(sorted(folders)), tuple(sorted(environments)))


def _is_environment(folder: str) -> bool:
    return any(reach.lexists(os.path.join(folder, sign)) for sign in ("pyvenv.cfg", "conda-meta"))


def _is_looked_into(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in NAMES:
        return False
    return not reach.lexists(os.path.join(entry.path, ".git"))


def _is_other_folder(path: str) -> bool:
    """Whether such a name belongs to a folder of settings or an environment. Another folder called
    `.env` is in the place of the file, and is reported."""
    try:
        if not stat.S_ISDIR(reach.lstat(path).st_mode):
            return False
    except (OSError, ValueError):
        return False
    return os.path.basename(path) != ".env" or _is_environment(path)


def _identity(path: str) -> str:
    """Return the path of the entry with the links of its folder resolved, not its own."""
    folder, name = os.path.split(path)
    return os.path.join(reach.realpath(folder), name)


def _marked_stray(file: FoundFile, environments: tuple[str, ...]) -> FoundFile:
    folder = os.path.dirname(_identity(file.path))
    inside = any(
        folder == environment or folder.startswith(environment.rstrip(os.sep) + os.sep)
        for environment in environments
    )
    return replace(file, kind=FileKind.STRAY) if inside else file


LIMIT = 1024 * 1024
"""Bytes; a real dotenv file has some hundred, or thousands with a certificate."""

_NEWLINE = re.compile(r"\r\n|\n|\r")
_NO_BASE64 = re.compile(r"[^+/]*\Z")
_ALONE = re.compile(r"(?:[A-Z_][A-Z0-9_]*|[a-z_]+)\Z")
"""Names that may stand without a value; others may be the second line of a value without quotes."""
_KINDS = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a FIFO"),
    (stat.S_ISSOCK, "is a socket"),
)


@dataclass(frozen=True, slots=True)
class DotenvDocument:
    """A file with its values, only for the checks and never kept."""

    file: DotenvFile
    text: str = field(default="", repr=False)
    statements: tuple[Statement, ...] = field(default=(), repr=False)
    assignments: tuple[Statement, ...] = field(default=(), repr=False)
    """The statements that name a key, repeated keys included."""


def names_a_key(statement: Statement) -> bool:
    """Whether the name of a statement is a key, and not a part of a value: the lines of a private
    key without quotes look like keys, and must not be shown."""
    name = statement.name
    if not name or statement.inner or not _NO_BASE64.match(name):
        return False
    if statement.value is None and not _ALONE.match(name):
        return False
    return not is_secret_text(name)


def read_document(found: FoundFile, *, posix: bool = True) -> DotenvDocument:
    """Read one file; an obstacle is its `problem`."""
    link = reach.realpath(found.path) if reach.islink(found.path) else None
    try:
        status = reach.stat(found.path)
    except (OSError, ValueError) as error:
        reason = "is a broken symlink" if link and not reach.lexists(link) else reason_of(error)
        return DotenvDocument(DotenvFile(found.path, found.kind, link=link, problem=reason))
    file = DotenvFile(
        found.path,
        found.kind,
        mode=stat.S_IMODE(status.st_mode) if posix else None,
        bytes=status.st_size if stat.S_ISREG(status.st_mode) else None,
        link=link,
    )
    other = next((words for is_kind, words in _KINDS if is_kind(status.st_mode)), "")
    contents = Unread(other) if other else read_contents(found.path)
    if isinstance(contents, Unread):
        return DotenvDocument(replace(file, problem=contents.reason))
    text, encoding = contents
    file = replace(file, encoding=encoding, newline=_newline(text))
    statements = parse(text)
    if isinstance(statements, str):
        return DotenvDocument(replace(file, problem=statements))
    assignments = tuple(one for one in statements if names_a_key(one))
    return DotenvDocument(replace(file, keys=_keys(assignments)), text, statements, assignments)


def read_contents(path: str) -> tuple[str, str] | Unread:
    """Return the text of a dotenv file without its BOM, and its encoding."""
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        return data
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Unread("is UTF-16, which dotenv readers do not support")
    try:
        if data.startswith(codecs.BOM_UTF8):
            return data.removeprefix(codecs.BOM_UTF8).decode(), "utf-8-sig"
        return data.decode(), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _newline(text: str) -> str:
    counted = Counter(_NEWLINE.findall(text)).most_common(1)
    return counted[0][0] if counted else "\n"


def _keys(assignments: tuple[Statement, ...]) -> tuple[Key, ...]:
    """Return each key once, in the order of first assignments, with its last value."""
    keys = {
        one.name: Key(
            one.name,
            one.line,
            bool(one.value),
            one.exported,
            one.lines,
            is_placeholder(one.value or ""),
        )
        for one in assignments
        if one.name
    }
    return tuple(keys.values())


_WORDS = ("example", "sample", "template", "dist", "tmpl", "tpl", "defaults", "default")
"""The order of preference among several examples."""
_WORD = r"(?:examples?|samples?|template|tpl|tmpl|dist|defaults?|skeleton)"
_INNER = re.compile(rf"[._-]{_WORD}(?=[._-]|\Z)", re.IGNORECASE)
_FIRST = re.compile(rf"\A{_WORD}[._-]", re.IGNORECASE)


def made_from(example: str) -> str:
    """Return the path of the file that an example is for: `.env.local` for `.env.local.example`,
    `.env` for `env.sample` and `example.env`."""
    folder, name = os.path.split(example)
    name = _INNER.sub("", _FIRST.sub("", name))
    if not name.startswith(".") and re.match(r"env(?:[._-]|\Z)", name, re.IGNORECASE):
        name = f".{name}"
    return os.path.join(folder, name)


def examples(files: Iterable[DotenvFile]) -> dict[str, DotenvFile]:
    """Return the example of each file that has one, by the path of that file."""
    found = [file for file in files if file.kind is FileKind.EXAMPLE and not file.problem]
    chosen: dict[str, DotenvFile] = {}
    for file in sorted(found, key=_rank):
        chosen.setdefault(made_from(file.path), file)
    return chosen


def pairs(files: tuple[DotenvFile, ...]) -> Iterator[tuple[DotenvFile, DotenvFile]]:
    """Yield each readable file with its example.

    Without a `.env`, its example counts for `.env.local`.
    """
    chosen = examples(files)
    paths = {file.path for file in files}
    for file in files:
        if file.kind is not FileKind.ENV:
            continue
        example = chosen.get(file.path)
        folder, name = os.path.split(file.path)
        usual = os.path.join(folder, ".env")
        if example is None and name == ".env.local" and usual not in paths:
            example = chosen.get(usual)
        if example is not None and not file.problem:
            yield file, example


def compare(files: tuple[DotenvFile, ...]) -> tuple[KeyComparison, ...]:
    """Return the keys that only one of a file and its example has, for each pair."""
    compared: list[KeyComparison] = []
    for file, example in pairs(files):
        here, there = frozenset(file.names), frozenset(example.names)
        missing = tuple(name for name in example.names if name not in here)
        extra = tuple(name for name in file.names if name not in there)
        compared.append(KeyComparison(file.path, example.path, missing, extra))
    return tuple(compared)


def _rank(file: DotenvFile) -> tuple[int, str]:
    name = os.path.basename(file.path).lower()
    place = next((index for index, word in enumerate(_WORDS) if word in name), len(_WORDS))
    return place, file.path
