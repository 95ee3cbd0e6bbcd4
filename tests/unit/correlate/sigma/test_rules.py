"""Reading files of rules: what a rule is called, which are refused, and how they refer to each other."""

from __future__ import annotations

import hashlib

import pytest

from vestige.correlate.sigma import LONGEST_RULE, RuleFile, read_rules, rules
from vestige.model.errors import TooLargeError

RULE = """title: {title}
{more}
logsource: {{product: windows, category: process_creation}}
detection:
  selection: {{Image: a}}
  condition: {condition}
"""


def rule(title: str = "t", more: str = "", condition: str = "selection") -> str:
    return RULE.format(title=title, more=more, condition=condition)


def reasons(*texts: str) -> list[str]:
    pack = read_rules(RuleFile(f"{number}.yml", text) for number, text in enumerate(texts))
    return [one.reason for one in pack.refused]


@pytest.mark.parametrize(
    ("more", "name", "version", "severity"),
    [
        (
            "id: 1f21ec3f-810d-4b0e-8045-322202e22b4b\nname: n\nlevel: high\ndate: 2024-02-03",
            "1f21ec3f",
            "2024-02-03",
            "high",
        ),
        ("name: n\nlevel: informational\ndate: 2024-02-03\nmodified: 2025-01-01", "n", "2025-01-01", "info"),
        ("", "t", "", "info"),
    ],
)
def test_a_rule_is_called_by_its_id_name_or_title(more: str, name: str, version: str, severity: str) -> None:
    text = rule(more=more)
    (one,) = read_rules([RuleFile("a.yml", text)]).events
    found = one.detector
    assert found.name.startswith(name)
    assert (found.version, found.severity, found.kind) == (version, severity, "sigma")
    assert found.digest == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "expected"),
        ("", "no rule"),
        ("[]", ""),
        ("just text", "it is no Sigma rule: expected title, logsource and detection, got a text as document 1"),
        (rule() + "\n---\n7\n", "got a number as document 2"),
        ("- " * 5000, ""),
        ("a: &a [x]\nb: &b [*a, *a]", ""),
        (rule().replace("logsource", "lagsource"), "log source"),
        (rule(more="level: terrible"), "terrible"),
        (rule(more="id: no-uuid"), "UUID"),
        (rule(condition=" and ".join(["selection"] * 1000)), "letters"),
        ("#" * (LONGEST_RULE + 1), "longer than"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_reason_and_others_are_read(text: str, said: str) -> None:
    pack = read_rules([RuleFile("bad.yml", text), RuleFile("good.yml", rule())])
    assert [one.file for one in pack.events] == ["good.yml"]
    assert pack.refused
    assert {one.file for one in pack.refused} == {"bad.yml"}
    assert said in pack.refused[0].reason


def test_a_condition_and_a_file_may_be_as_long_as_they_may() -> None:
    assert reasons(rule(condition=" and ".join(["selection"] * 700))) == []
    text = rule()
    assert reasons(text + "#" * (LONGEST_RULE - len(text))) == []


def test_two_rules_of_one_name_are_one() -> None:
    assert reasons(rule("x"), rule("y"), rule("x")) == ["another rule has its id, in 0.yml"]


def test_there_are_at_most_so_many_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_RULES", 2)
    assert reasons(rule("x"), rule("y")) == []
    with pytest.raises(TooLargeError):
        reasons(rule("x"), rule("y"), rule("z"))


def test_references_go_across_files_and_only_wanted_matches_are_findings() -> None:
    correlation = (
        "title: c\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}, generate: false}\n"
    )
    pack = read_rules([RuleFile("c.yml", correlation), RuleFile("a.yml", rule("a", "name: a") + "---\n" + rule("b"))])
    assert {one.detector.name: one.output for one in pack.events} == {"a": False, "b": True}
    assert [one.detector.name for one in pack.correlations] == ["c"]


def test_a_filter_changes_the_rules_it_names() -> None:
    text = (
        "title: f\nlogsource: {product: windows, category: process_creation}\n"
        "filter: {rules: [a], selection: {User: bob}, condition: not selection}\n"
    )
    pack = read_rules([RuleFile("a.yml", rule("a", "name: a")), RuleFile("f.yml", text), RuleFile("b.yml", rule("b"))])
    assert not pack.refused
    conditions = {one.detector.name: one.rule.detection.condition[0] for one in pack.events}
    assert "not" in conditions["a"]
    assert conditions["b"] == "selection"
