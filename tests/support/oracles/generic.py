"""How much of the corpus is told only by what kind of source spoke: a format that understands its records has little."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from support.oracles.members import summary
from support.oracles.table import Section, below, share
from vestige.sources import Member, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNNAMED = frozenset({"csv", "json", "syslog", "plain_log", "cri", "docker_json"})
"""Any program may write these, or speaks in them; that it spoke is often all there is to say."""


@cache
def shares(corpus: Path) -> dict[str, Counter[str]]:
    """By format: members, records, unparsed ones, events, generic ones."""
    found: dict[str, Counter[str]] = {}
    for item in walk(corpus):
        if not isinstance(item, Member) or item.name.endswith((".golden", "-expected.json", ".snap", ".md", ".yaml")):
            continue
        with item.open() as stream:
            read = summary(stream.read())
        counts = found.setdefault(read.form, Counter())
        counts.update(members=1, records=read.records, unparsed=read.unparsed, events=read.events, generic=read.generic)
    return found


def sections(corpus: Path) -> Iterator[Section]:
    """Every format the corpus has."""
    found = shares(corpus)
    rows = []
    for name in sorted(found.keys() - {""}):
        one = found[name]
        mark = "any program's" if name in UNNAMED else below(one["generic"], one["events"], 1)
        rows.append((f"`{name}`", one["members"], f"{one['records']:,}", f"{one['unparsed']:,}", f"{one['events']:,}",
                     share(one["generic"], one["events"]), mark))  # fmt: skip
    yield Section(
        "Generic events, by format",
        "All members of the corpus but other tools' expectations, each read by the format that recognises it. Target: less than 1 %"
        " of a format's events say only that a source spoke.",
        ("format", "members", "records", "unparsed", "events", "generic", "< 1 %"),
        rows,
        [
            f"{found.get('', Counter())['members']} members are recognised by no format: rules, descriptions and"
            " binary files of other tools among them"
        ],
    )
