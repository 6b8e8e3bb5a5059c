"""pip's options for `pip install`, and where each is set.

The places and their order are pip's own: the files of the machine, of the user and of the
environment, then the file that `PIP_CONFIG_FILE` names, then the `PIP_*` variables; in each the
section `[install]` goes before `[global]`. And the file of uv's own settings.
"""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, parse_toml, read_bounded
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from configparser import RawConfigParser

CONFIGURATION_LIMIT = 256 * 1024
"""Bytes of one configuration file."""
TRUE = frozenset({"1", "true", "yes", "on", "t", "y"})
"""What switches an option on, in lower case."""

_SECTIONS = ("global", "install")


class PipOption(NamedTuple):
    """One option as one place sets it; its value may hold credentials."""

    name: str
    value: str
    file: str
    """Where it is set; empty for a variable."""


def pip_options(host: Host, environment: str | None = None) -> Mapping[str, str]:
    """Return pip's options for `pip install`, by name: what comes later has replaced what came
    before it, as a whole, as in pip."""
    return {name: one.value for name, one in option_sources(host, environment).items()}


def option_sources(host: Host, environment: str | None = None) -> Mapping[str, PipOption]:
    """Return the options by name, each as the place sets it that decides."""
    sections: dict[str, dict[str, PipOption]] = {name: {} for name in _SECTIONS}
    for path in configuration_files(host, environment):
        parser = _read(path)
        for name in _SECTIONS:
            if parser is not None and parser.has_section(name):
                for key, value in parser.items(name):
                    option = _option(key)
                    sections[name][option] = PipOption(option, value, path)
    options = {**sections["global"], **sections["install"]}
    for name, value in host.environ.items():
        if name.startswith("PIP_") and value:
            option = _option(name[4:])
            options[option] = PipOption(option, value, "")
    return options


def configuration_files(host: Host, environment: str | None = None) -> tuple[str, ...]:
    """Return where pip looks, the weakest first; nowhere if it was told so (`os.devnull`)."""
    named = host.variable("PIP_CONFIG_FILE")
    if named == os.devnull:
        return ()
    name = "pip.ini" if host.windows else "pip.conf"
    files = list(_machine_files(host, name))
    if not (named and reach.exists(named)):
        files += _user_files(host, name)
    if environment is not None:
        files.append(os.path.join(environment, name))
    return (*files, named) if named else tuple(files)


def pip_caches(host: Host) -> tuple[str, ...]:
    """Return where pip's cache is or was: by its option `cache-dir`, and by default."""
    default = os.path.join(host.user_cache(), "pip", *(("Cache",) if host.windows else ()))
    option = pip_options(host).get("cache-dir")
    chosen = host.expand(option) if option else ""
    return (chosen, default) if os.path.isabs(chosen) else (default,)


def uv_configuration(host: Host) -> str | None:
    """Return the `uv.toml` of the user, else that of the machine, if there is one."""
    if host.windows:
        folders = [host.user_config(), host.folder("PROGRAMDATA") or host.system("ProgramData")]
    else:
        folders = [host.folder("XDG_CONFIG_HOME") or host.at_home(".config")]
        folders += [part for part in _split_paths(host, "XDG_CONFIG_DIRS") if os.path.isabs(part)]
        folders.append(host.system("etc"))
    paths = [os.path.join(folder, "uv", "uv.toml") for folder in folders]
    return next((path for path in paths if reach.isfile(path)), None)


def read_uv_table(path: str) -> dict[str, object] | None:
    """Return what one of uv's files holds for uv; None where that cannot be read."""
    data = read_bounded(path, CONFIGURATION_LIMIT)
    if isinstance(data, Unread):
        return None
    try:
        table: object = parse_toml(decode(data))
    except ValueError:  # uv says so itself
        return None
    if os.path.basename(path) == "pyproject.toml":
        tool = table.get("tool") if isinstance(table, dict) else None
        table = tool.get("uv") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _machine_files(host: Host, name: str) -> Iterator[str]:
    if host.windows:
        data = host.folder("PROGRAMDATA") or host.system("ProgramData")
        yield os.path.join(data, "pip", name)
    elif host.macos:
        yield host.system("Library", "Application Support", "pip", name)
    else:
        named = _split_paths(host, "XDG_CONFIG_DIRS") or [host.system("etc", "xdg")]
        for folder in named:
            yield os.path.join(folder, "pip", name)
        yield host.system("etc", name)


def _user_files(host: Host, name: str) -> list[str]:
    if host.windows:
        return [host.at_home("pip", name), os.path.join(host.user_config(), "pip", name)]
    folder = host.folder("XDG_CONFIG_HOME") or host.at_home(".config")
    if host.macos and reach.isdir(os.path.join(host.user_config(), "pip")):
        folder = host.user_config()
    return [host.at_home(".pip", name), os.path.join(folder, "pip", name)]


def _split_paths(host: Host, name: str) -> list[str]:
    return [part for part in (host.variable(name) or "").split(os.pathsep) if part]


def _read(path: str) -> "RawConfigParser | None":
    data = read_bounded(path, CONFIGURATION_LIMIT)
    if isinstance(data, Unread):
        return None
    from configparser import Error, RawConfigParser  # start-up: 4 ms, and few have such a file

    parser = RawConfigParser()
    try:
        parser.read_string(decode(data))
    except Error:  # pip would refuse to run at all
        return None
    return parser


def _option(name: str) -> str:
    name = name.lower().replace("_", "-").removeprefix("--")
    return "timeout" if name == "default-timeout" else name
