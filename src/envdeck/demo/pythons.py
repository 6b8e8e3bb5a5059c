"""The demo's Pythons: one that works, and others that only look like one.

The working one is a copy of the real executable, with links to the files of the standard library
and an empty package folder: no installed package and no path of the machine is seen, and bytecode
is written nowhere else.

Others cannot be had without a network. They are scripts. EnvDeck recognises most of them as no
interpreter, and so proposes the working one; those that it lists are too old or too new to be
proposed.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig

from envdeck.core.lazy_dataclasses import dataclass

_LEFT_OUT = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo"}
    | {"tkinter", "pydoc_data"}
)
_PROBE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class BasePython:
    """A base interpreter of environments."""

    executable: str
    prefix: str
    version: str
    """`3.12.4`."""

    @property
    def minor(self) -> str:
        """`3.12`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def numbers(self) -> tuple[int, ...]:
        """`(3, 12)`, to compare."""
        return tuple(int(one) for one in self.minor.split("."))

    @property
    def other_micro(self) -> str:
        """A release of the same minor version that is not installed: `3.12.3`."""
        digits = re.match(r"\d+", self.version.split(".")[2])
        micro = int(digits[0]) if digits else 0
        return f"{self.minor}.{micro - 1 if micro else micro + 1}"

    @property
    def next_minor(self) -> str:
        """The minor version after it: `3.13`."""
        major, minor = self.minor.split(".")
        return f"{major}.{int(minor) + 1}"


def copy_python(versions: str) -> BasePython:
    """Copy the real Python into a folder of versions; return the real one where a copy does not
    work (a framework of macOS finds its library in another way). Raises OSError."""
    base: str = getattr(sys, "_base_executable", "") or sys.executable
    real = BasePython(os.path.realpath(base), sys.base_prefix, platform.python_version())
    inside = os.path.join(sys.base_prefix, "")
    if os.name != "posix" or not sysconfig.get_path("stdlib").startswith(inside):
        return real
    prefix = os.path.join(versions, real.version)
    name = f"python{real.minor}"
    executable = os.path.join(prefix, "bin", name)
    os.makedirs(os.path.dirname(executable))
    shutil.copy(real.executable, executable)
    for alias in ("python", "python3"):
        os.symlink(name, os.path.join(prefix, "bin", alias))
    stdlib = sysconfig.get_path("stdlib")  # in `lib64` on some systems
    library = os.path.join(prefix, os.path.relpath(stdlib, sys.base_prefix))
    link_tree(stdlib, library)
    os.makedirs(os.path.join(library, "site-packages"))
    _link_shared(sys.base_prefix, prefix)
    header = os.path.join(sysconfig.get_path("include"), "patchlevel.h")
    if os.path.isfile(header):
        include = os.path.join(prefix, "include", name)
        os.makedirs(include)
        shutil.copyfile(header, os.path.join(include, "patchlevel.h"))
    if _starts(executable, prefix):
        return BasePython(executable, prefix, real.version)
    shutil.rmtree(prefix)
    return real


def link_tree(source: str, target: str) -> None:
    """Copy the folders of a tree, with links to its files."""
    os.makedirs(target)
    with os.scandir(source) as entries:
        for entry in entries:
            place = os.path.join(target, entry.name)
            if not entry.is_dir():
                if not entry.name.endswith((".opt-1.pyc", ".opt-2.pyc")):
                    os.symlink(entry.path, place)
            elif entry.name not in _LEFT_OUT and not entry.name.startswith("config-"):
                link_tree(entry.path, place)


def _link_shared(source: str, target: str) -> None:
    """Link `libpython`, which the executable may load."""
    os.makedirs(os.path.join(target, "lib"), exist_ok=True)
    with os.scandir(os.path.join(source, "lib")) as entries:
        for entry in entries:
            if entry.name.startswith("libpython") and entry.is_file():
                os.symlink(entry.path, os.path.join(target, "lib", entry.name))


def _starts(executable: str, prefix: str) -> bool:
    """Whether an executable runs, and finds its library in this prefix."""
    probe = "import sys, json, ssl; print(sys.base_prefix)"
    try:
        done = subprocess.run(
            [executable, "-I", "-c", probe],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
            env={"PATH": os.defpath},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == prefix


_SCRIPT = 'echo "Python {} is a demo replacement without an interpreter" >&2\nexit 1\n'
_SHELL = "#!/bin/sh\n"
_NEXT = 15
"""The minor version with only pre-releases."""


@dataclass(frozen=True, slots=True)
class OtherPythons:
    """The versions beside the one that works."""

    ended: BasePython
    """Past its end of life."""
    left: BasePython
    """No environment uses it."""
    earlier: BasePython
    later: BasePython
    coming: BasePython
    """Not released yet."""


def create_other_pythons(home: str, own: BasePython) -> OtherPythons:
    """Write them into a home, and one more that no environment uses. Raises OSError."""
    versions = os.path.join(home, ".pyenv", "versions")
    mise = os.path.join(home, ".local", "share", "mise", "installs", "python")
    minors = [one for one in ("3.12.12", "3.13.9", "3.14.0") if not one.startswith(own.minor)]
    coming = f"3.{max(_NEXT, int(own.next_minor.split('.')[1]))}.0b1"
    asdf = os.path.join(home, ".asdf", "installs", "python")
    _write(os.path.join(asdf, "3.10.13"), "3.10.13", listed=True)
    return OtherPythons(
        ended=_write(os.path.join(versions, "3.8.18"), "3.8.18"),
        left=_write(os.path.join(versions, "3.9.18"), "3.9.18", listed=True),
        earlier=_write(os.path.join(versions, minors[0]), minors[0]),
        later=_write(os.path.join(mise, minors[1]), minors[1]),
        coming=_write(os.path.join(mise, coming), coming, listed=True),
    )


def _write(prefix: str, version: str, *, listed: bool = False) -> BasePython:
    minor = ".".join(version.split(".")[:2])
    name = f"python{minor}"
    library = os.path.join(prefix, "lib", name)
    executable = os.path.join(prefix, "bin", name)
    include = os.path.join(prefix, "include", name)
    for folder in (os.path.dirname(executable), os.path.join(library, "site-packages"), include):
        os.makedirs(folder)
    texts = {
        executable: ("# A program for any shell.\n" if listed else _SHELL) + _SCRIPT.format(minor),
        os.path.join(library, "os.py"): '"""Marks a standard library."""\n',
        os.path.join(include, "patchlevel.h"): f'#define PY_VERSION "{version}"\n',
    }
    for path, text in texts.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(executable, 0o700)
    for alias in ("python", "python3"):
        os.symlink(name, os.path.join(prefix, "bin", alias))
    return BasePython(executable, prefix, version)
