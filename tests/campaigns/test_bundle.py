"""Mutated bundles: each is rejected, or stated as neutral with the reason, and both verifiers say the same.

`make test` tries a seeded sample; `make campaign-bundle` turns every bit of every file of the golden bundle, as it is
and sealed again by the log's own key, and tries 100,000 structural mutations. The bundle that is not mutated, packed by
the same packer, passes beside them.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest

from support.bundle_mutations import LEVELS, NEUTRAL, Mutant, at_level, flip, structural
from support.bundles import Answer, answers, golden, log_key, small, standalone, tiny, unzipped, zipped
from vestige.bundles import Trust, keys_of_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from support.bundles import Files

SEED = 20261126
STRUCTURAL, FLIPS = 1_500, 1_500
WHOLE = os.environ.get("VESTIGE_TEST_BUNDLE") == "all"
BATCH = 500


def trusts() -> tuple[Trust, Any]:
    key = golden()["data/0/keys"].decode()
    return Trust(keys_of_text(key)), standalone().Trust([key], None)


@cache
def untouched(base: Callable[[], Files] = small) -> Answer:
    one, two = answers(base(), *trusts())
    assert one == two
    assert (one.exit, one.failed) == (3 if base is small else 0, frozenset())
    assert one.records == ((1, 1, 2, 0) if base is small else (1, 0, 0, 0))
    return one


def judge(mutant: Mutant) -> tuple[str, str]:
    """What became of a mutant, and what is wrong about that, if anything is."""
    one, two = answers(mutant.files, *trusts())
    where = f"{mutant.what}, {mutant.level}"
    if one != two:
        return "disagreed", f"{where}: {one} and {two}"
    if one.rejected:
        return "rejected", ""
    if mutant.neutral and one == untouched(small if mutant.before is small() else tiny):
        return f"neutral: {mutant.neutral}", ""
    return "passed", f"{where}: {one}, {sorted(mutant.changed)}"


def tried(make: Callable[[int], Mutant], places: range) -> tuple[Counter[str], list[str]]:
    found: Counter[str] = Counter()
    wrong = []
    for place in places:
        what, fault = judge(make(place))
        found[what] += 1
        wrong += [fault] if fault else []
    return found, wrong


def run(name: str, make: Callable[[int], Mutant], places: Iterable[range]) -> None:
    """Try all, on every processor if it is the whole campaign, and print what became of them."""
    begun = time.monotonic()
    found: Counter[str] = Counter()
    wrong: list[str] = []
    with multiprocessing.get_context("fork").Pool(os.cpu_count() if WHOLE else 1) as pool:
        for counts, faults in pool.imap_unordered(partial(tried, make), places):
            found.update(counts)
            wrong += faults
            if faults:
                print("\n".join(faults), flush=True)
    taken = time.monotonic() - begun
    print(f"\n{name}: {found.total():,} mutants in {taken:.0f} s")
    for what, count in sorted(found.items()):
        print(f"  {count:>9,}  {what}")
    assert wrong[:20] == []
    assert set(found) - {"rejected"} <= {what for what in found if what.startswith("neutral: ")}
    assert found["rejected"] > 0


def in_batches(count: int) -> list[range]:
    return [range(at, min(at + BATCH, count)) for at in range(0, count, BATCH)]


def sample(count: int, most: int) -> list[range]:
    chance = random.Random(SEED)
    return [range(at, at + 1) for at in sorted(chance.sample(range(count), most))]


@pytest.mark.campaign
def test_every_structural_mutation_is_rejected_or_neutral_with_a_reason() -> None:
    untouched()
    run("structural", partial(structural, SEED), in_batches(100_000 if WHOLE else STRUCTURAL))


@pytest.mark.campaign
@pytest.mark.parametrize("base", [tiny, small])
@pytest.mark.parametrize("level", ["bare", "sealed"])
def test_every_bit_that_is_turned_is_seen(level: str, base: Callable[[], Files]) -> None:
    untouched(base)
    bits = 8 * sum(map(len, base().values()))
    places = in_batches(bits) if WHOLE else sample(bits, FLIPS // 4)
    run(f"single bits of {base.__name__}, {level}", partial(flip, base, level), places)


def test_a_bit_of_the_verifier_itself_is_seen() -> None:
    chance = random.Random(SEED)
    for place in chance.sample(range(8 * len(golden()["verify.py"])), 20):
        data = bytearray(golden()["verify.py"])
        data[place // 8] ^= 1 << place % 8
        one, two = answers(golden() | {"verify.py": bytes(data)}, *trusts())
        assert one == two
        assert (one.exit, one.failed) == (1, frozenset({"container"}))


def test_a_mutant_is_made_again_from_its_number() -> None:
    assert structural(SEED, 7) == structural(SEED, 7)
    assert {structural(SEED, number).level for number in range(8)} == set(LEVELS)


def test_what_is_called_neutral_is_no_more_than_that() -> None:
    """Each file that the key's holder may change without a word: the verdict stays; by anybody else it does not."""
    before = untouched()
    for name in NEUTRAL:
        files = small() | {name: small()[name] + b" "}
        if name == "data/bundle.json":
            files[name] = small()[name].replace(b'"query":"auth"', b'"query":"else"')
        for level in LEVELS:
            one, two = answers(at_level(name, level, files, small()).files, *trusts())
            assert one == two, (name, level)
            assert (one == before) == (level == "sealed"), (name, level)
    with pytest.raises(AssertionError):
        assert answers(small() | {"data/0/raw/18.bin": b"x"}, *trusts())[0] == before


def test_packed_again_by_any_tool_it_is_the_same() -> None:
    assert unzipped(zipped(golden(), "another-name")) == golden()
    assert str(log_key().verifier) == golden()["data/0/keys"].decode().strip()
