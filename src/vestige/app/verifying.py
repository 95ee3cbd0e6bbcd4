"""Verifying a bundle by what a caller says: texts of keys, files of keys, a policy."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final

from vestige.anchors.stamps import read_roots
from vestige.bundles import Bounds, Trust, keys_of_text, last_good_of_text, read_policy, seconds_of_text, verify
from vestige.model.errors import BusyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST: Final = 1 << 20
"""Bytes of a file of keys, or of a policy."""
BROUGHT_BYTES: Final = 256 << 20
"""Of a zip that a server verifies for somebody."""
BROUGHT_FILES: Final = 200_000
"""In such a zip: about 200 MB of memory."""
BROUGHT_UNPACKED: Final = 1 << 30
"""Bytes such a zip unpacks to."""
BROUGHT_SECONDS: Final = 120.0
"""Spent on such a zip."""
_ONE = threading.Lock()
"""Held by the one verification that a server is busy with."""


def verify_bundle(
    path: Path,
    keys: Sequence[str] = (),
    policy: Path | None = None,
    files: Sequence[Path] = (),
    roots: Path | None = None,
) -> dict[str, Any]:
    """The report on a bundle, as ``vestige bundle verify --json`` prints it.

    Args:
        path: where the bundle lies.
        keys: verifier keys that are trusted.
        policy: a file that names witnesses, and further keys.
        files: files of verifier keys.
        roots: a PEM file of the certificates that time stamps must lead to.

    Raises:
        UsageError: a key is none, or a file cannot be read.
    """
    texts = [*keys, *map(text_of, files)]
    trust = Trust([key for text in texts for key in keys_of_text(text)])
    for text in texts:
        trust.last_good |= last_good_of_text(text)
        trust.seconds += seconds_of_text(text)
    if policy is not None:
        read_policy(text_of(policy), trust)
    if roots is not None:
        trust.roots += read_roots(roots)
    return verify(path, trust).to_json()


def verify_brought(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """The report on a zip that somebody brought to a server, which spends on it only so much, and on one at a time.

    Args:
        path: where the zip lies.
        keys: verifier keys that are trusted.

    Raises:
        BusyError: another is being verified.
        TooLargeError: it has more than :data:`BROUGHT_FILES`, unpacks to more than :data:`BROUGHT_UNPACKED`, or takes
            longer than :data:`BROUGHT_SECONDS`.
        UsageError: a key is none.
    """
    trust = Trust([key for text in keys for key in keys_of_text(text)])
    if not _ONE.acquire(blocking=False):
        raise BusyError(
            "the server verifies another bundle", expected="one at a time",
            hint="try again, or verify it by yourself: vestige bundle verify",
        )  # fmt: skip
    try:
        return verify(path, trust, Bounds(BROUGHT_FILES, BROUGHT_UNPACKED, BROUGHT_SECONDS)).to_json()
    finally:
        _ONE.release()


def text_of(path: Path) -> str:
    """A small file of keys, or a policy.

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
