"""What one process counts while it runs: requests, what was taken in, jobs. From nothing at each start.

Labels are names of ours: templates of routes, formats, jobs. What a caller chose is never one, or somebody could fill
the memory with names.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of a histogram's buckets, in seconds; the last one has none."""
JOB_BUCKETS: Final = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)


class Sample(NamedTuple):
    """One line: the name's suffix, labels by name, the value."""

    suffix: str
    labels: dict[str, str]
    value: float


class Counter:
    """Numbers that only rise, one for each set of labels. Safe to use from many threads."""

    kind: Final = "counter"

    def __init__(self, name: str, means: str, *labels: str) -> None:
        self.name = name
        self.means = means
        self._labels = labels
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], int] = {}

    def add(self, *labels: str, count: int = 1) -> None:
        """Count more."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + count

    def samples(self) -> Iterator[Sample]:
        """As they are."""
        with self._lock:
            found = sorted(self._values.items())
        for labels, value in found:
            yield Sample("", dict(zip(self._labels, labels, strict=True)), value)


class Histogram:
    """How often something took how long, for each set of labels. Safe to use from many threads."""

    kind: Final = "histogram"

    def __init__(self, name: str, means: str, *labels: str, buckets: tuple[float, ...] = BUCKETS) -> None:
        self.name = name
        self.means = means
        self._labels = labels
        self._ends = buckets
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        """Note that something took so long."""
        at = bisect_left(self._ends, seconds)
        with self._lock:
            counts = self._counts.get(labels)
            if counts is None:
                counts = self._counts[labels] = [0] * (len(self._ends) + 1)
            counts[at] += 1
            self._sums[labels] = self._sums.get(labels, 0.0) + seconds

    def samples(self) -> Iterator[Sample]:
        """Cumulated, as the text format has them."""
        with self._lock:
            found = [(labels, list(counts), self._sums[labels]) for labels, counts in sorted(self._counts.items())]
        for labels, counts, total in found:
            named, below = dict(zip(self._labels, labels, strict=True)), 0
            for end, count in zip((*(f"{end:g}" for end in self._ends), "+Inf"), counts, strict=True):
                below += count
                yield Sample("_bucket", named | {"le": end}, below)
            yield Sample("_sum", named, total)
            yield Sample("_count", named, below)


class Figures:
    """Everything a process counts."""

    def __init__(self) -> None:
        self.requests = Counter(
            "vestige_http_requests_total", "Requests that were answered.", "route", "method", "status"
        )
        self.request_seconds = Histogram(
            "vestige_http_request_seconds", "From a request's arrival until its answer began.", "route"
        )
        self.refusals = Counter(
            "vestige_http_refusals_total", "Requests refused, by code of the error.", "route", "code"
        )
        self.taken_records = Counter("vestige_taken_records_total", "Records taken in, new ones.", "way")
        self.taken_bytes = Counter("vestige_taken_bytes_total", "Bytes that came to be taken in.", "way")
        self.taken_files = Counter("vestige_taken_files_total", "Files taken in, by format.", "format")
        self.job_seconds = Histogram(
            "vestige_job_seconds", "How long runs of jobs took.", "job", "outcome", buckets=JOB_BUCKETS
        )
        self.all = (
            self.requests, self.request_seconds, self.refusals, self.taken_records, self.taken_bytes, self.taken_files,
            self.job_seconds,
        )  # fmt: skip
