r"""The bytes of a leaf (ledger.md section 2).

A leaf is RFC 8785 canonical JSON over strings and integers. :func:`leaf` builds one through
:func:`vestige.proof.canonical`; :class:`Template` builds the leaves of one batch by writing only what differs between
them, and gives the same bytes (a test holds the two together).

The commitment to a payload is SHA-256("vestige/payload/v1\n" || salt || SHA-256(payload)): salted, because the bare
hash of a short record can be guessed.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import repeat
from typing import TYPE_CHECKING

from vestige.ledger.models import MAX_LEAF, MAX_REFS, Kind
from vestige.model.errors import InputError, TooLargeError
from vestige.proof.canonical import canonical, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vestige.ledger.models import Draft, Sender

PAYLOAD_DOMAIN = b"vestige/payload/v1\n"
SALT_BYTES = 32
VERSION = 1
_MAX_INTEGER = 2**53
# A quote inside a JSON text is escaped, so neither can be met within a value.
_COMMITMENT = re.compile(rb'"c":"([0-9a-f]{64})"')
_LENGTH = re.compile(rb'"len":([0-9]{1,16})[,}]')


def commitment(salt: bytes, digest: bytes) -> bytes:
    """What a leaf commits to, of a payload with this SHA-256 digest."""
    return sha256(PAYLOAD_DOMAIN + salt + digest).digest()


def is_opening(leaf: bytes, salt: bytes, payload: bytes) -> bool:
    """Whether salt and payload are what the leaf commits to."""
    found = _COMMITMENT.search(leaf)
    return found is not None and commitment(salt, sha256(payload).digest()).hex().encode() == found[1]


def stated_length(leaf: bytes) -> int:
    """The payload's length as the leaf states it; 0 if it states none."""
    found = _LENGTH.search(leaf)
    return 0 if found is None else int(found[1])


def leaf(draft: Draft, *, at: str, commitment_hex: str, length: int, entry_id: str, origin: str, seq: int) -> bytes:
    """The leaf of one entry.

    Raises:
        InputError: a field is outside its bounds.
        TooLargeError: the leaf would exceed 4 KiB.
    """
    fields: dict[str, str | int | list[str]] = {
        "at": at,
        "c": commitment_hex,
        "id": entry_id,
        "kind": draft.kind.value,
        "len": length,
        "log": origin,
        "mt": draft.media_type,
        "refs": list(draft.refs),
        "seq": seq,
        "v": VERSION,
    }
    optional: dict[str, str | int | None] = {
        "acq": draft.acquisition or None,
        "src": draft.source or None,
        "off": draft.offset,
        "n": draft.number,
        "sseq": draft.sender_seq,
        "sep": draft.sender_epoch or None,
    }
    fields |= {name: value for name, value in optional.items() if value is not None}
    check_fields(fields)
    data = canonical(fields)
    check_length(len(data))
    return data


def check_fields(fields: Mapping[str, str | int | list[str]]) -> None:
    """Refuse what a leaf cannot hold.

    Raises:
        InputError: a negative or too large number, no media type, a sender epoch without number, too many refs.
    """
    for name, value in fields.items():
        if isinstance(value, int) and not 0 <= value < _MAX_INTEGER:
            raise InputError(f"{name} is out of range", expected="0 to 2**53 - 1", got=str(value), field=name)
    refs = fields.get("refs", [])
    if isinstance(refs, list) and len(refs) > MAX_REFS:
        raise InputError(
            "an entry refers to too many others",
            expected=f"at most {MAX_REFS} refs",
            got=str(len(refs)),
            hint="put longer lists into the payload",
            field="refs",
        )
    if not fields.get("mt"):
        raise InputError("an entry needs a media type", expected="such as application/json", got="none", field="mt")
    if "sep" in fields and "sseq" not in fields:
        raise InputError("a sender epoch needs a sender's number", expected="sseq", got="sep alone", field="sep")


def check_length(length: int) -> None:
    """Refuse a leaf that is too long.

    Raises:
        TooLargeError: above 4 KiB.
    """
    if length > MAX_LEAF:
        raise TooLargeError(
            "a leaf is too long",
            expected=f"at most {MAX_LEAF} bytes",
            got=str(length),
            hint="names and media types belong in the payload if they are this long",
        )


class Template:
    """The leaves of one batch of evidence: what is the same in all of them is encoded once."""

    def __init__(self, *, source: str, acquisition: str, media_type: str, origin: str, at: str) -> None:
        check_fields({"mt": media_type})
        acq = f'"acq":{quote(acquisition)},' if acquisition else ""
        src = f',"src":{quote(source)}' if source else ""
        self.head = f'{{{acq}"at":{quote(at)},"c":"'
        self._kind = f'","kind":{quote(Kind.EVIDENCE.value)},"len":'
        self._log = f',"log":{quote(origin)},"mt":{quote(media_type)},"n":'
        self._tail = src

    def leaves(
        self,
        commitments: Iterable[str],
        ids: Iterable[str],
        lengths: Iterable[int],
        numbers: Sequence[int],
        offsets: Sequence[int],
        seqs: Sequence[int],
        senders: Sequence[Sender | None] | None = None,
    ) -> list[bytes]:
        """The leaf bytes, one for each row of the columns; ``senders`` where senders number their records.

        Raises:
            InputError: a number or offset is out of range.
            TooLargeError: the leaves would exceed 4 KiB.
        """
        if not seqs:
            return []
        for name, column in (("n", numbers), ("off", offsets)):
            check_fields({"mt": "-", name: min(column)})
            check_fields({"mt": "-", name: max(column)})
        if senders is None:
            texts = self.texts(commitments, ids, lengths, numbers, offsets, seqs)
        else:
            told = [sender.number for sender in senders if sender is not None] or [0]
            check_fields({"mt": "-", "sseq": min(told)})
            check_fields({"mt": "-", "sseq": max(told)})
            quoted = {sender.epoch: quote(sender.epoch) for sender in senders if sender is not None}
            seps = ["" if one is None or not one.epoch else f'"sep":{quoted[one.epoch]},' for one in senders]
            sseqs = ["" if one is None else f',"sseq":{one.number}' for one in senders]
            texts = self.numbered(commitments, ids, lengths, numbers, offsets, seqs, seps, sseqs)
        try:
            out = list(map(str.encode, texts))
        except UnicodeEncodeError as error:
            raise InputError("a leaf holds a lone surrogate", expected="Unicode text", got=str(error)[:120]) from error
        check_length(max(map(len, out)))
        return out

    def texts(
        self,
        commitments: Iterable[str],
        ids: Iterable[str],
        lengths: Iterable[int],
        numbers: Iterable[int | str],
        offsets: Iterable[int | str],
        seqs: Iterable[int],
    ) -> list[str]:
        """The leaves as text, of columns that were checked by the caller."""
        head, kind, log, tail = self.head, self._kind, self._log, self._tail
        return [
            f'{head}{c}","id":"{i}{kind}{length}{log}{n},"off":{off},"refs":[],"seq":{seq}{tail},"v":{VERSION}}}'
            for c, i, length, n, off, seq in zip(commitments, ids, lengths, numbers, offsets, seqs, strict=True)
        ]

    def numbered(
        self,
        commitments: Iterable[str],
        ids: Iterable[str],
        lengths: Iterable[int],
        numbers: Iterable[int | str],
        offsets: Iterable[int | str],
        seqs: Iterable[int],
        seps: Iterable[str],
        sseqs: Iterable[str],
    ) -> list[str]:
        """As :meth:`texts`, of records their senders number: ``"sep":…,`` and ``,"sseq":…`` of each, or nothing."""
        head, kind, log, tail = self.head, self._kind, self._log, self._tail
        columns = zip(commitments, ids, lengths, numbers, offsets, seqs, seps, sseqs, strict=True)
        return [
            f'{head}{c}","id":"{i}{kind}{length}{log}{n},"off":{off},"refs":[],{sep}"seq":{seq}{tail}{sseq}'
            f',"v":{VERSION}}}'
            for c, i, length, n, off, seq, sep, sseq in columns
        ]


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """SHA-256(0x00 || leaf) of each (RFC 6962 section 2.1)."""
    hashed = sha256
    return [hashed(b"\x00" + data).digest() for data in leaves]


def commitments(salts: Iterable[bytes], digests: Iterable[bytes]) -> list[str]:
    """The hexadecimal commitments of a batch."""
    hashed = sha256
    return [
        hashed(domain + salt + digest).hexdigest()
        for domain, salt, digest in zip(repeat(PAYLOAD_DOMAIN), salts, digests, strict=False)
    ]
