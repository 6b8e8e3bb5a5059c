"""When the support of a Python ends: the dates of the release schedules (PEP 602 and before)."""

import time

_ENDS = {
    "2.6": "2013-10-29", "2.7": "2020-01-01",
    "3.0": "2009-06-27", "3.1": "2012-04-09", "3.2": "2016-02-20", "3.3": "2017-09-29",
    "3.4": "2019-03-18", "3.5": "2020-09-30", "3.6": "2021-12-23", "3.7": "2023-06-27",
    "3.8": "2024-10-07", "3.9": "2025-10-31", "3.10": "2026-10", "3.11": "2027-10",
    "3.12": "2028-10", "3.13": "2029-10", "3.14": "2030-10",
}  # fmt: skip
"""The day of the last release, or the month it is planned for. A month has passed when it is
over, not when it begins: the last security release may come on any day of it."""


def end_of_life(
    version: str | None, now: float, implementation: str | None = "cpython"
) -> str | None:
    """Return the day (`2024-10-07`) or month (`2026-10`) support ended, once that has passed.

    `now` is in seconds since the epoch, and days are those of UTC. None means supported, or not
    known: a version before or after those listed, or another implementation than CPython, whose
    versions of the language have a support of their own.
    """
    if version is None or implementation != "cpython":
        return None
    end = _ENDS.get(".".join(version.split(".")[:2]))
    if end is None:
        return None
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    return end if today[: len(end)] > end else None
