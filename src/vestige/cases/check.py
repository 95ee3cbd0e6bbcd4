"""Whether what is pinned is still what was pinned.

A pin holds the leaf hash of its event's entry, and the entry that pinned it holds the same. Three things must agree:
the entry as it is stored now (its leaf, hashed again, and its payload, opened against the leaf), the pin, and what the
pinning entry says. So neither evidence nor a pin can be altered alone. Who rewrites all three, hashes included, is
found by ``vestige ledger verify``, because the tree's signed root stands against it.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.cases.fold import act_of
from vestige.model.errors import IntegrityError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from vestige.ledger import Ledger, StoredEntry

PORTION: Final = 500
"""Entries read at once: with payloads of the greatest length that lies beside them, 32 MiB."""
INTACT, ERASED, ALTERED, MISSING = "intact", "erased", "altered", "missing"


class Held(NamedTuple):
    """What is to be checked: an event, the place and leaf hash of its entry, and the entry that says so."""

    event: str
    position: int
    leaf_hash: bytes
    entry: int


class Verdict(NamedTuple):
    """What became of it."""

    held: Held
    state: str
    """``intact``; ``erased``: the leaf is intact, the payload was erased; ``altered``; ``missing``."""
    reason: str = ""


def check(
    ledger: Ledger, tenant: str, held: Sequence[Held], seen: Callable[[StoredEntry], object] = lambda _: None
) -> list[Verdict]:
    """Hold each against the ledger, in the order given.

    Entries are read :data:`PORTION` at a time and let go; what the pinning entries say is read once for all, since pins
    in order of time come from all of them.

    Args:
        ledger: what they are held against.
        tenant: whose.
        held: what is to be checked.
        seen: called with the entry of each event, as it is stored.
    """
    said = _said(ledger, tenant, {one.entry for one in held})
    at: dict[int, list[int]] = {}
    for number, one in enumerate(held):
        at.setdefault(one.position, []).append(number)
    verdicts: dict[int, Verdict] = {}
    for entry in _read(ledger, tenant, at):
        seen(entry)
        for number in at.pop(entry.position):
            one = held[number]
            verdicts[number] = _verdict(ledger, one, entry, said.get(one.entry, {}))
    missing = "the ledger has no entry at its place"
    return [verdicts.get(number) or Verdict(one, MISSING, missing) for number, one in enumerate(held)]


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many there are of each state that there is."""
    return dict(sorted(Counter(one.state for one in verdicts).items()))


def _fault(held: Held, entry: StoredEntry, said: dict[str, str]) -> str:
    """What does not agree; empty if the leaf, the pin and the pinning entry do."""
    if entry.id != held.event.partition(".")[0]:
        return f"another entry, {entry.id}, stands at its place"
    if held.event not in said:
        return "the entry that is to have pinned it does not say so"
    if said[held.event] != held.leaf_hash.hex():
        return "the pin's leaf hash is not the one in the entry that pinned it"
    if not held.leaf_hash == entry.leaf_hash == sha256(b"\x00" + entry.leaf).digest():
        return "the entry's leaf is not the one that was pinned"
    return ""


def _verdict(ledger: Ledger, held: Held, entry: StoredEntry, said: dict[str, str]) -> Verdict:
    fault = _fault(held, entry, said)
    if fault:
        return Verdict(held, ALTERED, fault)
    if entry.salt is None:
        return Verdict(held, ERASED, "its payload was erased; the leaf is as it was")
    try:
        ledger.opened(entry)
    except (IntegrityError, NotFoundError) as error:
        return Verdict(held, ALTERED, error.message)
    return Verdict(held, INTACT)


def _said(ledger: Ledger, tenant: str, positions: set[int]) -> dict[int, dict[str, str]]:
    """By the position of an entry of a case: which events it names, with which leaf hash."""
    found: dict[int, dict[str, str]] = {}
    for entry in _read(ledger, tenant, positions):
        try:
            act = act_of(entry, ledger.opened(entry))
        except (IntegrityError, NotFoundError):
            continue
        if act is not None:
            named = [*act.detail.get("pins", ()), *act.detail.get("events", ())]
            named += [act.detail["event"]] if isinstance(act.detail.get("event"), list) else []
            found[entry.position] = {str(one[0]): str(one[2]) for one in named if len(one) > 2}
    return found


def _read(ledger: Ledger, tenant: str, positions: Collection[int]) -> Iterator[StoredEntry]:
    rising = sorted(positions)
    for at in range(0, len(rising), PORTION):
        yield from ledger.at(tenant, rising[at : at + PORTION])
