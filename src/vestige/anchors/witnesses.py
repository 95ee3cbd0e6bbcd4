"""Asking witnesses for their cosignatures (C2SP tlog-witness), and understanding what a refusal means.

A witness remembers the last checkpoint it cosigned. What it says to a log that was put back to an older state, or that
shows it another tree than before, is no failure to be tried again: it is the very thing a witness is for, and is told
as an :class:`~vestige.model.errors.IntegrityError`. A witness that does not answer, or does not know the log, is an
:class:`~vestige.model.errors.OutgoingError`: nothing is known then, and it is asked again next time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.anchors.means import NETWORKS
from vestige.model.errors import IntegrityError, OutgoingError, ProofError, SettingsError, VestigeError
from vestige.outgoing import check_url
from vestige.proof import Note, parse_note
from vestige.proof.checkpoint import parse_decimal
from vestige.proof.cosignature import WitnessKey
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.outgoing import Network, Outgoing
    from vestige.proof import Signature

_TRIES = 3
_MOST_LINES = 16
"""Signature lines of an answer that are looked at: a witness has few keys."""


class WitnessAt(NamedTuple):
    """A witness and where it takes checkpoints."""

    key: WitnessKey
    url: str
    """The submission prefix, without a slash at its end."""


class Head(NamedTuple):
    """What is to be cosigned, and how to prove that it extends something smaller."""

    origin: str
    size: int
    note: bytes
    prove: Callable[[int], Sequence[bytes]]
    """The consistency path from an earlier size, above 0, to this one."""
    grown: Callable[[], int]
    """The size the log has at this moment, which another process may have made larger."""


def read_witnesses(text: str, networks: Sequence[Network] = ()) -> list[WitnessAt]:
    """Witnesses as the setting names them: ``KEY URL`` each, parted by commas.

    Raises:
        SettingsError: one is none.
    """
    found = []
    for part in text.split(","):
        words = part.split()
        if not words:
            continue
        try:
            if len(words) != 2:
                raise ProofError("not a witness", expected="KEY URL", got=part.strip()[:80])
            check_url(words[1], networks, NETWORKS)
            found.append(WitnessAt(WitnessKey.parse(words[0]), words[1].rstrip("/")))
        except VestigeError as error:
            raise SettingsError(
                f"a witness of the setting is none: {error.message}",
                expected="name+id+base64 https://…, parted by commas",
                got=part.strip()[:80],
                hint=error.hint or "`vestige witness serve` prints its key",
                field="witnesses",
            ) from None
    if len({one.key for one in found}) < len(found):
        raise SettingsError("a witness is named twice", expected="each key once", got=text[:80], field="witnesses")
    return found


def cosigned(witness: WitnessAt, head: Head, outgoing: Outgoing, known: int = 0) -> tuple[Signature, int]:
    """Ask a witness for its cosignature of a checkpoint; the signature, and its time in seconds since 1970.

    Args:
        witness: who is asked.
        head: what for.
        outgoing: by which way.
        known: the size it cosigned last, as far as is known; it says so itself if that is not so.

    Raises:
        IntegrityError: it has seen more of this log, or another log of this name: this one was put back or forked.
        OutgoingError: it does not answer, does not know the log, or answers something else.
    """
    old = known if known <= head.size else 0
    for _ in range(_TRIES):
        path = head.prove(old) if 0 < old < head.size else ()
        lines = [f"old {old}", *map(encode_base64, path)]
        body = "".join(f"{line}\n" for line in lines).encode() + b"\n" + head.note
        answer = outgoing.send(f"{witness.url}/add-checkpoint", body, "text/plain; charset=utf-8")
        if answer.status == 200:
            return _taken(witness, head, answer.body)
        if answer.status == 422:
            raise _fork(witness, head, old)
        if answer.status != 409:
            raise OutgoingError(
                f"the witness {witness.key.name} did not cosign {head.origin}",
                expected="200, and its cosignature",
                got=f"{answer.status}: {answer.body[:200].decode('utf-8', 'replace').strip()}",
                hint=_HINTS.get(answer.status, "look at what the witness says"),
            )
        has = _size(witness, answer.body)
        if has == old == head.size:
            raise _fork(witness, head, old)
        if has > head.size and has > head.grown():
            raise IntegrityError(
                f"the log {head.origin} was rolled back: the witness {witness.key.name} has cosigned more of it",
                expected=f"at least size {has}",
                got=f"size {head.size}",
                hint=f"entries {head.size} to {has - 1} are gone; `vestige ledger verify`, then look for a backup",
            )
        if has > head.size:
            break  # another process was faster, and the witness has all of this already
        old = has
    raise OutgoingError(
        f"the witness {witness.key.name} is being shown the log by others", got="another size each time",
        hint="try again",
    )  # fmt: skip


def _taken(witness: WitnessAt, head: Head, body: bytes) -> tuple[Signature, int]:
    """The signature of an answer, if it is this witness's and good."""
    text = parse_note(head.note).text
    try:
        signatures = parse_note(f"{text}\n".encode() + body).signatures[:_MOST_LINES]
    except ProofError as error:
        raise OutgoingError(
            f"the witness {witness.key.name} answers no cosignature", expected="signature lines", got=str(error)[:160]
        ) from None
    for signature in signatures:
        at = witness.key.time_of(Note(text, (signature,)))
        if at is not None:
            return signature, at
    raise OutgoingError(
        f"the witness {witness.key.name} did not cosign with the key it is known by",
        expected=str(witness.key),
        got=", ".join(f"{one.name}+{one.key_id.hex()}" for one in signatures)[:200],
        hint="is the key in VESTIGE_WITNESSES the one `vestige witness serve` prints?",
    )


def _size(witness: WitnessAt, body: bytes) -> int:
    try:
        return parse_decimal(body.decode("ascii", "replace").removesuffix("\n"), "the size the witness has")
    except ProofError as error:
        raise OutgoingError(f"the witness {witness.key.name} answers something else", got=error.got) from None


def _fork(witness: WitnessAt, head: Head, old: int) -> IntegrityError:
    return IntegrityError(
        f"the log {head.origin} is not the one that the witness {witness.key.name} has cosigned: it was forked",
        expected=f"a tree that extends what it cosigned at size {old}",
        got=f"another tree at or below size {old}",
        hint="`vestige ledger verify`; the witness holds the proof: its checkpoint of that size, signed by the log",
    )


_HINTS = {
    403: "give the witness the log's key that is in force: `vestige ledger keys`, then its --log",
    404: "the witness does not watch this log: start it with --log and the log's verifier key",
}
