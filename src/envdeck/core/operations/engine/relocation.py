"""An environment that was built at one path is made to work at another.

Only a few small files hold the path: scripts in `bin`, activation scripts, `pyvenv.cfg`, `.pth`
and `.egg-link` files, `direct_url.json`, kernel specifications. They are found by where they lie,
never by reading the whole environment. The RECORD rows of what changed are changed with them. A
file may share its content with uv's cache and with other environments by hard links, so nothing is
written in place: the caller's `write` replaces files.
"""

import base64
import csv
import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote_to_bytes

from envdeck.core.inspection.packages.record import RECORD_LIMIT
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Interpreter, minor_of
from envdeck.core.operations.disk.links import replace_link
from envdeck.core.operations.engine.scripts import (
    is_activation,
    replace_path,
    rewrite_activation,
    rewrite_launcher,
    rewrite_shebang,
)
from envdeck.core.system.files import Unread, read_bounded

SCRIPT_LIMIT = 4 * 1024 * 1024
"""Bytes; a script is small, what is larger is a program."""

_BINARIES = ("bin", "Scripts")
_DATA = (("share", "jupyter"), ("etc", "jupyter"))
_DATA_FILES = 2000
_TEXT, _ERRORS = "utf-8", "surrogateescape"


def relocate(
    folder: str,
    before: str,
    after: str,
    write: Callable[[str, bytes], None],
    link: Callable[[str, str], None] | None = None,
) -> tuple[str, ...]:
    """Replace the own path `before` of the environment at `folder` by `after`.

    `write(path, data)` replaces a file as a whole, keeping its mode; `link(path, target)` does so
    with a symbolic link (by default a new one is renamed over it). Returns what was changed,
    relative to the folder. OSError where something cannot be written. Ask :func:`left_behind`
    afterwards: what it names is of a form that is not known.
    """
    changed: dict[str, bytes] = {}
    for path in _candidates(folder):
        data = read_bounded(path, SCRIPT_LIMIT)
        if isinstance(data, Unread):
            continue
        new = _rewritten(path, data, before, after)
        if new != data:
            write(path, new)
            changed[path] = new
    records: list[str | None] = []
    for site in site_folders(folder):
        rows = _rows_of(changed, site)
        told = [_named(name) for name in rows]
        records += [_record(path, rows, told, before, after, write) for path in _records_in(site)]
    links = [_relinked(path, before, after, link or replace_link) for path in _links(folder)]
    found = [*changed, *(path for path in (*records, *links) if path)]
    return tuple(sorted(os.path.relpath(path, folder) for path in found))


def find_old_paths(folder: str, before: str, after: str) -> tuple[str, ...]:
    """Return the files, of those that :func:`relocate` looks at, which still hold the path
    `before` (other than as a part of `after`), relative to the folder."""
    pairs = tuple(zip(_forms(before), _forms(after), strict=True))
    found = []
    for path in (*_candidates(folder), *_records(folder)):
        data = read_bounded(path, RECORD_LIMIT)
        if isinstance(data, bytes) and any(_holds(data, *pair) for pair in pairs):
            found.append(os.path.relpath(path, folder))
    found += [
        os.path.relpath(path, folder)
        for path in _links(folder)
        if _strip_prefix(os.readlink(path), before) is not None
    ]
    return tuple(sorted(found))


def site_folders(folder: str) -> tuple[str, ...]:
    """Return the package folders of an environment, by layout alone, links not followed."""
    found = [os.path.join(folder, "Lib", "site-packages")]
    for lib in ("lib", "lib64"):
        base = os.path.join(folder, lib)
        if not os.path.islink(base):
            found += [
                os.path.join(entry.path, "site-packages")
                for entry in _entries(base)
                if entry.name.startswith(("python", "pypy"))
            ]
    return tuple(path for path in found if os.path.isdir(path))


def _forms(path: str) -> tuple[bytes, ...]:
    raw = os.fsencode(path)
    return raw, quote(raw).encode(), json.dumps(path)[1:-1].encode()


def _holds(data: bytes, before: bytes, after: bytes) -> bool:
    if before not in data:
        return False
    data = data.replace(after, b"")
    return re.search(re.escape(before) + rb"(?![A-Za-z0-9_.\-])", data) is not None


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _candidates(folder: str) -> Iterator[str]:
    """Yield every file that may hold the path; regular ones, links not followed."""
    cfg = os.path.join(folder, "pyvenv.cfg")
    if _is_file(cfg):
        yield cfg
    for name in _BINARIES:
        for entry in _entries(os.path.join(folder, name)):
            if entry.is_file(follow_symlinks=False):
                yield entry.path
    for site in site_folders(folder):
        for entry in _entries(site):
            name = entry.name
            if name.endswith((".pth", ".egg-link")) or name.startswith("__editable__"):
                if entry.is_file(follow_symlinks=False):
                    yield entry.path
            elif name.endswith(".dist-info"):
                path = os.path.join(entry.path, "direct_url.json")
                if _is_file(path):
                    yield path
    for parts in _DATA:
        yield from _below(os.path.join(folder, *parts))


def _below(folder: str) -> Iterator[str]:
    left = _DATA_FILES
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(parent, name)
            left -= 1
            if left < 0:
                return
            if name.endswith(".json") and _is_file(path):
                yield path


def _records(folder: str) -> Iterator[str]:
    for site in site_folders(folder):
        yield from _records_in(site)


def _records_in(site: str) -> Iterator[str]:
    for entry in _entries(site):
        path = os.path.join(entry.path, "RECORD")
        if entry.name.endswith(".dist-info") and _is_file(path):
            yield path


def _links(folder: str) -> Iterator[str]:
    for parent in (folder, *(os.path.join(folder, name) for name in _BINARIES)):
        for entry in _entries(parent):
            if entry.is_symlink():
                yield entry.path


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _rewritten(path: str, data: bytes, before: str, after: str) -> bytes:
    name = os.path.basename(path)
    if name == "direct_url.json":
        return _direct_url(data, before, after)
    old, new = os.fsencode(before), os.fsencode(after)
    if name.lower().endswith(".exe"):
        return rewrite_launcher(data, old, new)
    if b"\0" in data[:1024]:
        return data
    if name == "pyvenv.cfg":
        # Python does not start where this is not UTF-8; the command line in it is only told.
        return _literal(data, before, after.encode(_TEXT, "backslashreplace").decode())
    if is_activation(name):
        text = rewrite_activation(name, data.decode(_TEXT, _ERRORS), before, after)
        return text.encode(_TEXT, _ERRORS)
    data = rewrite_shebang(data, old, new)
    if name.endswith(".json"):
        return _literal(data, json.dumps(before)[1:-1], json.dumps(after)[1:-1])
    if name.startswith("__editable__") and name.endswith(".py"):
        return _literal(_literal(data, ascii(before)[1:-1], _python(after)), before, _python(after))
    if os.path.basename(os.path.dirname(path)) in _BINARIES:
        return _script(data, before, after)
    return _literal(data, before, after)


def _literal(data: bytes, before: str, after: str) -> bytes:
    return replace_path(data.decode(_TEXT, _ERRORS), before, after).encode(_TEXT, _ERRORS)


def _python(path: str) -> str:
    """Return a path as it may stand in a Python string between quotes of either kind."""
    return ascii(path + "'\"")[1:-4].replace('"', '\\"')


def _script(data: bytes, before: str, after: str) -> bytes:
    """Replace what is left of the path in a script's body, where no quoting is needed for it."""
    head, line_end, body = data.partition(b"\n")
    if head == b"#!/bin/sh" and body.startswith(b"#"):
        comment, end, body = body.partition(b"\n")
        head, line_end = head + line_end + comment, end
    if head.startswith(b"#!/bin/sh") and body.startswith(b"'''exec'"):
        first, end, body = body.partition(b"\n")
        head, line_end = head + line_end + first, end
    if not all(part.isalnum() or part in "/._-+@:," for part in after):
        return data
    return head + line_end + _literal(body, before, after)


def _direct_url(data: bytes, before: str, after: str) -> bytes:
    """Change the URL of what was installed from a folder or file within the environment."""
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return data
    url = table.get("url") if isinstance(table, dict) else None
    if not isinstance(url, str) or not url.startswith("file://"):
        return data
    rest = _strip_prefix(os.fsdecode(unquote_to_bytes(url.removeprefix("file://"))), before)
    if rest is None:
        return data
    table["url"] = "file://" + quote(os.fsencode(after + rest))
    return json.dumps(table, sort_keys=True).encode()


def _strip_prefix(path: str, before: str) -> str | None:
    """Return what of a path follows `before`; None where it is neither that nor under it."""
    rest = path.removeprefix(before)
    return rest if path.startswith(before) and rest[:1] in ("", "/", os.sep) else None


def _rows_of(changed: dict[str, bytes], site: str) -> dict[str, bytes]:
    """Return what changed by the names that the rows of a RECORD in that folder would have."""
    return {os.path.relpath(file, site).replace(os.sep, "/"): new for file, new in changed.items()}


def _named(name: str) -> bytes:
    """Return what of a name stands in a RECORD in any case: a quote in it is doubled there."""
    return max(name.split('"'), key=len).encode(_TEXT, _ERRORS)


def _record(
    path: str,
    rows: dict[str, bytes],
    named: list[bytes],
    before: str,
    after: str,
    write: Callable[[str, bytes], None],
) -> str | None:
    """Give the rows of files that changed their new hash and size; return what was written.

    `named` is what a RECORD holds that names one of them: few do, and only those are parsed.
    """
    data = read_bounded(path, RECORD_LIMIT)
    if isinstance(data, Unread):
        return None
    old = before + "/"
    parts = [_named(old), *named]
    if not any(part in data for part in parts):
        return None
    lines = data.decode(_TEXT, _ERRORS).splitlines(keepends=True)
    new = "".join(_row(line, rows, old, after) for line in lines).encode(_TEXT, _ERRORS)
    if new == data:
        return None
    write(path, new)
    return path


def _row(line: str, names: dict[str, bytes], before: str, after: str) -> str:
    name = line.rsplit(",", 2)[0]
    if name.startswith('"'):
        name = next(csv.reader([line]), [""])[0]
    if name.startswith(before):
        name = after + name[len(before) - 1 :]
    elif name not in names:
        return line
    content = names.get(name)
    if content is None:
        ending = [part.strip("\r\n") for part in line.rsplit(",", 2)[1:]]
    else:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        ending = [f"sha256={digest}", str(len(content))]
    out = io.StringIO()
    end = "\r\n" if line.endswith("\r\n") else "\n"
    csv.writer(out, lineterminator=end).writerow([name, *ending])
    return out.getvalue()


def _relinked(path: str, before: str, after: str, link: Callable[[str, str], None]) -> str | None:
    rest = _strip_prefix(os.readlink(path), before)
    if rest is None:
        return None
    link(path, after + rest)
    return path


_LINE = re.compile(rb"\A([ \t]*)([A-Za-z_-]+)([ \t]*=[ \t]*)([^\r\n]*?)([ \t]*)(?=[\r\n]|\Z)")
_VERSION = re.compile(r"(\d+\.\d+\.\d+)(?:(a|b|rc)(\d+))?")
_LEVELS = {"a": "alpha", "b": "beta", "rc": "candidate"}


@dataclass(frozen=True, slots=True)
class CfgChange:
    """A value that changes."""

    key: str
    before: str
    after: str


def rewritten(
    data: bytes, base: Interpreter, stays: Callable[[str, str], bool] | None = None
) -> tuple[bytes, tuple[CfgChange, ...]]:
    """Return the content of a cfg for that base, and what changed in it.

    Order, other keys, comments and line ends stay. Of a key that stands twice both change: the
    launcher takes the first, and `site` the last. `home` is added where it is missing. The
    `command` stays: it tells how the environment was made. So does a path of which `stays` says,
    by its key and value, that it names that base already: by a link, it may be.
    """
    values = _values(base)
    new, changes = _replaced(data, values, stays or _none_stays)
    if not any(_key(line) == "home" for line in new.splitlines()):
        home = values["home"]("")
        new = b"home = " + os.fsencode(home) + b"\n" + new
        changes.append(CfgChange("home", "", home))
    return new, tuple(changes)


def replace_values(data: bytes, values: Mapping[str, str]) -> bytes:
    """Return the content of a cfg with other values for those of its keys that are among these."""
    new = {key: _always(value) for key, value in values.items()}
    return _replaced(data, new, _none_stays)[0]


def _none_stays(_key: str, _value: str) -> bool:
    return False


def _replaced(
    data: bytes,
    values: Mapping[str, Callable[[str], str]],
    stays: Callable[[str, str], bool],
) -> tuple[bytes, list[CfgChange]]:
    changes: list[CfgChange] = []

    def replace(match: re.Match[bytes]) -> bytes:
        key = match[2].decode("ascii").lower()
        old = os.fsdecode(match[4])
        new = values[key](old) if key in values else old
        if new == old or stays(key, old):
            return match[0]
        changes.append(CfgChange(key, old, new))
        return match[1] + match[2] + match[3] + os.fsencode(new) + match[5]

    lines = [_LINE.sub(replace, line, count=1) for line in data.splitlines(keepends=True)]
    return b"".join(lines), changes


def _key(line: bytes) -> str:
    match = _LINE.match(line)
    return match[2].decode("ascii").lower() if match else ""


def _always(value: str) -> Callable[[str], str]:
    return lambda _old: value


def _values(base: Interpreter) -> Mapping[str, Callable[[str], str]]:
    home = os.path.dirname(base.executable)
    version = base.version or ""

    def release(old: str) -> str:
        return _like(old, version)

    return {
        "home": _always(home),
        "executable": _always(os.path.realpath(base.executable)),
        "version": release,
        "version_info": release,
        "base-prefix": _always(base.prefix),
        "base-exec-prefix": _always(base.prefix),
        "base-executable": _always(base.executable),
    }


def _like(old: str, version: str) -> str:
    """Write a version in the form of the old value: `3.12.4` (venv, uv), `3.12.4.final.0`
    (virtualenv), or the minor alone. What is not known exactly replaces nothing."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return old
    if re.fullmatch(r"\d+\.\d+", old):
        return minor_of(version)
    if re.fullmatch(r"\d+\.\d+\.\d+\.[a-z]+\.\d+", old):
        return f"{match[1]}.{_LEVELS.get(match[2] or '', 'final')}.{match[3] or 0}"
    return version
