"""Taking secrets out of real transcripts: MB a second on one core, beside a JSON parser on the same lines.

`python -m bench.secrets_speed` reads `ai-sessions` of the corpus (`VESTIGE_TEST_CORPUS`). Processor time of one run,
best of three.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.secrets import Redactor, load_rules, selftest

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, at best."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


def main() -> int:
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("VESTIGE_TEST_CORPUS", str(default))) / "ai-sessions"
    files = sorted(folder.rglob("*.jsonl*"))
    if not files:
        print(f"no transcripts at {folder}; VESTIGE_TEST_CORPUS names another place", file=sys.stderr)
        return 1
    data = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    lines = [line for text in data for line in text.splitlines() if line.strip()]
    size = sum(map(len, lines)) / 1e6
    redactor = Redactor(load_rules(), os.urandom(32))
    print(f"{len(lines)} records, {size:.1f} MB")
    print(f"a stream of records {size / seconds(lambda: list(redactor.records(lines))):8.1f} MB/s")
    print(f"record by record    {size / seconds(lambda: [redactor.json_line(line) for line in lines]):8.1f} MB/s")
    print(f"json.loads          {size / seconds(lambda: [json.loads(line) for line in lines]):8.1f} MB/s")
    print(f"loading the rules   {1000 * seconds(load_rules):8.1f} ms")
    print(f"the self-test       {1000 * seconds(lambda: selftest(redactor)):8.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
