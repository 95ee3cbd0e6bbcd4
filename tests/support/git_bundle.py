"""A Git bundle with one commit of one file, made byte by byte: the same each time, and without the program."""

from __future__ import annotations

import hashlib
import struct
import zlib

_TEXT = b"one line\n"
_BLOB, _TREE, _COMMIT = 3, 2, 1
_NAMES = {_BLOB: b"blob", _TREE: b"tree", _COMMIT: b"commit"}


def _oid(kind: int, data: bytes) -> bytes:
    return hashlib.sha1(_NAMES[kind] + b" %d\0" % len(data) + data, usedforsecurity=False).digest()


def _tree() -> bytes:
    return b"100644 a.txt\0" + _oid(_BLOB, _TEXT)


def _commit() -> bytes:
    who = b"A <a@example.com> 1700000000 +0000"
    return b"tree " + _oid(_TREE, _tree()).hex().encode() + b"\nauthor " + who + b"\ncommitter " + who + b"\n\nfirst\n"


ONE_COMMIT = _oid(_COMMIT, _commit()).hex()
"""The commit that :func:`one_commit` brings."""


def _packed(kind: int, data: bytes) -> bytes:
    size, first = len(data) >> 4, (kind << 4) | (len(data) & 15)
    head = bytearray([first | (128 if size else 0)])
    while size:
        head.append((size & 127) | (128 if size > 127 else 0))
        size >>= 7
    return bytes(head) + zlib.compress(data)


def one_commit() -> bytes:
    """The bundle."""
    objects = ((_COMMIT, _commit()), (_TREE, _tree()), (_BLOB, _TEXT))
    pack = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(_packed(kind, data) for kind, data in objects)
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    return b"# v2 git bundle\n" + ONE_COMMIT.encode() + b" refs/heads/main\n\n" + pack
