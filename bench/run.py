"""Measure what docs/performance.md promises, as ratios within one run, and print them with the machine's name.

    .venv/bin/python bench/run.py [--events N] [--quick] [--large N] [--big GIB] [--json]
        [--rows import,append,receipt,query,memory,verify,bundle,parse,detect,case,gate,interface,capture,cores]
        [--peers]

Figures go to stdout, progress to stderr. A target that is missed is said, and is no failure: the exit status tells only
whether everything could be measured. Nothing is left running or lying about.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
# Run as a plain script: modules are found from the root, not from the folder the script lies in.
sys.path[0] = str(ROOT)
sys.path.insert(1, str(ROOT / "tests"))

from bench import machine  # noqa: E402 - found through the path above
from bench.parts import Bench, Measure  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = {
    "import": "bench.import_speed",
    "append": "bench.append_speed",
    "receipt": "bench.receipt_speed",
    "query": "bench.query_speed",
    "memory": "bench.memory",
    "verify": "bench.verify_speed",
    "bundle": "bench.bundle_speed",
    "parse": "bench.parse_speed",
    "detect": "bench.detect_speed",
    "case": "bench.case_speed",
    "gate": "bench.gate_speed",
    "interface": "bench.interface_speed",
    "capture": "bench.capture_speed",
    "cores": "bench.cores_speed",
}
PEERS = {
    "import": "bench.import_speed",
    "detect": "bench.detect_speed",
    "search": "bench.peer_search",
    "plaso": "bench.peer_plaso",
    "seal": "bench.seal_pattern",
}
"""The rows of docs/benchmarks.md: what others do, on the same data in the same run."""
ALL = ROWS | PEERS
EVENTS = 1_000_000
QUICK = 100_000
LARGE = 10_000_000
LARGE_QUICK = 200_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows asked for."""
    given = _arguments(arguments)
    events = given.events or (QUICK if given.quick else EVENTS)
    # Ended from outside, the run must still stop its server and remove its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="vestige-bench-", dir=given.dir) as folder:
        bench = Bench(
            events, Path(folder), given.quick, given.big, given.large or (LARGE_QUICK if given.quick else LARGE)
        )
        facts = {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), **machine.describe(bench.folder)}
        facts["load before"] = machine.load()
        rows: dict[str, list[Measure]] = {}
        failed = False
        try:
            for row in given.rows:
                try:
                    rows[row] = import_module(ALL[row]).measure(bench)
                except subprocess.SubprocessError as error:
                    failed = True
                    bench.say(f"row {row} could not be measured: {error}")
            if bench.started:
                facts["postgresql"] = bench.server_version()
        finally:
            bench.close()
        facts["load after"] = machine.load()
    if given.json:
        print(json.dumps({"events": events, "machine": facts, "rows": _plain(rows)}, indent=2))
    else:
        print("\n".join([*_facts(events, facts), "", *_table([one for row in rows.values() for one in row])]))
    return int(failed)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Measure Vestige, as ratios within one run.")
    parser.add_argument("--events", type=_events, metavar="N", help=f"events in all (default {EVENTS:,})")
    parser.add_argument("--rows", type=_rows, default=list(ROWS), metavar="NAMES", help=",".join(ALL))
    parser.add_argument(
        "--peers", dest="rows", action="store_const", const=list(PEERS), help="the rows of docs/benchmarks.md"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK:,} events, short samples: for a look, not a figure"
    )
    parser.add_argument(
        "--large",
        type=_events,
        metavar="N",
        help=f"events of the store that the rows `query` and `interface` ask (default {LARGE:,})",
    )
    parser.add_argument(
        "--big",
        type=int,
        default=0,
        metavar="GIB",
        help="the row `parse` also reads a log of this size, for its memory",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument(
        "--dir", help="where to put the stores while measuring (default: the system's temporary folder)"
    )
    return parser.parse_args(arguments)


def _events(text: str) -> int:
    count = int(text)
    if count < 1000 or count % 1000:
        raise argparse.ArgumentTypeError("expected a multiple of 1000")
    return count


def _rows(text: str) -> list[str]:
    names = text.split(",")
    unknown = set(names) - set(ALL)
    if unknown:
        raise argparse.ArgumentTypeError(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return names


def _plain(rows: dict[str, list[Measure]]) -> dict[str, list[dict[str, object]]]:
    return {name: [asdict(one) | {"verdict": one.verdict} for one in row] for name, row in rows.items()}


def _facts(events: int, facts: dict[str, str]) -> list[str]:
    width = max(map(len, facts))
    return [f"{'events':{width}}  {events:,}", *(f"{name:{width}}  {value}" for name, value in facts.items())]


def _table(measures: Sequence[Measure]) -> list[str]:
    lines = [("measure", "value", "unit", "samples", "must", "aim", "verdict", "note")]
    for one in measures:
        must = f">= {one.least:,g}" if one.least is not None else f"<= {one.most:,g}" if one.most is not None else ""
        spread = f"{_number(min(one.samples))}-{_number(max(one.samples))}" if len(one.samples) > 1 else ""
        aim = "" if one.aim is None else f"{one.aim:g}"
        lines.append((one.name, _number(one.value), one.unit, spread, must, aim, one.verdict, one.note))
    widths = [max(len(line[column]) for line in lines) for column in range(8)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
