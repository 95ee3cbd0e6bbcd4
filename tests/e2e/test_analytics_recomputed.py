"""Figures of real transcripts are what a script says that shares nothing with the product: to token and cent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from support.inside import Inside
from support.recounted import KINDS, recounted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.corpus
def test_tokens_and_cost_by_model_are_what_an_independent_count_says(corpus: Path, tmp_path: Path) -> None:
    folders = [corpus / "ai-sessions" / name for name in ("claude-code", "multi-agent")]
    vestige = Inside(tmp_path / "data")
    for folder in folders:
        vestige.run("import", str(folder))
    found = vestige.json("agent", "stats", "--by", "model;day", "--agent", "claude-code")
    theirs = recounted(*folders)
    assert sum(cost for _, cost in theirs.values()) > 25, (
        "the transcripts have little in them: is this the whole corpus?"
    )
    ours = {row["model"]: row for row in found["rows"] if row["tokens"]["answers"]}
    assert {model: {kind: row["tokens"][kind] for kind in KINDS} for model, row in ours.items()} == {
        model: tokens for model, (tokens, _) in theirs.items()
    }
    assert {model: Decimal(row["cost"]["usd"]) for model, row in ours.items()} == {
        model: cost for model, (_, cost) in theirs.items()
    }
    total = found["total"]
    assert Decimal(total["cost"]["usd"]) == sum(cost for _, cost in theirs.values())
    (days,) = found["tables"]
    for kind in KINDS:
        assert sum(row["tokens"][kind] for row in days["rows"]) == total["tokens"][kind]
    # What caches saved is of each model's own price: together, and not by one model's price for all.
    assert sum(Decimal(row["cache"]["net_usd"]) for row in ours.values()) == Decimal(total["cache"]["net_usd"])
