"""Prints the OpenAPI document of this checkout, for the interface's types: ``python tools/openapi.py > ui/openapi.json``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from vestige.api import create_api
from vestige.app import Installation, load_settings

with tempfile.TemporaryDirectory() as folder, Installation.open(load_settings(data=Path(folder))) as installation:
    json.dump(create_api(installation).openapi(), sys.stdout, indent=1, sort_keys=True)
