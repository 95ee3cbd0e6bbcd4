"""Mutations of a bundle: single bits, and whole pieces swapped, dropped, doubled, put in another order or written anew.

Each is sealed again at one of four levels, from what a careless hand does to what only the holder of the log's key can:

* ``bare``: nothing else is changed;
* ``manifests``: the manifests fit again, which anybody can do;
* ``forged``: and a statement by a key of the log's name that is not the log's;
* ``sealed``: and the statement by the log's own key. What is then neutral is what is said in :data:`NEUTRAL`.
"""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Final, NamedTuple

from support.bundles import fresh_key, log_key, manifests, resealed, sealed, small
from vestige.bundles import layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.bundles import Files

LEVELS: Final = ("bare", "manifests", "forged", "sealed")
NEUTRAL: Final = {
    "README.txt": "words for people; the log's key stands for them and nothing else does",
    "verify.py": "a program, not evidence; the log's key stands for it",
    "bag-info.txt": "words about the bag that BagIt asks for",
    "data/annotations.ndjson": "what people noted, as whoever sealed the bundle says it",
    "data/custody.csv": "said again by the entries beside it, which are proved",
    "data/page.html": "said again by the records beside it, which are proved",
    "data/parsers.json": "said again by the normalisation entries beside it, which are proved",
    "data/bundle.json": "how the records were chosen, and by which version, as whoever sealed it says it",
    "data/0/keys": "hints; the keys that count are in the log's own entries",
}
"""Files whose change by the holder of the log's own key changes no verdict, and why."""


FOLLOW: Final = frozenset({layout.MANIFEST, layout.TAG_MANIFEST, layout.STATEMENT})
"""Files that are made anew where a bundle is sealed again."""
COSIGNED: Final = "a further signature by a key nobody asked about: it is ignored, so that witnesses may cosign"


class Mutant(NamedTuple):
    """A changed bundle."""

    what: str
    level: str
    files: Files
    changed: frozenset[str]
    """The files that differ, beside those that follow from sealing it again."""
    before: Files

    @property
    def neutral(self) -> str:
        """Why the verdict need not change; empty if it must."""
        if not self.changed:
            return "sealing it again has undone it, or the order of the manifest's lines is another"
        if all(_cosigned(self.before.get(name), self.files.get(name)) for name in self.changed):
            return COSIGNED
        if self.level == "sealed" and self.changed <= NEUTRAL.keys():
            return "; ".join(sorted(NEUTRAL[name] for name in self.changed))
        return ""


def _cosigned(before: bytes | None, after: bytes | None) -> bool:
    """Whether a note was only signed by others as well."""
    if before is None or after is None or b"\n\n" not in after:
        return False
    text, _, lines = before.rpartition(b"\n\n")
    now, _, signatures = after.rpartition(b"\n\n")
    left, mine = signatures.splitlines(), lines.splitlines()[:1]
    others = [line for line in left if line not in mine]
    named = all(line.startswith(("\u2014 example.org/other ".encode(), "\u2014 x ".encode())) for line in others)
    return bool(mine) and text == now and left.count(mine[0]) == 1 and named


def _same_lines(one: bytes, other: bytes) -> bool:
    """Whether two manifests differ in the order of their lines at most."""
    return sorted(one.splitlines(keepends=True)) == sorted(other.splitlines(keepends=True))


def at_level(what: str, level: str, files: Files, before: Files) -> Mutant:
    """A bundle's changed files, sealed again as somebody could."""
    turned, own = files.get(layout.MANIFEST), False
    if level == "manifests":
        files = manifests(files)
    elif level == "forged":
        files = sealed(files, fresh_key())
    elif level == "sealed":
        # What was done to the manifest itself stays, and the key's holder signs that.
        own = turned is not None and turned != before[layout.MANIFEST]
        files = resealed(files, log_key()) if own else sealed(files, log_key())
    changed = {name for name in before.keys() | files.keys() if before.get(name) != files.get(name)}
    if level == "sealed":
        changed -= (
            FOLLOW
            if not own or _same_lines(files[layout.MANIFEST], before[layout.MANIFEST])
            else FOLLOW - {layout.MANIFEST}
        )
    elif level == "forged":
        changed -= {layout.MANIFEST, layout.TAG_MANIFEST}
    return Mutant(what, level, files, frozenset(changed), before)


def flip(base: Callable[[], Files], level: str, place: int) -> Mutant:
    """One single bit of a bundle turned, counted through all its files in the order of their names."""
    for name, data in sorted(base().items()):
        if place < 8 * len(data):
            turned = bytearray(data)
            turned[place // 8] ^= 1 << place % 8
            return at_level(f"bit {place} of {name}", level, base() | {name: bytes(turned)}, base())
        place -= 8 * len(data)
    raise IndexError(place)


def structural(seed: int, number: int) -> Mutant:
    """One structural mutation, the same for the same seed and number."""
    chance = random.Random(seed << 32 | number)
    kind = chance.choice(sorted(_KINDS))
    files = dict(small())
    what = _KINDS[kind](files, chance)
    level = LEVELS[number % len(LEVELS)]
    return at_level(f"{kind}: {what}", level, files, small())


def _name(files: Files, chance: random.Random) -> str:
    return chance.choice(sorted(files))


def _swap(files: Files, chance: random.Random) -> str:
    one, two = chance.sample(sorted(files), 2)
    files[one], files[two] = files[two], files[one]
    return f"{one} and {two}"


def _swap_alike(files: Files, chance: random.Random) -> str:
    folder = chance.choice(["data/0/proofs/", "data/0/control/", "data/0/checkpoints/", "data/0/consistency/"])
    one, two = chance.sample(sorted(name for name in files if name.startswith(folder)), 2)
    files[one], files[two] = files[two], files[one]
    return f"{one} and {two}"


def _drop(files: Files, chance: random.Random) -> str:
    name = _name(files, chance)
    del files[name]
    return name


def _drop_entry(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(name for name in files if name.startswith("data/0/proofs/")))
    seq = name.rpartition("/")[2].partition(".")[0]
    for gone in (name, f"data/0/raw/{seq}.bin", f"data/0/control/{seq}.json"):
        files.pop(gone, None)
    return f"all of entry {seq}"


def _duplicate(files: Files, chance: random.Random) -> str:
    name = _name(files, chance)
    stem, dot, ending = name.rpartition(".")
    other = chance.choice([
        f"{name}.2", f"{stem or ending}2{dot}{ending if stem else ''}", f"data/0/raw/{chance.randrange(99)}.bin",
        f"data/0/proofs/{chance.randrange(30)}.tlog-proof", name.upper(),
    ])  # fmt: skip
    if other in files:
        other = f"{name}.copy"
    files[other] = files[name]
    return f"{name} as {other}"


def _reorder(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(name for name, data in files.items() if data.count(b"\n") > 1))
    lines = files[name].splitlines(keepends=True)
    one, two = chance.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]
    files[name] = b"".join(lines)
    return f"lines {one} and {two} of {name}"


def _lines(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(name for name, data in files.items() if b"\n" in data))
    lines = files[name].splitlines(keepends=True)
    place = chance.randrange(len(lines))
    lines[place : place + 1] = [lines[place]] * chance.choice([0, 2])
    files[name] = b"".join(lines)
    return f"line {place} of {name} dropped or doubled"


def _cut(files: Files, chance: random.Random) -> str:
    name = _name(files, chance)
    at = chance.randrange(len(files[name]) + 1)
    files[name] = files[name][:at]
    return f"{name} at {at}"


def _append(files: Files, chance: random.Random) -> str:
    name = _name(files, chance)
    more = chance.choice([b"\n", b" ", b"\0", b"x", files[name], b"\n\n", "\u2014 x AAAAAAA=\n".encode()])
    files[name] = files[name] + more if chance.random() < 0.8 else more + files[name]
    return f"{name} and {more[:20]!r}"


def _encode(files: Files, chance: random.Random) -> str:
    """The same meaning in another spelling."""
    name = _name(files, chance)
    data = files[name]
    ways: list[Callable[[bytes], bytes]] = [
        lambda data: data.replace(b"\n", b"\r\n"), lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b"=", b""),
        lambda data: data.upper(), lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"  ", b" *"),
        lambda data: data.replace(b"/", b"\\/"), lambda data: data.replace(b":", b": "), _spelled, _base64_url,
        lambda data: data.replace(b" ", b"\t"), lambda data: data.replace(b"index ", b"index 0"),
        lambda data: data.decode("latin-1").encode("utf-16"),
    ]  # fmt: skip
    files[name] = chance.choice(ways)(data)
    return name


def _spelled(data: bytes) -> bytes:
    try:
        return json.dumps(json.loads(data), indent=1, ensure_ascii=True).encode()
    except ValueError:
        return data.replace(b"0", b"00")


def _base64_url(data: bytes) -> bytes:
    return data.replace(b"+", b"-").replace(b"/", b"_")


def _extra(files: Files, chance: random.Random) -> str:
    """What stands beside a proof, changed: leaf, salt, or what withholds."""
    name = chance.choice(sorted(name for name in files if name.startswith("data/0/proofs/")))
    lines = files[name].split(b"\n")
    extra = json.loads(base64.b64decode(lines[1].partition(b" ")[2]))
    kind = chance.choice(["no salt", "salt", "leaf", "withheld", "unknown", "field"])
    if kind == "no salt":
        extra.pop("salt", None)
    elif kind == "salt":
        extra["salt"] = f"{chance.getrandbits(256):064x}"
    elif kind == "leaf":
        leaf = json.loads(extra["leaf"])
        place = chance.choice(sorted(leaf))
        leaf[place] = leaf[place] + 1 if isinstance(leaf[place], int) else f"{leaf[place]}0"
        extra["leaf"] = json.dumps(leaf, separators=(",", ":"), sort_keys=True)
    elif kind == "withheld":
        extra.pop("salt", None)
        extra["withheld"] = "01M81ZRQV0E88WQTK3WJHHB0F2"
    elif kind == "unknown":
        extra["more"] = "x"
    else:
        extra["leaf"] = extra["leaf"].replace(",", ", ", 1)
    text = json.dumps(extra, separators=(",", ":"), sort_keys=True)
    lines[1] = b"extra " + base64.b64encode(text.encode())
    files[name] = b"\n".join(lines)
    return f"{kind} of {name}"


def _path(files: Files, chance: random.Random) -> str:
    """The hashes of a proof, changed."""
    folder = chance.choice(["data/0/proofs/", "data/0/consistency/"])
    name = chance.choice(sorted(name for name in files if name.startswith(folder)))
    head, gap, note = files[name].partition(b"\n\n")
    lines = head.split(b"\n")
    place = chance.randrange(1, len(lines) + 1)
    some = base64.b64encode(chance.randbytes(chance.choice([32, 32, 31, 64])))
    if chance.random() < 0.5 and place < len(lines):
        lines[place] = some
    else:
        lines.insert(place, some)
    files[name] = b"\n".join(lines) + gap + note
    return f"line {place} of {name}"


def _sign(files: Files, chance: random.Random) -> str:
    """A checkpoint with other signatures."""
    name = chance.choice(["data/0/checkpoint", "data/0/checkpoints/1", "data/0/checkpoints/13", "statement"])
    text, gap, lines = files[name].rpartition(b"\n\n")
    line = lines.splitlines(keepends=True)[0]
    ways = {
        "doubled": line + line,
        "another's": "\u2014 example.org/other AAAAAAA=\n".encode() + line,
        "another's alone": "\u2014 example.org/other AAAAAAAA\n".encode(),
        "none": b"",
    }
    way = chance.choice(sorted(ways))
    files[name] = text + gap + ways[way]
    return f"{way} of {name}"


def _ranges(files: Files, chance: random.Random) -> str:
    name = chance.choice(["data/0/records.txt", "data/0/control.txt"])
    first, last = sorted((chance.randrange(25), chance.randrange(25)))
    files[name] = chance.choice([f"{first} {last}\n".encode(), files[name] + f"{first} {last}\n".encode(), b"",
                                 b"0 9007199254740990\n", f"{last} {first}\n".encode()])  # fmt: skip
    return name


_KINDS: Final[dict[str, Callable[[Files, random.Random], str]]] = {
    "swap": _swap, "swap alike": _swap_alike, "drop": _drop, "drop entry": _drop_entry, "duplicate": _duplicate,
    "reorder": _reorder, "lines": _lines, "cut": _cut, "append": _append, "encode": _encode, "extra": _extra,
    "path": _path, "sign": _sign, "ranges": _ranges,
}  # fmt: skip
