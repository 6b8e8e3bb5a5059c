"""The interpreter that an environment uses, against the one it was created with and the one that
the shell starts, and who may write what it runs."""

import os
import re
import shlex
import stat
from collections.abc import Iterator

from envdeck.core.discovery.interpreters.landmarks import Located
from envdeck.core.discovery.prefix import read_cfg
from envdeck.core.health import Answer, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext, is_of_runner
from envdeck.core.inspection.interpreter import BaseReader
from envdeck.core.inspection.modules import MOST_HIDDEN
from envdeck.core.model import Fix, FixKind, Severity, Status, minor_of
from envdeck.core.system import reach
from envdeck.core.system.host import lies_under
from envdeck.core.system.mounts import is_remote, mount_of, read_mounts
from envdeck.core.system.words import join_some

_RELEASE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}(?!\d)")


@content_check(Severity.NOTE)
def stale_base(context: HealthContext) -> Iterator[Answer]:
    """The base interpreter is another release than the one that the environment was created
    with, or another build than its executable."""
    environment, python = context.environment, context.environment.python
    if environment.status is not Status.OK or environment.creation.creator == "conda":
        return
    cfg, _ = read_cfg(os.path.join(environment.path, "pyvenv.cfg"))
    recorded = _release(cfg.get("version_info") or cfg.get("version") or "")
    home, executable = cfg.get("home", ""), python.base_executable
    if not os.path.isabs(home) or executable is None or not recorded:
        return
    bases = context.bases or BaseReader(context.host)
    base = _located(home, minor_of(recorded), bases)
    if base is None:
        yield Skipped(f"no interpreter was found in {home}")
        return
    copied = lies_under(executable, environment.path)
    linked = None if copied else bases.locate(executable)
    apart = linked is not None and linked.prefix != base.prefix
    # what a link leads to was read with the environment; of the system's, that takes long
    now = _release((bases.version(base) if copied or apart else python.version) or "")
    if not now:
        return  # its files tell the minor version only
    link = _release(python.version or "") if apart else now
    evidence = (("created_with", recorded), ("now", now), ("base", base.executable))
    if linked is not None and link and link != now:
        yield Diagnosis(
            f"Executable is Python {link}, its standard library that of {now} in {home}",
            _remedy(environment.path),
            linked.executable,
            (*evidence, ("executable", linked.executable)),
            Fix(FixKind.REPAIR),
            Severity.WARNING,
        )
    elif now != recorded:
        what = "the environment was created"
        what += "; its executable is a copy of the old one" if copied else ""
        yield Diagnosis(
            f"Base interpreter changed from {recorded} to {now} after {what}",
            _remedy(environment.path),
            base.executable,
            evidence,
            Fix(FixKind.REPAIR),
            Severity.WARNING if copied else None,
        )


def _remedy(path: str) -> str:
    return f"Repair it, or recreate it with the base of today: envdeck recreate {path}"


def _release(text: str) -> str:
    """Return the three numbers of a version; empty where one lacks. `venv` records no stage, so
    that of a candidate for release cannot be compared."""
    match = _RELEASE.match(text.strip())
    return match.group() if match else ""


def _located(home: str, minor: str, bases: BaseReader) -> Located | None:
    names = (f"python{minor}", "python3", "python", f"pypy{minor}", "pypy3", "python.exe")
    for name in names:
        path = os.path.join(home, name)
        if reach.exists(path) and (located := bases.locate(path)) is not None:
            return located if located.minor in {None, minor} else None
    return None


@content_check(Severity.WARNING)
def wrong_python(context: HealthContext) -> Iterator[Answer]:
    """The shell starts another Python than that of the environment that is active, or of the
    project one stands in."""
    if context.kept:
        yield Skipped("depends on the shell: `envdeck doctor` asks it")
        return
    environment = context.environment
    executable = environment.python.executable
    if executable is None or is_of_runner(environment):
        return
    active = context.host.folder("VIRTUAL_ENV") or context.host.folder("CONDA_PREFIX")
    if active is not None and _same(active, environment.path):
        yield from _first_python(context, executable)
    elif context.project is not None and _stands_in(context, context.project):
        yield from _other_active(context, context.project, active)


def _first_python(context: HealthContext, executable: str) -> Iterator[Answer]:
    """Tell what `python` is where the environment is active."""
    scripts = os.path.dirname(executable)
    found = _which(context)
    if found is None or _same(os.path.dirname(found), scripts):
        return
    yield Diagnosis(
        f"The environment is active, and `python` is {found}",
        f"Put {scripts} first on PATH: activate it again",
        found,
        (("python", found), ("expected", executable), ("active", context.environment.path)),
    )


def _other_active(context: HealthContext, project: str, active: str | None) -> Iterator[Answer]:
    """Tell which environment is active in the folder of this one's project."""
    environment = context.environment
    found = _which(context)
    if (active is not None and lies_under(reach.realpath(active), project)) or (
        found is not None and lies_under(reach.realpath(os.path.dirname(found)), project)
    ):
        return  # another environment of this project
    evidence = (("python", found), ("expected", environment.python.executable), ("active", active))
    command = f"envdeck run {shlex.quote(environment.path)}"
    remedy = f"Open a shell with it active: {command}"
    if active is not None:
        yield Diagnosis(
            f"{active} is active in {project}, whose environment is this one",
            remedy, active, evidence,
        )  # fmt: skip
    elif found is not None:
        yield Diagnosis(
            f"No environment is active in {project}: `python` is {found}",
            remedy, found, evidence, severity=Severity.NOTE,
        )  # fmt: skip


def _stands_in(context: HealthContext, project: str) -> bool:
    here = context.host.folder("PWD")
    return here is not None and lies_under(reach.realpath(here), reach.realpath(project))


def _same(first: str, second: str) -> bool:
    try:
        return reach.samefile(first, second)
    except OSError:
        return False


def _which(context: HealthContext) -> str | None:
    """Return the first `python` on the PATH of the shell."""
    return reach.which("python", context.host.variable("PATH") or "")


_MADE_UP = frozenset({"exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vboxsf", "vfat"})
"""File systems without modes of their own: everybody may do everything, says the kernel."""
_SCRIPTS = 2000


@content_check(Severity.WARNING)
def writable_by_others(context: HealthContext) -> Iterator[Answer]:
    """Package folders, scripts or `.pth` files that every user of this machine may write."""
    if context.host.windows:
        yield Skipped("Windows has no modes to read")
        return
    found = [path for path in _sensitive(context) if _is_open(path)]
    if not found:
        return
    mount = mount_of(found[0], read_mounts(context.host))
    if mount is not None and (mount.kind in _MADE_UP or is_remote(mount)):
        yield Skipped(f"its file system ({mount.kind}) has no modes of its own")
        return
    yield Diagnosis(
        f"{join_some(found)}: writable by every user",
        f"chmod -R o-w {context.environment.path}",
        found[0],
        (("files", tuple(found[:MOST_HIDDEN])),),
    )


def _sensitive(context: HealthContext) -> Iterator[str]:
    root = context.environment.path
    yield root
    yield os.path.join(root, "pyvenv.cfg")
    for folder in context.folders:
        above = os.path.dirname(folder)
        while lies_under(above, root) and above != root:
            yield above
            above = os.path.dirname(above)
        yield folder
        for name in context.modules.list_names(folder):
            if name.endswith(".pth"):
                yield os.path.join(folder, name)
    executable = context.environment.python.executable
    if executable is not None:
        scripts = os.path.dirname(executable)
        yield scripts
        for name in sorted(context.modules.list_names(scripts))[:_SCRIPTS]:
            yield os.path.join(scripts, name)


def _is_open(path: str) -> bool:
    try:
        mode = reach.lstat(path).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not stat.S_ISLNK(mode) and not mode & stat.S_ISVTX
