"""The ends of support, on the day and the month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from envdeck.core.inspection.interpreter import RELEASES_CHECKED, end_of_life


def at(day: str) -> float:
    return datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("version", "day", "expected"),
    [
        ("2.7.18", "2026-11-20", "2020-01-01"),
        ("3.8.18", "2024-10-07", None),
        ("3.8.18", "2024-10-08", "2024-10-07"),
        ("3.8", "2024-10-08", "2024-10-07"),
        ("3.9.18", "2026-11-20", "2025-10-31"),
        ("3.10.13", "2026-10-01", None),
        ("3.10.13", "2026-10-31", None),
        ("3.10.13", "2026-11-01", "2026-10"),
        ("3.12.1", "2026-11-20", None),
        ("3.14.0rc2", "2030-11-01", "2030-10"),
        ("3.1.5", "2026-11-20", "2012-04-09"),
        ("3.99.0", "2126-01-01", None),
        ("1.5.2", "2026-01-01", None),
        ("3", "2026-01-01", None),
        ("", "2026-01-01", None),
        (None, "2026-01-01", None),
    ],
)
def test_support_has_ended_once_its_day_or_month_is_over(
    version: str | None, day: str, expected: str | None
) -> None:
    assert end_of_life(version, at(day)) == expected


@pytest.mark.parametrize("implementation", ["pypy", "graalpy", None])
def test_only_the_support_of_cpython_is_known(implementation: str | None) -> None:
    assert end_of_life("2.7.18", at("2026-01-01"), implementation) is None


def test_the_table_of_releases_was_checked_within_a_year():
    checked = date.fromisoformat(RELEASES_CHECKED)
    assert datetime.now(UTC).date() - checked <= timedelta(days=365), "compare it, and say when"
