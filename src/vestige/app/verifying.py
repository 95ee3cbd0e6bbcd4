"""Verifying a bundle by what a caller says: texts of keys, files of keys, a policy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from vestige.bundles import Trust, keys_of_text, read_policy, verify
from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST: Final = 1 << 20
"""Bytes of a file of keys, or of a policy."""


def verify_bundle(
    path: Path, keys: Sequence[str] = (), policy: Path | None = None, files: Sequence[Path] = ()
) -> dict[str, Any]:
    """The report on a bundle, as ``vestige bundle verify --json`` prints it.

    Args:
        path: where the bundle lies.
        keys: verifier keys that are trusted.
        policy: a file that names witnesses, and further keys.
        files: files of verifier keys.

    Raises:
        UsageError: a key is none, or a file cannot be read.
    """
    trust = Trust([key for text in (*keys, *map(_text, files)) for key in keys_of_text(text)])
    if policy is not None:
        read_policy(_text(policy), trust)
    return verify(path, trust).to_json()


def _text(path: Path) -> str:
    """A small file.

    Raises:
        UsageError: it cannot be read.
    """
    name = os.fsencode(path).decode("utf-8", "replace")[:200]
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError("the file cannot be read", expected="a file", got=f"{name}: {error.strerror}") from error
    if len(data) > _MOST:
        raise UsageError("the file is too long", expected=f"at most {_MOST} bytes", got=name)
    return data.decode("utf-8", "replace")
