"""A second look with the index against the first one without it, both through the catalog.

The peer is the program itself on a machine it has never seen: the same folders, the same
environments, an empty index that it has to fill. The second look may trust what has not changed.
"""

from dataclasses import dataclass

from benchmarks.harness import Outcome, exhaust, fresh_folder, paired, ratio
from benchmarks.setting import Setting, host_of
from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Found


@dataclass
class _Cache:
    folder: str
    number: int = 0

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.number}.sqlite"


def measure(setting: Setting) -> list[Outcome]:
    home = setting.home
    scope = Scope(roots=(home.home,), sizes=False)
    with fresh_folder() as folder:
        cache = _Cache(folder)

        def look() -> int:
            catalog = Catalog(host_of(home), index_file=cache.path)
            return exhaust(event for event in catalog.scan(scope) if isinstance(event, Found))

        def first() -> int:
            cache.number += 1
            return look()

        if first() < len(home.environments) or look() < len(home.environments):
            raise SystemExit("error: a look through the catalog did not find every environment")
        again, fresh = paired(look, first, setting.rounds * 2)
    return [ratio("second look with the index", again, fresh, 0.5, "the first")]
