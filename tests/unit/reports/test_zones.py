"""The clock of a place beside UTC: its offset then, the fraction as it was, and nothing where nothing is known."""

from __future__ import annotations

import pytest

from vestige.reports.zones import local


@pytest.mark.parametrize(
    ("at", "zone", "shown"),
    [
        ("2026-03-29T00:59:59.999999999Z", "Europe/Berlin", "2026-03-29 01:59:59.999999999 +01:00"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29 03:00:00 +02:00"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 +02:00"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00 +01:00"),  # the same clock, an hour later
        ("2026-01-01T02:00:00Z", "America/St_Johns", "2025-12-31 22:30:00 -03:30"),
        ("2026-01-01T02:00:00Z", "Asia/Kathmandu", "2026-01-01 07:45:00 +05:45"),
        ("1880-01-01T00:00:00Z", "Europe/Berlin", "1880-01-01 00:53:28 +00:53:28"),
        ("0999-06-01T00:00:00Z", "Etc/GMT-2", "0999-06-01 02:00:00 +02:00"),
        ("0001-01-01T00:00:00Z", "America/Lima", ""),  # before the calendar begins there
        ("2026-01-01T02:00:00Z", "", ""),
        ("", "Europe/Berlin", ""),
        ("no time", "Europe/Berlin", ""),
        ("2026-01-01T02:00:00+01:00", "Europe/Berlin", ""),
    ],
)
def test_a_time_by_the_clock_of_a_place(at: str, zone: str, shown: str) -> None:
    assert local(at, zone) == shown
