"""What a person has configured of operations."""

from envdeck.core.lazy_dataclasses import dataclass

DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that hold for every operation."""

    read_only: bool = False
    """Whether nothing may be changed at all."""
    keep_days: int | None = 30
    """How many days the trash keeps what was deleted; None is for ever."""
    downloads: bool = False
    """Whether uv may download an interpreter that is not here."""
    offline: bool = False
    """Whether the package index is left alone, and only caches are used."""

    def kept_until(self, now: float) -> float | None:
        """Return until when the trash keeps what is put there now (seconds since the epoch)."""
        return None if self.keep_days is None else now + self.keep_days * DAY
