"""The one guard against formulas, and that every table people open in a spreadsheet has it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.bundles.people import Custody
from vestige.cases.writing import as_csv
from vestige.ledger import Kind, StoredEntry
from vestige.model.cells import no_formula
from vestige.timeline.exports.lines import csv as timeline_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FORMULAS = ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def _of_a_case(text: str) -> Iterable[bytes]:
    pin = dict.fromkeys(("annotation", "event_id", "leaf_hash", "added_by", "added_at"), "") | {"pinned": False}
    return as_csv([{"event": {"message": text}, "pin": pin, "integrity": "intact"}])


def _of_a_timeline(text: str) -> Iterable[bytes]:
    return timeline_csv([[{"message": text}]])


def _of_custody(text: str) -> Iterable[bytes]:
    leaf = orjson.dumps({"at": "2026-01-01T00:00:00Z", "refs": []})
    payload = orjson.dumps({"act": "case.created", "by": text})
    custody = Custody()
    custody.add(0, StoredEntry(1, "id", Kind.AUDIT, "", leaf, b"", payload, b"", None, 1), payload)
    written = list(custody.text())
    custody.close()
    return written


@pytest.mark.parametrize("table", [_of_a_case, _of_a_timeline, _of_custody])
@pytest.mark.parametrize("text", [*FORMULAS, "", "a=1", "'=1", "1\n=1"])
def test_no_table_has_a_cell_that_a_spreadsheet_would_run(table: Callable[[str], Iterable[bytes]], text: str) -> None:
    written = b"".join(table(text)).decode()
    (row,) = list(csv.reader(io.StringIO(written, newline="")))[1:]
    told = f"'{text}" if text in FORMULAS else text
    assert told in row
    assert no_formula(text) == told
