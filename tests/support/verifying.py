"""Runs of CI: clones of what was pushed, what runners say, and `vestige verify` in them."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.capturing import git
from support.gate import NAME, URL, Team
from vestige.cli import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
ZERO = "0" * 40


@dataclass
class Runner:
    """Who runs CI: with a key of its own for the one repository, and a home with nothing in it."""

    team: Team
    folder: Path
    token: str
    count: int = 0

    @property
    def env(self) -> dict[str, str]:
        """The environment of a step."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_", "XDG_"))}
        return kept | {
            "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "VESTIGE_SERVER": self.team.world.url, "VESTIGE_TOKEN": self.token,
        }  # fmt: skip

    def clone(self, *words: str) -> Path:
        """A checkout of what is at the other side."""
        self.count += 1
        made = self.folder / f"checkout-{self.count}"
        instead = ("-c", f"url.file://{self.team.bare}.insteadOf={URL}")
        named = ("-c", f"vestige.repository={NAME}")  # `remote get-url` tells the address that stands instead
        git(self.folder, "clone", "-q", *instead, *named, *words, URL, str(made), env=self.env)
        return made

    def verify(
        self, at: Path, patch: pytest.MonkeyPatch, *words: str, env: dict[str, str] | None = None
    ) -> int:  # fmt: skip
        """Run the command in a checkout; how it ends."""
        with patch.context() as within:
            for name in os.environ:
                if name.startswith(("GITHUB_", "CI_", "XDG_", "VESTIGE_")):
                    within.delenv(name)
            for name, value in (self.env | (env or {})).items():
                within.setenv(name, value)
            within.chdir(at)
            return main(["verify", *words])

    def script(self, name: str, at: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts that CI calls, as it does."""
        whole = self.env | {"GATE_PYTHON": str(self._python())} | env
        return subprocess.run(["sh", str(ROOT / "ci" / name)], cwd=at, env=whole, capture_output=True, text=True,
                              check=False, timeout=120)  # fmt: skip

    def _python(self) -> Path:
        """An environment of its own that names the program by a file, as `install.sh` makes it; packages are ours."""
        made = self.folder / "client"
        if not made.exists():
            venv.create(made, symlinks=True, with_pip=False)
            (packages,) = made.glob("lib/python*/site-packages")
            places = (str(ROOT / "src"), sysconfig.get_path("purelib"))
            (packages / "vestige.pth").write_text("".join(f"{place}\n" for place in places))
        return made / "bin/python"

    def github(self, kind: str, event: dict[str, Any]) -> dict[str, str]:
        """What GitHub sets for an event."""
        self.count += 1
        place = self.folder / f"step-{self.count}"
        place.mkdir()
        (place / "event.json").write_text(json.dumps(event))
        return {
            "GITHUB_EVENT_NAME": kind, "GITHUB_EVENT_PATH": str(place / "event.json"), "RUNNER_TEMP": str(place),
            "GITHUB_STEP_SUMMARY": str(place / "summary.md"), "GITHUB_OUTPUT": str(place / "output"),
        }  # fmt: skip


def runner(made: Team, folder: Path) -> Runner:
    """One with a key of its own."""
    folder.mkdir()
    body = {"name": "ci", "scopes": ["ingest"], "sources": [f"agent:{NAME}"]}
    token = made.owner.post("/v1/admin/keys", json=body).json()["token"]
    return Runner(made, folder, token)


def push_event(old: str, new: str, ref: str = "refs/heads/main", **more: Any) -> dict[str, Any]:
    """The payload of a push, as far as it is read."""
    return {"ref": ref, "before": old, "after": new, "repository": {"default_branch": "main"}, **more}


def pull_event(base: str, head: str) -> dict[str, Any]:
    """The payload of a pull request."""
    return {"number": 7, "pull_request": {"base": {"sha": base, "ref": "main"}, "head": {"sha": head, "ref": "x"}}}
