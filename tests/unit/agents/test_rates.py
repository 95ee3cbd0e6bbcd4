"""Rates taken from the price table once come to what the table says of each request."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest
from genai_prices import Usage
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st

from vestige.agents.rates import amount_of

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

MADE_BY: Final = [
    (provider, model) for provider in providers if provider.id in {"anthropic", "openai", "google"}
    for model in provider.models
]  # fmt: skip
NAMES: Final = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "web_searches"
)  # fmt: skip
few = st.integers(0, 3) | st.integers(0, 400_000) | st.sampled_from([128_000, 200_000, 200_001, 272_000, 272_001])


def theirs(provider: Provider, model: ModelInfo, counts: dict[str, int], when: datetime) -> Decimal | str:
    said = Usage(**{name: count for name, count in counts.items() if count})
    try:
        return model.calc_price(said, provider, genai_request_timestamp=when).total_price
    except ValueError:
        return "refused"


def ours(provider: Provider, model: ModelInfo, counts: dict[str, int], when: datetime) -> Decimal | str:
    try:
        return amount_of(provider, model, counts, when)
    except ValueError:
        return "refused"


@given(of=st.sampled_from(MADE_BY), counts=st.tuples(few, few, few, few, few, few), year=st.integers(2024, 2026))
def test_a_request_costs_what_the_table_says(
    of: tuple[Provider, ModelInfo], counts: tuple[int, int, int, int, int, int], year: int
) -> None:
    fresh, out, read, short, long, searches = counts
    whole = dict(zip(NAMES, (fresh + read + short + long, out, read, short + long, long, searches), strict=True))
    when = datetime(year, 6, 1, tzinfo=UTC)
    assert ours(*of, whole, when) == theirs(*of, whole, when)


@pytest.mark.parametrize(("tokens", "rate"), [(200_000, 3), (200_001, 6)])
def test_a_price_steps_where_the_table_says(tokens: int, rate: int) -> None:
    of = next(of for of in MADE_BY if of[0].id == "anthropic" and of[1].id == "claude-sonnet-4-5")
    counts = dict.fromkeys(NAMES, 0) | {"input_tokens": tokens}
    assert ours(*of, counts, datetime(2026, 1, 1, tzinfo=UTC)) == Decimal(tokens) * rate / 1_000_000
