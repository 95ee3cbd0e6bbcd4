"""The processes of a campaign: each tries the inputs of its share, one at a time, with a bound on processor time.

The bound is kept by the worker's own clock of processor time, so a busy machine makes no input look slow. A worker that
does not even get to look at its clock (a loop inside a library) is ended from outside, and its share goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.fuzz.hold import hold
from support.fuzz.mutate import Mutator
from support.fuzz.seeds import Seeds, seeds
from vestige.sources import formats

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from vestige.sources import Format

LIMIT = 1.0
"""Seconds of processor time one input may take."""
_STUCK = 20.0
_REPORT = 200


class TooSlowError(Exception):
    """An input took more than its time."""


@dataclass(slots=True)
class Outcome:
    """What a campaign found."""

    inputs: Counter[str] = field(default_factory=Counter)
    """By format aimed at."""
    records: Counter[str] = field(default_factory=Counter)
    """By what they became."""
    breaches: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign: the same plan tries the same inputs."""

    seed: int
    inputs: int
    processes: int
    keep: Path
    """Where inputs that broke something are put."""
    corpus: Path | None = None
    say: bool = False


def run(plan: Plan) -> Outcome:
    """Try all inputs."""
    pool = seeds(plan.corpus)
    context = multiprocessing.get_context("fork")
    told: Any = context.Queue()
    outcome = Outcome()
    begun = time.monotonic()
    shares = [range(first, plan.inputs, plan.processes) for first in range(plan.processes)]
    at = [context.Value("q", 0) for _ in shares]
    running = {place: _start(context, plan, pool, share, at[place], told) for place, share in enumerate(shares)}
    last = begun
    while running or not told.empty():
        with suppress(queue.Empty):
            part = told.get(timeout=0.2)
            _add(outcome, part)
            if plan.say and part.breaches:
                print("\n".join(part.breaches), file=sys.stderr, flush=True)
        if plan.say and time.monotonic() - last > 10:
            last = time.monotonic()
            _tell(outcome, plan, last - begun)
        for place, worker in list(running.items()):
            if worker.exitcode is None:
                continue
            del running[place]
            if worker.exitcode != 0:
                reached = at[place].value
                what = f"its process ended with {worker.exitcode}"
                outcome.breaches.append(_kept(plan, pool, shares[place][reached], what))
                shares[place] = shares[place][reached + 1 :]
                running[place] = _start(context, plan, pool, shares[place], at[place], told)
    outcome.seconds = time.monotonic() - begun
    return outcome


def _start(context: Any, plan: Plan, pool: Seeds, share: range, at: Any, told: Any) -> Any:
    worker = context.Process(target=_work, args=(plan, pool, share, at, told))
    worker.start()
    return worker


def _work(plan: Plan, pool: Seeds, share: range, at: Any, told: Any) -> None:
    """One process's share."""
    known = formats()
    mutator = Mutator(plan.seed, pool, tuple(known))
    part = Outcome()
    signal.signal(signal.SIGPROF, _too_slow)
    # Python's handlers wait for the interpreter; this one ends a process that stays inside a library.
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    for place, number in enumerate(share):
        at.value = place
        data = mutator.make(number)
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, _STUCK)
        _try(known[mutator.form(number)], data, number, part, plan, pool)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        part.inputs[mutator.form(number)] += 1
        taken = time.process_time() - begun
        part.slowest = max(part.slowest, (taken, f"input {number} ({mutator.form(number)}, {len(data)} bytes)"))
        if place % _REPORT == _REPORT - 1 or part.breaches:
            told.put(part)
            part = Outcome()
    told.put(part)
    told.close()
    told.join_thread()
    os._exit(0)


def _try(form: Format, data: bytes, number: int, part: Outcome, plan: Plan, pool: Seeds) -> None:
    """One input, within its time."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        found = hold(form, data, number)
        signal.setitimer(signal.ITIMER_PROF, 0)
        part.records.update(found)
    except TooSlowError:
        part.breaches.append(_kept(plan, pool, number, f"more than {LIMIT} s of processor time"))
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is what is looked for
        signal.setitimer(signal.ITIMER_PROF, 0)
        part.breaches.append(_kept(plan, pool, number, f"{type(error).__name__}: {str(error)[:200]}"))


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError


def _kept(plan: Plan, pool: Seeds, number: int, what: str) -> str:
    """Keep the input, and say how to make it again."""
    mutator = Mutator(plan.seed, pool, tuple(formats()))
    plan.keep.mkdir(parents=True, exist_ok=True)
    file = plan.keep / f"{plan.seed}-{number}-{mutator.form(number)}.bin"
    file.write_bytes(mutator.make(number))
    return f"{mutator.form(number)}, input {number} of seed {plan.seed}: {what}; kept as {file.name}"


def _add(outcome: Outcome, part: Outcome) -> None:
    outcome.inputs.update(part.inputs)
    outcome.records.update(part.records)
    outcome.breaches += part.breaches
    outcome.slowest = max(outcome.slowest, part.slowest)


def _tell(outcome: Outcome, plan: Plan, taken: float) -> None:
    done = outcome.inputs.total()
    rate = done / taken
    left = (plan.inputs - done) / rate if rate else 0
    text = (
        f"{done:,} of {plan.inputs:,} inputs, {rate:,.0f}/s, {left / 60:.0f} min left, {len(outcome.breaches)} breaches"
    )
    print(text, file=sys.stderr, flush=True)
