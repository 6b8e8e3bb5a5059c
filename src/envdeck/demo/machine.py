"""The machine of a demo: a home, programs and settings, all in one folder."""

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from envdeck.core.system.host import Host

_TERMINAL_VARIABLES = (
    "TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "NO_COLOR", "LANG",
    "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "SHELL", "COLUMNS", "LINES", "SYSTEMROOT", "COMSPEC",
    "PATHEXT", "PYTHONUTF8", "ENVDECK_DEBUG",
)  # fmt: skip
"""The only variables of the real machine that the demo has."""
_PROGRAMS = (
    "awk", "basename", "bash", "cat", "chmod", "clear", "cp", "cut", "date", "df", "diff",
    "dirname", "du", "echo", "env", "expr", "false", "file", "find", "fish", "git", "grep", "gzip",
    "head", "hostname", "id", "just", "kill", "less", "ln", "ls", "make", "man", "mkdir", "mktemp",
    "more", "mv", "nano", "printf", "ps", "pwd", "readlink", "realpath", "rm", "rmdir", "sed",
    "seq", "sh", "sleep", "sort", "stat", "stty", "tail", "tar", "tee", "test", "top", "touch",
    "tput", "tr", "true", "uname", "uniq", "vi", "vim", "wc", "which", "whoami", "xargs", "zsh",
)  # fmt: skip
"""What a shell, git and a Makefile need. No Python of the machine is among them."""


@dataclass(frozen=True, slots=True)
class DemoLayout:
    """The paths in the folder of a demo."""

    root: str

    @property
    def home(self) -> str:
        """The home folder of `ada`, the user of the demo."""
        return os.path.join(self.root, "home", "ada")

    @property
    def packages(self) -> str:
        """The wheels: the only index."""
        return os.path.join(self.root, ".packages")

    @property
    def templates(self) -> str:
        """Empty environments to copy; removed once the demo is built."""
        return os.path.join(self.root, ".templates")

    @property
    def programs(self) -> str:
        """Links to programs."""
        return os.path.join(self.root, "bin")

    @property
    def temporary(self) -> str:
        """The folder for temporary files."""
        return os.path.join(self.root, "tmp")

    @property
    def settings(self) -> str:
        """A file that makes the demo the home of a shell that sources it."""
        return os.path.join(self.root, "environ.sh")

    @property
    def cache(self) -> str:
        """The cache of uv; environments share its files."""
        return os.path.join(self.home, ".cache", "uv")


def demo_host(layout: DemoLayout, real: Host) -> Host:
    """Return the machine; system-wide paths are in its folder too, where nothing exists."""
    return Host(real.platform, layout.home, _environ(layout, real), real.now, layout.root)


def _environ(layout: DemoLayout, real: Host) -> Mapping[str, str]:
    home, config = layout.home, os.path.join(layout.home, ".config")
    kept = {name: real.environ[name] for name in _TERMINAL_VARIABLES if name in real.environ}
    path = [os.path.join(home, ".local", "bin"), layout.programs]
    if real.windows:
        path.append(real.environ.get("PATH", ""))
    return {
        **kept,
        "HOME": home,
        "USERPROFILE": home,
        "USER": "ada",
        "LOGNAME": "ada",
        "PATH": os.pathsep.join(path),
        "TMPDIR": layout.temporary,
        "UV_CACHE_DIR": layout.cache,
        "UV_OFFLINE": "1",
        "PIP_CONFIG_FILE": os.path.join(config, "pip", "pip.conf"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "VIRTUALENV_OVERRIDE_APP_DATA": os.path.join(home, ".local", "share", "virtualenv"),
        "GIT_CONFIG_GLOBAL": os.path.join(home, ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": os.path.dirname(home),
    }


def create_machine(layout: DemoLayout, real: Host, host: Host, uv: str | None, python: str) -> None:
    """Make the folders, the settings and the programs. `uv` and `python` are programs of the
    real machine; the latter runs EnvDeck. Raises OSError."""
    for folder in (layout.home, layout.packages, layout.programs, layout.temporary, layout.cache):
        os.makedirs(folder)
    if os.path.isdir(real.system("proc")):  # who uses an environment, and what is mounted
        os.symlink(real.system("proc"), os.path.join(layout.root, "proc"))
    found = {name: shutil.which(name, path=real.variable("PATH")) for name in _PROGRAMS}
    for name, program in {**found, "uv": uv}.items():
        if program is not None and os.name == "posix":
            os.symlink(os.path.realpath(program), os.path.join(layout.programs, name))
    own = os.path.join(layout.programs, "envdeck")
    _write(own, f'#!/bin/sh\nexec {shlex.quote(python)} -m envdeck "$@"\n')
    os.chmod(own, 0o700)
    config = os.path.join(layout.home, ".config")
    links = "file://" + quote(os.fsencode(layout.packages))
    _write(
        os.path.join(config, "uv", "uv.toml"),
        f'no-index = true\noffline = true\nfind-links = ["{links}"]\n'
        'link-mode = "hardlink"\npython-downloads = "never"\n',
    )
    _write(
        os.path.join(config, "pip", "pip.conf"),
        f"[global]\nno-index = true\nfind-links = {links}/\n",
    )
    _write(
        os.path.join(layout.home, ".gitconfig"),
        "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
        "[commit]\n\tgpgSign = false\n",
    )
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in host.environ.items()]
    _write(layout.settings, "".join(exports) + 'cd "$HOME"\n')


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
