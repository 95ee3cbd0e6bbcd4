"""Each condition: passing, failing, and indeterminate where nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from support.policies import OTHER, calls, commit, facts, file, policy, says, session
from vestige.policy import TYPES, Facts, decide

MADE = commit(file(ai=3))
NO_SESSION = facts(commit(file(unknown=3), sessions=()))
CUT = "its changes are more than is read"
LONG = file("b.txt", unread="more than 4194304 bytes", too_long=True)
BINARY = file("b.png", unread="not text")


def made(**about: Any) -> Any:
    return facts(MADE, sessions=(session(**about),))


def lines(cut: str = "", sessions: tuple[str, ...] = ("s1",), **counts: Any) -> Any:
    return facts(commit(file(**counts), cut=cut, sessions=sessions), sessions=(session(),))


def ended(after: dict[str, int] | None, **about: Any) -> Any:
    """A session that called Lint, and what of it came after the last edit."""
    return facts(commit(file(ai=3), after_last_edit=after), sessions=(session(calls=calls(Lint=1), **about),))


def changed(*files: dict[str, Any], **more: Any) -> Any:
    return facts(commit(*files, **more), sessions=(session(),))


def reviewed(*actors: str, action: str = "review.submitted", state: str = "approved", trailers: Any = ()) -> Any:
    told = [
        {"kind": "code.reviewed", "action": action, "state": state, "actor": one, "source": "forge"} for one in actors
    ]
    return facts(commit(file(ai=1), told=told, trailers=trailers), sessions=(session(),))


BY_BOB = [["Reviewed-by", "Bob <bob@example.org>"]]
CASES: list[tuple[str, dict[str, Any], Any, str]] = [
    ("trace_completeness", {}, made(), "pass"),
    ("trace_completeness", {}, NO_SESSION, "fail"),
    ("trace_completeness", {}, made(sealed=False), "indeterminate"),
    ("trace_completeness", {}, made(holes={"capture_gap": 2}), "indeterminate"),
    ("trace_completeness", {}, made(holes={"one_witness": 1}), "pass"),
    ("ai_percentage_threshold", {"threshold": 90}, lines(ai=9, human=1), "pass"),
    ("ai_percentage_threshold", {"threshold": 90}, lines(ai=95, human=5), "fail"),
    ("ai_percentage_threshold", {"threshold": 90}, lines(mixed=95, human=5), "fail"),
    ("ai_percentage_threshold", {"threshold": 90}, lines(unknown=95, human=5), "fail"),
    ("ai_percentage_threshold", {"threshold": 90, "unknown_as": "indeterminate"}, lines(unknown=95, human=5),
     "indeterminate"),
    ("ai_percentage_threshold", {"threshold": 90, "unknown_as": "human"}, lines(unknown=95, human=5), "pass"),
    ("ai_percentage_threshold", {"threshold": 90}, NO_SESSION, "indeterminate"),
    ("ai_percentage_threshold", {"threshold": 90}, lines(CUT, human=5), "indeterminate"),
    ("ai_percentage_threshold", {"threshold": 90}, facts(commit(LONG), sessions=(session(),)), "indeterminate"),
    ("ai_percentage_threshold", {"threshold": 90}, facts(commit(BINARY), sessions=(session(),)), "pass"),
    ("ai_percentage_threshold", {"threshold": 66.7}, lines(ai=2, human=1), "pass"),
    ("ai_percentage_threshold", {"threshold": 66.6}, lines(ai=2, human=1), "fail"),
    ("model_allowlist", {"allowed_models": ["claude-*"]}, made(models=["claude-opus-4-1"]), "pass"),
    ("model_allowlist", {"allowed_models": ["claude"]}, made(models=["gpt-4o"]), "fail"),
    ("model_allowlist", {"allowed_models": ["claude"]}, made(models=["claude-opus-4-1"]), "fail"),
    ("model_allowlist", {"allowed_models": ["claude-*"]}, made(models=["claude-opus-4-1", "gpt-4o"]), "fail"),
    ("model_allowlist", {"allowed_models": ["claude-*"]}, made(), "fail"),
    ("model_allowlist", {"allowed_models": ["gpt-[45]?"]}, made(models=["gpt-4o"]), "fail"),
    ("model_allowlist", {"allowed_models": ["gpt-[45]?"]}, made(models=["gpt-[45]?"]), "pass"),
    ("model_allowlist", {"allowed_models": []}, made(), "pass"),
    ("model_allowlist", {"allowed_models": ["claude-*"]}, NO_SESSION, "indeterminate"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.py", human=2)), "pass"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.py", ai=1, human=9)), "fail"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.py", mixed=1)), "fail"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.py", unknown=1)), "indeterminate"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.py", "deleted")), "indeterminate"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/payments/x.png", unread="not text")),
     "indeterminate"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/a.py", ai=1)), "pass"),
    ("sensitive_path", {"patterns": ["payments"]}, changed(file("src/a.py", ai=1), cut=CUT), "indeterminate"),
    ("required_tool_call", {"tool_names": ["Lint"]}, made(calls=calls(Lint=1)), "pass"),
    ("required_tool_call", {"tool_names": ["Lint"]}, made(), "fail"),
    ("required_tool_call", {"tool_names": ["Read"]}, made(calls=calls(mcp__x__ReadOnly=1)), "fail"),
    ("required_tool_call", {"tool_names": ["Lint"]},
     made(calls=[{"tool": "Lint", "outcome": "failure", "count": 3}, {"tool": "Lint", "outcome": "denied", "count": 1},
                 {"tool": "Lint", "outcome": "unknown", "count": 1}]), "fail"),
    ("required_tool_call", {"tool_names": ["Lint"], "order": "after_last_edit"}, ended({}), "fail"),
    ("required_tool_call", {"tool_names": ["Lint"], "order": "after_last_edit"}, ended({"Lint": 1}), "pass"),
    ("required_tool_call", {"tool_names": ["Lint"], "order": "after_last_edit"}, ended(None), "indeterminate"),
    ("required_tool_call", {"tool_names": ["Lint"], "order": "after_last_edit"},
     ended({"Lint": 1}, holes={"cut": 1}), "indeterminate"),
    ("conditional_tool_call", {"tool_name": "Lint", "order": "after_last_edit"}, ended({"Lint": 1}), "pass"),
    ("conditional_tool_call", {"tool_name": "Lint", "order": "after_last_edit"}, ended({"Scan": 1}), "fail"),
    ("conditional_tool_call", {"tool_name": "Lint", "order": "after_last_edit"}, ended(None), "indeterminate"),
    ("conditional_tool_call", {"tool_name": "Lint", "order": "after_last_edit"},
     ended({"Lint": 1}, holes={"cut": 1}), "indeterminate"),
    ("required_tool_call", {"tool_names": ["Lint"]}, NO_SESSION, "indeterminate"),
    ("conditional_tool_call", {"tool_name": "scan", "when_files_match": ["**/*.rs"]},
     facts(commit(file("src/main.rs", ai=1)), sessions=(session(calls=calls(scan=2)),)), "pass"),
    ("conditional_tool_call", {"tool_name": "scan", "min_count": 5, "when_files_match": ["**/*.rs"]},
     facts(commit(file("src/main.rs", ai=1)), sessions=(session(calls=calls(scan=1)),)), "fail"),
    ("conditional_tool_call", {"tool_name": "scan", "when_files_match": ["*.py"]},
     changed(file("src/main.rs", ai=1)), "pass"),
    ("conditional_tool_call", {"tool_name": "scan", "when_files_match": ["*.py"]},
     changed(file("src/main.rs", ai=1), cut=CUT), "indeterminate"),
    ("conditional_tool_call", {"tool_name": "scan", "when_files_match": ["*.py"]}, NO_SESSION, "indeterminate"),
    ("token_budget", {"max_tokens": 500000}, made(tokens={"input": 300000, "cache_read": 200000}), "pass"),
    ("token_budget", {"max_tokens": 500000}, made(tokens={"input": 300000, "output": 200001}), "fail"),
    ("token_budget", {"max_tokens": 500000}, made(), "indeterminate"),
    ("token_budget", {"max_cost_usd": 0.3}, made(tokens={"input": 1}, cost_usd="0.3", priced_usd="0.3"), "pass"),
    ("token_budget", {"max_cost_usd": 0.3}, made(tokens={"input": 1}, cost_usd="0.300001"), "fail"),
    ("token_budget", {"max_cost_usd": 0.3}, made(tokens={"input": 1}, priced_usd="0.1"), "indeterminate"),
    ("token_budget", {"max_cost_usd": 0.3}, made(tokens={"input": 1}, priced_usd="0.4"), "fail"),
    ("token_budget", {"max_tokens": 5, "per": "push"}, made(tokens={"input": 6}), "fail"),
    ("token_budget", {"max_tokens": 6, "per": "push"}, made(tokens={"input": 6}), "pass"),
    ("token_budget", {"max_tokens": 6, "per": "push"}, NO_SESSION, "indeterminate"),
    ("expr", {"cel": "commit.lines.ai <= 3 && paths.all(p, p.startsWith('src/'))"}, made(), "pass"),
    ("expr", {"cel": "sessions.all(s, s.agent == 'claude-code')"}, made(), "pass"),
    ("expr", {"cel": "commit.lines.ai < 3"}, made(), "fail"),
    ("expr", {"cel": "nobody.knows > 3"}, made(), "indeterminate"),
    ("expr", {"cel": "sessions[0].cost_usd < 5.0"}, made(), "indeterminate"),
    ("expr", {"cel": "commit.lines.ai"}, made(), "indeterminate"),
    ("coverage_min", {"min_percent": 90},
     made(witnesses=["hooks", "transcript"], calls_counted=10, calls_by_all=9), "pass"),
    ("coverage_min", {"min_percent": 90},
     made(witnesses=["hooks", "transcript"], calls_counted=10, calls_by_all=8), "fail"),
    ("coverage_min", {"min_percent": 90}, made(witnesses=["hooks"], calls_counted=10, calls_by_all=10),
     "indeterminate"),
    ("unattributed_max", {"max_percent": 20}, lines(ai=8, unknown=2), "pass"),
    ("unattributed_max", {"max_percent": 20}, lines(ai=7, unknown=2), "fail"),
    ("unattributed_max", {"max_percent": 20}, lines(CUT, ai=9), "indeterminate"),
    ("unattributed_max", {"max_percent": 20}, facts(commit(LONG, file(ai=1)), sessions=(session(),)), "indeterminate"),
    ("unattributed_max", {"max_percent": 20}, facts(commit(BINARY, file(ai=1)), sessions=(session(),)), "pass"),
    ("human_review_required", {}, reviewed("bob"), "pass"),
    ("human_review_required", {}, reviewed("Ann"), "fail"),
    ("human_review_required", {}, reviewed("bob", state="changes_requested"), "fail"),
    ("human_review_required", {"min_reviewers": 2}, reviewed("bob", "BOB"), "fail"),
    ("human_review_required", {"sources": ["other"]}, reviewed("bob"), "fail"),
    ("human_review_required", {}, reviewed(trailers=BY_BOB), "indeterminate"),
    ("human_review_required", {"trust_trailers": True}, reviewed(trailers=BY_BOB), "pass"),
    ("human_review_required", {"trust_trailers": True},
     reviewed(trailers=[["Reviewed-by", "A <ANN@example.org>"]]), "fail"),
    ("secret_in_session", {}, made(), "pass"),
    ("secret_in_session", {}, made(secrets=[{"rule": "github-token", "count": 1, "event": "e"}]), "fail"),
    ("secret_in_session", {"ignore_rules": ["github-token"]},
     made(secrets=[{"rule": "github-token", "count": 1, "event": "e"}]), "pass"),
    ("secret_in_session", {}, made(holes={"unread": 1}), "indeterminate"),
    ("permission_mode_forbidden", {}, made(modes=[{"mode": "default", "event": "e"}]), "pass"),
    ("permission_mode_forbidden", {},
     made(modes=[{"mode": "default", "event": "e"}, {"mode": "bypassPermissions", "event": "f"}]), "fail"),
    ("permission_mode_forbidden", {}, made(), "indeterminate"),
    ("mcp_server_allowlist", {"allowed_servers": ["db"]},
     made(calls=[{"tool": "mcp__db__q", "outcome": "failure", "count": 1, "server": "db"}]), "pass"),
    ("mcp_server_allowlist", {"allowed_servers": ["db"]},
     made(calls=[{"tool": "mcp__web__q", "outcome": "failure", "count": 1, "server": "web"}]), "fail"),
    ("mcp_server_allowlist", {"allowed_servers": ["db"]},
     made(calls=[{"tool": "mcp__web__q", "outcome": "denied", "count": 1, "server": "web"}]), "pass"),
    ("mcp_server_allowlist", {"allowed_servers": []}, made(calls=[{"tool": "", "outcome": "success", "count": 1}]),
     "indeterminate"),
    ("commit_trailers", {"required": ["Signed-off-by"]}, changed(file(ai=1), trailers=[["signed-off-by", "A"]]),
     "pass"),
    ("commit_trailers", {"required": ["Signed-off-by"]}, made(), "fail"),
    ("commit_trailers", {"forbidden": ["Skip-Checks"]}, changed(file(ai=1), trailers=[["Skip-Checks", "yes"]]), "fail"),
    ("commit_trailers", {"required": ["Signed-off-by"]}, changed(file(ai=1), message_cut=True), "indeterminate"),
]  # fmt: skip


IDS = [f"{kind}-{result}-{number}" for number, (kind, _, _, result) in enumerate(CASES)]


@pytest.mark.parametrize(("kind", "parameters", "known", "result"), CASES, ids=IDS)
def test_what_a_condition_says(kind: str, parameters: dict[str, Any], known: Any, result: str) -> None:
    found = decide(known, [policy(kind, **parameters)], [], 0)
    (one,) = found["results"]
    assert (one["result"], one["policy"], one["type"]) == (result, "p", kind)
    assert one["detail"]
    assert found["blocked"] is (result != "pass")
    assert found["passed"] is (result == "pass")


def test_every_condition_is_shown_passing_failing_and_indeterminate() -> None:
    assert {(kind, result) for kind, _, _, result in CASES} == {
        (kind, result) for kind in TYPES for result in ("pass", "fail", "indeterminate")
    }


@pytest.mark.parametrize("applies_to", ["all", "ai_commits"])
@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"commit_trailers"}))
def test_where_git_alone_was_asked_nothing_but_what_it_knows_is_said(kind: str, applies_to: str) -> None:
    parameters = dict({"tool_name": "scan"} if kind == "conditional_tool_call" else PARAMETERS[kind])
    known = facts(commit(file("src/payments/a.py", unknown=3), sessions=()), git_only=True)
    parameters |= {"allowed_models": ["x"]} if kind == "model_allowlist" else {}
    assert says(kind, known, applies_to=applies_to, **parameters) == ["indeterminate"]


SESSIONS = ("required_tool_call", "model_allowlist", "token_budget", "coverage_min", "secret_in_session",
            "permission_mode_forbidden", "mcp_server_allowlist", "conditional_tool_call", "expr")  # fmt: skip
PASSING = {kind: (parameters, known) for kind, parameters, known, result in CASES
           if result == "pass" and "order" not in parameters}  # fmt: skip
PARAMETERS: dict[str, dict[str, Any]] = {kind: parameters for kind, (parameters, _) in PASSING.items()}


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_commit_that_changes_nothing_of_its_own_needs_no_session(kind: str) -> None:
    assert set(says(kind, facts(commit(sessions=())), **PARAMETERS[kind])) <= {"pass"}


@pytest.mark.parametrize("kind", SESSIONS)
def test_a_session_that_is_not_sealed_is_worth_nothing(kind: str) -> None:
    parameters = {"tool_name": "scan"} if kind == "conditional_tool_call" else PARAMETERS[kind]
    assert says(kind, made(sealed=False), **parameters) == ["indeterminate"]


@pytest.mark.parametrize("kind", SESSIONS)
def test_what_was_not_read_of_a_session_lets_nothing_pass_that_it_could_make_fail(kind: str) -> None:
    known = PASSING[kind][1]
    long = known.model_copy(
        update={"sessions": tuple(s.model_copy(update={"holes": {"cut": 1}}) for s in known.sessions)}
    )
    positive = kind in {"required_tool_call", "conditional_tool_call"}
    assert says(kind, Facts.model_validate(long.model_dump()), **PARAMETERS[kind]) == (
        ["pass"] if positive else ["indeterminate"]
    )


def test_an_expression_about_what_was_cut_says_nothing() -> None:
    assert says("expr", lines(CUT, ai=1), cel="true") == ["indeterminate"]


@pytest.mark.parametrize("kind", ["ai_percentage_threshold", "unattributed_max"])
def test_files_without_lines_are_named(kind: str) -> None:
    number = {"threshold" if kind == "ai_percentage_threshold" else "max_percent": 20}
    for one, words in ((LONG, "too long to be read: b.txt"), (BINARY, "without lines, as no text: b.png")):
        found = decide(changed(file(human=1), one), [policy(kind, **number)], [], 0)["results"]
        assert words in found[0]["detail"]


def test_a_tool_called_in_the_session_of_one_commit_does_not_count_for_another() -> None:
    known = facts(
        commit(file(ai=1), sessions=("s1",)), commit(file(ai=1), sessions=("s2",), oid=OTHER),
        sessions=(session("s1", calls=calls(Lint=1)), session("s2")),
    )  # fmt: skip
    assert says("required_tool_call", known, tool_names=["Lint"]) == ["pass", "fail"]


def review(said: str, actor: str = "bob", source: str = "forge") -> dict[str, str]:
    action, _, state = said.partition(" ")
    return {"kind": "code.reviewed", "action": action, "state": state, "actor": actor, "source": source}


SUBMITTED = "pull_request_review.submitted approved"


@pytest.mark.parametrize("source", ["agent:host/team/shop", "agent:forge"])
def test_a_review_told_by_capture_itself_never_counts(source: str) -> None:
    for parameters in ({}, {"sources": [source]}):
        mine = facts(commit(file(ai=1), told=[review(SUBMITTED, source=source)]), sessions=(session(),))
        assert says("human_review_required", mine, **parameters) == ["fail"]
    forge = facts(commit(file(ai=1), told=[review(SUBMITTED, source="forge")]), sessions=(session(),))
    assert says("human_review_required", forge) == ["pass"]


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ((SUBMITTED,), "pass"), (("approved",), "pass"), (("approve",), "pass"), (("APPROVED",), "pass"),
        (("PullRequestApproved",), "pass"), (("com.forge.merge_request.approved",), "pass"),
        (("unapproved",), "fail"), (("disapproved",), "fail"), (("approval_dismissed",), "fail"),
        (("approval_requested",), "fail"), (("review not approved",), "fail"), (("approvingly",), "fail"),
        ((SUBMITTED, "review.submitted changes_requested"), "fail"), ((SUBMITTED, "unapproved"), "fail"),
        ((SUBMITTED, "review.submitted needs_work"), "fail"),
        (("review.submitted changes_requested", SUBMITTED), "pass"),
        ((SUBMITTED, "review.submitted commented"), "pass"),
    ],
)  # fmt: skip
def test_what_is_an_approval_and_what_takes_it_back(said: tuple[str, ...], result: str) -> None:
    known = facts(commit(file(ai=1), told=[review(one) for one in said]), sessions=(session(),))
    assert says("human_review_required", known) == [result]


def test_one_takes_back_their_own_approval_and_a_dismissal_all_that_were() -> None:
    def after(*told: dict[str, str]) -> list[str]:
        return says("human_review_required", facts(commit(file(ai=1), told=list(told)), sessions=(session(),)))

    assert after(review(SUBMITTED), review("unapproved", "eve")) == ["pass"]
    assert after(review(SUBMITTED), review("unapproved", "BOB")) == ["fail"]
    assert after(review(SUBMITTED), review("review.dismissed dismissed", "eve")) == ["fail"]
    assert after(review(SUBMITTED), review("review.dismissed", "eve"), review(SUBMITTED, "dan")) == ["pass"]


def test_a_failure_says_what_where_and_by_whom() -> None:
    (one,) = decide(lines(ai=3), [policy("sensitive_path", patterns=["src"])], [], 0)["results"]
    assert one["evidence"] == [{"path": "src/a.py", "start": 1, "end": 3, "class": "ai", "session": "s1"}]
    (one,) = decide(made(), [policy("required_tool_call", tool_names=["Lint"])], [], 0)["results"]
    assert one["detail"] == "missing Lint"
    assert one["evidence"] == [{"session": "s1", "tool": "Lint"}]
