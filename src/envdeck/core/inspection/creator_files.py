"""What the tools that make environments write into them, told from what a person put there.

A name alone is not enough where people write into such files: an `activate` with lines added at
its end, a hook of virtualenvwrapper that is no longer the template, a `.gitignore` of one's own
are the person's, and are lost with the environment.
"""

import os
import re

from envdeck.core.files import Unread, decode_path, read_bounded

_LIMIT = 64 * 1024
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
"""Of the Cache Directory Tagging Specification."""
_EASY_INSTALL = b"# EASY-INSTALL-"

_TOX_MARKS = frozenset({".tox-info.json", ".tox-config1"})
_TOP = frozenset(
    {"pyvenv.cfg", "pip-selfcheck.json", "pipx_metadata.json", "uv-receipt.toml"}
    | _TOX_MARKS
    | {".install_state_v1", ".install_state_v2", ".DS_Store"}
)
_SHELLS = frozenset(
    {"activate.csh", "activate.fish", "activate.nu", "activate.ps1", "Activate.ps1"}
    | {"activate.xsh", "activate.bat", "activate_this.py", "deactivate.bat", "deactivate.csh"}
    | {"deactivate.nu", "pydoc.bat"}
)
ACTIVATION = _SHELLS | {"activate"}
"""The scripts for shells, which no program in an environment needs."""
_SCRIPTS = _SHELLS | {
    *("python-config", "\U0001d70bthon", ".DS_Store", "venvlauncher.exe", "venvwlauncher.exe")
}
_PYTHON = re.compile(
    r"(?:(?:python|pypy|graalpy)w?(?:\d+(?:\.\d+)?t?)?w?(?:\.exe)?"
    r"|(?:python\d+t?|vcruntime\d+(?:_\d+)?|libpypy[\d.]*-c|libffi-\d+|sqlite3)\.(?:dll|so|dylib)"
    r"|libpypy[\d.]*-c\.so(?:\.debug)?|python\d+\.zip|[a-z_]\w*\.pyd)"
)
_TOX = {"log": (".log",), "dist": (".tar.gz", ".whl")}
_LIBRARY = re.compile(r"lib(?:python|pypy)[\d.]*t?(?:-c)?\.(?:so(?:[.\d]*)|dylib)")
_HOOKS = frozenset(
    {"preactivate", "postactivate", "predeactivate", "postdeactivate", "get_env_details"}
)
_STARTUP = frozenset(
    {"_virtualenv.py", "_virtualenv.pth", "_uv_ephemeral_overlay.pth", "pipx_shared.pth"}
    | {".DS_Store"}
)
_LEGACY = frozenset({"orig-prefix.txt", "no-global-site-packages.txt", "site.py"})
"""What virtualenv before 20 put into `lib/python3.x`, beside links to the base's own library."""


def is_creators(root: str, folder: str, name: str, *, scripts: str, packages: bool) -> bool:
    """Tell whether `folder/name` in the environment at `root` is what its creator writes there.

    `folder` is relative with `/`, and empty for the top; `scripts` is the name of the scripts
    folder (`bin`), and `packages` tells whether `folder` is a package folder.
    """
    path = os.path.join(root, folder, name)
    if not folder:
        return name in _TOP or _is_top(path, name) or (name == "file.lock" and _is_toxs(root))
    if folder == scripts:
        return name in _SCRIPTS or _is_script(path, name)
    if packages:
        return name in _STARTUP or _is_startup(path, name)
    if folder.startswith(("lib/python", "lib/pypy")):
        return _is_legacy(path, folder, name)
    if folder in {"lib", "lib64"}:  # virtualenv's copies of what the executable is linked to
        return _LIBRARY.fullmatch(name) is not None
    if folder in _TOX:  # written anew by each run
        return name.endswith(_TOX[folder]) and _is_toxs(root)
    return folder in {"include", "local"} and _links_elsewhere(path, name)


def _is_top(path: str, name: str) -> bool:
    if name == "lib64":
        return os.path.islink(path) and _target(path) in {"lib", path.removesuffix("64")}
    if name == ".lock":
        return _content(path) == b""
    if name == "CACHEDIR.TAG":
        return _content(path).startswith(_TAG)
    if name == ".gitignore":
        lines = (line.strip() for line in _content(path).splitlines())
        return [line for line in lines if line and not line.startswith(b"#")] == [b"*"]
    if name == ".project":  # of Pipenv and virtualenvwrapper; Eclipse's is XML
        return os.path.isabs(decode_path(_content(path)).strip())
    return _PYTHON.fullmatch(name) is not None and os.path.islink(path)


def _is_script(path: str, name: str) -> bool:
    if _PYTHON.fullmatch(name):
        return True
    if name == "activate":
        return _ends_as_made(_content(path))
    if name in _HOOKS:
        lines = (line.strip() for line in _content(path).splitlines())
        return not any(line and not line.startswith(b"#") for line in lines)
    return _EASY_INSTALL in _content(path)[:1024]


def _is_startup(path: str, name: str) -> bool:
    if name.endswith(".virtualenv"):
        return _content(path) == b""  # virtualenv's mark for what it seeded
    if name == "easy-install.pth":
        lines = decode_path(_content(path)).splitlines()
        folder = os.path.dirname(path)
        return all(_leads_to_known(folder, line.strip()) for line in lines)
    return False


def _leads_to_known(folder: str, line: str) -> bool:
    """Tell whether a line of `easy-install.pth` is setuptools' own: its two lines of code, or
    the path of an egg or of a project in development."""
    if not line or line.startswith(("import sys; sys.__plen", "import sys; new=")):
        return True
    if line.startswith("import") or "\0" in line:
        return False
    return os.path.isabs(line) or os.path.exists(os.path.join(folder, line))


def _is_legacy(path: str, folder: str, name: str) -> bool:
    inside = folder.split("/")[2:]
    if not inside:
        return name in _LEGACY or _links_elsewhere(path, name)
    return inside == ["distutils"] and name in {"__init__.py", "distutils.cfg"}


def _links_elsewhere(path: str, name: str) -> bool:
    """Tell whether it is a link to what has the same name in a base's library."""
    if not os.path.islink(path):
        return False
    target = _target(path)
    return os.path.isabs(target) and os.path.basename(target) == name


def _is_toxs(root: str) -> bool:
    return any(os.path.isfile(os.path.join(root, name)) for name in _TOX_MARKS)


def _ends_as_made(data: bytes) -> bool:
    """Tell whether nothing was added at the end of an `activate`: every creator ends it with
    forgetting the shell's memory of commands."""
    last = [line.strip() for line in data.splitlines() if line.strip()][-2:]
    if last and last[-1] == b"fi":
        last.pop()
    return bool(last) and last[-1].startswith(b"hash -r")


def _content(path: str) -> bytes:
    """Return what a small file holds; what cannot be read is nothing that is known."""
    data = read_bounded(path, _LIMIT)
    return b"\0" if isinstance(data, Unread) else data


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
