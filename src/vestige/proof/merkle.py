"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs, and their verification.

Hashes are 32 bytes. A *node* (level, index) is the root of the complete subtree over the leaves
``[index << level, (index + 1) << level)``; level 0 is the leaf hashes. Proofs are built from nodes through a
callable, so that where they are stored is no concern of this module.

Verification has no optional step: a proof has exactly the length its indices imply (*inner* steps, where the two
paths in question still run inside one subtree, then *border* steps along the right edge), every element is 32
bytes, and each root is recomputed. A verifier that skips sub-proofs accepts forgeries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from vestige.model.errors import ProofError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 2**63 - 1

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""Gives the hash of node (level, index)."""

_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data): the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """The hashes of many leaves."""
    return [sha256(b"\x00" + data).digest() for data in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right): the hash of an interior node."""
    return sha256(_NODE + left + right).digest()


def pair_up(hashes: Iterable[bytes]) -> list[bytes]:
    """The parents of hashes taken two by two; an odd last one has no parent yet and is left out."""
    it = iter(hashes)
    return [sha256(_NODE + left + right).digest() for left, right in zip(it, it, strict=False)]


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    return EMPTY_FRONTIER.extend(hashes).root()


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for length in {*map(len, hashes)} - {HASH_SIZE}:
        raise ProofError("a hash has the wrong length", expected=f"{HASH_SIZE} bytes", got=str(length))


@dataclass(frozen=True, slots=True)
class Frontier:
    """The compact range ``[0, size)``: the roots of the complete subtrees that make up a tree, left to right.

    One hash per set bit of ``size``, so at most 63. It is all that is needed to append and to know the root.
    """

    size: int
    nodes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ProofError("a tree cannot have this size", expected=f"0 to {MAX_SIZE}", got=str(self.size))
        if len(self.nodes) != self.size.bit_count():
            raise ProofError(
                f"the frontier does not fit a tree of {self.size}",
                expected=f"{self.size.bit_count()} hashes",
                got=str(len(self.nodes)),
            )
        _check_hashes(self.nodes)

    def extend(self, hashes: Sequence[bytes]) -> Frontier:
        """The frontier after appending these leaf hashes. Costs about one node hash per leaf."""
        return self.grow(hashes)[1]

    def grow(self, hashes: Sequence[bytes]) -> tuple[list[Sequence[bytes]], Frontier]:
        """Append these leaf hashes: the new nodes of each level from the leaves up, and the frontier after."""
        size = self.size
        nodes = list(self.nodes)
        kept: list[bytes] = []
        rows: list[Sequence[bytes]] = []
        row = hashes
        while row:
            rows.append(row)
            if size & 1:
                row = [nodes.pop(), *row]
            if len(row) & 1:
                kept.append(row[-1])
            row = pair_up(row)
            size >>= 1
        nodes += reversed(kept)
        return rows, Frontier(self.size + len(hashes), tuple(nodes))

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in self.nodes[-2::-1]:
            root = node_hash(node, root)
        return root

    def to_bytes(self) -> bytes:
        """The size as eight big-endian bytes, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """The inverse of :meth:`to_bytes`.

        Raises:
            ProofError: the bytes are not those of a frontier.
        """
        if len(data) % HASH_SIZE != 8:
            raise ProofError("not a frontier", expected="8 bytes and whole hashes", got=f"{len(data)} bytes")
        nodes = tuple(data[i : i + HASH_SIZE] for i in range(8, len(data), HASH_SIZE))
        return cls(int.from_bytes(data[:8], "big"), nodes)


EMPTY_FRONTIER = Frontier(0, ())
"""The frontier of the tree without leaves."""


def range_hash(lo: int, hi: int, read: NodeReader) -> bytes:
    """MTH(D[lo:hi]) of RFC 6962 for a range that is a subtree of some tree (``lo`` aligned to it); ``lo < hi``."""
    edges = []
    while lo < hi:
        level = (hi - lo).bit_length() - 1
        edges.append(read(level, lo >> level))
        lo += 1 << level
    root = edges.pop()
    while edges:
        root = node_hash(edges.pop(), root)
    return root


def inclusion_path(index: int, size: int, read: NodeReader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf's sibling up.

    Raises:
        ProofError: there is no such leaf.
    """
    _check_index(index, size)
    path = []
    lo, hi = 0, size
    while hi - lo > 1:
        middle = lo + _split(hi - lo)
        if index < middle:
            path.append(range_hash(middle, hi, read))
            hi = middle
        else:
            path.append(range_hash(lo, middle, read))
            lo = middle
    path.reverse()
    return path


def consistency_path(size1: int, size2: int, read: NodeReader) -> list[bytes]:
    """PROOF(size1, D[size2]) of RFC 6962 section 2.1.2.

    Raises:
        ProofError: the sizes are not in order, or the first is 0 (every tree extends the empty one; nothing to prove).
    """
    _check_sizes(size1, size2)
    path = []
    lo, hi = 0, size2
    while hi != size1:
        middle = lo + _split(hi - lo)
        if size1 <= middle:
            path.append(range_hash(middle, hi, read))
            hi = middle
        else:
            path.append(range_hash(lo, middle, read))
            lo = middle
    if lo:  # the subtree both trees share is not the whole first tree, so the verifier has yet to be given it
        path.append(range_hash(lo, hi, read))
    path.reverse()
    return path


def inclusion_steps(index: int, size: int) -> int:
    """How many hashes an inclusion path has.

    Raises:
        ProofError: there is no such leaf.
    """
    _check_index(index, size)
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with this **hash** is at ``index`` of the tree with this size and root.

    Raises:
        ProofError: it is not shown to be.
    """
    _check_length(path, inclusion_steps(index, size))
    _check_hashes((leaf, root, *path))
    computed, hashed, prefix = leaf, sha256, _NODE
    # On the border only left siblings exist: levels at which the path is a right edge without sibling are skipped.
    sides = index | -1 << (index ^ (size - 1)).bit_length()
    for sibling in path:
        computed = hashed(prefix + sibling + computed if sides & 1 else prefix + computed + sibling).digest()
        sides >>= 1
    _check_root(f"the leaf is not at index {index} of the tree of {size}", root, computed)


class Inclusions:
    """Verifies paths of many leaves of one tree, with one hash for a node that neighbours share.

    From the height on where a path goes on as the one before it did, with the same hash of its own, the same siblings
    and the same sides, all that follows is the computation that has led to the root already. So what is accepted is
    what :func:`verify_inclusion` accepts, for any order of leaves; rising ones share most.

    Args:
        size: of the tree.
        root: its root hash.
    """

    def __init__(self, size: int, root: bytes) -> None:
        _check_hashes((root,))
        self._size = size
        self._root = root
        self._sides = 0
        self._path: tuple[bytes, ...] = ()
        self._nodes: list[bytes] = []
        """What the last good path came to below each of its siblings, from the leaf up."""

    def verify(self, leaf: bytes, index: int, path: tuple[bytes, ...]) -> None:
        """Check that the leaf with this **hash** is at ``index``.

        Raises:
            ProofError: it is not shown to be.
        """
        steps = inclusion_steps(index, self._size)
        _check_length(path, steps)
        sides = index | -1 << (index ^ (self._size - 1)).bit_length()
        height = (sides ^ self._sides).bit_length()
        if height >= steps or steps != len(self._path) or path[height:] != self._path[height:]:
            height = steps
        _check_hashes((leaf, *path[:height]))  # those above were checked with the path before
        computed, hashed, prefix, at = leaf, sha256, _NODE, sides
        nodes = []
        for sibling in path[:height]:
            nodes.append(computed)
            computed = hashed(prefix + sibling + computed if at & 1 else prefix + computed + sibling).digest()
            at >>= 1
        if height == steps:
            _check_root(f"the leaf is not at index {index} of the tree of {self._size}", self._root, computed)
            self._nodes = nodes
        elif computed == self._nodes[height]:
            self._nodes[:height] = nodes
        else:  # it leads elsewhere; where to is for this to say
            verify_inclusion(leaf, index, self._size, path, self._root)
            return
        self._sides, self._path = sides, path


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree (size2, root2) begins with the tree (size1, root1).

    Raises:
        ProofError: it is not shown to; also if ``size1`` is 0, which no proof can speak of.
    """
    _check_sizes(size1, size2)
    _check_hashes((root1, root2, *path))
    if size1 == size2:
        _check_length(path, 0)
        _check_root(f"two trees of {size1} differ", root1, root2)
        return
    # The proof starts at the greatest complete subtree that ends where the first tree ends.
    shift = (size1 & -size1).bit_length() - 1
    position = (size1 - 1) >> shift
    inner = (position ^ (size2 - 1) >> shift).bit_length()
    border = (position >> inner).bit_count()
    whole = size1 == 1 << shift  # then it is the first tree itself, whose root the verifier has
    _check_length(path, inner + border + (not whole))
    start, steps = (root1, path) if whole else (path[0], path[1:])
    old = new = start
    for level, sibling in enumerate(steps):
        if level >= inner or position >> level & 1:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    _check_root(f"the proof does not lead to the tree of {size1}", root1, old)
    _check_root(f"the tree of {size2} does not extend the tree of {size1}", root2, new)


def _split(width: int) -> int:
    """The greatest power of two below ``width``; RFC 6962 calls it k."""
    return 1 << (width - 1).bit_length() - 1


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError("no such leaf", expected=f"an index below the size {size}", got=str(index))


def _check_sizes(size1: int, size2: int) -> None:
    if not 0 < size1 <= size2 <= MAX_SIZE:
        raise ProofError("sizes out of order", expected="0 < first <= second", got=f"{size1} and {size2}")


def _check_length(path: Sequence[bytes], length: int) -> None:
    if len(path) != length:
        raise ProofError("the proof has the wrong length", expected=f"{length} hashes", got=str(len(path)))


def _check_root(message: str, expected: bytes, got: bytes) -> None:
    if expected != got:
        raise ProofError(message, expected=expected.hex(), got=got.hex())
