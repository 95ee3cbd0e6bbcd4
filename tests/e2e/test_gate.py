"""The gate: real pushes, judged by a real server, blocked and let go; and whoever tries to go past it."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import pathlib
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support.capturing import SECRET
from support.gate import NAME, Team, pre_receive, team
from vestige.cli import main
from vestige.cli.connection import UnreachedError
from vestige.ledger import act_entry
from vestige.model.instant import now
from vestige.model.principal import Principal
from vestige.policy import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LINT = {"name": "lint-first", "type": "required_tool_call", "tool_names": ["Lint"]}
TRACED = {"name": "traced", "type": "trace_completeness"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(tmp_path_factory.mktemp("gate")) as one:
        yield one


@pytest.fixture(autouse=True)
def _afresh(made: Team) -> Iterator[None]:
    """Each test begins with what the other side has, and leaves its hooks as they were."""
    yield
    (made.bare / "hooks" / "pre-receive").unlink(missing_ok=True)
    made.policies()
    made.git("reset", "-q", "--hard", "refs/remotes/origin/main")


def let(made: Team, *words: str, ref: str = "HEAD:main") -> str:
    done = made.push(*words, ref=ref)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def blocked(made: Team, *words: str, ref: str = "HEAD:main") -> str:
    before = made.there(ref.partition(":")[2])
    done = made.push(*words, ref=ref)
    assert done.returncode != 0, done.stdout + done.stderr
    assert made.there(ref.partition(":")[2]) == before
    return done.stdout + done.stderr


# -- each condition -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A policy, a commit it blocks, and what makes it hold."""

    parameters: dict[str, Any]
    bad: Callable[[Team], tuple[str, str]]
    mend: Callable[[Team, str, str], None]


def by_hand(made: Team) -> tuple[str, str]:
    return made.commit("hand.py", f"x = {time.time_ns()}\n"), ""


def by_agent(path: str = "agent.py", **about: Any) -> Callable[[Team], tuple[str, str]]:
    return lambda made: made.agent(path, f"x = {time.time_ns()}\n", **about)


def trace(made: Team, commit: str, _: str) -> None:
    made.traced(commit, "hand.py")


def run(tool: str) -> Callable[[Team, str, str], None]:
    return lambda made, _, session: made.session(session, {tool: "success"})


def review(made: Team, commit: str, _: str) -> None:
    event = {"event_type": "code.reviewed", "occurred_at": "2026-03-02T11:00:00Z", "action": "approved",
             "actor": {"id": "bob"}, "keys": {"commit": [commit]}}  # fmt: skip
    made.owner.post("/v1/ingest/events", json=event, headers={"X-Source-Id": "forge"}).raise_for_status()


def sign_off(made: Team, *_: str) -> None:
    message = "work\n\nSigned-off-by: Ann <ann@example.org>"
    made.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "--amend", "-m", message)


MENDED: dict[str, Case] = {
    "trace_completeness": Case({}, by_hand, trace),
    "unattributed_max": Case({"max_percent": 20}, by_hand, trace),
    "required_tool_call": Case(
        {"tool_names": ["Lint"]}, by_agent(calls={"Lint": "failure", "LintAll": "success"}), run("Lint")
    ),
    "conditional_tool_call": Case(
        {"tool_name": "scan", "when_files_match": ["**/*.rs"]}, by_agent("src/main.rs"), run("scan")
    ),
    "human_review_required": Case({}, by_agent(), review),
    "commit_trailers": Case({"required": ["Signed-off-by"]}, by_agent(), sign_off),
}
WARNED: dict[str, dict[str, Any]] = {
    "ai_percentage_threshold": {"threshold": 50},
    "model_allowlist": {"allowed_models": ["claude-*"]},
    "sensitive_path": {"patterns": ["payments"]},
    "token_budget": {"max_tokens": 500_000},
    "expr": {"cel": "commit.lines.ai == 0"},
    "coverage_min": {"min_percent": 90},
    "secret_in_session": {},
    "permission_mode_forbidden": {},
    "mcp_server_allowlist": {"allowed_servers": ["db"]},
}
"""What one commit of a session breaks, all of it."""


def test_every_condition_has_a_case() -> None:
    assert {*MENDED, *WARNED} == set(TYPES)


@pytest.mark.parametrize("kind", MENDED)
def test_a_push_is_blocked_and_the_same_goes_once_the_condition_is_met(made: Team, kind: str) -> None:
    case = MENDED[kind]
    rule = {"name": f"our-{kind.replace('_', '-')}", "type": kind, **case.parameters}
    made.policies(rule)
    commit, session = case.bad(made)
    told = blocked(made)
    assert f"blocked: {rule['name']} ({kind}, fail)" in told
    assert f"commit {commit[:12]}" in told
    last = made.decided()
    assert (last["blocked"], last["gate"], last["failed"]) == (True, "pre-push", [rule["name"]])
    case.mend(made, commit, session)
    let(made)
    assert made.there() == made.git("rev-parse", "HEAD")
    assert (made.decided()["blocked"], made.decided()["passed"]) == (False, True)


def test_a_push_is_blocked_by_each_alone_and_goes_where_they_warn(made: Team) -> None:
    commit, session = made.agent(
        "src/payments/x.py", f"x = {time.time_ns()}\n", model="gpt-4o", mode="bypassPermissions",
        calls={"mcp__web__get": "success"}, said=f"use {SECRET}",
    )  # fmt: skip
    made.transcript(session, input_tokens=500_000, output_tokens=1)
    rules = {kind: {"name": kind.replace("_", "-"), "type": kind, **more} for kind, more in WARNED.items()}
    made.policies(*rules.values())
    told = blocked(made)
    for kind, rule in rules.items():
        assert f"blocked: {rule['name']} ({kind}, fail)" in told
    assert f"src/payments/x.py:1  class ai  session {session}  call edit-{session}" in told
    pushed = {"repository": NAME, "updates": [{"ref": "refs/heads/main", "old": made.there(), "new": commit}]}
    for kind, rule in rules.items():
        made.policies(rule)
        found = made.owner.post("/v1/policies/check", json=pushed).json()
        assert (found["blocked"], [one["type"] for one in found["results"]]) == (True, [kind])
    made.policies(*(rule | {"action": "warn"} for rule in rules.values()))
    told = let(made)
    for kind, rule in rules.items():
        assert f"warning: {rule['name']} ({kind}, fail)" in told
    assert made.there() == commit


# -- what is pushed -----------------------------------------------------------------------------------------------


def test_branches_tags_deleted_and_forced_refs_are_what_git_says(made: Team) -> None:
    made.policies(TRACED)
    first, _ = made.agent("a.py", "a = 1\n")
    made.git("branch", "-f", "good")
    by_hand(made)
    made.git("tag", "-f", "-a", "-m", "bad", "v1")
    let(made, ref="good:good")
    assert made.decided()["commits"] == [first]
    assert "traced" in blocked(made, ref="v1:refs/tags/v1")
    let(made, ref="good:second")
    assert made.decided()["commits"] == []  # the other side has it already
    made.git("reset", "-q", "--hard", "good~1")
    other, _ = made.agent("b.py", "b = 1\n")
    let(made, "--force", ref="HEAD:good")
    found = made.owner.get(f"/v1/policies/decisions/{made.decided()['id']}").json()["facts"]
    assert (found["updates"][0]["forced"], [one["oid"] for one in found["commits"]]) == (True, [other])
    let(made, "--delete", ref="good")
    assert made.there("good") == ""
    made.git("-c", "core.hooksPath=/dev/null", "push", "-q", "--delete", "origin", "second")


@pytest.fixture
def ann(made: Team, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Commands of hers, in this process: what they print, and how they must end."""
    monkeypatch.chdir(made.work)
    monkeypatch.setenv("HOME", str(made.ann.home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    def told(*words: str, code: int = 0) -> Any:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out):
            assert main([*words, "--json"]) == code
        written = out.buffer
        assert isinstance(written, io.BytesIO)
        return json.loads(written.getvalue() or b"null")

    return told


def test_by_hand_a_range_is_judged_and_said_as_json(made: Team, ann: Callable[..., Any]) -> None:
    made.policies(LINT)
    commit, session = made.agent("a.py", f"a = {time.time_ns()}\n")
    told = ann("check", "--range", "origin/main..HEAD", code=1)
    (one,) = told["results"]
    assert (told["passed"], told["blocked"], one["commit"], one["result"]) == (False, True, commit, "fail")
    assert one["evidence"] == [{"session": session, "tool": "Lint"}]
    assert ann("policy", "check", code=1)["blocked"]
    made.session(session, {"Lint": "success"})
    assert ann("check")["passed"]
    assert ann("sync")["name"] == NAME
    assert ann("push")["received"] is None
    assert ann("check", "--range", "nonsense", code=2) is None
    assert ann("check", "--range", "nobody..HEAD", code=1) is None


def test_policies_at_the_command_line(made: Team, ann: Callable[..., Any], tmp_path: Path) -> None:
    owner = ("--token", made.owner.headers["Authorization"].removeprefix("Bearer "))
    file = tmp_path / "policies.toml"
    file.write_text(
        'version = 1\n[[policy]]\nname = "one"\ntype = "trace_completeness"\nrepositories = ["host/none"]\n'
    )
    made_of = ann("policy", "apply", str(file), *owner)
    assert (made_of["new"], made_of["revision"], made_of["repositories_here"]) == (True, 1, 0)
    assert ann("policy", "apply", str(file), *owner)["new"] is False
    assert (
        ann("policy", "list", *owner)["digest"] == ann("policy", "show", "one", *owner)["digest"] == made_of["digest"]
    )
    assert ann("policy", "schema", *owner)["$defs"]
    waived = ann("policy", "waive", "one", "--until", "1h", "--reason", "why", *owner)
    assert ann("policy", "waivers", *owner)["id"] == waived["id"]
    ann("policy", "withdraw", waived["id"], *owner)
    ann("policy", "remove", "one", *owner)
    assert ann("policy", "list", *owner) is None
    file.write_text('version = 1\n[[policy]]\nname = "one"\ntype = "trace_completenes"\n')
    assert ann("policy", "apply", str(file), *owner, code=2) is None


def test_a_session_whose_command_made_a_commit_and_a_review_that_a_forge_tells_count(
    made: Team, ann: Callable[..., Any]
) -> None:
    made.policies(TRACED, {"name": "seen", "type": "human_review_required", "sources": ["forge"]})
    commit, _ = by_hand(made)
    ann("check", code=1)
    base = {"session_id": f"by-command-{commit[:8]}", "cwd": "/w", "timestamp": "2026-03-02T10:00:00Z"}
    call = {"tool_name": "Bash", "tool_use_id": f"call-{commit[:8]}", **base}
    looked = {"hook_event_name": "PostToolUse", **call, "tool_input": {"command": "git log -1"},
              "tool_response": {"stdout": commit}}  # fmt: skip
    committed = {"hook_event_name": "PostToolUse", **call, "tool_input": {"command": "git commit -am work"},
                 "tool_response": {"stdout": f"[main {commit[:9]}] work\n 1 file changed"}}  # fmt: skip
    made.send("looked.jsonl", [looked])
    results = {one["policy"]: one["result"] for one in ann("check", code=1)["results"]}
    assert results == {"traced": "fail", "seen": "fail"}
    made.send("committed.jsonl", [committed])
    review = {
        "action": "submitted", "review": {"state": "approved", "submitted_at": "2026-03-02T11:00:00Z"},
        "pull_request": {"head": {"sha": commit}}, "repository": {"full_name": "team/shop"}, "sender": {"login": "bob"},
    }  # fmt: skip
    headers = {"X-Source-Id": "forge", "X-Filename": "review.jsonl"}
    made.owner.post("/v1/ingest/raw", content=json.dumps(review), headers=headers).raise_for_status()
    assert ann("check")["passed"]


# -- the record ---------------------------------------------------------------------------------------------------


def test_a_decision_is_made_again_from_its_record_and_a_forged_one_is_found_out(
    made: Team, ann: Callable[..., Any]
) -> None:
    made.policies(
        LINT | {"action": "warn"}, {"name": "later", "type": "expr", "cel": "nobody.knows", "on_indeterminate": "warn"}
    )
    made.agent("a.py", f"a = {time.time_ns()}\n")
    ann("check")
    last = made.decided()["id"]
    found = made.owner.get(f"/v1/policies/decisions/{last}/replay").json()
    assert (found["same"], found["digests_hold"], found["engine_same"], found["policies_in_ledger"]) == (True,) * 4
    whole = made.owner.get(f"/v1/policies/decisions/{last}").json()
    detail = {name: whole[name] for name in ("at", "engine", "digests", "facts", "policies", "waivers", "outcome")}
    forged = json.loads(json.dumps(detail))
    forged["outcome"]["results"][0]["result"] = "pass"
    ledger, tenant = made.world.installation.ledger, made.world.tenant
    entry = ledger.transact(tenant, lambda _: [act_entry("policy.decided", Principal("eve"), forged)]).items[0].ids[0]
    found = made.owner.get(f"/v1/policies/decisions/{entry}/replay").json()
    assert (found["same"], len(found["differs"]), found["digests_hold"]) == (False, 1, True)
    changed = json.loads(json.dumps(detail))
    changed["policies"][0]["body"]["enabled"] = False
    entry = ledger.transact(tenant, lambda _: [act_entry("policy.decided", Principal("eve"), changed)]).items[0].ids[0]
    found = made.owner.get(f"/v1/policies/decisions/{entry}/replay").json()
    assert (found["digests_hold"], found["policies_in_ledger"]) == (False, False)
    owner = made.owner.headers["Authorization"].removeprefix("Bearer ")
    assert ann("policy", "replay", last, "--token", owner)["same"]
    assert not ann("policy", "replay", entry, "--token", owner, code=4)["digests_hold"]
    assert ann("policy", "decision", last, "--token", owner)["facts"]["repository"] == NAME


def test_a_waiver_lets_by_what_it_names_until_it_ends(made: Team, ann: Callable[..., Any]) -> None:
    made.policies(LINT)
    commit, _ = made.agent("a.py", f"a = {time.time_ns()}\n")
    ann("check", code=1)
    soon = datetime.now(UTC) + timedelta(hours=1)
    asked = {"policy": "lint-first", "repository": NAME, "until": soon.isoformat(), "reason": "the linter is down"}
    other = made.owner.post("/v1/policies/waivers", json=asked | {"commit": "1" * 40})
    assert other.status_code == 201
    ann("check", code=1)
    waiver = made.owner.post("/v1/policies/waivers", json=asked | {"commit": commit}).json()
    made.owner.delete(f"/v1/policies/waivers/{waiver['id']}").raise_for_status()
    assert made.owner.delete(f"/v1/policies/waivers/{waiver['id']}").status_code == 404
    ann("check", code=1)
    made.owner.post("/v1/policies/waivers", json=asked | {"commit": commit}).raise_for_status()
    told = let(made)
    assert "waived: lint-first" in told
    assert "the linter is down" in told
    for wrong in ({"until": "2020-01-01T00:00:00Z"}, {"until": "2099-01-01T00:00:00Z"}, {"policy": "none"},
                  {"commit": "abc"}, {"reason": " "}):  # fmt: skip
        assert made.owner.post("/v1/policies/waivers", json=asked | wrong).status_code in {404, 422}, wrong


def test_without_a_server_a_push_is_judged_by_what_was_fetched_or_not_at_all(
    made: Team, ann: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = {"name": "signed", "type": "commit_trailers", "required": ["Signed-off-by"]}
    made.policies(signed, TRACED | {"on_indeterminate": "warn"})
    ann("policy", "bundle", "--until", "1h")
    kept = made.work / ".git/vestige/policies.json"
    whole = kept.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("vestige.cli.gate._known", lambda *_: unreached())
        by_hand(made)
        assert [one["result"] for one in ann("check", code=1)["results"]] == ["fail", "indeterminate"]
        sign_off(made)
        found = ann("check")
        assert (found["blocked"], found["passed"]) == (False, False)
        for change, words in (
            ({"until": "x"}, None), ({"origin": "other.org/log"}, "another log"), ({"salt": "00" * 32}, "not those"),
            ({"payload": base64.b64encode(b"{}").decode()}, "no bundle"), ({"proof": "x"}, "proof"),
        ):  # fmt: skip
            kept.write_bytes(json.dumps(json.loads(whole) | change).encode())
            code = 0 if words is None else 4
            assert main(["check"]) == code, change
            assert (words or "") in capsys.readouterr().err
        kept.write_bytes(whole)
        patch.setattr("vestige.app.offline.now", lambda: now() + 2 * 3600 * 10**9)
        assert main(["check"]) == 4
        kept.unlink()
        assert main(["check"]) == 1
    # And told when a server answers again.
    made.policies()
    ann("check")
    found = made.owner.get(f"/v1/policies/decisions/{made.decided()['id']}").json()
    assert ["blocked" in found["missed"][0], "let by" in found["missed"][1]] == [True, True]


def unreached() -> None:
    raise UnreachedError("the server cannot be reached")


# -- whoever tries to go past it ----------------------------------------------------------------------------------


@pytest.fixture
def guarded(made: Team) -> str:
    """The other side asks by itself; the id of its key."""
    body = {"name": "gate", "scopes": ["ingest"], "sources": [f"agent:{NAME}"]}
    key = made.owner.post("/v1/admin/keys", json=body).json()
    pre_receive(made, key["token"])
    return str(key["id"])


def refused(made: Team, words: str) -> dict[str, Any]:
    """A push that goes past the clone's own hooks, and is refused at the other side; what is on record of it."""
    told = blocked(made, "--no-verify")
    assert words in told, told
    last = made.decided()
    assert (last["blocked"], last["gate"], last["by"]) == (True, "pre-receive", "key:gate")
    return last


@pytest.mark.usefixtures("guarded")
def test_hooks_removed_and_sessions_deleted(made: Team) -> None:
    made.policies(TRACED)
    commit, _ = by_hand(made)
    last = refused(made, "traced (trace_completeness, fail)")
    assert last["commits"] == [commit]
    # Told afterwards, and gone from the machine: what is sealed counts.
    made.traced(commit, "hand.py")
    let(made, "--no-verify")


@pytest.mark.usefixtures("guarded")
def test_a_client_that_lies_about_what_the_other_side_has(made: Team) -> None:
    made.policies(TRACED)
    commit, _ = by_hand(made)
    made.ann.vestige(made.work, "push")
    lie = {"repository": NAME, "gate": "pre-receive", "without": [commit],
           "updates": [{"ref": "refs/heads/main", "old": made.there(), "new": commit}]}  # fmt: skip
    found = made.owner.post("/v1/policies/check", json=lie).json()
    assert (found["passed"], found["commits"]) == (True, 0)  # who said so is on record
    assert refused(made, "traced")["commits"] == [commit]


@pytest.mark.parametrize("bound", ["_MOST_ROWS", "_MOST_MODELS"])
def test_more_about_sessions_than_is_read_lets_nothing_pass(
    made: Team, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    name = f"many{bound.lower().replace('_', '-')}"
    path = f"{name}.py"
    _, session = made.agent(path, "x = 1\n")
    made.session(session, {}, model="model-2", mode="plan")
    made.policies({"name": name, "type": "sensitive_path", "patterns": ["never"]})
    with monkeypatch.context() as patch:
        patch.setattr(f"vestige.app.push_facts.{bound}", 1)
        assert "than is read" in blocked(made)
        patch.setattr(f"vestige.app.push_facts.{bound}", 2)
        let(made)


@pytest.mark.usefixtures("guarded")
def test_what_only_a_claim_says_of_lines_is_unknown(made: Team) -> None:
    _, good = made.agent("good.py", f"g = {time.time_ns()}\n", calls={"Lint": "success"})
    let(made)
    rules: list[tuple[dict[str, Any], str]] = [
        ({"type": "sensitive_path", "patterns": ["by_person.py"]}, "indeterminate"),
        ({"type": "unattributed_max", "max_percent": 20}, "fail"),
        ({"type": "ai_percentage_threshold", "threshold": 50}, "indeterminate"),
        ({"type": "trace_completeness"}, "fail"),
        ({"type": "required_tool_call", "tool_names": ["Lint"]}, "indeterminate"),
    ]
    made.policies(*({"name": rule["type"], **rule} for rule, _ in rules))
    (made.work / "by_person.py").write_text(f"p = {time.time_ns()}\n")
    commit = made.commit("by_agent.py", f"a = {time.time_ns()}\n")
    made.ann.vestige(made.work, "push")
    claim = {"version": "0.1.0", "vcs": {"type": "git", "revision": commit}, "tool": {"name": "other"}, "files": [
        {"path": f"by_{name}.py", "conversations": [
            {"url": url, "contributor": {"type": kind}, "ranges": [{"start_line": 1, "end_line": 1}]}
        ]} for name, kind, url in (("person", "human", ""), ("agent", "ai", good))
    ]}  # fmt: skip
    known = next(one for one in made.owner.get("/v1/code/repositories").json()["repositories"] if one["name"] == NAME)
    at = f"/v1/code/repositories/{known['id']}"
    told = made.owner.post(f"{at}/claims", json={"form": "agent-trace", "text": json.dumps(claim)})
    assert (told.status_code, "unused" in told.json()) == (200, False), told.text
    # Whoever reads the file is told of it, as somebody's word.
    for name, kind, session in (("person", "human", ""), ("agent", "ai", good)):
        (row,) = made.owner.get(f"{at}/lines", params={"rev": commit, "path": f"by_{name}.py"}).json()["ranges"]
        assert (row["class"], row["grade"], row["session"]) == (kind, "inferred", session)
    refused(made, "blocked")
    found = made.owner.get(f"/v1/policies/decisions/{made.decided()['id']}").json()
    assert {one["type"]: one["result"] for one in found["outcome"]["results"]} == {
        rule["type"]: result for rule, result in rules
    }
    assert found["facts"].get("sessions", []) == []


@pytest.mark.usefixtures("guarded")
def test_a_tool_that_is_called_like_the_required_one(made: Team) -> None:
    made.policies(LINT)
    _, session = made.agent("a.py", f"a = {time.time_ns()}\n", calls={
        "mcp__x__Lint": "success", "lint": "success", "Lint ": "success", "Lint": "denied"})  # fmt: skip
    refused(made, "missing Lint")
    made.session(session, {"Lint": "success"})
    let(made, "--no-verify")


@pytest.mark.usefixtures("guarded")
def test_tricks_with_paths(made: Team) -> None:
    rule = {"name": "people-only", "type": "sensitive_path", "patterns": ["src/payments/"]}
    made.policies(rule)
    made.agent("SRC/Payments/y.py", f"y = {time.time_ns()}\n")
    refused(made, "people-only (sensitive_path, fail)")
    made.git("reset", "-q", "--hard", "origin/main")
    # Moved out of the way, and changed there; or made a link.
    made.policies()
    made.commit("src/payments/old.py", "".join(f"line_{n} = {n}\n" for n in range(30)))
    let(made)
    made.policies(rule)
    made.git("mv", "src/payments/old.py", "free.py")
    made.agent("free.py", (made.work / "free.py").read_text() + "x = 1\n")
    refused(made, "people-only (sensitive_path, indeterminate)")
    made.git("reset", "-q", "--hard", "origin/main")
    (made.work / "src/payments/old.py").unlink()
    (made.work / "src/payments/old.py").symlink_to("../../a.py")
    made.commit("note.txt", f"{time.time_ns()}\n")
    refused(made, "people-only (sensitive_path, indeterminate)")


@pytest.mark.usefixtures("guarded")
def test_a_clock_that_was_moved(made: Team) -> None:
    made.policies(TRACED)
    made.ann.extra |= {"GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2099-01-01T00:00:00Z"}
    try:
        by_hand(made)
    finally:
        del made.ann.extra["GIT_COMMITTER_DATE"], made.ann.extra["GIT_AUTHOR_DATE"]
    until = datetime.now(UTC) + timedelta(seconds=1)
    asked = {"policy": "traced", "repository": NAME, "until": until.isoformat(), "reason": "short"}
    made.owner.post("/v1/policies/waivers", json=asked).raise_for_status()
    time.sleep(1.1)
    refused(made, "traced (trace_completeness, fail)")


@pytest.mark.usefixtures("guarded")
def test_a_policy_that_is_misspelt_is_refused_and_the_one_in_force_stays(made: Team) -> None:
    made.policies(TRACED)
    for wrong in ("trace_completenes", "trace_completeness\nenabeld: false"):
        text = f"version: 1\npolicy:\n- name: traced\n  type: {wrong}".replace("\nen", "\n  en")
        answer = made.owner.post("/v1/policies", json={"text": text, "form": "yaml"})
        assert (answer.status_code, "line " in answer.json()["title"]) == (422, True)
        assert made.world.acts("policy.refused")[-1]["detail"]["reason"].startswith("line ")
    by_hand(made)
    refused(made, "traced")


def test_a_server_that_is_down_and_a_key_that_was_revoked(made: Team, guarded: str) -> None:
    made.policies(TRACED)
    commit, session = made.agent("a.py", f"a = {time.time_ns()}\n")
    assert session
    hook = made.bare / "hooks" / "pre-receive"
    good = hook.read_text()
    hook.write_text(good.replace(made.world.url, "http://127.0.0.1:1"))
    assert "cannot be reached" in blocked(made, "--no-verify")
    hook.write_text(good)
    made.owner.delete(f"/v1/admin/keys/{guarded}").raise_for_status()
    assert "vestige: " in blocked(made, "--no-verify")
    assert len((made.bare / "vestige-refused").read_text().splitlines()) == 2
    body = {"name": "gate", "scopes": ["ingest"], "sources": [f"agent:{NAME}"]}
    pre_receive(made, made.owner.post("/v1/admin/keys", json=body).json()["token"])
    let(made, "--no-verify")
    last = made.owner.get(f"/v1/policies/decisions/{made.decided()['id']}").json()
    assert (last["commits"], len(last["missed"])) == ([commit], 2)
    assert "cannot be reached" in last["missed"][0]
    assert not (made.bare / "vestige-refused").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("vestige.server", "http://127.0.0.1:1"), "needs a token"),
        (("vestige.repository", "host/no/key"), "needs a token"),
    ],
)
def test_at_the_clone_too_every_error_blocks(made: Team, change: tuple[str, str], words: str) -> None:
    made.agent("a.py", f"a = {time.time_ns()}\n")
    before = made.git("config", change[0])
    made.git("config", *change)
    try:
        assert words in blocked(made)
    finally:
        made.git("config", change[0], before)
    let(made)


def test_without_what_judges_it_nothing_is_pushed(made: Team) -> None:
    made.agent("a.py", f"a = {time.time_ns()}\n")
    launcher = made.ann.home / ".local/share/vestige/agent/hook"
    kept = launcher.rename(launcher.with_name("gone"))
    assert "vestige agent init" in blocked(made)
    kept.rename(launcher)
    made.git("config", "vestige.gate", "off")
    let(made)
    made.git("config", "vestige.gate", "on")


def test_who_may_what(made: Team) -> None:
    text = json.dumps({"version": 1, "policy": [TRACED]})
    may = {
        "owner": 200,
        "admin": 200,
        "policy_admin": 200,
        "developer": 403,
        "auditor": 403,
        "key:policy": 200,
        "key:ingest": 403,
    }
    for who, status in may.items():
        answer = made.world.client(who).post("/v1/policies", json={"text": text, "form": "yaml"})
        assert answer.status_code == status, who
    known = made.git("rev-list", "--max-parents=0", "HEAD")
    body = {"repository": NAME, "updates": [{"ref": "x", "new": known}]}
    assert made.world.client("developer").post("/v1/policies/check", json=body).status_code == 200
    bound = made.owner.post(
        "/v1/admin/keys", json={"name": "other", "scopes": ["ingest"], "sources": ["agent:host/other"]}
    )
    other = made.world.as_token(bound.json()["token"])
    assert other.post("/v1/policies/check", json=body).status_code == 403
    other.close()
    lost = made.owner.post("/v1/policies/check", json=body | {"updates": [{"ref": "x", "new": "7" * 40}]})
    assert lost.status_code == 409
    assert (made.decided()["blocked"], "not here" in made.decided()["reason"]) == (True, True)


def test_the_examples_hook_is_a_script_that_a_shell_reads() -> None:
    script = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/pre-receive"
    subprocess.run(["sh", "-n", str(script)], check=True)
