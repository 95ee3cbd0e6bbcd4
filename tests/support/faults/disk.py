"""A small disk: a file system in a file, which can be filled to its last byte, and stand still.

ext4 over a loop device; where that is refused a tmpfs, which can be full but not stand still. It takes root.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEAST = 4096
"""What is left free at last is less than a block."""


class Disk:
    """Made by :func:`disk`."""

    def __init__(self, folder: Path, *, stands_still: bool) -> None:
        self.folder = folder
        self.stands_still = stands_still
        """Whether it can be made to."""

    def full(self, seconds: float) -> None:
        """Let there be no room for so long."""
        filler = self.folder / "filler"
        try:
            with filler.open("wb") as file:
                size, step = 0, 1 << 26
                while step >= _LEAST:
                    try:
                        os.posix_fallocate(file.fileno(), size, step)
                        size += step
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        step //= 2
                time.sleep(seconds)
        finally:
            filler.unlink(missing_ok=True)

    def still(self, seconds: float) -> None:
        """Let every write wait for so long, as on a disk that has gone away and comes back."""
        subprocess.run(["fsfreeze", "--freeze", self.folder], check=True)
        try:
            time.sleep(seconds)
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", self.folder], check=True)


@cache
def missing() -> str:
    """Why there can be no disk here, in words; empty if there can."""
    if os.geteuid() != 0:
        return "mounting takes root"
    absent = [name for name in ("mount", "umount") if shutil.which(name) is None]
    if absent:
        return f"the program `{absent[0]}` is not here"
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "vestige-test", folder]
        done = subprocess.run(mount, capture_output=True, check=False)
        if done.returncode:
            return f"nothing may be mounted: {done.stderr.decode().strip()[:100]}"
        subprocess.run(["umount", folder], check=True)
    return ""


@contextlib.contextmanager
def disk(folder: Path, mib: int) -> Iterator[Disk]:
    """A disk of so many MiB at a folder, which is made, until the block is left."""
    folder.mkdir(parents=True)
    image = folder.with_name(f"{folder.name}.image")
    mounted, loop = None, shutil.which("mkfs.ext4") is not None and shutil.which("fsfreeze") is not None
    if loop:
        with image.open("wb") as file:
            file.truncate(mib << 20)
        # No share is kept back for root, whom the nodes run as.
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, check=False)
    if mounted is None or mounted.returncode:
        loop = False
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "vestige-test", folder], check=True)
    try:
        (folder / "lost+found").rmdir() if loop else None
        yield Disk(folder, stands_still=loop)
    finally:
        # Lazily, should a process still have a file there: it must not outlive the test.
        subprocess.run(["umount", "--lazy", folder], check=False)
        image.unlink(missing_ok=True)
