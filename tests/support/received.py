"""Run as a program: says as JSON what a data directory's log holds of received evidence, and whether it verifies."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import orjson

from vestige.app import Installation, load_settings


def main(data: str) -> dict[str, object]:
    payloads: list[str] = []
    with Installation.open(load_settings({}, data=Path(data))) as installation:
        rooms = installation.rooms_of_slug(None)
        tenant = rooms.tenant.id
        head = installation.ledger.head(tenant)
        for entry in installation.ledger.read(tenant, 0, head):
            if orjson.loads(entry.leaf)["kind"] == "evidence":
                stored = entry.payload
                payload = installation.ledger.payload(tenant, entry.position) if stored is None else stored
                payloads.append(base64.b64encode(payload).decode())
        report = rooms.ledger.verify()
        lag = rooms.projector.wait(head, 60)
    return {"payloads": payloads, "verified": report["ok"], "lag": lag}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
