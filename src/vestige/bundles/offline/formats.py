"""Checks an evidence bundle, by itself: Python 3.10 or later and the package ``cryptography``; no network, no database.

usage: verify.py [--key FILE|KEY]… [--policy FILE] [--json] BUNDLE

BUNDLE is a folder or its zip. KEY is the log's verifier key (``name+id+base64``) from somebody you trust, never from
the bundle. Exit: 0 verified; 1 failed; 2 all fits together, but no key was given; 3 verified, parts withheld or erased;
4 not a bundle; 64 usage. Of time stamps it is checked what they are over; who signed them is not, see `openssl ts`.

This file shares no line with the program that made the bundle, so that one can be held against the other. What it
checks is written down in the documentation (bundles.md), and rests on RFC 6962 (the tree), RFC 8032 (signatures), RFC
8785 (canonical JSON), RFC 8493 (BagIt), and C2SP's signed-note, tlog-checkpoint, tlog-proof and tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import struct
import zipfile
import zlib
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    from cryptography.hazmat.primitives.asymmetric import mldsa
except ImportError:
    mldsa = None  # type: ignore[assignment]

CHECKS = (
    *("container", "notes", "keys", "witnesses", "time", "leaves", "inclusion", "consistency", "openings"),
    *("records", "holds", "history", "complete", "statement"),
)
VERDICTS = {
    0: "verified",
    1: "failed",
    2: "integrity good, origin unverified",
    3: "verified, parts withheld or erased",
    4: "not a bundle",
}
USAGE = 64
TAG_FILES = {"README.txt", "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "verify.py"}
OTHERS = {"tagmanifest-sha256.txt", "statement"}
COMMON = ["annotations.ndjson", "bundle.json", "custody.csv", "page.html", "parsers.json"]
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
KINDS = {
    *("evidence", "acquisition", "normalisation", "seal", "amendment", "redaction", "erasure", "erasure_done", "purge"),
    *("hold", "hold_scope", "release", "key", "anchor", "restore", "audit"),
}
NEEDED = {"at", "c", "id", "kind", "len", "log", "mt", "refs", "seq", "v"}
TEXTS = {"acq", "at", "c", "id", "kind", "log", "mt", "sep", "src"}
NUMBERS = {"len", "n", "off", "seq", "sseq", "v"}
MAX_LEAF, MAX_TEXT, MAX_NOTE, MAX_EXTRA, MAX_PATH, MAX_NAME = 4096, 64 << 20, 1 << 20, 1 << 16, 63, 200
MAX_STAMP = 24 << 10
MAX_INTEGER, MAX_SIZE, MAX_FILES, MAX_SIGNATURES, MAX_REFS = 2**53 - 1, 2**63 - 1, 20_000_000, 64, 16
RATIO, SLACK, CHUNK = 256, 64 << 20, 1 << 20
SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
HEX64 = re.compile(r"[0-9a-f]{64}")
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
AT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
MADE = re.compile(r"made [0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?Z")
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
SHA256 = bytes.fromhex("608648016503040201")
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"


class Bad(Exception):  # noqa: N818 - it is the word for it
    """Something is not as it must be."""

    def __init__(self, what: str, expected: object = "", got: object = "") -> None:
        super().__init__(what)
        self.what, self.expected, self.got = what, str(expected)[:200], str(got)[:200]


class Report:
    """Faults with their places, and counts."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.failed: dict[str, int] = {}
        self.details: dict[str, str] = {}
        self.records = {"present": 0, "withheld": 0, "erased": 0, "missing": 0}
        self.bundle, self.trusted, self.reached = True, False, False

    def add(self, check: str, what: str | Bad, file: str = "", seq: int | None = None, **more: object) -> None:
        """Note a fault."""
        bad = what if isinstance(what, Bad) else Bad(what, more.get("expected", ""), more.get("got", ""))
        self.failed[check] = self.failed.get(check, 0) + 1
        full = {"check": check, "message": bad.what, "file": file, "seq": seq, "expected": bad.expected, "got": bad.got}
        if len(self.faults) < 100:
            self.faults.append({name: value for name, value in full.items() if value not in ("", None)})

    def exit(self) -> int:
        """The exit code."""
        if self.failed:
            return 1 if self.bundle else 4
        if not self.trusted:
            return 2
        return 3 if self.records["withheld"] or self.records["erased"] else 0

    def json(self) -> dict[str, Any]:
        """All of it."""
        checks = []
        for name in CHECKS:
            mine = [fault for fault in self.faults if fault["check"] == name]
            detail = told(mine[0]) if mine else self.details.get(name, "")
            if len(mine) > 1:
                detail += f"; and {self.failed[name] - 1} more"
            if not mine and not self.reached:
                detail = "not reached"
            checks.append({"name": name, "ok": self.reached and name not in self.failed, "detail": detail})
        code = self.exit()
        return {
            "verdict": VERDICTS[code],
            "exit": code,
            "checks": checks,
            "records": self.records,
            "faults": self.faults,
        }


def told(fault: dict[str, Any]) -> str:
    """A fault as a line."""
    place = " ".join(str(fault[name]) for name in ("file", "seq") if name in fault)
    rest = "".join(f"; {name} {fault[name]}" for name in ("expected", "got") if name in fault)
    return f"{place}: {fault['message']}{rest}" if place else f"{fault['message']}{rest}"


# -- canonical JSON, base64, signed notes -----------------------------------------------------------------------------


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def refuse(text: str) -> NoReturn:
    """No floats."""
    raise Bad("canonical JSON holds whole numbers only", "an integer", text[:40])


def canonical(data: bytes) -> dict[str, Any]:
    """The object these bytes are the one canonical spelling of: strings, integers, booleans, lists, ASCII keys."""
    try:
        value = json.loads(data.decode(), parse_float=refuse, parse_constant=refuse)
        check_types(value, 1)
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (ValueError, RecursionError) as error:
        raise Bad("not canonical JSON", "RFC 8785", error) from error
    if again != data or not isinstance(value, dict):
        raise Bad("not canonical JSON", "one object in its one spelling", repr(data[:80]))
    return value


def check_types(value: Any, depth: int) -> None:  # noqa: ANN401 - any JSON
    """Refuse what has more than one spelling."""
    if depth > 64 and isinstance(value, (dict, list)):
        raise Bad("canonical JSON nests too deep", "64 levels")
    if isinstance(value, dict):
        if not all(key.isascii() for key in value):
            raise Bad("a key is not ASCII")
        for one in value.values():
            check_types(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            check_types(one, depth + 1)
    elif value is None or (type(value) is int and abs(value) > MAX_INTEGER):
        raise Bad("canonical JSON holds no such value", "no null, integers below 2**53", repr(value)[:40])


def unbase64(text: str) -> bytes:
    """Standard base64 in its one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("not base64", "standard base64", repr(text[:60])) from error
    if base64.b64encode(data).decode() != text:
        raise Bad("not base64 as it is written", base64.b64encode(data).decode(), repr(text[:60]))
    return data


def is_name(name: str) -> bool:
    """Whether a text can name a key."""
    return bool(name) and "+" not in name and not any(sign.isspace() or sign < " " for sign in name)


class Key:
    """A verifier key: its name, its id, 32 bytes of Ed25519; type 1 signs notes, type 4 cosigns checkpoints."""

    def __init__(self, text: str, kind: int = 1) -> None:
        name, _, rest = text.partition("+")
        key_id, plus, encoded = rest.partition("+")
        data = unbase64(encoded)
        self.text, self.name, self.id, self.public = text, name, sha(name.encode(), b"\n", data)[:4], data[1:]
        if not plus or not is_name(name) or data[:1] != bytes((kind,)) or self.id.hex() != key_id:
            raise Bad("not a verifier key", "name+id+base64", text[:80])
        self.check_point()

    def check_point(self) -> None:
        """Refuse encodings on which verifiers disagree: not reduced, not on the curve, of small order."""
        y = int.from_bytes(self.public, "little") & (1 << 255) - 1
        eighth = int.from_bytes(bytes.fromhex(ORDER_8), "little") & (1 << 255) - 1
        u, v = y * y - 1, D * y * y + 1
        on_curve = pow(u * v % P, (P - 1) // 2, P) == 1
        if len(self.public) != 32 or y >= P or not on_curve or y in {0, 1, P - 1, eighth, P - eighth}:
            raise Bad("not an acceptable Ed25519 key", "a point of large order", self.public.hex()[:64])

    def good(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def post_quantum() -> bool:
    """Whether this ``cryptography`` can check ML-DSA-44."""
    return mldsa is not None


class Second:
    """A log's ML-DSA-44 key, type 6: it signs checkpoints beside the Ed25519 key (c2sp.org/tlog-cosignature)."""

    def __init__(self, text: str) -> None:
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = unbase64(encoded)
        self.text, self.name, self.id, self.public = text, name, sha(name.encode(), b"\n", data)[:4], data[1:]
        if not is_name(name) or data[:1] != b"\x06" or len(data) != 1313 or self.id.hex() != key_id:
            raise Bad("not an ML-DSA-44 key", "name+id+base64", text[:80])

    def check(self, message: bytes, signature: bytes) -> None:
        """Refuse what this key did not sign; where this ``cryptography`` cannot tell, nothing is refused, and told."""
        if not post_quantum():
            return
        try:
            mldsa.MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (ValueError, InvalidSignature) as bad:
            raise Bad("an ML-DSA-44 signature does not verify", f"by {self.id.hex()}", len(signature)) from bad

    def signed(self, note: Note, origin: str, size: int, root: bytes) -> None:
        """Refuse a checkpoint that does not bear this key's signature once."""
        found = [data for name, key_id, data in note.signatures if (name, key_id) == (self.name, self.id)]
        if len(found) != 1 or found[0][:8] != bytes(8):
            raise Bad("the checkpoint lacks its second signature", f"by ML-DSA-44 key {self.id.hex()}", len(found))
        names = [struct.pack("B", len(one)) + one for one in (self.name.encode(), origin.encode())]
        head = b"subtree/v1\n\0" + names[0] + bytes(8) + names[1]
        self.check(head + struct.pack(">QQ", 0, size) + root, found[0][8:])


class Note:
    """A signed note, taken apart: c2sp.org/signed-note."""

    def __init__(self, data: bytes) -> None:
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise Bad("a note that is no UTF-8", "", error) from error
        head, gap, tail = whole.rpartition("\n\n")
        if len(data) > MAX_NOTE or re.search(r"[\x00-\x09\x0b-\x1f]", whole) or not gap or not tail.endswith("\n"):
            raise Bad("not a signed note", "a text, an empty line, signatures", repr(whole[-60:]))
        self.text = f"{head}\n"
        self.signatures = [self.line(line) for line in tail[:-1].split("\n")]
        if len(self.signatures) > MAX_SIGNATURES:
            raise Bad("too many signatures", MAX_SIGNATURES, len(self.signatures))

    @staticmethod
    def line(text: str) -> tuple[str, bytes, bytes]:
        """Name, key id and signature of a line."""
        dash, _, rest = text.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != "\u2014" or not is_name(name) or len(data := unbase64(encoded)) <= 4:
            raise Bad("not a signature line", "\u2014 name base64", repr(text[:60]))
        return name, data[:4], data[4:]

    def signers(self, keys: list[Key]) -> list[Key]:
        """Which of the keys signed; a wrong signature by one of them, two by one, or none at all is refused."""
        found: list[Key] = []
        for name, key_id, signature in self.signatures:
            for key in keys:
                if (key.name, key.id) == (name, key_id):
                    if key in found or not key.good(self.text.encode(), signature):
                        raise Bad(
                            "a signature does not verify, or stands there twice", f"by {key.text}", signature.hex()
                        )
                    found.append(key)
        if not found:
            names = ", ".join(f"{name}+{key_id.hex()}" for name, key_id, _ in self.signatures[:5])
            raise Bad("not signed by a key of the log", ", ".join(key.text for key in keys), names)
        return found

    def cosigned(self, key: Key) -> bool:
        """Whether a witness cosigned: c2sp.org/tlog-cosignature."""
        for name, key_id, signature in self.signatures:
            if (name, key_id) == (key.name, key.id) and len(signature) == 72:
                (at,) = struct.unpack(">Q", signature[:8])
                if key.good(f"cosignature/v1\ntime {at}\n{self.text}".encode(), signature[8:]):
                    return True
        return False


def number(text: str) -> int:
    """A decimal in its one spelling."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text) or int(text) > MAX_SIZE:
        raise Bad("not a number", "decimal digits", repr(text[:40]))
    return int(text)


def head_of(note: Note) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint: c2sp.org/tlog-checkpoint."""
    lines = note.text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise Bad("not a checkpoint", "origin, size, root", repr(note.text[:60]))
    size, root = number(lines[1]), unbase64(lines[2])
    if len(root) != 32 or (size == 0 and root != sha(b"")):
        raise Bad("not a root", "32 bytes", root.hex()[:64])
    return lines[0], size, root


# -- time stamps: RFC 3161, section 2.4.2; only what they say, not who says it -----------------------------------------


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """The DER elements these bytes are made of, each with its tag and content."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise Bad("not a time stamp", "DER", "an end in the middle")
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            width = length & 0x7F
            length, at = int.from_bytes(data[at : at + width], "big"), at + width
            if not 1 <= width <= 4:
                raise Bad("not a time stamp", "DER, definite lengths", width)
        if tag & 0x1F == 0x1F or at + length > len(data):
            raise Bad("not a time stamp", "DER", f"tag {tag}, {length} bytes")
        found.append((tag, data[at : at + length]))
        at += length
    return found


def inside(part: tuple[int, bytes], tag: int, least: int) -> list[tuple[int, bytes]]:
    """What an element of a tag holds, at least so many."""
    found = elements(part[1]) if part[0] == tag else []
    if len(found) < least:
        raise Bad("not a time stamp", f"an element {tag:#04x} of {least} parts", f"{part[0]:#04x} of {len(found)}")
    return found


def stamped(data: bytes) -> tuple[bytes, str]:
    """SHA-256 of what a time stamp is over, and the time it states. Nothing here says whether it is genuine."""
    whole = elements(data)
    answer = inside(whole[0] if len(whole) == 1 else (0, b""), 0x30, 2)
    if inside(answer[0], 0x30, 1)[0] != (2, b"\0"):
        raise Bad("the authority did not grant a time stamp", "status 0")
    signed = inside(inside(inside(answer[1], 0x30, 2)[1], 0xA0, 1)[0], 0x30, 4)
    content = inside(inside(inside(signed[2], 0x30, 2)[1], 0xA0, 1)[0], 0x04, 1)
    info = inside(content[0], 0x30, 5)
    imprint = inside(info[2], 0x30, 2)
    if inside(imprint[0], 0x30, 1)[0] != (6, SHA256) or imprint[1][0] != 4 or info[4][0] != 0x18:
        raise Bad("a time stamp of another digest than SHA-256", "", imprint[1][1].hex()[:64])
    return imprint[1][1], ascii(info[4][1].decode("ascii", "replace"))[1:-1]


# -- the tree: RFC 6962, section 2.1 ----------------------------------------------------------------------------------


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """RFC 9162, section 2.1.3.2; the path has exactly the length it must."""
    node, last = sha(b"\0", leaf), size - 1
    if not 0 <= index < size:
        raise Bad("no such leaf", f"below {size}", index)
    for step in path:
        if last == 0 or len(step) != 32:
            raise Bad("the proof is too long, or holds no hash")
        if index & 1 or index == last:
            node = sha(b"\1", step, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\1", node, step)
        index, last = index >> 1, last >> 1
    if last or node != root:
        raise Bad("the leaf is not in the signed tree", root.hex(), node.hex())


def check_consistency(first: int, second: int, root1: bytes, root2: bytes, path: list[bytes]) -> None:
    """RFC 9162, section 2.1.4.2."""
    if not 0 < first < second or any(len(step) != 32 for step in path) or not path:
        raise Bad("not a proof between these sizes", f"0 < {first} < {second}, hashes", len(path))
    steps = list(path) if first & (first - 1) else [root1, *path]
    index, last = first - 1, second - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Bad("the proof is too long")
        if index & 1 or index == last:
            old, new = sha(b"\1", step, old), sha(b"\1", step, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = sha(b"\1", new, step)
        index, last = index >> 1, last >> 1
    if last or old != root1 or new != root2:
        raise Bad("the later checkpoint does not extend the earlier one", root2.hex(), new.hex())
