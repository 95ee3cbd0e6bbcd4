"""The ledger shown to others by the real program: a witness it serves, an `openssl ts` authority, a git remote."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from support.anchoring import Authority, web
from support.bundles import unzipped
from support.prepared import Prepared
from support.program import Vestige, ended, environment, serving
from vestige.proof import parse_note
from vestige.proof.cosignature import WitnessKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORD = b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:30:00Z","actor":{"id":"bob"}}\n'


@contextlib.contextmanager
def witness(folder: Path, log: str) -> Iterator[tuple[str, str]]:
    """`vestige witness serve`; its address and its key."""
    words = ("--directory", str(folder), "--name", "witness.example/w", "--log", log, "--port", "0")
    process = Prepared(
        [sys.executable, "-m", "vestige", "witness", "serve", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        first = process.stdout.readline().decode().strip()
        assert first.startswith("listening on http://127.0.0.1:"), process.communicate()[1]
        yield first.removeprefix("listening on "), process.stdout.readline().decode().strip()
        ended(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_ledger_is_shown_to_others_and_what_they_say_convinces_a_stranger(tmp_path: Path) -> None:
    data, remote = tmp_path / "data", tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    (tmp_path / "one.jsonl").write_bytes(RECORD)
    (tmp_path / "two.jsonl").write_bytes(RECORD.replace(b"bob", b"ann"))
    vestige = Vestige(data)
    assert vestige.json("import", str(tmp_path / "one.jsonl"))["parsed"] == 1
    assert b"nobody is named" in vestige.run("anchor", "now").stderr
    key = vestige.lines("ledger", "keys")[0]["vkey"]
    (tmp_path / "keys").write_text(f"{key}\n")
    authority = Authority(tmp_path / "authority")
    with (
        web(tmp_path / "web", [authority]) as net,
        witness(tmp_path / "w", str(tmp_path / "keys")) as (url, witness_key),
    ):
        assert httpx.get(url).text.strip() == witness_key
        assert httpx.post(f"{url}/add-checkpoint", content=b"x" * 200_000).status_code == 413
        assert httpx.post(f"{url}/add-checkpoint", content=b"words").status_code == 400
        named = {
            "VESTIGE_TSA_URLS": net.url("tsa0"), "VESTIGE_TSA_ROOTS": str(authority.root),
            "VESTIGE_WITNESSES": f"{witness_key} {url}", "VESTIGE_ANCHOR_NETWORKS": "127.0.0.0/8",
            "VESTIGE_ANCHOR_GIT": str(remote),
        }  # fmt: skip
        with serving(data, **named):
            report = vestige.json("anchor", "now")
            assert ([one["type"] for one in report["anchors"]], report["failures"]) == (
                ["cosignature", "rfc3161", "git"], []
            )  # fmt: skip
            size = report["size"]
            note = parse_note(vestige.ok("anchor", "checkpoint"))
            assert WitnessKey.parse(witness_key).time_of(note)
            assert note.text.split("\n")[1] == str(size)
            assert [one["size"] for one in vestige.lines("anchor", "list")] == [size] * 3
            assert not any(one["due"] or "failure" in one for one in vestige.lines("anchor", "status"))
            size = vestige.json("bundle", "create", "--query", "", "--anchor", "-o", str(tmp_path / "x.zip"))["size"]
            # Several tenants: one stamp, and the witness is not told of the super-log's key, which is said.
            asked = authority.asked
            done = vestige.run("anchor", "now", "--all", "--json")
            assert done.returncode == 3
            reports = [json.loads(line) for line in done.stdout.splitlines()]
            assert [[one["over"] for one in report["anchors"] if one["type"] == "rfc3161"] for report in reports] == [
                ["super-log"], ["checkpoint"]
            ]  # fmt: skip
            assert authority.asked == asked + 1
            assert "404" in reports[1]["failures"][0]["reason"]
            verify = next(one for one in vestige.json("ledger", "verify")["checks"] if one["name"] == "anchors")
            assert "cosignature" in verify["detail"]
        policy = tmp_path / "policy"
        policy.write_text(f"log {key}\nwitness w {witness_key}\nquorum w\n")
        # Everything is put back to before, the signer's memory too, and grows again otherwise.
        shutil.rmtree(data)
        assert vestige.json("import", str(tmp_path / "two.jsonl"))["parsed"] == 1
    found = json.loads(
        vestige.run("bundle", "verify", str(tmp_path / "x.zip"), "--policy", str(policy), "--tsa-roots",
                    str(authority.root), "--json").stdout
    )  # fmt: skip
    assert (found["verdict"], found["faults"]) == ("verified", [])
    assert "says CN=A made-up clock" in next(one["detail"] for one in found["checks"] if one["name"] == "time")
    bad = vestige.run("bundle", "verify", str(tmp_path / "x.zip"), "--tsa-roots", str(tmp_path / "keys"))
    assert (bad.returncode, b"cannot be read" in bad.stderr) == (64, True)
    files = unzipped((tmp_path / "x.zip").read_bytes())
    assert vestige.run("bundle", "create", "--query", "", "--anchor", "--as-of", "1", "-o", "x.zip").returncode == 2
    (tmp_path / "over").write_bytes(files[f"data/0/anchors/{size}.checkpoint"])
    (tmp_path / "stamp").write_bytes(files[f"data/0/anchors/{size}-0.tsr"])
    assert authority.verifies(tmp_path / "over", tmp_path / "stamp")


def test_a_ledger_put_back_with_its_signer_is_told_by_the_program_itself(tmp_path: Path) -> None:
    """Exit 4, and the reason; beside the same ledger before it was put back, exit 0."""
    data, remote = tmp_path / "data", tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    (tmp_path / "one.jsonl").write_bytes(RECORD)
    vestige = Vestige(data)
    vestige.ok("import", str(tmp_path / "one.jsonl"))
    shutil.copytree(data, tmp_path / "old", symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    (tmp_path / "one.jsonl").write_bytes(RECORD * 20)
    vestige.ok("import", str(tmp_path / "one.jsonl"))
    assert vestige.run("anchor", "now", VESTIGE_ANCHOR_GIT=str(remote)).returncode == 0
    shutil.rmtree(data)
    (tmp_path / "old").rename(data)
    done = vestige.run("anchor", "now", VESTIGE_ANCHOR_GIT=str(remote))
    assert done.returncode == 4
    assert b"CONTRADICTED" in done.stderr
    assert b"rolled back" in done.stderr
    assert vestige.json("ledger", "verify")["ok"] is True


def test_a_witness_that_watches_nothing_is_refused(tmp_path: Path) -> None:
    done = Vestige(tmp_path / "data").run("witness", "serve", "--directory", str(tmp_path / "w"), "--name", "w/1")
    assert done.returncode == 2
    assert b"no log is named" in done.stderr
