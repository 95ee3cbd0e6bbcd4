"""Fills a data directory with a made-up incident, through the same import as any other evidence."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.access import Guests
from vestige.demo import generate
from vestige.ingest.importer import ImportOptions
from vestige.model.principal import Principal

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from vestige.app.installation import Installation
    from vestige.ingest.report import ImportReport

SEED = 2026


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
        return installation.rooms_of_slug(None).intake.import_paths(
            [Path(folder, "evidence")],
            ImportOptions(Principal("demo"), label="demo"),
            progress=progress,
            stop=stop,
        )
