"""What was installed into an interpreter itself, told by the names of metadata folders alone."""

import os
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.discovery.interpreters.landmarks import Located
from envdeck.core.files import Unread
from envdeck.core.host import Host
from envdeck.core.inspection.distribution_names import from_entry, is_distribution, normalise
from envdeck.core.inspection.site_packages import entries
from envdeck.core.model import GlobalPackages, Unreadable

_BROUGHT_ALONG = frozenset({"pip", "setuptools", "wheel"})


def global_packages(located: Located, host: Host) -> Iterator[GlobalPackages | Unreadable]:
    """Yield each package folder of an interpreter that is there, empty ones included."""
    seen: set[str] = set()
    for path, kind in _folders(located, host):
        real = reach.realpath(path)
        if real in seen or not reach.isdir(real):
            continue
        seen.add(real)
        names = entries(path)
        if isinstance(names, Unread):
            yield Unreadable(path, names.reason)
            continue
        found = {normalise(from_entry(name)[0]) for name in names if is_distribution(name)}
        yield GlobalPackages(path, kind, tuple(sorted(found - _BROUGHT_ALONG)))


def user_site(located: Located, host: Host) -> str | None:
    """Return the user's package folder for an interpreter (PEP 370), whether it exists or not;
    None where its minor version is not known."""
    minor = located.minor
    if minor is None:
        return None
    name = os.path.basename(located.stdlib)
    base = host.folder("PYTHONUSERBASE")
    if host.windows:
        base = base or os.path.join(host.user_config(), "Python")
        return os.path.join(base, f"Python{minor.replace('.', '')}", "site-packages")
    if host.macos and ".framework" in located.prefix:
        base = base or host.at_home("Library", "Python", minor)
        return os.path.join(base, "lib", "python", "site-packages")
    base = base or host.at_home(".local")
    name = name if minor in name else f"{located.implementation}{minor}"
    return os.path.join(base, "lib", name, "site-packages")


def _folders(located: Located, host: Host) -> Iterator[tuple[str, str]]:
    name = os.path.basename(located.stdlib)
    yield os.path.join(located.stdlib, "site-packages"), "site-packages"
    for lib in ("lib", "lib64"):
        yield os.path.join(located.prefix, lib, name, "site-packages"), "site-packages"
    yield os.path.join(located.prefix, "site-packages"), "site-packages"  # PyPy before 3.8
    if located.prefix == reach.realpath(host.system("usr")) and not host.windows:
        yield from _of_system(name, located, host)
    if (path := user_site(located, host)) is not None:
        yield path, "user"


def _of_system(name: str, located: Located, host: Host) -> Iterator[tuple[str, str]]:
    """Yield where Debian keeps packages: its own in one folder for every Python 3, what pip
    installed in `/usr/local`; and where Fedora's pip puts them."""
    if located.minor and located.minor.startswith("3."):
        yield os.path.join(located.prefix, "lib", "python3", "dist-packages"), "dist-packages"
    yield os.path.join(located.prefix, "lib", name, "dist-packages"), "dist-packages"
    local = host.system("usr", "local")
    yield os.path.join(local, "lib", name, "dist-packages"), "dist-packages"
    for lib in ("lib", "lib64"):
        yield os.path.join(local, lib, name, "site-packages"), "site-packages"
