"""What the list knows, as plain objects: no Textual here, so a test runs them by the thousand."""

from envdeck.tui.store.columns import COLUMNS, Column, Standing, columns_named, standing
from envdeck.tui.store.query import Query
from envdeck.tui.store.rows import Listing, Totals

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
