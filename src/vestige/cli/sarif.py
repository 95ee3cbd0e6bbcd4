"""What was decided, as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0/os).

A rule for each policy, a result for each policy and commit that did not pass; what was waived is suppressed. Code
scanning of GitHub refuses a result without a place. One that names no file is put at the first file its commit changes,
without a line; what it is about stands in its message.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import vestige
from vestige.cli.annotations import places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 5000
"""Of one run that are read by code scanning's page; the rest are counted."""
_MOST_PLACES: Final = 20
_LEVELS: Final = {"block": "error", "warn": "warning", "pass": "note"}
_RANKS: Final = {"critical": 100.0, "high": 75.0, "medium": 50.0, "low": 25.0, "info": 0.0}


def sarif(found: Mapping[str, Any], code: int) -> dict[str, Any]:
    """The log of one run.

    Args:
        found: the server's answer; where nothing was verified, why.
        code: how the command ends: 2 is a run that did not come off.
    """
    results = [one for one in found["results"] if one.get("result") != "pass"]
    rules = _rules(found.get("rules", ()), results)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    paths = {one["oid"]: one["paths"] for one in found["judged"]}
    notes = [found["error"]] if "error" in found else []
    if len(results) > MOST_RESULTS:
        notes.append(f"{len(results) - MOST_RESULTS} more results are left out")
    invocation: dict[str, Any] = {"executionSuccessful": "error" not in found, "exitCode": code}
    if notes:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": note}} for note in notes]
    about = {name: found[name] for name in ("repository", "decision", "digests", "coverage") if name in found}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "Vestige", "semanticVersion": vestige.__version__, "rules": rules}},
            "automationDetails": {"id": "vestige/verify/"},
            "invocations": [invocation],
            "columnKind": "unicodeCodePoints",
            "properties": {"vestige": about},
            "results": [_result(one, numbers[str(one["policy"])], paths) for one in results[:MOST_RESULTS]],
        }],
    }  # fmt: skip


def _rules(told: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A rule for each policy that was in force, and for each that has a result."""
    known = {str(one["name"]): one for one in told}
    for one in results:
        known.setdefault(str(one["policy"]), {"name": one["policy"], "type": one.get("type", "")})
    return [_rule(name, one) for name, one in sorted(known.items())]


def _rule(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(one.get("type", ""))
    text = f"{name}: {kind}" if kind else name
    return {
        "id": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": str(one.get("description") or text)},
        "defaultConfiguration": {"level": _LEVELS.get(str(one.get("action", "block")), "error"),
                                 "rank": _RANKS.get(str(one.get("severity", "medium")), 50.0)},
        "properties": {"tags": ["vestige"], "type": kind}
        | {member: one[member] for member in ("entry", "sha256", "revision") if member in one},
    }  # fmt: skip


def _result(one: Mapping[str, Any], number: int, paths: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    name, commit, detail = str(one["policy"]), str(one.get("commit", "")), str(one.get("detail", ""))
    where = places(one)[:_MOST_PLACES] or [(path, 0, 0) for path in _stand_in(commit, paths)]
    waived = one.get("result") == "waived"
    made: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": number,
        # Also where nobody knows: of another kind a level says nothing (3.27.10), and code scanning goes by levels.
        "kind": "fail",
        "level": _LEVELS.get(str(one.get("action", "block")), "error"),
        "message": {"text": f"commit {commit}: {detail}" if commit else f"what was pushed: {detail}"},
        "locations": [{"physicalLocation": _place(*place)} for place in where],
        "partialFingerprints": {"vestigeResult/v1": _fingerprint(name, commit, where)},
        "properties": {"commit": commit, "result": one.get("result", ""), "evidence": list(one.get("evidence", ()))},
    }
    if waived:
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": detail}]
    return made


def _stand_in(commit: str, paths: Mapping[str, Sequence[str]]) -> list[str]:
    own = paths.get(commit, ()) if commit else [path for found in paths.values() for path in found]
    return list(own[:1])


def _place(path: str, start: int, end: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"}}
    return place | ({"region": {"startLine": start, "endLine": end}} if start else {})


def _fingerprint(name: str, commit: str, where: Sequence[tuple[str, int, int]]) -> str:
    """By what a result is known again in later runs: the policy, the commit and the first place do not change."""
    first = where[0][0] if where else ""
    return hashlib.sha256(f"{name}\n{commit}\n{first}".encode()).hexdigest()
