"""Requests made from the OpenAPI document, valid and broken, against a running server (schemathesis).

No answer is a server error, every answer has a documented status, media type and shape, every error of ours is a
problem document with a code, a method that is none of a path's is refused with ``Allow``, and nothing is answered
without its credential.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.program import environment, serving

WHOLE = int(os.environ.get("VESTIGE_TEST_API_EXAMPLES", "0"))
"""Examples of each operation in a whole campaign, which goes through every value its schemas name as well."""
SAMPLE = 2
SEED = os.environ.get("VESTIGE_TEST_API_SEED", "1")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
SUPPORT = Path(__file__).resolve().parents[1]
SCAN = "01JAR1Z5E8D3XK3R5V3G7Z2Q4A"
EVENTS = [
    {"timestamp": "2025-11-01T10:00:00Z", "category": "scan.completed", "event_id": SCAN, "details": {"findings": 1}},
    {"timestamp": "2025-11-01T10:01:00Z", "category": "ack", "refs": SCAN, "details": {}},
    {"timestamp": "2025-11-01T10:02:00Z", "category": "redaction_notice", "supersedes": SCAN, "details": {}},
]
PLAIN = {"event_type": "auth.login", "occurred_at": "2025-11-01T10:00:00Z", "actor": "alice", "session": "s"}


@pytest.mark.campaign
def test_the_interface_keeps_to_its_own_document(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:
            ids = [one["id"] for one in client.post("/timeline/events", json=EVENTS).json()["results"]]
            ids += [one["id"] for one in client.post("/v1/ingest/events", json=[PLAIN]).json()["results"]]
            view = client.post("/v1/views", json={"name": "all"}).json()["id"]
            entity = client.get("/v1/entities").json()["entities"][0]["id"]
            sources = [one["id"] for one in client.get("/v1/sources").json()["sources"]]
            named = [{"name": f"made {n}", "scopes": ["read"]} for n in range(4)]
            keys = [client.post("/v1/admin/keys", json=one).json()["id"] for one in named]
            people = [f"p{n}@example.org" for n in range(4)]
            for email in people:
                client.post("/v1/people", json={"email": email, "role": "auditor"}).raise_for_status()
                client.post("/v1/people/requests", json={"email": f"a{email}"}).raise_for_status()
            asks = [one["id"] for one in client.get("/v1/people/requests").json()["requests"]]
            patterns = [one["name"] for one in client.get("/v1/sequences").json()["patterns"]]
        known = {
            "key": keys,
            "person": people,
            "request_id": asks,
            "name": patterns[:4],
            "version": ["1"],
            "event_id": [*ids, SCAN],
            "entry": ids,
            "view": [view, "all"],
            "entity_id": [entity],
            "source": sources,
            "tenant": ["default"],
            "kind": ["scan.completed"],
            "path": ["0/000.p/1", "entries/000.p/1"],
        }
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/v1/openapi.json"),
                *(
                    "--checks",
                    ",".join(CHECKS),
                    "--phases",
                    "examples,coverage,fuzzing" if WHOLE else "examples,fuzzing",
                ),
                *("--max-examples", str(WHOLE or SAMPLE), "--seed", SEED, "--request-timeout", "60", "--no-color"),
                *("-H", f"Authorization: Bearer {running.token}"),
            ],
            env=environment(
                SCHEMATHESIS_HOOKS="support.api_hooks", PYTHONPATH=str(SUPPORT), VESTIGE_TEST_IDS=json.dumps(known)
            ),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=5400,
        )
    told = done.stdout[-20_000:] + done.stderr[-2_000:]
    assert done.returncode == 0, told
    found = re.search(r"(\d+) generated, (\d+) passed", told)
    assert found is not None, told
    print(f"\n{found[1]} requests, {found[2]} as documented")
    assert int(found[2]) > (3000 if WHOLE else 200)
