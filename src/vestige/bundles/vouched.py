"""What others say of a log's checkpoints, as far as a bundle needs it: cosignatures, and a few time stamps.

Of each authority two stamps tell something: the first over a checkpoint that holds the bundle's last record, which
bounds the age of all of them; and, where there is none yet, the last one that holds any. More would prove no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from vestige.anchors import RFC3161, Anchor, anchors, cosigned

if TYPE_CHECKING:
    from vestige.bundles.survey import Part
    from vestige.ledger import Ledger, PublishedCheckpoint


@dataclass(slots=True)
class Vouched:
    """What goes into a bundle of one log."""

    found: list[Anchor] = field(default_factory=list)
    stamps: dict[int, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    """By the size of the checkpoint: its bytes as they were stamped, and the authorities' answers."""
    above: dict[int, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    """By the size of the checkpoint: the proof that the super-log holds it, and the answers about the super-log."""
    bad: list[tuple[int, int]] = field(default_factory=list)
    """Between which sizes a compromised key signed alone: those checkpoints prove nothing, and are left out."""

    def cosigned(self, checkpoint: PublishedCheckpoint) -> PublishedCheckpoint:
        """The checkpoint with the cosignatures there are."""
        return checkpoint._replace(note=cosigned(checkpoint.note.encode(), self.found).decode())


def vouched(ledger: Ledger, tenant: str, part: Part) -> Vouched:
    """What others say of the checkpoints of one part of a bundle."""
    first, end = (part.records[0][0], part.records[-1][1]) if part.records else (part.checkpoint.size, 0)
    keys = [key for key in ledger.keys(tenant) if key.epoch == part.log.epoch]
    bad = [(key.last_good_size, after.from_size) for key, after in pairwise(keys) if key.last_good_size is not None]
    made = Vouched(
        [
            one
            for one in anchors(ledger, tenant, part.log.epoch, first)
            if one.size <= part.checkpoint.size and not any(lo < one.size < hi for lo, hi in bad)
        ],
        bad=bad,
    )
    chosen: dict[tuple[str, int], Anchor] = {}
    for name in sorted({one.by for one in made.found}):
        mine = [one for one in made.found if one.by == name and one.type == RFC3161]
        covering = [one for one in mine if one.size >= end]
        partly = [one for one in mine if first < one.size < end]
        for one in covering[:1] or partly[-1:]:
            chosen[name, one.size] = one
        for one in covering:
            if one.size == part.checkpoint.size:
                chosen.setdefault((name, one.size), one)
    for (_, size), one in sorted(chosen.items()):
        checkpoint = ledger.checkpoint_covering(tenant, size, part.log.epoch)
        if checkpoint is None or checkpoint.size != size:
            continue  # its size is of no checkpoint that is stored: `ledger verify` says so, and nothing can show it
        if one.superior:
            proof, stamps = made.above.setdefault(size, (one.superior.encode(), []))
            if proof == one.superior.encode():
                stamps.append(one.data)
        else:
            made.stamps.setdefault(size, (checkpoint.note.encode(), []))[1].append(one.data)
    return made
