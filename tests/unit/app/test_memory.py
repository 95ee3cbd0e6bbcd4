"""What was freed is given back to the system, by itself and as long as a server runs."""

from __future__ import annotations

import ctypes
import platform
import re
import threading
import time
from pathlib import Path

import pytest

from vestige.app.memory import give_back, giving_back

BLOCKS, SIZE = 200_000, 512
"""A hundred MiB, in pieces that the C library takes from its arenas."""
HELD_MIB = BLOCKS * SIZE >> 20

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to give back")


def own_mib() -> int:
    found = re.search(r"^Anonymous:\s+(\d+) kB", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) >> 10


def scatter() -> None:
    """Take a hundred MiB and free all but the last piece, below which the C library keeps what was freed."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    taken = [libc.malloc(SIZE) for _ in range(BLOCKS)]
    for place in taken:
        ctypes.memset(place, 1, SIZE)
    for place in taken[:-1]:
        libc.free(place)


def test_what_was_freed_is_given_back() -> None:
    give_back()
    before = own_mib()
    scatter()
    kept = own_mib() - before
    assert kept > HELD_MIB // 2
    assert give_back()
    assert own_mib() - before < kept // 2


def test_it_is_given_back_by_itself_until_the_block_is_left() -> None:
    give_back()
    before = own_mib()
    scatter()
    with giving_back(0.05):
        until = time.monotonic() + 30
        while own_mib() - before > HELD_MIB // 2:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert "memory" not in {thread.name for thread in threading.enumerate()}
