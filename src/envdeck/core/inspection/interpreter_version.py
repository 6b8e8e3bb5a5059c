"""The version of a base interpreter, read from what it was installed with.

In the order of trust: the header it was compiled with, its build details (PEP 739), conda's
record, the framework's property list, a folder named after it, the system's package manager,
and at last the name of its standard library, which tells the minor version only.
"""

import os
from collections.abc import Mapping
from itertools import islice

from envdeck.core import reach
from envdeck.core.discovery.interpreters.landmarks import Located
from envdeck.core.files import Unread, read_bounded, read_text

_LIMIT = 64 * 1024
_RECORDS = 20_000
_NUMBER = r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?"


def version_of(located: Located, packaged: Mapping[str, str], system_prefix: str) -> str | None:
    """Return the version as exact as the files tell: `3.12.4`, else `3.12`, else None.

    `packaged` are the versions that the system's package manager installed, by minor, which
    count for interpreters in `system_prefix` only.
    """
    version = (
        _from_header(located)
        or _from_build_details(located)
        or _from_conda(located)
        or _from_property_list(located)
        or _from_folder(located)
    )
    if version is None and located.prefix == system_prefix and located.minor:
        version = packaged.get(located.minor)
    return version or located.minor


def header_version(prefix: str, names: tuple[str, ...]) -> str | None:
    """Return `PY_VERSION` of the `patchlevel.h` in `include`, or in one of those folders in it.

    A build between two releases calls itself `3.12.4+`; the plus is dropped.
    """
    import re

    for name in names:
        text = read_text(os.path.join(prefix, "include", name, "patchlevel.h"), _LIMIT)
        if not isinstance(text, Unread) and (
            match := re.search(rf'^#define\s+PY_VERSION\s+"({_NUMBER})\+?"', text, re.MULTILINE)
        ):
            return match.group(1)
    return None


def _from_header(located: Located) -> str | None:
    folder = os.path.basename(located.stdlib)
    # debug builds and those of Python 3 before 3.8 add ABI flags: `python3.7m`
    names = (folder, f"{folder}m", f"{folder}d", "")
    return _fitting(header_version(located.prefix, names), located)


def _from_build_details(located: Located) -> str | None:
    import json
    import re

    data = read_bounded(os.path.join(located.stdlib, "build-details.json"), _LIMIT)
    if isinstance(data, Unread):
        return None
    try:
        details = json.loads(data)
        info = details["language"]["version_info"] if "language" in details else None
        info = info or details["implementation"]["version"]
        version = "{major}.{minor}.{micro}".format(**info)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    stage = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(str(info.get("releaselevel")))
    if stage:
        version = f"{version}{stage}{info.get('serial')}"
    return _fitting(version, located) if re.fullmatch(_NUMBER, version) else None


def _from_conda(located: Located) -> str | None:
    import re

    try:
        with reach.scandir(os.path.join(located.prefix, "conda-meta")) as entries:
            names = [entry.name for entry in islice(entries, _RECORDS)]
    except OSError:
        return None
    for name in sorted(names):
        if match := re.match(rf"(?:python|pypy)-({_NUMBER})-", name):
            return _fitting(match.group(1), located)
    return None


def _from_property_list(located: Located) -> str | None:
    import re

    text = read_text(os.path.join(located.prefix, "Resources", "Info.plist"), _LIMIT)
    if isinstance(text, Unread):
        return None
    match = re.search(rf"<key>CFBundleVersion</key>\s*<string>({_NUMBER})</string>", text)
    return _fitting(match.group(1), located) if match else None


def _from_folder(located: Located) -> str | None:
    import re

    for part in reversed(located.prefix.replace("\\", "/").split("/")):
        for version in re.findall(rf"(?<![\d.]){_NUMBER}(?![\d.])", part):
            if located.minor and (fitting := _fitting(version, located)):
                return fitting
    return None


def _fitting(version: str | None, located: Located) -> str | None:
    """Return the version unless the name of the standard library contradicts it: a folder can
    hold what is left of another."""
    if version and located.minor and not version.startswith(located.minor + "."):
        return None
    return version
