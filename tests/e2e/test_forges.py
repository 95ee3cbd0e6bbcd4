"""What a forge tells of a branch that it squashed: whose the lines are, and who approved them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.gate import NAME, Team, team

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "shared with a forge"  # noqa: S105 - made up
BASE = "".join(f"line_{number}()\n" for number in range(20))
REVIEWED = {"name": "reviewed", "type": "human_review_required", "sources": ["github.webhook"]}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(tmp_path_factory.mktemp("forges"), webhook_github_secret=SECRET) as one:
        yield one


def tell(made: Team, **told: Any) -> str:
    """A signed delivery of GitHub's; its entry."""
    body = json.dumps({"repository": {"full_name": "team/shop"}, "sender": {"login": "bob", "type": "User"}} | told)
    mac = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "x", "X-GitHub-Delivery": f"d-{next(NUMBERS)}", "X-Hub-Signature-256": f"sha256={mac}"}
    answer = httpx.post(f"{made.world.url}/v1/webhooks/github", content=body, headers=headers, timeout=60)
    (one,) = answer.json()["results"]
    assert one["status"] == "accepted"
    return str(one["id"])


def imported(made: Team, who: str, **told: Any) -> None:
    """The same as a file that somebody brings, unsigned, under the name such a file has by itself."""
    body = json.dumps({"repository": {"full_name": "team/shop"}, "sender": {"login": "bob", "type": "User"}} | told)
    headers = {"X-Filename": f"d-{next(NUMBERS)}.json"}
    answer = made.world.client(who).post("/v1/ingest/raw", content=f"{body}\n", headers=headers)
    report = json.loads(answer.text.splitlines()[-1])["report"]
    assert (report["records"], report["formats"]) == (1, {"github_webhook": 1}), report


def settled(made: Team) -> None:
    """Wait for the index, however busy the machine is."""
    assert made.world.installation.rooms_of_slug(None).projector.wait(made.world.head, 120.0) == 0


def brought(made: Team) -> None:
    made.ann.vestige(made.work, "code", "push", "--token", made.owner.headers["Authorization"].split()[1])


def line(made: Team, commit: str, number: int) -> tuple[str, str, str]:
    settled(made)
    body = {"repository": NAME, "file": "app.py", "line": number, "rev": commit}
    told = made.owner.post("/v1/assistant/explain-line", json=body).json()
    return told["class"], told["grade"], told["session"]


def judged(made: Team, commit: str) -> str:
    settled(made)
    answer = made.owner.post("/v1/assistant/policy-dry-run", json={"repository": NAME, "head": commit})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["results"]
    return str(one["result"])


def test_a_squash_is_carried_once_a_forge_tells_of_it_and_its_review_counts_for_it(made: Team) -> None:
    made.commit("app.py", BASE)
    base = made.git("rev-parse", "HEAD")
    made.git("checkout", "-q", "-b", "side")
    agents, session = made.agent("app.py", BASE.replace("line_5()\n", "line_5()\nagents_one()\n"))
    head = made.commit("by_hand.py", "y = 2\n")
    # What the forge makes of it changes something else than the branch: upstream went on, and somebody settled it.
    made.git("checkout", "-q", "-b", "trunk", base)
    made.commit("app.py", BASE.replace("line_5()\n", "upstream_five()\n"))
    (made.work / "by_hand.py").write_text("y = 2\n")
    squash = made.commit("app.py", BASE.replace("line_5()\n", "upstream_five()\nagents_one()\n"))
    brought(made)
    made.policies(REVIEWED)
    assert line(made, agents, 7) == ("ai", "observed", session)
    assert line(made, squash, 7) == ("unknown", "", "")
    pull = {"number": 1, "id": 1, "title": "Pay", "head": {"sha": head}, "merged": False, "merge_commit_sha": None}
    tell(made, action="opened", pull_request=pull)
    review = {"state": "approved", "commit_id": head, "submitted_at": "2026-03-02T11:00:00Z"}
    tell(made, action="submitted", review={**review, "commit_id": agents}, pull_request=pull)
    # Closed without being merged says nothing of any commit.
    tell(made, action="closed", pull_request={**pull, "merge_commit_sha": squash})
    assert line(made, squash, 7) == ("unknown", "", "")
    # What is said of a merge and a review in a file, which anybody may bring, is kept under another name.
    for who in ("owner", "developer", "key:ingest"):
        done = {"merged": True, "merge_commit_sha": squash, "updated_at": "2026-03-02T11:30:00Z"}
        imported(made, who, action="closed", pull_request=pull | done, by=who)
        imported(made, who, action="submitted", review=review, pull_request=pull, by=who)
    assert line(made, squash, 7) == ("unknown", "", "")
    assert judged(made, head) == "fail"
    found = made.owner.get("/v1/search", params={"q": 'source:"file:github.webhook"'}).json()["events"]
    assert sorted({one["action"] for one in found}) == ["pull_request.merged", "review.submitted"]
    merged = tell(made, action="closed", pull_request={**pull, "merged": True, "merge_commit_sha": squash})
    assert line(made, squash, 7) == ("ai", "carried", session)
    assert [line(made, squash, number)[0] for number in (1, 6)] == ["unknown", "unknown"]
    # What was approved is what was looked at: an earlier commit of the branch is not its end.
    assert judged(made, squash) == "fail"
    tell(made, action="submitted", review=review, pull_request=pull)
    assert judged(made, squash) == "pass"
    tell(made, action="dismissed", review={**review, "state": "dismissed"}, pull_request=pull)
    assert judged(made, squash) == "fail"
    made.owner.post("/v1/agents/seals", json={}).raise_for_status()
    told = made.owner.post("/v1/assistant/verify-commit", json={"commit": squash}).json()
    assert (told["verdict"], told["sessions"]) == ("verified", [session])
    assert merged in json.dumps(made.owner.get(f"/v1/events/{told['seal']}").json())


def test_another_repositorys_forge_says_nothing_of_this_one(made: Team) -> None:
    made.git("checkout", "-q", "-B", "other", "main")
    _, session = made.agent("app.py", f"{BASE}agents_own()\n")
    head = made.commit("by_hand.py", "z = 3\n")
    made.git("checkout", "-q", "-B", "target", "main")
    made.commit("c.txt", "c\n")
    (made.work / "by_hand.py").write_text("z = 3\n")
    squash = made.commit("app.py", f"on_top()\n{BASE}agents_own()\n")
    brought(made)
    pull = {"number": 2, "head": {"sha": head}, "merged": True, "merge_commit_sha": squash}
    tell(made, action="closed", pull_request=pull, repository={"full_name": "team/shopping"})
    assert line(made, squash, 22)[0] == "unknown"
    tell(made, action="closed", pull_request=pull, repository={"full_name": "Team/Shop"})
    assert line(made, squash, 22) == ("ai", "carried", session)
