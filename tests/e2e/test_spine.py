"""The main job, as a person does it: evidence in, a proven timeline out."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.folders import bytes_of
from support.program import Running, Vestige, serving
from vestige.access.tokens import token_digest

LAST_LINES = b"".join(
    b"Mar 31 23:00:%02d ip-10-77-20-248 sshd[9%03d]: Failed password for root from 192.0.2.7 port 4%03d ssh2\n"
    % (n, n, n)
    for n in range(10)
)


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Vestige:
    return Vestige(tmp_path_factory.mktemp("spine") / "data")


@pytest.fixture(scope="module")
def first_import(vestige: Vestige, corpus: Path) -> Any:
    return vestige.json("import", str(corpus / "linux-auth"), str(corpus / "aws-cloudtrail"), code=3)


def adds_up(report: dict[str, Any]) -> bool:
    return bool(report["records"] == report["parsed"] + report["unparsed"] + report["duplicates"] + report["skipped"])


@pytest.mark.corpus
def test_the_report_accounts_for_every_record(first_import: Any) -> None:
    assert first_import["records"] == 142 + 103 + 3560
    assert first_import["parsed"] == first_import["records"]
    assert adds_up(first_import)
    assert first_import["formats"] == {"syslog": 1, "cloudtrail": 19}
    assert first_import["skipped_files"] == 1
    assert [Path(failure["file"]).suffix for failure in first_import["failures"]] == [".yaml"]
    assert any("year" in assumption for assumption in first_import["assumptions"])


@pytest.mark.corpus
@pytest.mark.usefixtures("first_import")
def test_importing_again_adds_nothing_and_a_grown_rotated_log_its_tail(
    vestige: Vestige, corpus: Path, tmp_path: Path
) -> None:
    again = vestige.json("import", str(corpus / "linux-auth"), str(corpus / "aws-cloudtrail"), code=3)
    assert (again["records"], again["duplicates"]) == (3805, 3805)
    assert adds_up(again)
    grown = tmp_path / "auth.log.2.gz"
    grown.write_bytes(
        gzip.compress(gzip.decompress((corpus / "linux-auth" / "auth.log.part1.gz").read_bytes()) + LAST_LINES)
    )
    tail = vestige.json("import", str(grown))
    assert (tail["records"], tail["duplicates"], tail["parsed"]) == (3570, 3560, 10)
    assert adds_up(tail)
    found = vestige.lines("search", "ip:192.0.2.7")
    assert len(found) == 10
    assert {event["source"] for event in found} == {"auth.log.part1"}


@pytest.mark.corpus
@pytest.mark.usefixtures("first_import")
def test_search_finds_the_failed_root_logins(vestige: Vestige, corpus: Path) -> None:
    log = gzip.decompress((corpus / "linux-auth" / "auth.log.part1.gz").read_bytes()).decode().splitlines()
    expected = [line for line in log if "Failed password for root from" in line]
    found = vestige.lines(
        "search", 'type:auth.login_failed actor:root source:auth.log.part1 "Failed password for root"'
    )
    found = [event for event in found if event["network"]["src_ip"] != "192.0.2.7"]
    assert len(found) == len(expected)
    assert vestige.ok("show", found[0]["id"], "--raw").decode() in expected
    assert {event["outcome"] for event in found} == {"failure"}
    assert {event["time_quality"] for event in found} == {"assumed_year"}


@pytest.mark.corpus
@pytest.mark.usefixtures("first_import")
def test_the_raw_bytes_and_the_proof_need_nothing_of_ours(vestige: Vestige, corpus: Path, tmp_path: Path) -> None:
    """openssl accepts the checkpoint's signature; the record is the file's own bytes; the digest is sha256sum's."""
    source = corpus / "aws-cloudtrail" / "stratus-detonation-logs" / "aws.persistence.iam-create-admin-user.json"
    event = vestige.lines("search", "CreateAccessKey")[0]
    raw = vestige.ok("show", event["id"], "--raw")
    assert json.loads(raw)["eventName"] == "CreateAccessKey"
    files = [path.read_bytes() for path in source.parent.glob("*.json")]
    assert any(raw in data for data in files)
    note = vestige.ok("ledger", "checkpoint").decode()
    vkey = vestige.json("ledger", "keys")["vkey"]
    check_with_openssl(note, vkey, tmp_path)


def check_with_openssl(note: str, vkey: str, folder: Path) -> None:
    text, _, signatures = note.partition("\n\n")
    (folder / "body").write_text(text + "\n")
    (folder / "sig").write_bytes(base64.b64decode(signatures.split()[2])[4:])
    public = base64.b64decode(vkey.split("+", 2)[2])[1:]
    der = bytes.fromhex("302a300506032b6570032100") + public
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    (folder / "log.pem").write_bytes(pem)
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "log.pem",
        "-rawin",
        "-in",
        "body",
        "-sigfile",
        "sig",
    ]
    good = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    (folder / "body").write_text(text.replace("\n", "\n1", 1) + "\n")
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0


@pytest.mark.corpus
@pytest.mark.usefixtures("first_import")
def test_verify_and_rebuild_agree(vestige: Vestige) -> None:
    assert vestige.json("ledger", "verify")["ok"] is True
    rebuilt = vestige.json("index", "rebuild")
    assert rebuilt["equal"] is True
    assert rebuilt["tables"]["events"]["rows_after"] > 3805
    assert all(table["equal"] for table in rebuilt["tables"].values())


def check_record(folder: Path, vkey: str) -> subprocess.CompletedProcess[str]:
    """A program that imports nothing of ours, on what was written for it."""
    script = Path(__file__).resolve().parents[2] / "docs" / "examples" / "check_record.py"
    files = [str(folder / name) for name in ("record", "opening", "proof")]
    return subprocess.run(["python3", "-I", str(script), *files, vkey], capture_output=True, check=False, text=True)


def test_a_stranger_checks_one_record_down_to_the_signature(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin=b"".join(b'{"event_type":"auth.login","n":%d}\n' % n for n in range(300)))
    vkey = vestige.json("ledger", "keys")["vkey"]
    events = vestige.lines("search", "type:auth.login")
    for event in (events[0], events[177]):
        opening = vestige.json("show", event["id"], "--opening")
        files = {
            "record": vestige.ok("show", event["id"], "--raw"),
            "opening": json.dumps(opening).encode(),
            "proof": vestige.ok("show", event["id"], "--proof"),
        }
        assert hashlib.sha256(files["record"]).hexdigest() == opening["payload_sha256"]

        def put(name: str, data: bytes, files: dict[str, bytes] = files) -> None:
            for each, whole in (files | {name: data}).items():
                (tmp_path / each).write_bytes(whole)

        put("record", files["record"])
        good = check_record(tmp_path, vkey)
        assert (good.returncode, good.stdout.startswith("PROVED: entry ")) == (0, True), good.stderr
        leaf = bytearray(base64.b64decode(opening["leaf"]))
        leaf[leaf.index(b'"at":"20') + 9] ^= 1  # a digit of the year
        salt = bytearray(bytes.fromhex(opening["salt"]))
        salt[7] ^= 1
        proof = files["proof"].decode().split("\n")
        index = next(i for i, line in enumerate(proof) if line.startswith("index "))
        altered = {
            "record": ("record", _flipped(files["record"], 5)),
            "leaf": ("opening", json.dumps(opening | {"leaf": base64.b64encode(leaf).decode()}).encode()),
            "salt": ("opening", json.dumps(opening | {"salt": salt.hex()}).encode()),
            "path": ("proof", _with_line(proof, index + 1, _other_hash(proof[index + 1]))),
            "index": ("proof", _with_line(proof, index, f"index {int(proof[index][6:]) ^ 1}")),
            "root": ("proof", _with_line(proof, len(proof) - 4, _other_hash(proof[-4]))),
        }
        for what, (name, data) in altered.items():
            put(name, data)
            refused = check_record(tmp_path, vkey)
            assert refused.returncode != 0, what
            assert refused.stderr.startswith("NOT PROVED"), (what, refused.stderr)
    put("record", files["record"])
    name, key_id, key = vkey.split("+", 2)
    other = base64.b64encode(_flipped(base64.b64decode(key), 9)).decode()
    assert check_record(tmp_path, f"{name}+{key_id}+{other}").stderr.startswith("NOT PROVED: no signature")


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _other_hash(text: str) -> str:
    return base64.b64encode(_flipped(base64.b64decode(text), 3)).decode()


def _with_line(lines: list[str], place: int, text: str) -> bytes:
    return "\n".join([*lines[:place], text, *lines[place + 1 :]]).encode()


def test_keys_are_rotated_and_wrapped_anew(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin=b'{"event_type":"auth.login","n":1}\n')
    (event,) = vestige.lines("search", "type:auth.login")
    receipt = vestige.ok("ledger", "receipt", event["id"])
    assert receipt.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert vestige.ok("ledger", "prove", event["id"]) == receipt
    made = vestige.json("ledger", "rotate")
    keys = vestige.lines("ledger", "keys")
    assert [key["vkey"] for key in keys][1:] == [made["vkey"]]
    assert keys[0]["to_size"] == made["from_size"]
    assert vestige.run("ledger", "rotate", "--compromised-after", "999999").returncode == 2
    vestige.ok("ledger", "rotate", "--compromised-after", str(made["from_size"]))
    assert "alone does not count" in json.dumps(vestige.json("ledger", "verify"))
    key = tmp_path / "new.kek"
    key.write_bytes(base64.b64encode(b"k" * 32))
    key.chmod(0o644)
    assert b"mode 0600" in vestige.run("ledger", "rewrap", str(key)).stderr
    key.chmod(0o600)
    vestige.ok("ledger", "rewrap", str(key))
    refused = vestige.run("ledger", "checkpoint")
    assert refused.returncode != 0
    assert b"another key-encryption key" in refused.stderr
    setting = key.read_text()
    assert vestige.run("ledger", "rotate", VESTIGE_KEY_ENCRYPTION_KEY=setting).returncode == 0
    done = vestige.run("ledger", "verify", "--json", VESTIGE_KEY_ENCRYPTION_KEY=setting)
    assert json.loads(done.stdout)["ok"] is True
    acts = vestige.run("search", "in:ledger type:vestige.audit", "--json", VESTIGE_KEY_ENCRYPTION_KEY=setting)
    assert {"ledger.rotate", "ledger.rewrap"} <= {json.loads(line)["action"] for line in acts.stdout.splitlines()}


def test_altered_bytes_are_not_given_out_as_the_exact_ones(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin=b'{"event_type":"auth.login","n":1}\n{"event_type":"auth.login","n":2}\n')
    one, other = vestige.lines("search", "type:auth.login")
    exact = vestige.ok("show", one["id"], "--raw")
    with contextlib.closing(sqlite3.connect(vestige.data / "vestige.sqlite", isolation_level=None)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE payload = ?", (exact.upper(), exact))
    done = vestige.run("show", one["id"], "--raw")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"was altered" in done.stderr
    assert vestige.ok("show", other["id"], "--raw").startswith(b'{"event_type"')


def root_from_tiles(server: Running) -> str:
    """Recompute the root from `tile/entries` in a program that imports nothing of ours."""
    script = Path(__file__).resolve().parents[2] / "docs" / "examples" / "root_from_entries.py"
    done = subprocess.run(
        ["python3", "-I", str(script), server.url, str(server.token)], capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def test_a_stranger_recomputes_the_root(tmp_path: Path) -> None:
    events = b"".join(b'{"event_type":"auth.login","actor":{"id":"u%d"}}\n' % n for n in range(700))
    with serving(tmp_path / "data") as server:
        Vestige(tmp_path / "data").ok("import", "-", stdin=events)
        note = Vestige(tmp_path / "data").ok("ledger", "checkpoint").decode()
        assert root_from_tiles(server) == note.split("\n")[2]


def test_a_second_command_speaks_to_the_first(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        vestige = Vestige(tmp_path / "data")
        assert vestige.json("import", "-", stdin=b'{"event_type":"auth.login","actor":{"id":"a"}}')["records"] == 1
        assert len(vestige.lines("timeline", "--undated")) == 1
        second = vestige.run("up", "--port", "0")
        assert second.returncode == 1
        assert b"is held by `vestige up`" in second.stderr


def test_the_owners_token_is_printed_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert server.token is not None
        assert server.token.startswith("vst_")
    stored = bytes_of(tmp_path / "data")
    assert server.token.encode() not in stored
    assert token_digest(server.token) in stored
    with serving(tmp_path / "data") as again:
        assert again.token is None
