"""Backups of the whole installation.

Every tenant's log says that a copy of it leaves, before a byte of it does (``backup.begun``), and what came of it
(``backup.made``, ``backup.failed``). One that was put back says so as well (:mod:`vestige.app.restoring`).
"""

from __future__ import annotations

import threading
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import orjson

import vestige
from vestige.backup import Parts, make
from vestige.backup.making import refuse
from vestige.ingest.kept import kept_files
from vestige.ledger import act_entry
from vestige.model.errors import BusyError, VestigeError
from vestige.settings import Settings
from vestige.timeline import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vestige.app.installation import Installation
    from vestige.app.rooms import Rooms
    from vestige.backup import Manifest
    from vestige.ledger.whole import LogHead
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

    Tell = Callable[[str, int, int], None]

BEGUN: Final = "backup.begun"
MADE: Final = "backup.made"
FAILED: Final = "backup.failed"


class Backups:
    """Makes backups of an installation, one at a time."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._one = threading.Lock()

    def make(
        self, folder: Path, by: Principal, tell: Tell = lambda *_: None, stop: threading.Event | None = None
    ) -> dict[str, Any]:
        """Make a backup in a folder. Raises as :func:`vestige.backup.make` does."""
        installation = self._installation
        refuse(installation.settings.data, folder)
        if not self._one.acquire(blocking=False):
            raise BusyError("a backup is being made", hint="wait for it to end")
        try:
            self._record(BEGUN, by, {"folder": str(folder)})
            # The blobs' own store, and not what opens sealed ones: they are kept as they lie there.
            parts = Parts(
                installation.db, installation.ledger.blobs.stored, installation.settings.data, self._kept,
                vestige.__version__, _named(installation.settings),
            )  # fmt: skip
            try:
                made = make(parts, folder, tell, stop or threading.Event())
            except BaseException as error:
                code = error.code if isinstance(error, VestigeError) else VestigeError.code
                self._record(FAILED, by, {"code": code, "folder": str(folder)})
                raise
            self._record(MADE, by, {"folder": str(folder), "manifest": made.sha256, "entries": made.entries})
        finally:
            self._one.release()
        return told(made)

    def _record(self, act: str, by: Principal, detail: dict[str, Encodable]) -> None:
        for one in self._installation.access.tenants():
            self._installation.rooms(one["id"]).record(act_entry(act, by, detail))

    def _kept(self, logs: Sequence[LogHead]) -> Iterator[str]:
        sizes: dict[str, int] = {}
        for log in logs:
            sizes[log.tenant] = sizes.get(log.tenant, 0) + log.size
        for tenant, size in sizes.items():
            yield from kept_files(self._installation.ledger, tenant, size)


def last_made(rooms: Rooms) -> dict[str, Any] | None:
    """When the last backup was made, and where to: as the tenant's log has it; none if it has none."""
    found = rooms.timeline.page(f"in:ledger action:{MADE}", Window(), limit=1).events
    if not found:
        return None
    entry, _ = rooms.entry(found[0]["id"])
    detail = orjson.loads(entry.payload or b"{}").get("detail", {})
    return {"at": orjson.loads(entry.leaf)["at"], "folder": str(detail.get("folder", ""))}


def told(made: Manifest) -> dict[str, Any]:
    """What a manifest says, for an operator."""
    return {
        "made_at": made.made_at, "manifest": made.sha256, "version": made.version, "revision": made.revision,
        "database": made.dialect, "entries": made.entries, "files": made.files, "bytes": made.size,
        "missing": made.missing, "logs": [log._asdict() for log in made.logs],
    }  # fmt: skip


def _named(settings: Settings) -> list[str]:
    """The settings that are not at their defaults, by name: a value may be a secret."""
    default = Settings()
    return sorted(
        f"VESTIGE_{one.name.upper()}"
        for one in fields(Settings)
        if getattr(settings, one.name) != getattr(default, one.name)
    )
