"""Check one record down to the log's signature, with the standard library and the openssl program.

usage: check_record.py RECORD OPENING PROOF VKEY (what `vestige show ID` writes with --raw, --opening, --proof, and the
log's verifier key, `vestige ledger keys`, from somebody you trust)
"""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def need(good, what):
    if not good:
        sys.exit(f"NOT PROVED: {what}")


def signed(public, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        files = {"key": bytes.fromhex("302a300506032b6570032100") + public, "text": message, "sig": signature}
        for name, data in files.items():
            pathlib.Path(folder, name).write_bytes(data)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey {0}/key -rawin -in {0}/text -sigfile {0}/sig"
        return subprocess.run(command.format(folder).split(), capture_output=True).returncode == 0


record, opening, proof = (pathlib.Path(path).read_bytes() for path in sys.argv[1:4])
opening = json.loads(opening)
leaf = json.loads(data := base64.b64decode(opening["leaf"], validate=True))
# 1. These bytes are what the leaf commits to.
commitment = sha256(b"vestige/payload/v1\n", bytes.fromhex(opening["salt"]), sha256(record))
need(commitment.hex() == leaf["c"] and len(record) == leaf["len"], "the record is not what the leaf commits to")
# 2. The leaf is in the tree: RFC 9162, section 2.1.3.2.
head, _, note = proof.decode().partition("\n\n")
lines = [line for line in head.split("\n")[1:] if not line.startswith("extra ")]
text, _, signatures = note.partition("\n\n")
origin, size, root = text.split("\n")[:3]
place, last, node = int(lines[0].split()[1]), int(size) - 1, sha256(b"\0", data)
need(place == leaf["seq"] <= last and origin == leaf["log"], "the proof is of another entry")
for step in map(base64.b64decode, lines[1:]):
    need(last > 0, "the path is too long")
    right = place & 1 or place == last
    node = sha256(b"\1", step, node) if right else sha256(b"\1", node, step)
    while right and not place & 1 and place:
        place, last = place >> 1, last >> 1
    place, last = place >> 1, last >> 1
need(last == 0 and base64.b64encode(node).decode() == root, "the leaf is not in the signed tree")
# 3. The tree is signed by the log's key: C2SP signed-note.
name, public = sys.argv[4].split("+", 2)[0], base64.b64decode(sys.argv[4].split("+", 2)[2])
key_id = sha256(name.encode(), b"\n", public)[:4]
blobs = (base64.b64decode(line.split()[2]) for line in signatures.splitlines() if line.split()[1] == name)
good = any(blob[:4] == key_id and signed(public[1:], text.encode() + b"\n", blob[4:]) for blob in blobs)
need(name == origin and good, "no signature of this key")
print(f"PROVED: entry {leaf['seq']} of {origin}, received {leaf['at']}, SHA-256 {sha256(record).hex()}")
