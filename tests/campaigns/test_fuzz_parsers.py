"""Mutated inputs through every parser: each record is read, left unparsed with a reason, or skipped with one.

`make test` tries a sample, `make campaign-fuzz-parsers` a million inputs; counts by format and the rate are printed.
An input that breaks something is kept, and can be made again from the campaign's seed and its number.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from support.fuzz.campaign import Plan, run
from support.fuzz.mutate import Mutator
from support.fuzz.seeds import seeds
from vestige.sources import formats

SEED = 20260411
SAMPLE = 2_000


def real_logs() -> Path | None:
    """The corpus, where there is one; its absence makes the campaign narrower and no less a campaign."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("VESTIGE_TEST_CORPUS", str(default)))
    return folder if (folder / "MANIFEST.json").is_file() else None


@pytest.mark.campaign
def test_every_record_of_any_input_is_accounted_for(pytestconfig: pytest.Config) -> None:
    inputs = int(pytestconfig.getoption("--inputs") or SAMPLE)
    whole = inputs > SAMPLE
    plan = Plan(
        seed=int(pytestconfig.getoption("--fuzz-seed") or SEED),
        inputs=inputs,
        processes=(os.cpu_count() or 1) if whole else 1,
        keep=Path(tempfile.gettempdir()) / "vestige-fuzz",
        corpus=real_logs() if whole else None,
        say=whole,
    )
    outcome = run(plan)
    print(f"\n{'format':24} {'inputs':>9}")
    for name, count in sorted(outcome.inputs.items()):
        print(f"{name:24} {count:>9,}")
    print(f"{'all':24} {outcome.inputs.total():>9,}  {outcome.inputs.total() / outcome.seconds:,.0f}/s")
    print("records: " + ", ".join(f"{count:,} {what}" for what, count in sorted(outcome.records.items())))
    print(f"slowest: {outcome.slowest[0]:.3f} s of processor time, {outcome.slowest[1]}")
    assert outcome.breaches == [], f"kept in {plan.keep}"
    assert outcome.inputs.total() == inputs
    assert set(outcome.inputs) == set(formats())
    assert set(outcome.records) == {"parsed", "unparsed", "skipped"}


def test_an_input_is_made_again_from_its_number() -> None:
    pool, names = seeds(None), tuple(formats())
    one, other = Mutator(7, pool, names), Mutator(7, pool, names)
    backwards = [other.make(number) for number in reversed(range(300))]
    assert [one.make(number) for number in range(300)] == backwards[::-1]
    assert Mutator(8, pool, names).make(3) != one.make(3) or Mutator(8, pool, names).make(4) != one.make(4)
