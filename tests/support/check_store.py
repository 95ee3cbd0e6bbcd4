"""Run as a program: opens a data directory as the next start would, and says as JSON whether everything in it is right.

Checks: the ledger verifies; the log is dense up to at least the acknowledged size; each file's evidence is exactly a
prefix of its records, none doubled; every table of the index equals one computed again from the ledger.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import orjson

from vestige.app import Installation, load_settings
from vestige.sources.windows.evtx import FORMAT as EVTX


def main(data: str, files: list[str], acknowledged: int) -> dict[str, object]:
    settings = load_settings({}, data=Path(data))
    problems: list[str] = []
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        tenant = rooms.tenant.id
        head = installation.ledger.head(tenant)
        if head < acknowledged:
            problems.append(f"acknowledged up to {acknowledged}, the log has {head}")
        offsets: dict[str, list[tuple[int, bytes]]] = {}
        names: dict[str, str] = {}
        for entry in installation.ledger.read(tenant, 0, head):
            leaf = orjson.loads(entry.leaf)
            payload = (
                entry.payload if entry.payload is not None else installation.ledger.payload(tenant, entry.position)
            )
            if leaf["kind"] == "acquisition":
                names[entry.id] = orjson.loads(payload)["name"]
            if leaf["kind"] == "evidence":
                offsets.setdefault(leaf["acq"], []).append((leaf["off"], payload))
        stored = {names[acquisition]: rows for acquisition, rows in offsets.items()}
        if len(stored) != len(offsets) and not files[0].endswith(".evtx"):
            problems.append("a file has two acquisitions with records")
        counts, expected = {}, 0
        for file in files:
            if file.endswith(".evtx"):
                found = [payload for _, rows in sorted(offsets.items()) for _, payload in rows]
                counts[file], expected = len(found), check_log(file, found, problems)
            else:
                counts[file] = check_lines(file, stored.get(file, []), problems)
        # What was committed and not signed when the last process was killed is signed once the log is open again.
        deadline = time.monotonic() + 30
        while (signed := _signed(installation, tenant)) < head and time.monotonic() < deadline:
            time.sleep(0.05)
        if signed < head:
            problems.append(f"signed up to {signed} of {head}")
        report = rooms.ledger.verify()
        if not report["ok"]:
            problems.append(f"verify: {report['reason']}")
        lag = rooms.projector.wait(head, 60)
        if lag:
            problems.append(f"the index lags {lag}")
        rebuilt = rooms.rebuild_index(lambda *_: None, threading.Event())
        problems += [f"{name}: {table}" for name, table in rebuilt["tables"].items() if not table["equal"]]
    return {"problems": problems, "records": counts, "size": head, "expected": expected}


def check_lines(file: str, rows: list[tuple[int, bytes]], problems: list[str]) -> int:
    """Hold what is stored of a file of lines against it; how many records that is."""
    expected = Path(file).read_bytes().split(b"\n")
    at = 0
    for index, (offset, payload) in enumerate(rows):
        if (offset, payload) != (at, expected[index]):
            problems.append(f"{file}: record {index} at {offset} is not the file's")
            break
        at += len(payload) + 1
    return len(rows)


def check_log(file: str, stored: list[bytes], problems: list[str]) -> int:
    """Hold what is stored of an event log, whichever copy it came from, against the last one; how many that has."""
    with Path(file).open("rb") as stream:
        payloads = [record.payload for batch in EVTX.split(stream) for record in batch]
    expected, had = ([one.content for one in EVTX.identify(some) if one is not None] for some in (payloads, stored))
    if len(set(had)) != len(had) or len(had) != len(stored):
        problems.append(f"{file}: of {len(stored)} records {len(stored) - len(set(had))} are doubled")
    if had != expected[: len(had)]:
        problems.append(f"{file}: what is stored is not how the log begins")
    return len(expected)


def _signed(installation: Installation, tenant: str) -> int:
    checkpoint = installation.ledger.latest_checkpoint(tenant)
    return 0 if checkpoint is None else checkpoint.size


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[3:], int(sys.argv[2]))))
