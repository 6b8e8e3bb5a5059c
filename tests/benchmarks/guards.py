"""All guards on every environment, against a plain way of finding the files that no package owns.

The peer does one guard's work alone, as one would write it first: `os.walk` less what
`importlib.metadata` says that each distribution installed. A second row informs: how long all
guards take for each gigabyte, as a person who deletes one environment waits for them.
"""

import os
import sys
from collections.abc import Iterator
from importlib import metadata

from benchmarks.harness import Outcome, paired, ratio
from benchmarks.setting import Setting, environments_of, host_of
from envdeck.core.inspection.size import measure as measure_size
from envdeck.core.model import Operation, Target
from envdeck.core.operations.guards import Moment, Question, ask


def measure(setting: Setting) -> list[Outcome]:
    environments = environments_of(setting.home)
    host = host_of(setting.home)
    sizes = [measure_size(one.path, now=0) for one in environments]
    total = sum(size.apparent_bytes for size in sizes if size is not None)
    files = sum(size.files for size in sizes if size is not None)

    def ours() -> int:
        moment = Moment.now(host)
        return sum(
            len(
                ask(
                    Question(
                        operation=Operation.DELETE,
                        target=Target(one.path, one.identity),
                        environment=one,
                        moment=moment,
                    )
                )
            )
            for one in environments
        )

    def plain() -> int:
        return sum(1 for one in environments for _ in _unowned(one.path, one.site_packages))

    own, peer = paired(ours, plain, 3, warm=0 if setting.quick else 1)
    row = ratio("all guards against `importlib.metadata` and `os.walk`", own, peer, 1 / 2, "it")
    each = own.median / (total / 1e9)
    return [
        Outcome(row.what, row.measured, row.bar, row.holds, f"{row.detail}; {files:,} files"),
        Outcome("(all guards, for each GB)", f"{each * 1000:,.0f} ms", "", None, sys.platform),
    ]


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
