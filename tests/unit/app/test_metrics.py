"""What a process counts, read by Prometheus' own parser after real requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.world import client_of, token_of, world_in
from vestige.app.figures import Counter, Histogram
from vestige.app.metrics import _families
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from support.world import World

PARTS = ("bucket", "sum", "count")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("metrics") / "data", limit_receiver_requests=1) as made:
        yield made


def scraped(client: httpx.Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by name and labels; the parser refuses what is no exposition."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def test_requests_are_counted_by_route_and_never_by_path(world: World) -> None:
    owner = world.client("owner")
    before = scraped(owner)
    ids = world.seed()
    for identity in ids:
        assert owner.get(f"/v1/events/{identity}").status_code == 200
    assert owner.get("/v1/events/01KAAAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    assert owner.get("/nowhere/secret-path").status_code == 404
    assert owner.request("PROPFIND", "/v1/search").status_code == 405
    after = scraped(owner)

    def more(name: str, **labels: str) -> float:
        return after.get(key(name, **labels), 0) - before.get(key(name, **labels), 0)

    route = "/v1/events/{event_id}"
    assert more("vestige_http_requests_total", route=route, method="GET", status="2xx") == 4
    assert more("vestige_http_requests_total", route=route, method="GET", status="4xx") == 1
    assert more("vestige_http_requests_total", route="other", method="GET", status="4xx") == 1
    assert more("vestige_http_requests_total", route="/v1/search", method="other", status="4xx") == 1
    assert more("vestige_http_refusals_total", route=route, code="not_found") == 1
    assert more("vestige_http_request_seconds_count", route=route) == 5
    assert more("vestige_http_request_seconds_bucket", route=route, le="+Inf") == 5
    assert 0 < more("vestige_http_request_seconds_sum", route=route) < 5 * 60
    assert more("vestige_taken_records_total", way="declared") == 4
    assert more("vestige_taken_bytes_total", way="declared") > 400
    assert more("vestige_ledger_committed_entries_total") >= 4
    assert more("vestige_ledger_commits_total") >= 1
    assert not [name for name, labels in after if "secret" in str(labels) or ids[0] in str(labels)]


def test_what_is_imported_and_received_is_counted(world: World, tmp_path: Path) -> None:
    owner, here = world.client("owner"), world.client("here")
    before = scraped(owner)
    file = tmp_path / "a.ndjson"
    file.write_text(json.dumps({"event_type": "a.b", "message": "x"}) + "\n" + json.dumps({"event_type": "a.c"}) + "\n")
    for _ in range(2):
        assert here.post("/v1/imports", json={"paths": [str(file)]}).status_code == 200
    event = json.dumps({"event": {"n": 1}})
    sent = owner.post("/services/collector/event", content=event)
    assert sent.status_code == 200, sent.text
    with world.api.state.gates.enter("hec"):
        assert owner.post("/services/collector/event", content=event).status_code == 503
    after = scraped(owner)

    def more(name: str, **labels: str) -> float:
        return after.get(key(name, **labels), 0) - before.get(key(name, **labels), 0)

    assert more("vestige_taken_records_total", way="files") == 2, "the second time they are known"
    assert more("vestige_taken_bytes_total", way="files") >= file.stat().st_size
    assert sum(more(name, **dict(labels)) for name, labels in after if name == "vestige_taken_files_total") >= 1
    assert more("vestige_taken_records_total", way="received") == 1
    assert more("vestige_http_refusals_total", route="/services/collector/event", code="busy") == 1


def test_runs_of_jobs_are_timed(world: World) -> None:
    owner = world.client("owner")
    assert owner.post("/v1/jobs/verify/run").status_code == 200
    after = scraped(owner)
    assert after[key("vestige_job_seconds_count", job="verify", outcome="done")] == 1
    assert after[key("vestige_job_running", job="verify")] == 0


def test_the_process_tells_what_it_is(world: World) -> None:
    found = scraped(world.client("owner"))
    build = next(labels for name, labels in found if name == "vestige_build_info")
    assert dict(build)["database"] == "sqlite"
    assert found[key("process_resident_memory_bytes")] > 10_000_000
    assert found[key("process_open_fds")] > 3
    assert found[key("process_start_time_seconds")] > 1_700_000_000
    assert found[key("vestige_threads")] > 1
    assert found[key("vestige_projector_lag_entries")] >= 0


def test_another_tenant_sees_its_own_figures_alone(world: World) -> None:
    made = world.installation.access.new_tenant("second", Principal("owner"))
    token = token_of(world.installation, world.installation.access.tenant("second").id, role="owner")
    assert made
    with client_of(world.url, token) as client:
        found = scraped(client)
    assert key("vestige_ledger_entries") in found
    assert {name for name, _ in found if name.startswith(("process_", "vestige_http", "vestige_taken"))} == set()
    assert key("vestige_threads") not in found
    assert key("vestige_threads") in scraped(world.client("auditor"))
    assert world.client("developer").get("/metrics").status_code == 403
    with client_of(world.url) as nobody:
        assert nobody.get("/metrics").status_code == 401


def test_a_histogram_has_each_value_in_one_bucket_and_labels_are_escaped() -> None:
    taken, odd = Histogram("h", "Means.", "what", buckets=(1.0, 2.0)), Counter("c_total", "Means.", "what")
    for seconds in (0.5, 1.0, 1.5, 2.5):
        taken.observe(seconds, "a")
    odd.add('quote " slash \\ end\n', count=3)
    lines = [*_families([("h", one) for one in taken.samples()], {"h": (taken.kind, taken.means)})]
    lines += _families([("c_total", one) for one in odd.samples()], {"c_total": (odd.kind, odd.means)})
    families = {one.name: one for one in text_string_to_metric_families("".join(f"{line}\n" for line in lines))}
    assert {one.labels["le"]: one.value for one in families["h"].samples if one.name == "h_bucket"} == {
        "1": 2,
        "2": 3,
        "+Inf": 4,
    }
    assert [(one.labels["what"], one.value) for one in families["c"].samples] == [('quote " slash \\ end\n', 3)]
