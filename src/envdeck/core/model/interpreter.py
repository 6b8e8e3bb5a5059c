"""An interpreter that environments rest on; never an environment itself."""

from dataclasses import dataclass

from envdeck.core.model.environment import Identity


@dataclass(frozen=True, slots=True)
class GlobalPackages:
    """What was installed into an interpreter itself: a clean global Python has next to nothing."""

    path: str
    """The folder they are in."""
    kind: str
    """`site-packages`, `dist-packages` (Debian's own), or `user` (PEP 370)."""
    names: tuple[str, ...]
    """Distributions found there, normalised by PEP 503 and sorted, without pip, setuptools
    and wheel, which come with the interpreter."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A base interpreter, as read from its files, without running it."""

    executable: str
    prefix: str
    """Its `sys.prefix`: what the `base` of environments is compared with."""
    identity: Identity
    """Of the prefix, together with the version: `/usr` holds several interpreters."""
    version: str | None
    """As exact as the files tell."""
    implementation: str | None
    source: str
    """Who installed it: `system`, `pyenv`, `uv`, `conda`, `mise`, `asdf`, `homebrew` …"""
    end_of_life: str | None = None
    externally_managed: bool = False
    """Whether it carries the PEP 668 marker, so that pip leaves it alone."""
    global_packages: tuple[GlobalPackages, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other names on the PATH that lead to it."""
