"""What the API campaign's generator is told: ids that exist, so that requests reach beyond "not found".

Read by schemathesis (``SCHEMATHESIS_HOOKS``) in its own process; the ids come in ``VESTIGE_TEST_IDS``, a JSON object of
lists by the name of a path parameter.
"""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(os.environ.get("VESTIGE_TEST_IDS", "{}"))


@schemathesis.hook
def map_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the values of a known parameter become one that exists: which, and whether, is decided by the value."""
    for name, known in KNOWN.items():
        if path_parameters and name in path_parameters:
            chance = sum(str(path_parameters[name]).encode())
            if chance % 2:
                path_parameters[name] = known[chance // 2 % len(known)]
    return path_parameters
