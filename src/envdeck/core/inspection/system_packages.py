"""What the package manager of a Linux system says of the Python it installed.

Debian and its like ship `/usr/bin/python3.11` without the headers that name its micro version;
their own record of what is installed has it. Those of Debian, Alpine and Arch are plain files
or folder names; that of RPM systems is a database of its own format and is not read.
"""

from itertools import islice

from envdeck.core import reach
from envdeck.core.files import Unread, read_bounded
from envdeck.core.host import Host

_LIMIT = 64 * 1024 * 1024
"""Bytes; dpkg's record of a system with 5,000 packages has 8 MB."""
_VERSION_LIMIT = 100
_ENTRIES = 50_000


def packaged_versions(host: Host) -> dict[str, str]:
    """Return the versions of the system's own interpreters by minor: `{"3.11": "3.11.2"}`."""
    if host.windows or host.macos:
        return {}
    return _debian(host) | _alpine(host) | _arch(host)


def upstream(version: str, minor: str | None = None) -> str | None:
    """Return the version of Python in that of a package (`1:3.13.0~rc2-1+b1` → `3.13.0rc2`), or
    None when it names no micro version, or another minor."""
    import re

    text = version.rpartition(":")[2].replace("~", "").replace("_", "")
    match = re.match(r"(\d+\.\d+)\.\d+((a|b|rc)\d+)?", text)
    return match.group() if match and minor in {None, match.group(1)} else None


def _debian(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("var", "lib", "dpkg", "status"), _LIMIT, whole=False)
    if isinstance(data, Unread):
        return {}
    found: dict[str, str] = {}
    position = 0
    start = b"\nPackage: python"
    while (position := data.find(start, position)) >= 0:
        position += len(start)
        name = data[position : data.find(b"\n", position)]
        end = data.find(b"\n\n", position)
        stanza = data[position : end if end >= 0 else len(data)]
        if name.endswith(b"-minimal") and b"\nStatus: install ok installed" in stanza:
            minor = name[: -len(b"-minimal")].decode("ascii", "replace")
            if version := upstream(_field(stanza, b"\nVersion: "), minor):
                found[minor] = version
    return found


def _alpine(host: Host) -> dict[str, str]:
    data = read_bounded(host.system("lib", "apk", "db", "installed"), _LIMIT, whole=False)
    if isinstance(data, Unread) or (start := data.find(b"\nP:python3\n")) < 0:
        return {}
    end = data.find(b"\n\n", start + 1)
    stanza = data[start : end if end >= 0 else len(data)]
    version = upstream(_field(stanza, b"\nV:"))
    return {version.rpartition(".")[0]: version} if version else {}


def _arch(host: Host) -> dict[str, str]:
    try:
        with reach.scandir(host.system("var", "lib", "pacman", "local")) as entries:
            names = [
                entry.name
                for entry in islice(entries, _ENTRIES)
                if entry.name.startswith("python-3.")
            ]
    except OSError:
        return {}
    versions = (upstream(name.removeprefix("python-")) for name in sorted(names))
    return {version.rpartition(".")[0]: version for version in versions if version}


def _field(stanza: bytes, name: bytes) -> str:
    start = stanza.find(name)
    if start < 0:
        return ""
    value = stanza[start + len(name) :][:_VERSION_LIMIT].partition(b"\n")[0]
    return value.decode("ascii", "replace").strip()
