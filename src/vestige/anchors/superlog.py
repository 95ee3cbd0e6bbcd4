"""The super-log: one log above those of all tenants, so that one time stamp covers them all.

It is a log like any other here: RFC 6962 tree, tiles, checkpoints, a key and a signer's memory of its own. Its tenant
is nobody (:data:`SUPER`). An entry's payload is ``{"checkpoint": <the text of a tenant's checkpoint>}``, and its leaf
commits to the salted digest of that: whoever reads the super-log learns neither whose checkpoints it holds nor how
large those logs are. Only its own tenant is given the salt, inside the proof.

A proof is a C2SP tlog-proof whose ``extra`` line is base64 of ``{"leaf","salt"}``, as in bundles; the checkpoint in it
is the super-log's, as it was signed, which is what authorities stamp.

What it does not do is to stand for a witness of the tenants' logs: that a checkpoint is in it says when it was there,
and not that no other was shown to somebody else. So witnesses are shown each tenant's log besides.

It has nobody who would give it a new epoch where the database was put back and the signer refuses it: it begins one by
itself (:func:`ready`), and that is told like any contradiction. What was lost of it stays in its ``restore`` entry.
"""

from __future__ import annotations

import contextlib
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.ledger import Draft, Kind, is_opening
from vestige.ledger.strict import read_leaf
from vestige.model.errors import ConflictError, NotFoundError, ProofError, SignerError
from vestige.proof import (
    Checkpoint,
    TlogProof,
    canonical,
    format_tlog_proof,
    leaf_hash,
    parse_canonical,
    parse_checkpoint,
    parse_note,
    parse_tlog_proof,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ledger import Ledger, PublishedCheckpoint

SUPER: Final = "0" * 26
"""The ULID under which the super-log is kept; no tenant has it, since none was made in 1970."""
_SALT: Final = re.compile(r"[0-9a-f]{64}")
"""A salt in its one spelling. Python would read capitals and blanks in between as well; nothing vouches for the line a
salt stands in but its having no other spelling."""


class Held(NamedTuple):
    """That a checkpoint is in the super-log."""

    checkpoint: Checkpoint
    """The super-log's."""
    note: bytes
    """Its signed note, as authorities were shown it."""


def ensure(ledger: Ledger, server_name: str) -> None:
    """Make the super-log if there is none yet."""
    try:
        ledger.log(SUPER)
    except NotFoundError:
        try:
            ledger.create_log(SUPER, server_name, again=True)
        except ConflictError:
            return  # another process was first


def ready(ledger: Ledger) -> str:
    """Make sure that the super-log can be signed, before anything is appended to it.

    Returns:
        Why the signer refused it, where it goes on in a new epoch for that; else nothing.

    Raises:
        SignerError: the signer refuses the new epoch too.
    """
    try:
        ledger.checkpoint(SUPER)
    except SignerError as error:
        began = ""
        with contextlib.suppress(ConflictError):  # it can go on after all
            began = f"{error}; it goes on as {ledger.new_epoch(SUPER).log.origin}, with a key of its own"
        ledger.checkpoint(SUPER)
        return began
    return ""


def add(ledger: Ledger, checkpoints: Sequence[PublishedCheckpoint]) -> tuple[PublishedCheckpoint, list[str]]:
    """Append tenants' checkpoints and sign the super-log; its checkpoint, and each one's proof under that."""
    drafts = [Draft(Kind.ANCHOR, payload(parse_note(one.note.encode()).text)) for one in checkpoints]
    committed = ledger.transact(SUPER, lambda _: drafts)
    signed = ledger.checkpoint(SUPER)
    proofs = []
    for item in committed.items:
        entry = ledger.entry(SUPER, item.ids[0])
        extra = canonical({"leaf": entry.leaf.decode(), "salt": (entry.salt or b"").hex()})
        path = tuple(ledger.inclusion(SUPER, entry.seq, signed.size))
        proofs.append(format_tlog_proof(TlogProof(entry.seq, path, signed.note.encode(), extra)).decode())
    return signed, proofs


def payload(text: str) -> bytes:
    """What the super-log commits to of a tenant's checkpoint: the text of its note, without any signature."""
    return canonical({"checkpoint": text})


def check(proof: bytes, text: str) -> Held:
    """Check that a tenant's checkpoint, of which the text is given, is in the super-log whose checkpoint the proof has.

    Whose signature that checkpoint bears is not looked at: a time stamp over it needs none.

    Raises:
        ProofError: it is not.
    """
    parsed = parse_tlog_proof(proof)
    extra = parse_canonical(parsed.extra or b"")
    if extra.keys() != {"leaf", "salt"} or not all(isinstance(value, str) for value in extra.values()):
        raise ProofError("the extra line is not of a leaf", expected="leaf, salt: texts", got=", ".join(extra)[:80])
    salt = str(extra["salt"])
    if not _SALT.fullmatch(salt):
        raise ProofError("not a salt", expected="64 lower-case hexadecimal digits", got=repr(salt[:80]))
    leaf = str(extra["leaf"]).encode()
    fields = read_leaf(leaf)
    head = parse_checkpoint(parsed.checkpoint)
    if (fields["log"], fields["seq"], fields["kind"]) != (head.origin, parsed.index, Kind.ANCHOR.value):
        raise ProofError(
            "the leaf is of another place", expected=f"{head.origin}, seq {parsed.index}",
            got=f"{fields['log']}, seq {fields['seq']}"[:120],
        )  # fmt: skip
    if not is_opening(leaf, bytes.fromhex(salt), payload(text)):
        raise ProofError(
            "the super-log holds another checkpoint", expected="a commitment to this one's text",
            got=f"another, where the text has SHA-256 {sha256(payload(text)).hexdigest()}",
        )  # fmt: skip
    verify_inclusion(leaf_hash(leaf), parsed.index, head.size, parsed.path, head.root)
    return Held(head, parsed.checkpoint)
