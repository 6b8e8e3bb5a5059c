"""The eleven guards."""

import os
import stat

from envdeck.core.inspection.protection import is_in_trash, protected_place
from envdeck.core.model import Environment, Operation, Refusal
from envdeck.core.operations.guards.context import (
    CHANGING,
    Guard,
    GuardContext,
    GuardRequest,
    command,
)
from envdeck.core.system import reach
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import lies_under
from envdeck.core.system.words import amount, counted, join_some


class HasDependants(Guard):
    """An environment whose interpreter others use (their `home` points into it) takes them
    along. Best effort: what no scan has met is not known."""

    name = "has-dependants"
    overrulable = True
    operations = frozenset({Operation.DELETE, Operation.RECREATE})

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse an installation for good, and a base of known environments by default."""
        path, machine = request.path, request.machine
        candidate, manager = machine.candidate(path), machine.manager(path)
        if candidate is not None and manager is not None:
            own = manager.refuses(candidate)
            if own is not None and own.guard == self.name:
                return self.refusal(request, own.message, final=True)
        resting = [
            known
            for known, bases in machine.bases.items()
            if any(lies_under(base, path) for base in bases)
            and not lies_under(known, path)  # what is in there goes along, and is told elsewhere
        ]
        if not resting:
            return None
        count = "another environment uses" if len(resting) == 1 else f"{len(resting)} others use"
        message = f"{count} its interpreter: {join_some(sorted(resting))}"
        return self.refusal(request, message, self.override_command(request))


class InUse(Guard):
    """Best effort: what belongs to another user may not be seen, and a process that starts a
    moment later was not there."""

    name = "in-use"
    overrulable = True
    operations = CHANGING | {Operation.UNDO}
    costly = True

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse with the names and numbers of the processes; never with their arguments."""
        machine = request.machine
        line = () if machine.pid is None else machine.processes.ancestors_of(machine.pid)
        ourselves = [process.pid for process in line]  # of them `self` speaks
        uses = machine.processes.users_of(request.path, without=ourselves)
        if not uses:
            return None
        count = "in use by a process" if len(uses) == 1 else f"in use by {len(uses):,} processes"
        told = join_some(f"{use.process.name} ({use.process.pid}: {use.how})" for use in uses)
        numbers = ",".join(str(use.process.pid) for use in uses[:20])
        return self.refusal(
            request,
            f"{count}: {told}",
            f"list them with {command('ps', '-fp', numbers)}; {self.override_command(request)}",
        )

    def unchecked(self, request: GuardRequest) -> str:
        """Say where processes could not be asked at all. That those of other users cannot be
        looked into holds on every machine: it is a fact of the plan, and no warning."""
        _, _, processes = request.machine.answers(request.path)
        if processes is None:
            return ""
        if processes.problem:
            return f"running processes not checked: {processes.problem}"
        return ""


_MOST = 500_000
"""Folders that are compared where there is no table; the largest environments have some 20,000."""


class Mounted(Guard):
    """A bind mount has the device number of what it shows, and `ismount` denies it: only the
    table tells. Removing a tree empties what is mounted in it."""

    name = "mount"
    operations = CHANGING | {Operation.PURGE}

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse by the mount table, or by device numbers where there is none."""
        path, mounts = request.path, request.machine.mounts
        if mounts:
            points = sorted({m.point for m in mounts if lies_under(m.point, path)})
        else:
            points = _other_disks(path)
        if not points:
            return None
        message = f"a disk is mounted there: {join_some(points)}"
        return self.refusal(request, message, command("umount", points[-1]))


def _other_disks(path: str) -> list[str]:
    """Return the folders at or below a path that are on another disk than the one above them.

    What cannot be looked at is among them, with the reason: nothing is known of what is there.
    """
    found: list[str] = []
    try:
        device = os.lstat(path).st_dev
        if os.path.ismount(path):
            found.append(path)
    except (OSError, ValueError):
        return found
    pending = [path]
    for _ in range(_MOST):
        if not pending:
            break
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            for path_below in below:
                status = os.lstat(path_below)
                if status.st_dev != device:
                    found.append(path_below)
                elif stat.S_ISDIR(status.st_mode):
                    pending.append(path_below)
        except FileNotFoundError:
            continue
        except OSError as error:
            found.append(f"{folder} (unknown: {reason_of(error)})")
    return found


class NotAnEnvironment(Guard):
    """Markers and (device, inode) are read again each time: between the look and the act a
    folder can be replaced, emptied, or become a link to anything."""

    name = "not-an-environment"

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse what is gone, something else, or not one for sure."""
        cause = self._cause(request)
        if not cause:
            return None
        return self.refusal(
            request, cause, command("envdeck", "list", os.path.dirname(request.path))
        )

    def _cause(self, request: GuardRequest) -> str:
        path, shown = request.path, request.target.identity
        if shown is None and request.operation is Operation.RECREATE:
            return "path was created since the preview" if os.path.lexists(path) else ""
        if not os.path.isabs(path):
            return "path is not absolute"
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return "no longer exists"
        except (OSError, ValueError) as error:
            return f"cannot be accessed: {reason_of(error)}"
        if stat.S_ISLNK(status.st_mode):
            return f"is now a symlink to {reach.realpath(path)}"
        if not stat.S_ISDIR(status.st_mode):
            return "no longer a folder"
        if shown is None or (status.st_dev, status.st_ino) != (shown.device, shown.inode):
            return "folder was replaced since the preview"
        if reach.realpath(path) != os.path.normpath(path):
            return "a parent folder is now a symlink"
        candidate = request.machine.candidate(path)
        if candidate is None:
            return "not an environment"
        return f"not an environment ({candidate.shortcoming})" if candidate.shortcoming else ""


class OwnEnvironment(Guard):
    """What runs cannot be taken from under itself. A shell that has it activated is no harm to
    a change in place, but would be left with paths to nothing by a delete."""

    name = "self"

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse the environment of this process and of those above it."""
        path, machine = request.path, request.machine
        if any(lies_under(place, path) for place in machine.ours):
            return self.refusal(
                request,
                "EnvDeck runs from this environment",
                "run EnvDeck from another environment: uvx envdeck",
            )
        above = () if machine.pid is None else machine.processes.ancestors_of(machine.pid)
        for process in above:
            if any(lies_under(program, path) for program in process.programs):
                message = f"a parent process of EnvDeck runs from this environment: {process.name}"
                return self.refusal(
                    request, f"{message} ({process.pid})", command("ps", "-fp", str(process.pid))
                )
        active = [name for process in above for name in process.active]
        names = (machine.host.folder(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
        active += [name for name in names if name is not None]
        if request.operation is Operation.DELETE and any(
            reach.realpath(name) == path for name in active if "\0" not in name
        ):
            return self.refusal(request, "activated in this shell", "deactivate")
        return None


class OwnedByManager(Guard):
    """Behind its back, links to programs would dangle and its index would lie."""

    name = "owned-by-tool"

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse with the owner's own command; with the owner called to do it, only what the
        owner itself keeps back."""
        path, machine = request.path, request.machine
        candidate, manager = machine.candidate(path), machine.manager(path)
        if candidate is None or manager is None:
            return None
        kept = manager.refuses(candidate)
        if kept is not None and kept.guard == self.name:
            return self.refusal(request, kept.message)
        if request.by_owner:
            return None
        if request.operation is Operation.DELETE:
            known = request.environment
            own = manager.removal(candidate, known.project.path if known is not None else None)
            if own is None:
                return None
            return self.refusal(request, f"managed by {manager.name}", command(*own))
        if not manager.exclusive:
            return None
        own = manager.renewal(candidate)
        hint = command(*own) if own else ""
        return self.refusal(request, f"only {manager.name} can change it", hint)


def owner_command(environment: Environment, machine: GuardContext) -> tuple[str, ...] | None:
    """Return the command by which the tool that owns an environment removes it, or None where
    it is a plain folder that nothing keeps an index of."""
    candidate, manager = machine.candidate(environment.path), machine.manager(environment.path)
    if candidate is None or manager is None:
        return None
    return manager.removal(candidate, environment.project.path)


_TRASH_HINT = "use `envdeck trash` to list, restore or permanently delete trashed items"


class ProtectedPath(Guard):
    """A `venv` made in the root of a project, or over the home folder, is an environment by
    its markers, and holds everything else too."""

    name = "protected-path"

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse what a list shows as protected, where we stand, and where scans begin."""
        path, machine = request.path, request.machine
        if cause := protected_place(path, machine.host):
            return self.refusal(request, cause, _way_out(path))
        if any(lies_under(trash, path) for trash in machine.trashes):
            return self.refusal(request, "contains an EnvDeck trash", _TRASH_HINT)
        if machine.folder is not None and lies_under(machine.folder, path):
            way = command("cd", os.path.dirname(path))
            return self.refusal(request, "contains the current folder", way)
        for root in machine.roots:
            if lies_under(reach.realpath(machine.host.expand(root)), path):
                return self.refusal(request, "contains a configured root folder")
        for known in machine.environments:
            if known.project.path == path:
                return self.refusal(request, f"project folder of {known.path}")
        return None


def _way_out(path: str) -> str:
    """Return the command of whoever put it there, or how to part it from what is to stay."""
    if is_in_trash(path) or f"{os.sep}envdeck{os.sep}trash{os.sep}" in path:
        return _TRASH_HINT
    before, cellar, after = path.partition(f"{os.sep}Cellar{os.sep}")
    if cellar and before:
        return command("brew", "uninstall", after.split(os.sep)[0])
    return ""


class ReadOnly(Guard):
    """A person's own choice, for every operation there is."""

    name = "read-only"
    operations = frozenset(Operation)
    of_links = True

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse everything in read-only mode."""
        if not request.machine.read_only:
            return None
        return self.refusal(request, "read-only mode is on", "envdeck config show")


class Symlink(Guard):
    """Overruled, the link alone goes, and what it leads to stays."""

    name = "symlink"
    overrulable = True
    operations = frozenset({Operation.DELETE})
    of_links = True

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse what was asked for by a link, and name where that leads."""
        link = request.link
        if link is None:
            return None
        if not os.path.lexists(link):
            return self.refusal(request, "no longer exists", final=True)
        is_link = os.path.islink(link)
        if not is_link and os.path.isdir(link):
            return self.refusal(request, "no longer a symlink but a folder", final=True)
        if is_link and reach.realpath(link) != request.path:
            now = reach.realpath(link)
            return self.refusal(request, f"symlink target changed: {now}", final=True)
        return self.refusal(
            request,
            f"symlink, its target is kept: {request.path}",
            f"{self.override_command(request)} deletes the symlink;"
            f" {command('envdeck', 'delete', request.path)} deletes the environment",
        )


class TrackedByGit(Guard):
    """An environment that was committed is part of a repository's history, wanted or not."""

    name = "tracked"
    overrulable = True
    operations = frozenset({Operation.DELETE, Operation.RECREATE})
    costly = True

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse what has tracked files in it."""
        answer = request.machine.tracked(request.path)
        if not answer.files:
            return None
        count = f"{'more than ' if answer.more else ''}{counted(len(answer.files), 'file')}"
        return self.refusal(
            request,
            f"{count} tracked by git in {answer.repository}: {join_some(answer.files)}",
            self.override_command(request),
        )

    def unchecked(self, request: GuardRequest) -> str:
        """Say so where git could not be asked."""
        _, answer, _ = request.machine.answers(request.path)
        problem = answer.problem if answer is not None else ""
        return f"git-tracked files not checked: {problem}" if problem else ""


class UnownedFiles(Guard):
    """A `.env`, a notebook, a hook, a checkout with commits that were never pushed."""

    name = "unowned-files"
    overrulable = True
    operations = frozenset({Operation.DELETE})
    costly = True

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Refuse when there is one, or when a part could not be looked at."""
        found = request.machine.unowned(request.path)
        told: list[str] = []
        if found.nested:
            told.append(f"contains a nested repository or environment: {join_some(found.nested)}")
        if found.count:
            belong = "belongs" if found.count == 1 else "belong"
            files = f"{counted(found.count, 'file')} {belong}"
            names = join_some(file.path for file in found.files)
            more = found.count - len(found.files)
            told.append(
                f"{files} to no package ({amount(found.bytes)}): {names}"
                + (f", {more:,} not listed" if more else "")
            )
        if found.unread:
            told.append(f"partly unreadable: {join_some(found.unread)}")
        if not told:
            return None
        return self.refusal(request, "; ".join(told), self.override_command(request))

    def unchecked(self, request: GuardRequest) -> str:
        """Say which packages have no list of their files."""
        found, _, _ = request.machine.answers(request.path)
        notes = found.notes if found is not None else ()
        return f"package ownership of some files is unknown: {join_some(notes)}" if notes else ""
