"""What answers about price lists look like (docs/prices.md).

For the OpenAPI document alone. A field with a default is left out of an answer where there is nothing to say.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vestige.api.answers.shape import Shape

Number = Annotated[int, Field(ge=0)]


class OwnPrice(Shape):
    """What a model costs for a time, in US dollars per million tokens (`web_search`: per thousand), as text."""

    model: str
    agent: str = ""
    start: Annotated[str, Field(alias="from")] = ""
    end: Annotated[str, Field(alias="to")] = ""
    input: str = ""
    output: str = ""
    cache_read: str = ""
    cache_write_5m: str = ""
    cache_write_1h: str = ""
    web_search: str = ""


class OwnPrices(Shape):
    """A list in force. `sha256` is of its text, and is what figures name it by; `entry` applied it."""

    name: str
    sha256: str
    entry: str
    keys: list[str]
    prices: list[OwnPrice]


class UnreadableList(Shape):
    """A list that an earlier version applied and this one cannot read. Nothing is priced by it."""

    name: str
    reason: str


class Prices(Shape):
    """All that figures are worked out by."""

    table: str
    lists: list[OwnPrices]
    keys: list[str]
    unreadable: tuple[UnreadableList, ...] = ()


class PricesApplied(OwnPrices):
    """A list, whether it is new, and beside how many seals it was said what they come to by it.

    `withheld`: seals of which some entries can no longer be read; nothing is said of them.
    """

    new: bool
    amended: Number
    withheld: Number
    index_lag: int = 0
    index_reason: str = ""


class PriceKey(Shape):
    """A key that may sign price lists, or may no more."""

    key: str
    trusted: bool
    new: bool
