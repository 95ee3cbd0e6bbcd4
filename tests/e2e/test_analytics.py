"""Sums over sessions and commits as people ask for them: known beforehand, told apart, with what is behind each."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from support.attributing.commits import Commits
from support.attributing.sent import send_edit
from support.inside import inside
from support.planted import AUTHOR, FIRST, OPUS, REPOSITORY, SECOND, SONNET, transcripts
from support.world import world_in
from vestige.capture.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from support.world import World

START = datetime(2026, 3, 4, 9, tzinfo=UTC)  # a Wednesday
BY = "day;week;model;author;agent;repository;witnesses;tool;server;program;model,day"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("analytics")) as made:
        for name, content in transcripts(START).items():
            headers = {"X-Source-Id": f"agent:{REPOSITORY}", "X-Filename": name}
            made.client("owner").post("/v1/ingest/raw", content=content, headers=headers).raise_for_status()
        yield made


@pytest.fixture(scope="module")
def client(world: World) -> httpx.Client:
    return world.client("owner")


@pytest.fixture(scope="module")
def stats(client: httpx.Client) -> Callable[..., dict[str, Any]]:
    def ask(by: str = BY, **params: str) -> dict[str, Any]:
        answer = client.get("/v1/agents/stats", params={"by": by, **params})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return ask


def table(found: dict[str, Any], *by: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of one table by what they are of."""
    (rows,) = [one["rows"] for one in (found, *found.get("tables", ())) if one["by"] == list(by)]
    return {tuple(row[name] for name in by): row for row in rows}


def test_totals_are_what_was_planted(stats: Callable[..., dict[str, Any]]) -> None:
    total = stats()["total"]
    counts = ("sessions", "prompts", "tool_calls", "edits", "commands", "denials")
    assert {name: total[name] for name in counts} == {
        "sessions": 2, "prompts": 2, "tool_calls": 3, "edits": 1, "commands": 1, "denials": 0,
    }  # fmt: skip
    tokens = {name: count for name, count in total["tokens"].items() if count}
    assert tokens == {"input": 8, "output": 400, "cache_read": 40_000, "answers": 4}
    opus, sonnet = 3 * Decimal("0.00751"), Decimal("0.004506")
    assert Decimal(total["cost"]["usd"]) == opus + sonnet
    # Each at its own model's price: 4.50 dollars a million for one, 2.70 for the other.
    assert {name: Decimal(amount) for name, amount in total["cache"].items()} == {
        "gross_usd": Decimal("0.162"), "extra_usd": 0, "net_usd": Decimal("0.162"),
    }  # fmt: skip
    assert total["length"] == {"sessions": 2, "seconds": 70.0, "median": 35.0, "longest": 50.0}
    covered = total["coverage"]
    assert (covered["several"], covered["one"], covered["calls"], covered["compared"]) == (1, 1, 3, 2)
    assert (covered["by_all"], covered["share"], covered["by"]) == (1, 0.5, {"telemetry": 1, "transcript": 3})


def test_each_is_told_apart_by_all_there_is(stats: Callable[..., dict[str, Any]]) -> None:
    found = stats()
    days = {keys[0]: row["tokens"]["answers"] for keys, row in table(found, "day").items()}
    assert days == {"2026-03-04": 3, "2026-03-11": 1}
    weeks = table(found, "week")
    assert {keys[0]: row["tokens"]["answers"] for keys, row in weeks.items()} == {"2026-03-02": 3, "2026-03-09": 1}
    week = weeks["2026-03-02",]
    assert (week["start"], week["end"]) == ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z")
    models = table(found, "model")
    assert {keys[0]: (row["tool_calls"], row["cost"]["usd"]) for keys, row in models.items()} == {
        OPUS: (2, "0.02253"), SONNET: (1, "0.004506"),
    }  # fmt: skip
    # Nobody says whose the second is: that stays unknown.
    assert {keys[0]: row["session_ids"] for keys, row in table(found, "author").items()} == {
        AUTHOR: [FIRST], "": [SECOND],
    }  # fmt: skip
    assert set(table(found, "repository")) == {(REPOSITORY,)}
    assert set(table(found, "witnesses")) == {("transcript and telemetry",), ("transcript",)}
    assert {keys[0] for keys in table(found, "tool")} == {"Edit", "Bash", "mcp__db__query"}
    assert {keys[0]: row["tool_calls"] for keys, row in table(found, "server").items()} == {"db": 1}
    programs = table(found, "program")
    assert {keys[0]: row["commands"] for keys, row in programs.items()} == {"git": 1, "npm": 1}
    assert "tokens" not in programs["git",]
    assert set(table(found, "model", "day")) == {(OPUS, "2026-03-04"), (SONNET, "2026-03-11")}


def test_each_row_leads_to_the_entries_behind_it(stats: Callable[..., dict[str, Any]], client: httpx.Client) -> None:
    found = stats()

    def events(query: str) -> list[dict[str, Any]]:
        answer = client.get("/v1/search", params={"q": query, "limit": 100})
        assert answer.status_code == 200, (query, answer.text)
        rows: list[dict[str, Any]] = answer.json()["events"]
        return rows

    for one in (found, *found["tables"]):
        for row in one["rows"]:
            behind = events(row["query"])
            assert {event["session"] for event in behind} == set(row["session_ids"]), row
    usage = events(table(found, "model")[OPUS,]["query"])
    assert {(event["event_type"], event["object"]["id"]) for event in usage} == {("agent.usage", OPUS)}
    (server,) = table(found, "server").values()
    assert {event["action"] for event in events(server["query"])} == {"mcp__db__query"}
    (shown,) = server["evidence"]
    assert client.get(f"/v1/events/{shown}").json()["session"] == SECOND


def test_the_command_line_says_the_same(world: World, stats: Callable[..., dict[str, Any]]) -> None:
    with inside(world) as vestige:
        assert vestige.json("agent", "stats", "--by", "model;tool", "--author", AUTHOR) == stats(
            "model;tool", author=AUTHOR
        )
        text = vestige.ok("agent", "stats", "--by", "author;program").decode()
        assert re.search(rf"1 sessions +1 prompts +2 calls \(0 denied\) +30,306 tokens +\$0.0225 +{AUTHOR}", text)
        assert re.search(r"10,102 tokens +\$0.0045 +\(unknown\)", text)
        assert re.search(r"1 sessions +1 calls \(0 denied\)  npm\n", text)
        assert "caches saved: $0.1620 by reading, less $0.0000 for writing, is $0.1620\n" in text
        assert "0 commits         0 lines  no line" in vestige.ok("agent", "stats", "--lines").decode()
        code, _, error = vestige.run("agent", "stats", "--lines", "--by", "model")
        assert code
        assert "repository, author, day, week" in error


def test_filters_leave_out_what_is_not_asked_for(stats: Callable[..., dict[str, Any]], client: httpx.Client) -> None:
    def sums(**params: str) -> tuple[int, int]:
        total = stats("agent", **params)["total"]
        return total["sessions"], total["tokens"]["answers"]

    assert sums(author=AUTHOR) == sums(model=OPUS) == sums(end="2026-03-05") == (1, 3)
    assert sums(model=SONNET) == sums(start="2026-03-05") == (1, 1)
    assert sums(repository=REPOSITORY) == sums(agent="claude-code") == (2, 4)
    assert sums(author="bob@example.org") == sums(start="2027-01-01") == (0, 0)
    # A day in the middle of a session takes only what lies in it; its length stays its own.
    part = stats("agent", start="2026-03-04T09:00:35Z", end="2026-03-05")["total"]
    assert (part["tokens"]["answers"], part["prompts"], part["length"]["longest"]) == (1, 0, 50.0)
    for by in ("colour", "", "day;", ";".join(["day"] * 13)):
        refused = client.get("/v1/agents/stats", params={"by": by})
        assert refused.status_code in {400, 422}, by
        assert "application/problem+json" in refused.headers["content-type"]


def test_what_is_bounded_is_taken_up_to_its_bound_and_says_what_is_left(
    client: httpx.Client, stats: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(stats(";".join(["day"] * 12), start="2000-01-01")["tables"]) == 11
    monkeypatch.setattr("vestige.app.session_sums.MOST_ROWS", 2)
    found = stats("tool;model", start="2000-01-02")
    assert ([row["tool"] for row in found["rows"]], found["left_out"]) == (["Bash", "Edit"], 1)
    assert "left_out" not in found["tables"][0]
    monkeypatch.setattr("vestige.app.sessions.MOST_SUMMED", 2)
    assert stats("agent", start="2000-01-03")["total"]["sessions"] == 2
    monkeypatch.setattr("vestige.app.sessions.MOST_SUMMED", 1)
    refused = client.get("/v1/agents/stats", params={"start": "2000-01-04"})
    assert refused.status_code in {400, 422}
    assert "ask from 2" in refused.json()["hint"]


def test_a_model_without_a_price_saves_nobody_knows_how_much(client: httpx.Client) -> None:
    text = transcripts(START)["planted-2.jsonl"].replace(SECOND.encode(), b"s-odd").replace(b"p_4", b"p_9")
    text = text.replace(SONNET.encode(), b"claude-nobody-9").replace(b"use_4", b"use_9")
    headers = {"X-Source-Id": "agent:example.org/odd", "X-Filename": "odd.jsonl"}
    client.post("/v1/ingest/raw", content=text, headers=headers).raise_for_status()
    params = {"by": "model", "repository": "example.org/odd"}
    total = client.get("/v1/agents/stats", params=params).raise_for_status().json()["total"]
    assert total["tokens"]["cache_read"] == 10_000
    assert (total["cost"]["usd"], total["cost"]["priced_usd"]) == (None, "0")
    assert total["cache"] == {"gross_usd": None, "extra_usd": None, "net_usd": None}


def test_lines_are_summed_and_not_their_percentages(
    world: World, client: httpx.Client, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Commits(tmp_path / "work")
    made.put("a.py", "".join(f"line {number}\n" for number in range(8)))
    first = made.commit()
    made.put("a.py", "".join(f"line {number}\n" for number in range(10)))
    second = made.commit()
    repository = client.post("/v1/code/repositories", json={"name": "example.org/lines"}).json()["id"]
    with (tmp_path / "bundle").open("wb") as out:
        pack(made.folder, (), out)
    content = (tmp_path / "bundle").read_bytes()
    client.post(f"/v1/code/repositories/{repository}/bundles", content=content).raise_for_status()

    def ask(**params: str) -> dict[str, Any]:
        answer = client.get("/v1/agents/lines", params={"repository": "example.org/lines", **params})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    unsealed = ask()["total"]
    assert (unsealed["commits"], unsealed["unsealed"], unsealed["lines"], unsealed["ai_share"]) == (2, 2, 0, None)
    texts = tuple("".join(f"line {number}\n" for number in range(count)) for count in (8, 10))
    send_edit(client, "example.org/lines", second, "a.py", (texts[0], texts[1]), session="s-lines", call="01LINES")
    client.post("/v1/agents/seals", json={}).raise_for_status()
    total = ask()["total"]
    # 0 % of eight lines and 100 % of two are 20 % of ten, and no 50 %.
    assert (total["commits"], total["unsealed"], total["lines"], total["ai_share"]) == (2, 0, 10, 0.2)
    assert total["classes"] == {"ai": 2, "human": 0, "mixed": 0, "unknown": 8}
    assert (total["added"], total["grades"], total["known_share"]) == (
        {"ai:observed": 2, "unknown": 8},
        {"observed": 2},
        0.2,
    )
    assert [one["commit"] for one in total["seals"]] == [second, first]
    for one in total["seals"]:
        sealed = json.loads(client.get(f"/v1/events/{one['seal']}/raw").raise_for_status().content)
        assert sealed["commit"] == one["commit"]
    (row,) = ask(by="author")["rows"]
    assert ask(author=row["author"])["total"]["lines"] == 10
    assert ask(author="nobody@example.org")["total"]["commits"] == 0
    assert ask(agent="claude-code")["total"]["lines"] == 2
    assert ask(start="2100-01-01")["total"]["commits"] == 0
    assert client.get("/v1/agents/lines", params={"by": "model"}).status_code in {400, 422}
    monkeypatch.setattr("vestige.app.line_sums.MOST_COMMITS", 2)
    assert "commits_left_out" not in ask()
    monkeypatch.setattr("vestige.app.line_sums.MOST_COMMITS", 1)
    newest = ask()
    assert (newest["total"]["commits"], newest["commits_left_out"]) == (1, 1)
    with inside(world) as vestige:
        assert b"\n1 older commits are not among them\n" in vestige.ok("agent", "stats", "--lines")
