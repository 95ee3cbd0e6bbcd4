"""What keeps the cost of appending from growing with the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vestige.db import Database

if TYPE_CHECKING:
    from pathlib import Path


def test_evidence_enters_no_btree_by_a_random_key(tmp_path: Path) -> None:
    with Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}") as db:
        db.migrate()
        with db.read() as connection:
            indexes = connection.execute(
                sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN (:a, :b)"),
                {"a": "ledger_entries", "b": "ledger_payloads"},
            ).all()
            plan = connection.execute(
                sa.text(
                    "EXPLAIN QUERY PLAN SELECT seq FROM ledger_entries"
                    " WHERE kind = 'audit' AND kind <> 'evidence' AND pos >= 1 AND pos < 9 ORDER BY pos LIMIT 5"
                )
            ).all()
    assert [name for name, _ in indexes] == ["ledger_entries_control"]
    assert "kind <> 'evidence'" in indexes[0][1]
    assert "USING INDEX ledger_entries_control" in str(plan) or "COVERING INDEX ledger_entries_control" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
