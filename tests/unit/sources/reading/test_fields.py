from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.event import Event
from vestige.sources.reading import fields


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:8080 ", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ("2001:0DB8:0000::0001", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.128", "192.0.2.128"),
        ("::FFFF:C000:0280", "192.0.2.128"),
        ("10.0.0.1/32", "10.0.0.1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("::1", "::1"),
        ("", ""),
        ("web-1", ""),
        ("ec2.amazonaws.com", ""),
        ("256.1.1.1", ""),
        ("1.2.3", ""),
        ("10.0.0.07", ""),
        ("10.0.0.0/8", ""),
        ("1.2.3.4:port", ""),
        ("[::1", ""),
        ("12345", ""),
        ("::1::2", ""),
    ],
)
def test_addresses_are_canonical_or_left_out(text: str, canonical: str) -> None:
    assert fields.canonical_ip(text) == canonical
    assert fields.ip_of([text, "192.0.2.99"]) == canonical


@given(st.ip_addresses())
def test_every_address_comes_back_in_its_canonical_text(address: Any) -> None:
    expected = address.ipv4_mapped if address.version == 6 and address.ipv4_mapped else address
    for text in (str(address), address.exploded.upper()):
        assert fields.canonical_ip(text) == str(expected)
    assert str(ipaddress.ip_address(fields.canonical_ip(str(address)))) == str(expected)


@given(st.text(max_size=30))
def test_no_text_is_more_than_no_address(text: str) -> None:
    found = fields.canonical_ip(text)
    assert found == "" or str(ipaddress.ip_address(found)) == found


def test_values_of_any_kind_become_what_a_field_allows() -> None:
    for odd in (None, [], {}, 1.5, object()):
        assert fields.ip_of(odd) == ""
    assert [fields.port_of(value) for value in (22, "443", 0, -1, 65536, "x", True, None, "٢٢")] == [
        22, 443, 0, 0, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    assert [fields.severity_of(value) for value in ("Info", "WARN", "error", "fatal", "3", 4, 7, "?", None, True)] == [
        0, 2, 3, 4, 3, 4, 0, 0, 0, 0,
    ]  # fmt: skip
    words = ("SUCCESS", "Denied", "unknown", True, False, "maybe", 5, "x" * 99)
    assert [fields.outcome_of(word) for word in words] == [
        "success", "failure", "unknown", "success", "failure", "", "", "",
    ]  # fmt: skip
    assert [fields.text_of(value) for value in ("a", 1, True, None, [1], {"a": 1}, 1.5)] == [
        "a", "1", "true", "", "", "", "1.5",
    ]  # fmt: skip
    assert fields.tags_of(["a", "", 1, None]) == ("a", "1")
    assert fields.tags_of("a, b,,c") == ("a", "b", "c")
    assert fields.tags_of(5) == ()
    assert fields.keys_of([("ip", "x"), ("ip", ""), ("ip", "x"), ("hash", "y")]) == (("ip", "x"), ("hash", "y"))


def test_bytes_that_are_no_text_are_replaced_and_said_so() -> None:
    assert fields.decode("grün".encode()) == ("grün", False)
    assert fields.decode(b"gr\xfcn\0") == ("gr\ufffdn\0", True)


def test_an_event_is_made_of_all_its_fields() -> None:
    event = fields.make_event(tuple(Event("a.b")))
    assert (type(event), event) == (Event, Event("a.b"))


def test_a_machines_name_is_a_key_unless_every_machine_has_it() -> None:
    assert fields.host_key("db-7.example") == (("host", "db-7.example"),)
    assert fields.host_key("localhost") == fields.host_key("LOCALHOST.localdomain") == fields.host_key("[local]") == ()
    assert fields.host_key("192.0.2.7") == fields.host_key("::1") == fields.host_key("") == ()
