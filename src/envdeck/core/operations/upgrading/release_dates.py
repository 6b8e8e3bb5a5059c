"""When releases were made, from the lock file that uv writes (PEP 751, `upload-time`)."""

import datetime
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.distribution_names import normalise


def read_release_days(text: str, versions: Mapping[str, str]) -> dict[str, str]:
    """Return the day (UTC) on which each of those releases got its first file.

    Empty for what is no lock file; names whose index tells no time are left out, which is
    'not told' and never a day made up.
    """
    try:
        packages = tomllib.loads(text).get("packages")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}
    found: dict[str, str] = {}
    for package in packages if isinstance(packages, list) else ():
        if not isinstance(package, dict):
            continue
        name = normalise(str(package.get("name", "")))
        if name in versions and package.get("version") == versions[name]:
            times = list(_times(package))
            if times:
                found[name] = min(times).date().isoformat()
    return found


def _times(package: Mapping[str, Any]) -> Iterator[datetime.datetime]:
    wheels = package.get("wheels")
    for file in (package.get("sdist"), *(wheels if isinstance(wheels, list) else ())):
        time = file.get("upload-time") if isinstance(file, dict) else None
        if isinstance(time, datetime.datetime):
            zone = time.tzinfo or datetime.UTC
            yield time.replace(tzinfo=zone).astimezone(datetime.UTC)
