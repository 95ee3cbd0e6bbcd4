"""Tokens and cost of Claude Code's transcripts, counted from the raw files by a way of its own.

It imports nothing of the product: files are read as JSON lines, an answer counts once by its largest telling, and its
price is worked out here from the numbers of the price table. ``python recounted.py FOLDER…`` prints what it comes to.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_prices.data import providers

KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def told(file: Path) -> Any:
    """Every usage that a transcript states: the answer's id, its model, when, and its tokens by kind."""
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for line in data.split(b"\n"):
        record: Any = json.loads(line) if line.startswith(b"{") and line.rstrip().endswith(b"}") else {}
        relayed: Any = record.get("data") if isinstance(record.get("data"), dict) else {}
        for holder in (record, relayed.get("message")):
            message: Any = holder.get("message") if isinstance(holder, dict) else None
            usage: Any = message.get("usage") if isinstance(message, dict) else None
            if isinstance(usage, dict) and message.get("role") == "assistant":
                split = usage.get("cache_creation") or {
                    "ephemeral_5m_input_tokens": usage.get("cache_creation_input_tokens")
                }
                names = (usage.get("input_tokens"), usage.get("output_tokens"), usage.get("cache_read_input_tokens"),
                         split.get("ephemeral_5m_input_tokens"), split.get("ephemeral_1h_input_tokens"))  # fmt: skip
                yield message["id"], message["model"], record["timestamp"], tuple(int(count or 0) for count in names)


def rates(model: str, day: str, taken_in: int) -> list[Decimal]:
    """US dollars per token of each kind, on a day, for a request of some length."""
    (found,) = [one for maker in providers if maker.id == "anthropic" for one in maker.models if one.is_match(model)]
    prices: Any = found.prices
    if isinstance(prices, list):
        held = [one for one in prices if one.constraint is None or str(one.constraint.start_date) <= day]
        prices = held[-1].prices
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
    now: list[Any] = [getattr(prices, name, None) or Decimal(0) for name in names]
    for place, one in enumerate(now):
        if hasattr(one, "tiers"):
            now[place] = next((tier.price for tier in reversed(one.tiers) if taken_in > tier.start), one.base)
    return [price / 1_000_000 for price in now]


def recounted(*folders: Path) -> dict[str, tuple[dict[str, int], Decimal]]:
    """By model the tokens of each kind, and what they cost."""
    answers: dict[str, list[Any]] = defaultdict(list)
    for file in (file for folder in folders for file in sorted(folder.rglob("*.jsonl*"))):
        for name, *telling in told(file):
            answers[name].append(telling)
    sums: dict[str, tuple[dict[str, int], Decimal]] = {}
    for tellings in answers.values():
        model, _, tokens = max(tellings, key=lambda telling: sum(telling[2]))
        at = min(datetime.fromisoformat(when) for _, when, _ in tellings)
        price = rates(model, at.date().isoformat(), sum(tokens) - tokens[1])
        known, cost = sums.get(model, (dict.fromkeys(KINDS, 0), Decimal(0)))
        sums[model] = (
            {kind: known[kind] + count for kind, count in zip(KINDS, tokens, strict=True)},
            cost + sum((rate * count for rate, count in zip(price, tokens, strict=True)), Decimal(0)),
        )
    return sums


if __name__ == "__main__":
    for model, (tokens, cost) in sorted(recounted(*map(Path, sys.argv[1:])).items()):
        print(f"{model:<32} {tokens} ${cost:.4f}")
