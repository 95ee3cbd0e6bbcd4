"""Apache Parquet: the columns of the table export with their own types, for a notebook or a warehouse.

Times are nanoseconds since 1970 UTC; an undated event's is null. A row group is one batch, so memory is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from vestige.model.instant import parse_rfc3339
from vestige.timeline.exports.lines import COLUMNS, as_text, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TIMES: Final = frozenset({"occurred_at", "observed_at", "received_at"})
_TYPES: Final = {
    **dict.fromkeys(_TIMES, pa.timestamp("ns", "UTC")),
    "seq": pa.uint64(),
    "network.src_port": pa.uint16(),
    "network.dst_port": pa.uint16(),
    "tags": pa.list_(pa.string()),
}
_SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


class _Drained:
    """A file whose bytes are taken away as they are written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer of the writer's
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        """What was written since it was last asked."""
        data, self._parts = b"".join(self._parts), []
        return data


def parquet(batches: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
    """The file, row group by row group."""
    sink = _Drained()
    writer = pq.ParquetWriter(sink, _SCHEMA, compression="zstd")
    for batch in batches:
        if batch:
            columns = [pa.array([_value(event, name) for event in batch], _SCHEMA.field(name).type) for name in COLUMNS]
            writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
            yield sink.take()
    writer.close()
    yield sink.take()


def _value(event: dict[str, Any], name: str) -> object:
    value = value_at(event, name)
    if value is None:
        return None
    if name in _TIMES:
        return parse_rfc3339(value)[0]
    return value if name in _TYPES else as_text(value)
