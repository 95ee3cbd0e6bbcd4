"""How many records others count in a file, beside how many Vestige reads: plaso's samples, EVTX files, recorded attacks."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from support.oracles.members import Summary, read_bytes, summary
from support.oracles.table import Section, share
from vestige.sources import Member, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REASONS = {
    "apache_access.log": "plaso warns of a line it cannot read; here it is a request like the others",
    "mac_notificationcenter.db": "an SQLite database, which no format here reads: export its table as CSV",
    "setupapi.dev.log": "also the 12 boots the log marks",
    "selinux.log": "lines of one serial are one record here; plaso counts 7 lines, and warns of 4 it cannot read",
}


class Count(NamedTuple):
    """One file, counted by both."""

    name: str
    theirs: int
    read: Summary


@cache
def plaso(corpus: Path) -> list[Count]:
    """plaso's own count of ``event_data`` in its samples: one an entry of the file, whatever times it has."""
    folder = corpus / "plaso-test-data"
    found = []
    for entry in json.loads((folder / "_expected_event_counts.json").read_text()):
        name = entry["test_data"]
        file = next(file for file in (folder / name, folder / f"{name}.gz") if file.exists())
        found.append(Count(name, entry["expected_event_data"], summary(read_bytes(file))))
    return found


@cache
def evtx(corpus: Path) -> list[Count]:
    """Records as the manifest counts them: those pyevtx-rs gives before its first error."""
    return [
        Count(entry["file"], entry["counts"]["records_by_pyevtx_rs"], summary(read_bytes(corpus / entry["file"])))
        for entry in _manifest(corpus)
        if "records_by_pyevtx_rs" in entry["counts"]
    ]


@cache
def attacks(corpus: Path) -> list[tuple[str, int, int, int, Counter[str]]]:
    """Each archive of recorded attacks: lines of Windows events, records, those unparsed, and formats by members."""
    out = []
    for entry in _manifest(corpus):
        if not entry["file"].startswith("windows-json-otrf/") or entry["file"].endswith(".yaml"):
            continue
        members = entry["counts"].get("non_empty_lines_per_member", {})
        lines = sum(n for name, n in members.items() if name.endswith(".json") and not name.startswith("._"))
        records = unparsed = 0
        formats: Counter[str] = Counter()
        for item in walk(corpus / entry["file"]):
            if isinstance(item, Member) and item.name.endswith(".json") and "._" not in item.name:
                with item.open() as stream:
                    data = stream.read()
                if not members:  # of a tar the manifest has the lines of the whole archive
                    lines += sum(bool(line.strip()) for line in data.splitlines())
                read = summary(data)
                formats[read.form or "not read"] += 1
                records += read.records
                unparsed += read.unparsed
        if formats:
            out.append((entry["file"].removeprefix("windows-json-otrf/"), lines, records, unparsed, formats))
    return out


def _manifest(corpus: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((corpus / "MANIFEST.json").read_text())
    return entries


def sections(corpus: Path) -> Iterator[Section]:
    """The three of them."""
    rows: list[tuple[object, ...]] = []
    for name, theirs, read in plaso(corpus):
        verdict = "same" if theirs == read.records and not read.unparsed else "" if not read.form else "differs"
        rows.append(
            (name, read.form or "**not read**", theirs, read.records, read.unparsed, read.events, read.generic,
             REASONS.get(name, verdict))
        )  # fmt: skip
    yield Section(
        "plaso's samples",
        "What log2timeline counts in the samples of its own parser tests, one an entry, beside the records Vestige cuts, those"
        " of them it cannot read, and the events they give.",
        ("file", "read by", "plaso", "records", "unparsed", "events", "of them generic", ""),
        rows,
    )
    rows = [
        (name.rpartition("/")[2], theirs, read.records, read.unparsed, read.events,
         "same" if read.events == theirs else "more" if read.events > theirs else "**fewer**")
        for name, theirs, read in evtx(corpus)
    ]  # fmt: skip
    yield Section(
        "Windows event logs",
        "Records pyevtx-rs gives before it meets its first error, beside ours. Damaged chunks and torn records become records that say"
        " so, and stay unparsed; what stands after them is still read.",
        ("file", "pyevtx-rs", "records", "unparsed", "events", "events are"),
        rows,
    )
    found = attacks(corpus)
    lines, records = sum(row[1] for row in found), sum(row[2] for row in found)
    formats = sum((row[4] for row in found), Counter[str]())
    yield Section(
        "Recorded attacks on Windows",
        "The Mordor datasets (OTRF): non-empty lines of events by a plain count, beside the records read.",
        ("archives", "lines", "records", "unparsed", "read by"),
        [(len(found), f"{lines:,}", f"{records:,}", sum(row[3] for row in found),
          ", ".join(f"{name}: {count} members" for name, count in sorted(formats.items())))],
        [f"{row[0]}: {share(row[2], row[1])}" for row in found if row[1] != row[2]],
    )  # fmt: skip
