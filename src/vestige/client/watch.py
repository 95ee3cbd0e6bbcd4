"""Notices when a ledger shrinks or forks: it remembers the last checkpoint it verified, in a file.

Each look asks the server to sign its present head, and then for proofs:

* that the signature is by a key of the log (of those given, or else of those the server lists);
* that the tree is the remembered one and only grew: an RFC 6962 consistency proof;
* that it holds the last entry of every batch acknowledged since the last look: inclusion proofs.

Only then is the new checkpoint remembered: written beside the old one, fsynced, and put in its place. A log that goes
on as another epoch (after a backup was put back) has lost something, too: it is told the same way, and accepted by
removing the file.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from vestige.client.answers import raise_for
from vestige.model.errors import IntegrityError, ProofError
from vestige.proof import (
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    parse_checkpoint,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import httpx

MOST_ACKNOWLEDGED = 1000
"""Entries remembered between two looks; beyond it the oldest are taken on trust."""


class RollbackError(IntegrityError):
    """The ledger is not the one it was: it has shrunk, forked, or lost something that was acknowledged."""


class Acknowledged(NamedTuple):
    """An entry the server said is in the ledger."""

    seq: int
    leaf_hash: bytes

    @classmethod
    def of(cls, result: dict[str, Any]) -> Acknowledged:
        """From one result of an answer."""
        return cls(int(result["seq"]), bytes.fromhex(result["leaf_hash"]))


class Watch:
    """Watches one log.

    Args:
        http: a client with the token, at the server's address.
        memory: the file that remembers.
        keys: the log's verifier keys, got by another road; none: those the server lists.

    Raises:
        RollbackError: the file is there and holds no checkpoint.
    """

    def __init__(self, http: httpx.Client, memory: Path, keys: Iterable[str] = ()) -> None:
        self._http = http
        self._memory = memory
        self._given = tuple(VerifierKey.parse(key) for key in keys)
        self._acknowledged: list[Acknowledged] = []
        self.last: Checkpoint | None = self._remembered()
        """The last checkpoint that was verified."""

    def acknowledged(self, entry: Acknowledged) -> None:
        """Remember, until the next look, that an entry must be there."""
        self._acknowledged.append(entry)
        del self._acknowledged[:-MOST_ACKNOWLEDGED]

    def check(self) -> Checkpoint:
        """Look at the ledger, and remember what was seen.

        Raises:
            RollbackError: it is not what it was.
            httpx.HTTPError: the server does not answer, or not now.
        VestigeError: it refuses to.
        """
        answer = self._http.post("/v1/ledger/checkpoint")
        if "ledger.signer" in answer.text:
            raise RollbackError("the server's own signer refuses to sign the ledger", got=answer.text[:300])
        raise_for(answer)
        note = answer.content
        try:
            seen = self._verified(note)
            self._check_growth(seen)
            self._check_acknowledged(seen)
        except ProofError as error:
            raise RollbackError(
                "the ledger does not prove that it is what it was",
                expected=error.expected,
                got=f"{error.message} {error.got}"[:300],
                hint=HINT,
            ) from error
        self._remember(note)
        self.last = seen
        self._acknowledged.clear()
        return seen

    def _verified(self, note: bytes) -> Checkpoint:
        keys = self._given
        if not keys:
            listed = self._http.get("/v1/ledger/keys")
            raise_for(listed)
            keys = tuple(VerifierKey.parse(one["vkey"]) for one in listed.json())
        return open_checkpoint(note, keys, parse_checkpoint(note).origin).checkpoint

    def _check_growth(self, seen: Checkpoint) -> None:
        last = self.last
        if last is None:
            return
        if seen.origin != last.origin:
            raise RollbackError("this is another log", expected=last.origin, got=seen.origin, hint=HINT)
        if seen.size < last.size:
            raise RollbackError(
                "the ledger has shrunk", expected=f"{last.size} entries or more", got=str(seen.size), hint=HINT
            )
        path = self._path("consistency", {"from": last.size, "to": seen.size}) if seen.size > last.size else []
        verify_consistency(last.size, seen.size, last.root, seen.root, path)

    def _check_acknowledged(self, seen: Checkpoint) -> None:
        for entry in self._acknowledged:
            if entry.seq >= seen.size:
                raise RollbackError(
                    "the ledger has lost an entry it acknowledged",
                    expected=f"more than {entry.seq} entries",
                    got=str(seen.size),
                    hint=HINT,
                )
            asked = {"seq": entry.seq, "size": seen.size}
            verify_inclusion(entry.leaf_hash, entry.seq, seen.size, self._path("inclusion", asked), seen.root)

    def _path(self, kind: str, asked: dict[str, int]) -> list[bytes]:
        answer = self._http.get(f"/v1/ledger/{kind}", params=asked)
        if answer.status_code < 500 and not answer.is_success:
            raise RollbackError("the server gives no proof", got=answer.text[:300], hint=HINT)
        raise_for(answer)
        return [base64.b64decode(node) for node in answer.json()["path"]]

    def _remembered(self) -> Checkpoint | None:
        try:
            data = self._memory.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return parse_checkpoint(base64.b64decode(json.loads(data)["note"], validate=True))
        except (ValueError, KeyError, TypeError, binascii.Error, ProofError) as error:
            raise RollbackError(
                f"{self._memory} holds no checkpoint", got=str(error)[:200], hint="put back a copy, or remove it"
            ) from None

    def _remember(self, note: bytes) -> None:
        beside = self._memory.with_name(self._memory.name + ".new")
        with beside.open("wb") as file:
            file.write(json.dumps({"note": base64.b64encode(note).decode()}).encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._memory)
        folder = os.open(self._memory.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


HINT = "find out why before anything else; remove the file to accept the ledger as it is now"
