"""Findings in the ledger: each an ``audit`` entry that refers to its evidence, kept once however often it is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ledger import Draft, Kind, Status
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.correlate import Detection
    from vestige.ledger import Ledger, Transaction

ACT = "detection"
REFS = 16
"""Ids a leaf refers to at most; the payload names all."""
AT_ONCE = 1_000


def record(ledger: Ledger, tenant: str, found: Sequence[tuple[Detection, Sequence[str]]]) -> list[tuple[str, bool]]:
    """Keep findings.

    What is kept follows from the detector's file and the onset's evidence alone, so that a later scan, by whomever,
    keeps nothing twice, however long the act has become.

    Args:
        ledger: where to.
        tenant: whose.
        found: each finding with the ids of its onset's entries, in its order.

    Returns:
        Of each its entry's id, and whether it is new.
    """
    answers: list[tuple[str, bool]] = []
    for begin in range(0, len(found), AT_ONCE):
        drafts = [_draft(ledger, tenant, one, ids) for one, ids in found[begin : begin + AT_ONCE]]

        def act(_: Transaction, drafts: list[Draft] = drafts) -> list[Draft]:
            return drafts

        items = ledger.transact(tenant, act).items
        answers += [(item.ids[0], item.statuses[0] is Status.ACCEPTED) for item in items]
    return answers


def _draft(ledger: Ledger, tenant: str, detection: Detection, ids: Sequence[str]) -> Draft:
    detector = detection.detector
    detail = {
        "kind": detector.kind,
        "pattern": detector.name,
        "version": detector.version,
        "digest": detector.digest,
        "title": detector.title,
        "severity": detector.severity,
        "tags": list(detector.tags),
        "evidence": list(ids),
    }
    payload = canonical({"act": ACT, "by": f"{detector.kind}:{detector.name}", "detail": detail})
    refs = tuple(dict.fromkeys(one.partition(".")[0] for one in ids))[:REFS]
    return Draft(Kind.AUDIT, payload, refs=refs, dedup=ledger.dedup_key(tenant, b"detection", payload))
