"""Names and bounds of what a bundle holds: what the packer writes and the verifier expects, and nothing else.

::

    bagit.txt  bag-info.txt  README.txt  verify.py      tag files, in the tag manifest
    manifest-sha256.txt                                 every file under data/; in the tag manifest
    tagmanifest-sha256.txt                              the tag files; the statement speaks of it
    statement                                           a signed note, in no manifest
    data/bundle.json                                    what was chosen, and which logs it lies in
    data/page.html  data/custody.csv                    for people; said by the files below, too
    data/annotations.ndjson  data/parsers.json          what people noted; what reads the records
    data/<epoch>/checkpoint                             the signed tree every proof of this log leads to
    data/<epoch>/checkpoints/<size>                     earlier ones
    data/<epoch>/consistency/<from>-<to>                from each checkpoint to the next, as a witness is sent them
    data/<epoch>/keys                                   verifier keys: hints
    data/<epoch>/records.txt  data/<epoch>/control.txt  which seqs, as rising ranges "<first> <last>"
    data/<epoch>/raw/<seq>.bin                          a record's exact bytes; absent if erased or withheld
    data/<epoch>/redacted/<seq>.json                    what is shown of a record that is withheld: our statement
    data/<epoch>/control/<seq>.json                     the payload of one of our own entries
    data/<epoch>/proofs/<seq>.tlog-proof                its place in the tree; leaf and salt stand in its extra line
"""

from __future__ import annotations

import re
from binascii import a2b_hex
from typing import TYPE_CHECKING, Final

from vestige.model.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT: Final = "vestige-bundle/1"
FOLDER: Final = "vestige-bundle"
"""The one folder of a zip; whoever packs it again may call it otherwise."""

BAGIT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
STATEMENT: Final = "statement"
TAG_FILES: Final = ("README.txt", "bag-info.txt", "bagit.txt", MANIFEST, "verify.py")
"""What the tag manifest lists, in its order."""
ABOUT: Final = "data/bundle.json"
COMMON: Final = (ABOUT, "data/annotations.ndjson", "data/custody.csv", "data/page.html", "data/parsers.json")
"""Files under ``data/`` that every bundle has."""

MAX_FILES: Final = 20_000_000
MAX_TEXT: Final = 64 << 20
"""Bytes of a file that is read whole: a control entry's payload, ``bundle.json``."""
MAX_NAME: Final = 200
MAX_LINE: Final = 64 + 2 + MAX_NAME + 1
LOCAL_HEADER: Final = 30
"""Bytes of the header before each file of a zip, without its name."""
MAX_RATIO: Final = 256
"""How many times as long as the zip all it holds may be, beside :data:`SLACK`. Our own packer stores what it could
compress beyond a third of that."""
SLACK: Final = 64 << 20

_SEGMENT: Final = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_NAME: Final = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*")
_LISTED: Final = re.compile(f"([0-9a-f]{{64}})  ({_SEGMENT}(?:/{_SEGMENT})*)\n".encode())
"""A line of a manifest."""
_RANGE: Final = re.compile(r"(0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15})")


def raw(epoch: int, seq: int) -> str:
    """Where a record's exact bytes lie."""
    return f"data/{epoch}/raw/{seq}.bin"


def redacted(epoch: int, seq: int) -> str:
    """Where stands what is shown of a record whose bytes a redaction withholds."""
    return f"data/{epoch}/redacted/{seq}.json"


def control(epoch: int, seq: int) -> str:
    """Where the payload of one of our own entries lies."""
    return f"data/{epoch}/control/{seq}.json"


def proof(epoch: int, seq: int) -> str:
    """Where an entry's proof lies."""
    return f"data/{epoch}/proofs/{seq}.tlog-proof"


def stamped(epoch: int, size: int) -> str:
    """Where a checkpoint lies as an authority was shown it, without cosignatures."""
    return f"data/{epoch}/anchors/{size}.checkpoint"


def stamp(epoch: int, size: int, number: int) -> str:
    """Where an authority's answer lies: ``openssl ts -verify -in``."""
    return f"data/{epoch}/anchors/{size}-{number}.tsr"


def above(epoch: int, size: int) -> str:
    """Where the proof lies that a checkpoint is in the super-log, with the super-log's checkpoint that was stamped."""
    return f"data/{epoch}/anchors/{size}.super"


def stamp_above(epoch: int, size: int, number: int) -> str:
    """Where an authority's answer about the super-log lies."""
    return f"data/{epoch}/anchors/{size}-super-{number}.tsr"


def ranges_text(ranges: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Half-open ranges as lines of first and last seq."""
    for lo, hi in ranges:
        yield f"{lo} {hi - 1}\n".encode()


def parse_range(line: str, after: int) -> tuple[int, int] | None:
    """A line of ranges as a half-open range, if it is one that rises beyond ``after`` and does not touch it."""
    found = _RANGE.fullmatch(line)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    return (first, last + 1) if after < first <= last else None


def check_names(names: Iterable[str]) -> frozenset[str]:
    """Refuse names that no bundle has, and two that some system takes for one.

    Raises:
        ProofError: which.
    """
    folded: set[str] = set()
    known: list[str] = []
    for name in names:
        if len(name) > MAX_NAME or not _NAME.fullmatch(name):
            raise ProofError(
                "a name leads out of the bundle, or is none of a bundle's",
                expected="letters, digits, '.', '_' and '-', parted by '/'", got=ascii(name[:80]),
            )  # fmt: skip
        known.append(name)
        folded.add(name.lower())
        if len(folded) < len(known):
            raise ProofError("a file is given twice", expected="each name once, in whatever case", got=name)
        if len(known) > MAX_FILES:
            raise ProofError("there are too many files", expected=f"at most {MAX_FILES}", got="more")
    return frozenset(known)


def parse_listed(line: bytes) -> tuple[str, bytes] | None:
    """Name and digest of a manifest's line, if it is one."""
    found = _LISTED.fullmatch(line)
    if found is None or len(found[2]) > MAX_NAME:
        return None
    return found[2].decode(), a2b_hex(found[1])
