"""A repository with two pushes that policies judged, whose results are known beforehand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

BUSY = 503
REPOSITORY = "example.org/ann/paid"
SESSION = "s-judged-1"
TRACED, PAYMENTS = "judged-traced", "judged-payments"
DOCUMENT = f"""version = 1

[[policy]]
name = "{TRACED}"
type = "trace_completeness"
repositories = ["{REPOSITORY}"]

[[policy]]
name = "{PAYMENTS}"
type = "sensitive_path"
patterns = ["src/payments/"]
action = "warn"
severity = "high"
repositories = ["{REPOSITORY}"]
"""


@dataclass(frozen=True)
class Judged:
    """What was pushed, and what came of it."""

    repository: str
    """Its id."""
    commits: tuple[str, str]
    blocked: str
    """The decision of the first push: its commit has no session."""
    warned: str
    """That of the second: an agent, whose session is known, wrote a line of payments."""
    policy: str
    """The entry that put the first policy in force."""


def settled(client: httpx.Client, path: str, **said: Any) -> httpx.Response:
    """Ask, again while the index is not there yet: on a busy machine it may be late."""
    for _ in range(120):
        answer = client.post(path, **said)
        if answer.status_code != BUSY:
            break
        time.sleep(0.5)
    return answer


def judged(here: httpx.Client, folder: Path) -> Judged:
    """Make it, for a server's own machine's user."""

    def post(path: str, **said: Any) -> Any:
        return settled(here, path, **said).raise_for_status().json()

    made = Commits(folder / "work")
    made.put("a.py", "a = 1\n")
    first = made.commit()
    texts = ("", "a = 1\nb = 2\n")
    made.put("src/payments/pay.py", texts[1])
    second = made.commit()
    repository = post("/v1/code/repositories", json={"name": REPOSITORY})["id"]
    with (folder / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    content = (folder / "bundle").read_bytes()
    here.post(f"/v1/code/repositories/{repository}/bundles", content=content).raise_for_status()
    send_edit(here, REPOSITORY, second, "src/payments/pay.py", texts, session=SESSION, call="01JUDGED")
    policies = post("/v1/policies", json={"text": DOCUMENT})["policies"]

    def push(old: str, new: str) -> str:
        update = {"ref": "refs/heads/main", "old": old, "new": new}
        asked = {"repository": REPOSITORY, "updates": [update], "gate": "pre-receive"}
        return str(post("/v1/policies/check", json=asked)["decision"])

    return Judged(
        repository, (first, second), push("", first), push(first, second),
        next(one["entry"] for one in policies if one["name"] == TRACED),
    )  # fmt: skip
