"""A made-up day that several sources saw, each by its own clock."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from vestige.model.instant import NANOS, parse_rfc3339, to_text

if TYPE_CHECKING:
    from pathlib import Path

START = parse_rfc3339("2026-03-02T08:00:00Z")[0]
HOUR = 3600
ACTS = 40


def write(folder: Path) -> None:
    """The files of the day.

    ``idp.jsonl`` keeps true time, and so does ``proxy.jsonl``, which saw the same sessions within a second.
    ``fw.jsonl`` says Z and means UTC+2. ``app.jsonl`` runs 93 seconds fast. ``sshd.log`` states no zone and means
    UTC+2. ``rare.jsonl`` saw three of the sessions, ``crowd.jsonl`` all of them at any time of the day.
    """
    chance = random.Random(93)
    times = [START + chance.randrange(6 * HOUR) * NANOS for _ in range(ACTS)]
    clocks = {"idp": 0, "proxy": 0, "fw": 2 * HOUR, "app": 93}
    for name, away in clocks.items():
        rows = [act(n, at + away * NANOS + chance.randrange(900) * 1_000_000) for n, at in enumerate(times)]
        lines(folder / f"{name}.jsonl", rows)
    lines(folder / "rare.jsonl", [act(n, at + 500 * NANOS) for n, at in enumerate(times[:3])])
    lines(folder / "crowd.jsonl", [act(n, START + chance.randrange(20 * HOUR) * NANOS) for n in range(ACTS)])
    stamps = [to_text(at + 2 * HOUR * NANOS) for at in times]
    (folder / "sshd.log").write_text(
        "".join(
            f"Mar  2 {stamp[11:19]} gate sshd[{n + 100}]: Accepted password for user{n} from 10.1.0.{n} "
            f"port {50_000 + n} ssh2\n"
            for n, stamp in enumerate(stamps)
        )
    )


def act(number: int, at: int) -> dict[str, object]:
    """One sign-in as any of the sources tells it."""
    return {
        "event_type": "auth.login",
        "occurred_at": to_text(at),
        "session": f"session-{number}",
        "actor": {"id": f"user{number}"},
        "network": {"src_ip": f"10.1.0.{number}", "src_port": 50_000 + number},
    }


def lines(path: Path, rows: list[dict[str, object]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
