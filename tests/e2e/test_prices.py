"""A signed price list: who may sign it, what it prices, and what it says beside seals that were made before."""

from __future__ import annotations

import hashlib
import json
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from support.inside import Inside
from support.samples.agents import answered, claude
from vestige.app import Installation, Settings, sessions
from vestige.app import seals as seals_of
from vestige.app.seals import _positions
from vestige.app.sessions import Then

if TYPE_CHECKING:
    from pathlib import Path

LIST = """version = 1
name = "acme"

[[price]]
model = "claude-opus-*"
from = {start}
input = "1"
output = "{output}"
cache_read = "0"
cache_write_5m = "0"
cache_write_1h = "0"
"""
BASE = "genai-prices 0.2.3"


def session(name: str, day: str) -> bytes:
    """One answer of 2 tokens in and 100 out, beside those of caches."""
    message = answered(f"msg_{name}", {"type": "text", "text": "x"})
    record = claude("assistant", 1, message=message, sessionId=name, timestamp=f"{day}T09:00:00Z", uuid=f"u-{name}")
    return json.dumps(record).encode() + b"\n"


def test_three_lines_of_one_message_count_and_cost_what_one_does(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 100, "cache_read_input_tokens": 5000,
             "cache_creation_input_tokens": 200}  # fmt: skip
    message = {**answered("m", {"type": "text", "text": "x"}, **usage), "model": "claude-sonnet-4-5-20250929"}
    lines = [json.dumps(claude("assistant", number, message=message)) for number in (1, 2, 3)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines) + "\n")
    vestige = Inside(tmp_path / "data")
    assert vestige.json("import", str(tmp_path / "s.jsonl"))["parsed"] == 3
    found = vestige.json("agent", "show", "5f0c")
    counts = {name: count for name, count in found["tokens"].items() if count}
    assert counts == {"input": 10, "output": 100, "cache_read": 5000, "cache_write_5m": 200, "answers": 1}
    assert Decimal(found["cost"]["usd"]) == Decimal("0.00378")


def make_key(path: Path) -> Path:
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Inside, Path]:
    """Two sessions, of before and after the list begins, sealed before there is one."""
    folder = tmp_path_factory.mktemp("prices")
    (folder / "in").mkdir()
    for name, day in (("early", "2026-03-01"), ("late", "2026-05-01")):
        (folder / "in" / f"{name}.jsonl").write_bytes(session(name, day))
    vestige = Inside(folder / "data")
    vestige.json("import", str(folder / "in"))
    assert len(vestige.json("agent", "seal")["sealed"]) == 2
    make_key(folder / "key.pem")
    return vestige, folder


def signed(vestige: Inside, folder: Path, text: str, name: str, key: str = "key.pem") -> tuple[Path, str]:
    """The signed list, and the key to name."""
    (folder / f"{name}.toml").write_text(text)
    note = folder / f"{name}.signed"
    code, _, said = vestige.run(
        "price", "sign", str(folder / f"{name}.toml"), "--key", str(folder / key), "--name", "fin.example.org",
        "-o", str(note),
    )  # fmt: skip
    assert code == 0, said
    return note, said.split("signed by ")[1].split(";")[0]


def test_seals_are_worked_out_alike_however_many_at_once(
    priced: tuple[Inside, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Installation.open(Settings(data=priced[1] / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        seals = [seal for known in rooms.seals._caught_up().values() for seal in known]
        asked = [Then(seal.session, set(_positions(seal)), seal.position) for seal in seals]
        found = []
        for many in (1, 2, 250):
            monkeypatch.setattr(sessions, "THEN", many)
            found.append([(one.tokens, one.cost.amount) for one in rooms.sessions.figures_then(asked) if one])
        assert len(found[0]) == len(asked) == 2
        assert found[0] == found[1] == found[2]
        monkeypatch.setattr(sessions, "_TOGETHER", 1)
        monkeypatch.setattr(seals_of, "_A_PART", 1)
        assert rooms.seals.verify()["ok"]
        assert [(one.tokens, one.cost.amount) for one in rooms.sessions.figures_then(asked) if one] == found[0]
        gone = asked[0]._replace(positions={*asked[0].positions, 10**9})
        assert [one is None for one in rooms.sessions.figures_then([asked[0], gone, asked[1]])] == [False, True, False]
        broken = seals[0]._replace(body=seals[0].body | {"ranges": "none"})
        told = list(rooms.seals._then([seals[0], broken, seals[1]]))
        assert [one is None for _, one in told] == [False, True, False]


def test_a_signed_list_prices_and_amends_what_was_sealed(priced: tuple[Inside, Path]) -> None:
    vestige, folder = priced
    text = LIST.format(start="2026-04-01", output="10")
    note, key = signed(vestige, folder, text, "first")
    # The key is nobody's yet.
    code, _, said = vestige.run("price", "apply", str(note))
    assert code == 1
    assert "known key" in said
    assert vestige.json("price", "key", key) == {"key": key, "trusted": True, "new": True}
    assert vestige.json("price", "key", key)["new"] is False
    before = {one["id"]: one for one in vestige.lines("agent", "sessions")}
    found = vestige.json("price", "apply", str(note))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert (found["name"], found["sha256"], found["keys"], found["new"]) == ("acme", digest, [key], True)
    # One seal is of a session that the list prices otherwise; the other's day lies before it.
    assert (found["amended"], found["withheld"]) == (1, 0)
    after = {one["id"]: one for one in vestige.lines("agent", "sessions")}
    assert after["early"]["cost"] == before["early"]["cost"]
    assert after["early"]["cost"]["prices"] == BASE
    own = after["late"]["cost"]
    assert (Decimal(own["usd"]), own["prices"]) == (Decimal("0.001002"), f"{BASE}; acme sha256:{digest}")
    (amendment,) = vestige.json("agent", "show", "late")["seal"]["amendments"]
    was = before["late"]["cost"]
    assert (Decimal(amendment["before"]["cost_usd"]), amendment["before"]["prices"]) == (Decimal(was["usd"]), BASE)
    assert (amendment["after"]["cost_usd"], amendment["after"]["prices"]) == ("0.001002", own["prices"])
    assert "amendments" not in vestige.json("agent", "show", "early")["seal"]
    shown = vestige.ok("agent", "show", "late").decode()
    assert f"amended by {amendment['id']}: ${amendment['before']['cost_usd']} became $0.001002" in shown
    told = vestige.json("show", amendment["id"])
    assert told["event_type"] == "vestige.amendment"
    # What the seal itself says is as it was.
    assert Decimal(vestige.json("agent", "show", "late")["seal"]["cost_usd"]) == Decimal(was["usd"])

    # The same again adds nothing.
    size = vestige.json("ledger", "verify")["size"]
    again = vestige.json("price", "apply", str(note))
    assert (again["new"], again["amended"], vestige.json("ledger", "verify")["size"]) == (False, 0, size)
    told = vestige.json("agent", "seal", "--verify")
    assert (told["ok"], told["seals"], told["differ"]) == (True, 2, [])

    go_on(vestige, folder, key, was)


def go_on(vestige: Inside, folder: Path, key: str, was: dict[str, Any]) -> None:
    """Another price under the same name is an amendment that goes on from the first; and so is the end of both."""
    second, _ = signed(vestige, folder, LIST.format(start="2026-04-01", output="20"), "second")
    assert vestige.json("price", "apply", str(second))["amended"] == 1
    amendments = vestige.json("agent", "show", "late")["seal"]["amendments"]
    assert [one["after"]["cost_usd"] for one in amendments] == ["0.001002", "0.002002"]
    assert amendments[1]["before"] == amendments[0]["after"]
    assert vestige.json("agent", "seal", "--verify")["ok"] is True
    listed = vestige.json("price", "list")
    assert [(one["name"], one["prices"][0]["output"]) for one in listed["lists"]] == [("acme", "20")]
    assert (listed["table"], listed["keys"]) == (BASE, [key])

    # A list without prices ends it: back to the table, and that too is said beside the seal.
    ended, _ = signed(vestige, folder, 'version = 1\nname = "acme"\n', "ended")
    assert vestige.json("price", "apply", str(ended))["amended"] == 1
    assert vestige.json("price", "list")["lists"] == []
    found = vestige.json("agent", "show", "late")
    assert found["cost"] == was
    assert Decimal(found["seal"]["amendments"][-1]["after"]["cost_usd"]) == Decimal(was["usd"])
    assert vestige.json("agent", "seal", "--verify")["ok"] is True
    # Each is an act of the ledger.
    acts = [one["action"] for one in vestige.lines("audit", "--action", "price.*")]
    assert sorted(acts) == ["price.applied"] * 3 + ["price.trusted"]


def test_what_is_not_signed_as_it_must_be_is_refused(priced: tuple[Inside, Path]) -> None:
    vestige, folder = priced
    note, key = signed(vestige, folder, LIST.format(start="2026-04-01", output="1").replace("acme", "other"), "good")
    vestige.json("price", "key", key)

    def refused(content: bytes, why: str) -> None:
        (folder / "bad.signed").write_bytes(content)
        code, _, said = vestige.run("price", "apply", str(folder / "bad.signed"))
        assert code != 0
        assert why in said, said

    good = note.read_bytes()
    refused(good.replace(b'output = "1"', b'output = "2"'), "does not verify")
    refused(good.partition(b"\n\n\xe2")[0] + b"\n", "not signed as it must be")
    refused(b"x" * (81 << 10), "too long")
    make_key(folder / "stranger.pem")
    stranger, _ = signed(vestige, folder, LIST.format(start="2026-04-01", output="3"), "stranger", "stranger.pem")
    refused(stranger.read_bytes(), "known key")
    # Two lists of different names that price one model at one time.
    assert vestige.json("price", "apply", str(note))["new"] is True
    overlapping, _ = signed(
        vestige, folder, LIST.format(start="2026-04-01", output="4").replace("acme", "third"), "over"
    )
    refused(overlapping.read_bytes(), "two prices hold for one model at one time")
    # What is no list is not signed in the first place, nor with a key that others may read.
    (folder / "wrong.toml").write_text('version = 1\nname = "x"\n[[price]]\nmodel = "m"\ninput = "-1"\n')
    sign: tuple[Any, ...] = ("price", "sign", str(folder / "wrong.toml"), "--key")
    code, _, said = vestige.run(*sign, str(folder / "key.pem"))
    assert (code, "0 or more" in said) == (1, True)
    (folder / "open.pem").write_bytes((folder / "key.pem").read_bytes())
    (folder / "open.pem").chmod(0o644)
    code, _, said = vestige.run("price", "sign", str(folder / "good.toml"), "--key", str(folder / "open.pem"))
    assert code != 0
    assert "others may read" in said
    # A key that is forgotten signs nothing new; what it signed stays.
    assert vestige.json("price", "key", key, "--forget") == {"key": key, "trusted": False, "new": True}
    changed, _ = signed(vestige, folder, LIST.format(start="2026-04-01", output="9").replace("acme", "other"), "late")
    refused(changed.read_bytes(), "known key")
    assert [one["name"] for one in vestige.json("price", "list")["lists"]] == ["other"]
