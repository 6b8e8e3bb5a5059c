"""Which file a remedy edits, links followed inside of the project alone, and what it writes."""

import os
import re
import shlex
import stat
from collections.abc import Callable, Mapping
from types import MappingProxyType

from envdeck.core.dotenv import Remedy, RemedyKind
from envdeck.core.dotenv.files import LIMIT
from envdeck.core.dotenv.syntax import Unedited, add_keys, names_in, set_key, utf_16_of
from envdeck.core.git import Git
from envdeck.core.inspection.protection import own_place
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Fact, Identity, NoPlan, Refusal
from envdeck.core.operations.undo.plan import CHANGED, mark_of_file
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, reason_of
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.words import counted, join_some


@dataclass(frozen=True, slots=True)
class EditTarget:
    """One file, or where it will be."""

    path: str
    """The real one."""
    status: os.stat_result | None
    """None where nothing is there."""
    mark: str = ""

    @property
    def identity(self) -> Identity | None:
        """What is there."""
        status = self.status
        return None if status is None else Identity(status.st_dev, status.st_ino)


def place_of(named: str, project: str, host: Host) -> EditTarget | Refusal:
    """Return where a file of a project really is, or why it is left alone."""
    try:
        return _place_of(named, project, host)
    except (OSError, ValueError) as error:
        return _refused("not-a-file", f"{named} cannot be reached: {reason_of(error)}", named)


def _place_of(named: str, project: str, host: Host) -> EditTarget | Refusal:
    real, folder = reach.realpath(named), reach.realpath(project)
    is_link = reach.islink(named)
    in_it = lies_under(os.path.normpath(named), os.path.normpath(project))
    if not lies_under(real, folder) and (is_link or in_it):
        what = "a link that leads" if is_link else "reached by a link"
        said = f"{named} is {what} outside the project: {real}"
        return _refused(
            "symlink", said, named, "edit that file manually, or replace the link with a file"
        )
    if is_link and not reach.lexists(real):
        return _refused("symlink", f"{named} is a broken symlink to {real}", named)
    if why := own_place(real, host):
        return _refused("protected-path", f"{named}: {why}", named)
    try:
        status = reach.lstat(real)
    except FileNotFoundError:
        return EditTarget(real, None)
    if not stat.S_ISREG(status.st_mode):
        return _refused("not-a-file", f"{named} is {_kind(status.st_mode)}, not a file", named)
    if status.st_size > LIMIT:
        said = f"{named} exceeds {LIMIT // 1024} KiB, too large for a dotenv file"
        return _refused("not-a-file", said, named, "check the file and edit it manually")
    return EditTarget(real, status, mark_of_file(real))


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISLNK(mode):
        return "a circular symlink"
    return "a socket or a device"


def obstacles_at(place: EditTarget) -> tuple[Refusal, ...]:
    """Return why no file can take the place of the one that is there."""
    folder = os.path.dirname(place.path)
    if not reach.isdir(folder):
        return (_refused("not-writable", f"folder not found: {folder}", place.path),)
    if not reach.access(folder, os.W_OK | os.X_OK):
        said = f"folder is not writable: {folder}"
        hint = "check its permissions and whether the disk is mounted read-only"
        return (_refused("not-writable", said, place.path, hint),)
    status = place.status
    if status is not None and hasattr(os, "geteuid") and os.geteuid() not in {0, status.st_uid}:
        said = f"{place.path} belongs to another user; editing would change its owner"
        return (_refused("not-writable", said, place.path, "let its owner edit it"),)
    return ()


def changed(path: str) -> Refusal:
    """Return why something that came, or went, since it was shown is left alone."""
    said = f"{path} changed since the preview"
    return _refused(CHANGED, said, path, "run it again")


def _refused(guard: str, message: str, path: str, hint: str = "") -> Refusal:
    return Refusal(guard, message, hint, path)


_OTHERS = 0o077
_ALONE = 0o600


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written, and what is said of it; its words have no value in them."""

    content: bytes = field(repr=False)
    facts: tuple[Fact, ...]
    done: str
    mode: int | None = None
    verified: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Drafted = Draft | NoPlan | Refusal
Old = bytes | None
"""What the file holds now; None where there is none."""


def file_of(remedy: Remedy) -> str:
    """Return which file a remedy writes, by its name."""
    if remedy.kind is RemedyKind.IGNORE:
        return os.path.join(remedy.project, ".gitignore")
    return remedy.file


def draft_of(
    remedy: Remedy, place: EditTarget, old: Old, values: Mapping[str, str], host: Host
) -> Drafted:
    """Return what a remedy makes of a file."""
    return _DRAFTS[remedy.kind](remedy, place, old, values, host)


def _create(
    remedy: Remedy, place: EditTarget, old: Old, values: Mapping[str, str], host: Host
) -> Drafted:
    if old is not None:
        said = f"{remedy.file} already exists"
        return Refusal("place-taken", said, "use `--add-missing` to add missing keys", place.path)
    example = place_of(remedy.example, remedy.project, host)
    if isinstance(example, Refusal):
        return example
    data = read_bounded(example.path, LIMIT)
    if isinstance(data, Unread):
        return NoPlan(f"{remedy.example} cannot be read: {data.reason}")
    if utf_16_of(data):
        said = f"{remedy.example} is UTF-16, and so would the new file be: nothing reads that"
        return NoPlan(said, hint="save the example as UTF-8 first")
    names = names_in(data) if values else ()
    if isinstance(names, Unedited):
        return _unedited(remedy.example, names)
    done: bytes | Unedited = data
    for name in (name for name in values if name in names):
        done = done if isinstance(done, Unedited) else set_key(done, name, values[name])
    more = {name: value for name, value in values.items() if name not in names}
    if more and not isinstance(done, Unedited):
        done = add_keys(done, more)
    if isinstance(done, Unedited):
        return _unedited(remedy.example, done)
    given = f"{join_some(values, 5)}; the rest from the example" if values else "as in the example"
    return Draft(
        content=done,
        facts=(
            Fact("from", example.path),
            Fact("values", given),
            Fact("mode", "0600 (readable only by you)"),
        ),
        done=f"created {_short(place.path)}",
        mode=_ALONE,
        verified=_proof(values, data),
    )


def _add(
    remedy: Remedy, place: EditTarget, old: Old, values: Mapping[str, str], host: Host
) -> Drafted:
    if old is None:
        hint = "use `--create` to create it from the example"
        return NoPlan(f"file not found: {remedy.file}", hint=hint, missing=True)
    if not remedy.keys:
        return NoPlan("no keys to add", nothing=True)
    unasked = [name for name in values if name not in remedy.keys]
    if unasked:
        return NoPlan(f"not a key to add: {join_some(unasked, 5)}", missing=True)
    added = {name: values.get(name, "") for name in remedy.keys}
    done = add_keys(old, added, order=_order(remedy, host))
    if isinstance(done, Unedited):
        return _unedited(remedy.file, done)
    empty = [name for name, value in added.items() if not value]
    facts = [Fact("adds", join_some(added, 20))]
    if empty:
        facts.append(Fact("empty", f"{join_some(empty, 20)}: no value given"))
    count = f"{counted(len(added), 'key')} {'is' if len(added) == 1 else 'are'}"
    return Draft(
        content=done,
        facts=tuple(facts),
        done=f"{count} added to {_short(place.path)}",
        verified=_proof(added, old),
    )


def _order(remedy: Remedy, host: Host) -> tuple[str, ...]:
    """Return the keys of the example, in its order; of none that can be read, none."""
    example = place_of(remedy.example, remedy.project, host) if remedy.example else None
    data = read_bounded(example.path, LIMIT) if isinstance(example, EditTarget) else b""
    names = names_in(data) if isinstance(data, bytes) else ()
    return () if isinstance(names, Unedited) else names


def _ignore(
    remedy: Remedy, place: EditTarget, old: Old, values: Mapping[str, str], host: Host
) -> Drafted:
    del values
    named = file_of(remedy)
    if reach.islink(named):
        said = f"{named} is a symlink, which git ignores"
        hint = "replace it with a file, or use .git/info/exclude"
        return Refusal("symlink", said, hint, named)
    within = os.path.relpath(remedy.file, remedy.project)
    if within.split(os.sep)[0] == os.pardir or "\n" in within or "\r" in within:
        return NoPlan(f"{remedy.file} cannot be listed in {place.path}")
    escaped = re.sub(r"([\\*?\[])", r"\\\1", within.replace(os.sep, "/"))
    escaped = re.sub(r" (?= *\Z)", r"\\ ", escaped)
    pattern = os.fsencode(f"/{escaped}")
    data = old or b""
    lines = [line.removeprefix(b"\xef\xbb\xbf") for line in re.split(rb"\r\n|\n", data)]
    last = max((at for at, line in enumerate(lines) if line == pattern), default=None)
    if last is not None and not any(line.startswith(b"!") for line in lines[last:]):
        hint = still_not_ignored(remedy, host)
        said = f"already listed in {place.path}:{last + 1}"
        return NoPlan(said, hint, nothing=not hint)
    newline = b"\r\n" if data.count(b"\r\n") * 2 > data.count(b"\n") else b"\n"
    joint = newline if data and not data.endswith(b"\n") else b""
    return Draft(
        content=data + joint + pattern + newline,
        facts=(Fact("adds", f"the line {os.fsdecode(pattern)}"),),
        done=f"added {within} to {_short(place.path)}",
        warnings=_still_tracked(remedy, host),
    )


def _still_tracked(remedy: Remedy, host: Host) -> tuple[str, ...]:
    """Say that git goes on with what it tracks, whatever is ignored."""
    if not Git(host).known([remedy.file])[remedy.file].tracked:
        return ()
    command = shlex.join(["git", "-C", remedy.project, "rm", "--cached", "--", remedy.file])
    return (f"git keeps tracking it until you run `{command}`",)


def still_not_ignored(remedy: Remedy, host: Host) -> str:
    """Say that git does not ignore a file, whatever `.gitignore` says; empty where it does, or
    was not asked."""
    if Git(host).known([remedy.file])[remedy.file].ignored is not False:
        return ""
    folder, name = os.path.split(remedy.file)
    command = shlex.join(["git", "-C", folder, "check-ignore", "-v", "--", name])
    return f"still not ignored: another rule overrides it; check with `{command}`"


def _private(
    remedy: Remedy, place: EditTarget, old: Old, values: Mapping[str, str], host: Host
) -> Drafted:
    del values
    if old is None or place.status is None:
        return NoPlan(f"file not found: {remedy.file}", missing=True)
    mode = place.status.st_mode & 0o7777
    if host.windows:
        return NoPlan(f"file permissions of {remedy.file} are not supported here")
    if not mode & _OTHERS:
        said = f"{remedy.file} is already restricted to its owner (mode {mode:04o})"
        return NoPlan(said, nothing=True)
    private = mode & ~_OTHERS
    return Draft(
        content=old,
        facts=(Fact("mode", f"{mode:04o} → {private:04o}"),),
        done=f"restricted {_short(place.path)} to its owner",
        mode=private,
        verified=("content unchanged",),
    )


def _unedited(file: str, found: Unedited) -> Drafted:
    if found.line is None:
        return NoPlan(f"{file}: {found.reason}")
    hint = "fix that line first, or edit the file manually"
    return Refusal("not-readable", f"{file}:{found.line}: {found.reason}", hint, file)


_REPLACED = re.compile(r"\$\{[^}:]*(?::-[^}]*)?\}")


def _proof(values: Mapping[str, str], old: Old = None) -> tuple[str, ...]:
    """Say what was checked, and no more: variables in a value are replaced when it is read, and a
    file that is not in UTF-8 is refused."""
    if old is not None and not _is_utf8(old):
        return ("python-dotenv does not read the file: it is not in UTF-8",)
    if not values:
        return ("identical to the example",)
    replaced = [name for name, value in values.items() if _REPLACED.search(value)]
    plain = [name for name in values if name not in replaced]
    said = []
    if plain:
        said.append(f"verified with python-dotenv: {join_some(plain, 5)} set, the rest unchanged")
    if replaced:
        said.append(f"python-dotenv expands the variables in {join_some(replaced, 5)}")
    return tuple(said)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _short(path: str) -> str:
    return os.path.join(*path.split(os.sep)[-2:])


_Drafting = Callable[[Remedy, EditTarget, Old, Mapping[str, str], Host], Drafted]
_DRAFTS: Mapping[RemedyKind, _Drafting] = MappingProxyType(
    {
        RemedyKind.CREATE: _create,
        RemedyKind.ADD: _add,
        RemedyKind.IGNORE: _ignore,
        RemedyKind.PRIVATE: _private,
    }
)
