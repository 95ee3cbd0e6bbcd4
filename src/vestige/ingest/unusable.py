"""What stands where a recorded reading cannot be used here: every record then stays evidence, with the reason.

A format may be gone from this machine (a third party's, uninstalled), or a zone unknown to its time zone data. The
records are no worse for it: once the format or zone is there again, `vestige index rebuild` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import pyarrow.compute as pc

from vestige.model.event import Unparsed
from vestige.model.nesting import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from vestige.model.event import Reading, Record
    from vestige.sources import Columnar, Context, Detection, Format, Sample, Turn


@dataclass(frozen=True, slots=True)
class Unusable:
    """A format that reads nothing. ``name`` and ``version`` are those the normalisation entry states."""

    name: str
    version: str
    reason: str
    media_type: str = "application/octet-stream"
    source_name: str | None = None
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:  # noqa: ARG002 - the contract's
        """It claims nothing."""
        return None

    def split(
        self,
        stream: BinaryIO,  # noqa: ARG002 - the contract's, as all of these
        *,
        start: int = 0,  # noqa: ARG002
        number: int = 0,  # noqa: ARG002
        context: Context | None = None,  # noqa: ARG002
    ) -> Iterator[list[Record] | Turn]:
        """It takes nothing in."""
        return iter(())

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:  # noqa: ARG002 - the contract's
        """No record is read; each says why."""
        return [Unparsed(self.reason)] * len(payloads)


def parse(form: Format, payloads: Sequence[bytes], context: Context) -> list[Reading]:
    """One reading per payload, whatever the format does.

    A format that raises, against its contract, loses the record it raises on, which says so, and no other.
    """
    try:
        readings = form.parse(payloads, context)
        if len(readings) == len(payloads):
            return readings
        fault = f"{len(readings)} readings of {len(payloads)} records"
    except Exception as error:  # noqa: BLE001 - another's code; the record is kept with the reason
        fault = f"{type(error).__name__}: {error}"
    if len(payloads) == 1:
        return [Unparsed(f"the format {form.name} {form.version} failed: {fault}"[:300])]
    return [reading for payload in payloads for reading in parse(form, [payload], context)]


def parse_columns(form: Columnar, payloads: Sequence[bytes], context: Context) -> pa.RecordBatch | None:
    """What a format reads by column; nothing if it raises, against its contract: each record then tells the fault."""
    try:
        batch = form.read_columns(payloads, context)
        return None if batch is None or _may_be_deep(batch["attributes"]) else batch
    except Exception:  # noqa: BLE001 - another's code; read record by record, the fault is told there
        return None


def _may_be_deep(texts: pa.StringArray) -> bool:
    """Whether any of some JSON texts opens so many levels that each record has to be looked at by itself."""
    opened = pc.add(pc.count_substring(texts, "{"), pc.count_substring(texts, "["))
    return bool((pc.max(opened).as_py() or 0) > DEEPEST)
