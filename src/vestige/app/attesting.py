"""What was decided of one commit, as an in-toto statement that proves itself (in-toto.io/Statement/v1).

The statement without its proof is an entry of the ledger. With it goes what opens that entry's commitment, and a proof
under a signed checkpoint (c2sp.org/tlog-proof); a DSSE envelope under the log's key is around both. So whoever holds
the log's key needs nothing else: what is said is what was sealed, to the last member, and when is what the entry says.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.ledger import Kind, is_opening
from vestige.model.errors import ProofError
from vestige.policy.facts import AI, HUMAN, MIXED, UNKNOWN, Facts
from vestige.proof import canonical, parse_canonical, parse_tlog_proof, verify_tlog_proof
from vestige.proof.dsse import MOST_BYTES
from vestige.proof.dsse import opened as unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.ledger import StoredEntry
    from vestige.proof import VerifierKey

ATTESTED: Final = "policy.attested"
MEDIA_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:vestige:commit-decision:1"
ENVELOPE_BYTES: Final = MOST_BYTES
MOST_PATHS: Final = 20
"""Paths of one commit that are named; the first ones."""
_KINDS: Final = (AI, MIXED, HUMAN, UNKNOWN)
_PARTS: Final = ("entry", "leaf", "origin", "payload", "proof", "salt")
"""Of the proof, all text."""


class Attestation(NamedTuple):
    """What an envelope says, after all of it was checked."""

    commit: str
    predicate: dict[str, Any]
    """Without its proof."""
    entry: str
    at: str
    """When it was sealed."""
    by: str
    """Who asked for it."""


def judged(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each commit of a decision: its seal, its sessions with theirs, and whose the lines are that it adds."""
    facts = Facts.model_validate(detail["facts"])
    found = []
    for one in facts.commits:
        sessions = [{"id": name, "seal": known.seal if (known := facts.by_id.get(name)) is not None else ""}
                    for name in one.sessions]  # fmt: skip
        found.append({
            "oid": one.oid, "subject": one.subject, "seal": one.seal, "sessions": sessions,
            "lines": {kind: one.count(kind) for kind in _KINDS}, "unread": sum(bool(file.unread) for file in one.files),
            "paths": one.paths[:MOST_PATHS], "cut": one.cut,
        })  # fmt: skip
    return found


def summed(commits: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How much of what commits bring is known: commits, of these sealed and with a sealed session, lines by class."""
    return {
        "commits": len(commits),
        "sealed": sum(bool(one["seal"]) for one in commits),
        "with_session": sum(any(session["seal"] for session in one["sessions"]) for one in commits),
        **{kind: sum(one["lines"][kind] for one in commits) for kind in _KINDS},
    }


def statement_of(decision: str, detail: Mapping[str, Any], commit: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of one commit of a decision, before it is sealed.

    Args:
        decision: its entry.
        detail: what that holds.
        commit: as :func:`judged` has it.
    """
    outcome = detail["outcome"]
    results = [
        {name: one[name] for name in ("policy", "type", "severity", "result", "action", "commit", "detail")}
        for one in outcome["results"]
        if one["commit"] in {"", commit["oid"]}
    ]
    return {
        "_type": STATEMENT,
        "subject": [{"name": f"git+{detail['facts']['repository']}", "digest": {"gitCommit": commit["oid"]}}],
        "predicateType": PREDICATE,
        "predicate": {
            "repository": detail["facts"]["repository"],
            "decision": {
                "entry": decision, "at": detail["at"], "passed": outcome["passed"], "blocked": outcome["blocked"],
            },
            "digests": dict(detail["digests"]),
            "engine": dict(detail["engine"]),
            "policies": [
                {"name": one["body"]["name"], "entry": one["entry"], "sha256": one["sha256"],
                 "revision": one["revision"]} for one in detail["policies"]
            ],
            "results": results,
            "seal": commit["seal"],
            "sessions": list(commit["sessions"]),
            "lines": dict(commit["lines"]),
            "grade": "client-reported",
        },
    }  # fmt: skip


def enclosed(statement: Mapping[str, Any], entry: StoredEntry, payload: bytes, proof: str, origin: str
             ) -> tuple[str, bytes]:  # fmt: skip
    """The media type and the bytes of a statement with what proves that it was sealed."""
    ledger = {
        "entry": entry.id, "origin": origin, "payload": base64.b64encode(payload).decode(),
        "leaf": base64.b64encode(entry.leaf).decode(), "salt": (entry.salt or b"").hex(), "proof": proof,
    }  # fmt: skip
    predicate = dict(statement["predicate"]) | {"ledger": ledger}
    return MEDIA_TYPE, canonical(dict(statement) | {"predicate": predicate})


def opened(envelope: bytes, keys: Sequence[VerifierKey]) -> Attestation:
    """What an envelope says of a commit, after all of it was checked.

    Args:
        envelope: as it was given.
        keys: of the log, as they were known before.

    Raises:
        ProofError: it is none, nobody trusted signed it, or something in it is not what was sealed.
    """
    body, _ = unsealed(envelope, MEDIA_TYPE, keys)
    return stated(body, keys)


def stated(body: bytes, keys: Sequence[VerifierKey]) -> Attestation:
    """The same of a statement without its envelope: the proof in it is enough.

    Raises:
        ProofError: as :func:`opened`, but for the envelope's own signature.
    """
    statement: dict[str, Any] = dict(parse_canonical(body))
    try:
        predicate = dict(statement["predicate"])
        ledger = predicate.pop("ledger")
        if set(ledger) != set(_PARTS) or not all(isinstance(ledger[name], str) for name in _PARTS):
            raise ProofError(
                "the statement's proof is incomplete", expected=", ".join(_PARTS), got=", ".join(ledger)[:200]
            )
        payload = base64.b64decode(ledger["payload"], validate=True)
        leaf = base64.b64decode(ledger["leaf"], validate=True)
        salt, origin = bytes.fromhex(ledger["salt"]), ledger["origin"]
        proof = parse_tlog_proof(ledger["proof"].encode())
        verify_tlog_proof(proof, leaf, keys, origin)
        if not is_opening(leaf, salt, payload):
            raise ProofError("what the statement shows is not what was sealed", expected="what its leaf commits to",
                             got="other bytes")  # fmt: skip
        act, about = orjson.loads(payload), orjson.loads(leaf)
        # Bytes of evidence are whoever sent them's: only what the ledger wrote of itself attests.
        own = about["kind"] == Kind.AUDIT
        said = act["detail"]["statement"] if own and act.get("act") == ATTESTED else None
        commit = str(statement["subject"][0]["digest"]["gitCommit"])
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise ProofError("this is no statement about a commit", got=f"{type(error).__name__}: {error}"[:200]) from None
    if said is None:
        raise ProofError("the entry attests nothing", expected=f"{Kind.AUDIT} {ATTESTED}",
                         got=f"{about['kind']} {act.get('act')}"[:80])  # fmt: skip
    if canonical(said) != canonical(statement | {"predicate": predicate}):
        raise ProofError("the statement is not the one that was sealed", expected="each member as its entry has it",
                         got=_differing(said, statement | {"predicate": predicate}))  # fmt: skip
    if (about["id"], about["log"]) != (ledger["entry"], origin):
        raise ProofError("the statement names another entry", expected=str(about["id"])[:40], got=ledger["entry"][:40])
    return Attestation(commit, predicate, about["id"], about["at"], str(act.get("by", "")))


def _differing(sealed: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """Which members are other ones."""
    found = [name for name in sorted({*sealed, *shown} - {"predicate"}) if sealed.get(name) != shown.get(name)]
    one, two = dict(sealed.get("predicate", {})), dict(shown.get("predicate", {}))
    found += [f"predicate.{name}" for name in sorted({*one, *two}) if one.get(name) != two.get(name)]
    return ", ".join(found)[:200]
