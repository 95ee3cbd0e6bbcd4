"""Price lists of one's own: what was agreed with a maker or a reseller, in place of list prices.

A list is TOML (docs/prices.md)::

    version = 1
    name = "acme-2026"

    [[price]]
    model = "claude-opus-*"      # exact, or with `*` for any text; compared in lower case
    agent = "claude-code"        # optional
    from = 2026-01-01            # optional; a day begins at 00:00 UTC
    to = 2027-01-01              # optional, not included
    input = "4.50"               # US dollars per million tokens, as decimal text
    output = "22.50"
    cache_read = "0.45"
    cache_write_5m = "5.625"
    cache_write_1h = "9"
    web_search = "10"            # US dollars per thousand requests

What is not stated has no price, which is not zero. A price that names the agent goes before one that does not, then
one that names the model exactly before one with ``*``. Of two that would still be equal one is refused, so that which
of them holds never depends on their order.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.errors import InputError, TooLargeError, UsageError
from vestige.model.instant import parse_bound
from vestige.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.sources.agents import Usage

LONGEST: Final = 64 << 10
"""Bytes of a list."""
MOST_PRICES: Final = 200
"""Prices of one list."""
RATES: Final = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "web_search")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RATE: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")
_FIELDS: Final = frozenset({"model", "agent", "from", "to", *RATES})
_LONGEST_TEXT: Final = 200
_MILLION: Final = Decimal(1_000_000)
_THOUSAND: Final = Decimal(1_000)


class OwnPrice(NamedTuple):
    """What a model costs for a time. Bounds are nanoseconds, ``end`` not included; none: without a bound."""

    model: str
    agent: str
    start: int | None
    end: int | None
    rates: tuple[Decimal | None, ...]
    """As :data:`RATES`; none where the list states none."""

    @property
    def rank(self) -> tuple[bool, bool]:
        """The greater goes before."""
        return bool(self.agent), "*" not in self.model

    def fits(self, model: str, agent: str) -> bool:
        """Whether it is a price of a model, in lower case, that an agent asked."""
        return (not self.agent or self.agent == agent) and matches(self.model, model)

    def holds(self, at: int) -> bool:
        """Whether it is the price of a time."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def amount(self, usage: Usage) -> Decimal | str:
        """What tokens cost; or which rate is missing for it."""
        counts = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens,
                  usage.cache_write_1h_tokens, usage.web_search_requests)  # fmt: skip
        sum_ = Decimal(0)
        for name, rate, count in zip(RATES, self.rates, counts, strict=True):
            if not count:
                continue
            if rate is None:
                return name
            sum_ += rate * count / (_THOUSAND if name == "web_search" else _MILLION)
        return sum_


class PriceList(NamedTuple):
    """A list as it was read."""

    name: str
    digest: str
    """SHA-256 of its text, in hex."""
    prices: tuple[OwnPrice, ...]

    @property
    def table(self) -> str:
        """How figures name it."""
        return f"{self.name} sha256:{self.digest}"


def read_list(text: str) -> PriceList:
    """Read a list.

    Raises:
        TooLargeError: it is longer than :data:`LONGEST`, or has more prices than :data:`MOST_PRICES`.
        InputError: it is no list; the error says where.
    """
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > LONGEST:
        raise TooLargeError("the price list is too long", expected=f"at most {LONGEST} bytes", got=f"{len(data)}")
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("the price list is not TOML", expected="TOML (docs/prices.md)", got=str(error)[:200]) from None
    unknown = sorted(set(tree) - {"version", "name", "price"})
    if unknown:
        raise _wrong("the price list", "version, name, [[price]]", f"{', '.join(unknown)[:100]} besides")
    if tree.get("version") != 1 or isinstance(tree["version"], bool):
        raise _wrong("the price list's version", "version = 1", repr(tree.get("version"))[:40])
    name, rows = tree.get("name"), tree.get("price", [])
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong("the price list's name", "small letters, digits, . _ and -, at most 64", repr(name)[:80])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong("price", "tables [[price]]", repr(rows)[:80])
    if len(rows) > MOST_PRICES:
        raise TooLargeError("the price list has too many prices", expected=f"at most {MOST_PRICES}", got=f"{len(rows)}")
    prices = tuple(_price(row, f"price {number}") for number, row in enumerate(rows, 1))
    found = PriceList(name, hashlib.sha256(data).hexdigest(), prices)
    refuse_overlap([found])
    return found


def refuse_overlap(lists: Iterable[PriceList]) -> None:
    """Refuse lists in which two prices of one model hold at one time and neither goes before the other.

    Raises:
        InputError: there are two.
    """
    alike: dict[tuple[tuple[bool, bool], str], list[tuple[str, OwnPrice]]] = {}
    for one in lists:
        for price in one.prices:
            alike.setdefault((price.rank, price.agent), []).append((one.name, price))
    for (rank, _), prices in alike.items():
        for (of, a), (other, b) in combinations(prices, 2):
            if _meet(a, b) and (a.model == b.model if rank[1] else _intersect(a.model, b.model)):
                raise InputError(
                    "two prices hold for one model at one time",
                    expected="spans that do not overlap, or an agent or an exact model in one of them",
                    got=f"{a.model} of {of} and {b.model} of {other}"[:300],
                    hint="a list of the same name stands in the earlier one's place; one without prices ends it",
                )


def _meet(a: OwnPrice, b: OwnPrice) -> bool:
    """Whether some time is in both spans."""
    return (a.end is None or b.start is None or b.start < a.end) and (
        b.end is None or a.start is None or a.start < b.end
    )


def _intersect(a: str, b: str) -> bool:
    """Whether some text fits both patterns, in which ``*`` is any text."""
    reached = [True] + [False] * len(b)
    for column, other in enumerate(b, 1):
        reached[column] = reached[column - 1] and other == "*"
    for letter in a:
        row = [reached[0] and letter == "*"]
        for column, other in enumerate(b, 1):
            if "*" in {letter, other}:
                row.append(reached[column] or row[column - 1] or reached[column - 1])
            else:
                row.append(reached[column - 1] and letter == other)
        reached = row
    return reached[-1]


def _price(row: Mapping[str, Any], where: str) -> OwnPrice:
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise _wrong(where, ", ".join(sorted(_FIELDS)), f"{', '.join(unknown)[:100]} besides")
    model, agent = _text(row, "model", where), _text(row, "agent", where)
    if not model:
        raise _wrong(f"{where} has no model", "a model's name, exact or with *", "none")
    start, end = _bound(row.get("from"), f"{where}: from"), _bound(row.get("to"), f"{where}: to")
    if start is not None and end is not None and start >= end:
        raise _wrong(f"{where} holds at no time", "from before to", f"{row['from']} to {row['to']}")
    rates = tuple(_rate(row.get(name), f"{where}: {name}") for name in RATES)
    if all(rate is None for rate in rates):
        raise _wrong(f"{where} states no price", f"one of {', '.join(RATES)}", "none")
    return OwnPrice(model.lower(), agent, start, end, rates)


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    text = row.get(name, "")
    if not isinstance(text, str) or not text.isprintable() or len(text) > _LONGEST_TEXT:
        raise _wrong(f"{where}: {name}", f"text of at most {_LONGEST_TEXT} letters", repr(text)[:80])
    return text


def _rate(value: object, where: str) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _RATE.fullmatch(value):
        # A float would already have lost digits.
        raise _wrong(where, 'US dollars as decimal text, 0 or more, such as "4.50"', repr(value)[:60])
    return Decimal(value)


def _bound(value: object, where: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is None):
        raise _wrong(where, "a day, or a time with its offset: 2026-01-01, 2026-01-01T00:00:00Z", repr(value)[:60])
    try:
        return parse_bound(value.isoformat(), field=where)
    except UsageError as error:
        raise _wrong(where, error.expected, error.got) from None


def _wrong(what: str, expected: str, got: str) -> InputError:
    return InputError(f"{what} is not as it must be", expected=expected, got=got, field="note")
