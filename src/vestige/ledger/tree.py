"""The tree as stored: its right edge for appending, and its tiles for proofs.

Full tiles are rows of ``ledger_tiles``. Partial ones are never stored as rows, because rows are INSERT only: the
partial tile of level 0 is the leaf hashes of the last entries, and those of the levels above lie in the head row,
where a commit writes anyway. A partial tile of an earlier size is a prefix of what is there now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.errors import IntegrityError, ProofError
from vestige.proof.merkle import HASH_SIZE, Frontier
from vestige.proof.tiles import TILE_WIDTH, Tile, TileNodes, TileState, level_widths

if TYPE_CHECKING:
    import sqlalchemy as sa

    from vestige.ledger.models import Head
    from vestige.ledger.store import Store


def load_state(store: Store, connection: sa.Connection, log: int, head: Head) -> TileState:
    """The right edge that this head describes.

    Raises:
        IntegrityError: head, entries and frontier do not fit each other.
    """
    try:
        width = head.size % TILE_WIDTH
        lowest = b"".join(store.leaf_hashes(connection, log, head.size - width, head.size))
        partials = (lowest, *split_edge(head)) if head.size else ()
        state = TileState(Frontier.from_bytes(head.frontier), partials)
        if state.size != head.size or state.root() != head.root:
            raise _damaged(f"a frontier of size {state.size}, root {state.root().hex()}")
    except ProofError as error:
        raise _damaged(error.explain()) from error
    return state


def head_edge(state: TileState) -> bytes:
    """The partial tiles of level 1 and up, as the head row keeps them."""
    return b"".join(state.partials[1:])


def split_edge(head: Head) -> list[bytes]:
    """The inverse of :func:`head_edge`."""
    out, at = [], 0
    for _, width in level_widths(head.size)[1:]:
        out.append(head.edge[at : at + width * HASH_SIZE])
        at += width * HASH_SIZE
    if at != len(head.edge):
        raise _damaged(f"an edge of {len(head.edge)} bytes where {at} belong")
    return out


def read_tile(store: Store, connection: sa.Connection, log: int, head: Head, tile: Tile) -> bytes:
    """A tile's hashes: ``tile.width`` of them, or the full tile that has grown from it.

    Raises:
        IntegrityError: the tile should be stored and is not.
    """
    data = store.tile(connection, log, tile.level, tile.index)
    if data is not None:
        return data
    if tile.level == 0:
        lo = tile.index * TILE_WIDTH
        data = b"".join(store.leaf_hashes(connection, log, lo, lo + tile.width))
    else:
        edge = split_edge(head)
        full = head.size >> 8 * (tile.level + 1)
        data = edge[tile.level - 1] if tile.level <= len(edge) and tile.index == full else b""
    if len(data) < tile.width * HASH_SIZE:
        raise IntegrityError(
            f"{tile.path} is not stored",
            expected=f"{tile.width} hashes",
            got=f"{len(data) // HASH_SIZE}",
            hint="run `vestige ledger verify`",
        )
    return data[: tile.width * HASH_SIZE]


def nodes(store: Store, connection: sa.Connection, log: int, head: Head, size: int) -> TileNodes:
    """A reader of the nodes of the tree as it was at ``size``, for the proofs of :mod:`vestige.proof.merkle`."""
    return TileNodes(size, lambda tile: read_tile(store, connection, log, head, tile))


def _damaged(got: str) -> IntegrityError:
    return IntegrityError(
        "the log's head does not fit its entries",
        expected="the head of the last commit",
        got=got[:300],
        hint="nothing was appended; run `vestige ledger verify`",
    )
