"""What an interpreter imports besides what is installed in its environment, and what it runs at
every start."""

import os
from collections.abc import Iterable, Iterator

from envdeck.core.health import Answer, Diagnosis, Skipped, content_check
from envdeck.core.health.context import HealthContext, Setting
from envdeck.core.inspection.import_path import (
    READ_AT_START,
    PathFolder,
    PathLine,
    read_path_file,
)
from envdeck.core.inspection.modules import MOST_HIDDEN, HiddenModule, Owner
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.model import Evidence, Fix, FixKind, Severity, minor_of
from envdeck.core.system import reach
from envdeck.core.system.files import is_missing
from envdeck.core.system.host import lies_under
from envdeck.core.system.words import counted, join_some

_KNOWN = {
    "setuptools": ("distutils-precedence.pth",),
    "coverage": ("a1_coverage.pth",),
    "pytest-cov": ("pytest-cov.pth",),
    "pywin32": ("pywin32.pth",),
}
"""Code at start that everybody has, by the distribution that must own it."""
_CREATORS = frozenset({"_uv_ephemeral_overlay.pth", "pipx_shared.pth"})
_EASY_INSTALL = ("import sys; sys.__plen", "import sys; new=")
_VIRTUALENV_BYTES = 20
"""`import _virtualenv`, with a line end or without."""
_SKIPS_HIDDEN = {"3.8": 19, "3.9": 19, "3.10": 14, "3.11": 9, "3.12": 3}
"""From which patch release on Python skips a `.pth` whose name begins with a dot."""
_SHOWN = 160
"""Characters of a line of code that stand in the evidence."""


@content_check(Severity.WARNING)
def code_at_start(context: HealthContext) -> Iterator[Answer]:
    """Code in a `.pth` file, a `sitecustomize` or a `usercustomize`, which this Python runs
    whenever it starts."""
    for folder in _site_folders(context):
        for name in sorted(context.modules.list_names(folder)):
            if name.endswith(".pth") and (name[0] != "." or _runs_hidden(context)):
                yield from _path_file(context, folder, name)
    modules = ["sitecustomize"]
    if _user_site(context):
        modules.append("usercustomize")
    for module in modules:
        yield from _customize(context, module)


def _site_folders(context: HealthContext) -> Iterator[str]:
    """Yield the package folders whose `.pth` files it reads, without those of its base."""
    for one in context.import_path.folders:
        if one.kind in {"own", "user"}:
            yield one.path


def _user_site(context: HealthContext) -> str | None:
    return next((one.path for one in context.import_path.folders if one.kind == "user"), None)


def _runs_hidden(context: HealthContext) -> bool:
    version = context.environment.python.version or ""
    minor = minor_of(version)
    patch = version.removeprefix(f"{minor}.")
    if minor not in _SKIPS_HIDDEN or not patch.isdecimal():
        return minor in {"3.6", "3.7"}
    return int(patch) < _SKIPS_HIDDEN[minor]


def _path_file(context: HealthContext, folder: str, name: str) -> Iterator[Answer]:
    path = os.path.join(folder, name)
    if name == READ_AT_START:  # reading it would look like a use of the environment
        try:
            if reach.lstat(path).st_size <= _VIRTUALENV_BYTES:
                return
        except OSError:
            return
        yield _unowned_code(path, "is not the one that virtualenv writes", ())
        return
    told = read_path_file(path)
    if told.unread:
        yield Skipped(f"{name} {told.unread}")
    code = [line.text for line in told.lines if not line.folder]
    if name == "easy-install.pth":
        code = [line for line in code if not line.startswith(_EASY_INSTALL)]
    if not code or name in _CREATORS:
        return
    yield from _judge_code(context, folder, name, code)


def _customize(context: HealthContext, module: str) -> Iterator[Answer]:
    variable = [
        PathFolder(path, f"PYTHONPATH ({setting.place})")
        for setting in context.settings
        for path in context.listed_folders(setting)
    ]
    for folder in (*variable, *_list_later_folders(context)):
        found = context.modules.find(folder.path, module)
        if found is None:
            continue
        if folder.kind == "standard":  # the system's own: Debian has one
            return
        if folder.kind in {"own", "user", "pth"}:
            name = os.path.basename(found)
            entry = f"{name}/__init__.py" if reach.isdir(found) else name
            yield from _judge_code(context, folder.path, entry, ())
        else:
            yield _unowned_code(found, f"comes from {folder.kind}", ())
        return


def _judge_code(
    context: HealthContext, folder: str, name: str, code: Iterable[str]
) -> Iterator[Answer]:
    path = os.path.join(folder, name)
    owner = context.modules.owner(folder, name)
    if owner is None:
        yield _unowned_code(path, "no distribution owns it", code)
    elif owner.changed:
        yield Diagnosis(
            f"{name} runs code at every start, and was changed since {owner.name} was installed",
            f"Read {path}; reinstall {owner.name}",
            owner.name,
            (("file", path), ("owner", owner.name), ("code", _shorten_code(code))),
            Fix(FixKind.REINSTALL, (owner.name,)),
        )
    elif not _is_known(context, owner, name):
        yield Diagnosis(
            f"{name} of {owner.name} runs code at every start",
            f"Read {path}; uninstall {owner.name} if nothing needs that",
            owner.name,
            (("file", path), ("owner", owner.name), ("code", _shorten_code(code))),
            severity=Severity.NOTE,
        )


def _is_known(context: HealthContext, owner: Owner, name: str) -> bool:
    editable = any(one.editable for one in context.by_name.get(owner.name, ()))
    return (
        editable
        or name.startswith("__editable__")
        or name in _KNOWN.get(owner.name, ())
        or name.endswith("-nspkg.pth")
    )


def _unowned_code(path: str, why: str, code: Iterable[str]) -> Diagnosis:
    return Diagnosis(
        f"{os.path.basename(path)} runs code at every start: {why}",
        f"Read {path}; delete it if it is not yours",
        path,
        (("file", path), ("owner", None), ("code", _shorten_code(code))),
    )


def _shorten_code(code: Iterable[str]) -> tuple[str, ...]:
    return tuple(mask_text(line[:_SHOWN]) for line in list(code)[:3])


@content_check(Severity.WARNING)
def shadowed_module(context: HealthContext) -> Iterator[Answer]:
    """A module of the project, of `PYTHONPATH`, of the user's packages or of another distribution
    that is imported in place of an installed or a standard one."""
    if context.base is None:
        yield Skipped("its standard library was not found")
    if context.project is not None:
        for one in _find_project_shadows(context, context.project):
            yield _shadow(context, one, "the project")
    for setting in context.settings:
        for folder in context.listed_folders(setting):
            found = context.modules.hidden(folder, _list_later_folders(context))
            yield from _shadows(folder, found, f"PYTHONPATH ({setting.place})")
    if user := _user_site(context):
        yield from _shadows(user, _find_user_shadows(context), "user site")
    yield from _find_distribution_shadows(context)


def _list_later_folders(context: HealthContext, folder: str = "") -> list[PathFolder]:
    """Return where an import looks after a folder of `sys.path`, or after those of `PYTHONPATH`."""
    places = list(context.import_path.folders)
    if context.base is not None:
        library = context.base.stdlib
        standard = (library, os.path.join(library, "lib-dynload"))
        places[:0] = [PathFolder(path, "standard") for path in standard]
    index = next((index for index, one in enumerate(places) if one.path == folder), -1)
    return places[index + 1 :]


def _find_user_shadows(context: HealthContext) -> list[HiddenModule]:
    user = _user_site(context)
    return context.modules.hidden(user, _list_later_folders(context, user)) if user else []


def _find_project_shadows(context: HealthContext, project: str) -> Iterator[HiddenModule]:
    found = context.modules.hidden(project, _list_later_folders(context))
    if not found:
        return
    from envdeck.core.project.project import manifest_files, read_manifest  # start-up: rare

    own = {read_manifest(file).name for file in manifest_files(project)}
    for one in found:
        owner = _owner_of(context, one)
        if owner is None or owner.name not in own:
            yield one


def _owner_of(context: HealthContext, hidden: HiddenModule) -> Owner | None:
    if hidden.kind == "standard":
        return None
    folder, name = os.path.split(hidden.target)
    return context.modules.owner(folder, name)


def _shadow(context: HealthContext, hidden: HiddenModule, source: str) -> Diagnosis:
    owner = _owner_of(context, hidden)
    name = os.path.basename(hidden.path)
    if hidden.kind == "standard":
        what = f"the standard module {hidden.name}"
    else:
        what = f"{hidden.name} of {owner.name}" if owner else f"the installed {hidden.name}"
    folder = "/" if reach.isdir(hidden.path) else ""
    return Diagnosis(
        f"{name}{folder} of {source} hides {what}",
        f"Rename or remove {hidden.path}",
        hidden.name,
        (
            ("file", hidden.path),
            ("hides", hidden.target),
            ("source", source),
            ("owner", owner.name if owner else None),
        ),
    )


def _shadows(folder: str, found: list[HiddenModule], source: str) -> Iterator[Answer]:
    """Tell in one finding what a whole folder hides."""
    if found:
        yield Diagnosis(
            f"{folder} of {source} hides {join_some(one.name for one in found)}",
            "Take it off the path, or rename its modules",
            folder,
            (("modules", tuple(one.name for one in found)), ("source", source),
             ("hides", tuple(one.target for one in found))),
        )  # fmt: skip


def _find_distribution_shadows(context: HealthContext) -> Iterator[Answer]:
    """Yield what a distribution hides of another: one has a package and the other a module of
    the same name, or they are in two folders."""
    folders = [one for one in context.import_path.folders if one.kind in {"own", "pth"}]
    for index, folder in enumerate(folders):
        if folder.kind == "own":
            for one in context.modules.hidden(folder.path, folders[index + 1 :]):
                yield _shadow(context, one, _named(context, folder.path, one.path))
            for one in context.modules.hidden_within(folder.path):
                owner = _owner_of(context, one)
                if (name := _named(context, folder.path, one.path)) != (owner and owner.name):
                    yield _shadow(context, one, name)


def _named(context: HealthContext, folder: str, path: str) -> str:
    owner = context.modules.owner(folder, os.path.basename(path))
    return owner.name if owner else "no distribution"


@content_check(Severity.WARNING)
def path_pollution(context: HealthContext) -> Iterator[Answer]:
    """A setting or a `.pth` file that brings modules from outside into the environment, or has
    pip install elsewhere."""
    for setting in context.settings:
        if setting.name == "PYTHONPATH":
            yield from _python_path(context, setting)
        elif setting.name == "PYTHONHOME":
            yield _set(setting, "takes the place of its standard library")
        elif _has_pip(context):
            yield _set(setting, "has pip install elsewhere" if setting.name != "PIP_USER" else
                       "has pip install into the user site, which it refuses here")  # fmt: skip
    yield from _outside_packages(context)
    for folder in context.folders:
        for name in sorted(context.modules.list_names(folder)):
            if name.endswith(".pth") and name not in {READ_AT_START, *_CREATORS}:
                yield from _leads(context, folder, name)


def _set(setting: Setting, effect: str, *evidence: tuple[str, tuple[str, ...]],
         severity: Severity | None = None) -> Diagnosis:  # fmt: skip
    remedy = f"Remove it from {setting.file}" if setting.file else f"unset {setting.name}"
    return Diagnosis(
        f"{setting.name} ({setting.place}) {effect}",
        remedy,
        setting.name,
        (("setting", setting.name), ("file", setting.file or None), *evidence),
        severity=severity,
    )


def _python_path(context: HealthContext, setting: Setting) -> Iterator[Answer]:
    folders = context.listed_folders(setting)
    if not folders:
        return
    hides = [
        one.name
        for folder in folders
        for one in context.modules.hidden(folder, _list_later_folders(context))
    ]
    inside = setting.file and context.project and all(
        lies_under(folder, context.project) for folder in folders
    )  # fmt: skip
    yield _set(
        setting,
        f"adds {join_some(folders)} to sys.path",
        ("adds", folders),
        ("hides", tuple(hides)),
        severity=Severity.NOTE if inside and not hides else None,
    )


def _has_pip(context: HealthContext) -> bool:
    return any(
        name.startswith("pip-")
        for folder in context.folders
        for name in context.modules.list_names(folder)
    )


def _outside_packages(context: HealthContext) -> Iterator[Answer]:
    """Tell what it sees of the user's and of the system's packages."""
    brought: dict[str, tuple[str, list[str]]] = {}
    for folder in context.import_path.folders:
        if folder.kind not in {"own", "pth"}:
            kind = "user" if folder.kind == "user" else "system"
            names = sorted({one.name for one in list_names((folder.path,))})
            if names:
                brought.setdefault(kind, (folder.path, []))[1].extend(names)
    conda = context.environment.creation.creator == "conda"
    for kind, (path, names) in brought.items():
        word = "User site" if kind == "user" else "System packages"
        hides = tuple(one.name for one in _find_user_shadows(context)) if kind == "user" else ()
        yield Diagnosis(
            f"{word} visible: {counted(len(names), 'distribution')} beyond its own"
            f" ({join_some(names)})",
            "Set PYTHONNOUSERSITE=1" if kind == "user" and conda else
            f"Recreate without system packages: envdeck recreate {context.environment.path}",
            "user-site" if kind == "user" else "system-site-packages",
            (("folder", path), ("distributions", len(names)),
             ("adds", tuple(names[:MOST_HIDDEN])), ("hides", hides)),
            None if kind == "user" and conda else Fix(FixKind.RECREATE),
            Severity.WARNING if kind == "user" else Severity.NOTE,
        )  # fmt: skip


def _leads(context: HealthContext, folder: str, name: str) -> Iterator[Answer]:
    """Tell where a `.pth` file leads out of the environment, in two findings at most, and whether
    Python starts with it."""
    path = os.path.join(folder, name)
    told = read_path_file(path)
    if told.unread:
        yield Skipped(f"{name} {told.unread}")
    lines = [
        one
        for one in told.lines
        if one.folder and not lies_under(one.folder, context.environment.path)
    ]
    missing = [one for one in lines if is_missing(one.folder) and not reach.obstacle(one.folder)]
    outside = [one for one in lines if one not in missing and not _is_development(name, one.folder)]
    judged = told.garbled or missing or outside
    owner = context.modules.owner(folder, name) if judged else None
    if told.garbled:
        yield Diagnosis(
            f"{name} is not UTF-8: Python does not start in a UTF-8 locale",
            "Reinstall it" if owner else f"Delete {path}, or save it as UTF-8",
            owner.name if owner else path,
            (("file", path),),
            Fix(FixKind.REINSTALL, (owner.name,)) if owner else None,
            severity=Severity.WARNING if context.host.windows else Severity.ERROR,
        )
    if missing:
        yield Diagnosis(
            f"{name} adds a folder that does not exist: {join_some(one.folder for one in missing)}",
            f"envdeck uninstall {context.environment.path} {owner.name}" if owner else
            f"Remove line {missing[0].number} of {path}",
            owner.name if owner else path,
            _line_evidence(path, missing),
            Fix(FixKind.UNINSTALL, (owner.name,)) if owner else None,
        )  # fmt: skip
    if outside and owner is None:
        yield Diagnosis(
            f"{name} adds {join_some(one.folder for one in outside)} to sys.path;"
            " no distribution owns it",
            f"Remove line {outside[0].number} of {path} if it is not wanted",
            path,
            _line_evidence(path, outside),
        )


def _line_evidence(path: str, lines: list[PathLine]) -> Evidence:
    adds = tuple(one.folder for one in lines[:MOST_HIDDEN])
    return (("file", path), ("line", lines[0].number), ("adds", adds))


def _is_development(name: str, folder: str) -> bool:
    """Tell whether `setup.py develop` wrote a line: what it leads to has the metadata."""
    if name not in {"easy-install.pth", "conda.pth"}:
        return False
    try:
        return any(entry.endswith((".egg-info", ".dist-info")) for entry in reach.listdir(folder))
    except OSError:
        return False
