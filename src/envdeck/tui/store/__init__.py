"""What the list knows, as plain objects: no Textual here, so a test runs them by the thousand."""

from envdeck.core.query import Query
from envdeck.tui.store.columns import COLUMNS, Column, StatusOrder, columns_named, worst_status
from envdeck.tui.store.rows import Listing, Totals

__all__ = [
    "COLUMNS",
    "Column",
    "Listing",
    "Query",
    "StatusOrder",
    "Totals",
    "columns_named",
    "worst_status",
]
