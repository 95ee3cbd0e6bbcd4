"""Fills a data directory with made-up incidents, through the same doors as any other evidence, and scans it.

There are two: a breach, over six sources (:mod:`vestige.demo.scenarios.breach`), and the day before it an outage that
leads to a commit, a line of it and the prompt it was written at (:mod:`vestige.demo.payments`).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from vestige.access import Guests
from vestige.app.demonstration_code import bring, seal
from vestige.app.sequences import MOST_DETECTIONS
from vestige.demo import generate
from vestige.demo.payments import tell
from vestige.ingest.importer import ImportOptions
from vestige.model.principal import Principal

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from vestige.app.installation import Installation
    from vestige.ingest.report import ImportReport

SEED = 2026
_BY = Principal("demo")
SCANNED = "demonstration.json"
"""In the data directory: the size of the demonstration that was scanned, and the digests of the patterns it was for."""


def admit_guests(installation: Installation) -> str:
    """Let whoever holds a code look around, as a made-up person, for as long as this process runs; the code."""
    installation.demonstration = True
    tenant = installation.access.tenant().id
    installation.guests = Guests(installation.db, installation.ledger, installation.people, tenant)
    return installation.guests.code


def fill(
    installation: Installation, events: int, progress: Callable[[dict[str, object]], None], stop: threading.Event
) -> ImportReport:
    """Generate and import the demonstration, unless it is there already.

    Importing the same bytes again adds nothing, so a start that was cut short is simply completed by the next.
    """
    installation.demonstration = True
    with tempfile.TemporaryDirectory(prefix="vestige-demo-") as folder:
        generate(Path(folder), scenario="breach", events=events, seed=SEED)
        tell(SEED).write(Path(folder, "evidence"))
        return installation.rooms_of_slug(None).intake.import_paths(
            [Path(folder, "evidence")], ImportOptions(_BY, label="demo"), progress=progress, stop=stop
        )


def retell(installation: Installation, stop: threading.Event) -> str:
    """Take in the repository of the demonstration, and what capture heard in it; what of it is not shown, and why."""
    return bring(installation, tell(SEED), _BY, stop)


def seal_told(installation: Installation, stop: threading.Event) -> None:
    """Seal what :func:`retell` brought, so that whoever begins to look finds it sealed."""
    seal(installation, tell(SEED), _BY, stop)


def look(
    installation: Installation,
    report: ImportReport,
    events: int,
    progress: Callable[[dict[str, object]], None],
    stop: threading.Event,
) -> Counter[str]:
    """Scan the demonstration for the patterns that are on, but for those an earlier start scanned it for.

    Args:
        installation: which holds the demonstration.
        report: that of :func:`fill`; where it took something in, all patterns are looked for.
        events: the size of the demonstration; one of another size was not scanned.
        progress: told ``done`` and ``of``, in patterns.
        stop: ends the scan behind the pattern that is looked for; the next start goes on with the rest.

    Returns:
        How many findings are kept, by the name of their pattern.

    Raises:
        BusyError: somebody else scans.
    """
    rooms = installation.rooms_of_slug(None)
    marks = installation.settings.data / SCANNED
    scanned = set() if report.parsed + report.unparsed else _scanned(marks, events)
    wanted = [one for one in rooms.sequences.all() if one["enabled"] and one["digest"] not in scanned]
    # What the index does not have yet would not be found.
    while rooms.settle() and rooms.projector.error is None and not stop.is_set():
        pass
    for done, one in enumerate(wanted):
        if stop.is_set():
            break
        progress({"done": done, "of": len(wanted)})
        told = list(rooms.sequences.scan([one["name"]], None, None))
        # What was cut short or failed is looked for again at the next start.
        if not any("failure" in line or line.get("cut") for line in told):
            scanned.add(one["digest"])
            marks.write_bytes(orjson.dumps({"events": events, "patterns": sorted(scanned)}))
    return Counter(one["pattern"] for one in rooms.sequences.detections(MOST_DETECTIONS))


def _scanned(marks: Path, events: int) -> set[str]:
    """The patterns a demonstration of that size was scanned for; none where that cannot be read."""
    try:
        said = orjson.loads(marks.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return set()
    is_right = isinstance(said, dict) and said.get("events") == events and isinstance(said.get("patterns"), list)
    return set(map(str, said["patterns"])) if is_right else set()
