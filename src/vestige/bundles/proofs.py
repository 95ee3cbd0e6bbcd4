"""Proofs of many entries of one signed tree, as the packer writes them, taken apart quickly.

Every one of them ends with the same checkpoint, and neighbours share most of their path. So a proof is compared with
what it must be, and only what is new in it is decoded. This reads nothing that :func:`vestige.proof.parse_tlog_proof`
and :func:`vestige.proof.parse_canonical` would refuse or read otherwise; whatever is not plain is left to them, and so
is the saying of what is wrong. Nothing is verified here.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import Final, NamedTuple

from vestige.proof.merkle import HASH_SIZE, inclusion_steps
from vestige.proof.tlog_proof import HEADER, MAX_EXTRA

SHAPES: Final = frozenset({("leaf",), ("leaf", "salt"), ("leaf", "withheld")})
"""What the extra line of an entry's proof may hold, in canonical order."""
_HEAD: Final = f"{HEADER}\nextra ".encode()
_LEAF: Final = b'{"leaf":"'
_SALT: Final = b'","salt":"'
_SALTED: Final = 64 + 2
"""Bytes of a salt in hex, and of what ends the object."""
_REST: Final = len(_SALT) + _SALTED
_LINE: Final = 45
"""Bytes of a line of the path: 32 bytes in base 64, and its end."""


class Plain(NamedTuple):
    """A proof whose index and checkpoint are the ones expected."""

    extra: dict[str, str]
    path: tuple[bytes, ...]


class Proofs:
    """Reads the proofs of one tree.

    Args:
        size: of the tree.
        note: its signed checkpoint, which is known to be one.
    """

    def __init__(self, size: int, note: bytes) -> None:
        self._size = size
        self._end = b"\n" + note
        self._seq = 0
        self._text = b""
        self._path: tuple[bytes, ...] = ()

    def plain(self, data: bytes, seq: int) -> Plain | None:
        """The proof that the entry ``seq`` is in the tree; None if it may be no such proof."""
        steps = inclusion_steps(seq, self._size)
        index = b"\nindex %d\n" % seq
        end = len(data) - len(self._end)
        start = end - _LINE * steps
        extra_end = start - len(index)
        if not (
            len(_HEAD) < extra_end
            and data.startswith(_HEAD)
            and data.endswith(self._end)
            and data.startswith(index, extra_end)
        ):
            return None
        try:
            extra = _extra(data[len(_HEAD) : extra_end])
            path = self._decoded(data[start:end], seq, steps)
        except ValueError:
            return None
        return None if extra is None or path is None else Plain(extra, path)

    def _decoded(self, text: bytes, seq: int, steps: int) -> tuple[bytes, ...] | None:
        """The hashes of a path; the upper ones of the path before, where they are spelled the same."""
        new = (seq ^ self._seq).bit_length()
        if len(text) != len(self._text) or text[_LINE * new :] != self._text[_LINE * new :]:
            new = steps
        lines = text[: _LINE * new]
        hashes = tuple(map(a2b_base64, lines.split(b"\n")[:-1]))
        # What was passed over in decoding is missing in this; so it is equal only for the one spelling.
        if b"".join(map(b2a_base64, hashes)) != lines or {*map(len, hashes)} - {HASH_SIZE}:
            return None
        self._seq, self._text, self._path = seq, text, hashes + self._path[new:] if new < steps else hashes
        return self._path


def _extra(encoded: bytes) -> dict[str, str] | None:
    """What an extra line says, if it has leaf and salt, and is spelled as nearly all are: no escapes but of quotes."""
    data = a2b_base64(encoded)
    if not len(_LEAF) + _REST <= len(data) <= MAX_EXTRA or b2a_base64(data, newline=False) != encoded:
        return None
    spelled, salt = data[len(_LEAF) : -_REST], data[-_SALTED:-2]
    if not data.startswith(_LEAF) or data[-_REST:-_SALTED] != _SALT or data[-2:] != b'"}' or not salt.isalnum():
        return None
    leaf = spelled.replace(b'\\"', b'"')
    text = leaf.decode()
    # Then this is its one canonical spelling: a quote is escaped, no backslash is left, nor any control character.
    usual = leaf.replace(b'"', b'\\"') == spelled and b"\\" not in leaf and text.isprintable()
    return {"leaf": text, "salt": salt.decode()} if usual else None
