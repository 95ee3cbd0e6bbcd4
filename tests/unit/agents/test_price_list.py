"""Price lists of one's own: read exactly or refused, one price for a model and time, and nothing without a price."""

from __future__ import annotations

import fnmatch
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.agents import price_of
from vestige.agents.price_list import (
    LONGEST,
    MOST_PRICES,
    OwnPrice,
    PriceList,
    _intersect,
    read_list,
    refuse_overlap,
)
from vestige.agents.prices import Book, cost_of, table
from vestige.agents.tokens import Answer
from vestige.model.errors import InputError, TooLargeError
from vestige.model.instant import parse_bound
from vestige.sources.agents import Usage

MARCH = parse_bound("2026-03-01", field="at")
SONNET = Usage("m", "claude-sonnet-4-5-20250929", "message", 10, 100, 0, 5000, 200)
FULL = """
version = 1
name = "acme-2026"

[[price]]
model = "claude-sonnet-*"
from = 2026-02-01
to = 2026-06-01T00:00:00+02:00
input = "1"
output = "2.5"
cache_read = "0.1"
cache_write_5m = "0"
"""


def made(*prices: str, name: str = "a") -> PriceList:
    return read_list(f'version = 1\nname = "{name}"\n' + "".join(f"[[price]]\n{price}\n" for price in prices))


def test_a_list_prices_what_it_names_for_the_time_it_names() -> None:
    found = read_list(FULL)
    book = Book([found])
    price = price_of(SONNET, MARCH, book)
    assert price.amount == (10 * Decimal(1) + 100 * Decimal("2.5") + 5000 * Decimal("0.1")) / 1_000_000
    assert price.table == f"acme-2026 sha256:{found.digest}"
    assert len(found.digest) == 64
    # Before its first moment, and from its last on, the other price holds, and the figure names the other table.
    (own,) = found.prices
    assert (own.start, own.end) == (
        parse_bound("2026-02-01", field="at"),
        parse_bound("2026-05-31T22:00:00Z", field="at"),
    )
    assert own.start is not None
    assert own.end is not None
    for at, holds in ((own.start, True), (own.start - 1, False), (own.end - 1, True), (own.end, False)):
        assert price_of(SONNET, at, book).table.startswith("acme") is holds
        assert (price_of(SONNET, at, book) == price_of(SONNET, at)) is not holds
    answers = [Answer("claude-code", "s", "", at, SONNET) for at in (MARCH, own.start - 1)]
    assert cost_of(answers, book).table == f"{table()}; acme-2026 sha256:{found.digest}"
    assert cost_of(answers[1:], book).table == table()


def test_what_a_list_does_not_state_has_no_price_and_is_not_zero() -> None:
    book = Book([made('model = "claude-sonnet-*"\ninput = "1"\noutput = "1"')])
    price = price_of(SONNET, MARCH, book)
    assert (price.amount, price.reason) == (None, "the list states no price of cache_read")
    assert price_of(SONNET._replace(cache_read_tokens=0, cache_write_5m_tokens=0), MARCH, book).amount == Decimal(
        "0.00011"
    )
    # A model the table does not have gets a price, searches one of their own.
    own = Book([made('model = "house-1"\ninput = "2"\nweb_search = "10"')])
    assert price_of(Usage("m", "House-1", "message", 1000), MARCH, own).amount == Decimal("0.002")
    assert price_of(Usage("m", "house-1", "message", web_search_requests=3), MARCH, own).amount == Decimal("0.03")


def test_an_undated_answer_has_only_a_price_that_holds_at_any_time() -> None:
    dated = Book([read_list(FULL)])
    price = price_of(SONNET, None, dated)
    assert price.amount is None
    assert "when it was is not known" in price.reason
    always = Book(
        [made('model = "claude-sonnet-*"\ninput = "1"\noutput = "1"\ncache_read = "0"\ncache_write_5m = "0"')]
    )
    assert price_of(SONNET, None, always).amount == Decimal("0.00011")


def test_an_agent_goes_before_a_model_and_an_exact_model_before_a_pattern() -> None:
    rate = 'input = "{}"\noutput = "0"\ncache_read = "0"\ncache_write_5m = "0"'
    book = Book([
        made('model = "*"\n' + rate.format(1), f'model = "{SONNET.model}"\n' + rate.format(2)),
        made('model = "claude-*"\nagent = "codex"\n' + rate.format(3), name="b"),
    ])  # fmt: skip
    refuse_overlap(book.lists)

    def per_million(model: str, agent: str) -> Decimal | None:
        amount = price_of(SONNET._replace(model=model), MARCH, book, agent).amount
        return None if amount is None else amount * 100_000

    assert per_million(SONNET.model, "claude-code") == 2
    assert per_million(SONNET.model, "codex") == 3
    assert per_million("claude-other", "") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x", "not TOML"),
        ('version = 2\nname = "a"', "version"),
        ('version = true\nname = "a"', "version"),
        ('name = "a"', "version"),
        ("version = 1", "name"),
        ('version = 1\nname = "A b"', "name"),
        ('version = 1\nname = "a"\nother = 1', "other besides"),
        ('version = 1\nname = "a"\nprice = 1', "price"),
        ('version = 1\nname = "a"\n[[price]]\ninput = "1"', "no model"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"', "states no price"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "-1"', "0 or more"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = 1.5', "decimal text"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "1e3"', "decimal text"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "NaN"', "decimal text"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "1"\ncolour = "1"', "colour besides"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "1"\nfrom = 2026-01-01T00:00:00', "offset"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "1"\nfrom = "2026-01-01"', "offset"),
        ('version = 1\nname = "a"\n[[price]]\nmodel = "m"\ninput = "1"\nfrom = 2026-01-02\nto = 2026-01-02', "no time"),
    ],
)
def test_what_is_no_list_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(InputError) as refused:
        read_list(text)
    assert why in refused.value.explain()


def test_a_list_has_bounds() -> None:
    start = 'version = 1\nname = "a"\n#'
    assert read_list(start + "x" * (LONGEST - len(start))).prices == ()
    with pytest.raises(TooLargeError):
        read_list(start + "x" * (LONGEST - len(start) + 1))
    prices = [f'model = "m{number}"\ninput = "1"' for number in range(MOST_PRICES + 1)]
    assert len(made(*prices[:-1]).prices) == MOST_PRICES
    with pytest.raises(TooLargeError):
        made(*prices)


def test_two_prices_of_one_model_at_one_time_are_refused() -> None:
    first = 'model = "m"\ninput = "1"\nto = 2026-03-01'
    assert len(made(first, 'model = "m"\ninput = "1"\nfrom = 2026-03-01').prices) == 2
    for other in ('model = "m"\ninput = "1"\nfrom = 2026-02-28', 'model = "M"\ninput = "1"'):
        with pytest.raises(InputError, match="two prices hold for one model"):
            made(first, other)
    with pytest.raises(InputError, match="two prices hold"):
        refuse_overlap([made('model = "a*c"\ninput = "1"'), made('model = "*bc"\ninput = "1"', name="b")])
    refuse_overlap([made('model = "a*c"\ninput = "1"'), made('model = "*bd"\ninput = "1"', name="b")])
    refuse_overlap([made(first), made(first + '\nagent = "codex"', name="b")])


PATTERNS = st.text("ab*", max_size=6)


@given(PATTERNS, st.text("ab", max_size=6))
def test_a_pattern_fits_as_the_shells_does(pattern: str, text: str) -> None:
    price = OwnPrice(pattern, "", None, None, ())
    assert price.fits(text, "codex") == fnmatch.fnmatchcase(text, pattern)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_patterns_that_one_text_fits_intersect(one: str, other: str, text: str) -> None:
    both = fnmatch.fnmatchcase(text, one) and fnmatch.fnmatchcase(text, other)
    assert _intersect(one, other) == _intersect(other, one)
    assert _intersect(one, other) or not both
    # The other way round: where neither has a star, they meet only if they are the same.
    if "*" not in one + other:
        assert _intersect(one, other) == (one == other)
    if "*" not in other:
        assert _intersect(one, other) == fnmatch.fnmatchcase(other, one)
