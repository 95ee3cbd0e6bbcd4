"""The room as a whole: what it imports, what it names, and that it does nothing but compute."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import vestige.proof

ROOM = Path(vestige.proof.__file__).parent
SOURCE = ROOM.parents[1]
PURE = {
    "__future__",
    "base64",
    "binascii",
    "collections",
    "dataclasses",
    "functools",
    "hashlib",
    "json",
    "re",
    "typing",
}
FILES = sorted(ROOM.glob("*.py"))

PROBE = """
import json, sys
sys.path[:0] = sys.argv[1:]
before = set(sys.modules)
import vestige.proof
print(json.dumps(sorted(
    (name, getattr(module, "__file__", None) or "") for name, module in sys.modules.items() if name not in before
)))
"""


def test_importing_the_room_loads_nothing_third_party_but_cryptography() -> None:
    packages = sysconfig.get_path("purelib")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, str(SOURCE), packages], capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    ours = {name for name, _ in loaded if name.split(".")[0] == "vestige"}
    assert {name.split(".")[1] for name in ours if "." in name} == {"model", "proof"}
    third_party = {name.split(".")[0] for name, file in loaded if file.startswith(packages)} - {"vestige"}
    assert "cryptography" in third_party
    assert third_party <= {"cryptography", "_cffi_backend"}  # the second is how the first calls OpenSSL


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_a_file_imports_only_what_computes(file: Path) -> None:
    names = set()
    calls = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            names.add(
                ".".join(node.module.split(".")[:2]) if node.module.startswith("vestige") else node.module.split(".")[0]
            )
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.add(node.func.id)
    assert names <= PURE | {"cryptography", "vestige.model", "vestige.proof"}
    assert not calls & {"open", "print", "input", "exec", "eval", "__import__"}


def test_every_public_name_is_there_and_documented() -> None:
    assert vestige.proof.__all__ == sorted(
        vestige.proof.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n)
    )
    for name in vestige.proof.__all__:
        value = getattr(vestige.proof, name)
        if callable(value):
            assert value.__doc__, name
