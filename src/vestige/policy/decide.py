"""From facts and policies to results: a pure function, so that a decision can be made again from its record.

The order is fixed: policies by name, commits as the facts have them. Nothing here reads a clock, a file or a setting;
what time it is, which decides whether a waiver still holds, is given.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.policy.condition import WHOLE, Result, Verdict, undecided
from vestige.policy.schema import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vestige.policy.condition import Policy
    from vestige.policy.facts import Facts

ENGINE: Final = 2
"""Raised with every change that may decide otherwise."""


class Waiver(NamedTuple):
    """Somebody lets a policy be for a while: in one repository, for one commit or for all that is pushed there."""

    id: str
    """The entry that says so."""
    policy: str
    repository: str
    commit: str
    """In full; empty: every one."""
    until: int
    """Nanoseconds since 1970; from then on it holds no more."""
    reason: str
    by: str

    def to_json(self) -> dict[str, Any]:
        """As it is recorded."""
        return self._asdict()


def decide(facts: Facts, policies: Iterable[Policy | Unreadable], waivers: Sequence[Waiver], at: int) -> dict[str, Any]:
    """What policies say of a push.

    Args:
        facts: what is known of it.
        policies: those in force.
        waivers: those that were given.
        at: when it is decided, nanoseconds since 1970.

    Returns:
        ``passed``: nothing failed and nothing is open, but what was waived; ``blocked``; ``results``.
    """
    results: list[dict[str, Any]] = []
    blocked = False
    clean = True
    for policy in sorted(policies, key=lambda one: one.name):
        for result in _of(policy, facts, waivers, at):
            results.append(result)
            bad = result["result"] in {Result.FAIL, Result.INDETERMINATE}
            blocked |= bad and result["action"] == "block"
            clean &= not (bad and result["action"] != "pass")
    return {"passed": clean, "blocked": blocked, "results": results}


def _of(policy: Policy | Unreadable, facts: Facts, waivers: Sequence[Waiver], at: int) -> Iterator[dict[str, Any]]:
    if isinstance(policy, Unreadable):
        verdict = undecided(f"this program does not understand the policy: {policy.why}")
        yield _result(policy.name, str(policy.body.get("type", "")), "high", WHOLE, verdict, "block")
        return
    if not policy.enabled or not policy.covers(facts.repository):
        return
    found = list(policy.verdicts(facts))
    if facts.cut:
        found.append((WHOLE, undecided(facts.cut)))
    for commit, verdict in found:
        if verdict.result in {Result.FAIL, Result.INDETERMINATE}:
            waiver = _waived(policy.name, facts.repository, commit, waivers, at)
            if waiver is not None:
                said = f"{verdict.detail}; waived by {waiver.by}: {waiver.reason}"
                shown = Verdict(Result.WAIVED, said, ({"waiver": waiver.id}, *verdict.evidence))
                yield _result(policy.name, policy.type, policy.severity, commit, shown, policy.action)
                continue
        yield _result(policy.name, policy.type, policy.severity, commit, verdict, policy.after(verdict.result))


def _waived(policy: str, repository: str, commit: str, waivers: Sequence[Waiver], at: int) -> Waiver | None:
    """The waiver that covers a result. One of a commit covers no result of a whole push."""
    return next(
        (one for one in waivers if one.policy == policy and one.repository == repository
         and one.commit in {"", commit} and at < one.until),
        None,
    )  # fmt: skip


def _result(name: str, kind: str, severity: str, commit: str, verdict: Verdict, action: str) -> dict[str, Any]:
    return {
        "policy": name,
        "type": kind,
        "severity": severity,
        "result": str(verdict.result),
        "action": action,
        "commit": commit,
        "detail": verdict.detail,
        "evidence": [dict(one) for one in verdict.evidence],
    }


@cache
def engine() -> dict[str, str]:
    """Which program decides: its version, that of CEL, and SHA-256 over the sources of this room."""
    digest = hashlib.sha256(b"vestige/policy-engine/v1\n")
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(text)}\n".encode() + text)
    return {
        "version": str(ENGINE),
        "cel": version("common-expression-language"),
        "pydantic": version("pydantic"),
        "digest": digest.hexdigest(),
    }
