"""A tenant's own price lists: signed by a key that its owner named, applied by an entry of the ledger.

A list comes as a signed note (C2SP): its text, a blank line, Ed25519 signatures. What a tenant says of lists stands in
its ledger, as acts: ``price.trusted`` and ``price.distrusted`` with a key, ``price.applied`` with the whole note. A
list of an earlier one's name stands in its place; one without prices ends it. A list that was applied stays in force
when its key is trusted no more: it was signed while it was.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.agents.price_list import LONGEST, RATES, read_list, refuse_overlap
from vestige.agents.prices import NO_LISTS, Book, table
from vestige.ledger import Kind, act_entry, brought_seed
from vestige.ledger.keys import SigningKey
from vestige.model.errors import ConflictError, InputError, ProofError, TooLargeError, VestigeError
from vestige.model.instant import to_text
from vestige.proof.note import MAX_SIGNATURES, VerifierKey, parse_note, sign_note, verify_note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vestige.agents.price_list import OwnPrice, PriceList
    from vestige.ingest.intake import Stores
    from vestige.ledger import Draft, StoredEntry
    from vestige.model.principal import Principal

TRUSTED, DISTRUSTED, APPLIED = "price.trusted", "price.distrusted", "price.applied"
NOTE_BYTES: Final = LONGEST + MAX_SIGNATURES * 256
"""Of a list with its signatures."""
MOST_LISTS: Final = 20
MOST_KEYS: Final = 20


def sign_list(text: str, key: Path, name: str) -> tuple[bytes, str]:
    """Sign a price list: the note, and the key as an owner names it.

    Args:
        text: the list.
        key: a file with the private key (PKCS #8 in PEM, mode 0600).
        name: what the key signs as.

    Raises:
        InputError: it is no list, or cannot be signed.
        SettingsError: the file holds no key, or others may read it.
    """
    read_list(text)
    try:
        signing = SigningKey(name, brought_seed(key))
        note = sign_note(text, [signing.note_signer()])
    except ProofError as error:
        raise InputError(
            "this cannot be signed", expected=error.expected, got=f"{error.message}: {error.got}"
        ) from None
    return note, str(signing.verifier)


class Applied:
    """A list in force."""

    def __init__(self, found: PriceList, entry: str, keys: tuple[str, ...]) -> None:
        self.list = found
        self.entry = entry
        self.keys = keys

    def to_json(self) -> dict[str, Any]:
        """As answers have it."""
        one = self.list
        return {
            "name": one.name, "sha256": one.digest, "entry": self.entry, "keys": list(self.keys),
            "prices": [_shown(price) for price in one.prices],
        }  # fmt: skip


class Prices:
    """The price lists of one tenant. Safe to share between threads."""

    def __init__(self, stores: Stores) -> None:
        self._ledger = stores.ledger
        self._tenant = stores.tenant
        self._lock = threading.Lock()
        self._seen = 0
        self._keys: dict[str, VerifierKey] = {}
        self._lists: dict[str, Applied] = {}
        self._unreadable: dict[str, str] = {}
        self._book = NO_LISTS

    def book(self) -> Book:
        """The lists in force."""
        self._catch_up()
        return self._book

    def all(self) -> dict[str, Any]:
        """The table, the lists in force, and the keys that may sign one."""
        self._catch_up()
        told: dict[str, Any] = {
            "table": table(),
            "lists": [one.to_json() for _, one in sorted(self._lists.items()) if one.list.prices],
            "keys": sorted(self._keys),
        }
        if self._unreadable:
            told["unreadable"] = [{"name": name, "reason": why} for name, why in sorted(self._unreadable.items())]
        return told

    def trust(self, text: str, by: Principal, *, trusted: bool) -> dict[str, Any]:
        """Let a key sign price lists from now on, or no more.

        Returns:
            The key, and whether that is new.

        Raises:
            InputError: it is no verifier key.
            ConflictError: there are too many.
        """
        try:
            key = str(VerifierKey.parse(text.strip()))
        except ProofError as error:
            raise InputError(error.message, expected=error.expected, got=error.got, field="key",
                             hint="`vestige price sign` prints it") from None  # fmt: skip
        self._catch_up()
        changes = (key in self._keys) != trusted
        if changes and trusted and len(self._keys) >= MOST_KEYS:
            raise ConflictError("too many keys may sign price lists", expected=f"at most {MOST_KEYS}",
                                got=str(len(self._keys)), hint="name one that may do so no more")  # fmt: skip
        if changes:
            self._append(act_entry(TRUSTED if trusted else DISTRUSTED, by, {"key": key}))
        return {"key": key, "trusted": trusted, "new": changes}

    def apply(self, note: bytes, by: Principal) -> dict[str, Any]:
        """Put a signed list in force.

        Returns:
            The list, and whether that is new: the same again says nothing new.

        Raises:
            TooLargeError: it is too long.
            InputError: it is not signed as it must be, or it is no list, or it says of a model what another list says.
            ConflictError: there are too many lists.
        """
        if len(note) > NOTE_BYTES:
            raise TooLargeError(
                "the signed price list is too long", expected=f"at most {NOTE_BYTES} bytes", got=str(len(note))
            )
        self._catch_up()
        try:
            parsed = parse_note(note)
            signers = verify_note(parsed, self._keys.values())
        except ProofError as error:
            raise InputError(
                f"the price list is not signed as it must be: {error.message}", expected=error.expected, got=error.got,
                hint="`vestige price sign` signs one; the tenant's owner names its key by `vestige price key`",
                field="note",
            ) from None  # fmt: skip
        found = read_list(parsed.text)
        known = self._lists.get(found.name)
        if known is not None and known.list.digest == found.digest:
            return known.to_json() | {"new": False}
        others = [one.list for name, one in self._lists.items() if name != found.name]
        if found.prices and (count := sum(bool(one.prices) for one in others)) >= MOST_LISTS:
            raise ConflictError("there are too many price lists", expected=f"at most {MOST_LISTS}", got=str(count),
                                hint="a list of the same name without prices ends one")  # fmt: skip
        refuse_overlap([*others, found])
        detail = {"name": found.name, "sha256": found.digest, "keys": [str(key) for key in signers],
                  "note": note.decode()}  # fmt: skip
        self._append(act_entry(APPLIED, by, detail, f"prices:{found.name}"))
        self._catch_up()
        return self._lists[found.name].to_json() | {"new": True}

    def _append(self, draft: Draft) -> None:
        self._ledger.transact(self._tenant, lambda _: [draft])

    def _catch_up(self) -> None:
        """Take in what the ledger says of lists."""
        with self._lock:
            head = self._ledger.head(self._tenant)
            if head == self._seen:
                return
            changed = False
            for entry in self._ledger.entries_of(self._tenant, [Kind.AUDIT], self._seen, head):
                # A list may be larger than a row, and lie in a blob.
                if entry.salt is not None and (entry.payload is None or b'"price.' in entry.payload):
                    changed |= self._take(entry, orjson.loads(self._ledger.opened(entry)))
            self._seen = head
            if changed:
                # Lists of two nodes that were applied at the same moment may overlap: the earlier one's price holds,
                # as sorting by rank keeps their order.
                self._book = Book([one.list for one in self._lists.values()])

    def _take(self, entry: StoredEntry, body: Mapping[str, Any]) -> bool:
        act, detail = body["act"], body.get("detail", {})
        if act == TRUSTED:
            self._keys[detail["key"]] = VerifierKey.parse(detail["key"])
        elif act == DISTRUSTED:
            self._keys.pop(detail["key"], None)
        elif act == APPLIED:
            name = detail["name"]
            self._lists.pop(name, None)
            self._unreadable.pop(name, None)
            try:
                found = read_list(parse_note(detail["note"].encode()).text)
            except VestigeError as error:
                self._unreadable[name] = str(error)  # as an earlier version of the program read it; nothing prices so
            else:
                self._lists[name] = Applied(found, entry.id, tuple(detail["keys"]))
            return True
        return False


def _shown(price: OwnPrice) -> dict[str, Any]:
    bounds = (("from", price.start), ("to", price.end))
    return (
        {"model": price.model}
        | ({"agent": price.agent} if price.agent else {})
        | {name: to_text(at) for name, at in bounds if at is not None}
        | {name: f"{rate:f}" for name, rate in zip(RATES, price.rates, strict=True) if rate is not None}
    )
