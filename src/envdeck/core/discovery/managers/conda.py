"""conda and mamba, with `.condarc`.

conda's configuration is YAML, of which `envs_dirs` uses the least: a list, as a block of
`- path` lines or in brackets. Whatever else stands in the file is passed over, so that one
setting is not worth a dependency; a list written in a rarer way of YAML is not understood.

An installation (a root prefix) is listed as an interpreter, never as an environment: it is what
its environments use, and nobody cleans up by deleting it. :func:`is_root` tells them apart.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    CacheLayout,
    KnownFolder,
    Manager,
    absolute_paths,
    names_in,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import Refusal
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded, read_text
from envdeck.core.system.host import Host

_LIMIT = 64 * 1024
_FOLDERS = 200
_KEYS = ("envs_dirs", "envs_path")
_CACHE_KEYS = ("pkgs_dirs",)


def listed_folders(path: str, host: Host, keys: Sequence[str] = _KEYS) -> Iterator[str]:
    """Yield the absolute folders that one condarc lists under some keys, variables expanded."""
    text = read_text(path, _LIMIT)
    if isinstance(text, Unread):
        return
    for value in parse(text, keys)[:_FOLDERS]:
        folder = host.expand(expand_variables(value, host))
        if os.path.isabs(folder) and "\0" not in folder:
            yield os.path.normpath(folder)


def parse(text: str, keys: Sequence[str] = _KEYS) -> list[str]:
    """Return the values under some keys as they are written; by default, of `envs_dirs` or its
    other name, `envs_path`."""
    values: list[str] = []
    inside = False
    for line in text.splitlines():
        key, colon, rest = line.partition(":")
        if colon and key.strip("'\"") in keys:
            values += _inline(_uncommented(rest))
            inside = True
            continue
        item = line.strip()
        if not inside or not item or item.startswith("#"):
            continue
        if item.startswith("- "):
            values.append(_unquoted(_uncommented(item[2:])))
        else:
            inside = line[0].isspace()
    return [value for value in values if value]


def expand_variables(value: str, host: Host) -> str:
    """Replace `$NAME`, `${NAME}` and `%NAME%` by the host's variables; unknown ones stay."""

    def known(match: "re.Match[str]") -> str:
        name = match.group(1) or match.group(2) or match.group(3)
        return host.environ.get(name, match.group())

    return re.sub(r"\$(\w+)|\$\{([^}]+)\}|%(\w+)%", known, value)


def _inline(rest: str) -> list[str]:
    if rest.startswith("["):
        return [_unquoted(item) for item in rest.strip("[]").split(",")]
    return [_unquoted(rest)]


def _uncommented(text: str) -> str:
    return text.partition(" #")[0].strip()


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


_NAMES = (
    "anaconda", "anaconda3", "miniconda", "miniconda3",
    "miniforge", "miniforge3", "mambaforge", "micromamba",
)  # fmt: skip
_REGISTER_LIMIT = 256 * 1024
_REGISTER_LINES = 5000
_LIST_LIMIT = 16 * 2**20
_PACKAGE = (
    r"\.?(?P<package>[\w.+]+(?:-[\w.+]+)*-[\w.!+]+-[\w.+]+?)"
    r"(?:\.(?:conda|tar\.bz2))?(?:\.(?:part|partial|lock|json))?"
)
_INDEX = r"[0-9a-f]{8,64}(?:\.\w+)*"
"""What it keeps of a channel, by a hash of its address."""


def _caches(host: Host) -> tuple[str, ...]:
    """Return `CONDA_PKGS_DIRS`, `pkgs_dirs` of condarcs, `pkgs` of installations, the default."""
    conda = Conda(host)
    named = (host.variable("CONDA_PKGS_DIRS") or "").split(os.pathsep)
    roots = (os.path.join(root, "pkgs") for root in conda.roots)
    default = host.at_home(".conda", "pkgs")
    return (*absolute_paths(host, *named), *_configured_caches(conda), *roots, default)


def _configured_caches(conda: "Conda") -> Iterator[str]:
    for path in _condarcs(conda.host, conda.roots):
        yield from listed_folders(path, conda.host, _CACHE_KEYS)


def _clearing(host: Host, cache: str) -> tuple[str, ...]:
    """Return conda's command, unless a condarc names another cache: conda joins its lists, and
    would clear that too."""
    conda = Conda(host)
    if any(reach.realpath(path) != cache for path in _configured_caches(conda)):
        return ()
    return (conda.program, "clean", "--index-cache", "--packages", "--tarballs", "--yes")


def _unowned(root: str, names: Iterable[str]) -> list[str]:
    """Return what is called like a package, and neither has a package's `info` in it nor is in
    conda's list of what it downloaded."""
    data = read_bounded(os.path.join(root, "urls.txt"), _LIST_LIMIT)
    urls = "" if isinstance(data, Unread) else data.decode("utf-8", "replace")
    listed = {url.strip().rpartition("/")[2] for url in urls.splitlines()}
    listed |= {re.sub(r"\.(?:conda|tar\.bz2)$", "", each) for each in listed}
    found = []
    for name in sorted(names):
        match = re.fullmatch(_PACKAGE, name, re.DOTALL)
        if match and match["package"] not in listed:
            path = os.path.join(root, match["package"])
            if not reach.isfile(os.path.join(path, "info", "index.json")):
                found.append(name)
    cache = os.path.join(root, "cache")
    strange = (name for name in names_in(cache) if not re.fullmatch(_INDEX, name, re.DOTALL))
    return found + [f"cache/{name}" for name in strange]


class Conda(Manager):
    """`<root>/envs/<name>`, any prefix that `environments.txt` lists, and `envs_dirs`."""

    name = "conda"
    rank = 30
    exclusive = True
    records_requests = False
    cache = CacheLayout(
        _caches,
        "packages are downloaded again when they are next installed",
        others=rf"urls(?:\.txt)?|cache|\.trash|{_PACKAGE}",
        signs=("urls", "urls.txt"),
        command_of=_clearing,
        variables={"CONDA_PKGS_DIRS": "{}"},
        unowned=_unowned,
    )

    @cached_property
    def registered(self) -> tuple[str, ...]:
        """The prefixes in `~/.conda/environments.txt`, whether they still exist or not."""
        register = self.host.at_home(".conda", "environments.txt")
        text = read_text(register, _REGISTER_LIMIT, whole=False)
        if isinstance(text, Unread):
            return ()
        paths = (line.strip() for line in text.splitlines()[:_REGISTER_LINES])
        return tuple(
            os.path.normpath(path) for path in paths if os.path.isabs(path) and "\0" not in path
        )

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Where installations are by custom, by variables, and by conda's own register."""
        return tuple(dict.fromkeys(self._roots()))

    def _roots(self) -> Iterator[str]:
        host = self.host
        if folder := host.folder("MAMBA_ROOT_PREFIX"):
            yield os.path.normpath(folder)
        if program := host.folder("CONDA_EXE"):  # <root>/bin/conda, <root>\Scripts\conda.exe
            yield os.path.dirname(os.path.dirname(os.path.normpath(program)))
        for base in _bases(host):
            for name in _NAMES:
                yield os.path.join(base, name)
        yield os.path.join(host.xdg_data(), "mamba")  # micromamba's own default
        if not host.windows:
            yield host.system("opt", "conda")
        if host.macos:
            for cellar in ("opt/homebrew", "usr/local"):
                for name in _NAMES:
                    yield host.system(cellar, "Caskroom", name, "base")
        yield from filter(is_root, self.registered)

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`envs` of each installation, then what variables and configurations name."""
        return tuple(self._stores())

    def _stores(self) -> Iterator[str]:
        host = self.host
        for root in self.roots:
            yield os.path.join(root, "envs")
        yield host.at_home(".conda", "envs")
        if host.windows:
            yield os.path.join(host.user_data(), "conda", "conda", "envs")
        for variable in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
            for folder in (host.variable(variable) or "").split(";" if host.windows else ":"):
                if folder and os.path.isabs(path := host.expand(folder)):
                    yield os.path.normpath(path)
        for path in _condarcs(host, self.roots):
            yield from listed_folders(path, host)

    @cached_property
    def program(self) -> str:
        """Conda's program, or mamba's that stands in for it: often it is a function of the
        shell, and not on the PATH."""
        for variable in ("CONDA_EXE", "MAMBA_EXE"):
            program = self.host.folder(variable)
            if program and reach.isfile(program):
                return program
        parts = ("condabin", "conda.bat") if self.host.windows else ("condabin", "conda")
        programs = (os.path.join(root, *parts) for root in self.roots)
        return next(filter(reach.isfile, programs), "conda")

    def places(self) -> Iterable[KnownFolder]:
        """Yield the folders of environments, then the single ones that conda registered."""
        yield from super().places()
        active = self.host.folder("CONDA_PREFIX")
        for prefix in (*self.registered, *((active,) if active else ())):
            if not is_root(prefix):
                yield KnownFolder(prefix, depth=0)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim every conda prefix that pixi has not."""
        return candidate.kind in {Kind.CONDA, Kind.PIXI}

    def is_installation(self, candidate: EnvironmentCandidate) -> bool:
        """Tell a root prefix from the environments that use it."""
        return candidate.kind is Kind.CONDA and is_root(candidate.path)

    def refuses(self, candidate: EnvironmentCandidate) -> Refusal | None:
        """Refuse an installation, and what is marked frozen (conda's CEP 22)."""
        if is_root(candidate.path):
            message = "conda base installation, used by other environments"
            return Refusal("has-dependants", message, path=candidate.path)
        if reach.lexists(os.path.join(candidate.path, "conda-meta", "frozen")):
            message = "marked as frozen (conda-meta/frozen)"
            return Refusal("owned-by-tool", message, path=candidate.path)
        return None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...]:
        """Return conda's command, which takes it off conda's register too."""
        return (self.program, "env", "remove", "--yes", "--prefix", candidate.path)

    def renewal(self, candidate: EnvironmentCandidate) -> tuple[str, ...]:
        """Return conda's command."""
        return (self.program, "update", "--all", "--prefix", candidate.path)


def is_root(path: str) -> bool:
    """Tell whether a prefix is an installation of conda or mamba: it has `condabin` or `envs`
    beside `conda-meta`. An environment in `<root>/envs` that has conda in it is still one."""
    if not reach.isdir(os.path.join(path, "conda-meta")):
        return False
    parent = os.path.dirname(path)
    if os.path.basename(parent) == "envs" and reach.isdir(
        os.path.join(os.path.dirname(parent), "conda-meta")
    ):
        return False
    return any(reach.isdir(os.path.join(path, name)) for name in ("condabin", "envs"))


def _bases(host: Host) -> Iterator[str]:
    yield host.home
    if host.windows:
        yield host.folder("PROGRAMDATA") or host.system("ProgramData")
        yield host.user_data()
        return
    for name in ("opt", ".conda", ".local"):
        yield host.at_home(name)
    for path in ("opt", "usr/share", "usr/local"):
        yield host.system(path)
    if host.macos:
        yield host.system("opt", "homebrew")


def _condarcs(host: Host, roots: Iterable[str]) -> Iterator[str]:
    """Yield where configurations are: the user's, the machine's, those of installations."""
    if path := host.folder("CONDARC"):
        yield path
    for name in (".condarc", ".mambarc"):
        yield host.at_home(name)
    xdg = host.folder("XDG_CONFIG_HOME") or host.at_home(".config")
    folders = [host.at_home(".conda"), os.path.join(xdg, "conda")]
    if host.windows:
        programs = host.folder("PROGRAMDATA") or host.system("ProgramData")
        folders.append(os.path.join(programs, "conda"))
    else:
        folders += [host.system("etc", "conda"), host.system("var", "lib", "conda")]
    for folder in folders:
        yield os.path.join(folder, ".condarc")
        yield os.path.join(folder, "condarc")
    for root in roots:
        yield os.path.join(root, ".condarc")
