"""The packages that ``vestige verify`` needs, as the lock has them: ``tools/client_lock.py > ci/requirements.lock``.

CI installs these and no others (ci/install.sh): no engine, no server.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

NEEDED: Final = ("anyio", "certifi", "click", "h11", "httpcore", "httpx", "idna", "orjson", "typing-extensions")
LOCK: Final = Path(__file__).resolve().parents[1] / "requirements.lock"


def lock() -> str:
    """The pins of :data:`NEEDED` with their digests."""
    found = re.findall(r"^([a-z0-9-]+)(==.*\n(?:    --hash=.*\n)+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    pins = dict(found)
    return "".join(f"{name}{pins[name]}" for name in NEEDED)


if __name__ == "__main__":
    sys.stdout.write(lock())
