"""Verify an archive of a log, offline: python3 verify_archive.py [--key VKEY]... FOLDER.

Needs Python 3.10 or later and the package cryptography. Exit: 0 verified; 1 failed; 2 good, but no key was given, so
anybody may have made it; 3 verified, and some records were erased, by entries that are proved here; 4 not an archive;
64 usage. Formats: RFC 6962 tree over SHA-256; C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "vestige-archive/1"
STATEMENT = "vestige-statement/v1"
PAYLOAD = b"vestige/payload/v1\n"
LONGEST_LINE = 1 << 30
LONGEST_FILE = 64 << 20
ERASABLE = ("evidence", "audit")
OWN = ("manifest.json", "seal")


class Bad(Exception):  # noqa: N818 - one file without helpers of ours
    """What is wrong."""


class NoArchive(Exception):  # noqa: N818 - as above
    """It is no archive at all."""


def verify(folder: Path, trusted: list[str]) -> dict[str, Any]:
    """Every check, in order; the first that fails is told."""
    told: dict[str, Any] = {"verdict": "failed", "exit": 1, "reason": ""}
    try:
        manifest = check_files(folder)
        told |= {name: manifest[name] for name in ("week", "origin", "from", "to")}
        proof = read_json(folder / "proof.json")
        told["manifest_sha256"] = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        known = check_seal(folder, manifest, proof, trusted)
        size, root = check_checkpoint(proof, manifest, trusted)
        erased_by = check_erasures(folder, proof, manifest, size, root)
        counts = check_entries(folder, proof, manifest, erased_by, size, root)
    except NoArchive as error:
        return told | {"verdict": "not an archive", "exit": 4, "reason": str(error)}
    except Bad as error:
        return told | {"reason": str(error)}
    except (KeyError, TypeError, ValueError, OSError, AttributeError, EOFError, RecursionError) as error:
        return told | {"reason": f"it is not of its form: {type(error).__name__}: {error}"[:300]}
    told |= counts
    if not known:
        return told | {"verdict": "integrity good, origin unverified", "exit": 2}
    if counts["erased"]:
        return told | {"verdict": "verified, parts erased", "exit": 3}
    return told | {"verdict": "verified", "exit": 0}


def read_json(path: Path) -> dict[str, Any]:
    """A small JSON file that is an object."""
    if path.is_symlink() or path.stat().st_size > LONGEST_FILE:
        raise Bad(f"{path.name} is a link or too long")
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise Bad(f"{path.name} is no object")
    return found


def check_files(folder: Path) -> dict[str, Any]:
    """The manifest, with every file as it says and none besides."""
    if not folder.is_dir() or not (folder / "manifest.json").is_file() or not (folder / "seal").is_file():
        raise NoArchive("a folder with manifest.json and seal was expected")
    manifest = read_json(folder / "manifest.json")
    if manifest.get("format") != FORMAT:
        raise NoArchive(f"format {FORMAT} was expected, got {manifest.get('format')!r}")
    there = {path.name for path in folder.iterdir()} - set(OWN)
    listed = set(manifest["files"])
    if there != listed:
        raise Bad(f"files and manifest differ: {', '.join(sorted(there ^ listed))[:200]}")
    for name, said in manifest["files"].items():
        path = folder / name
        if "/" in name or path.is_symlink() or not path.is_file():
            raise Bad(f"{name} is no plain file")
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
        if (digest.hexdigest(), size) != (said["sha256"], said["size"]):
            raise Bad(f"{name} was altered: SHA-256 {digest.hexdigest()} of {size} bytes, sealed as {said['sha256']}")
    return manifest


def is_key(text: str) -> bool:
    """Whether a text is a C2SP verifier key of Ed25519, with the id that goes with its name and bytes."""
    name, plus, rest = text.partition("+")
    key_id, plus_too, coded = rest.partition("+")
    try:
        material = base64.b64decode(coded, validate=True)
    except ValueError:
        return False
    right = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4].hex()
    return bool(name and plus and plus_too) and len(material) == 33 and material[:1] == b"\x01" and key_id == right


def open_note(data: bytes, keys: list[str]) -> tuple[list[str], set[str]]:
    """The lines of a signed note, and which of these keys signed it. One that is known and wrong is a fault."""
    text, _, signatures = data.decode().partition("\n\n")
    if not signatures.endswith("\n") or not signatures.startswith("\u2014 "):
        raise Bad("a note without signatures")
    signed_by: set[str] = set()
    for line in signatures[:-1].split("\n"):
        dash, name, coded = line.split(" ")
        raw = base64.b64decode(coded, validate=True)
        for key in keys:
            key_name, key_id, public = key.split("+", 2)
            if dash != "\u2014" or name != key_name or raw[:4].hex() != key_id:
                continue
            if not is_key(key):
                raise Bad(f"not a key: {key[:80]}")
            public_key = base64.b64decode(public, validate=True)[1:]
            try:
                Ed25519PublicKey.from_public_bytes(public_key).verify(raw[4:], f"{text}\n".encode())
            except InvalidSignature:
                raise Bad(f"wrongly signed by {key[:80]}") from None
            signed_by.add(key)
    return text.split("\n"), signed_by


def check_seal(folder: Path, manifest: dict[str, Any], proof: dict[str, Any], trusted: list[str]) -> bool:
    """The seal over the manifest; whether a trusted key made it."""
    lines, signed_by = open_note((folder / "seal").read_bytes(), [*proof["keys"], *trusted])
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    # Of a closed log the log that goes on seals.
    if lines[:3] != [STATEMENT, manifest.get("sealed_by", manifest["origin"]), f"archive {digest}"]:
        raise Bad("the seal is of another manifest")
    if not signed_by:
        raise Bad("nobody that is known signed the seal")
    if trusted and not signed_by & set(trusted):
        raise Bad("no key that you gave sealed it")
    return bool(trusted)


def check_checkpoint(proof: dict[str, Any], manifest: dict[str, Any], trusted: list[str]) -> tuple[int, bytes]:
    """Size and root that the log signed."""
    lines, signed_by = open_note(proof["checkpoint"].encode(), [*proof["keys"], *trusted])
    if not signed_by or (trusted and not signed_by & set(trusted)):
        raise Bad("the checkpoint is signed by no key that counts; of a closed log, give the next epoch's key too")
    size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    if "restore" in proof:
        size, root = check_restore(proof["restore"], manifest["origin"], lines[0], size, root)
    elif lines[0] != manifest["origin"]:
        raise Bad("the checkpoint is not the log's")
    if not 0 <= manifest["from"] < manifest["to"] <= size:
        raise Bad("the checkpoint does not cover the archive")
    return size, root


def check_restore(one: dict[str, Any], closed: str, origin: str, size: int, root: bytes) -> tuple[int, bytes]:
    """Size and root of a closed log, as the entry states them that begins the next epoch, proved in that one's tree."""
    fields = json.loads(one["leaf"])
    path = [base64.b64decode(text, validate=True) for text in one["path"]]
    begins = fields["kind"] == "restore" and fields["seq"] == 0 and fields["log"] == origin
    if not begins or not included(0, size, leaf_hash(one["leaf"].encode()), path, root):
        raise Bad("the entry that begins the next epoch is not proved")
    body = json.loads(opens(fields, one))
    if body["origin"] != closed:
        raise Bad(f"the next epoch goes on from {body['origin']}, the archive is of {closed}")
    return int(body["size"]), bytes.fromhex(body["root"])


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(seq: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if seq >= size:
        return False
    first, last, result = seq, size - 1, leaf
    for one in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            result = node(one, result)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node(result, one)
        first, last = first >> 1, last >> 1
    return last == 0 and result == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if old == new:
        return old_root == new_root and not path
    if not path:
        return False
    if not old & (old - 1):
        path = [old_root, *path]
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    a = b = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            a, b = node(one, a), node(one, b)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            b = node(b, one)
        first, last = first >> 1, last >> 1
    return last == 0 and a == old_root and b == new_root


def opens(fields: dict[str, Any], line: dict[str, Any]) -> bytes:
    """A payload that is what its leaf commits to."""
    payload, salt = base64.b64decode(line["payload"], validate=True), bytes.fromhex(line["salt"])
    commitment = hashlib.sha256(PAYLOAD + salt + hashlib.sha256(payload).digest()).hexdigest()
    if commitment != fields["c"] or len(payload) != fields["len"]:
        raise Bad(f"the payload of entry {fields['seq']} is not the one committed to")
    return payload


def check_erasures(
    folder: Path, proof: dict[str, Any], manifest: dict[str, Any], size: int, root: bytes
) -> list[tuple[int, int]]:
    """The ranges that erasures and purges name, each of them an entry that is proved."""
    del folder
    ranges: list[tuple[int, int]] = []
    for one in proof["erasures"]:
        fields = json.loads(one["leaf"])
        path = [base64.b64decode(text, validate=True) for text in one["path"]]
        good = fields["kind"] in ("erasure", "purge") and fields["log"] == manifest["origin"]
        if not good or not included(fields["seq"], size, leaf_hash(one["leaf"].encode()), path, root):
            raise Bad(f"the erasure at entry {fields['seq']} is not proved")
        body = json.loads(opens(fields, one))
        ranges += [(lo, hi) for lo, hi in body["ranges"] if 0 <= lo < hi <= fields["seq"]]
    return sorted(ranges)


def check_payload(fields: dict[str, Any], said: dict[str, Any], erased: list[tuple[int, int]]) -> bool:
    """A payload that is there and right, or whose erasure is proved; whether it was erased."""
    seq = fields["seq"]
    covered = fields["kind"] in ERASABLE and any(lo <= seq < hi for lo, hi in erased)
    if "payload" in said:
        opens(fields, said)
        if covered:
            raise Bad(f"erasure incomplete: the payload of entry {seq} is still there")
    elif not covered:
        raise Bad(f"the payload of entry {seq} is missing, and no erasure covers it")
    return covered


def check_entries(
    folder: Path, proof: dict[str, Any], manifest: dict[str, Any], erased: list[tuple[int, int]], size: int, root: bytes
) -> dict[str, Any]:
    """Every entry, and that they are the stretch of the log that the checkpoint signs."""
    nodes = [bytes.fromhex(text) for text in proof["frontier"]]
    seq, counts = manifest["from"], {"records": 0, "entries": 0, "erased": 0}
    if len(nodes) != seq.bit_count() or any(len(one) != 32 for one in nodes):
        raise Bad("the frontier is not of the archive's beginning")
    with gzip.open(folder / "entries.ndjson.gz", "rb") as file:
        while line := file.readline(LONGEST_LINE):
            said = json.loads(line)
            leaf = said["leaf"].encode()
            fields = json.loads(leaf)
            if (fields["seq"], fields["log"]) != (seq, manifest["origin"]):
                raise Bad(f"entry {seq} was expected, got {fields['seq']} of {fields['log']}")
            counts["erased"] += check_payload(fields, said, erased)
            counts["entries"] += 1
            counts["records"] += fields["kind"] == "evidence"
            grown, at = leaf_hash(leaf), seq
            while at & 1:
                grown, at = node(nodes.pop(), grown), at >> 1
            nodes.append(grown)
            seq += 1
    if seq != manifest["to"]:
        raise Bad(f"the entries end at {seq}, sealed are {manifest['to']}")
    reached = nodes[-1]
    for one in nodes[-2::-1]:
        reached = node(one, reached)
    path = [base64.b64decode(text, validate=True) for text in proof["consistency"]]
    if not consistent(seq, size, reached, root, path):
        raise Bad("the entries are not the beginning of what the checkpoint signs")
    return counts


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Verify an archive, offline.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", action="append", default=[], help="a verifier key you trust: name+id+base64")
    try:
        given = parser.parse_args()
    except SystemExit as stop:
        return 64 if stop.code else 0
    for key in given.key:
        if not is_key(key):
            print(f"not a verifier key: expected name+id+base64, got {key[:80]!r}", file=sys.stderr)  # noqa: T201 - as below
            return 64
    told = verify(given.folder, given.key)
    for name, value in told.items():
        if value != "":
            print(f"{name}: {value}")  # noqa: T201 - its output
    return int(told["exit"])


if __name__ == "__main__":
    sys.exit(main())
