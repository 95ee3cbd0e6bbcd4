"""The verifier's half that deals in sizes: tiles, the head, checkpoints, their signatures, the signer's memory.

It is given the leaf hashes in order, as recomputed, and grows the tree from them. Every size at which something claims
a root (a checkpoint, the signer, the head) is stopped at, and the claim is compared with the tree as it is there. As
all roots come from one growing tree, checkpoints whose roots are right are consistent with each other.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from vestige.ledger import tables
from vestige.ledger.keyring import SIGN
from vestige.ledger.signer import SignerState, Standing
from vestige.ledger.tree import head_edge
from vestige.model.errors import ProofError, SignerError
from vestige.proof.canonical import parse_canonical
from vestige.proof.checkpoint import open_checkpoint
from vestige.proof.merkle import HASH_SIZE
from vestige.proof.note import parse_note
from vestige.proof.tiles import EMPTY_STATE, TILE_HEIGHT, TILE_WIDTH, CompletedTile, extend, level_widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from vestige.ledger.epochs import Restore
    from vestige.ledger.findings import Findings
    from vestige.ledger.history import History
    from vestige.ledger.models import LogInfo, PublishedCheckpoint
    from vestige.ledger.recalled import Recalled
    from vestige.ledger.store import Store

_PAGE = 1000
_SIZED = ("tiles", "head", "checkpoints", "signatures", "signer")


class Closing(NamedTuple):
    """That a later epoch follows, and what its first entry says; None if that cannot be read."""

    restore: Restore | None


class HeadChecks:
    """Grows the tree and holds every claim about it against it."""

    def __init__(
        self,
        store: Store,
        signer: Recalled,
        log: LogInfo,
        connection: sa.Connection,
        findings: Findings,
        history: History,
        closing: Closing | None,
    ) -> None:
        self._store = store
        self._log = log
        self._connection = connection
        self._findings = findings
        self._history = history
        self._closing = closing
        self._stated = None if closing is None else closing.restore
        self._state = EMPTY_STATE
        self._head = store.head(connection, log.number)
        self._checkpoints: deque[PublishedCheckpoint] = deque()
        self._read_to = -1
        self._counted = 0
        self._anchors: dict[str, tuple[int, int]] = {}
        """How many anchors there are of a kind, and up to which size."""
        self._latest = 0
        """The size of the last checkpoint met."""
        self._signer_fault = "the signer's state is missing: what it signed last is not known"
        self._signed = self._signer_state(signer)
        self._later = signer.later(log)

    @property
    def claimed(self) -> int:
        """The size the head row states."""
        return self._head.size

    @property
    def size(self) -> int:
        """The size of the tree as grown so far."""
        return self._state.size

    def root(self) -> bytes:
        """The root of the tree as grown so far."""
        return self._state.root()

    def _signer_state(self, signer: Recalled) -> SignerState | None:
        """What was signed last: as the signer remembers it or, of a closed log, as the next epoch's entry says."""
        try:
            state = signer.state(self._log)
        except SignerError as error:
            self._signer_fault = str(error)
            state = None
        if self._stated is None or self._stated.signed is None:
            return state
        stated = self._stated.signed
        if state is not None and (state.size, state.root) != stated:
            self._findings.bad_size(
                "signer",
                min(state.size, stated.size),
                f"the signer remembers size {state.size}; the next epoch's restore entry says it signed {stated.size}",
                after=0,
            )
        return state or SignerState(self._log.origin, stated.size, stated.root, ())

    # -- growing ------------------------------------------------------------------------------------------------

    def grow(self, hashes: Sequence[bytes]) -> None:
        """Append leaf hashes; everything that claims a root on the way is checked."""
        completed: list[CompletedTile] = []
        start, end = self._state.size, self._state.size + len(hashes)
        if start == 0:
            self._stop()
        while self._state.size < end:
            at = self._state.size
            until = min(end, self._next_stop())
            tiles, self._state = extend(self._state, hashes[at - start : until - start])
            completed += tiles
            self._stop()
        self._compare_tiles(completed)

    def _next_stop(self) -> int:
        """The next size above the present one that something claims a root for."""
        size = self._state.size
        stops = [self._head.size]
        if self._signed is not None:
            stops.append(self._signed.size)
        if (checkpoint := self._next_checkpoint()) is not None:
            stops.append(checkpoint.size)
        return min((stop for stop in stops if stop > size), default=1 << 62)

    def _next_checkpoint(self) -> PublishedCheckpoint | None:
        if not self._checkpoints:
            page = tables.checkpoints_above(self._connection, self._log.number, self._read_to, _PAGE)
            self._checkpoints.extend(page)
            self._read_to = page[-1].size if page else 1 << 62
        return self._checkpoints[0] if self._checkpoints else None

    def _stop(self) -> None:
        """Hold every claim about the present size against the tree."""
        size, root = self._state.size, self._state.root()
        checkpoint = self._next_checkpoint()
        while checkpoint is not None and checkpoint.size <= size:
            self._checkpoints.popleft()
            self._check_checkpoint(checkpoint, root)
            checkpoint = self._next_checkpoint()
        if self._signed is not None and self._signed.size == size:
            self._check_signer(self._signed, root)
        if self._head.size == size:
            self._check_head(root)

    # -- claims -------------------------------------------------------------------------------------------------

    def _check_checkpoint(self, checkpoint: PublishedCheckpoint, root: bytes) -> None:
        size = checkpoint.size
        self._counted += 1
        self._latest = max(self._latest, size)
        if checkpoint.root != root:
            self._findings.bad_size(
                "checkpoints", size, f"the checkpoint of size {size} has another root than the entries below it"
            )
            return
        keys = [key.key for key in self._history.keys if key.from_size <= size]
        in_force = self._history.in_force(size)
        try:
            opened = open_checkpoint(checkpoint.note.encode(), keys, self._log.origin)
            second = self._history.second_in_force(size)
            if second is not None:
                second.check(parse_note(checkpoint.note.encode()), opened.checkpoint)
        except ProofError as error:
            self._findings.bad_size("signatures", size, f"the checkpoint of size {size}: {error}")
            return
        if (opened.checkpoint.size, opened.checkpoint.root) != (size, root):
            self._findings.bad_size("checkpoints", size, f"row and note of the checkpoint of size {size} disagree")
        elif in_force is None or in_force.key not in opened.signed_by:
            self._findings.bad_size("signatures", size, f"the checkpoint of size {size} lacks its key's signature")
        else:
            self._findings.good_size(size)

    def _check_signer(self, signed: SignerState, root: bytes) -> None:
        size = signed.size
        in_force = self._history.in_force(size)
        if self._closing is not None and self._stated is None:
            return  # see finish
        if self._stated is not None and self._stated.signer is Standing.DIFFERS:
            if signed.root == root:
                self._findings.bad_size(
                    "signer", size, f"the next epoch's restore entry says that size {size} was signed with another root"
                )
        elif size and signed.vkeys and (in_force is None or str(in_force.key) not in signed.vkeys):
            # Whatever the log's own checkpoints say, they are by a key the signer never used: none of them counts.
            reason = f"the signer signed size {size} under a key the log does not name"
            self._findings.bad_size("signer", size, reason, after=0)
        elif signed.root != root:
            self._findings.bad_size("signer", size, f"the signer signed another root at size {size}")

    def _check_head(self, root: bytes) -> None:
        head, state = self._head, self._state
        if head.root != root or head.frontier != state.frontier.to_bytes() or head.edge != head_edge(state):
            self._findings.bad_size("head", head.size, f"the head of size {head.size} does not follow from the entries")

    def _compare_tiles(self, completed: Sequence[CompletedTile]) -> None:
        lowest = [tile for tile in completed if tile.level == 0]
        stored: dict[tuple[int, int], bytes] = {}
        if lowest:
            rows = self._store.tiles(self._connection, self._log.number, 0, lowest[0].index, lowest[-1].index + 1)
            stored = {(0, index): data for index, data in rows}
        for tile in completed:
            if tile.level:
                data = self._store.tile(self._connection, self._log.number, tile.level, tile.index)
            else:
                data = stored.get((0, tile.index))
            if data != tile.data:
                self._bad_tile(tile, data)

    def _bad_tile(self, tile: CompletedTile, data: bytes | None) -> None:
        place = 0
        if data is not None:
            differ = (
                i
                for i in range(TILE_WIDTH)
                if data[i * HASH_SIZE : (i + 1) * HASH_SIZE] != tile.data[i * HASH_SIZE : (i + 1) * HASH_SIZE]
            )
            place = next(differ, TILE_WIDTH - 1)
        seq = (tile.index * TILE_WIDTH + place) << TILE_HEIGHT * tile.level
        what = "is missing" if data is None else f"disagrees at seq {seq}"
        self._findings.bad_seq("tiles", seq, f"tile {tile.level}/{tile.index} {what}")

    # -- the end ------------------------------------------------------------------------------------------------

    def finish(self, last_id: str, *, complete: bool) -> None:
        """What can only be said when all entries were seen; ``complete`` is whether none was missing."""
        findings = self._findings
        self._say_anchors()
        self._check_closing()
        if not complete:
            for check in _SIZED:
                findings.unreached(check, f"not checked above size {self._state.size}: entries are missing")
            return
        if self._state.size == 0:
            self._stop()
        size = self._state.size
        while (checkpoint := self._next_checkpoint()) is not None:
            self._checkpoints.popleft()
            findings.bad_size(
                "checkpoints",
                checkpoint.size,
                f"a checkpoint was signed for size {checkpoint.size}; the log has {size} entries",
            )
        if self._signed is not None and self._signed.size > size and not self._is_told():
            findings.bad_size(
                "signer", self._signed.size, f"the signer signed size {self._signed.size}; the log has {size} entries"
            )
        if self._head.size == size and self._head.last_id != last_id:
            findings.bad_size("head", size, "the head's last id is not the last entry's")
        self._count_tiles(size)
        self._check_key_rows()
        self._check_signed(size)
        self._describe()

    def _check_signed(self, size: int) -> None:
        """Hold the checkpoints that are stored against what the signer remembers, and tell what is unsigned.

        A process that is killed between signing and storing leaves one signature without its checkpoint, until the
        log is next opened. So the last one may be owed; what had been stored before that is not there any more only
        if it was deleted.
        """
        owed, stored = (self._signed.size, self._signed.stored) if self._signed is not None else (0, 0)
        if self._closing is None and self._latest < stored:
            last = f"the last is of size {self._latest}" if self._latest else "there is none"
            reason = f"a checkpoint of size {stored} was stored when the signer signed size {owed}; now {last}"
            self._findings.bad_size("checkpoints", stored, reason)
        told = f"signed up to {self._latest} of {size} entries"
        if self._latest < owed <= size:
            told += f"; the signer signed size {owed}, whose checkpoint is not stored"
        self._findings.details["signed"] = told

    def _check_closing(self) -> None:
        findings, size = self._findings, self._head.size
        if self._closing is None:
            if self._signed is None:
                findings.bad_size("signer", size, self._signer_fault)
            if self._head.closed:
                findings.bad_size("epochs", size, "the last epoch is closed, and none follows it")
            if self._later:
                gone = ", ".join(origin for origin, _ in self._later)
                findings.bad_size("signer", size, f"the signer has signed for later epochs, which are gone: {gone}")
            return
        if not self._head.closed:
            findings.bad_size("epochs", size, "an earlier epoch is not closed")
        if self._stated is None:
            findings.unreached("signer", "not checked: the next epoch's restore entry cannot be read")

    def _count_tiles(self, size: int) -> None:
        expected = sum(full for full, _ in level_widths(size))
        got = tables.count_tiles(self._connection, self._log.number)
        if got > expected:
            self._findings.bad_seq("tiles", size, f"{got - expected} tiles are stored that a tree of {size} has not")
        self._findings.details["tiles"] = f"{expected} full tiles"

    def _check_key_rows(self) -> None:
        rows = [(row.name, row.from_size) for row in tables.keys(self._connection, self._log.number, SIGN)]
        named = [(str(key.key), key.from_size) for key in self._history.keys]
        if rows != named:
            self._findings.bad_size(
                "keys", self._state.size, "ledger_keys holds other keys than the key entries name", after=0
            )

    def _describe(self) -> None:
        details = self._findings.details
        revoked = [key for key in self._history.keys if key.last_good_size is not None]
        details["head"] = f"size {self._state.size}, root {self._state.root().hex()}"
        details["checkpoints"] = f"{self._counted} checkpoints, each with the root of the entries below it"
        details["signatures"] = f"{self._counted} checkpoints, each signed by the key in force at its size"
        if self._history.seconds:
            details["signatures"] += f"; from size {self._history.seconds[0][1]} on by ML-DSA-44 as well"
        if revoked:
            details["signatures"] += "; " + "; ".join(
                f"what key {key.key.key_id.hex()} signed above size {key.last_good_size} alone does not count"
                for key in revoked
            )
        details["signer"] = self._describe_signer()

    def _is_told(self) -> bool:
        """Whether the next epoch's first entry says that more was signed than there is, or cannot be read at all."""
        if self._stated is None:
            return self._closing is not None
        return self._stated.signer is Standing.AHEAD

    def _describe_signer(self) -> str:
        known = self._stated
        if known is None or known.signer is Standing.SUPERSEDED:
            return "" if self._signed is None else f"last signed size {self._signed.size}, as in the log"
        if known.signed is None:
            told = f"the signer's memory was {known.signer} when the log was closed: what it signed last is not known"
        elif known.signer is Standing.AHEAD:
            told = f"KNOWN LOSS: size {known.signed.size} was signed, the log was closed at size {self._state.size}"
        else:
            told = f"KNOWN LOSS: size {known.signed.size} was signed with another root than the closed log has there"
        spans = [("lost", known.lost), ("perhaps not what was signed", known.unsure)]
        places = [
            f"{what}: entries {', '.join(f'{lo} to {hi - 1}' for lo, hi in ranges)}" for what, ranges in spans if ranges
        ]
        return "; ".join([told, *places, "as the next epoch's restore entry says"])

    def check_anchor(self, seq: int, payload: bytes) -> None:
        """Hold what an ``anchor`` entry says of a checkpoint against the one that is stored.

        Whether the authority or the witness really said so, it proves itself, to whoever trusts them.
        """
        said = parse_canonical(payload)
        size, root = said.get("size"), said.get("root")
        if not isinstance(size, int) or not isinstance(root, str):
            return  # of a form that is not known here
        stored = tables.checkpoint_after(self._connection, self._log.number, size)
        has = "none" if stored is None or stored.size != size else stored.root.hex()
        if size > seq or has != root:
            raise ProofError(
                f"an anchor over a checkpoint of size {size} that is not the one stored", expected=root[:64], got=has
            )
        kind = str(said.get("type"))
        count, last = self._anchors.get(kind, (0, 0))
        self._anchors[kind] = (count + 1, max(last, size))

    def _say_anchors(self) -> None:
        kinds = [f"{count} of kind {kind}, up to size {size}" for kind, (count, size) in sorted(self._anchors.items())]
        self._findings.details["anchors"] = (
            f"{'; '.join(kinds)}: whoever has these from elsewhere would see a rollback to below that"
            if kinds
            else "no external anchor (witness, time stamp, remembered checkpoint) was at hand: a rollback of database "
            "and signer together would not be seen"
        )
