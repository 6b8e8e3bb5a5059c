"""Where an environment can be rebuilt from: what is here, what is locked, what is declared."""

from envdeck.core.operations.sources.difference import Difference, difference
from envdeck.core.operations.sources.offering import sources
from envdeck.core.operations.sources.source import Exact, How, Source, SourceName

__all__ = ["Difference", "Exact", "How", "Source", "SourceName", "difference", "sources"]
