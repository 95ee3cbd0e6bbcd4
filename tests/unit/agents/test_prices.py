"""What tokens cost: exactly, by a table that is never fetched, and not at all where the table does not say."""

from __future__ import annotations

import socket
import subprocess
import sys
from decimal import Decimal
from importlib.metadata import version

import genai_prices.data_snapshot
import pytest

from support.agent_events import events_of
from support.samples.agents import answered, claude
from vestige.agents import Answer, answers, cost_of, price_of
from vestige.sources.agents import Usage

AT = 1_772_355_600_000_000_000  # 2026-03-01
SONNET = Usage("m", "claude-sonnet-4-5-20250929", "message", 10, 100, 0, 5000, 200)


def test_three_lines_of_one_message_cost_what_one_does() -> None:
    usage = {"input_tokens": 10, "output_tokens": 100, "cache_read_input_tokens": 5000,
             "cache_creation_input_tokens": 200}  # fmt: skip
    message = {**answered("m", {"type": "text", "text": "x"}, **usage), "model": "claude-sonnet-4-5-20250929"}
    found = answers(events_of("claude_code", *(claude("assistant", number, message=message) for number in (1, 2, 3))))
    assert cost_of(found).amount == Decimal("0.00378")


def test_cache_writes_cost_by_their_life() -> None:
    usage = Usage("m", "claude-opus-5", "message", 2, 100, 0, 10000, 1000, 2000)
    assert price_of(usage, AT).amount == Decimal("0.03376")


def test_every_figure_bears_the_tables_version() -> None:
    said = f"genai-prices {version('genai-prices')}"
    assert price_of(SONNET, AT).table == said
    assert price_of(SONNET._replace(model="who-knows"), AT).table == said
    assert cost_of([]).table == said
    assert said == "genai-prices 0.2.3"


@pytest.mark.parametrize(
    ("model", "why"),
    [("", "no model told"), ("who-knows", "no maker is known"), ("composer-2", "no maker"), ("claude-x", "has no")],
)
def test_an_unknown_model_has_no_price_and_says_why(model: str, why: str) -> None:
    price = price_of(SONNET._replace(model=model), AT)
    assert price.amount is None
    assert why in price.reason
    cost = cost_of([Answer("a", "s", "", AT, SONNET), Answer("a", "s", "", AT, SONNET._replace(model=model))])
    assert (cost.amount, cost.priced) == (None, Decimal("0.00378"))
    assert cost.unpriced == ((model, price.reason),)


def test_a_resellers_name_before_the_model_is_not_the_models() -> None:
    assert price_of(SONNET._replace(model="copilot/claude-sonnet-4-5"), AT).amount == Decimal("0.00378")


def test_each_answer_is_priced_by_itself() -> None:
    """A long request costs more for each token than two of half its length."""
    long = Usage("m", "gemini-2.5-pro", "message", 300_000)
    half = long._replace(input_tokens=150_000)
    one, two = cost_of([Answer("a", "s", "", AT, long)]), cost_of([Answer("a", "s", "", AT, half)] * 2)
    assert one.amount is not None
    assert two.amount is not None
    assert one.amount > two.amount > 0


def test_which_price_held_at_an_unknown_time_is_not_guessed() -> None:
    providers = {one.id: one for one in genai_prices.data_snapshot._bundled_snapshot().providers}
    varied = next(
        model
        for model in providers["anthropic"].models + providers["openai"].models
        if isinstance(model.prices, list) and model.id.startswith(("claude", "gpt", "o"))
    )
    usage = SONNET._replace(model=varied.id)
    assert price_of(usage, None).amount is None
    assert "changed over time" in price_of(usage, None).reason
    assert price_of(usage, AT).amount is not None
    assert price_of(SONNET, None).amount == Decimal("0.00378")


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert price_of(SONNET, AT).amount is not None


def test_another_table_put_in_its_place_is_not_taken() -> None:
    empty = genai_prices.data_snapshot.DataSnapshot(providers=[], from_auto_update=True)
    genai_prices.data_snapshot.set_custom_snapshot(empty)
    try:
        assert price_of(SONNET, AT).amount == Decimal("0.00378")
    finally:
        genai_prices.data_snapshot.set_custom_snapshot(None)


def test_the_table_is_loaded_only_when_something_is_priced() -> None:
    code = "import sys, vestige.agents; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
