"""Writing the files of a plan, a minute at a time, in memory that does not grow with the story."""

from __future__ import annotations

import gzip
import os
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from vestige.demo.clock import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vestige.demo.plan import ChannelPlan, FilePlan

_GZIP_LEVEL = 1


def minutes(plan: ChannelPlan, first: int, last: int) -> Iterator[list[bytes]]:
    """The records of each minute that has any, in the order in which they arrived."""
    shape, span = plan.shape, plan.span
    number = sum(plan.counts[:first])
    for minute in range(first, last):
        count, planted = plan.counts[minute], plan.planted.get(minute)
        if not count and not planted:
            continue
        offsets, draws = plan.offsets(minute)
        start = span.start + minute * MINUTE + plan.channel.clock_error
        records = shape.minute(start, offsets, draws, number) if count else []
        number += count
        if planted:
            ranks = plan.rank(minute, offsets)
            for one, rank in zip(reversed(planted), reversed(ranks), strict=True):
                records.insert(rank, one.payload)
        yield records


def write_channel(plan: ChannelPlan, out_dir: Path, wrote: Callable[[int], None]) -> None:
    """Write all files of a channel; ``wrote`` is told how many records were added, minute by minute.

    Files are dated to the end of the span.
    """
    tail: deque[bytes] = deque(maxlen=max(file.carried for file in plan.files))
    for file in plan.files:
        path = out_dir / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        body = _json_array if plan.channel.layout == "cloudtrail" else _lines
        body(plan, file, path, tail, wrote)
        os.utime(path, ns=(plan.span.end, plan.span.end))


def _lines(plan: ChannelPlan, file: FilePlan, path: Path, tail: deque[bytes], wrote: Callable[[int], None]) -> None:
    with path.open("wb") as out:
        if file.carried:
            out.writelines(record + b"\n" for record in tail)
            wrote(file.carried)
        for records in minutes(plan, file.first, file.last):
            tail.extend(records)
            out.write(b"\n".join(records) + b"\n")
            wrote(len(records))


def _json_array(plan: ChannelPlan, file: FilePlan, path: Path, _: deque[bytes], wrote: Callable[[int], None]) -> None:
    with _gzip(path) as out:
        before = b'{"Records":['
        for records in minutes(plan, file.first, file.last):
            out.write(before + b",".join(records))
            before = b","
            wrote(len(records))
        out.write(b"]}")


@contextmanager
def _gzip(path: Path) -> Iterator[BinaryIO]:
    # No name and no time in the header: the same records are the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as out:
        yield cast("BinaryIO", out)
