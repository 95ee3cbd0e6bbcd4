"""What counts of tokens cost by the price table, for many answers: by rates that the table was asked for once.

The table works each request out anew, through all units there are. Up to each length at which some price of a model
steps, that comes to counts times rates, and a rate is what the table itself says of a request of one unit alone. Where
the table refuses a unit, it is asked for the request itself.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from genai_prices.types import ModelInfo, ModelPrice, Provider

_HOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "input_tokens": (),
    "output_tokens": (),
    "cache_read_tokens": ("input_tokens",),
    "cache_write_tokens": ("input_tokens",),
    "cache_write_1h_tokens": ("cache_write_tokens", "input_tokens"),
    "web_searches": (),
}
"""Units, and the counts that each is part of."""
_BATCH: Final = 1_000_000
_KNOWN: Final[dict[tuple[int, int], Mapping[str, Decimal] | None]] = {}
"""Rates by the identity of the table's own prices, which live as long as this module, and how many steps are passed."""
_STEPS: Final[dict[int, tuple[int, ...]]] = {}
"""By the same identity the lengths of input beyond which prices step, rising."""


def amount_of(provider: Provider, model: ModelInfo, counts: Mapping[str, int], when: datetime) -> Decimal:
    """What a request costs.

    Args:
        provider: whose model.
        model: which.
        counts: all units of :data:`_HOLDERS`, each with what is part of it.
        when: the time of the request.

    Raises:
        ValueError: the table cannot price it.
    """
    prices = model.get_prices(when)
    if id(prices) not in _STEPS:
        _STEPS[id(prices)] = _steps(prices)
    passed = bisect_left(_STEPS[id(prices)], counts["input_tokens"])
    if (id(prices), passed) not in _KNOWN:
        _KNOWN[id(prices), passed] = _rates(provider, model, when, _STEPS[id(prices)], passed)
    rates = _KNOWN[id(prices), passed]
    if rates is None:
        return _asked(provider, model, counts, when)
    alone = dict(counts)
    for unit, holders in _HOLDERS.items():
        if holders:
            alone[holders[0]] -= counts[unit]
    return sum((rates[unit] * count for unit, count in alone.items()), Decimal(0))


def _steps(prices: ModelPrice) -> tuple[int, ...]:
    from genai_prices.types import TieredPrices  # noqa: PLC0415 - thousands of prices, which most commands do not need

    stepped = [price for price in vars(prices).values() if isinstance(price, TieredPrices)]
    return tuple(sorted({tier.start for price in stepped for tier in price.tiers}))


def _rates(
    provider: Provider, model: ModelInfo, when: datetime, steps: tuple[int, ...], passed: int
) -> Mapping[str, Decimal] | None:
    """What one of each unit costs in a request that passed some steps; none where the table refuses a unit."""
    long = _BATCH if not steps else steps[passed] if passed < len(steps) else steps[-1] + 1
    rates: dict[str, Decimal] = {}
    try:
        for unit, holders in _HOLDERS.items():
            if unit == "input_tokens" or "input_tokens" in holders:
                said = dict.fromkeys((unit, *holders), long)
                rates[unit] = _asked(provider, model, said, when) / long
            else:
                # What is put out costs what it does beside an input of that length.
                said = {"input_tokens": long, unit: _BATCH}
                rates[unit] = _asked(provider, model, said, when) / _BATCH - rates["input_tokens"] * long / _BATCH
    except ValueError:
        return None
    return rates


def _asked(provider: Provider, model: ModelInfo, counts: Mapping[str, int], when: datetime) -> Decimal:
    """What the table says of a request."""
    from genai_prices import Usage as Priced  # noqa: PLC0415 - see above

    said = Priced(**{unit: count for unit, count in counts.items() if count})
    return model.calc_price(said, provider, genai_request_timestamp=when).total_price
