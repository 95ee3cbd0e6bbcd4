"""Detection by rules over one tenant's events: scanned for, kept in the ledger, and told one finding at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from vestige.app.detections import record
from vestige.correlate.sigma import RuleFile, Store, Window, read_rules, scan
from vestige.model.instant import MIN_INSTANT, to_text
from vestige.query import Reader, Scope

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from vestige.correlate import Detection
    from vestige.correlate.sigma import Found
    from vestige.ledger import Ledger
    from vestige.query import Index

LEVELS = ("critical", "high", "medium", "low", "info")
AT_ONCE = 1000


class Detecting:
    """Scans one log."""

    def __init__(self, ledger: Ledger, index: Index, log: int, tenant: str) -> None:
        self._ledger = ledger
        self._reader = Reader(index)
        self._log = log
        self._tenant = tenant

    def window(self, query: str, start: int | None, end: int | None) -> Window:
        """The events to look at.

        Raises:
            QueryError: the text is not a query.
        """
        return Window(self._reader.filter(query, Scope(self._log)), start, end)

    def sigma(
        self,
        files: Iterable[tuple[str, str]],
        window: Window,
        *,
        dry: bool,
        tell: Callable[[dict[str, Any]], None],
        stop: threading.Event,
    ) -> dict[str, Any]:
        """Scan by Sigma rules.

        Args:
            files: the rules, each file by its name and text.
            window: where to look.
            dry: keep nothing.
            tell: called with ``{"progress"}`` and, the oldest first, with ``{"detection"}`` for each finding.
            stop: set when nobody waits for the answer any more; nothing is kept then.

        Returns:
            The account: rules used and refused, findings by severity and by tag.
        """
        pack = read_rules(RuleFile(*file) for file in files)

        def progress(done: int, of: int) -> None:
            tell({"progress": {"done": done, "of": of}})

        found = scan(Store(self._reader), window, pack, progress=progress, stop=stop)
        found.detections.sort(key=lambda one: (one.evidence, one.detector.name))
        new = 0
        for begin in range(0, len(found.detections), AT_ONCE):
            if stop.is_set():
                break
            part = found.detections[begin : begin + AT_ONCE]
            news = self._keep(part, found) if not dry else [None] * len(part)
            new += sum(bool(one) for one in news)
            for one, is_new in zip(part, news, strict=True):
                tell({"detection": _told(one, found, is_new)})
        levels = Counter(one.detector.severity for one in found.detections)
        tags = Counter(tag for one in found.detections for tag in one.detector.tags if tag.startswith("attack."))
        return {
            "rules": found.rules,
            "detections": len(found.detections),
            "new": None if dry else new,
            "levels": {level: levels[level] for level in LEVELS if levels[level]},
            "tags": dict(sorted(tags.items())),
            "refused": [one._asdict() for one in found.refused],
            "capped": sorted(set(found.capped)),
        }

    def _keep(self, part: list[Detection], found: Found) -> list[bool]:
        kept = record(self._ledger, self._tenant, [(one, _evidence(one, found)) for one in part])
        return [is_new for _, is_new in kept]


def _evidence(one: Detection, found: Found) -> list[str]:
    return [f"{found.ids[spot]}.{spot.sub}" if spot.sub else found.ids[spot] for spot in one.evidence]


def _told(one: Detection, found: Found, new: bool | None) -> dict[str, Any]:
    detector = one.detector
    first, last = one.evidence[0].occurred_at, one.evidence[-1].occurred_at
    return {
        "pattern": detector.name,
        "version": detector.version,
        "new": new,
        "started_at": to_text(first) if first >= MIN_INSTANT else None,
        "ended_at": to_text(last) if last >= MIN_INSTANT else None,
        "keys": [{"kind": key.kind, "value": key.value} for key in one.keys],
        "evidence": _evidence(one, found),
        "severity": detector.severity,
        "title": detector.title,
        "tags": list(detector.tags),
        "digest": detector.digest,
    }
