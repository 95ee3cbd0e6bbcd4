"""Every bit of what others say of a bundle turned, and sealed again by the log's own key: refused, or known neutral.

``VESTIGE_TEST_ANCHORS=all`` turns every bit of them; otherwise a seeded sample. What the file verifier accepts and the
product refuses must be the stamp's signature, which the former says it does not check; the reverse must never be.
Whatever is otherwise is told by file, byte and bit, with both answers.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from support.anchoring import Authority, web
from support.bundles import by_product, by_standalone, manifests, pack, standalone, unzipped
from support.homes import SERVER, TENANT, Chance, sqlite_home
from support.vouching import add, key_of, small
from vestige.anchors import Anchoring, stamps, superlog
from vestige.bundles import Selection, Trust, keys_of_text, layout, read_policy
from vestige.ledger.keys import SigningKey
from vestige.model.errors import ProofError
from vestige.proof import parse_checkpoint, parse_note, sign_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bundles import Files

ALL = os.environ.get("VESTIGE_TEST_ANCHORS") == "all"
SAMPLE = 150
ALONE = "refused by the product alone: the stamp's signature"
WRONG = "WRONG"


class Vouched:
    """A bundle with a direct stamp, one over the super-log, and a cosignature; and whoever may judge it."""

    def __init__(self, files: Files, trust: Trust, policy: str, key: SigningKey) -> None:
        self.files = files
        self.trust = trust
        self.other = standalone().Trust([], policy)
        self.key = key

    def sealed(self, files: Files) -> Files:
        made = manifests(files)
        lines = parse_note(files[layout.STATEMENT]).text.split("\n")
        lines[2] = f"bundle {sha256(made[layout.TAG_MANIFEST]).hexdigest()}"
        return made | {layout.STATEMENT: sign_note("\n".join(lines), [self.key.note_signer()])}

    def judge(self, name: str, bit: int) -> tuple[str, str]:
        """What becomes of the bundle with one bit of a file turned; and what is wrong about that, if anything is."""
        files = self.files | {name: flipped(self.files[name], bit)}
        sealed = self.sealed(files)
        one, two = by_product(sealed, self.trust).to_json(), by_standalone(sealed, self.other).json()
        checks, kind = {fault["check"] for fault in one["faults"]}, name.rpartition(".")[2]
        what = ""
        if one["exit"] == 0 == two["exit"] and kind == "tsr":
            what = self.neutral(files, name, one)
        elif one["exit"] == 1 == two["exit"]:
            what = f"refused by both: {kind}"
        elif (one["exit"], two["exit"], kind, checks) == (1, 0, "tsr", {"time"}):
            what = ALONE
        if what:
            return what, ""
        return WRONG, f"{place(self.files[name], name, bit)}: product {said(one)}; verify.py {said(two)}"

    def neutral(self, files: Files, name: str, report: dict[str, Any]) -> str:
        """Why a stamp with a bit turned may be accepted; empty if it may not."""
        size = name.rpartition("/")[2].split("-")[0]
        over = files[f"data/0/anchors/{size}.checkpoint"] if "-super-" not in name else files[
            f"data/0/anchors/{size}.super"
        ].partition(b"\n\n")[2]  # fmt: skip
        try:
            stamps.check(files[name], over, self.trust.roots)
        except ProofError:
            told = next(check["detail"] for check in report["checks"] if check["name"] == "time")
            claimed = stamps_claimed(files[name], self.trust)
            return "" if claimed or "NOT COUNTED" not in told else "neutral: another authority's by name, not counted"
        return "neutral: a word of the answer that nobody signed"


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit turned, counted from the first byte's lowest."""
    return data[: bit >> 3] + bytes([data[bit >> 3] ^ 1 << (bit & 7)]) + data[(bit >> 3) + 1 :]


def place(data: bytes, name: str, bit: int) -> str:
    at = bit >> 3
    return f"{name}, byte {at}, bit {bit & 7} ({data[at]:#04x} became {flipped(data, bit)[at]:#04x})"


def said(report: dict[str, Any]) -> str:
    """A verifier's answer as a line: its verdict and every fault."""
    faults = ", ".join(f"{fault['check']}: {fault['message']} ({fault.get('got', '')})" for fault in report["faults"])
    return f"{report['verdict']} [{faults or 'no fault'}]"


def stamps_claimed(data: bytes, trust: Trust) -> bool:
    """Whether a stamp claims one of the named authorities: another's is told, and not counted."""
    try:
        return stamps.leads_to(data, trust.roots)
    except ProofError:
        return True


@pytest.fixture(scope="module")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vouched]:
    folder: Path = tmp_path_factory.mktemp("vouched")
    (folder / "home").mkdir()
    home = sqlite_home(folder / "home")
    ledger = small(home)
    superlog.ensure(ledger, SERVER)
    authorities = [Authority(folder / "a", name="First"), Authority(folder / "b", name="Second")]
    with web(folder / "web", authorities, [[key_of(ledger), key_of(ledger, superlog.SUPER)]]) as net:
        Anchoring(ledger, net.means([1])).run_all([TENANT])
        add(ledger)
        size = Anchoring(ledger, net.means([0], [0])).run(TENANT).size
        files = unzipped(pack(ledger, Selection((1, 2), {"query": "x"}, {}), size))
        policy = f"log {key_of(ledger)}\nwitness w {net.witnesses[0].key}\nquorum w\n"
    (folder / "policy").write_text(policy)
    roots = [root for one in authorities for root in stamps.read_roots(one.root)]
    trust = Trust(keys_of_text(str(key_of(ledger))), roots=roots)
    read_policy(policy, trust)
    files |= {"verify.py": b"# verify.py\n", "README.txt": b"words\n"}
    yield Vouched(files, trust, str(folder / "policy"), SigningKey(key_of(ledger).name, Chance("vouched")(32)))
    home.close()


def test_every_bit_of_what_others_say_is_checked(vouched: Vouched) -> None:
    untouched = vouched.sealed(vouched.files)
    assert (by_product(untouched, vouched.trust).exit, by_standalone(untouched, vouched.other).exit()) == (0, 0)
    names = sorted(name for name in vouched.files if "/anchors/" in name)
    assert sorted(name.rpartition(".")[2] for name in names) == ["checkpoint", "super", "tsr", "tsr"]
    bits = [(name, bit) for name in names for bit in range(8 * len(vouched.files[name]))]
    chosen = bits if ALL else random.Random(6).sample(bits, SAMPLE)
    told: Counter[str] = Counter()
    wrong = []
    for name, bit in chosen:
        what, fault = vouched.judge(name, bit)
        told[what] += 1
        if fault:
            print(fault, flush=True)
            wrong.append(fault)
    print(f"\n{len(chosen)} of {len(bits)} bits:")
    for what, count in sorted(told.items()):
        print(f"  {count:>6,}  {what}")
    assert wrong[:20] == []
    assert told[ALONE]
    assert told.total() == len(chosen)


def test_a_bit_that_is_judged_wrongly_is_told_by_its_place(vouched: Vouched) -> None:
    """With a verifier that believes everything, the campaign names file, byte and bit, and what the other said."""
    (name,) = (name for name in vouched.files if name.endswith(".super"))
    assert vouched.judge(name, 3) == ("refused by both: super", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(superlog, "check", lambda data, _: believed(data))
        what, fault = vouched.judge(name, 8 * 5 + 1)
    assert what == WRONG
    assert f"{name}, byte 5, bit 1 (" in fault
    assert "product verified [no fault]" in fault
    assert "verify.py failed [time: not a proof of a checkpoint of this bundle" in fault


def believed(proof: bytes) -> superlog.Held:
    note = proof.partition(b"\n\n")[2]
    return superlog.Held(parse_checkpoint(note), note)
