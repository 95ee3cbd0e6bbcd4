"""What tokens cost, by a table of list prices that comes with the package ``genai-prices`` and is never fetched.

Every figure bears the table's version: the same tokens cost the same for ever under one version. Prices are those of
the day of the answer. A model the table does not have has no price, and says why; it is never zero. What a reseller
or a subscription charges is not known here: figures are list prices of the model's maker, in US dollars; unless a list
of one's own says otherwise (:mod:`vestige.agents.price_list`), which a figure then names beside the table.

Prices may rise with the length of one request, so each answer is priced by itself and sums are of prices.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.agents.rates import amount_of
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, Provider

    from vestige.agents.price_list import OwnPrice, PriceList
    from vestige.agents.tokens import Answer
    from vestige.sources.agents import Usage

_MAKERS = (
    (re.compile(r"claude[-.]"), "anthropic"),
    (re.compile(r"(?:gpt|chatgpt|codex|o\d)(?:[-.]|\d|$)"), "openai"),
    (re.compile(r"gemini[-.]"), "google"),
)
_MOST_KEPT = 1_000
_RESELLERS = re.compile(r"(?:copilot|github-copilot|anthropic|openai|google|models)/")


class Price(NamedTuple):
    """What one answer cost."""

    amount: Decimal | None
    """US dollars; none where it is not known."""
    table: str
    """The price table and its version."""
    model: str = ""
    """The model of the table whose prices were taken."""
    reason: str = ""
    """Why there is no amount."""


class Book:
    """The lists of one's own that are in force, and no two prices of which hold for one model at one time."""

    def __init__(self, lists: Sequence[PriceList] = ()) -> None:
        self.lists = tuple(lists)
        self._ranked = sorted(
            ((price, one.table) for one in self.lists for price in one.prices), key=lambda of: of[0].rank, reverse=True
        )
        self._fitting: dict[tuple[str, str], list[tuple[OwnPrice, str]]] = {}

    def price(self, usage: Usage, at: int | None, agent: str) -> Price | None:
        """What a list says that an answer cost; none where no list says anything of it."""
        model = usage.model.lower()
        fitting = self._fitting.get((model, agent))
        if fitting is None:
            fitting = [one for one in self._ranked if one[0].fits(model, agent)]
            if len(self._fitting) >= _MOST_KEPT:
                self._fitting.clear()  # names of models are whatever agents tell
            self._fitting[model, agent] = fitting
        for price, table_ in fitting:
            if at is None and (price.start is not None or price.end is not None):
                reason = "a list prices it for a time, and when it was is not known"
                return Price(None, table_, price.model, reason)
            if at is None or price.holds(at):
                amount = price.amount(usage)
                if isinstance(amount, str):
                    return Price(None, table_, price.model, f"the list states no price of {amount}")
                return Price(amount, table_, price.model)
        return None


NO_LISTS: Final = Book()


class Cost(NamedTuple):
    """What many answers cost together."""

    amount: Decimal | None
    """US dollars; none if any of them has no price."""
    priced: Decimal
    """What those with a price cost."""
    table: str
    unpriced: tuple[tuple[str, str], ...]
    """Models without a price, and why; each once."""


@cache
def table() -> str:
    """The price table's name and version, which stand on every figure."""
    import genai_prices  # noqa: PLC0415 - thousands of prices, which most commands do not need

    return f"genai-prices {genai_prices.__version__}"


@cache
def _snapshot() -> DataSnapshot:
    """The table in the package itself, whatever anybody else in the process has put in its place."""
    from genai_prices.data import providers  # noqa: PLC0415 - see above
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415

    return DataSnapshot(providers=providers, from_auto_update=False)


@lru_cache(maxsize=1024)
def _found(name: str, maker: str) -> tuple[Provider, ModelInfo]:
    """A model of a maker's in the table; ``LookupError`` where it has none."""
    return _snapshot().find_provider_model(name, None, maker, None)


def price_of(usage: Usage, at: int | None, book: Book = NO_LISTS, agent: str = "") -> Price:
    """What an answer cost.

    Args:
        usage: its tokens.
        at: when, nanoseconds; it decides which of a model's prices held.
        book: lists that go before the table.
        agent: whose answer.
    """
    own = book.price(usage, at, agent)
    return _listed(usage, at) if own is None else own


def _listed(usage: Usage, at: int | None) -> Price:
    """What an answer cost by the table."""
    from datetime import UTC, datetime  # noqa: PLC0415 - with the table

    from genai_prices.types import ModelPrice  # noqa: PLC0415 - see above

    name = _RESELLERS.sub("", usage.model.lower())
    maker = next((maker for form, maker in _MAKERS if form.match(name)), "")
    if not maker:
        return Price(None, table(), reason=f"no maker is known of {usage.model!r}" if usage.model else "no model told")
    try:
        provider, model = _found(name, maker)
    except LookupError:
        return Price(None, table(), reason=f"the table has no {usage.model!r} of {maker}")
    if at is None and not isinstance(model.prices, ModelPrice):
        return Price(None, table(), model.id, "its price changed over time, and when it was is not known")
    written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens
    counts = {
        "input_tokens": usage.input_tokens + usage.cache_read_tokens + written,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "web_searches": usage.web_search_requests,
    }
    when = datetime.fromtimestamp((at or 0) // NANOS, UTC)
    try:
        amount = amount_of(provider, model, counts, when)
    except ValueError as error:
        return Price(None, table(), model.id, f"the table cannot price it: {error}")
    return Price(amount, table(), model.id)


def cost_of(found: Iterable[Answer], book: Book = NO_LISTS) -> Cost:
    """What answers cost together."""
    priced = Decimal(0)
    missing: dict[tuple[str, str], None] = {}
    tables: set[str] = set()
    for one in found:
        price = price_of(one.usage, one.at, book, one.agent)
        tables.add(price.table)
        if price.amount is None:
            missing[one.usage.model, price.reason] = None
        else:
            priced += price.amount
    return Cost(None if missing else priced, priced, named(tables), tuple(missing))


def named(tables: Iterable[str]) -> str:
    """Price tables as a figure names them: the one that comes with the product, then lists."""
    return "; ".join((table(), *sorted(set(tables) - {table()})))
