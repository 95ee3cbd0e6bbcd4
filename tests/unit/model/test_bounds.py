"""Times a person gives as bounds: all that a query takes, and nothing that is none."""

from __future__ import annotations

import pytest

from vestige.model.errors import UsageError
from vestige.model.instant import parse_bound, to_text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027", "2027-01-01T00:00:00Z"),
        ("2026-11", "2026-11-01T00:00:00Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-22T16", "2026-11-22T16:00:00Z"),
        ("2026-11-22T16+02:00", "2026-11-22T14:00:00Z"),
        ("2026-11-22 16:30", "2026-11-22T16:30:00Z"),
    ],
)
def test_a_bound_is_when_what_it_names_begins(text: str, instant: str) -> None:
    assert to_text(parse_bound(text, field="start")) == instant


@pytest.mark.parametrize(
    "text", ["27", "20277", "2026-13", "2026-11-22T25", "0000", "2026-1", "2026-11-", "\u0662\u0660\u0662\u0667"]
)
def test_what_names_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_bound(text, field="start")
    assert caught.value.field == "start"
