"""The commands in the README and the guide of the two products whose interfaces this one answers for, run by a shell.

Only the host, the token, the name of the command and their placeholders for a digest and a trace are others; the tenant
is called as theirs is. What each promises is held.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.program import Vestige, environment, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.program import Running

SEND = """curl -X POST http://localhost:8080/v1/ingest/events \\
  -H "Authorization: Bearer dev-token" \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_type": "auth.login",
    "occurred_at": "2026-04-09T12:00:00Z",
    "actor": {"id": "alice"},
    "network": {"src_ip": "203.0.113.10"}
  }'"""
LISTS = {
    "scan.completed": "stella timeline list --tenant acme --category scan.completed --subject sha256:abc... --limit 5",
    "policy.verdict": "stella timeline list --tenant acme --category policy.verdict --trace-id <trace>",
    "notify.sent": "stella timeline list --tenant acme --category notify.sent --trace-id <trace>",
}
EXPORT = """curl -H "X-Stella-Tenant: acme" \\
  "https://console.example/api/v1/timeline/export?from=2025-11-01T00:00:00Z&to=2025-11-02T00:00:00Z" \\
  -o timeline-2025-11-01.ndjson"""
DIGEST = "sha256:" + "ab" * 32
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def event(minute: int, category: str, **fields: Any) -> dict[str, Any]:
    day = fields.pop("day", "2025-11-01")
    return {"timestamp": f"{day}T10:{minute:02}:00Z", "category": category, "trace_id": TRACE, "details": {}} | fields


FLOW = [
    event(1, "scan.completed", subject=DIGEST, details={"findings": 2}),
    event(2, "policy.verdict", subject=DIGEST, details={"decision": "allow"}),
    event(3, "notify.sent", details={"channel": "#ops"}),
    # None of these is asked for: another digest, another trace, another day.
    event(4, "scan.completed", subject="sha256:" + "cd" * 32, details={"findings": 0}),
    event(5, "policy.verdict", trace_id="another", details={"decision": "deny"}),
    event(6, "scan.completed", subject=DIGEST, day="2025-11-02", details={"findings": 9}),
]


class Acme:
    """A running installation with a tenant of that name, and a shell beside it."""

    def __init__(self, running: Running, token: str, folder: Path) -> None:
        self.running = running
        self.token = token
        self.folder = folder

    def shell(self, command: str, **env: str) -> str:
        """Run a command as it is typed; what it prints."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self.folder,
            env=environment(PATH=path, **env),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(self.running.url + path, params=params, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    folder = tmp_path_factory.mktemp("theirs")
    with serving(folder / "data") as running:
        token = Vestige(folder / "data").json("tenant", "new", "acme")["token"]
        made = Acme(running, token, folder)
        headers = {"Authorization": f"Bearer {token}"}
        httpx.post(f"{running.url}/timeline/events", json=FLOW, headers=headers).raise_for_status()
        yield made


def test_the_event_of_the_readme_is_taken_and_stands_on_the_timeline_at_once(acme: Acme) -> None:
    told = acme.shell(SEND.replace("http://localhost:8080", acme.running.url).replace("dev-token", acme.token))
    answer = json.loads(told)
    assert (answer["accepted"], answer["results"][0]["status"]) == (1, "accepted")
    (found,) = acme.get("/v1/timeline", event_types="auth.login").json()["events"]
    assert found["id"] == answer["results"][0]["id"]
    assert (found["occurred_at"], found["actor"]["id"]) == ("2026-04-09T12:00:00Z", "alice")
    assert found["network"]["src_ip"] == "203.0.113.10"


@pytest.mark.parametrize("kind", LISTS)
def test_the_commands_of_the_guide_list_the_chain_of_a_digest(acme: Acme, kind: str) -> None:
    command = LISTS[kind].replace("sha256:abc...", DIGEST).replace("<trace>", TRACE).replace("stella", "vestige", 1)
    env = {"VESTIGE_SERVER": acme.running.url, "VESTIGE_TOKEN": acme.token}
    shown = acme.shell(command, **env).splitlines()
    listed = [json.loads(line) for line in acme.shell(f"{command} --json", **env).splitlines()]
    days = ["2025-11-02", "2025-11-01"] if kind == "scan.completed" else ["2025-11-01"]
    assert [(one["event_type"], one["occurred_at"][:10]) for one in listed] == [(kind, day) for day in days]
    assert len(shown) == len(days)
    assert all(kind in line for line in shown)


def test_the_export_of_the_guide_writes_the_window_and_nothing_else(acme: Acme) -> None:
    command = EXPORT.replace("https://console.example", acme.running.url)
    assert command.startswith("curl ")
    acme.shell(command.replace("curl ", f'curl -sS -H "Authorization: Bearer {acme.token}" ', 1))
    lines = (acme.folder / "timeline-2025-11-01.ndjson").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["kind"] for one in told] == [one["category"] for one in FLOW[:5]]
    assert {one["timestamp"][:10] for one in told} == {"2025-11-01"}
    assert {one["tenant"] for one in told} == {"acme"}
    # Without a token nothing is given away.
    acme.shell(command.replace("timeline-2025-11-01", "nothing"))
    assert json.loads((acme.folder / "nothing.ndjson").read_text())["code"] == "unauthenticated"
