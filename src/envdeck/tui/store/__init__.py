"""What the list knows, as plain objects: no Textual here, so a test runs them by the thousand."""

from envdeck.tui.store.columns import COLUMNS, Column, Standing, columns_named, standing
from envdeck.tui.store.listing import Listing
from envdeck.tui.store.query import Query
from envdeck.tui.store.totals import Totals

__all__ = [
    "COLUMNS",
    "Column",
    "Listing",
    "Query",
    "Standing",
    "Totals",
    "columns_named",
    "standing",
]
