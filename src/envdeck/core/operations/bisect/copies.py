"""The copies in which a bisect tries sets of packages.

The environment is copied, and the installer makes what of the good and the bad end differs from
it, once. A set between them has what the RECORDs of its packages list, from the one or the other.
It is put together of links in a copy that stays for the next set: what the command left there is
removed, and files that differ are exchanged. Where that cannot be, the installer makes each set.

None of the files is the environment's, or one in uv's cache. What a command wrote into is put
right before the next set; only byte code stays that Python made of sources as they are.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from threading import Lock, RLock
from typing import TypeAlias

from envdeck.core.inspection.import_path import import_path
from envdeck.core.inspection.packages.distributions import read_heads
from envdeck.core.inspection.packages.record import COMPILED, listed_places
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Distribution, Environment
from envdeck.core.operations.bisect.search import Changes
from envdeck.core.operations.disk.disk import Disk
from envdeck.core.operations.disk.links import (
    LinkedState,
    PatchworkTree,
    copy_entry,
    find_byte_code,
    link_entry,
    list_tree,
    state_of,
)
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.failure import explain
from envdeck.core.operations.engine.relocation import relocate
from envdeck.core.operations.engine.uv import InstallRules, UvAdapter
from envdeck.core.operations.recipe.verify import dependency_problems
from envdeck.core.operations.shared.base_interpreter import anchor_links
from envdeck.core.operations.shared.context import read_environment
from envdeck.core.operations.staging.changes import confine_records
from envdeck.core.operations.staging.stage import python_at
from envdeck.core.system.host import Host
from envdeck.core.timeline.model import StateDifference

_PLACED = (".pth", ".egg-link", "/direct_url.json", "/RECORD")
"""Endings of files in package folders that may name the place of their environment."""
Problems: TypeAlias = Sequence[tuple[str, str]]
"""Distributions, each with a requirement that nothing satisfies."""
_EVERY = 512
"""Files between two words on how far it is."""


@dataclass(slots=True, eq=False)
class _Copy(PatchworkTree):
    """A copy in which a command is run; an end is also what other copies take files from."""

    sources: "dict[str, _Copy]" = field(default_factory=dict)
    """Where each file came from; the copy itself, where the installer or we put it there."""
    rows: Mapping[str, Sequence[Distribution]] = field(default_factory=dict)
    """What is installed in an end, by name."""
    owned: dict[str, frozenset[str]] = field(default_factory=dict)
    """The files of each package that differs, as far as it is installed in an end."""
    placed: set[str] = field(default_factory=set)
    """The files of an end that may name its place."""
    compiled: set[str] = field(default_factory=set)
    """Byte code that commands have left of what an end has; it can be done without."""

    def version(self, name: str) -> str | None:
        """Return which version of a package is installed."""
        several = self.rows.get(name)
        return several[-1].version if several else None

    def path(self, name: str) -> str:
        """Return where a file is."""
        return os.path.join(self.folder, name)

    def forget(self, names: AbstractSet[str]) -> None:
        """Do without files of an end."""
        for name in names:
            with suppress(FileNotFoundError):
                os.unlink(self.path(name))
            self.files.pop(name, None)
            self.sources.pop(name, None)
        self.owned = {package: owned - names for package, owned in self.owned.items()}

    def note(self, names: Iterable[str]) -> None:
        """Remember how files are now."""
        self.files.update((name, state_of(self.path(name))) for name in names)


@dataclass(slots=True)
class SetCopies:
    """The copies of one bisect, in `folder`; each thread that tries a set has one for itself."""

    host: Host
    disk: Disk
    environment: Environment
    changes: tuple[StateDifference, ...]
    folder: str
    uv: UvAdapter
    install: Callable[[Command], Completed]
    """Runs a command of the installer; raises where a person stops it."""
    tell: Callable[[int, int], None]
    """Is told of files and bytes while trees are copied; raises where a person stops it."""
    _original: _Copy = field(init=False)
    """The environment, in files of its own."""
    _names: frozenset[str] = frozenset()
    """Its files."""
    _bare: frozenset[str] = frozenset()
    """Its folders in which no file is."""
    _inherited: tuple[str, ...] = ()
    _ends: dict[bool, _Copy] = field(default_factory=dict)
    """By whether all changes are applied."""
    _composes: bool = True
    """Whether sets can be put together from the ends."""
    _idle: list[_Copy] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=partial(count, 1))
    _choosing: Lock = field(default_factory=Lock)
    _filling: RLock = field(default_factory=RLock)
    """Held while the environment is copied, and while files of an end are put right."""

    def __post_init__(self) -> None:
        self._original = self._new_copy()
        self._inherited = import_path(self.environment, self.host).inherited

    @contextmanager
    def copy(self, applied: Changes, judge: Callable[[Problems], str]) -> Iterator[tuple[str, str]]:
        """Give the folder of a copy with these changes, and why there is none; what is written
        into it is gone for the next set. `judge` says of what is missing in the set why it is not
        to be tried, or nothing; mostly that is asked before a file is moved."""
        self._copy_environment()
        sides = {number in applied for number in range(len(self.changes))}
        if self._composes and all(self._make_end(applied=side) for side in sides):
            if why := judge(self._problems(applied)):
                yield "", why
                return
            copy = self._ends[sides.pop()] if len(sides) == 1 else self._choose(applied)
            try:
                self._exchange(copy, self._wanted(applied))
                yield copy.folder, ""
            finally:
                self._give_back(copy)
        else:
            copy = self._new_copy()
            try:
                why = self._make(copy.folder, applied)
                made = None if why else read_environment(copy.folder, self.host)
                yield copy.folder, why or (judge(dependency_problems(made)) if made else "")
            finally:
                self.disk.remove_tree(copy.folder)
                self._repair(self._original, self._names)

    def _problems(self, applied: Changes) -> Problems:
        """Return distribution and requirement of all that is missing in a set."""
        rows = dict(self._original.rows)
        for one, end in self._exchanged(applied):
            rows[one.name] = end.rows.get(one.name, ())
        every = [one for name in sorted(rows) for one in rows[name]]
        return dependency_problems(self.environment, heads=every, system_folders=self._inherited)

    def _exchanged(self, applied: Changes) -> Iterator[tuple[StateDifference, _Copy]]:
        """Yield what a set has otherwise than the environment, and from where."""
        for number, one in enumerate(self.changes):
            version = one.after if number in applied else one.before
            if version != self._original.version(one.name):
                yield one, self._ends[number in applied]

    def _wanted(self, applied: Changes) -> dict[str, _Copy]:
        """Return the files of a set, with where each comes from."""
        wanted = dict.fromkeys(self._names, self._original)
        exchanged = list(self._exchanged(applied))
        for one, _ in exchanged:
            for name in self._original.owned[one.name]:
                wanted.pop(name, None)
        for one, end in exchanged:
            wanted.update(dict.fromkeys(end.owned.get(one.name, ()), end))
        return wanted

    # the ends

    def _copy_environment(self) -> None:
        with self._filling:
            original = self._original
            if original.files:
                return
            os.mkdir(original.folder, 0o700)
            self.disk.link_tree(self.environment.path, original.folder, self.tell, shares=False)
            self._move(original.folder, self.environment.path)
            files, original.folders = list_tree(original.folder)
            if not self._claim(original, files):
                self._composes = False
            original.files.update(files)
            original.sources.update(dict.fromkeys(files, original))
            self._names = frozenset(files)
            self._bare = frozenset(original.folders.difference(*map(_above, files)))

    def _make_end(self, *, applied: bool) -> bool:
        """Have one of the ends; return whether copies can be put together from it."""
        whole = frozenset(range(len(self.changes)) if applied else ())
        if applied not in self._ends:
            self._ends[applied] = self._original
            if any(self._exchanged(whole)):
                end = self._ends[applied] = self._new_copy()
                if not self._fill_end(end, whole):
                    self._composes = False
        return self._composes

    def _fill_end(self, end: _Copy, whole: Changes) -> bool:
        """Have the installer put what is not as in the environment into an end without it; return
        whether all that it put there is known to be of that."""
        wanted, original = self._wanted(whole), self._original
        self._exchange(end, {name: original for name in wanted if wanted[name] is original})
        if self._install(end.folder, whole, installed=False):
            return False
        files, end.folders = list_tree(end.folder)
        mine = {name: state for name, state in files.items() if end.files.get(name) != state}
        end.files.update(files)
        end.sources.update(dict.fromkeys(mine, end))
        mine.pop(".lock", None)  # uv's own
        known = self._claim(end, mine)
        return known and all(os.lstat(end.path(name)).st_nlink == 1 for name in mine)

    def _make(self, folder: str, applied: Changes) -> str:
        """Have the installer make a set of the whole environment; return why it cannot."""
        os.mkdir(folder, 0o700)
        self.disk.link_tree(self._original.folder, folder, self.tell)
        self._move(folder, self._original.folder)
        return self._install(folder, applied, installed=True)

    def _install(self, folder: str, applied: Changes, *, installed: bool) -> str:
        """Install what a set has otherwise than the environment, whose packages that differ are
        `installed` there or are not; return why that fails, or nothing."""
        goes, comes = [], []
        for number, one in enumerate(self.changes):
            version = one.after if number in applied else one.before
            there = self._original.version(one.name)
            if version is not None and version != there:
                comes.append(f"{one.name}=={version}")
            elif installed and version is None and there is not None:
                goes.append(one.name)
        python, file = python_at(folder, self.host), f"{folder}.txt"
        rules = InstallRules(dependencies=False, compiles=False)
        for lines, command in (
            (goes, self.uv.uninstall(python, file)),
            (comes, self.uv.install(python, file, rules)),
        ):
            if lines:
                self.disk.write(file, "".join(f"{line}\n" for line in lines).encode())
                # into a link to what is in its cache a command would write
                environ = {**command.environ, "UV_LINK_MODE": "copy"}
                done = self.install(replace(command, environ=environ))
                if not done.ok:
                    return explain(done).cause
        return ""

    def _move(self, folder: str, before: str) -> None:
        """Have a copy of what was made at `before` name the place where it is now."""
        if before == self.environment.path:
            anchor_links(folder, before)
            confine_records(self.environment, folder, self.disk.rewrite)
        relocate(folder, before, folder, self.disk.rewrite)

    def _claim(self, end: _Copy, files: Mapping[str, LinkedState]) -> bool:
        """Note what is installed in an end, and which files are of the packages that differ;
        return whether that is known, and all files of the installer are among them."""
        made = read_environment(end.folder, self.host)
        if made is None:
            return False
        rows: dict[str, list[Distribution]] = {}
        for row in read_heads(made):
            rows.setdefault(row.name, []).append(row)
        end.rows = rows
        end.placed = set(filter(_names_place, files))
        compiled: dict[str, list[str]] = {}
        for name in files:
            if name.endswith(COMPILED):
                above, _, file = name.rpartition("__pycache__/")
                compiled.setdefault(f"{above}{file.partition('.')[0]}.py", []).append(name)
        for one in self.changes:
            several = rows.get(one.name, ())
            listed = {name for row in several for name in listed_places(row.path, end.folder)}
            if "" not in listed:
                end.placed.difference_update(name for name in listed if name.endswith("/RECORD"))
            listed.update(each for name in tuple(listed) for each in compiled.get(name, ()))
            owned = end.owned[one.name] = frozenset(listed & files.keys())
            if len(several) > 1 or (end is self._original and bool(owned) != bool(several)):
                return False
        return end is self._original or set().union(*end.owned.values()) == files.keys()

    def _repair(self, end: _Copy, names: Iterable[str]) -> None:
        """Have files of an end be as they were made, after a command wrote into them."""
        with self._filling:
            spoilt = [name for name in names if state_of(end.path(name)) != end.files.get(name, ())]
            if gone := end.compiled.intersection(spoilt):
                spoilt = [name for name in spoilt if name not in gone]
                end.forget(gone)
                self._names -= gone if end is self._original else set()
            if not spoilt or not end.files:
                return
            fresh = None
            if end is not self._original:
                fresh = self._new_copy()
                whole = frozenset(range(len(self.changes)) if self._ends.get(True) is end else ())
                if not self._fill_end(fresh, whole):
                    self._composes = False
                    return
                relocate(fresh.folder, fresh.folder, end.folder, self.disk.rewrite)
            for name in spoilt:
                self.disk.remove_file(end.path(name))
                end.add_folder(os.path.dirname(name))
                source = self.environment.path if fresh is None else fresh.folder
                copy_entry(os.path.join(source, name), end.path(name))
                end.sources[name] = end
            end.note(spoilt)
            if fresh is not None:
                self.disk.remove_tree(fresh.folder)
            elif not end.placed.isdisjoint(spoilt):
                self._move(end.folder, self.environment.path)
                end.note(name for name in self._names if _is_rewritten(end, name))

    # the copies

    def _new_copy(self) -> _Copy:
        return _Copy(os.path.join(self.folder, str(next(self._numbers))))

    def _choose(self, applied: Changes) -> _Copy:
        """Return the idle copy that has most of a set, or a new one."""
        wanted = self._wanted(applied)
        with self._choosing:
            copy = max(
                self._idle,
                key=lambda one: sum(one.sources.get(n) is each for n, each in wanted.items()),
                default=None,
            )
            if copy is None:
                return self._new_copy()
            self._idle.remove(copy)
            return copy

    def _exchange(self, copy: _Copy, wanted: Mapping[str, _Copy]) -> None:
        """Have a copy hold what is wanted and nothing else."""
        if not os.path.lexists(copy.folder):
            os.mkdir(copy.folder, 0o700)
        goes = [name for name, source in copy.sources.items() if wanted.get(name) is not source]
        copy.drop(goes)
        for name in goes:
            del copy.sources[name]
        comes = {name: end for name, end in wanted.items() if name not in copy.sources}
        for folder in {*map(os.path.dirname, comes), *self._bare}:
            copy.add_folder(folder)
        for number, (name, end) in enumerate(comes.items()):
            if not number % _EVERY:
                self.tell(number, 0)
            self._put(copy, name, end)
        moved = [end for end in set(comes.values()) if not end.placed.isdisjoint(comes)]
        for end in moved:
            self._move(copy.folder, end.folder)
        if moved:
            copy.note(name for name, end in copy.sources.items() if _is_rewritten(end, name))

    def _put(self, copy: _Copy, name: str, end: _Copy) -> None:
        path = copy.path(name)
        put = link_entry if "/" in name else copy_entry  # a lock is of one copy alone
        put(end.path(name), path)
        state, made = state_of(path), end.files.get(name)
        if state is None or made is None or state[1:] != made[1:]:
            os.unlink(path)  # a command that runs at once wrote into it
            self._repair(end, [name])
            put(end.path(name), path)
            state = state_of(path)
        copy.files[name], copy.sources[name] = state, end

    def _give_back(self, copy: _Copy) -> None:
        """Have a copy be as it was put together, or be gone where that cannot be."""
        is_end = copy is self._original or copy in self._ends.values()
        try:
            copy.clear(partial(self._adopt, copy, is_end=is_end))
        except OSError:
            missing = {name: end for name, end in copy.sources.items() if end is not copy}
            self._abandon(copy)
        else:
            lost = copy.sources.keys() - copy.files.keys()
            missing = {name: copy.sources.pop(name) for name in lost}
            if not is_end:
                with self._choosing:
                    self._idle.append(copy)
        for end in set(missing.values()):
            self._repair(end, [name for name, each in missing.items() if each is end])

    def _adopt(
        self, copy: _Copy, files: Mapping[str, LinkedState], *, is_end: bool
    ) -> Sequence[str]:
        """Have the byte code that was written in a copy be of the end that its source is of, for
        the sets to come: to compile takes longer than most commands. Return what the copy keeps.
        In an end, nothing is added to the other one, in which a command may run."""
        found = [
            (name, source, copy.sources[source])
            for name, source in find_byte_code(copy, files)
            if copy.sources[source] is copy or not is_end
        ]
        with self._filling:
            for name, _, end in found:
                if end is not copy and name not in end.files:
                    end.add_folder(os.path.dirname(name))
                    link_entry(copy.path(name), end.path(name))
                    end.note([name])
                copy.sources[name] = end.sources[name] = end
                end.compiled.add(name)
            for end in {each for *_, each in found}:
                mine = {name: source for name, source, each in found if each is end}
                for package, owned in end.owned.items():
                    end.owned[package] = owned.union(n for n, of in mine.items() if of in owned)
                self._names |= mine.keys() if end is self._original else set()
        return [name for name, *_ in found]

    def _abandon(self, copy: _Copy) -> None:
        """Remove a copy that cannot be put right; an end is recreated when it is asked for."""
        with self._filling:
            self.disk.remove_tree(copy.folder)
            self._ends = {side: end for side, end in self._ends.items() if end is not copy}
            for each in (copy.files, copy.sources, copy.folders, copy.compiled):
                each.clear()


def _is_rewritten(end: _Copy, name: str) -> bool:
    """Tell whether a file of an end may change when it comes to another place."""
    return name in end.placed or name.endswith("/RECORD")


def _names_place(name: str) -> bool:
    """Tell whether a file may name the place of its environment, as `relocate` looks at them."""
    top, _, rest = name.partition("/")
    file = name.rpartition("/")[2]
    return (
        not rest
        or top in {"bin", "Scripts", "share", "etc"}
        or name.endswith(_PLACED)
        or file.startswith("__editable__")
    )


def _above(name: str) -> Iterator[str]:
    while name := os.path.dirname(name):
        yield name
