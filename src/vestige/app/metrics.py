"""Numbers in the text format of Prometheus: one tenant's, and those of the process for who runs it.

Reference: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). Times are whole seconds since
1970, 0 for never.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import vestige
from vestige.app.figures import Sample
from vestige.model.instant import NANOS, parse_bound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vestige.app.installation import Installation
    from vestige.app.rooms import Rooms

_TENANT: Final = {
    "vestige_ledger_entries": "Entries of the tenant's log, all epochs.",
    "vestige_index_lag_entries": "Entries that are not in the index yet.",
    "vestige_signing_ok": "1 if checkpoints can be signed.",
    "vestige_integrity_ok": "1 if the last such verification found nothing wrong, else 0; absent before the first.",
    "vestige_integrity_entries": "Entries the last such verification looked at.",
    "vestige_job_running": "1 while the job runs.",
    "vestige_job_failures": "Runs that failed in a row.",
    "vestige_job_last_good_seconds": "When the job last ended well.",
    "vestige_job_due_seconds": "When the job is due; absent if only when asked for.",
}
_PROCESS: Final = {
    "vestige_build_info": ("gauge", "Always 1; what this process is."),
    "vestige_ledger_commits_total": ("counter", "Transactions that appended entries."),
    "vestige_ledger_committed_entries_total": ("counter", "Entries they appended."),
    "vestige_projector_lag_entries": ("gauge", "Entries that are not in the index yet, of the tenant with most."),
    "vestige_tenants_open": ("gauge", "Tenants whose rooms are open in this process."),
    "vestige_threads": ("gauge", "Threads of the process."),
    "vestige_disk_free_bytes": ("gauge", "Space that is left where the data directory is."),
    "vestige_syslog_received_total": ("counter", "Syslog messages that arrived."),
    "vestige_syslog_refused_total": ("counter", "Syslog connections and messages that were refused."),
    "vestige_syslog_dropped_total": ("counter", "Syslog datagrams that the kernel dropped."),
    "vestige_syslog_waiting": ("gauge", "Syslog messages that are not committed yet."),
    "process_resident_memory_bytes": ("gauge", "Memory that is held."),
    "process_cpu_seconds_total": ("counter", "Processor time that was used."),
    "process_open_fds": ("gauge", "Open file descriptors."),
    "process_start_time_seconds": ("gauge", "When the process was started."),
}
"""Type and meaning. The names without our own before them are those that every client of Prometheus has."""


def metrics_text(installation: Installation, rooms: Rooms, *, process: bool) -> str:
    """Every metric of a tenant; of the process too, if its own."""
    lines = [*_families(_tenant(installation, rooms), {name: ("gauge", means) for name, means in _TENANT.items()})]
    if process:
        lines += _families(_process(installation), _PROCESS)
        for one in installation.figures.all:
            found = [(one.name, sample) for sample in one.samples()]
            lines += _families(found, {one.name: (one.kind, one.means)})
    return "".join(f"{line}\n" for line in lines)


def _families(found: Iterable[tuple[str, Sample]], known: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The lines of some metrics, those of each together, in their order."""
    by_name: dict[str, list[Sample]] = {}
    for name, sample in found:
        by_name.setdefault(name, []).append(sample)
    for name, samples in sorted(by_name.items()):
        kind, means = known[name]
        yield from (f"# HELP {name} {means}", f"# TYPE {name} {kind}")
        for one in samples:
            labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in one.labels.items())
            yield f"{name}{one.suffix}{'{' + labels + '}' if labels else ''} {one.value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _tenant(installation: Installation, rooms: Rooms) -> Iterator[tuple[str, Sample]]:
    yield "vestige_ledger_entries", Sample("", {}, installation.ledger.head(rooms.tenant.id))
    yield "vestige_index_lag_entries", Sample("", {}, rooms.lag())
    yield "vestige_signing_ok", Sample("", {}, int(not installation.signing_error))
    for one in installation.upkeep.runner.states(rooms.tenant.id):
        label = {"job": str(one["name"])}
        yield "vestige_job_running", Sample("", label, int(one["state"] == "running"))
        yield "vestige_job_failures", Sample("", label, one.get("failures", 0))
        yield "vestige_job_last_good_seconds", Sample("", label, _seconds(one.get("last_good", "")))
        if "due" in one:
            yield "vestige_job_due_seconds", Sample("", label, _seconds(one["due"]))
        result = one.get("result", {})
        if "ok" in result:
            check = {"check": str(one["name"])}
            yield "vestige_integrity_ok", Sample("", check, int(result["ok"]))
            yield "vestige_integrity_entries", Sample("", check, result["entries"])


def _process(installation: Installation) -> Iterator[tuple[str, Sample]]:
    said = {"version": vestige.__version__, "python": platform.python_version(), "database": installation.db.dialect}
    yield "vestige_build_info", Sample("", said, 1)
    commits, entries = installation.ledger.written()
    yield "vestige_ledger_commits_total", Sample("", {}, commits)
    yield "vestige_ledger_committed_entries_total", Sample("", {}, entries)
    lags = installation.lags()
    yield "vestige_projector_lag_entries", Sample("", {}, max(lags, default=0))
    yield "vestige_tenants_open", Sample("", {}, len(lags))
    for one in installation.receivers.status() if installation.receivers is not None else ():
        label = {"listener": str(one["name"])}
        for name in ("received", "refused", "dropped"):
            yield f"vestige_syslog_{name}_total", Sample("", label, one[name])
        yield "vestige_syslog_waiting", Sample("", label, one["waiting"])
    disk = os.statvfs(installation.settings.data)
    yield "vestige_disk_free_bytes", Sample("", {}, disk.f_bavail * disk.f_frsize)
    yield "vestige_threads", Sample("", {}, threading.active_count())
    status = Path("/proc/self/statm").read_text(encoding="ascii").split()
    yield "process_resident_memory_bytes", Sample("", {}, int(status[1]) * os.sysconf("SC_PAGE_SIZE"))
    yield "process_cpu_seconds_total", Sample("", {}, time.process_time())
    yield "process_open_fds", Sample("", {}, len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - names alone
    yield "process_start_time_seconds", Sample("", {}, _started())


def _started() -> int:
    """When this process was started, as the kernel has it (proc(5)): ticks since the machine was."""
    ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    booted = next(
        int(line.split()[1])
        for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()
        if line.startswith("btime ")
    )
    return booted + ticks // os.sysconf("SC_CLK_TCK")


def _seconds(text: str) -> int:
    return parse_bound(text, field="time") // NANOS if text else 0
