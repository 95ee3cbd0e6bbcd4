"""Bundles to be tampered with: the golden one in memory, sealed again in every way a forger could."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import types
import zipfile
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from support.golden import SOURCE, START, build
from support.homes import TENANT, Chance, Clock, Home, sqlite_home
from vestige.bundles import Packer, Report, Selection, Trust, layout
from vestige.bundles.offline import verifier
from vestige.bundles.verifying import check_container
from vestige.ledger.keys import SigningKey
from vestige.proof import TileNodes, canonical, consistency_path, parse_note, sign_note
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.ledger import Ledger

GOLDEN: Final = Path(__file__).resolve().parents[1] / "vectors" / "bundle"
CHOSEN: Final = (3, 4, 5, 18)
"""Records of the golden bundle: one withheld, two erased, one present."""
FRESH: Final = Chance("a forger's key")(32)
Files = dict[str, bytes]


def golden_selection() -> Selection:
    return Selection(CHOSEN, {"query": "auth", "from": "2026-11-22T16:00:00Z"}, {SOURCE: "auth.log"})


def pack(ledger: Ledger, selection: Selection, as_of: int | None = None, start: int = START) -> bytes:
    return b"".join(Packer(ledger, TENANT, selection, as_of).stream(clock=Clock(start, 0)))


def pack_golden(home: Home) -> bytes:
    return pack(build(home), golden_selection())


def unzipped(data: bytes) -> Files:
    """The files of a zip, by name below its one folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


def zipped(files: Mapping[str, bytes], folder: str = layout.FOLDER) -> bytes:
    """A zip as any tool would make it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(f"{folder}/{name}", data)
    return out.getvalue()


def golden_zip() -> bytes:
    """The golden bundle as it is kept."""
    return (GOLDEN / "golden.zip").read_bytes()


@cache
def golden() -> Files:
    """Its files."""
    return unzipped(golden_zip())


def manifests(files: Files) -> Files:
    """The files with manifests that fit them: what anybody can do."""
    made = {name: data for name, data in files.items() if name not in {layout.MANIFEST, layout.TAG_MANIFEST}}
    made[layout.MANIFEST] = _lines(made, [name for name in made if name.startswith("data/")])
    made[layout.TAG_MANIFEST] = _lines(made, [name for name in layout.TAG_FILES if name in made])
    return made


def _lines(files: Files, names: Iterable[str]) -> bytes:
    return "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in names).encode()


def sealed(files: Files, key: SigningKey) -> Files:
    """The files with manifests that fit, and a statement by a key: the log's own, or a forger's."""
    return resealed(manifests(files), key)


def resealed(files: Files, key: SigningKey) -> Files:
    """The files as they are, with a tag manifest that fits and a statement about it."""
    tags = _lines(files, [name for name in layout.TAG_FILES if name in files])
    lines = golden()[layout.STATEMENT].decode().split("\n")
    text = "\n".join([*lines[:2], f"bundle {sha256(tags).hexdigest()}", lines[3], ""])
    return files | {layout.TAG_MANIFEST: tags, layout.STATEMENT: sign_note(text, [key.note_signer()])}


@cache
def fresh_key() -> SigningKey:
    """A key of the log's name that is not the log's."""
    return SigningKey(origin(), FRESH)


@cache
def log_key() -> SigningKey:
    """The golden log's own key: what whoever holds it can do is no forgery, and must still be no accident."""
    key = SigningKey(origin(), Chance("golden")(32))
    assert str(key.verifier) == golden()["data/0/keys"].decode().strip()
    return key


@cache
def small() -> Files:
    """The golden bundle with a few bytes for its verifier, so that every bit of every file can be turned."""
    return sealed(golden() | {"verify.py": b"# verify.py\n"}, log_key())


@cache
def tiny() -> Files:
    """The least of it: one record, the log's key, one earlier checkpoint."""
    kept = {"data/0/raw/18.bin", "data/0/control/0.json", "data/0/consistency/1-20", *layout.COMMON, *layout.TAG_FILES}
    kept |= {layout.proof(0, seq) for seq in (0, 18)}
    kept |= {f"data/0/{name}" for name in ("checkpoint", "checkpoints/1", "keys", "records.txt", "control.txt")}
    files = {name: data for name, data in golden().items() if name in kept}
    about = json.loads(files[layout.ABOUT]) | {"records": {"erased": 0, "present": 1, "withheld": 0}}
    files |= {layout.ABOUT: canonical(about), "data/0/records.txt": b"18 18\n", "data/0/control.txt": b"0 0\n"}
    files |= dict.fromkeys(("verify.py", "README.txt", "data/page.html"), b"words\n")
    # The proof between the two checkpoints that are left, from the hash tile of the golden log.
    tile = (GOLDEN.parent / "golden" / "tile" / "0" / "000.p" / "20").read_bytes()
    path = consistency_path(1, 20, TileNodes(20, lambda _: tile))
    head = "".join(f"{line}\n" for line in ("old 1", *map(encode_base64, path)))
    files["data/0/consistency/1-20"] = head.encode() + b"\n" + files["data/0/checkpoint"]
    return sealed(files, log_key())


def origin() -> str:
    return parse_note(golden()[layout.STATEMENT]).text.split("\n")[1]


@dataclass
class Held:
    """Files in memory, as both verifiers read them."""

    files: Mapping[str, bytes]
    names: Any = field(init=False)

    def __post_init__(self) -> None:
        self.names = frozenset(self.files)

    def open(self, name: str) -> io.BytesIO:
        return io.BytesIO(self.files[name])

    def whole(self, name: str) -> bytes:
        return self.files[name]

    def close(self) -> None:
        pass


@cache
def standalone() -> Any:
    """``verify.py`` as a module."""
    module = types.ModuleType("verify")
    sys.modules["verify"] = module
    exec(compile(verifier(), "verify.py", "exec"), module.__dict__)  # noqa: S102 - the file as a stranger runs it
    return module


@dataclass(frozen=True)
class Answer:
    """What a verifier says, as far as two of them must agree."""

    exit: int
    failed: frozenset[str]
    records: tuple[int, ...]

    @property
    def rejected(self) -> bool:
        return self.exit in {1, 4}


def by_product(files: Mapping[str, bytes], trust: Trust) -> Report:
    report = Report()
    check_container(Held(files), trust, report)
    return report


def by_standalone(files: Mapping[str, bytes], trust: Any) -> Any:
    verify = standalone()
    report = verify.Report()
    verify.check_box(Held(files), trust, report)
    return report


def answers(files: Mapping[str, bytes], trust: Trust, other: Any) -> tuple[Answer, Answer]:
    """Both verifiers' answers on files in memory."""
    one, two = by_product(files, trust), by_standalone(files, other)
    return (
        Answer(one.exit, frozenset(one.counts), tuple(one.records.values())),
        Answer(two.exit(), frozenset(two.failed), tuple(two.records.values())),
    )


def write() -> None:
    """Replace the golden bundle by what the code makes now: a change of the format."""
    with tempfile.TemporaryDirectory() as folder:
        home = sqlite_home(Path(folder))
        data = pack_golden(home)
        home.close()
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "golden.zip").write_bytes(data)


if __name__ == "__main__":
    write()
