"""As much of DER as time-stamp tokens need: elements, and the order of the certificates in a token.

CMS (RFC 5652, section 5.1) keeps certificates in a SET OF, whose elements DER wants in rising order (X.690, section
11.6). Many authorities give them in the order of the chain, and strict readers refuse that. The certificates are not
signed, so they may be put in order before a token is read; what is kept are the bytes as they came.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from vestige.model.errors import ProofError

SEQUENCE: Final = 0x30
_EXPLICIT_0: Final = 0xA0
_LONGEST: Final = 4
"""Bytes of a length: no token has four gigabytes."""


class Element(NamedTuple):
    """One element: its tag, where it begins, where its content begins, and where it ends."""

    tag: int
    at: int
    start: int
    end: int


def element(data: bytes, at: int, end: int) -> Element:
    """The element that begins at a place.

    Raises:
        ProofError: there is none, it has no definite length, or it reaches beyond ``end``.
    """
    if at + 2 > end:
        raise _no_der(at)
    tag, length, start = data[at], data[at + 1], at + 2
    if length >= 0x80:
        width = length & 0x7F
        if not 1 <= width <= _LONGEST or start + width > end:
            raise _no_der(at)
        length, start = int.from_bytes(data[start : start + width], "big"), start + width
    if tag & 0x1F == 0x1F or start + length > end:
        raise _no_der(at)
    return Element(tag, at, start, start + length)


def children(data: bytes, of: Element) -> list[Element]:
    """The elements inside one.

    Raises:
        ProofError: they do not fill it exactly.
    """
    found, at = [], of.start
    while at < of.end:
        found.append(element(data, at, of.end))
        at = found[-1].end
    return found


def in_order(response: bytes) -> bytes:
    """A TimeStampResp (RFC 3161, section 2.4.2) with the certificates of its token in the order DER wants.

    One without a token, which is a refusal, is given back as it is.

    Raises:
        ProofError: it is no such answer.
    """
    outer = element(response, 0, len(response))
    if outer.tag != SEQUENCE or outer.end != len(response):
        raise _no_der(0)
    parts = children(response, outer)
    if len(parts) < 2:
        return response
    content = children(response, parts[1])  # ContentInfo: what it is, and [0] the content
    if len(content) != 2 or content[1].tag != _EXPLICIT_0:
        raise _no_der(parts[1].at)
    signed = children(response, content[1])
    if len(signed) != 1 or signed[0].tag != SEQUENCE:
        raise _no_der(content[1].at)
    for one in children(response, signed[0]):
        if one.tag == _EXPLICIT_0:
            certificates = sorted(response[each.at : each.end] for each in children(response, one))
            return response[: one.start] + b"".join(certificates) + response[one.end :]
    return response


def _no_der(at: int) -> ProofError:
    return ProofError("not a time stamp's DER", expected="a TimeStampResp of RFC 3161", got=f"something else at {at}")
