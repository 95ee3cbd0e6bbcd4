"""An index to test against, and blocks of made-up events that meet every corner of the model.

The in-process engine serves one path per process, so a module of tests opens it and closes it again
(:func:`opened`), and tests keep apart by writing to logs of their own (:func:`fresh_log`).
"""

from __future__ import annotations

import itertools
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson

from vestige.index import Block, Index
from vestige.model.event import Event, KeyKind
from vestige.model.ids import encode_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

OWNER = "vestige.example, made 2025-11-24T00:00:00Z"
START = 1_764_000_000_000_000_000
"""Nanoseconds: 2025-11-24."""

_logs = itertools.count(1)
_TYPES = (
    ("auth.login", "success", 0),
    ("auth.login_failed", "failure", 2),
    ("data.read", "success", 0),
    ("data.export", "success", 3),
    ("deploy.started", "", 1),
    ("acme.widget_made", "unknown", 4),
)
_NAMES = ("alice", "Alice", "BOB", "carol.o'neil", "Ünal", "straße", "dave%_\\x")
_HOSTS = ("web-1", "WEB-1", "db-1.example.org")
_IPS = ("10.0.0.1", "10.0.0.2", "192.168.7.9", "2001:db8::1")
_WORDS = ("failed", "password", "Accepted", "for", "root", "export", "über", "日本", "a_b", "10.0.0.1", "50%", "x")


def fresh_log() -> int:
    """The number of a log no other test writes."""
    return next(_logs)


@contextmanager
def opened(folder: Path, owner: str = OWNER, url: str = "") -> Iterator[Index]:
    """The index in a folder, open."""
    index = Index.open(url, folder, owner)
    try:
        yield index
    finally:
        index.close()


def entry_id(seq: int) -> str:
    """The ULID the made-up entry of a seq has."""
    return encode_ulid((START // 1_000_000) << 80 | seq)


def tip_of(end: int) -> str:
    """The leaf hash the made-up entry before ``end`` has."""
    return f"{end - 1:064x}"


def block(log: int, lo: int, rows: Sequence[tuple[int, int, Event, int]], *, hi: int | None = None) -> Block:
    """A block of (seq, sub, event, status) rows."""
    end = hi if hi is not None else rows[-1][0] + 1
    return Block(
        log=log,
        lo=lo,
        hi=end,
        tip=tip_of(end),
        seqs=[seq for seq, *_ in rows],
        subs=[sub for _, sub, *_ in rows],
        ids=[entry_id(seq) for seq, *_ in rows],
        received=[START + seq for seq, *_ in rows],
        sources=[("aws.cloudtrail", "linux.auth", "it's \\ odd")[seq % 3] for seq, *_ in rows],
        parsers=["test/1" for _ in rows],
        parts=[[event for _, _, event, _ in rows]],
        statuses=[status for *_, status in rows],
    )


def made_up(seed: int, lo: int, count: int) -> list[tuple[int, int, Event, int]]:
    """Rows of ``count`` entries from ``lo``: ties, undated, several events a record, own acts, unparsed, skipped."""
    chance = random.Random(seed * 1_000_003 + lo)
    rows: list[tuple[int, int, Event, int]] = []
    for seq in range(lo, lo + count):
        kind = chance.random()
        if kind < 0.03:
            rows.append((seq, 0, Event("record.unparsed", message="no brace", attributes='{"excerpt":"x"}'), 1))
        elif kind < 0.05:
            rows.append((seq, 0, Event("record.skipped", message="a header"), 2))
        elif kind < 0.08:
            at = START + seq * 1_000_000
            own = Event("vestige.audit", at, actor_id="local:1000", message="audit import", session="own-session")
            rows.append((seq, 0, own, 0))
        else:
            rows += [(seq, sub, _event(chance, seq), 0) for sub in range(chance.choice((1, 1, 1, 1, 3)))]
    return rows


def _event(chance: random.Random, seq: int) -> Event:
    event_type, outcome, severity = chance.choice(_TYPES)
    name = chance.choice((*_NAMES, ""))
    # Whole minutes, so that many events share an instant; a few before 1970, since time does not begin there.
    minutes = chance.randrange(0, 3 * 24 * 60)
    at = START + minutes * 60_000_000_000 if chance.random() > 0.02 else -minutes * 60_000_000_000 - 7
    keys: list[tuple[str, str]] = []
    if chance.random() < 0.2:
        keys.append((str(KeyKind.COMMIT), f"c0ffee{chance.randrange(20):02}"))
    if chance.random() < 0.1:
        keys += [(str(KeyKind.TOKEN), f"digest-{chance.randrange(5)}"), (str(KeyKind.IDENTITY), "Alice")]
    if chance.random() < 0.02:
        keys += [(str(KeyKind.IP), f"172.16.0.{number}") for number in range(12)]
    return Event(
        event_type=event_type,
        occurred_at=None if chance.random() < 0.05 else at,
        time_text="then",
        time_quality=chance.choice(("exact", "assumed_zone")),
        observed_at=at + 5 if chance.random() < 0.1 else None,
        action=chance.choice(("PutObject", "")),
        outcome=outcome,
        severity=severity,
        actor_id=f"arn:aws:iam::1:user/{name}" if name and chance.random() < 0.5 else "",
        actor_name=name,
        actor_type="user" if name else "",
        subject_id=chance.choice(("", "acct-7")),
        subject_name=chance.choice(("", "Carol")),
        object_id=chance.choice(("", "s3://bucket/key_%1", "Repo")),
        object_name=chance.choice(("", "key")),
        object_type="object",
        src_ip=chance.choice((*_IPS, "")),
        dst_ip=chance.choice(("", "", "10.0.0.2")),
        src_port=chance.choice((0, 22, 40000)),
        dst_port=chance.choice((0, 443)),
        protocol=chance.choice(("", "tcp")),
        device_id=chance.choice(("", "", "dev-1")),
        device_name=chance.choice(("", "laptop")),
        host=chance.choice((*_HOSTS, "")),
        session=chance.choice(("", f"s{chance.randrange(40)}")),
        trace_id=chance.choice(("", "0af7651916cd43dd8448eb211c80319c")),
        message=" ".join(chance.choice(_WORDS) for _ in range(chance.randrange(0, 7))),
        tags=chance.choice(((), (), ("vip",), ("vip", "EU"))),
        attributes=orjson.dumps(
            {
                "n": seq % 10,
                "ratio": 0.5,
                "eventName": chance.choice(("PutObject", "GetObject")),
                "user": {"name": name, "mfa": chance.random() < 0.5},
                "odd.key'\"": "v",
                "list": [1, 2],
            }
        ).decode(),
        keys=tuple(keys),
    )
