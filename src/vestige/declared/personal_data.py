"""A lint that warns of personal data in declared events. Producers must remove it before they send; this tells them.

The rules are data (``personal_data.yaml`` beside this file). A warning names the field and the rule, never the value: a
warning must not become another copy. Nothing is refused: what looks like a card may be a serial number.

Bounds: at most :data:`MOST_TEXT` characters of an event are looked at, :data:`MOST_ONE` of each text, and at most
:data:`MOST_WARNINGS` are given; what was left is a warning of its own (``unread``). Patterns have bounded repetitions
only, so time is linear in the text.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_TEXT: Final = 100_000
MOST_ONE: Final = 8_192
MOST_WARNINGS: Final = 20
UNREAD: Final = "unread"
_FIELD_LENGTH: Final = 200
_SKIPPED: Final = frozenset({"event_id", "timestamp", "trace_id", "digests", "supersedes", "refs", "kind", "category"})
"""Fields at an event's top that cannot be about a person."""
_IBAN_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26,
    "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
    "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip

_ISSUERS: Final = (
    (("4",), (13, 16, 19)),
    (("34", "37"), (15,)),
    (("30", "36", "38", "39"), (14, 16, 19)),
    (("35",), (16, 17, 18, 19)),
    (("51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"), (16,)),
    (("6011", "62", "64", "65"), (16, 17, 18, 19)),
    (("50", "56", "57", "58", "63", "67"), (13, 14, 15, 16, 17, 18, 19)),
)
"""How cards' numbers begin, and how many digits they have then."""


class Rule(NamedTuple):
    """One thing that is looked for."""

    name: str
    title: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]


@cache
def rules() -> tuple[Rule, ...]:
    """The rules that come with the product."""
    text = files("vestige.declared").joinpath("personal_data.yaml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            one["name"],
            one["title"],
            re.compile(rf"(?<![\w.+-]){one['pattern']}(?![\w-])"),
            CHECKS[one["check"]] if "check" in one else _always,
        )
        for one in yaml.safe_load(text)
    )


def warnings_of(event: Mapping[str, object]) -> tuple[dict[str, str], ...]:
    """What in an event looks like personal data: the field, the rule and what it is, each field and rule once."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    left = MOST_TEXT
    for field, whole in _texts(event):
        text = whole[: min(left, MOST_ONE)]
        left -= len(text)
        for rule in rules():
            if (field, rule.name) not in found and any(rule.holds(one[0]) for one in rule.pattern.finditer(text)):
                found[field, rule.name] = {"field": field, "rule": rule.name, "about": rule.title}
        if len(text) < len(whole):
            found[field, UNREAD] = {"field": field, "rule": UNREAD, "about": "too long to be looked at in full"}
        if left <= 0 or len(found) >= MOST_WARNINGS:
            break
    return tuple(list(found.values())[:MOST_WARNINGS])


def _texts(event: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Every text of an event, and every number long enough to be one, with the path to it; in order."""
    waiting: list[tuple[str, object]] = [(name, value) for name, value in event.items() if name not in _SKIPPED][::-1]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, str):
            yield field[:_FIELD_LENGTH], value
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**10:
            yield field[:_FIELD_LENGTH], str(value)
        elif isinstance(value, dict):
            waiting += [(f"{field}.{name}", part) for name, part in value.items()][::-1]
        elif isinstance(value, list):
            waiting += [(f"{field}.{place}", part) for place, part in enumerate(value)][::-1]


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _always(_: str) -> bool:
    return True


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        doubled = int(sign) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _weighted(digits: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(sign) * weight for sign, weight in zip(digits, weights, strict=False))


def _date(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _e164(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


def _card(text: str) -> bool:
    digits = _digits(text)
    fits = any(digits.startswith(first) and len(digits) in lengths for first, lengths in _ISSUERS)
    return fits and len(set(digits)) > 1 and luhn(digits)


def iban(text: str) -> bool:
    """Whether it is an IBAN of a country's length whose check digits hold (ISO 13616, ISO 7064 mod 97-10)."""
    bare = text.replace(" ", "")
    # A match may run on into the words behind it: the country says where the number ends.
    bare = bare[: _IBAN_LENGTHS.get(bare[:2], 0)]
    if not bare or len(bare) != _IBAN_LENGTHS[bare[:2]]:
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _ssn(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and group != "00" and serial != "0000"


def _nir(text: str) -> bool:
    bare = text.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return 97 - int(bare[:-2]) % 97 == int(bare[-2:])


def _dni(text: str) -> bool:
    bare = text.replace("-", "")
    number = str("XYZ".find(bare[0])) + bare[1:-1] if bare[0] in "XYZ" else bare[:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == bare[-1]


def _pesel(text: str) -> bool:
    month, day = int(text[2:4]) % 20, int(text[4:6])
    return _date(month, day) and (10 - _weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(text[10])


def _cpf(text: str) -> bool:
    digits = _digits(text)
    first = _weighted(digits, range(10, 1, -1)) * 10 % 11 % 10
    second = _weighted(digits, range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def _personnummer(text: str) -> bool:
    digits = _digits(text)[-10:]
    return _date(int(digits[2:4]), int(digits[4:6])) and luhn(digits)


_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
"""What a sign in an odd place of a codice fiscale counts."""


def _codice_fiscale(text: str) -> bool:
    total = sum(
        _ODD[sign] if place % 2 == 0 else int(sign) if sign.isdigit() else ord(sign) - ord("A")
        for place, sign in enumerate(text[:15])
    )
    return chr(ord("A") + total % 26) == text[15]


CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "e164": _e164,
    "card": _card,
    "iban": iban,
    "ssn": _ssn,
    "nir": _nir,
    "dni": _dni,
    "pesel": _pesel,
    "cpf": _cpf,
    "personnummer": _personnummer,
    "codice_fiscale": _codice_fiscale,
}
