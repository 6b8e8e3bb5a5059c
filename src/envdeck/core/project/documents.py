"""Reading a project's files: bounded, never run, and every failure a value with file and line.

No message holds anything of what a file says: a project can name any file that its user may read
(`-r ../.env`, or a link in place of a manifest), and messages get into logs and onto screens.

YAML becomes nodes with their line and their exact text: files of CI and of platforms are read for
a few scalars as they are written (`3.10` is 3.10, and no number). The nodes are built here from the
parser's events: no tag is constructed (`!Ref` and `!!python/object` are only names), depth and
number are bounded before anything recurses (libyaml's own composer ends the process at some
10,000 levels), and an alias counts as much as its target, so that the tree to walk is bounded.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.project.model import Problem
from envdeck.core.system.files import Unread, decode, read_bounded

MANIFEST_LIMIT = 2 * 1024 * 1024
"""Bytes; the largest real manifests have some 100 KiB."""
LOCK_LIMIT = 64 * 1024 * 1024
"""Bytes; the lock file of a workspace of 1,500 packages has some 10 MiB."""

NO_REQUIREMENT = "this line is not a requirement (PEP 508)"

_LINE = re.compile(r"\(?at line (\d+)")
_MULTILINE = ('"""', "'''")
_JSON_LINE = re.compile(r"line (\d+) column")


@dataclass(frozen=True, slots=True)
class DataDocument:
    """A file of TOML or JSON, read; its values are hostile: of any type whatsoever."""

    file: str
    table: Mapping[str, Any]
    text: str

    def line_of(self, words: str) -> int | None:
        """Return the first line that holds these words, or None (they are written otherwise)."""
        at = self.text.find(words) if words else -1
        return self.text.count("\n", 0, at) + 1 if at >= 0 else None

    def problem(self, message: str, words: str = "") -> Problem:
        """Return a problem with this file, where these words stand."""
        return Problem(self.file, message, self.line_of(words))


def read_toml(
    path: str, limit: int = MANIFEST_LIMIT, *, without: re.Pattern[str] | None = None
) -> DataDocument | Problem:
    """Read a file of TOML; entries that `without` finds, whole lines, are passed over.

    What is passed over is the bulk of a lock file, and a parser written in Python takes most of
    its time there. Where strings may go over several lines nothing is passed over, since it could
    not be told what is an entry; and what is no TOML then is read again, for the true line.
    """
    if without is None:
        return _read(path, limit, _parse_toml, _LINE, "TOML")

    def parse(text: str) -> dict[str, Any]:
        if any(quotes in text for quotes in _MULTILINE):
            return tomllib.loads(text)
        try:
            return tomllib.loads(without.sub("", text))
        except ValueError:
            return tomllib.loads(text)

    return _read(path, limit, parse, _LINE, "TOML")


@lru_cache(maxsize=4)
def _parse_toml(text: str) -> dict[str, Any]:
    """Several readers in turn ask one `pyproject.toml` for their own table."""
    return tomllib.loads(text)


def read_json(path: str, limit: int = LOCK_LIMIT) -> DataDocument | Problem:
    """Read a file of JSON whose outermost value is an object."""
    return _read(path, limit, json.loads, _JSON_LINE, "JSON")


def _read(
    path: str, limit: int, parse: Callable[[str], Any], line: re.Pattern[str], format_: str
) -> DataDocument | Problem:
    data = read_bounded(path, limit)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    text = decode(data)
    try:
        table = parse(text)
    except RecursionError:
        return Problem(path, f"is nested too deeply for {format_}")
    except ValueError as error:  # both decoders' errors, and numbers of too many digits
        found = line.search(str(error))
        number = int(found[1]) if found else None
        return Problem(path, f"is not {format_}", number)
    if not isinstance(table, dict):
        return Problem(path, f"is not a {format_} object")
    return DataDocument(path, table, text)


def table_at(table: object, *keys: str) -> Mapping[str, Any]:
    """Return the table that these keys lead to; an empty one where there is none."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def string_at(table: object, *keys: str) -> str:
    """Return the string that these keys lead to; empty where there is none."""
    value = table_at(table, *keys[:-1]).get(keys[-1])
    return value if isinstance(value, str) else ""


def tables(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the tables in an array, passing over what is none."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def strings(value: object) -> tuple[str, ...]:
    """Return the strings in an array (or a string alone), passing over what is none."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


YAML_LIMIT = 512 * 1024
"""Bytes; the largest pipelines and templates written by people have some 100 KiB."""
DEPTH_LIMIT = 64
"""Levels; the deepest real ones have some 15."""
NODE_LIMIT = 50_000
"""Aliases counted as what they stand for; 512 KiB of a real file have some 20,000."""

_DIRECTIVES = re.compile(r"^%TAG", re.MULTILINE)
_MANY_DIRECTIVES = 64  # each is compared with all before it
_TOO_DEEP = "is nested too deeply for YAML"
_TOO_MANY = "exceeds the YAML size limit (aliases included)"


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One value of a file of YAML: a scalar's text, a sequence's items or a mapping's."""

    line: int
    """Counted from 1; of a block scalar (`|`) the first line of its text."""
    text: str | None = field(default=None, repr=False)
    """As it is written, quotes and escapes undone; None for what is no scalar."""
    items: tuple["YamlNode", ...] = field(default=(), repr=False)
    """Of a sequence."""
    table: Mapping[str, "YamlNode"] = field(default_factory=dict, repr=False)
    """Of a mapping, by the text of its keys: the last of two that are the same, merge keys
    (`<<`) put in. Keys that are no scalars are passed over."""
    tag: str = ""
    """An application's own, such as `!Ref`; empty where there is none."""
    size: int = 1
    """So many nodes it comes to, itself counted in and aliases as what they stand for."""

    def at(self, *keys: str) -> "YamlNode":
        """Return the node that these keys lead to; an empty one where there is none."""
        found = self
        for key in keys:
            found = found.table.get(key, NOTHING)
        return found

    def string(self, *keys: str) -> str:
        """Return the text of the scalar that these keys lead to; empty where there is none."""
        return self.at(*keys).text or ""

    def scalars(self) -> Iterator["YamlNode"]:
        """Yield this scalar, or those of this sequence."""
        for one in self.items or (self,):
            if one.text is not None:
                yield one


NOTHING = YamlNode(0)


@dataclass(frozen=True, slots=True)
class Yaml:
    """A file of YAML, read."""

    file: str
    documents: tuple[YamlNode, ...]


def read_yaml(path: str, limit: int = YAML_LIMIT) -> Yaml | Problem:
    """Read a file of YAML; no message holds anything of what it says."""
    data = read_bounded(path, limit)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    return parse_yaml(path, decode(data))


def parse_yaml(path: str, text: str) -> Yaml | Problem:
    """Put the documents of this text together, or say why not."""
    import yaml  # some 15 ms, and most projects have no file that wants it

    if len(_DIRECTIVES.findall(text)) > _MANY_DIRECTIVES:
        return Problem(path, "exceeds the limit of YAML directives")
    # types-PyYAML knows no interpreter without libyaml
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parser: Any = None
    try:
        parser = loader(text)
        return Yaml(path, _Composer(parser.get_event).documents())
    except _RefusedError as refused:
        return Problem(path, refused.message, refused.line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.count("\n") + 1  # libyaml may stand behind it
        # libyaml has its own limit, and reads ahead: it may meet it before we meet ours
        is_deep = "nesting" in (error.problem or "")
        message = _TOO_DEEP if is_deep else "is not YAML"
        return Problem(path, message, min(mark.line + 1, last) if mark else None)
    except (yaml.YAMLError, ValueError, OverflowError):  # letters and numbers that are none
        return Problem(path, "is not YAML")
    finally:
        if parser is not None:
            parser.dispose()


class _RefusedError(Exception):
    """The file asks for more than is read."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Composer:
    """Nodes out of events, each event taken only once there is room for it."""

    def __init__(self, next_event: "Callable[[], Any]") -> None:
        self.next_event = next_event
        self.anchors: dict[str, YamlNode] = {}
        self.count = 0

    def documents(self) -> tuple[YamlNode, ...]:
        found: list[YamlNode] = []
        while True:
            event = self.next_event()
            kind = type(event).__name__
            if kind == "StreamEndEvent":
                return tuple(found)
            if kind == "DocumentStartEvent":
                self.anchors = {}
                found.append(self._node(self.next_event(), 1))

    def _node(self, event: Any, depth: int) -> YamlNode:  # noqa: ANN401 - yaml's own, untyped there
        kind, line = type(event).__name__, event.start_mark.line + 1
        if depth > DEPTH_LIMIT:
            raise _RefusedError(_TOO_DEEP, line)
        if kind == "AliasEvent":
            # one of what is not yet whole stands for nothing: no node ever holds itself
            found = self.anchors.get(event.anchor, NOTHING)
            self._charge(found.size, line)
            return found
        self._charge(1, line)
        tag = event.tag if event.tag and event.tag.startswith("!") else ""
        if kind == "ScalarEvent":
            first = line + 1 if event.style in ("|", ">") else line
            node = YamlNode(first, event.value, tag=tag)
        elif kind == "SequenceStartEvent":
            node = self._sequence(line, tag, depth)
        else:
            node = self._mapping(line, tag, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _sequence(self, line: int, tag: str, depth: int) -> YamlNode:
        items = []
        while type(event := self.next_event()).__name__ != "SequenceEndEvent":
            items.append(self._node(event, depth + 1))
        size = 1 + sum(one.size for one in items)
        return YamlNode(line, items=tuple(items), tag=tag, size=size)

    def _mapping(self, line: int, tag: str, depth: int) -> YamlNode:
        table: dict[str, YamlNode] = {}
        merged: dict[str, YamlNode] = {}
        size = 1
        while type(event := self.next_event()).__name__ != "MappingEndEvent":
            key = self._node(event, depth + 1)
            value = self._node(self.next_event(), depth + 1)
            size += key.size + value.size
            if key.text == "<<":
                for one in value.items or (value,):  # the first of several goes before the others
                    for name, node in one.table.items():
                        merged.setdefault(name, node)
            elif key.text is not None:
                table[key.text] = value
        return YamlNode(line, table={**merged, **table}, tag=tag, size=size)

    def _charge(self, size: int, line: int) -> None:
        self.count += size
        if self.count > NODE_LIMIT:
            raise _RefusedError(_TOO_MANY, line)
