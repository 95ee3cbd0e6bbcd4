"""The lint of personal data: what it warns of, what it lets be, and that no text takes long."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vestige.declared.personal_data import CHECKS, MOST_ONE, MOST_WARNINGS, rules, warnings_of

# Numbers made up by their published rules, or published as examples.
FOUND = {
    "email": ["ask jane.doe+x@mail.example.org please", "<a@b.example>"],
    "phone": ["call +44 20 7946 0958 now", "+1 (202) 555-0143", "+4915112345678"],
    "card": ["4111 1111 1111 1111", "5555555555554444", "3782-822463-10005", "card=6011111111111117,"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "pay FR1420041010050500013M02606 today"],
    "us.ssn": ["078-05-1120"],
    "fr.nir": ["1 84 12 76 451 089 46", "184127645108946"],
    "es.dni": ["12345678Z", "X1234567L", "12345678-Z"],
    "pl.pesel": ["44051401359"],
    "br.cpf": ["529.982.247-25"],
    "se.personnummer": ["811218-9876", "19811218-9876"],
    "it.codice_fiscale": ["RSSMRA85T10A562S"],
}
LET_BE = [
    "4111 1111 1111 1112",
    "0000 0000 0000 0000",
    "DE89 3704 0044 0532 0130 01",
    "ZZ89370400440532013000",
    "000-05-1120",
    "666-05-1120",
    "1 84 12 76 451 089 47",
    "12345678A",
    "44051401358",
    "44991401359",
    "529.982.247-26",
    "111.111.111-11",
    "811218-9875",
    "RSSMRA85T10A562T",
    "user@localhost",
    "+12",
    "pkg@1.2.3 released",
    "2025-11-01T10:00:00Z",
    "192.0.2.17:8080",
    "3f786850e387550fdab836ed7e6dc881de23001b",
    "550e8400-e29b-41d4-a716-446655440000",
]


def found(text: object) -> list[str]:
    return [one["rule"] for one in warnings_of({"details": {"x": text}})]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in FOUND.items() for text in texts])
def test_personal_data_is_warned_of(rule: str, text: str) -> None:
    assert rule in found(text)


@pytest.mark.parametrize("text", LET_BE)
def test_what_only_looks_alike_is_let_be(text: str) -> None:
    assert found(text) == []


def test_every_rule_and_every_check_is_tested_and_used() -> None:
    assert {rule.name for rule in rules()} == set(FOUND)
    assert set(CHECKS.values()) <= {rule.holds for rule in rules()}


def test_a_warning_names_the_field_and_never_the_value() -> None:
    event: dict[str, Any] = {
        "event_id": "a@b.example",  # ids, times and names of kinds are no place for people
        "message": "for a@b.example",
        "subject": {"name": "c@d.example"},
        "details": {"list": [{"n": 5555555555554444}], "flag": True, "small": 42},
    }
    told = warnings_of(event)
    assert [(one["field"], one["rule"]) for one in told] == [
        ("message", "email"),
        ("subject.name", "email"),
        ("details.list.0.n", "card"),
    ]
    assert "example" not in str(told)
    assert "5555" not in str(told)


def test_what_is_not_looked_at_is_told() -> None:
    assert found("x" * MOST_ONE) == []
    assert found("x" * (MOST_ONE + 1)) == ["unread"]
    assert len(warnings_of({"details": {str(n): "a@b.example" for n in range(100)}})) == MOST_WARNINGS


@pytest.mark.parametrize(
    "text",
    ["a" * MOST_ONE, "a." * 4000, "a@" * 4000, "1 " * 4000, "+1" * 4000, "DE89 " * 1600, "a@b." * 2000, "-" * MOST_ONE],
)
def test_no_text_takes_long(text: str) -> None:
    texts = {str(n): text for n in range(12)}
    begun = time.process_time()
    warnings_of({"details": texts})
    # A hundred thousand characters take some 50 ms; a pattern that backtracks without end would take hours.
    assert time.process_time() - begun < 5
