"""What a filter asks for and no record holds (packages, drift): read beside the screen, when one
first does."""

import time
from collections.abc import Callable, Collection, Sequence

from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.core.query import UNREAD, Contents
from envdeck.tui.store import Listing
from envdeck.tui.widgets.filter_bar import complete_term
from envdeck.tui.workers.latest import Latest, Stopped

Found = dict[str, tuple[float, Contents]]
ReadContents = Callable[[Environment, Collection[str]], Contents]
_AT_A_TIME = 0.5
"""Seconds after which what was read so far is shown, and the rest is read."""


class ContentsReader:
    """Reads what the filter needs of environments, once for each record of one, and tells the
    listing. Nothing is read before a filter needs it."""

    def __init__(
        self, owner: Widget, listing: Listing, read: ReadContents, known: Callable[[], object]
    ) -> None:
        """Take the listing to tell, how the contents of one environment are read (in a thread),
        and who is told when more are known."""
        self._listing = listing
        self._read = read
        self._known = known
        self._records: dict[str, float] = {}
        """When the record was read whose contents are known, by path."""
        self._latest: Latest[Found] = Latest(owner, self._take, at_once=1)

    def need(self) -> None:
        """Read what the filter needs and is not known."""
        listing = self._listing
        missing = [each for each in listing.environments() if self._is_unknown(each)]
        listing.unread = len(missing)
        if missing:
            needs = listing.query.needs
            self._latest.request(lambda stopped: self._contents(missing, needs, stopped))
        else:
            self._latest.cancel()

    def complete(self, text: str) -> tuple[str, ...]:
        """Return what a query may be completed to, by what is known of the environments."""
        contents = self._listing.contents.values()
        packages = {name for each in contents for name in each.packages or ()}
        return complete_term(text, self._listing.environments(), packages)

    def _is_unknown(self, environment: Environment) -> bool:
        needs = self._listing.query.needs
        if not needs:
            return False
        path = environment.path
        known = self._listing.contents.get(path, UNREAD)
        return self._records.get(path) != environment.seen_at or not known.has(needs)

    def _contents(
        self, environments: Sequence[Environment], needs: Collection[str], stopped: Stopped
    ) -> Found:
        found: Found = {}
        until = time.monotonic() + _AT_A_TIME
        for each in environments:
            if stopped() or time.monotonic() > until:
                break
            found[each.path] = each.seen_at, self._read(each, needs)
        return found

    def _take(self, found: Found) -> None:
        for path, (seen_at, contents) in found.items():
            if self._records.get(path) == seen_at:
                contents = self._listing.contents.get(path, UNREAD).joined(contents)
            self._records[path] = seen_at
            self._listing.contents[path] = contents
        self._known()
