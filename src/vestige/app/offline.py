"""Policies to judge by while the server cannot be asked: an entry of the ledger, with what proves that it is one.

A bundle is for one repository and ends. It holds the entry's payload (the policies and waivers as they were), what
opens its commitment, and a proof under a signed checkpoint (c2sp.org/tlog-proof), so that whoever holds the log's key
needs nothing else. What is known without a server is what Git has: paths, messages, authors. Who wrote a line and what
sessions did is not: every condition on it is indeterminate.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.app.push_facts import pushed, unattributed
from vestige.code import Browsing, own
from vestige.ledger import is_opening
from vestige.model.errors import ProofError
from vestige.model.instant import NANOS, now, parse_rfc3339
from vestige.policy import Waiver, decide, held
from vestige.policy.facts import Facts
from vestige.proof import VerifierKey, parse_tlog_proof, verify_tlog_proof

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vestige.app.push_facts import Asked

BUNDLED: Final = "policy.bundled"
LONGEST: Final = 7 * 86_400 * NANOS
"""For which a bundle may hold."""


def opened(bundle: Mapping[str, Any], vkey: str, repository: str) -> dict[str, Any]:
    """What a bundle says, after all of it was checked.

    Args:
        bundle: as the server gave it.
        vkey: the log's key, as it was known before.
        repository: what it must be for.

    Raises:
        ProofError: it is none, of another log or repository, altered, or over.
    """
    try:
        payload = base64.b64decode(bundle["payload"], validate=True)
        leaf = base64.b64decode(bundle["leaf"], validate=True)
        proof = parse_tlog_proof(str(bundle["proof"]).encode())
        salt, origin = bytes.fromhex(bundle["salt"]), str(bundle["origin"])
        body = orjson.loads(payload)
        detail = body["detail"]
        until = parse_rfc3339(detail["until"])[0]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ProofError("this is no bundle of policies", got=f"{type(error).__name__}: {error}"[:200]) from None
    verify_tlog_proof(proof, leaf, [VerifierKey.parse(vkey)], origin)
    if not is_opening(leaf, salt, payload):
        raise ProofError(
            "the bundle's policies are not those of its entry", expected="what its leaf commits to", got="others"
        )
    if body.get("act") != BUNDLED or detail.get("repository") != repository:
        raise ProofError("the bundle is for something else", expected=repository[:80],
                         got=str(detail.get("repository"))[:80])  # fmt: skip
    if until <= now():
        raise ProofError("the bundle of policies is over", expected="one that still holds", got=detail["until"],
                         hint="`vestige policy bundle` fetches another")  # fmt: skip
    return dict(detail)


def judge(detail: Mapping[str, Any], root: Path, asked: Asked) -> dict[str, Any]:
    """What the policies of a bundle say of a push, by what Git has here.

    Raises:
        ConflictError: what is pushed is not here.
    """
    browsing = Browsing(root)
    updates, oids, cut = pushed(browsing, asked)
    commits = browsing.read(oids) if oids else []
    changes = own(browsing, commits)
    facts = Facts(
        repository=asked.repository, gate="offline", git_only=True, updates=tuple(updates), cut=cut,
        commits=tuple(unattributed(browsing, one, changes[one.oid]) for one in commits),
    )  # fmt: skip
    waivers = [Waiver(**(one | {"until": int(one["until"])})) for one in detail["waivers"]]
    policies = [held(one) for one in detail["policies"]]
    return decide(facts, policies, waivers, now()) | {"commits": len(commits), "policies": len(policies)}
