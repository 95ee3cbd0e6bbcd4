"""The naive tree every proof test is held against: RFC 6962 section 2.1 word for word, no shortcuts."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest


class NaiveTree:
    """MTH, PATH and PROOF by their recursive definitions, over the leaves ``leaf 0``, ``leaf 1``, ..."""

    def __init__(self) -> None:
        self.mth = cache(self._mth)

    @staticmethod
    def data(index: int) -> bytes:
        return f"leaf {index}".encode()

    def leaf(self, index: int) -> bytes:
        return sha256(b"\x00" + self.data(index)).digest()

    def leaves(self, size: int) -> list[bytes]:
        return [self.leaf(i) for i in range(size)]

    def _mth(self, lo: int, hi: int) -> bytes:
        if lo == hi:
            return sha256(b"").digest()
        if hi - lo == 1:
            return self.leaf(lo)
        k = self.split(hi - lo)
        return sha256(b"\x01" + self.mth(lo, lo + k) + self.mth(lo + k, hi)).digest()

    @staticmethod
    def split(n: int) -> int:
        k = 1
        while k * 2 < n:
            k *= 2
        return k

    def path(self, m: int, lo: int, hi: int) -> list[bytes]:
        if hi - lo == 1:
            return []
        k = self.split(hi - lo)
        if m < k:
            return [*self.path(m, lo, lo + k), self.mth(lo + k, hi)]
        return [*self.path(m - k, lo + k, hi), self.mth(lo, lo + k)]

    def proof(self, m: int, lo: int, hi: int, *, whole: bool = True) -> list[bytes]:
        if m == hi - lo:
            return [] if whole else [self.mth(lo, hi)]
        k = self.split(hi - lo)
        if m <= k:
            return [*self.proof(m, lo, lo + k, whole=whole), self.mth(lo + k, hi)]
        return [*self.proof(m - k, lo + k, hi, whole=False), self.mth(lo, lo + k)]

    def node(self, level: int, index: int) -> bytes:
        return self.mth(index << level, (index + 1) << level)


@pytest.fixture(scope="session")
def tree() -> NaiveTree:
    return NaiveTree()
