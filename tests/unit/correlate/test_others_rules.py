"""Correlation rules of others, put into our form as they are read, on their own positive and negative examples.

Source: the correlation rules of panther-analysis (Apache-2.0) with their tests, among the real logs beside the project.
A rule names groups of events by the rule that found them, how many of each, what they share, and a window; an example
states when each group's events came, in minutes or as times.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import START, opened
from support.sequence_log import SECOND, Act, SequenceLog, act
from vestige.correlate.pattern_file import read_pattern
from vestige.correlate.sequences import Span
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.correlate.patterns import Pattern
    from vestige.index import Index

FAR = 2**62


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("others")) as index:
        yield index


def translated(rule: dict[str, Any]) -> Pattern:
    """A rule in our form. What must be absent comes first: it is absent in the window before."""
    (detection,) = rule["detection"]
    groups = sorted(detection["Group"], key=lambda group: not group.get("Absence", False))
    fields = {one["GroupID"]: one["Match"] for one in detection["MatchCriteria"]["field_name"]}
    # Events of a group may come in any order; in which they are evaluated is said beside it and is no demand.
    ordered = any(group.get("Absence") for group in groups)
    steps: list[dict[str, Any]] = []
    for place, group in enumerate(groups):
        step: dict[str, Any] = {
            "name": f"s{place}",
            "where": f'attributes.rule:"{group["ID"]}"',
            "by": f"attributes.{fields[group['ID']]}",
        }
        step |= {"absent": True} if group.get("Absence") else {"count": group.get("MinMatchCount", 1)}
        steps.append(step)
    body = {
        "name": "other", "version": 1, "title": rule["name"], "severity": "high", "by": steps[0]["by"],
        "within": f"{detection['LookbackWindowMinutes']}m", "order": "strict" if ordered else "any", "steps": steps,
    }  # fmt: skip
    # JSON is YAML.
    return read_pattern(json.dumps(body).encode(), rule["rule_id"])


def acts_of(example: dict[str, Any]) -> list[Act]:
    acts = []
    for output in example["RuleOutputs"]:
        for field, values in output["Matches"].items():
            for value, times in values.items():
                for time in times:
                    seconds = time * 60 if isinstance(time, int) else (parse_rfc3339(time)[0] - START) / SECOND
                    nested: object = value
                    for name in reversed(field.split(".")):
                        nested = {name: nested}
                    assert isinstance(nested, dict)
                    acts.append(act(seconds, "alert.raised", attributes=json.dumps({"rule": output["ID"]} | nested)))
    return acts


@pytest.mark.corpus
def test_others_rules_hold_on_their_own_examples(index: Index, corpus: Path) -> None:
    rules = json.loads((corpus / "rule-tests-panther" / "_correlation_rules.json").read_text())
    wrong, done = [], {True: 0, False: 0}
    for rule in rules:
        pattern = translated(rule)
        for example in rule["tests"]:
            found = SequenceLog(index, acts_of(example)).found(pattern, Span(known=FAR))
            done[example["ExpectedResult"]] += 1
            if bool(found) != example["ExpectedResult"]:
                wrong.append((rule["rule_id"], example["Name"], found))
    assert (len(rules), done) == (13, {True: 17, False: 27})
    assert wrong == []
