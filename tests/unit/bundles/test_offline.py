"""``verify.py`` stands by itself: one file, the standard library and ``cryptography``, and no line of ours."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import vestige.anchors
import vestige.bundles
import vestige.ledger
import vestige.proof
from support.bundles import golden
from vestige.bundles.offline import verifier

TREE = ast.parse(verifier(), feature_version=(3, 10))


def imported() -> set[str]:
    found: set[str] = set()
    for node in ast.walk(TREE):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


def test_it_is_one_file_that_asks_for_nothing_but_cryptography() -> None:
    assert imported() - set(sys.stdlib_module_names) == {"cryptography"}
    assert "argparse" in imported()
    assert b"vestige.bundles.offline" not in verifier()
    assert len([node for node in TREE.body if isinstance(node, ast.Expr)]) == 1  # its own words, once


def test_it_opens_no_connection_and_runs_nothing() -> None:
    assert not imported() & {"socket", "urllib", "http", "ssl", "subprocess", "ctypes", "importlib", "pickle"}
    called = {node.func.id for node in ast.walk(TREE) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"eval", "exec", "compile", "__import__"}


def test_it_shares_no_line_of_work_with_the_product() -> None:
    """A long line that stands in both would be one thought twice."""
    rooms = (vestige.anchors, vestige.bundles, vestige.ledger, vestige.proof)
    folders = [Path(inspect.getfile(room)).parent for room in rooms]
    ours = {
        line.strip()
        for folder in folders
        for path in folder.rglob("*.py")
        if "offline" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    lines = [line.strip() for line in verifier().decode().splitlines()]
    both = {line for line in lines if len(line) > 45 and line in ours}
    assert {line for line in both if not line.startswith("from cryptography")} == set()
    assert len(lines) > 1000


def test_the_golden_bundle_still_verifies_by_the_file_it_was_made_with() -> None:
    ast.parse(golden()["verify.py"], feature_version=(3, 10))
    assert golden()["verify.py"].startswith(b'"""Checks an evidence bundle, by itself')
