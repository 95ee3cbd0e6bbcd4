"""What CI asks of what was pushed: real pushes past the clone's own hooks, judged in checkouts that know nothing."""

from __future__ import annotations

import base64
import copy
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.capturing import git
from support.gate import NAME, Team, team
from support.sarif import faults
from support.verifying import ZERO, Runner, pull_event, push_event, runner
from vestige.app.attesting import enclosed, opened, stated
from vestige.cli import main
from vestige.cli.connection import Connection
from vestige.ledger import Kind
from vestige.model.errors import ProofError
from vestige.proof import VerifierKey, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRACED = {"name": "traced", "type": "trace_completeness"}
PEOPLE = {"name": "people-only", "type": "sensitive_path", "patterns": ["pay/"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(tmp_path_factory.mktemp("verify")) as one:
        yield one


@pytest.fixture(scope="module")
def ci(made: Team, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return runner(made, tmp_path_factory.mktemp("ci") / "home")


@pytest.fixture(autouse=True)
def _afresh(made: Team) -> Iterator[None]:
    yield
    made.policies()
    made.git("checkout", "-q", "-f", "main")
    made.git("fetch", "-q", str(made.bare), "main")
    made.git("reset", "-q", "--hard", "FETCH_HEAD")


def by_hand(made: Team, path: str = "hand.py") -> str:
    return made.commit(path, f"x = {time.time_ns()}\n")


def past(made: Team, *words: str, ref: str = "HEAD:main") -> tuple[str, str]:
    """Push without any hook of the clone; what the ref named before and names now."""
    before = made.there(ref.partition(":")[2])
    done = made.push("--no-verify", *words, ref=ref)
    assert done.returncode == 0, done.stderr
    return before, made.there(ref.partition(":")[2])


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_went_past_the_hook_fails_until_the_condition_is_met(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.policies(TRACED)
    commit = by_hand(made)
    old, new = past(made)
    at = ci.clone()
    asked = ("--range", f"{old}..{new}", "--json")
    assert ci.verify(at, monkeypatch, *asked) == 1
    found = told(capsys)
    assert (found["blocked"], [one["oid"] for one in found["judged"]], found["coverage"]["unknown"]) == (
        True,
        [commit],
        1,
    )
    assert made.decided()["gate"] == "ci"
    assert made.decided()["by"] == "key:ci"
    # No hooks, no sessions, no notes on the machine: nothing there counts.
    hooks, state = made.work / ".git/hooks", made.ann.state
    hooks.rename(hooks.with_name("gone"))
    shutil.rmtree(state, ignore_errors=True)
    assert ci.verify(at, monkeypatch, *asked) == 1
    hooks.with_name("gone").rename(hooks)
    made.traced(commit, "hand.py")
    capsys.readouterr()
    assert ci.verify(at, monkeypatch, *asked) == 0
    found = told(capsys)
    assert (found["state"], found["coverage"]["ai"], found["coverage"]["with_session"]) == ("passed", 1, 1)
    assert ci.verify(at, monkeypatch, "--commits", f"{commit},{commit[:10]}") == 0
    assert "1 commits" in capsys.readouterr().err


def test_exactly_the_named_commits_are_judged(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.policies(TRACED)
    bad = by_hand(made)
    good, _ = made.agent("a.py", f"a = {time.time_ns()}\n")
    past(made)
    at = ci.clone()
    assert ci.verify(at, monkeypatch, "--commits", good, "--json") == 0
    assert [one["oid"] for one in told(capsys)["judged"]] == [good]
    assert ci.verify(at, monkeypatch, "--commits", f"{good},{bad}", "--json") == 1
    assert [one["commit"] for one in told(capsys)["results"] if one["result"] == "fail"] == [bad]


def test_a_shallow_clone_says_what_it_lacks_and_is_enough_where_the_server_has_all(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.policies(TRACED)
    by_hand(made)
    made.agent("b.py", f"b = {time.time_ns()}\n")
    old, new = past(made)
    at = ci.clone("--depth", "1")
    assert git(at, "rev-list", "--count", "HEAD", env=ci.env) == "1"
    asked = ("--range", f"{old}..{new}")
    assert ci.verify(at, monkeypatch, *asked) == 2
    words = capsys.readouterr().err
    assert "shallow" in words
    assert "git fetch --unshallow" in words
    made.ann.vestige(made.work, "push")
    # Both commits of the range, though the clone has one.
    assert ci.verify(at, monkeypatch, *asked, "--json") == 1
    assert len(told(capsys)["judged"]) == 2
    assert ci.verify(at, monkeypatch, "--range", f"HEAD~1..{new}") == 2
    assert "a shallow clone lacks" in capsys.readouterr().err


def test_an_empty_range_says_so_and_what_cannot_be_verified_never_passes(
    ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    at = ci.clone()
    assert ci.verify(at, monkeypatch, "--range", "HEAD..HEAD") == 0
    assert "no commits" in capsys.readouterr().err
    # A folder of the checkout is whoever pushed's: it is not asked.
    (at / "vestige-data").mkdir()
    without = {"VESTIGE_SERVER": "", "VESTIGE_TOKEN": ""}
    for words, env in (
        (("--range", "HEAD..HEAD"), without),
        (("--range", "HEAD..HEAD"), {"VESTIGE_SERVER": "http://127.0.0.1:1"}),
        (("--range", "HEAD..HEAD"), {"VESTIGE_TOKEN": "vst_wrong"}),
        (("--range", "HEAD..HEAD", "--repository", "host/none"), {}),
        (("--range", f"{'7' * 40}..HEAD"), {}), (("--range", f"HEAD..{ZERO}"), {}), (("--range", "nonsense"), {}),
        (("--range", "nobody..HEAD"), {}), (("--range", "HEAD...HEAD"), {}),
        (("--commits", "8" * 40), {}), (("--commits", ","), {}), (("--commits", "HEAD", "--range", "HEAD..HEAD"), {}),
        (("--range", "HEAD..HEAD", "--sarif", str(tmp_path / "none" / "x")), {}),
        (("--ci", "github"), {}), (("--ci", "gitlab"), {}), ((), {}),
    ):  # fmt: skip
        assert ci.verify(at, monkeypatch, *words, env=env) == 2, words
        assert "vestige: not verified: " in capsys.readouterr().err, words
    sarif, summary = tmp_path / "x.sarif", tmp_path / "x.md"
    files = ("--sarif", str(sarif), "--summary", str(summary), "--annotations")
    assert ci.verify(at, monkeypatch, "--commits", "8" * 40, *files) == 2
    (run,) = json.loads(sarif.read_text())["runs"]
    assert (faults(json.loads(sarif.read_text())), run["invocations"][0]["executionSuccessful"]) == ([], False)
    assert "Nothing was verified" in summary.read_text()
    assert "::error title=vestige" in capsys.readouterr().err


FAILED: dict[str, Any] = {
    "policy": "one",
    "type": "expr",
    "result": "fail",
    "action": "block",
    "commit": "",
    "detail": "why",
}
CHANGES: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda found: found["judged"].pop(), lambda found: found.pop("blocked"), lambda found: found.update(cut="more"),
    lambda found: found.update(results="none"), lambda found: found["judged"][0].update(oid="1" * 40),
    lambda found: found.clear(), lambda found: found.pop("rules"), lambda found: found.update(results=[3]),
    lambda found: found.pop("passed"), lambda found: found.update(passed=False),
    lambda found: found.update(results=[FAILED | {"action": "warn"}]), lambda found: found["judged"].append("x"),
)  # fmt: skip
WORDS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"results": [FAILED | {"action": "deny"}]}, 1), ({"results": [FAILED | {"action": None}]}, 1),
    ({"results": [{"result": "odd"}]}, 1), ({"results": [FAILED | {"action": "warn"}], "passed": False}, 0),
    ({"results": [FAILED | {"action": "pass"}]}, 0), ({"results": [FAILED | {"result": "waived"}]}, 0),
    ({"blocked": True}, 1),
)  # fmt: skip
"""What an answer says instead, and how that ends."""


def test_an_answer_that_is_not_about_these_commits_is_none(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = made.there()
    made.agent("a.py", f"a = {time.time_ns()}\n")
    past(made)
    at = ci.clone()
    post = Connection.post
    kept: list[dict[str, Any]] = []

    def keeping(self: Connection, path: str, body: object = None, *, repeatable: bool = False) -> Any:
        found = post(self, path, body, repeatable=repeatable)
        kept.append(found)
        return copy.deepcopy(found)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "post", keeping)
        assert ci.verify(at, patch, "--range", f"{old}..HEAD") == 0
    for change in (None, *CHANGES):
        answer = copy.deepcopy(kept[-1])
        if change is not None:
            change(answer)
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "post", lambda *_, answer=answer, **__: answer)
            assert ci.verify(at, patch, "--range", f"{old}..HEAD") == (0 if change is None else 2)
    for more, code in WORDS:
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "post", lambda *_, more=more, **__: copy.deepcopy(kept[-1]) | more)
            assert ci.verify(at, patch, "--range", f"{old}..HEAD") == code, more
    # What is no object at all, with or without an error's status.
    for status, body in (
        (200, b"[]"),
        (200, b"null"),
        (200, b"3"),
        (409, b"[]"),
        (503, b"null"),
        (409, b'{"code":[]}'),
    ):
        odd = httpx.Response(status, content=body, request=httpx.Request("POST", "http://x"))
        with monkeypatch.context() as patch:
            patch.setattr(httpx.Client, "request", lambda *_, odd=odd, **__: odd)
            sarif = ci.folder / "odd.sarif"
            assert ci.verify(at, patch, "--range", f"{old}..HEAD", "--sarif", str(sarif)) == 2, (status, body)
            (run,) = json.loads(sarif.read_text())["runs"]
            assert run["invocations"][0]["executionSuccessful"] is False


# -- what a run of CI is about ------------------------------------------------------------------------------------


def test_the_script_for_github_on_a_push_and_a_pull_request(made: Team, ci: Runner) -> None:
    made.policies(PEOPLE)
    _, session = made.agent("pay/p.py", f"p = {time.time_ns()}\n")
    old, new = past(made)
    at = ci.clone()
    for kind, event in (("push", push_event(old, new)), ("pull_request", pull_event(old, new))):
        env = ci.github(kind, event)
        done = ci.script("github.sh", at, env)
        assert done.returncode == 1, done.stderr
        assert (
            f"::error file=pay/p.py,line=1,endLine=1,title=people-only (sensitive_path%2C fail)::commit {new[:12]}"
            in (done.stdout)
        )
        words = Path(env["GITHUB_STEP_SUMMARY"]).read_text()
        assert "## Vestige: blocked" in words
        assert new[:12] in words
        outputs = dict(line.split("=", 1) for line in Path(env["GITHUB_OUTPUT"]).read_text().splitlines())
        assert outputs["state"] == "blocked"
        log = json.loads(Path(outputs["sarif"]).read_text())
        assert faults(log) == []
        (result,) = log["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("pay/p.py", 1)
        assert session in json.dumps(result)
    made.policies()
    env = ci.github("push", push_event(old, new))
    done = ci.script("github.sh", at, env | {"GATE_ATTESTATIONS": str(ci.folder / "st")})
    assert done.returncode == 0, done.stderr
    assert "no policy is in force" in done.stderr
    assert (ci.folder / "st" / f"{new}.intoto.jsonl").exists()
    done = ci.script("github.sh", at, env | {"VESTIGE_SERVER": "http://127.0.0.1:1"})
    assert (done.returncode, "not verified" in done.stderr) == (2, True)
    assert Path(env["GITHUB_OUTPUT"]).read_text().endswith("state=not verified\n")


def test_inputs_are_words_and_what_the_checkout_holds_is_no_part_of_the_program(made: Team, ci: Runner) -> None:
    old, new = past(made)
    at = ci.clone()
    mark = ci.folder / "mark"
    (at / "vestige.py").write_text(f"open({str(mark)!r}, 'w')\n")
    for name in ("click", "httpx", "sitecustomize"):
        (at / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')\n")
    env = ci.github("push", push_event(old, new))
    lab = {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main",
           "CI_COMMIT_BEFORE_SHA": old, "CI_COMMIT_SHA": new}  # fmt: skip
    # A job may name the checkout there for what it tests.
    for more in ({}, {"PYTHONPATH": str(at)}, {"PYTHONPATH": "."}):
        assert ci.script("github.sh", at, env | more).returncode == 0, more
        assert ci.script("gitlab.sh", at, lab | more).returncode == 0, more
        assert not mark.exists(), more
    evil = f"$(touch {mark}) `touch {mark}`; touch {mark}"
    for name in ("GATE_RANGE", "GATE_COMMITS", "GATE_REPOSITORY"):
        assert ci.script("github.sh", at, env | {name: evil}).returncode == 2, name
    event = push_event(old, new, ref=f"refs/heads/{evil}", x=evil)
    assert ci.script("github.sh", at, ci.github("push", event)).returncode == 0
    assert not mark.exists()


def test_new_branches_forced_pushes_tags_merges_and_what_is_gone(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.policies(TRACED)
    stood = made.there()
    made.git("checkout", "-q", "-b", "side")
    first = by_hand(made, "s1.py")
    second, _ = made.agent("s2.py", f"s = {time.time_ns()}\n")
    past(made, ref="HEAD:side")
    at = ci.clone()

    def judged(kind: str, event: dict[str, Any], code: int, folder: Path = at) -> set[str]:
        env = ci.github(kind, event)
        capsys.readouterr()
        assert ci.verify(folder, monkeypatch, "--ci", "github", "--json", env=env) == code, capsys.readouterr().err
        return {one["oid"] for one in told(capsys)["judged"]}

    side = "refs/heads/side"
    # A new branch: each of its commits, not the last one alone.
    assert judged("push", push_event(ZERO, second, side), 1) == {first, second}
    # Its first commit is gone; and then what it was before is not to be had.
    made.git("reset", "-q", "--hard", stood)
    third, _ = made.agent("s3.py", f"s = {time.time_ns()}\n")
    past(made, "--force", ref="HEAD:side")
    git(at, "fetch", "-q", "origin", env=ci.env)
    assert judged("push", push_event(second, third, side, forced=True), 0) == {third}
    assert judged("push", push_event("9" * 40, third, side, forced=True), 0) == {third}
    env = ci.github("push", push_event("9" * 40, third))
    assert ci.verify(at, monkeypatch, "--ci", "github", env=env) == 2
    # An annotated tag is named by an object of its own.
    made.git("tag", "-a", "-m", "one", "v1", first)
    past(made, ref="v1:refs/tags/v1")
    git(at, "fetch", "-q", "--tags", "origin", env=ci.env)
    assert judged("push", push_event(ZERO, made.git("rev-parse", "v1"), "refs/tags/v1"), 1) == {first}
    # A merge that only joins needs no session; what it brings is judged with it.
    made.git("checkout", "-q", "main")
    fourth, _ = made.agent("m.py", f"m = {time.time_ns()}\n")
    made.git("-c", "core.hooksPath=/dev/null", "merge", "-q", "--no-ff", "-m", "join", "side")
    old, new = past(made)
    git(at, "fetch", "-q", "origin", env=ci.env)
    assert judged("push", push_event(old, new), 0) == {third, fourth, new}
    group = {"base_ref": "refs/heads/main", "head_ref": "refs/heads/queue", "base_sha": old, "head_sha": new}
    assert judged("merge_group", {"merge_group": group}, 0) == {third, fourth, new}
    # Gone, backwards, and an event that names nothing.
    assert judged("push", push_event(third, ZERO, side, deleted=True), 0) == set()
    assert judged("push", push_event(new, old, forced=True), 0) == set()
    for kind, event in (
        ("schedule", {}),
        ("push", {}),
        ("push", push_event("x", new)),
        ("pull_request", {"number": 1}),
    ):
        assert ci.verify(at, monkeypatch, "--ci", "github", env=ci.github(kind, event)) == 2, kind
    # A shallow clone of the new branch has nothing to hold it against.
    thin = ci.clone("--depth", "1", "--branch", "side")
    env = ci.github("push", push_event(ZERO, third, side))
    capsys.readouterr()
    assert ci.verify(thin, monkeypatch, "--ci", "github", env=env) == 2
    assert "git fetch origin +refs/heads/main:refs/remotes/origin/main" in capsys.readouterr().err
    made.git("tag", "-d", "v1")
    past(made, "--delete", ref="side")


def test_a_push_a_new_branch_and_a_merge_request_of_gitlab(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.policies(TRACED)
    stood = made.there()
    made.git("checkout", "-q", "-b", "lab")
    first = by_hand(made, "l1.py")
    second = by_hand(made, "l2.py")
    past(made, ref="HEAD:lab")
    at = ci.clone("--single-branch", "--branch", "lab")
    base = {"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_REF_NAME": "lab", "CI_COMMIT_SHA": second}
    merge = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "3", "CI_COMMIT_BEFORE_SHA": ZERO,
             "CI_MERGE_REQUEST_DIFF_BASE_SHA": stood, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}  # fmt: skip
    new = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": ZERO}
    assert ci.verify(at, monkeypatch, "--ci", "gitlab", env=base | new) == 2  # the clone has one branch alone
    done = ci.script("gitlab.sh", at, base | new)
    assert done.returncode == 1, done.stderr
    assert faults(json.loads((at / "vestige.sarif").read_text())) == []
    assert "## Vestige: blocked" in (at / "vestige.md").read_text()
    assert made.decided()["commits"] == [first, second]
    for env, code, commits in (
        (new | {"CI_COMMIT_BEFORE_SHA": first}, 1, [second]),
        (merge, 1, [first, second]),
        (merge | {"CI_COMMIT_SHA": "6" * 40, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": second}, 1, [first, second]),
        (new | {"CI_PIPELINE_SOURCE": "schedule"}, 2, None),
        (new | {"CI_COMMIT_BEFORE_SHA": "zero"}, 2, None),
        (merge | {"CI_MERGE_REQUEST_IID": "x"}, 2, None),
    ):  # fmt: skip
        assert ci.verify(at, monkeypatch, "--ci", "gitlab", env=base | env) == code, env
        if commits is not None:
            assert made.decided()["commits"] == commits
    # Files that the checkout brings are no result.
    (at / "vestige.sarif").write_text("{}")
    (at / "vestige.md").write_text("passed")
    assert ci.script("gitlab.sh", at, base | merge | {"GATE_PYTHON": "/bin/false"}).returncode != 0
    assert not (at / "vestige.sarif").exists()
    assert not (at / "vestige.md").exists()
    made.traced(first, "l1.py")
    made.traced(second, "l2.py")
    assert ci.script("gitlab.sh", at, base | merge).returncode == 0
    past(made, "--delete", ref="lab")


# -- statements ---------------------------------------------------------------------------------------------------


def test_a_statement_is_checked_without_a_server_and_each_edited_member_fails(  # noqa: PLR0915 - one statement
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made.policies(TRACED | {"action": "warn"})
    bad = by_hand(made)
    good, session = made.agent("a.py", f"a = {time.time_ns()}\n")
    old, new = past(made)
    at = ci.clone()
    folder = tmp_path / "statements"
    assert ci.verify(at, monkeypatch, "--range", f"{old}..{new}", "--attestations", str(folder)) == 0
    assert sorted(one.name for one in folder.iterdir()) == sorted(f"{oid}.intoto.jsonl" for oid in (bad, good))
    key = made.owner.get("/v1/ledger/keys").json()[-1]["vkey"]
    file = folder / f"{good}.intoto.jsonl"
    capsys.readouterr()
    check = ("verify", "--repository", NAME, "--attestation")
    assert main([*check, str(file), "--key", key, "--commits", good, "--json"]) == 0
    found = told(capsys)
    assert (found["commit"], found["by"], found["predicate"]["decision"]["blocked"]) == (good, "key:ci", False)
    assert [one["id"] for one in found["predicate"]["sessions"]] == [session]
    assert main([*check, str(folder / f"{bad}.intoto.jsonl"), "--key", key]) == 0
    assert "warning: traced" in capsys.readouterr().out
    # Of another commit, by another key, without any, and no statement at all.
    other = str(VerifierKey(key.split("+")[0], bytes.fromhex(_OTHER)))
    assert main([*check, str(file), "--key", key, "--commits", bad]) == 4
    assert main([*check, str(file), "--key", other]) == 4
    assert main([*check, str(file)]) == 2
    (tmp_path / "no").write_text("{}")
    assert main([*check, str(tmp_path / "no"), "--key", key]) == 4
    # What cannot be looked at is not said to block.
    assert main([*check, str(tmp_path / "none"), "--key", key]) == 2
    assert main([*check, str(tmp_path), "--key", key]) == 2
    for more in (("--range", "A..B"), ("--ci", "github"), ("--sarif", "x"), ("--annotations",), ("--summary", "x"),
                 ("--attestations", str(folder))):  # fmt: skip
        assert main([*check, str(file), "--key", key, *more]) == 2, more
        assert more[0] in capsys.readouterr().err
    keys = [VerifierKey.parse(key)]
    envelope = json.loads(file.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"] == {"gitCommit": good}
    edited = list(_edits(statement))
    assert len(edited) > 40
    for path, one in edited:
        body = canonical(one)
        whole = json.dumps(envelope | {"payload": base64.b64encode(body).decode()}).encode()
        assert not genuine(opened, whole, keys), path
        # Not by the envelope alone: the proof within finds it out too.
        assert not genuine(stated, body, keys), path
    assert genuine(opened, file.read_bytes(), keys)
    assert genuine(stated, canonical(statement), keys)
    for member in ("payloadType", "payload", "signatures"):
        with pytest.raises(ProofError):
            opened(json.dumps(envelope | {member: "x"}).encode(), keys)
    with pytest.raises(ProofError, match="no key that is trusted"):
        opened(json.dumps(envelope | {"signatures": []}).encode(), keys)
    # What one entry proves is no proof of another statement.
    second = json.loads(base64.b64decode(json.loads((folder / f"{bad}.intoto.jsonl").read_text())["payload"]))
    second["predicate"]["ledger"] = statement["predicate"]["ledger"]
    with pytest.raises(ProofError, match="not the one that was sealed"):
        stated(canonical(second), keys)
    made.policies(TRACED)
    assert ci.verify(at, monkeypatch, "--range", f"{old}..{new}", "--attestations", str(folder)) == 1
    assert main([*check, str(file), "--key", key]) == 1


def test_a_statement_of_the_same_commit_says_nothing_of_another_repository(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made.policies(TRACED | {"repositories": [NAME]})
    bad = by_hand(made)
    past(made)
    at = ci.clone()
    key = made.owner.get("/v1/ledger/keys").json()[-1]["vkey"]
    other = "gitlab.example.org/ann/sandbox"
    token = made.owner.headers["Authorization"].removeprefix("Bearer ")

    def attested(name: str, code: int) -> str:
        words = ("--commits", bad, "--repository", name, "--attestations", str(tmp_path / name))
        assert ci.verify(at, monkeypatch, *words, env={"VESTIGE_TOKEN": token}) == code
        return str(tmp_path / name / f"{bad}.intoto.jsonl")

    def checked(file: str, *words: str) -> int:
        return main(["verify", "--attestation", file, "--key", key, "--commits", bad, *words])

    blocked, lured = attested(NAME, 1), attested(other, 0)
    assert checked(blocked, "--repository", NAME) == 1
    capsys.readouterr()
    assert checked(lured, "--repository", NAME) == 4
    assert "another repository" in capsys.readouterr().err
    assert checked(lured) == 2
    # Nor is it one of its own repository: nothing judged it there.
    assert checked(lured, "--repository", other) == 4
    assert "no policy judged" in capsys.readouterr().err
    made.policies(TRACED | {"action": "warn"})
    assert checked(attested(other, 0), "--repository", other) == 0


def test_evidence_with_the_bytes_of_an_attestation_attests_nothing(
    made: Team, ci: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made.policies(TRACED)
    commit, _ = made.agent("a.py", f"a = {time.time_ns()}\n")
    past(made)
    words = ("--commits", commit, "--attestations", str(tmp_path))
    assert ci.verify(ci.clone(), monkeypatch, *words) == 0
    envelope = json.loads((tmp_path / f"{commit}.intoto.jsonl").read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    keys = [VerifierKey.parse(made.owner.get("/v1/ledger/keys").json()[-1]["vkey"])]
    assert genuine(stated, canonical(statement), keys)
    del statement["predicate"]["ledger"]
    act = {"act": "policy.attested", "by": "key:ci", "detail": {"statement": statement}}
    before = made.world.head
    made.send("forged.jsonl", [act])
    ledger, tenant = made.world.installation.ledger, made.world.tenant
    (entry,) = (
        one for one in ledger.read(tenant, before, made.world.head)
        if one.kind is Kind.EVIDENCE and b"policy.attested" in ledger.opened(one)
    )  # fmt: skip
    ledger.checkpoint(tenant)
    proof, origin = ledger.tlog_proof(tenant, entry.id), ledger.log(tenant).origin
    _, body = enclosed(statement, entry, ledger.opened(entry), proof, origin)
    with pytest.raises(ProofError, match="attests nothing"):
        stated(body, keys)


def genuine(check: Callable[..., Any], data: bytes, keys: list[VerifierKey]) -> bool:
    try:
        check(data, keys)
    except ProofError:
        return False
    return True


_OTHER = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
"""The public key of RFC 8032, section 7.1, test 1."""


def _edits(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The value with each of its members edited, taken out, or joined by another, one at a time."""
    if isinstance(value, dict):
        yield f"{path}+", value | {"added": "x"}
        for name in value:
            yield f"{path}.{name}-", {other: value[other] for other in value if other != name}
            for where, one in _edits(value[name], f"{path}.{name}"):
                yield where, value | {name: one}
    elif isinstance(value, list):
        yield f"{path}+", [*value, "x"]
        for number, part in enumerate(value):
            for where, one in _edits(part, f"{path}[{number}]"):
                yield where, [*value[:number], one, *value[number + 1 :]]
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    else:
        middle = len(value) // 2
        letter = "a" if value[middle : middle + 1] != "a" else "b"
        yield path, value[:middle] + letter + value[middle + 1 :]


def test_who_may_ask(made: Team) -> None:
    known = made.git("rev-list", "--max-parents=0", "HEAD")
    body = {"repository": NAME, "commits": [known]}
    # Subject and paths are the code's: for who may read that, or has a key for this one repository.
    key = {"name": "bound", "scopes": ["ingest"], "sources": [f"agent:{NAME}"]}
    with made.world.as_token(made.owner.post("/v1/admin/keys", json=key).json()["token"]) as bound:
        for client, reads in (
            (made.owner, True), (bound, True),
            (made.world.client("developer"), False), (made.world.client("key:ingest"), False),
        ):  # fmt: skip
            answer = client.post("/v1/policies/verify", json=body)
            assert answer.status_code == 200
            (judged,) = answer.json()["judged"]
            assert (judged["oid"], bool(judged["subject"]), bool(judged["paths"])) == (known, reads, reads)
    assert made.world.client("auditor").post("/v1/policies/verify", json=body).status_code == 403
    bad: tuple[dict[str, Any], ...] = (
        {"commits": []}, {"updates": [{"new": known}]}, {"commits": ["abc"]}, {"commits": [ZERO[:39]]},
        {"without": [known]}, {"x": 1},
    )  # fmt: skip
    for wrong in bad:
        assert made.owner.post("/v1/policies/verify", json=body | wrong).status_code == 422, wrong
    begun = {"repository": NAME, "updates": [{"new": known, "old": "7" * 40}]}
    assert made.owner.post("/v1/policies/verify", json=begun).status_code == 409
    # What could not be decided says about which commits it was asked.
    lacking = {"repository": NAME, "commits": [known, "7" * 40]}
    assert made.owner.post("/v1/policies/verify", json=lacking).status_code == 409
    assert (made.decided()["commits"], made.decided()["blocked"]) == ([known, "7" * 40], True)


def test_many_objects_are_looked_up_in_one_call_of_git(made: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    known, tree = made.git("rev-list", "--max-parents=0", "HEAD"), made.git("rev-parse", "HEAD^{tree}")
    calls: list[str] = []
    started = subprocess.Popen

    def counted(words: Any, *more: Any, **named: Any) -> Any:
        calls.append(str(words[0]))
        return started(words, *more, **named)

    monkeypatch.setattr(subprocess, "Popen", counted)

    def asked(without: list[str], code: int) -> int:
        calls.clear()
        body = {"repository": NAME, "updates": [{"new": known}], "without": without}
        assert made.owner.post("/v1/policies/verify", json=body).status_code == code
        return calls.count("git")

    assert asked([known], 200) > 0
    few = asked([known], 200)
    assert asked([known] * 100, 200) == few
    assert asked([known] * 99 + ["7" * 40], 409) <= few
    assert asked([tree], 409) <= few
    assert asked([known] * 101, 422) == 0
    many = {"repository": NAME, "updates": [{"new": known}] * 101}
    assert made.owner.post("/v1/policies/verify", json=many).status_code == 422
