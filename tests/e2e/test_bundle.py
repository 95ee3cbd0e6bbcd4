"""Bundles as people make and get them: the command line, HTTP, and stock tools that know nothing of us."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from support.bundles import manifests, unzipped, zipped
from support.program import Vestige, environment, serving
from support.world import EVENTS, everybody, world_in
from vestige.access.roles import SCOPES, Scope
from vestige.api import bundles
from vestige.bundles import layout
from vestige.bundles.offline import verifier
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from support.world import World

LINES = [
    *(
        b'{"event_type":"auth.login_failed","occurred_at":"2026-04-11T10:%02d:00Z","actor":{"id":"bob"}}' % n
        for n in range(30)
    ),
    b'{"event_type":"auth.login","occurred_at":"2026-04-11T10:30:00Z","actor":{"id":"bob"}}',
    b'{"event_type":"auth.login","actor":{"id":"bob"},"message":"whenever"}',
]


@pytest.fixture(scope="module")
def vestige(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vestige]:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "events.jsonl").write_bytes(b"\n".join(LINES) + b"\n")
    with serving(folder / "data"):
        vestige = Vestige(folder / "data")
        assert vestige.json("import", str(folder / "events.jsonl"))["parsed"] == len(LINES)
        yield vestige


@pytest.fixture(scope="module")
def made(vestige: Vestige, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of everything, and beside it the log's key as its own file."""
    path = tmp_path_factory.mktemp("made") / "all.zip"
    told = vestige.json("bundle", "create", "--query", "", "-o", str(path))
    assert (told["file"], told["records"], told["bytes"]) == (str(path), len(LINES), path.stat().st_size)
    (path.parent / "keys").write_bytes(vestige.ok("ledger", "keys"))
    assert told["key"] in (path.parent / "keys").read_text()
    assert told["keys"] == [told["key"]]
    return path


def verify(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """`vestige bundle verify`, with no data directory anywhere near it."""
    command = [sys.executable, "-m", "vestige", "bundle", "verify", *options, "--json", str(path)]
    done = subprocess.run(command, capture_output=True, env=environment(), cwd="/", check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def standalone(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """`verify.py` as a stranger runs it: by itself, in a place without us."""
    script = path.parent / "verify.py"
    script.write_bytes(verifier())
    done = subprocess.run(
        [sys.executable, "-I", str(script), *options, "--json", str(path)], capture_output=True, cwd="/", check=False
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def test_a_stranger_verifies_it(vestige: Vestige, made: Path) -> None:
    key = str(made.parent / "keys")
    for run in (verify, standalone):
        code, report = run(made, "--key", key)
        assert (code, report["verdict"], report["exit"]) == (0, "verified", 0)
        assert report["records"] == {"present": len(LINES), "withheld": 0, "erased": 0, "missing": 0}
        assert [check["ok"] for check in report["checks"]] == [True] * 14
        assert report["faults"] == []
        code, report = run(made)
        assert (code, report["verdict"]) == (2, "integrity good, origin unverified")
    files = unzipped(made.read_bytes())
    raws = {data for name, data in files.items() if "/raw/" in name}
    assert raws == set(LINES)
    first = vestige.lines("search", "type:auth.login", "--limit", "1")[0]
    assert files[layout.raw(0, first["seq"])] == vestige.ok("show", first["id"], "--raw")


def test_what_is_said_to_a_person(made: Path) -> None:
    files = unzipped(made.read_bytes())
    raw = next(name for name in files if "/raw/" in name)
    bad = made.with_name("bad.zip")
    bad.write_bytes(zipped(manifests(files | {raw: b"another"})))
    command = [sys.executable, "-m", "vestige", "bundle", "verify", "--key", str(made.parent / "keys")]
    good = subprocess.run([*command, str(made)], capture_output=True, env=environment(), cwd="/", check=False)
    assert good.returncode == 0
    assert good.stdout.decode().splitlines()[-1].startswith(f"VERIFIED: {len(LINES)} present")
    done = subprocess.run([*command, str(bad)], capture_output=True, env=environment(), cwd="/", check=False)
    assert done.returncode == 1
    assert "FAIL  openings" in done.stdout.decode()
    assert f"{raw} {raw.rpartition('/')[2].removesuffix('.bin')}: the payload is not the one" in done.stderr.decode()
    assert "expected:" in done.stderr.decode()
    cut = made.with_name("cut.zip")
    cut.write_bytes(made.read_bytes()[:-30])
    for run in (verify, standalone):
        code, report = run(cut, "--key", str(made.parent / "keys"))
        assert (code, report["verdict"]) == (4, "not a bundle")
        assert not any(check["ok"] for check in report["checks"])


@pytest.mark.parametrize(
    "arguments",
    [[], ["--key", "nokey", "x.zip"], ["--policy", "nowhere", "x.zip"], ["--nonsense", "x.zip"], ["a", "b"]],
)
def test_a_faulty_command_line_ends_with_64(tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "vestige", "bundle", "verify", *arguments]
    done = subprocess.run(command, capture_output=True, env=environment(), cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (64, b"")
    (tmp_path / "verify.py").write_bytes(verifier())
    done = subprocess.run(
        [sys.executable, "verify.py", *arguments], capture_output=True, cwd=tmp_path, env=environment(), check=False
    )
    assert (done.returncode, done.stdout) == (64, b"")


def test_a_query_and_bounds_choose(vestige: Vestige, tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    asked = ("--from", "2026-04-11T10:05:00Z", "--to", "2026-04-11T10:10:00Z")
    assert vestige.json("bundle", "create", "--query", "type:auth.*", *asked, "-o", str(out))["records"] == 5
    about = json.loads(unzipped(out.read_bytes())[layout.ABOUT])
    assert about["selection"] == {"query": "type:auth.*", "from": "2026-04-11T10:05:00Z", "to": "2026-04-11T10:10:00Z"}
    assert list(about["sources"].values()) == ["events.jsonl"]
    assert out.stat().st_mode & 0o777 == 0o600
    nothing = vestige.run("bundle", "create", "--query", "actor:nobody", "-o", str(tmp_path / "y.zip"))
    assert (nothing.returncode, b"no event matches" in nothing.stderr) == (1, True)
    wrong = vestige.run("bundle", "create", "--query", "actor:", "-o", str(tmp_path / "y.zip"))
    assert wrong.returncode == 2
    assert vestige.run("bundle", "create", "--query", "", "-o", "-").returncode == 2
    assert vestige.run("bundle", "create", "--query", "", "-o", str(tmp_path)).returncode == 2
    assert vestige.run("bundle", "create", "-o", str(tmp_path / "y.zip")).returncode == 2
    assert not (tmp_path / "y.zip").exists()


def test_as_of_a_size_it_is_made_again(vestige: Vestige, tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    size = vestige.json("bundle", "create", "--query", "type:auth.login", "-o", str(one))["size"]
    told = vestige.json("bundle", "create", "--query", "type:auth.login", "--as-of", str(size), "-o", str(two))
    assert told["size"] == size
    a, b = unzipped(one.read_bytes()), unzipped(two.read_bytes())
    assert {name for name in a if a[name] != b[name]} == {layout.STATEMENT}
    assert a.keys() == b.keys()
    beyond = vestige.run("bundle", "create", "--query", "", "--as-of", str(2**53), "-o", str(tmp_path / "no.zip"))
    assert (beyond.returncode, b"not in the range" in beyond.stderr) == (2, True)
    refused = vestige.run("bundle", "create", "--query", "", "--as-of", "3", "-o", str(tmp_path / "no.zip"))
    assert (refused.returncode, b"no checkpoint of that size" in refused.stderr) == (2, True)


def test_each_is_an_entry_before_it_leaves_and_when_it_is_sealed(vestige: Vestige, tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    vestige.ok("bundle", "create", "--query", "type:auth.login", "-o", str(out))
    acts = [entry for entry in vestige.lines("audit") if entry["action"].startswith("bundle.")][:2]
    details = {entry["action"]: entry["detail"] for entry in acts}
    assert details["bundle.created"]["query"] == "type:auth.login"
    assert details["bundle.created"]["records"] == 2
    tags = unzipped(out.read_bytes())[layout.TAG_MANIFEST]
    assert details["bundle.sealed"]["tagmanifest_sha256"] == sha256(tags).hexdigest()
    assert details["bundle.created"]["size"] == details["bundle.sealed"]["size"]


def test_holds_and_erasures_of_the_records_go_along(tmp_path: Path) -> None:
    """What the product itself writes of them: by whom, and why."""
    vestige = Vestige(tmp_path / "data")
    (tmp_path / "e.jsonl").write_bytes(
        b"".join(b'{"event_type":"auth.login","actor":{"id":"u%d"}}\n' % n for n in range(4))
    )
    vestige.ok("import", str(tmp_path / "e.jsonl"))
    ids = {event["actor"]["id"]: event["id"] for event in vestige.lines("search", "type:auth.login")}
    vestige.ok("hold", "set", "--reason", "litigation", "--query", "actor:u0", "--because", "matter seven")
    vestige.ok("hold", "set", "--reason", "litigation", "--query", "actor:u3", "--because", "matter of others")
    vestige.ok("bundle", "create", "--query", "actor:u1", "-o", str(tmp_path / "before.zip"))
    erased = vestige.json("erase", ids["u1"], "--reason", "privacy", "--yes")
    assert len(erased["exported_since"]) == 1  # a bundle took it away, and that is not ours to erase
    out = tmp_path / "x.zip"
    vestige.ok("bundle", "create", "--query", "actor:u0 OR type:record.erased", "-o", str(out))
    (tmp_path / "keys").write_bytes(vestige.ok("ledger", "keys"))
    for run in (verify, standalone):
        code, report = run(out, "--key", str(tmp_path / "keys"))
        assert (code, report["records"]) == (3, {"present": 1, "withheld": 0, "erased": 1, "missing": 0})
    files = unzipped(out.read_bytes())
    custody = files["data/custody.csv"].decode()
    assert [word in custody for word in ("hold.set,local:", "evidence.erased,local:", "hold evaluated")] == [True] * 3
    own = b"".join(files.values())
    assert (b"matter seven" in own, b"matter of others" in own) == (True, False)


def unpacked(made: Path, folder: Path) -> Path:
    with zipfile.ZipFile(made) as opened:
        opened.extractall(folder)
    return folder / layout.FOLDER


def sums(bag: Path) -> bool:
    return all(
        subprocess.run(
            ["sha256sum", "-c", "--quiet", "--strict", name], cwd=bag, capture_output=True, check=False
        ).returncode
        == 0
        for name in (layout.MANIFEST, layout.TAG_MANIFEST)
    )


def bagit(bag: Path) -> bool:
    command = [sys.executable, "-m", "bagit", "--validate", "--quiet", str(bag)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def by_openssl(bag: Path, key: Path) -> bool:
    """The lines of README.txt, as they stand there."""
    script = f"""
    set -eu
    sed '/^$/,$d' statement > "$T/text"; grep '^bundle' statement | cut -d' ' -f2 > "$T/one"
    sha256sum {layout.TAG_MANIFEST} | cut -d' ' -f1 > "$T/two"; cmp -s "$T/one" "$T/two"
    grep '^\u2014 ' statement | head -1 | awk '{{print $3}}' | base64 -d | tail -c +5 > "$T/sig"
    (printf '302a300506032b6570032100' | xxd -r -p
     cut -d' ' -f1 "{key}" | cut -d+ -f3- | base64 -d | tail -c +2) > "$T/key"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$T/key" -rawin -in "$T/text" -sigfile "$T/sig"
    """
    done = subprocess.run(
        ["bash", "-c", script], cwd=bag, env=environment(T=str(bag.parent)), capture_output=True, check=False
    )
    return done.returncode == 0


def test_stock_tools_accept_a_good_one_and_reject_a_bad_one(made: Path, tmp_path: Path) -> None:
    key = made.parent / "keys"
    bag = unpacked(made, tmp_path)
    assert (sums(bag), bagit(bag), by_openssl(bag, key)) == (True, True, True)
    assert verify(bag, "--key", str(key))[0] == 0
    raw = next((bag / "data/0/raw").iterdir())
    before = raw.read_bytes()
    raw.write_bytes(before + b" ")
    assert (sums(bag), bagit(bag)) == (False, False)
    assert verify(bag, "--key", str(key))[0] == 1
    raw.write_bytes(before)
    assert (sums(bag), bagit(bag)) == (True, True)
    statement = bag / "statement"
    signed = statement.read_bytes()
    statement.write_bytes(signed.replace(b"made 2", b"made 1"))
    assert by_openssl(bag, key) is False
    statement.write_bytes(signed)
    # Manifests made to fit please both, and the statement no more.
    raw.write_bytes(before + b" ")
    files = {path.relative_to(bag).as_posix(): path.read_bytes() for path in bag.rglob("*") if path.is_file()}
    for name, data in manifests(files).items():
        (bag / name).write_bytes(data)
    assert (sums(bag), by_openssl(bag, key)) == (True, False)
    assert verify(bag, "--key", str(key))[0] == 1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("world") / "data") as made:
        made.seed()
        yield made


def test_over_http_one_is_made_and_verified(world: World) -> None:
    owner = world.client("owner")
    answer = owner.get("/v1/export/bundle", params={"q": "actor:bob"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["x-vestige-records"] == "1"
    key = owner.get("/v1/ledger/keys").json()[0]["vkey"]

    def asked(data: bytes, **params: str) -> httpx.Response:
        return owner.post("/v1/bundles/verify", content=data, params=params)

    report = asked(answer.content, key=key).json()
    assert (report["verdict"], report["records"]["present"]) == ("verified", 1)
    assert asked(answer.content).json()["exit"] == 2
    bad = asked(answer.content[:-100], key=key)
    assert (bad.status_code, bad.json()["exit"]) == (200, 4)
    assert asked(b"").status_code == 422
    assert asked(answer.content, key="nokey").status_code == 422
    assert owner.get("/v1/export/bundle", params={"q": "actor:nobody"}).status_code == 404
    assert owner.get("/v1/export/bundle", params={"q": "actor:"}).status_code == 422
    assert owner.get("/v1/export/bundle", params={"as_of": "2"}).status_code == 422
    for size in ("0", str(2**53 - 1), str(2**53), str(2**64)):
        assert owner.get("/v1/export/bundle", params={"as_of": size}).status_code == 422
    assert not list((world.installation.settings.data / "spool").iterdir())


def test_a_body_beyond_its_bound_is_not_verified(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, data = world.client("owner"), zipped({"bagit.txt": b""})
    monkeypatch.setattr(bundles, "BROUGHT_BYTES", len(data))
    assert owner.post("/v1/bundles/verify", content=data).status_code == 200
    monkeypatch.setattr(bundles, "BROUGHT_BYTES", len(data) - 1)
    refused = owner.post("/v1/bundles/verify", content=data)
    assert (refused.status_code, refused.json()["code"]) == (413, "input.too_large")
    assert not list((world.installation.settings.data / "spool").iterdir())


def test_a_bundle_of_a_case_is_for_who_may_read_cases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a tenant's own cases, and with cases.read beside evidence.export."""
    client = world.client("investigator")
    case = client.post("/v1/cases", json={"name": "packed"}).json()["id"]
    event = client.get("/v1/search", params={"q": "actor:bob"}).json()["events"][0]["id"]
    client.post(f"/v1/cases/{case}/events", json={"event_id": event}).raise_for_status()
    answer = world.client("owner").get("/v1/export/bundle", params={"case": case})
    assert (answer.status_code, answer.headers["x-vestige-records"]) == (200, "1")
    owner = world.client("owner")
    assert owner.get("/v1/export/bundle", params={"case": case, "q": "actor:bob"}).status_code == 422
    assert owner.get("/v1/export/bundle", params={"case": "01K00000000000000000000000"}).status_code == 404
    reader, head = world.client("key:read"), world.head
    assert reader.get("/v1/export/bundle", params={"case": case}).status_code == 200
    monkeypatch.setitem(SCOPES, Scope.READ, SCOPES[Scope.READ] - {Permission.CASES_READ})
    refused = reader.get("/v1/export/bundle", params={"case": case})
    assert (refused.status_code, "cases.read" in refused.text) == (403, True)
    assert reader.get("/v1/export/bundle", params={"q": "actor:bob"}).status_code == 200
    assert world.head == head + 5  # two entries for each bundle, and the refusal


def test_only_who_may_export_makes_one(world: World) -> None:
    head = world.head
    for who in ("developer", "key:ingest"):
        assert world.client(who).get("/v1/export/bundle").status_code == 403
    assert world.head == head + 2  # the refusals
    assert world.client("auditor").get("/v1/export/bundle").status_code == 200


def test_a_bundle_holds_nothing_of_another_tenant(world: World) -> None:
    here = world.client("here")
    here.post("/v1/tenants", json={"slug": "other"}).raise_for_status()
    other = everybody(world, "other")
    events = [event | {"message": "of the other tenant"} for event in EVENTS]
    other["here"].post("/v1/ingest/events", json=events, headers={"X-Source-Id": "theirs"}).raise_for_status()
    mine = b"".join(unzipped(world.client("owner").get("/v1/export/bundle").content).values())
    theirs = b"".join(unzipped(other["owner"].get("/v1/export/bundle").content).values())
    second = world.installation.access.tenant("other").id
    assert b"of the other tenant" in theirs
    assert second.encode() in theirs
    assert world.tenant.encode() in mine
    for word in (b"of the other tenant", b"theirs", second.encode()):
        assert word not in mine
    assert world.tenant.encode() not in theirs
    for client in other.values():
        client.close()


def test_the_zip_is_one_any_reader_takes_from_its_front(made: Path) -> None:
    """Sizes stand before what they are about, so it can be read as it comes."""
    with zipfile.ZipFile(io.BytesIO(made.read_bytes())) as opened:
        assert opened.testzip() is None
        assert all(not info.flag_bits for info in opened.infolist())
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_row_that_was_altered_is_told_and_nothing_is_sent(world: World) -> None:
    """The last one here: what was altered stays so."""
    assert world.client("owner").get("/v1/export/bundle").status_code == 200
    with world.installation.db.write() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        found = connection.exec_driver_sql(
            "SELECT pos, payload FROM ledger_payloads WHERE payload IS NOT NULL"
        ).fetchall()
        place, payload = next((place, payload) for place, payload in found if b'"event_type":"auth.login"' in payload)
        other = payload.replace(b"bob", b"eve")
        connection.exec_driver_sql("UPDATE ledger_payloads SET payload = ? WHERE pos = ?", (other, place))
    answer = world.client("owner").get("/v1/export/bundle")
    assert answer.status_code == 500, answer.text
    assert answer.json()["code"] == "integrity"
    assert "was altered" in answer.json()["title"]


def test_a_case_is_packed_with_its_acts_and_notes(vestige: Vestige, tmp_path: Path) -> None:
    case = vestige.json("case", "new", "The matter")["id"]
    empty = vestige.run("bundle", "create", "--case", case, "-o", str(tmp_path / "no.zip"))
    assert (empty.returncode, b"nothing is pinned" in empty.stderr) == (1, True)
    vestige.ok("case", "pin", case, "--query", "type:auth.login", "--annotation", "look <here>\n\u20ac")
    vestige.ok("case", "note", case, "he came at night")
    vestige.ok("case", "new", "Another matter")
    out, key = tmp_path / "case.zip", tmp_path / "keys"
    key.write_bytes(vestige.ok("ledger", "keys"))
    assert vestige.json("bundle", "create", "--case", "The matter", "-o", str(out))["records"] == 2
    for run in (verify, standalone):
        code, report = run(out, "--key", str(key))
        assert (code, report["verdict"], report["records"]["present"]) == (0, "verified", 2)
    files = unzipped(out.read_bytes())
    assert json.loads(files[layout.ABOUT])["selection"] == {"case": case, "name": "The matter"}
    notes = [json.loads(line) for line in files["data/annotations.ndjson"].splitlines()]
    assert [note["text"] for note in notes] == ["look <here>\n\u20ac"] * 2 + ["he came at night"]
    pinned = [one["event_id"] for one in vestige.lines("case", "events", case)]
    assert [note["entry"] for note in notes[:2]] == pinned
    told = [json.loads(data) for name, data in files.items() if name.startswith("data/0/control/")]
    acts = [one for one in told if str(one.get("act")).startswith("case.")]
    assert [one["act"] for one in acts] == ["case.created", "case.pinned", "case.selected", "case.item_added"]
    assert {one["detail"]["case"] for one in acts} == {case}
    asked = tmp_path / "asked.zip"
    assert vestige.json("bundle", "create", "--query", f"case:{case}", "-o", str(asked))["records"] == 2
    for wrong in (("--query", ""), ("--from", "2026-04-11T10:00:00Z"), ("--as-of", "3")):
        refused = vestige.run("bundle", "create", "--case", case, *wrong, "-o", str(tmp_path / "no.zip"))
        assert refused.returncode == 2, refused.stderr
    assert vestige.run("bundle", "create", "--case", "no such", "-o", str(tmp_path / "no.zip")).returncode == 1
    assert not (tmp_path / "no.zip").exists()
