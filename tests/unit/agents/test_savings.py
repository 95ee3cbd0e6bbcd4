"""What caching saved, at the prices of each answer's own model."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from vestige.agents import price_of
from vestige.agents.savings import Savings, savings_of
from vestige.sources.agents import Usage

AT = 1_772_355_600_000_000_000  # 2026-03-01
count = st.integers(0, 150_000)


def saved(usage: Usage) -> Savings | None:
    return savings_of(usage, lambda of: price_of(of, AT).amount)


def test_reading_and_writing_are_held_against_sending_anew() -> None:
    sonnet = Usage("m", "claude-3-5-sonnet", "message", 10, 100, 0, 5000, 200, 100)
    found = saved(sonnet)
    assert found is not None
    assert found.gross == Decimal(5000) * (Decimal(3) - Decimal("0.3")) / 1_000_000
    assert found.extra == (200 * (Decimal("3.75") - 3) + 100 * (Decimal(6) - 3)) / 1_000_000
    # The same tokens of another model save what that one's prices come to.
    opus = saved(sonnet._replace(model="claude-3-opus"))
    assert opus is not None
    assert opus.gross == found.gross * 5


def test_what_was_written_and_not_read_is_a_loss() -> None:
    found = saved(Usage("m", "claude-opus-5", "message", 0, 0, 0, 0, 1_000_000, 0))
    assert found == Savings(Decimal(0), Decimal("1.25"))
    assert found.net == Decimal("-1.25")


def test_without_a_price_there_is_no_figure_and_without_a_cache_it_is_zero() -> None:
    nobody = Usage("m", "claude-nobody-9", "message", 10, 100, 0, 5000, 0, 0)
    assert saved(nobody) is None
    assert saved(nobody._replace(cache_read_tokens=0)) == Savings()


@given(
    model=st.sampled_from(["claude-opus-5", "claude-sonnet-4-5", "claude-opus-4-6", "gpt-5", "gemini-2.5-pro"]),
    counts=st.tuples(count, count, count, count, count),
)
def test_the_net_is_what_the_answer_would_have_cost_without_any_cache(
    model: str, counts: tuple[int, int, int, int, int]
) -> None:
    taken, out, read, short, long = counts
    usage = Usage("m", model, "message", taken, out, 0, read, short, long)
    without = Usage("m", model, "message", taken + read + short + long, out, 0, 0, 0, 0)
    found, paid, unpaid = saved(usage), price_of(usage, AT).amount, price_of(without, AT).amount
    assert found is not None
    assert paid is not None
    assert unpaid is not None
    assert found.net == unpaid - paid
