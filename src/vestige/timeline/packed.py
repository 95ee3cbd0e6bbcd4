r"""Density as bytes, for a program that draws it: no text to read, and the counts as they lie in memory.

Little-endian throughout::

    "VDEN1\0\0\0"                8 bytes
    n                             uint32: bytes of the head
    head                          n bytes of JSON in UTF-8, padded with spaces so that 12 + n is a multiple of 8:
                                  start_ns, end_ns, origin_ns, width_ns (text: they exceed 53 bits), buckets, total,
                                  lanes (their names in order), other (whether a last row is that of all other lanes)
    counts                        buckets x uint32 for each lane, then for the others if there are any

A count above 2**32 - 1 is that number.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

if TYPE_CHECKING:
    from vestige.timeline.density import Density

MEDIA_TYPE: Final = "application/vnd.vestige.density"
_MAGIC: Final = b"VDEN1\0\0\0"
_MOST: Final = 2**32 - 1


def packed(density: Density) -> bytes:
    """The bytes of a density."""
    head = orjson.dumps(
        {
            "start_ns": str(density.start),
            "end_ns": str(density.end),
            "origin_ns": str(density.origin),
            "width_ns": str(density.width),
            "buckets": density.buckets,
            "total": density.total,
            "lanes": list(density.lanes),
            "other": bool(density.other),
        }
    )
    head += b" " * (-(len(_MAGIC) + 4 + len(head)) % 8)
    rows = [*density.lanes.values(), *([density.other] if density.other else [])]
    counts = np.minimum(np.array(rows, np.uint64), _MOST).astype("<u4")
    return _MAGIC + struct.pack("<I", len(head)) + head + counts.tobytes()
