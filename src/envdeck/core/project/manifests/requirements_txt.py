"""`requirements*.txt`, as pip reads them: includes, constraints, hashes, options, folders, URLs.

Environment variables (`${NAME}`) are left as they are: the installer expands them, so that a
secret in one never passes through here.
"""

import codecs
import os
import re
from collections.abc import Iterable, Iterator

from envdeck.core.inspection.packages.site_packages import normalise, parse_entry
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.project.documents import MANIFEST_LIMIT, NO_REQUIREMENT
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.requirements import file_url, parsed
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

_FILES = 100
_LINES = 50_000
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(.+)\Z")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+|(?<=-e))(.+)\Z")
_HASH = re.compile(r"\s--hash(?:\s*=\s*|\s+)(\w+:[0-9A-Za-z+/=_-]+)")
_PER_LINE = re.compile(r"\s--(?:config-settings?|global-option|install-option)\b.*\Z")
_OPTION = re.compile(
    r"(-i|-f|--index-url|--extra-index-url|--find-links|--no-index|--no-binary|--only-binary"
    r"|--pre|--prefer-binary|--trusted-host|--require-hashes|--use-feature)"
    r"(?:\s*=\s*|\s+|\Z|(?<=\A-[if]))(.*)"
)
_KEPT = {
    "-i": "--index-url", "-f": "--find-links", "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url", "--find-links": "--find-links",
    "--no-index": "--no-index", "--no-binary": "--no-binary", "--only-binary": "--only-binary",
}  # fmt: skip
"""Options that uv takes in a requirements file; the others are pip's own and are passed over."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|(?=/))")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_QUOTED_VARIABLE = re.compile(r"%24%7B([A-Z0-9_]+)%7D")
_MARKER = re.compile(r"\s+;.*\Z")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_PATH_START = re.compile(r"(\.{1,2}(?=$|[/\\\[])|[/\\~]|[A-Za-z]:[\\/])")
_TRAILING_EXTRAS = re.compile(r"(\[[A-Za-z0-9._, -]+\])(\s*;.*)?\Z")


def read_requirements(path: str) -> Manifest:
    """Read a requirements file and those that it includes (each once, at most 100)."""
    reading = _Reading(os.path.dirname(path))
    reading.include(path, constraint=False, named_by=None)
    return Manifest(
        path,
        "requirements",
        tuple(reading.requirements),
        tuple(reading.constraints),
        tuple(dict.fromkeys(reading.options)),
        problems=tuple(reading.problems),
    )


def decode_lines(data: bytes) -> str:
    """Decode a requirements file as pip and uv do: what begins with the mark of UTF-16, as
    PowerShell's `>` writes it, is that."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return decode(data)


def read_lines(path: str, lines: Iterable[tuple[int, str]], format_: str) -> Manifest:
    """Read lines that stand in another file as a requirements file beside it would have them."""
    reading = _Reading(os.path.dirname(path))
    for below, constraint, named_by in list(reading.lines_of(path, lines, constraint=False)):
        reading.include(below, constraint=constraint, named_by=named_by)
    return Manifest(
        path, format_, tuple(reading.requirements), tuple(reading.constraints),
        tuple(dict.fromkeys(reading.options)), problems=tuple(reading.problems),
    )  # fmt: skip


def requirement_of_line(path: str, number: int, line: str) -> DeclaredRequirement | Problem:
    """Read one line as a requirements file beside `path` would have it."""
    return _Reading(os.path.dirname(path)).requirement(path, number, line)


@dataclass(slots=True)
class _Reading:
    """One file with all that it includes."""

    folder: str
    """What relative folders are relative to: pip's current folder, the project's."""
    requirements: list[DeclaredRequirement] = field(default_factory=list)
    constraints: list[DeclaredRequirement] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)
    lines: int = 0

    def include(self, path: str, *, constraint: bool, named_by: tuple[str, int] | None) -> None:
        """Read one file, unless it was read before; those it includes follow in their place."""
        above: tuple[str, ...] = ()
        todo = [(path, constraint, named_by, above)]
        while todo:  # no recursion: a chain of files may be long
            path, constraint, named_by, above = todo.pop()
            key = (os.path.normpath(path), constraint)
            if key in self.seen:
                if key[0] in above and named_by:  # pip refuses it
                    told = "circular include"
                    self.problems.append(Problem(named_by[0], told, named_by[1]))
                continue
            self.seen.add(key)
            if len(self.seen) > _FILES:
                place, line = named_by or (path, None)
                self.problems.append(Problem(place, f"more than {_FILES} included files", line))
                return
            data = read_bounded(path, MANIFEST_LIMIT)
            if isinstance(data, Unread):
                place, line = named_by or (path, None)
                told = "includes an unreadable file" if named_by else "cannot be read"
                self.problems.append(Problem(place, f"{told}: {data.reason}", line))
                continue
            below = (*above, key[0])
            lines = logical_lines(decode_lines(data))
            included = list(self.lines_of(path, lines, constraint=constraint))
            todo += [(*one, below) for one in reversed(included)]

    def lines_of(
        self, path: str, lines: Iterable[tuple[int, str]], *, constraint: bool
    ) -> Iterator[tuple[str, bool, tuple[str, int]]]:
        """Read lines, and yield the files that they include."""
        for number, line in lines:
            self.lines += 1
            if self.lines > _LINES:
                self.problems.append(Problem(path, f"has more than {_LINES} lines", number))
                return
            include = _INCLUDE.match(line)
            if include is not None:
                other = include[1].strip().strip("\"'")
                if "://" in other:
                    told = "includes a file that is not local"
                    self.problems.append(Problem(path, told, number))
                    continue
                if variable := _VARIABLE.search(other):
                    told = f"includes a file by the variable {variable[0]}: write its path"
                    self.problems.append(Problem(path, told, number))
                    continue
                below = os.path.join(os.path.dirname(path), other)
                if "\\" in other and os.sep == "/" and not reach.lexists(below):
                    told = "includes a file by a path of Windows: write it with `/`"
                    self.problems.append(Problem(path, told, number))
                    continue
                yield below, constraint or line.startswith(("-c", "--c")), (path, number)
            else:
                self._line(path, number, line, constraint=constraint)

    def _line(self, path: str, number: int, line: str, *, constraint: bool) -> None:
        option = _OPTION.match(line)
        if option is not None:
            kept = _KEPT.get(option[1])
            if kept is not None:
                value = option[2].strip()
                is_url = _URL.match(value) or _VARIABLE.match(value)
                if kept == "--find-links" and not is_url:
                    value = os.path.normpath(os.path.join(os.path.dirname(path), value))
                self.options.append(f"{kept} {value}".strip())
            return
        found = self.requirement(path, number, line)
        if isinstance(found, Problem):
            self.problems.append(found)
        else:
            (self.constraints if constraint else self.requirements).append(found)

    def requirement(self, path: str, number: int, line: str) -> DeclaredRequirement | Problem:
        """Read one line that is neither an option nor an include."""
        hashes = tuple(match[1] for match in _HASH.finditer(line))
        text = _PER_LINE.sub("", _HASH.sub("", line)).strip()
        editable = _EDITABLE.match(text)
        target = editable[1].strip() if editable else text
        target = target.strip("\"'") if editable and target[:1] in "\"'" else target
        requirement = None if editable else parsed(text)
        if requirement is not None:
            return DeclaredRequirement(text, requirement.name, path, number, hashes=hashes)
        if _URL.match(target) or _has_variable(_EGG.sub("", target)):
            egg = _EGG.search(target)
            name = normalise(egg[1]) if egg else _wheel_name(target)
            text = f"-e {target}" if editable else target
            return DeclaredRequirement(text, name, path, number, hashes=hashes)
        if editable or _PATH_START.match(target) or target.endswith((".whl", ".tar.gz", ".zip")):
            return self._local(path, number, target, "-e " if editable else "")
        if text.startswith("-"):
            return Problem(path, "unknown option", number)
        return Problem(path, NO_REQUIREMENT, number)

    def _local(
        self, path: str, number: int, target: str, prefix: str
    ) -> DeclaredRequirement | Problem:
        """A folder or file of this disk, made absolute, as a URL: blanks and brackets hold."""
        tail = _TRAILING_EXTRAS.search(target)
        place = target[: tail.start()] if tail else target.partition(" ;")[0].strip()
        rest = tail[0] if tail else target[len(place) :]
        if place.startswith("~"):
            return Problem(path, "unsupported path with `~`", number)
        if _VARIABLE.match(place):
            return DeclaredRequirement(f"{prefix}{target}", "", path, number)
        whole = os.path.normpath(os.path.join(self.folder, place))
        name = _wheel_name(whole)
        if name:
            line = f"{name}{tail[1] if tail else ''} @ {file_url(whole)}"
            return DeclaredRequirement(line, name, path, number)
        url = _QUOTED_VARIABLE.sub(r"${\1}", file_url(whole))
        return DeclaredRequirement(prefix + url + rest, name, path, number)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with the number each begins at: continued ones joined, comments gone."""
    started = 0
    parts: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        comment = line.lstrip().startswith("#")
        started = started if parts else number
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        if comment and parts:  # a comment ends a continued line, as in pip
            line = ""
        whole = _COMMENT.sub("", " ".join([*parts, line])).strip()
        parts = []
        if whole:
            yield started, whole
    if parts:
        whole = _COMMENT.sub("", " ".join(parts)).strip()
        if whole:
            yield started, whole


def _has_variable(target: str) -> bool:
    """Tell whether a line is a requirement once its variables are put in: the installer does so,
    and quotes what it does not understand then, so that it must get nothing else."""
    if _VARIABLE.match(target):  # `${INDEX}/idna-3.10.tar.gz`, `${LIBS}/mine[net] ; marker`
        place = _MARKER.sub("", target)
        told = parsed("one @ file:///" + target[len(place) :])
        return told is not None and not any(one.isspace() or one == "=" for one in place)
    return "${" in target and parsed(_VARIABLE.sub("1", target)) is not None


def _wheel_name(target: str) -> str:
    base = target.partition("#")[0].partition("?")[0].rpartition("/")[2]
    if not base.endswith(".whl") or "-" not in base:
        return ""
    return normalise(parse_entry(base.split("-")[0] + "-0.dist-info")[0])


PLAIN_LABELS = ("requirements", "base", "main")
"""What requirements files are called that hold the project's own dependencies."""
_NEXT_LABELS = ("common", "core", "default", "prod", "production", "runtime", "app")
_LAST_LABELS = ("dev", "devel", "develop", "development", "local")
"""What stands for them where none of those is there, in this order."""


_WORD = re.compile(r"^requirements[._-]?|[._-]?requirements$")
_FILE = re.compile(r"(?:requirements.*|.+[._-]requirements)\.(?:txt|in)\Z")
_BELOW = re.compile(r".+\.(?:txt|in)\Z")


_SCAN = 5000
"""So many names of a folder are looked at."""


def requirements_files(folder: str) -> tuple[str, ...]:
    """Return `requirements*.txt` and `.in` in a folder, `dev-requirements.txt` and its like, and
    those in its folder `requirements`; the plain name first."""
    found: list[str] = []
    for place, wanted in ((folder, _FILE), (os.path.join(folder, "requirements"), _BELOW)):
        try:
            with reach.scandir(place) as entries:
                names = [one.name for _, one in zip(range(_SCAN), entries, strict=False)]
        except (OSError, ValueError):
            continue
        named = sorted((name for name in names if wanted.match(name)), key=_plain_first)
        found += [os.path.join(place, name) for name in named]
    return tuple(found)


def requirements_label(path: str) -> str:
    """Return what a requirements file is for, by its name: `dev` of `requirements-dev.txt` and
    of `requirements/dev.txt`, `requirements` of the plain one."""
    stem = os.path.splitext(os.path.basename(path))[0].lower()
    return _WORD.sub("", stem) or stem


def main_label(labels: Iterable[str]) -> str:
    """Return which of these labels holds the project's own dependencies: the plain one, else
    that of production, else that of development, else the only one; empty where a person has to
    choose."""
    known = list(dict.fromkeys(labels))
    for name in (*PLAIN_LABELS, *_NEXT_LABELS, *_LAST_LABELS):
        if name in known:
            return name
    return known[0] if len(known) == 1 else ""


def _plain_first(name: str) -> tuple[bool, str]:
    return os.path.splitext(name)[0] not in PLAIN_LABELS, name
