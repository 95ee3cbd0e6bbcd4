"""What is installed is what the lock files name: pinned, with digests; so what is tested is what runs."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(text: str) -> dict[str, dict[str, int]]:
    """Versions of each requirement with their number of digests; several where Pythons differ. No other line."""
    found: dict[str, dict[str, int]] = {}
    for entry in re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).strip()):
        head = re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z,-]+\])?==([^\s;]+)", entry)
        assert head is not None, entry[:80]
        digests = len(re.findall(r"--hash=sha256:[0-9a-f]{64}(?![0-9a-f])", entry))
        found.setdefault(head[1].lower(), {})[head[2]] = digests
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_digests(name: str) -> None:
    found = locked((ROOT / name).read_text())
    assert len(found) > 20
    assert [one for one, versions in found.items() if not all(versions.values())] == []


@pytest.mark.parametrize("text", ["httpx>=0.28", "-e .", "x @ https://example.org/x.whl", "--index-url https://x"])
def test_what_is_not_pinned_is_noticed(text: str) -> None:
    with pytest.raises(AssertionError):
        locked(text)
    assert locked("x==1 \\\n    --hash=sha256:00")["x"] == {"1": 0}


def test_every_direct_dependency_is_locked_and_none_but_the_locked_version_is_installed() -> None:
    direct = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = locked((ROOT / "requirements.lock").read_text())
    names = {re.split(r"[\[<>=!]", one)[0].lower() for one in direct}
    assert names <= set(found)
    other = {}
    for name, versions in found.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue  # of another platform
        if installed not in versions:
            other[name] = installed
    assert other == {}
