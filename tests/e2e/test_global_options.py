"""Whose directory a command works on: what is said goes before what the environment says, wherever it stands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.program import Vestige, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("place", ["before", "after", "nowhere"])
def test_an_option_goes_before_the_environment(tmp_path: Path, place: str) -> None:
    for name in ("here", "there"):
        line = {"event_type": "a.b", "occurred_at": "2026-04-11T10:00:00Z", "actor": name}
        Vestige(tmp_path / name).ok("import", "-", stdin=json.dumps(line).encode() + b"\n")
    given = ["--data", str(tmp_path / "here")]
    command = [
        *(given if place == "before" else []),
        "search",
        "type:a.b",
        "--json",
        *(given if place == "after" else []),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "vestige", *command],
        env=environment(VESTIGE_DATA=str(tmp_path / "there")),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["actor"]["id"] == ("there" if place == "nowhere" else "here")
