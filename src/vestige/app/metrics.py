"""One tenant's numbers in the text format of Prometheus.

Reference: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). Times are whole seconds since
1970, 0 for never.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.model.instant import NANOS, parse_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.app.installation import Installation
    from vestige.app.rooms import Rooms

_HELP: Final = {
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


def metrics_text(installation: Installation, rooms: Rooms) -> str:
    """Every metric of a tenant."""
    lines: list[str] = []
    last = ""
    for name, labels, value in sorted(_values(installation, rooms)):
        if name != last:
            lines += [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} gauge"]
            last = name
        lines.append(f"{name}{labels} {value}")
    return "".join(f"{line}\n" for line in lines)


def _values(installation: Installation, rooms: Rooms) -> Iterator[tuple[str, str, int]]:
    yield "vestige_ledger_entries", "", installation.ledger.head(rooms.tenant.id)
    yield "vestige_index_lag_entries", "", rooms.lag()
    yield "vestige_signing_ok", "", int(not installation.signing_error)
    for one in installation.upkeep.runner.states(rooms.tenant.id):
        label = f'{{job="{one["name"]}"}}'
        yield "vestige_job_running", label, int(one["state"] == "running")
        yield "vestige_job_failures", label, one.get("failures", 0)
        yield "vestige_job_last_good_seconds", label, _seconds(one.get("last_good", ""))
        if "due" in one:
            yield "vestige_job_due_seconds", label, _seconds(one["due"])
        result = one.get("result", {})
        if "ok" in result:
            check = f'{{check="{one["name"]}"}}'
            yield "vestige_integrity_ok", check, int(result["ok"])
            yield "vestige_integrity_entries", check, result["entries"]


def _seconds(text: str) -> int:
    return parse_bound(text, field="time") // NANOS if text else 0
