"""Every bit of what others say of a bundle turned, and sealed again by the log's own key: refused, or known neutral.

``VESTIGE_TEST_ANCHORS=all`` turns every bit of them; otherwise a seeded sample. What the file verifier accepts and the
product refuses must be the stamp's signature, which the former says it does not check; the reverse must never be.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support.anchoring import Authority, web
from support.bundles import by_product, by_standalone, manifests, pack, standalone, unzipped
from support.homes import SERVER, TENANT, Chance, sqlite_home
from support.vouching import add, key_of, small
from vestige.anchors import Anchoring, stamps, superlog
from vestige.bundles import Selection, Trust, keys_of_text, layout, read_policy
from vestige.ledger.keys import SigningKey
from vestige.model.errors import ProofError
from vestige.proof import parse_note, sign_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bundles import Files

ALL = os.environ.get("VESTIGE_TEST_ANCHORS") == "all"
SAMPLE = 150


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

    def judge(self, files: Files) -> tuple[int, int, set[str]]:
        sealed = self.sealed(files)
        one, two = by_product(sealed, self.trust), by_standalone(sealed, self.other)
        return one.exit, two.exit(), set(one.counts)

    def good_stamp(self, files: Files, name: str) -> bool:
        """Whether a stamp with a bit turned is still one: in a word nobody signed."""
        size = name.rpartition("/")[2].split("-")[0]
        over = files[f"data/0/anchors/{size}.checkpoint"] if "-super-" not in name else files[
            f"data/0/anchors/{size}.super"
        ].partition(b"\n\n")[2]  # fmt: skip
        try:
            stamps.check(files[name], over, self.trust.roots)
        except ProofError:
            return not stamps_claimed(files[name], self.trust)
        return True


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
    assert vouched.judge(vouched.files) == (0, 0, set())
    names = sorted(name for name in vouched.files if "/anchors/" in name)
    assert sorted(name.rpartition(".")[2] for name in names) == ["checkpoint", "super", "tsr", "tsr"]
    bits = [(name, bit) for name in names for bit in range(8 * len(vouched.files[name]))]
    chosen = bits if ALL else random.Random(6).sample(bits, SAMPLE)
    told: Counter[str] = Counter()
    for name, bit in chosen:
        data = bytearray(vouched.files[name])
        data[bit >> 3] ^= 1 << (bit & 7)
        files = vouched.files | {name: bytes(data)}
        one, two, checks = vouched.judge(files)
        kind = name.rpartition(".")[2]
        if one == 0:
            assert two == 0
            assert kind == "tsr", (name, bit)
            assert vouched.good_stamp(files, name), (name, bit)
            told["neutral: a word of the answer that is not signed, or another authority's name"] += 1
        elif two == 0:
            assert (kind, checks) == ("tsr", {"time"}), (name, bit, checks)
            told["refused by the product alone: the stamp's signature"] += 1
        else:
            told[f"refused by both: {kind}"] += 1
    print(f"\n{len(chosen)} of {len(bits)} bits: " + "; ".join(f"{count} {what}" for what, count in told.items()))
    assert told["refused by the product alone: the stamp's signature"]
    assert sum(told.values()) == len(chosen)
