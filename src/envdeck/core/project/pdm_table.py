"""`[tool.pdm.dev-dependencies]`: PDM's groups from before PEP 735."""

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.reading import Document, strings, table_at


def pdm_requirements(document: Document) -> dict[str, tuple[str, ...]]:
    """Return the requirements of each group; `-e …` lines (which PEP 508 does not know) are left
    to whoever reads them, and so not among them."""
    listed = table_at(document.table, "tool", "pdm", "dev-dependencies")
    return {
        normalise(name): tuple(text for text in strings(texts) if not text.startswith("-"))
        for name, texts in listed.items()
    }
