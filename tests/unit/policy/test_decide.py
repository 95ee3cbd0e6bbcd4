"""Decisions: what blocks, what is waived, the same every time, and never milder for knowing less."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.policies import OID, OTHER, REPOSITORY, calls, commit, facts, file, policy, session
from vestige.policy import Facts, Policy, Unreadable, Waiver, decide, engine, held
from vestige.proof.canonical import canonical

BAD = facts(commit(file(ai=3)), sessions=(session(),))
OPEN = facts(commit(file(unknown=3), sessions=()))
LINT = {"tool_names": ["Lint"]}


def outcome(known: Facts, *policies: Any, waivers: tuple[Waiver, ...] = (), at: int = 0) -> dict[str, Any]:
    return decide(known, policies, waivers, at)


@pytest.mark.parametrize(
    ("known", "more", "passed", "blocked", "action"),
    [
        (BAD, {}, False, True, "block"),
        (BAD, {"action": "warn"}, False, False, "warn"),
        (BAD, {"on_indeterminate": "pass"}, False, True, "block"),
        (OPEN, {}, False, True, "block"),
        (OPEN, {"on_indeterminate": "warn"}, False, False, "warn"),
        (OPEN, {"on_indeterminate": "pass"}, True, False, "pass"),
        (OPEN, {"action": "warn"}, False, False, "warn"),
        (facts(MADE := commit(file(ai=3)), sessions=(session(calls=calls(Lint=1)),)), {}, True, False, "block"),
    ],
)
def test_what_follows(known: Facts, more: dict[str, Any], passed: bool, blocked: bool, action: str) -> None:
    found = outcome(known, policy("required_tool_call", **LINT, **more))
    assert (found["passed"], found["blocked"], found["results"][0]["action"]) == (passed, blocked, action)


def test_one_that_is_off_or_of_another_repository_says_nothing() -> None:
    for more in ({"enabled": False}, {"repositories": ["host/other/*"]}, {"repositories": ["host/team/sho?"]}):
        assert outcome(BAD, policy("required_tool_call", **LINT, **more)) == {
            "passed": True,
            "blocked": False,
            "results": [],
        }
    for more in ({"repositories": [REPOSITORY]}, {"repositories": ["host/team/*"]}):
        assert outcome(BAD, policy("required_tool_call", **LINT, **more))["blocked"]


def test_one_that_is_not_understood_blocks() -> None:
    later = held({"name": "later", "type": "from_the_future"})
    assert isinstance(later, Unreadable)
    (one,) = outcome(BAD, later)["results"]
    assert (one["result"], one["action"], one["type"]) == ("indeterminate", "block", "from_the_future")
    assert outcome(BAD, later)["blocked"]


def test_too_many_commits_block_every_policy() -> None:
    known = facts(commit(file(human=1)), sessions=(session(),), cut="more than 500 commits are pushed at once")
    found = outcome(known, policy("sensitive_path", patterns=["src"]))
    assert [one["result"] for one in found["results"]] == ["pass", "indeterminate"]
    assert found["blocked"]


def test_ai_commits_are_those_of_which_something_shows_it() -> None:
    of_agents = {"applies_to": "ai_commits"} | LINT
    by_claude = [["Co-Authored-By", "Claude <noreply@anthropic.com>"]]
    said = facts(commit(file(unknown=1), sessions=(), trailers=by_claude))
    for known in (BAD, said, facts(commit(file(mixed=1), sessions=()))):
        assert len(outcome(known, policy("required_tool_call", **of_agents))["results"]) == 1
    assert outcome(OPEN, policy("required_tool_call", **of_agents))["results"] == []


def waiver(**more: Any) -> Waiver:
    about: dict[str, Any] = {"id": "w1", "policy": "p", "repository": REPOSITORY, "commit": "", "until": 100}
    about |= {"reason": "why", "by": "eve"}
    return Waiver(**(about | more))


@pytest.mark.parametrize(
    ("given_", "holds"),
    [
        (waiver(), True), (waiver(commit=OID), True), (waiver(until=11), True), (waiver(until=10), False),
        (waiver(commit=OTHER), False), (waiver(policy="q"), False), (waiver(repository="host/team/other"), False),
    ],
)  # fmt: skip
def test_a_waiver_covers_what_it_names_until_it_ends(given_: Waiver, holds: bool) -> None:
    found = outcome(BAD, policy("required_tool_call", **LINT), waivers=(given_,), at=10)
    (one,) = found["results"]
    assert (one["result"] == "waived", found["blocked"], found["passed"]) == (holds, not holds, holds)
    if holds:
        assert one["evidence"][0] == {"waiver": "w1"}
        assert "waived by eve: why" in one["detail"]


def test_a_waiver_of_a_commit_covers_no_result_of_the_whole_push() -> None:
    share = policy("ai_percentage_threshold", threshold=10)
    assert outcome(BAD, share, waivers=(waiver(commit=OID),))["blocked"]
    assert not outcome(BAD, share, waivers=(waiver(),))["blocked"]


def test_the_engine_says_which_it_is() -> None:
    assert len(engine()["digest"]) == 64
    assert engine()["cel"] == "0.10.0"


# -- whatever the facts are -----------------------------------------------------------------------------------------

POLICIES: list[Policy] = [
    policy("trace_completeness"), policy("ai_percentage_threshold", threshold=50),
    policy("ai_percentage_threshold", threshold=50, per="commit", unknown_as="indeterminate"),
    policy("model_allowlist", allowed_models=["good-*"]), policy("sensitive_path", patterns=["pay", "src/**/x.py"]),
    policy("required_tool_call", tool_names=["Lint"]), policy("token_budget", max_tokens=100, max_cost_usd=1),
    policy("conditional_tool_call", tool_name="Lint", min_count=2, when_files_match=["*.py"]),
    policy("coverage_min", min_percent=50), policy("unattributed_max", max_percent=30),
    policy("human_review_required"), policy("secret_in_session"), policy("permission_mode_forbidden"),
    policy("mcp_server_allowlist", allowed_servers=["db"]), policy("commit_trailers", required=["Signed-off-by"]),
    policy("expr", cel="commit.lines.ai < 2 || sessions.exists(s, s.id == 's1')"),
    policy("token_budget", max_tokens=90, per="push"),
]  # fmt: skip
KINDS = ("ai", "mixed", "human", "unknown")
SMALL = st.integers(0, 3)
FILES = st.builds(
    lambda path, status, counts: file(path, status, **dict(zip(KINDS, counts, strict=True))),
    st.sampled_from(["a.py", "src/x.py", "pay/b.rs", "src/deep/x.py"]),
    st.sampled_from(["modified", "added", "deleted"]), st.tuples(SMALL, SMALL, SMALL, SMALL),
)  # fmt: skip
COMMITS = st.builds(
    lambda files, sessions, cut, trailers: commit(*files, sessions=tuple(sessions), cut=cut, trailers=trailers),
    st.lists(FILES, max_size=3), st.lists(st.sampled_from(["s1", "s2"]), unique=True), st.sampled_from(["", "cut"]),
    st.sampled_from([[], [["Signed-off-by", "A"]], [["Reviewed-by", "B <b@example.org>"]]]),
)  # fmt: skip
SESSIONS = st.builds(
    lambda sealed, models, mode, tokens, cost, witnesses, all_, counts: {
        "sealed": sealed, "models": models, "modes": [{"mode": mode, "event": "e"}] if mode else [],
        "tokens": {"input": tokens} if tokens else {}, "cost_usd": cost, "witnesses": ["a", "b"][:witnesses],
        "calls_counted": 4, "calls_by_all": all_, "calls": calls(**counts),
    },
    st.booleans(), st.lists(st.sampled_from(["good-1", "bad-1"]), max_size=2),
    st.sampled_from(["", "default", "bypassPermissions"]),
    st.sampled_from([0, 50, 101]), st.sampled_from(["", "0.5", "2"]), st.integers(1, 2), st.integers(0, 4),
    st.dictionaries(st.sampled_from(["Lint", "Read"]), st.integers(1, 3), max_size=2),
)  # fmt: skip
PUSHES = st.builds(
    lambda commits, one, two: facts(*(c | {"oid": f"{n:040x}"} for n, c in enumerate(commits, 1)),
                                    sessions=(session("s1", **one), session("s2", **two))),
    st.lists(COMMITS, min_size=1, max_size=3), SESSIONS, SESSIONS,
)  # fmt: skip
CHOSEN = st.sampled_from(POLICIES)


FEW = settings(max_examples=60)


@FEW
@given(PUSHES, st.lists(CHOSEN, max_size=4))
def test_the_same_comes_of_the_same(known: Facts, policies: list[Policy]) -> None:
    named = [one.model_copy(update={"name": f"p{n}"}) for n, one in enumerate(policies)]
    first = decide(known, named, [], 0)
    kept = json.loads(canonical(known.model_dump(mode="json", exclude_defaults=True)))
    again = decide(
        Facts.model_validate(kept), [held(json.loads(canonical(_body(one)))) for one in reversed(named)], [], 0
    )
    assert canonical(again) == canonical(first)


def _body(one: Policy) -> Any:
    return one.model_dump(mode="json", exclude_none=True)


@FEW
@given(PUSHES, st.lists(CHOSEN, max_size=3), CHOSEN)
def test_another_policy_never_lets_by_what_was_blocked(known: Facts, policies: list[Policy], one: Policy) -> None:
    named = [each.model_copy(update={"name": f"p{n}"}) for n, each in enumerate([*policies, one])]
    less, more = decide(known, named[:-1], [], 0), decide(known, named, [], 0)
    assert more["blocked"] or not less["blocked"]
    assert less["passed"] or not more["passed"]


OF_LINES = ("ai_percentage_threshold", "unattributed_max", "sensitive_path")


@FEW
@given(PUSHES, CHOSEN)
def test_without_its_sessions_nothing_passes_that_did_not(known: Facts, one: Policy) -> None:
    told = known.model_dump()
    gone = Facts.model_validate(told | {"sessions": (), "commits": [c | {"sessions": ()} for c in told["commits"]]})
    before = [each["result"] for each in decide(known, [one], [], 0)["results"]]
    after = [each["result"] for each in decide(gone, [one], [], 0)["results"]]
    for was, now in zip(before, after, strict=True):
        assert was == "pass" or now != "pass"


@FEW
@given(
    PUSHES,
    st.sampled_from([one for one in POLICIES if one.type in OF_LINES]),
    st.sampled_from(["ai:observed", "unknown"]),
)
def test_a_persons_lines_that_are_none_never_make_it_milder(known: Facts, one: Policy, kind: str) -> None:
    told = known.model_dump()
    for each in told["commits"]:
        for part in each["files"]:
            lines = part["lines"]
            part["lines"] = lines | {kind: lines.get(kind, 0) + lines.pop("human:observed", 0)}
    less, more = decide(known, [one], [], 0), decide(Facts.model_validate(told), [one], [], 0)
    assert more["blocked"] or not less["blocked"]
