"""Documents of policies: read, refused with the line, and the same after a round trip."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.policies import policy
from vestige.model.errors import UsageError
from vestige.policy import LONGEST, TYPES, Unreadable, body_of, held, json_schema, read_document
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

TOML = """# what must hold
version = 1

[[policy]]
name = "share"
type = "ai_percentage_threshold"
threshold = 90.5

[[policy]]
name = "budget"
type = "token_budget"
max_tokens = 500000
max_cost_usd = 0.1
"""
YAML = """version: 1
policy:
  - name: share
    type: ai_percentage_threshold
    threshold: 90.5
  - name: budget
    type: token_budget
    max_tokens: 500000
    max_cost_usd: 0.1
"""


def test_both_forms_say_the_same_and_numbers_are_exact() -> None:
    assert read_document(TOML) == read_document(YAML) == read_document(json.dumps({"version": 1, "policy": [
        {"name": "share", "type": "ai_percentage_threshold", "threshold": 90.5},
        {"name": "budget", "type": "token_budget", "max_tokens": 500000, "max_cost_usd": 0.1}]}))  # fmt: skip
    share, budget = read_document(TOML)
    assert (share.action, share.on_indeterminate, share.applies_to) == ("block", "block", "all")
    assert (share.threshold, budget.max_cost_usd) == (Decimal("90.5"), Decimal("0.1"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("token_budget", "token_budgt"), 11, "token_budget"),
        (("max_tokens", "max_token"), 12, "max_tokens"),
        (("threshold = 90.5", "threshold = 101"), 7, ""),
        (("threshold = 90.5", 'threshold = "many"'), 7, ""),
        (("threshold = 90.5", "threshold = nan"), 7, ""),
        (("500000", "-1"), 12, ""),
        (("500000", "true"), 12, ""),
        (('name = "budget"', 'name = "share"'), 10, ""),
        (('name = "budget"', 'name = "Bud get"'), 10, ""),
        (("version = 1", "version = 2"), 2, "version = 1"),
        (("version = 1", "version = true"), 2, "version = 1"),
        (("version = 1", "version = 1\nowner = 1"), 3, "version, policy"),
        (("max_tokens = 500000\nmax_cost_usd = 0.1\n", ""), 9, ""),
        (('[[policy]]\nname = "budget"', '[[policies]]\nname = "budget"'), 9, "version, policy"),
        (("threshold = 90.5", "threshold = "), 7, ""),
    ],
)
def test_a_fault_is_refused_with_its_line_and_what_is_known(change: tuple[str, str], line: int, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_document(TOML.replace(*change, 1))
    assert str(caught.value).startswith(f"line {line}: "), str(caught.value)
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version: 1\npolicy:\n  - name: a\n    type: model_allowlist\n    allowed_model: []\n", 5),
        ("version: 1\npolicy:\n  - name: a\n    name: b\n", 4),
        ("version: 1\npolicy: &x []\n", 2),
        ("version: 1\npolicy: !!python/name:os.system\n", 2),
        ("version: 1\npolicy:\n  - just a word\n", 3),
        ("version: 1\npolicy: [{name: a, type: expr, cel: '1 +'}]\n", 2),
        ("version: 1\npolicy: [{name: a, type: sensitive_path, patterns: ['../x']}]\n", 2),
        ("version: 1\npolicy: [{name: a, type: sensitive_path, patterns: []}]\n", 2),
        ("version: 1\npolicy: []\n", 2),
        ("- 1\n", 1),
        ("", 1),
        ("version: 1\npolicy: [" + "[" * 20 + "]" * 20 + "]\n", 2),
    ],
)
def test_a_fault_in_yaml_too(text: str, line: int) -> None:
    with pytest.raises(UsageError) as caught:
        read_document(text, "yaml")
    assert str(caught.value).startswith(f"line {line}: "), str(caught.value)


def test_the_bounds_of_a_document() -> None:
    filled = TOML + "#" + "x" * (LONGEST - len(TOML) - 1)
    assert len(read_document(filled)) == 2
    with pytest.raises(UsageError, match="too long"):
        read_document(filled + "x")
    many = [{"name": f"p{n}", "type": "trace_completeness"} for n in range(201)]
    assert len(read_document(json.dumps({"version": 1, "policy": many[:200]}))) == 200
    with pytest.raises(UsageError, match="list of policies"):
        read_document(json.dumps({"version": 1, "policy": many}))


def test_what_the_ledger_has_and_nobody_understands_is_kept_as_that() -> None:
    found = held({"name": "later", "type": "from_the_future", "x": 1})
    assert isinstance(found, Unreadable)
    assert found.name == "later"


def test_the_schema_takes_what_is_read_and_refuses_what_is_not() -> None:
    schema = jsonschema_rs.validator_for(json_schema())
    good = {"version": 1, "policy": [{"name": "a", "type": "sensitive_path", "patterns": ["x"]}]}
    assert schema.is_valid(good)
    wrong = [{"name": "a", "type": "sensitiv_path", "patterns": ["x"]}]
    misspelt = [{"name": "a", "type": "sensitive_path", "pattern": ["x"]}]
    changes: list[dict[str, Any]] = [{"version": 2}, {"policy": wrong}, {"policy": misspelt}, {"policy": []}, {"x": 1}]
    for bad in changes:
        assert not schema.is_valid(good | bad)


def test_the_page_names_every_condition_and_parameter() -> None:
    from pathlib import Path  # noqa: PLC0415

    text = (Path(__file__).resolve().parents[3] / "docs/policies.md").read_text()
    for name, one in TYPES.items():
        assert f"| `{name}` |" in text
        for field in one.model_fields:
            assert f"`{field}`" in text, (name, field)


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20)
COMMON: dict[str, Any] = {
    "name": st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
    "description": st.text(st.characters(codec="utf-8"), max_size=30),
    "action": st.sampled_from(["block", "warn"]),
    "repositories": st.lists(WORDS, max_size=3),
    "on_indeterminate": st.sampled_from(["block", "warn", "pass"]),
    "applies_to": st.sampled_from(["all", "ai_commits"]),
    "severity": st.sampled_from(["low", "medium", "high", "critical"]),
    "enabled": st.booleans(),
}
NUMBERS = st.decimals(0, 100, places=3).map(str) | st.integers(0, 100) | st.floats(0, 100).map(lambda x: round(x, 4))
OWN: dict[str, dict[str, Any]] = {
    "trace_completeness": {},
    "ai_percentage_threshold": {"threshold": NUMBERS},
    "model_allowlist": {"allowed_models": st.lists(WORDS, max_size=3)},
    "sensitive_path": {"patterns": st.just(["src/**", "a"])},
    "required_tool_call": {"tool_names": st.lists(WORDS, min_size=1, max_size=3)},
    "conditional_tool_call": {"tool_name": WORDS, "min_count": st.integers(1, 9)},
    "token_budget": {"max_tokens": st.integers(0, 2**52), "max_cost_usd": NUMBERS},
    "expr": {"cel": st.just("commit.lines.ai < 3")},
    "coverage_min": {"min_percent": NUMBERS},
    "unattributed_max": {"max_percent": NUMBERS},
    "human_review_required": {"min_reviewers": st.integers(1, 20)},
    "secret_in_session": {"ignore_rules": st.lists(WORDS, max_size=3)},
    "permission_mode_forbidden": {"modes": st.lists(WORDS, min_size=1, max_size=3)},
    "mcp_server_allowlist": {"allowed_servers": st.lists(WORDS, max_size=3)},
    "commit_trailers": {"required": st.just(["Signed-off-by"])},
}


@given(st.data())
def test_a_policy_is_the_same_after_a_round_trip(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(OWN)))
    body = {"type": kind} | data.draw(st.fixed_dictionaries({**COMMON, **OWN[kind]}))
    first = read_document(json.dumps({"version": 1, "policy": [body]}), "yaml")[0]
    told = body_of(first)
    # As the ledger keeps it, and reads it again.
    again = held(json.loads(canonical(told)))
    assert not isinstance(again, Unreadable)
    assert again == first
    assert canonical(body_of(again)) == canonical(told)


@given(
    st.text(max_size=300) | st.text("[]{}:,-\n =\"'#&*!policyversion1", max_size=200),
    st.sampled_from(["", "toml", "yaml"]),
)
@example("[[policy]]\nx = 1979-05-27", "toml")
@example("? [a]\n: b", "yaml")
@example("\ud800", "")
def test_no_text_makes_it_fall_over(text: str, form: str) -> None:
    refused(lambda: read_document(text, form))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(VALUES, st.sampled_from(sorted(TYPES)))
def test_no_value_makes_it_fall_over(value: object, kind: str) -> None:
    whole = value if isinstance(value, dict) else {"type": value}
    for body in (whole, {"name": "a", "type": kind, "x": value}, {"name": value, "type": kind}):
        assert held(body) is not None


def refused(act: Callable[[], object]) -> None:
    with contextlib.suppress(UsageError):
        act()


def test_policy_helper_reads_as_a_document_does() -> None:
    assert policy("trace_completeness").name == "p"
