"""Finding, naming, reading and comparing dotenv files."""

import codecs
import os
import re
import stat
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from envdeck.core.discovery.prune import NAMES
from envdeck.core.dotenv.model import Content, DotenvFile, FileKind, Key, KeyComparison
from envdeck.core.dotenv.secrets import (
    is_placeholder,
    is_sealed,
    is_secret_text,
    may_be_secret,
)
from envdeck.core.dotenv.syntax import Statement, parse, utf_16_of
from envdeck.core.lazy_dataclasses import dataclass, field, replace
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
_BARE = re.compile(r"\.?env(?:ironment)?[._-].+\Z", re.DOTALL)
_PARTS = re.compile(r"[._-]")


_WORD = r"(?:examples?|samples?|template|tpl|tmpl|dist|defaults?|skeleton)"
_INNER = re.compile(rf"[._-]{_WORD}(?=[._-]|\Z)", re.IGNORECASE)
_FIRST = re.compile(rf"\A{_WORD}[._-]", re.IGNORECASE)


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
    bare = _INNER.sub("", lowered) if is_example else lowered
    if any(_DOTTED.match(each) or _ENDING.match(each) for each in (lowered, bare)):
        return FileKind.EXAMPLE if is_example else FileKind.ENV
    return FileKind.EXAMPLE if is_example and _BARE.match(lowered) else None


_ENTRIES = 10_000
"""So many names of the project's folder are read."""
_ENTRIES_BELOW = 2_000
"""So many of each folder in it."""
_DEEPEST = 3
_HIDDEN = frozenset({".docker", ".envs", ".deploy", ".config", ".devcontainer", ".compose"})
"""Hidden folders that are looked into."""
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

    They are in its folder and up to three levels below (`docker`, `apps/web`), the nearer ones
    first, except in most hidden folders, links, other repositories and package folders; strays
    are at the top of environments.
    """
    top = _list_files(project)
    environments = list(dict.fromkeys([*top.environments, *([environment] if environment else [])]))
    found = list(top.files)
    todo = [(folder, 1) for folder in top.folders]
    looked = 0
    while todo and looked < _FOLDERS and len(found) < _FILES:
        folder, depth = todo.pop(0)
        looked += 1
        below = _list_files(folder, nested=True)
        found += below.files
        if depth < _DEEPEST:
            todo += [(each, depth + 1) for each in below.folders]
    for folder in environments:
        found += _list_files(folder).files
    strays = tuple(reach.realpath(folder) for folder in environments)
    unique: dict[str, FoundFile] = {}
    for file in found:
        unique.setdefault(_identity(file.path), _marked_stray(file, strays))
    return tuple(unique.values())[:_FILES]


def _list_files(folder: str, *, nested: bool = False) -> _Listing:
    """Return the relevant entries of a folder; none of an unreadable one."""
    files: list[FoundFile] = []
    folders: list[str] = []
    environments: list[str] = []
    keeps = _KEEPS in folder.split(os.sep)[-3:]
    try:
        with reach.scandir(folder) as entries:
            for entry in islice(entries, _ENTRIES_BELOW if nested else _ENTRIES):
                kind = kind_of(entry.name) or (_nested_kind(entry) if keeps else None)
                if kind is not None and not _is_other_folder(entry.path):
                    files.append(FoundFile(entry.path, kind))
                elif entry.is_dir(follow_symlinks=False):
                    if _is_environment(entry.path):
                        if not nested:
                            environments.append(entry.path)
                    elif _is_looked_into(entry):
                        folders.append(entry.path)
    except (OSError, ValueError):
        return _Listing()
    files.sort(key=lambda file: (os.path.basename(file.path) != ".env", file.path))
    return _Listing(tuple(files), tuple(sorted(folders)), tuple(sorted(environments)))


def _nested_kind(entry: os.DirEntry[str]) -> FileKind | None:
    """Return the kind of a file in a folder of dotenv files: `.django`, `postgres`."""
    plain = entry.is_file(follow_symlinks=False) and not os.path.splitext(entry.name)[1]
    return FileKind.ENV if plain and entry.name not in (".gitkeep", ".gitignore") else None


def _is_environment(folder: str) -> bool:
    return any(reach.lexists(os.path.join(folder, sign)) for sign in ("pyvenv.cfg", "conda-meta"))


def _is_looked_into(entry: os.DirEntry[str]) -> bool:
    inside = _KEEPS in entry.path.split(os.sep)[-3:-1]
    if (entry.name.startswith(".") and entry.name not in _HIDDEN and not inside) or (
        entry.name in NAMES
    ):
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

_GIT_CRYPT = b"\0GITCRYPT\0"
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
    if isinstance(contents, str):
        return DotenvDocument(replace(file, content=Content.ENCRYPTED))
    if isinstance(contents, Unread):
        return DotenvDocument(replace(file, problem=contents.reason))
    text, encoding = contents
    file = replace(file, encoding=encoding, newline=_newline(text))
    statements = parse(text)
    if isinstance(statements, str):
        return DotenvDocument(replace(file, problem=statements))
    assignments = tuple(one for one in statements if names_a_key(one))
    file = replace(file, keys=_keys(assignments), content=_content(statements))
    return DotenvDocument(file, text, statements, assignments)


def _content(statements: tuple[Statement, ...]) -> Content:
    """Return what the values of a file come to; one that cannot be told may be a secret."""
    sealed = False
    for one in statements:
        if not names_a_key(one) or may_be_secret(one.name or "", one.value or ""):
            return Content.SECRETS
        sealed = sealed or is_sealed(one.value or "")
    return Content.ENCRYPTED if sealed else Content.HARMLESS


def read_contents(path: str) -> tuple[str, str] | str | Unread:
    """Return the text of a dotenv file without its BOM, and its encoding; what encrypted it,
    where the whole file is."""
    data = read_bounded(path, LIMIT)
    if isinstance(data, Unread):
        return data
    if data.startswith(_GIT_CRYPT):
        return "git-crypt"
    if form := utf_16_of(data):
        try:
            return data.decode(form).removeprefix("\ufeff"), "utf-16"
        except UnicodeDecodeError:
            return Unread("is UTF-16 that is damaged")
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


_KEEPS = ".envs"
"""A folder of dotenv files with names of their own (`.envs/.local/.django`)."""
_FIRST_NEEDED = (".env.local", ".env.development", ".env.dev", "dev.env", ".environment")
"""What is needed where no `.env` has an example."""


def required_files(files: Iterable[DotenvFile]) -> dict[str, DotenvFile]:
    """Return the files that a project is started with by their paths, each with its example: the
    `.env` of a folder, else the one for development."""
    found: dict[str, dict[str, DotenvFile]] = {}
    for path, example in examples(files).items():
        folder, name = os.path.split(path)
        found.setdefault(folder, {})[name] = example
    needed = {}
    for folder, named in found.items():
        first = next((each for each in (".env", *_FIRST_NEEDED) if each in named), "")
        if first:
            needed[os.path.join(folder, first)] = named[first]
    return needed


_WORDS = ("example", "sample", "template", "dist", "tmpl", "tpl", "defaults", "default")
"""The order of preference among several examples."""


def made_from(example: str) -> str:
    """Return the path of the file that an example is for: `.env.local` for `.env.local.example`,
    `.env` for `env.sample` and `example.env`."""
    folder, name = os.path.split(example)
    name = _INNER.sub("", _FIRST.sub("", name.removesuffix(".txt")))
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


_NEEDS = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def unordered_in(group: dict[str, int]) -> Iterator[tuple[str, int, str]]:
    """Yield each name that comes too late, its line and the name that it comes before."""
    before: list[str] = []
    for name, line in group.items():
        place = bisect(before, name)
        if place < len(before):
            yield name, line, before[place]
        before.insert(place, name)


def groups_of(document: DotenvDocument) -> Iterator[dict[str, int]]:
    """Yield names and lines; a repeated name is for `duplicated-key`."""
    group: dict[str, int] = {}
    expected = 0
    for one in document.assignments:
        needs = _NEEDS.findall(one.raw)
        if one.line != expected or any(name in group for name in needs):
            yield group
            group = {}
        group.setdefault(one.name or "", one.line)
        expected = one.line + one.lines
    yield group


def comments_of(document: DotenvDocument) -> Iterator[Statement]:
    """Yield the comments that are a line of their own, as statements without a name."""
    inside = {line for one in document.statements for line in range(one.line, one.line + one.lines)}
    for number, line in enumerate(_NEWLINE.split(document.text), 1):
        if number not in inside and line.lstrip().startswith("#"):
            yield Statement(number, 1, None, None, line.lstrip())
