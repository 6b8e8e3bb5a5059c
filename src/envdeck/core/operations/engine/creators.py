"""Making an environment again with the tool that made it, and with its flags.

Each tool runs as a command, virtualenv too: in our own process it could not be stopped, and what
it keeps open (the lock of its data folder) would stay open with us. None is ever told `--clear`.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from typing import Protocol

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Creation
from envdeck.core.operations.engine.command import Command, clean_environ
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host

_PROMPT = re.compile(rb"^[ \t]*prompt[ \t]*=[^\n]*\n?", re.MULTILINE)
_SEED = re.compile(rb"^[ \t]*seed[ \t]*=", re.MULTILINE)
_UV_OLDEST = (3, 6)
_VENV_OLDEST = (3, 3)
_VIRTUALENV_OLDEST = (3, 8)
"""The `_virtualenv.py` that virtualenv 21 writes is a syntax error at each start of older ones."""
_VIRTUALENV_SEEDS = (3, 9)
"""The oldest for which virtualenv 21 carries pip; older ones get it by the installer."""


class Creator(Protocol):
    """A tool that makes environments."""

    @property
    def name(self) -> str:
        """As :attr:`Creation.creator` has it."""

    def command(
        self,
        path: str,
        interpreter: str,
        creation: Creation,
        *,
        name: str,
        seeds: frozenset[str] = frozenset(),
        copies: bool = False,
    ) -> Command:
        """Return the command that makes an environment at `path`, absent or an empty folder.

        `interpreter` is the base interpreter's executable. `name` is the name of the folder
        where it will lie in the end, which some put into the prompt. `seeds` are the names of
        what was seeded (`pip`, `setuptools`); `copies` tells that the interpreter was copied
        and not linked.
        """

    def settled(self, cfg: bytes, creation: Creation) -> bytes:
        """Return the new `pyvenv.cfg` as it would be had it been made in its final place."""


@dataclass(frozen=True, slots=True)
class CannotBeMade:
    """Why the tool that made an environment cannot make it again."""

    reason: str
    """One sentence without a full stop."""
    hint: str = ""
    instead: Creator | None = None
    """Another tool that can, should the person agree; None where there is none."""


@dataclass(frozen=True, slots=True)
class UvCreator:
    """`uv venv`."""

    uv: UvAdapter
    name: str = "uv"

    def command(
        self,
        path: str,
        interpreter: str,
        creation: Creation,
        *,
        name: str,
        seeds: frozenset[str] = frozenset(),
        copies: bool = False,
    ) -> Command:
        """Do as :meth:`Creator.command`."""
        return self.uv.create(path, interpreter, creation, seeds=seeds)

    def settled(self, cfg: bytes, creation: Creation) -> bytes:
        """Keep the mark that uv seeded it once, also where the seeds come as packages now."""
        return cfg if _SEED.search(cfg) or not creation.seeded else cfg + b"seed = true\n"


@dataclass(frozen=True, slots=True)
class VenvCreator:
    """`python -m venv`, run by the base interpreter."""

    host: Host
    folder: str
    name: str = "venv"

    def command(
        self,
        path: str,
        interpreter: str,
        creation: Creation,
        *,
        name: str,
        seeds: frozenset[str] = frozenset(),
        copies: bool = False,
    ) -> Command:
        """Do as :meth:`Creator.command`; the prompt is always told, since without one the name
        of the folder in which it is made would stand in the activation scripts."""
        flags = [f"--prompt={creation.prompt or name}"]
        flags += ["--system-site-packages"] if creation.system_site_packages else []
        flags += ["--copies"] if copies else []
        flags += [] if "pip" in seeds else ["--without-pip"]
        return Command(
            (interpreter, "-I", "-m", "venv", *flags, path), self.folder, _environ(self.host)
        )

    def settled(self, cfg: bytes, creation: Creation) -> bytes:
        """Drop the prompt that was told only for the name's sake."""
        return cfg if creation.prompt else _PROMPT.sub(b"", cfg)


@dataclass(frozen=True, slots=True)
class VirtualenvCreator:
    """virtualenv, of the Python that runs us, seeding from what it carries: no network."""

    host: Host
    folder: str
    seeding: bool = True
    name: str = "virtualenv"

    def command(
        self,
        path: str,
        interpreter: str,
        creation: Creation,
        *,
        name: str,
        seeds: frozenset[str] = frozenset(),
        copies: bool = False,
    ) -> Command:
        """Do as :meth:`Creator.command`. Settings of the person (`virtualenv.ini` may say
        `clear`) are left out."""
        flags = ["--python", interpreter, "--no-periodic-update", "--no-download"]
        flags += [f"--prompt={creation.prompt}"] if creation.prompt else []
        flags += ["--system-site-packages"] if creation.system_site_packages else []
        flags += ["--copies"] if copies else []
        if not self.seeding or "pip" not in seeds:
            flags.append("--no-seed")
        elif "setuptools" not in seeds:
            flags.append("--no-setuptools")
        environ = {**_environ(self.host), "VIRTUALENV_CONFIG_FILE": os.devnull}
        return Command(
            (sys.executable, "-m", "virtualenv", *flags, "--", path), self.folder, environ
        )

    def settled(self, cfg: bytes, creation: Creation) -> bytes:
        """Do as :meth:`Creator.settled`."""
        return cfg


def creator_for(
    creation: Creation,
    host: Host,
    version: str | None,
    *,
    folder: str,
    uv: UvAdapter,
) -> Creator | CannotBeMade:
    """Return the tool that makes an environment as `creation` tells, of an interpreter of
    `version` (`3.12.4`); it runs in `folder`.

    Where nothing tells which tool it was, that is `python -m venv`, which is a part of Python.
    """
    number = _number(version)
    venv = VenvCreator(host, folder) if number is None or number >= _VENV_OLDEST else None
    if creation.creator == "conda":
        return CannotBeMade(
            "only conda can recreate its environments",
            "recreate it from its export: `conda env export --prefix ENV`",
        )
    if venv is None:
        return CannotBeMade(
            f"no maintained tool creates environments for Python {version}",
            "use another Python version, or `pip install 'virtualenv<20.22'`",
        )
    if creation.creator == "uv":
        if uv.problem:
            return CannotBeMade(uv.problem, "install it: `pip install uv`", venv)
        if number is not None and number < _UV_OLDEST:
            return CannotBeMade(f"uv does not support Python {version}", "", venv)
        return UvCreator(uv)
    if creation.creator == "virtualenv":
        if importlib.util.find_spec("virtualenv") is None:
            hint = "install it: `pip install virtualenv`"
            return CannotBeMade("virtualenv is not installed with EnvDeck", hint, venv)
        if number is not None and number < _VIRTUALENV_OLDEST:
            reason = f"virtualenv no longer supports Python {version}"
            return CannotBeMade(reason, "", venv)
        return VirtualenvCreator(host, folder, number is None or number >= _VIRTUALENV_SEEDS)
    return venv


def _environ(host: Host) -> Mapping[str, str]:
    return {
        name: value
        for name, value in clean_environ(host).items()
        if not name.startswith(("VIRTUALENV_", "PIP_")) or name == "VIRTUALENV_OVERRIDE_APP_DATA"
    }


def _number(version: str | None) -> tuple[int, ...] | None:
    match = re.match(r"(\d{1,3})\.(\d{1,3})", version or "")
    return (int(match[1]), int(match[2])) if match else None
