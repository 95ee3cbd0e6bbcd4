"""A time stamp is believed if the authority granted it, over these bytes, for this question, under a trusted root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.anchoring import Authority, openssl
from vestige.anchors import stamps
from vestige.anchors.der import children, element, in_order
from vestige.model.errors import ProofError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"a checkpoint\n"


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "a")


@pytest.fixture(scope="module")
def asked() -> stamps.Asked:
    return stamps.ask(DATA)


@pytest.fixture(scope="module")
def stamp(clock: Authority, asked: stamps.Asked) -> bytes:
    return clock.stamp(asked.query)


def test_a_good_stamp_says_when_and_who(clock: Authority, asked: stamps.Asked, stamp: bytes) -> None:
    roots = stamps.read_roots(clock.root)
    said = stamps.check(stamp, DATA, roots, asked.nonce)
    assert said == stamps.read(stamp, DATA) == stamps.check(stamp, DATA, roots)
    assert said.authority == "CN=A made-up clock"
    assert said.serial == "2"
    text = openssl("ts", "-reply", "-in", str(clock.folder / "reply"), "-text").decode()
    assert "Serial number: 0x02" in text
    assert said.at % 1_000_000_000 == 0
    assert stamps.leads_to(stamp, roots)


def test_what_is_wrong_with_a_stamp_is_told(
    clock: Authority, asked: stamps.Asked, stamp: bytes, tmp_path: Path
) -> None:
    roots = stamps.read_roots(clock.root)
    other = Authority(tmp_path / "other")  # of the same names, with other keys
    assert stamps.check(stamp, DATA, roots, asked.nonce)
    with pytest.raises(ProofError, match="over something else"):
        stamps.check(stamp, DATA + b"x", roots)
    with pytest.raises(ProofError, match="Nonce mismatch"):
        stamps.check(stamp, DATA, roots, asked.nonce + 1)
    with pytest.raises(ProofError, match="not good"):
        stamps.check(stamp, DATA, stamps.read_roots(other.root))
    with pytest.raises(ProofError, match="not good"):
        stamps.check(stamp[:-1] + bytes([stamp[-1] ^ 1]), DATA, roots)  # the last byte of the signature
    with pytest.raises(ProofError, match="too long"):
        stamps.check(stamp + b"\0" * stamps.MOST_BYTES, DATA, roots)
    for bad in (b"", b"\x30", b"\x30\x00", b"no stamp", stamp[:-1], stamp + b"\0"):
        with pytest.raises(ProofError):
            stamps.read(bad, DATA)


def test_a_refusal_of_the_authority_is_no_stamp(clock: Authority) -> None:
    """Asked for a digest it does not take, it answers in the same form, without a token."""
    query = openssl("ts", "-query", "-digest", "00" * 48, "-sha384")
    refused = clock.stamp(query)
    assert in_order(refused) == refused
    with pytest.raises(ProofError, match="did not grant"):
        stamps.read(refused, DATA)


def test_a_certificate_that_is_for_something_else_stamps_nothing(tmp_path: Path) -> None:
    """openssl itself refuses to stamp with it; so one for time stamping stamps, under a root that is not its own."""
    roots = stamps.read_roots(Authority(tmp_path / "b").root)
    mine = Authority(tmp_path / "c")
    stamp = mine.stamp(stamps.ask(DATA).query)
    assert stamps.check(stamp, DATA, stamps.read_roots(mine.root))
    with pytest.raises(ProofError):
        stamps.check(stamp, DATA, roots)
    with pytest.raises(AssertionError):
        Authority(tmp_path / "d", usage="codeSigning").stamp(stamps.ask(DATA).query)


def test_certificates_are_put_in_order_and_nothing_else_changes(stamp: bytes) -> None:
    again = in_order(stamp)
    assert in_order(again) == again
    assert sorted(again) == sorted(stamp)
    outer = children(again, element(again, 0, len(again)))
    signed = children(again, children(again, children(again, outer[1])[1])[0])
    found = [again[one.at : one.end] for one in children(again, signed[3])]
    assert len(found) == 2
    assert found == sorted(found)


@given(data=st.data())
def test_whatever_an_authority_sends_is_refused_or_is_the_stamp(
    data: st.DataObject, clock: Authority, stamp: bytes
) -> None:
    """A byte turned anywhere: refused, unless it is in a certificate or a word that says nothing here."""
    place = data.draw(st.integers(0, len(stamp) - 1))
    turned = bytearray(stamp)
    turned[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        said = stamps.check(bytes(turned), DATA, stamps.read_roots(clock.root))
    except ProofError:
        return
    assert said.at == stamps.read(stamp, DATA).at


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_our_words(data: bytes) -> None:
    with pytest.raises(ProofError):
        stamps.read(data, DATA)


def test_roots_are_read_or_refused(clock: Authority, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(clock.root.read_bytes() + (clock.folder / "middle.pem").read_bytes())
    assert len(stamps.read_roots(both)) == 2
    (tmp_path / "none").write_text("nothing")
    for path in (tmp_path / "none", tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            stamps.read_roots(path)
