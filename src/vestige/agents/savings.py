"""What caching saved: what an answer would have cost without, less what it cost, at the prices of its own model.

Reading from a cache is held against sending the same tokens anew, writing into one against sending them without that.
Both are of the same request, so that a price which rises with its length is the same on both sides. An answer that used
a cache and has no price saved nobody knows how much: there is no figure, and it is not zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.sources.agents import Usage


class Savings(NamedTuple):
    """US dollars."""

    gross: Decimal = Decimal(0)
    """What reading from caches cost less than sending it anew would have."""
    extra: Decimal = Decimal(0)
    """What writing into caches cost more than not doing so."""

    @property
    def net(self) -> Decimal:
        """What is left of it; below zero where what was written was read too seldom."""
        return self.gross - self.extra

    def plus(self, other: Savings) -> Savings:
        """Both together."""
        return Savings(self.gross + other.gross, self.extra + other.extra)


def savings_of(usage: Usage, price: Callable[[Usage], Decimal | None]) -> Savings | None:
    """What caching saved in one answer; none where that has no price.

    Args:
        usage: its tokens.
        price: what tokens of its model would have cost at its time.
    """
    read, written = usage.cache_read_tokens, usage.cache_write_5m_tokens + usage.cache_write_1h_tokens
    if not read and not written:
        return Savings()
    paid = price(usage)
    anew = price(usage._replace(input_tokens=usage.input_tokens + read, cache_read_tokens=0))
    unwritten = price(
        usage._replace(input_tokens=usage.input_tokens + written, cache_write_5m_tokens=0, cache_write_1h_tokens=0)
    )
    if paid is None or anew is None or unwritten is None:
        return None
    return Savings(anew - paid, paid - unwritten)
