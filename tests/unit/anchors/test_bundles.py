"""What others say goes into bundles: both verifiers check it, and so do openssl and the witnesses' own keys."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson
import pytest

from support.anchoring import Authority, Web, web
from support.bundles import by_product, by_standalone, manifests, pack, standalone, unzipped
from support.homes import SERVER, TENANT, Chance, Home, sqlite_home
from support.vouching import add, key_of, small
from vestige.anchors import Anchoring, superlog
from vestige.anchors.stamps import read_roots
from vestige.bundles import Selection, Trust, keys_of_text, layout, read_policy
from vestige.ledger.keys import SigningKey
from vestige.proof import parse_note, sign_note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cryptography import x509

    from support.bundles import Files
    from vestige.ledger import Ledger


class Case:
    """A log, those who vouch for it, and both verifiers' answers on its bundles."""

    def __init__(self, ledger: Ledger, net: Web) -> None:
        self.ledger = ledger
        self.net = net
        self.asking = Anchoring(ledger, net.means([0, 1], [0, 1, 2]))

    def pack(self, records: tuple[int, ...] = (1, 2, 5), as_of: int | None = None) -> Files:
        return unzipped(pack(self.ledger, Selection(records, {"query": "x"}, {}), as_of))

    def policy(self, quorum: str) -> str:
        lines = [f"log {key_of(self.ledger)}"]
        lines += [f"witness w{number} {one.key}" for number, one in enumerate(self.net.witnesses)]
        return "\n".join([*lines, "group two 2 w0 w1 w2", "group all all w0 w1 w2", f"quorum {quorum}", ""])

    def roots(self, *numbers: int) -> list[x509.Certificate]:
        return [one for number in numbers for one in read_roots(self.net.authorities[number].root)]

    def product(self, files: Files, quorum: str = "none", roots: tuple[int, ...] = (0,)) -> tuple[int, set[str], str]:
        trust = Trust(roots=self.roots(*roots))
        read_policy(self.policy(quorum), trust)
        report = by_product(files, trust).to_json()
        time = next(one["detail"] for one in report["checks"] if one["name"] == "time")
        return report["exit"], {one["check"] for one in report["faults"]}, time

    def alone(self, files: Files, folder: Path, quorum: str = "none") -> tuple[int, set[str], str]:
        (folder / "policy").write_text(self.policy(quorum))
        report = by_standalone(files, standalone().Trust([], str(folder / "policy"))).json()
        time = next(one["detail"] for one in report["checks"] if one["name"] == "time")
        return report["exit"], {one["check"] for one in report["faults"]}, time

    def seal(self, files: Files) -> Files:
        """Manifests that fit, and a statement by the log's own key: what only whoever holds it can do."""
        key = SigningKey(key_of(self.ledger).name, Chance("vouched")(32))
        assert key.verifier == key_of(self.ledger)
        made = manifests(files)
        lines = parse_note(files[layout.STATEMENT]).text.split("\n")
        lines[2] = f"bundle {sha256(made[layout.TAG_MANIFEST]).hexdigest()}"
        return made | {layout.STATEMENT: sign_note("\n".join(lines), [key.note_signer()])}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return [Authority(folder / "a", name="First"), Authority(folder / "b", name="Second")]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    place = sqlite_home(tmp_path / "home")
    yield place
    place.close()


@pytest.fixture
def case(home: Home, authorities: list[Authority], tmp_path: Path) -> Iterator[Case]:
    ledger = small(home)
    superlog.ensure(ledger, SERVER)
    keys = [key_of(ledger), key_of(ledger, superlog.SUPER)]
    with web(tmp_path / "web", authorities, [keys] * 3) as net:
        yield Case(ledger, net)


def test_a_bundle_holds_what_authorities_and_witnesses_said_of_its_checkpoint(case: Case, tmp_path: Path) -> None:
    size = case.asking.run(TENANT).size
    files = case.pack(as_of=size)
    assert sorted(name for name in files if "/anchors/" in name) == [
        f"data/0/anchors/{size}-0.tsr", f"data/0/anchors/{size}-1.tsr", f"data/0/anchors/{size}.checkpoint"
    ]  # fmt: skip
    code, faults, time = case.product(files, "all", (0, 1))
    assert (code, faults) == (0, set())
    assert "all records of" in time
    assert "made-up clock" in time
    code, faults, time = case.alone(files, tmp_path, "all")
    assert (code, faults) == (0, set())
    assert "NOT CHECKED" in time
    assert "claim" in time


def test_stock_openssl_accepts_the_stamp_of_a_good_bundle_and_rejects_a_bad_one(case: Case, tmp_path: Path) -> None:
    size = case.asking.run(TENANT).size
    files = case.pack(as_of=size)
    over, stamp = tmp_path / "checkpoint", tmp_path / "stamp"
    own, other = case.net.authorities
    for number, authority, stranger in ((0, own, other), (1, other, own)):
        over.write_bytes(files[layout.stamped(0, size)])
        stamp.write_bytes(files[layout.stamp(0, size, number)])
        assert authority.verifies(over, stamp)
        assert not stranger.verifies(over, stamp)
        over.write_bytes(files[layout.stamped(0, size)].replace(b"\n6\n", b"\n7\n"))
        assert not authority.verifies(over, stamp)
        over.write_bytes(files[layout.stamped(0, size)])
        data = files[layout.stamp(0, size, number)]
        stamp.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert not authority.verifies(over, stamp)


def test_an_earlier_stamp_covers_the_records_below_it(case: Case, tmp_path: Path) -> None:
    size = case.asking.run(TENANT).size
    add(case.ledger, 3, "later")
    case.asking.run(TENANT)
    last = add(case.ledger, 1, "last of all")
    files = case.pack((1, 2))  # under a checkpoint that nobody stamped, of records the first stamp covers
    assert f"data/0/checkpoints/{size}" in files
    assert sorted(name for name in files if name.endswith(".tsr")) == [
        f"data/0/anchors/{size}-{n}.tsr" for n in (0, 1)
    ]  # fmt: skip
    assert "all records" in case.product(files)[2]
    assert case.alone(files, tmp_path)[:2] == (0, set())
    partly = case.pack((1, last - 1))
    code, faults, time = case.product(partly)
    assert (code, faults) == (0, set())
    assert "records below seq" in time
    assert "all records" not in time


def test_a_stamp_counts_only_under_a_root_of_the_callers(case: Case, tmp_path: Path) -> None:
    size = case.asking.run(TENANT).size
    files = case.pack(as_of=size)
    assert "NO AUTHORITY WAS NAMED" in case.product(files, roots=())[2]
    assert "1 of authorities you did not name, NOT COUNTED" in case.product(files, roots=(0,))[2]
    assert "NOT COUNTED" not in case.product(files, roots=(0, 1))[2]
    stranger = Authority(tmp_path / "stranger", name="Third")
    trust = Trust(keys_of_text(str(key_of(case.ledger))), roots=read_roots(stranger.root))
    report = by_product(files, trust).to_json()
    assert report["exit"] == 1
    assert [one["check"] for one in report["faults"]] == ["time"]
    without = case.pack((1,))
    bare = {name: data for name, data in without.items() if "/anchors/" not in name}
    code, faults, time = case.product(case.seal(bare), roots=())
    assert (code, faults) == (0, set())
    assert "no time stamps" in time
    assert case.product(case.seal(bare), roots=(0,))[:2] == (1, {"time"})


@pytest.mark.parametrize("quorum", ["all", "two", "w0"])
def test_a_quorum_of_witnesses_must_have_cosigned_the_bundles_checkpoint(
    case: Case, tmp_path: Path, quorum: str
) -> None:
    """Three, two, one and none of the witnesses answer."""
    two, one, none = {"w2"}, {"w1", "w2"}, {"w0", "w1", "w2"}
    for silent, good in ((set(), True), (two, quorum != "all"), (one, quorum == "w0"), (none, False)):
        case.net.silent = silent
        add(case.ledger)
        size = case.asking.run(TENANT).size
        files = case.pack(as_of=size)
        expected = (0, set()) if good else (1, {"witnesses"})
        assert case.product(files, quorum)[:2] == expected, silent
        assert case.alone(files, tmp_path, quorum)[:2] == expected, silent


def _without(name: str) -> Callable[[Files, int], Files]:
    return lambda files, size: {key: data for key, data in files.items() if key != name.format(size=size)}


def _with(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files, int], Files]:
    return lambda files, size: files | {name.format(size=size): change(files[name.format(size=size)])}


def _swapped(files: Files, size: int) -> Files:
    """The stamp of one checkpoint beside another."""
    one, other = f"data/0/anchors/{size}-0.tsr", next(n for n in files if n.endswith("-0.tsr") and f"/{size}-" not in n)
    return files | {one: files[other], other: files[one]}


BROKEN: dict[str, tuple[Callable[[Files, int], Files], str]] = {
    "another checkpoint was stamped": (_swapped, "time"),
    "the stamped checkpoint is gone": (_without("data/0/anchors/{size}.checkpoint"), "time"),
    "it is another text": (
        _with("data/0/anchors/{size}.checkpoint", lambda data: data.replace(b"/0\n", b"/1\n", 1)), "time"
    ),
    "its signature is another": (
        _with("data/0/anchors/{size}.checkpoint", lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]), "keys"
    ),
    "it is no note": (_with("data/0/anchors/{size}.checkpoint", lambda _: b"words"), "notes"),
    "the stamp is none": (_with("data/0/anchors/{size}-0.tsr", lambda _: b"words"), "time"),
    "the stamp is cut": (_with("data/0/anchors/{size}-0.tsr", lambda data: data[:-1]), "time"),
    "a file of no known name": (
        lambda files, size: files | {f"data/0/anchors/{size}-x.tsr": b"x"}, "complete"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_both_verifiers_find_what_is_wrong_with_a_stamp(case: Case, tmp_path: Path, name: str) -> None:
    case.net.silent = {"tsa1"}
    size = case.asking.run(TENANT).size
    case.net.silent = {"tsa0"}
    add(case.ledger, 2, "later")
    case.asking.run(TENANT)
    files = case.pack((1, 2))  # each authority has stamped another of its checkpoints
    assert len([one for one in files if one.endswith(".tsr")]) == 2
    assert case.product(case.seal(files))[:2] == (0, set())
    assert case.alone(case.seal(files), tmp_path)[:2] == (0, set())
    change, check = BROKEN[name]
    broken = case.seal(change(files, size))
    for code, faults, _ in (case.product(broken), case.alone(broken, tmp_path)):
        assert code == 1
        assert check in faults


def test_a_stamp_over_the_super_log_proves_the_tenants_checkpoint(case: Case, tmp_path: Path) -> None:
    report = case.asking.run_all([TENANT])[0]
    size = report.size
    files = case.pack()
    assert f"data/0/anchors/{size}.super" in files
    code, faults, time = case.product(files)
    assert (code, faults) == (0, set())
    assert "all records" in time
    code, faults, time = case.alone(files, tmp_path)
    assert (code, faults, "NOT CHECKED" in time) == (0, set(), True)
    over, stamp = tmp_path / "over", tmp_path / "stamp"
    over.write_bytes(files[layout.above(0, size)].partition(b"\n\n")[2])
    stamp.write_bytes(files[layout.stamp_above(0, size, 0)])
    assert case.net.authorities[0].verifies(over, stamp)
    key = key_of(case.ledger, superlog.SUPER)
    trust = Trust(keys_of_text(f"{key_of(case.ledger)}\n{key}"), roots=case.roots(0))
    assert by_product(files, trust).to_json()["exit"] == 0
    stranger = SigningKey(key.name, b"s" * 32).verifier
    trust = Trust(keys_of_text(f"{key_of(case.ledger)}\n{stranger}"), roots=case.roots(0))
    assert by_product(files, trust).to_json()["exit"] == 1
    other = superlog.add(case.ledger, [case.ledger.checkpoint(TENANT)])[1][0].encode()
    name = layout.above(0, size)
    moved, longer = files[name].replace(b"index ", b"index 1"), files[name].replace(b"extra ", b"extra A", 1)
    for changed in (other, b"words", moved, longer):
        broken = case.seal(files | {name: changed})
        assert case.product(broken)[:2] == (1, {"time"})
        assert case.alone(broken, tmp_path)[:2] == (1, {"time"})
    assert case.product(case.seal(files))[:2] == (0, set())


def _respelt(proof: bytes, **fields: object) -> bytes:
    """A proof whose extra line says some fields otherwise, in JSON that is canonical all the same."""
    lines = proof.split(b"\n")
    assert lines[1].startswith(b"extra ")
    extra = orjson.loads(b64decode(lines[1][6:])) | fields
    lines[1] = b"extra " + b64encode(orjson.dumps(extra, option=orjson.OPT_SORT_KEYS))
    return b"\n".join(lines)


def test_both_verifiers_take_the_proof_of_a_super_log_in_one_spelling_only(case: Case, tmp_path: Path) -> None:
    """Nothing vouches for the line that the salt stands in: each other way to write it is refused."""
    size = case.asking.run_all([TENANT])[0].size
    files = case.pack()
    name = layout.above(0, size)
    proof = files[name]
    extra = orjson.loads(b64decode(proof.split(b"\n")[1][6:]))
    salt, leaf = extra["salt"], extra["leaf"]
    assert salt != salt.upper()
    assert _respelt(proof) == proof
    assert case.product(case.seal(files))[:2] == case.alone(case.seal(files), tmp_path)[:2] == (0, set())
    other = {
        "capitals": _respelt(proof, salt=salt.upper()),
        "one capital": _respelt(proof, salt=re.sub("[a-f]", lambda one: one[0].upper(), salt, count=1)),
        "blanks for digits": _respelt(proof, salt=f"{salt[:60]}    "),
        "blanks between": _respelt(proof, salt=" ".join(salt[at : at + 2] for at in range(0, 64, 2))),
        "a digit less": _respelt(proof, salt=salt[:-1]),
        "a byte more": _respelt(proof, salt=f"{salt}00"),
        "wide digits": _respelt(proof, salt=salt.translate({ord("0") + n: 0xFF10 + n for n in range(10)})),
        "a number for a salt": _respelt(proof, salt=1),
        "the leaf in a list": _respelt(proof, leaf=[leaf]),
        "the leaf as what it spells": _respelt(proof, leaf=orjson.loads(leaf)),
        "a field more": _respelt(proof, withheld=""),
        "base64 without its end": proof.replace(proof.split(b"\n")[1], proof.split(b"\n")[1].rstrip(b"=")[:-1], 1),
        "no extra line": proof.replace(proof.split(b"\n")[1] + b"\n", b"", 1),
        "index 00": proof.replace(b"\nindex ", b"\nindex 0", 1),
    }  # fmt: skip
    for what, changed in other.items():
        assert changed != proof, what
        broken = case.seal(files | {name: changed})
        assert case.product(broken)[:2] == (1, {"time"}), what
        assert case.alone(broken, tmp_path)[:2] == (1, {"time"}), what


def test_ten_rotations_leave_every_earlier_bundle_good(case: Case) -> None:
    """Each bundle is verified after all the rotations that followed it, under the first key and under the last."""
    kept: list[tuple[Files, str]] = []
    first = str(key_of(case.ledger))
    for number in range(11):
        last = add(case.ledger, 1, f"of key {number}")
        kept.append((case.pack((1, last - 1)), str(key_of(case.ledger))))
        if number < 10:
            case.ledger.rotate(TENANT)
            case.ledger.checkpoint(TENANT)
    assert len({key for _, key in kept}) == 11
    assert case.ledger.verify(TENANT).ok
    for files, then in kept:
        for key in (first, then):
            assert by_product(files, Trust(keys_of_text(key))).to_json()["exit"] == 0
            assert by_standalone(files, standalone().Trust([key], None)).json()["exit"] == 0
    newest = str(key_of(case.ledger))
    for files, then in kept[:-1]:
        assert then != newest
        assert by_product(files, Trust(keys_of_text(newest))).to_json()["exit"] == 1
        assert by_standalone(files, standalone().Trust([newest], None)).json()["exit"] == 1
