"""Whom the verifier trusts, which only its caller can say: keys of logs, and witnesses that must have cosigned.

A policy is a text of lines, as C2SP's tlog-policy has them: ``log KEY [URL]``, ``witness NAME KEY [URL]``,
``group NAME K|any|all MEMBER…``, ``quorum NAME|none``. Keys are verifier keys; a witness's is of type 0x04
(c2sp.org/tlog-cosignature). URLs mean nothing here: no network is used.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.model.errors import UsageError, VestigeError
from vestige.proof import VerifierKey
from vestige.proof.cosignature import WitnessKey
from vestige.proof.mldsa import SecondKey

if TYPE_CHECKING:
    from cryptography import x509

    from vestige.proof import Note

_COMPROMISED: Final = re.compile(r"(?:, compromised above size |\"last_good_size\": ?)([0-9]{1,16})")
MOST_LINES: Final = 10_000


class Group(NamedTuple):
    """So many of some members must have cosigned."""

    needed: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Trust:
    """What the caller brought."""

    keys: list[VerifierKey] = field(default_factory=list)
    last_good: dict[str, int] = field(default_factory=dict)
    """Of keys that were compromised, up to which size they count: a bundle of before cannot know."""
    witnesses: dict[str, WitnessKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    seconds: list[SecondKey] = field(default_factory=list)
    """ML-DSA-44 keys: a log that has one here must have signed by it besides."""
    roots: list[x509.Certificate] = field(default_factory=list)
    """Certificates of time-stamp authorities; none: nobody's word on when is believed."""
    quorum: str = ""
    """The witness or group that must have cosigned; empty: none needs to."""

    def satisfied(self, note: Note) -> bool:
        """Whether the quorum has cosigned a checkpoint."""
        if not self.quorum:
            return True
        met = {name: witness.time_of(note) is not None for name, witness in self.witnesses.items()}
        for name, group in self.groups.items():  # a group stands behind all its members
            met[name] = sum(met[member] for member in group.members) >= group.needed
        return met[self.quorum]


def seconds_of_text(text: str) -> list[SecondKey]:
    """The ML-DSA-44 keys in a text of such lines, as ``vestige ledger keys --json`` prints them.

    Raises:
        UsageError: a line holds one that is none.
    """
    found = []
    for line in text.splitlines()[:MOST_LINES]:
        try:
            if line.lstrip().startswith("{") and "second" in (said := json.loads(line)):
                found.append(SecondKey.parse(str(said["second"])))
        except (ValueError, RecursionError, VestigeError) as error:
            raise UsageError("that is no second key", expected="type 06", got=line[:80], field="key") from error
    return found


def last_good_of_text(text: str) -> dict[str, int]:
    """Which keys of such a text are said to be compromised, and above which size."""
    found = {}
    for line in text.splitlines()[:MOST_LINES]:
        if (match := _COMPROMISED.search(line)) is not None:
            found[str(keys_of_text(line)[0])] = int(match[1])
    return found


def keys_of_text(text: str) -> list[VerifierKey]:
    """The verifier keys in a text: one as it is, or a line each as ``vestige ledger keys`` prints them, ``--json`` too.

    Raises:
        UsageError: a line holds none.
    """
    found = []
    lines = text.splitlines()
    for line in lines[:MOST_LINES]:
        if not line.strip() or line.startswith("#"):
            continue
        try:
            word = str(json.loads(line)["vkey"]) if line.lstrip().startswith("{") else line.split()[0]
            found.append(VerifierKey.parse(word))
        except (ValueError, KeyError, TypeError, RecursionError, VestigeError) as error:
            raise UsageError(
                "that is no verifier key", expected="name+id+base64, or a file of such lines", got=line[:80],
                hint="`vestige ledger keys` prints them", field="key",
            ) from error  # fmt: skip
    if not found or len(lines) > MOST_LINES:
        raise UsageError(
            "there is no verifier key", expected=f"1 to {MOST_LINES} lines", got=str(len(lines)), field="key"
        )
    return found


def read_policy(text: str, trust: Trust) -> None:
    """Add what a policy says.

    Raises:
        UsageError: a line is none of a policy; which.
    """
    for number, line in enumerate(text.splitlines()[:MOST_LINES], 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            _read_line(words, trust)
        except (ValueError, KeyError, IndexError, VestigeError) as error:
            raise UsageError(
                f"line {number} is none of a policy",
                expected="log KEY, witness NAME KEY, group NAME K|any|all MEMBER…, quorum NAME|none",
                got=line[:80], field="policy",
            ) from error  # fmt: skip


def _read_line(words: list[str], trust: Trust) -> None:
    kind, *rest = words
    known = trust.witnesses.keys() | trust.groups.keys()
    if kind == "log" and 1 <= len(rest) <= 2:
        trust.keys.append(VerifierKey.parse(rest[0]))
    elif kind == "witness" and 2 <= len(rest) <= 3 and rest[0] not in {*known, "none"}:
        trust.witnesses[rest[0]] = WitnessKey.parse(rest[1])
    elif kind == "group" and len(rest) >= 3 and rest[0] not in {*known, "none"} and set(rest[2:]) <= known:
        members = tuple(rest[2:])
        needed = {"any": 1, "all": len(members)}.get(rest[1]) or int(rest[1])
        if not 1 <= needed <= len(members) or len(set(members)) < len(members):
            raise ValueError(rest[1])
        trust.groups[rest[0]] = Group(needed, members)
    elif kind == "quorum" and len(rest) == 1 and rest[0] in {*known, "none"}:
        trust.quorum = "" if rest[0] == "none" else rest[0]
    else:
        raise ValueError(kind)
