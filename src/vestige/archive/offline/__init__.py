"""The verifier that lies in each archive, as a file and for use here.

``verify_archive.py`` imports nothing of ours, so whoever gets an archive needs Python and ``cryptography`` only; the
product runs the same file, so that the two cannot come apart.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from vestige.archive.offline import verify_archive
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def verifier() -> bytes:
    """The file's bytes."""
    return (files(__package__) / "verify_archive.py").read_bytes()


def verify(folder: Path, keys: Sequence[str]) -> dict[str, Any]:
    """Verify an archive in a folder; keys are C2SP verifier keys that are trusted.

    Returns:
        ``{"verdict","exit","reason","week","origin","from","to","records","erased"}``.

    Raises:
        UsageError: a key is none; which.
    """
    for key in keys:
        if not verify_archive.is_key(key):
            raise UsageError(
                "that is no verifier key", expected="name+id+base64", got=key[:80],
                hint="`vestige ledger keys` prints them", field="key",
            )  # fmt: skip
    return verify_archive.verify(folder, list(keys))
