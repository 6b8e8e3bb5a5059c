"""The names of packages that the filter asks for: read beside the screen, when it first does."""

from collections.abc import Callable, Sequence

from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.tui.store import Listing
from envdeck.tui.workers.latest import Latest, Stopped

Found = dict[str, tuple[float, frozenset[str]]]


class PackageNames:
    """Reads by the names of files which packages environments have, once for each record of one,
    and tells the listing. Nothing is read before a filter needs it."""

    def __init__(
        self,
        owner: Widget,
        listing: Listing,
        read: Callable[[Environment], frozenset[str]],
        known: Callable[[], object],
    ) -> None:
        """Take the listing to tell, how the names of one environment are read (in a thread), and
        who is told when more are known."""
        self._listing = listing
        self._read = read
        self._known = known
        self._records: dict[str, float] = {}
        """When the record was read whose packages are known, by path."""
        self._latest: Latest[Found] = Latest(owner, self._take, at_once=1)

    def need(self) -> None:
        """Read what the filter needs and is not known."""
        listing = self._listing
        if not listing.query.packages:
            listing.unnamed = 0
            self._latest.cancel()
            return
        missing = [each for each in listing.environments() if self._is_unknown(each)]
        listing.unnamed = len(missing)
        if missing:
            self._latest.request(lambda stopped: self._names(missing, stopped))

    def _is_unknown(self, environment: Environment) -> bool:
        return self._records.get(environment.path) != environment.seen_at

    def _names(self, environments: Sequence[Environment], stopped: Stopped) -> Found:
        found: Found = {}
        for each in environments:
            if stopped():
                break
            found[each.path] = each.seen_at, self._read(each)
        return found

    def _take(self, found: Found) -> None:
        for path, (seen_at, names) in found.items():
            self._records[path] = seen_at
            self._listing.names[path] = names
        self._listing.unnamed = 0
        self._known()
