"""The members of SARIF 2.1.0 (OASIS, sarif-v2.1.0-errata01-os) that are written here, as a strict schema of our own.

Each object lists what the standard requires of it and what else of it is used; nothing else may be there.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

TEXT = {"type": "string"}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": TEXT}, "additionalProperties": False}  # 3.11
LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
BAG = {"type": "object"}  # 3.8


def _object(required: list[str], **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": members, "additionalProperties": False}


def _list(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


LINE = {"type": "integer", "minimum": 1}
LOCATION = _object(  # 3.28, 3.29, 3.4, 3.30
    ["physicalLocation"],
    physicalLocation=_object(
        ["artifactLocation"],
        artifactLocation=_object(["uri"], uri={"type": "string", "pattern": r"^[!-~]+$"}, uriBaseId=TEXT),
        region=_object(["startLine", "endLine"], startLine=LINE, endLine=LINE),
    ),
)
RULE = _object(  # 3.49
    ["id"], id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, properties=BAG,
    defaultConfiguration=_object([], level=LEVEL, rank={"type": "number", "minimum": 0, "maximum": 100}),
)  # fmt: skip
SUPPRESSION = _object(  # 3.35
    ["kind"], kind={"enum": ["inSource", "external"]}, status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)  # fmt: skip
RESULT = _object(  # 3.27
    ["message", "ruleId", "ruleIndex"], ruleId=TEXT, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]}, message=MESSAGE,
    locations=_list(LOCATION), partialFingerprints={"type": "object", "additionalProperties": TEXT}, properties=BAG,
    suppressions=_list(SUPPRESSION),
)  # fmt: skip
INVOCATION = _object(  # 3.20
    ["executionSuccessful"], executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"},
    toolExecutionNotifications=_list(_object(["message"], message=MESSAGE, level=LEVEL)),
)  # fmt: skip
RUN = _object(  # 3.14, 3.18, 3.19, 3.17
    ["tool", "results"],
    tool=_object(["driver"], driver=_object(["name"], name=TEXT, semanticVersion=TEXT,
                                            rules=_list(RULE, uniqueItems=True))),
    automationDetails=_object([], id=TEXT), invocations=_list(INVOCATION), properties=BAG, results=_list(RESULT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)  # fmt: skip
LOG = _object(["version", "runs"], **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": _list(RUN)})  # 3.13


def faults(log: Any) -> list[str]:
    """What of a log is not as the standard has it; beside the schema, what indexes and lines must come to."""
    found = [f"{error.instance_path}: {error.message}" for error in jsonschema_rs.validator_for(LOG).iter_errors(log)]
    for run in () if found else log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        if len({one["id"] for one in rules}) < len(rules):
            found.append("two rules have one id")
        for one in run["results"]:
            if one["ruleIndex"] >= len(rules) or rules[one["ruleIndex"]]["id"] != one["ruleId"]:
                found.append(f"{one['ruleId']} is not the rule of its index")
            regions = [place["physicalLocation"].get("region") for place in one["locations"]]
            found += [f"{region}" for region in regions if region and region["endLine"] < region["startLine"]]
    return found
