"""All guards on every environment, against a plain way of finding the files of yours.

The peer does one guard's work alone, as one would write it first: `os.walk` less what
`importlib.metadata` says that each distribution installed. A second row has a limit: all guards
on one environment of a gigabyte, as a person who deletes it waits for them. Its modules are holes
of the right length: what is looked at are names and lengths, never content but RECORD's.
"""

import os
from collections.abc import Iterator
from importlib import metadata

from benchmarks.harness import Outcome, Times, paired, ratio, timed
from benchmarks.operations_setting import crowd_the_index, place, write_big
from benchmarks.setting import Setting, environments_of, host_of
from envdeck.core.inspection.size import measure as measure_size
from envdeck.core.model import Operation, Target
from envdeck.core.operations.guards.check import ask, guard_context, target_of
from envdeck.core.operations.guards.context import GuardContext, GuardRequest

GIGABYTE = 24_000, 1_000_000_000
"""Files, and bytes."""
LIMIT = 1.0
"""Seconds."""


def measure(setting: Setting) -> list[Outcome]:
    environments = environments_of(setting.home)
    host = host_of(setting.home)
    sizes = [measure_size(one.path, now=0) for one in environments]
    files = sum(size.files for size in sizes if size is not None)

    def ours() -> int:
        moment = GuardContext.now(host)
        return sum(
            len(
                ask(
                    GuardRequest(
                        operation=Operation.DELETE,
                        target=Target(one.path, one.identity),
                        environment=one,
                        machine=moment,
                    )
                )
            )
            for one in environments
        )

    def plain() -> int:
        return sum(1 for one in environments for _ in _unowned(one.path, one.site_packages))

    own, peer = paired(ours, plain, 3, warm=0 if setting.quick else 1)
    row = ratio("all guards against `importlib.metadata` and `os.walk`", own, peer, 1.0, "it")
    return [
        Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {files:,} files"),
        _gigabyte(setting),
    ]


def _gigabyte(setting: Setting) -> Outcome:
    with place() as here:
        path = write_big(here, "gigabyte", *((900, 50_000_000) if setting.quick else GIGABYTE))
        environment = here.look(path)
        crowd_the_index(here, environment)
        target = target_of(environment)
        times = Times()
        for _ in range(setting.rounds):
            times.seconds.append(
                timed(
                    lambda: ask(
                        GuardRequest(
                            operation=Operation.DELETE,
                            target=target,
                            environment=environment,
                            machine=guard_context(here.operations),
                        )
                    )
                )
            )
        size = environment.size
        detail = (
            f"{times}; {size.files:,} files, {size.apparent_bytes / 1e9:.2f} GB" if size else ""
        )
        return Outcome(
            "all guards on one environment of 1 GB",
            f"{times.median * 1000:,.0f} ms",
            f"≤ {LIMIT * 1000:,.0f} ms",
            times.median <= LIMIT,
            detail,
        )


def _unowned(path: str, site_packages: tuple[str, ...]) -> Iterator[str]:
    owned = {
        os.path.normpath(os.fspath(found.locate_file(file)))
        for found in metadata.distributions(path=list(site_packages))
        for file in found.files or ()
    }
    for folder, _, names in os.walk(path):
        for name in names:
            file = os.path.join(folder, name)
            if file not in owned:
                yield file
