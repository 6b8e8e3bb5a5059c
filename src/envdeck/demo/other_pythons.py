"""Pythons of other versions: the programs in their places only say that they stand in for one.

None can be had without a network. Those that environments rest on are scripts, which EnvDeck
takes for no interpreter, so that it proposes the one that works for whatever is made again. Those
that are listed are too old or too new to be proposed.
"""

import os
from dataclasses import dataclass

from envdeck.demo.pythons import BasePython

_SAYS = 'echo "this Python {} only stands in for one, in the demo of EnvDeck" >&2\nexit 1\n'
_SHELL = "#!/bin/sh\n"
_NEXT = 15
"""The minor version that is being tried out before its release."""


@dataclass(frozen=True, slots=True)
class OtherPythons:
    """The versions beside the one that works."""

    ended: BasePython
    """Without fixes for years."""
    left: BasePython
    """Nothing rests on it any more."""
    earlier: BasePython
    later: BasePython
    coming: BasePython
    """Not released yet."""


def other_pythons(home: str, own: BasePython) -> OtherPythons:
    """Write them into a home, and those that nothing rests on too. Raises OSError."""
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
    for folder in (os.path.dirname(executable), os.path.join(library, "site-packages")):
        os.makedirs(folder)
    os.makedirs(os.path.join(prefix, "include", name))
    texts = {
        executable: ("# A program for any shell.\n" if listed else _SHELL) + _SAYS.format(minor),
        os.path.join(library, "os.py"): '"""Marks a standard library."""\n',
        os.path.join(prefix, "include", name, "patchlevel.h"): f'#define PY_VERSION "{version}"\n',
    }
    for path, text in texts.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(executable, 0o700)
    for alias in ("python", "python3"):
        os.symlink(name, os.path.join(prefix, "bin", alias))
    return BasePython(executable, prefix, version)
