"""A report set out: which block follows which, and every word that is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.reports.blocks import (
    Block,
    Cell,
    Digest,
    Drawing,
    Facts,
    Heading,
    Legend,
    Link,
    Mark,
    Says,
    Stated,
    Table,
    Title,
    Verbatim,
    When,
    Written,
)
from vestige.reports.certification import draft
from vestige.reports.zones import local

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.reports.models import Custody, Event, Hypothesis, Listing, Report

ZONE: Final = "All times are in UTC, the zone with the offset +00:00"
_KINDS: Final = {"rfc3161": "time stamp (RFC 3161)", "cosignature": "witness (C2SP)", "git": "git remote"}
_TONES: Final = {
    "intact": "good", "supported": "good", "altered": "bad", "missing": "bad", "refuted": "bad", "erased": "open",
    "inconclusive": "open", "open": "open",
}  # fmt: skip
_NOTHING: Final = ("", Says(""))
_QUALITIES: Final = {
    "exact": "", "assumed_zone": "zone assumed", "assumed_year": "year assumed", "missing": "states no time",
}  # fmt: skip


def document(report: Report) -> Iterator[Block]:
    """The blocks of a report, in order."""
    yield Title(report.name, f"Case report, made {report.made_at} by {report.made_by}")
    yield Legend()
    yield from _summary(report)
    yield from _hypotheses(report)
    yield from _timeline(report)
    yield from _notes(report)
    yield from _evidence(report)
    yield from _custody(report)
    yield from _method(report)
    yield from _certification(report)


def _mark(word: str) -> Mark:
    return Mark(word, _TONES.get(word, "open"))


def _summary(report: Report) -> Iterator[Block]:
    yield Heading(2, "Summary", "summary")
    if report.description.text:
        yield Written("description of the case", report.description)
    span = (
        f"{_both(report.first, report)} to {_both(report.last, report)}" if report.first else "no event states a time"
    )
    rows: list[tuple[str, Cell]] = [
        ("case", Digest(report.case)),
        ("status", report.status),
        ("owner", report.owner),
        ("members", ", ".join(report.members)),
        ("tags", ", ".join(report.tags)),
        ("opened", f"{report.created_at} by {report.created_by}" if report.created_by else "its beginning was erased"),
        ("tenant", report.tenant),
        ("events pinned", f"{report.pins:,}"),
        ("they happened", span),
        ("times", f"UTC, and beside it the clock of {report.zone}" if report.zone else "UTC"),
        ("integrity", _integrity(report)),
    ]
    yield Facts([row for row in rows if row[1] not in ("", Digest(""))])
    if report.faults:
        yield Stated(
            "NOT everything is as it was when it was pinned. What follows rests on evidence of which these do not "
            "agree with the ledger:"
        )
        yield Table(
            ("event", "state", "what does not agree"),
            [(Digest(one), _mark(how), why) for one, how, why in report.faults],
        )
    if report.hypotheses:
        yield Table(
            ("hypothesis, written by people", "verdict, written by people", "for", "against"),
            [
                (
                    Link(one.title, f"h{number}"),
                    _mark(one.verdict),
                    str(sum(weighed.side == "for" for weighed in one.evidence)),
                    str(sum(weighed.side == "against" for weighed in one.evidence)),
                )
                for number, one in enumerate(report.hypotheses, 1)
            ],
        )
    if report.named:
        yield Heading(3, "Entities and indicators")
        yield Table(
            ("what", "type", "value, written by people", "said of it, written by people"),
            [(one.kind, one.type, Says(one.value), one.text) for one in report.named],
        )
    if report.tasks:
        yield Heading(3, "Tasks")
        yield Table(
            ("task, written by people", "status", "who", "due"),
            [(Says(one.title), one.status, one.assignee, one.due) for one in report.tasks],
        )
    yield from _left_out(report)


def _integrity(report: Report) -> str:
    held = sum(report.states.values())
    told = ", ".join(f"{number:,} {state}" for state, number in sorted(report.states.items())) or "none"
    return f"{held:,} events, pinned or named, were held against the ledger for this report: {told}"


def _left_out(report: Report) -> Iterator[Block]:
    for kind, number in sorted(report.left_out.items()):
        yield Stated(
            f"{number:,} more of kind {kind} are in the case and not in this report, which has the first of them."
        )


def _hypotheses(report: Report) -> Iterator[Block]:
    if not report.hypotheses:
        return
    yield Heading(2, "Hypotheses", "hypotheses")
    yield Stated(
        "Hypotheses, verdicts, reasons and comments are conclusions of the people who wrote them. The events under "
        "each are stated by the system, with whether each is as it was when it was put there."
    )
    for number, one in enumerate(report.hypotheses, 1):
        yield from _hypothesis(number, one, report)


def _hypothesis(number: int, one: Hypothesis, report: Report) -> Iterator[Block]:
    yield Heading(3, f"{number}. {one.title}", f"h{number}", hand=True)
    yield Facts([("verdict", _mark(one.verdict)), ("last said by", f"{one.text.by}, {one.text.at}")])
    if one.text.text:
        yield Written("hypothesis", one.text)
    if one.reason:
        yield Written("reason for the verdict", type(one.text)(one.reason, one.text.by, one.text.at))
    for side in ("for", "against"):
        weighed = [each for each in one.evidence if each.side == side]
        if not weighed:
            yield Stated(f"No event was put {side} it.")
            continue
        yield Heading(4, f"Evidence {side}")
        yield Table(
            (_head(report), "type", "who", "what the record says", "state", "comment, written by people"),
            [
                (
                    *_told(each.event, report),
                    _mark(each.event.state),
                    type(one.text)(each.comment, each.by) if each.comment else "",
                )
                for each in weighed
            ],
        )


def _head(report: Report) -> str:
    return f"time (UTC, then {report.zone})" if report.zone else "time (UTC)"


def _both(at: str, report: Report) -> str:
    """A time, and in brackets what a clock of the zone showed then."""
    there = local(at, report.zone)
    return f"{at} ({there})" if there else at


def _told(event: Event, report: Report) -> tuple[Cell, Cell, Cell, Cell]:
    parts = (local(event.at, report.zone), _QUALITIES.get(event.quality, event.quality), _offset(event))
    more = ", ".join(part for part in parts if part)
    return (When(event.at or "no time", more), event.type, Says(event.who), Says(event.says))


def _offset(event: Event) -> str:
    return f"clock corrected by {event.offset}" if event.offset else ""


_UNSTATED: Final = "UTC, where a time states none"


def _timeline(report: Report) -> Iterator[Block]:
    yield Heading(2, "Timeline", "timeline")
    yield Stated(
        f"{ZONE}{_beside(report)}. A source whose times state no zone was read in the zone below; a clock that was "
        "found wrong was corrected by the offset below, and every event it moved says so. The records themselves were "
        "never changed."
    )
    if report.clocks:
        yield _without_empty(
            Table(
                ("source", "events", "zone assumed", "clock corrected by", "what that rests on", "also said of it"),
                [
                    (
                        one.name,
                        f"{one.events:,}",
                        one.zone or _UNSTATED,
                        one.offset or "nothing",
                        one.evidence,
                        one.other,
                    )
                    for one in report.clocks
                ],
            )
        )
    if report.picture is not None:
        yield Drawing(report.picture)
        yield Stated(_caption(report))
    yield from _more(report)
    if not report.events:
        yield Stated("Nothing is pinned in this case.")
        return
    yield _without_empty(
        Table(
            ("no", _head(report), "source", "type", "who", "what the record says", "note, written by people"),
            [
                (
                    Link(str(number), f"e{number}"),
                    _told(event, report)[0],
                    event.source,
                    *_told(event, report)[1:],
                    event.note if event.note.text else "",
                )
                for number, event in enumerate(report.events, 1)
            ],
            [f"t{number}" for number in range(1, len(report.events) + 1)],
            wide=True,
            widths=(4, 16, 11, 14, 16, 26, 13),
        )
    )


def _beside(report: Report) -> str:
    return f"; beside each stands what a clock in the zone {report.zone} showed then" if report.zone else ""


def _without_empty(table: Table) -> Table:
    """The table without columns in which no row says anything."""
    kept = [at for at in range(len(table.head)) if any(row[at] not in _NOTHING for row in table.rows)]
    rows = [[row[at] for at in kept] for row in table.rows]
    widths = [table.widths[at] for at in kept] if table.widths else []
    return Table([table.head[at] for at in kept], rows, table.anchors, table.wide, widths)


def _caption(report: Report) -> str:
    picture = report.picture
    undated = f" {picture.undated:,} events state no time and are not in it." if picture and picture.undated else ""
    return (
        "All dated events of the case, not only those listed, by source. The height of a bar grows with the square "
        f"root of how many events it stands for.{undated}"
    )


def _more(report: Report) -> Iterator[Block]:
    listed = len(report.events)
    if listed < report.pins:
        yield Stated(
            f"This report lists the first {listed:,} of {report.pins:,} events, in order of time. The other "
            f"{report.pins - listed:,} are NOT listed here; they are in the case, were held against the ledger with "
            "the rest, and are in a bundle of the case, whose list of records has the digest stated under Evidence."
        )


def _notes(report: Report) -> Iterator[Block]:
    if not report.notes:
        return
    yield Heading(2, "Notes", "notes")
    for number, one in enumerate(report.notes, 1):
        yield Heading(3, one.title or f"Note {number}", hand=bool(one.title))
        yield Written("note", one.text)
        if one.events:
            yield Stated("Events the note names, as the system has them:")
            yield Table(
                ("event", _head(report), "type", "who", "what the record says", "state"),
                [(Digest(event.id), *_told(event, report), _mark(event.state)) for event in one.events],
            )


def _evidence(report: Report) -> Iterator[Block]:
    yield Heading(2, "Evidence and proofs", "evidence")
    yield Stated(
        "Each record lies in a log to which entries are only ever added. Its number there is the sequence number; "
        "its leaf hash is SHA-256 over a zero byte and the entry, which commits to the record's bytes with a salt; "
        "its proof is the list of hashes that lead from the leaf to the root of the signed tree (RFC 6962 and RFC "
        "9162, section 2.1.3)."
    )
    yield from _more(report)
    for one in report.checkpoints:
        yield Heading(3, f"Log {one.origin}")
        yield Facts(
            [
                ("size of the tree", f"{one.size:,}"),
                ("root", Digest(one.root)),
                ("records of this case in it", f"{one.records:,}"),
                (f"SHA-256 of data/{one.epoch}/records.txt in a bundle of this case", Digest(one.digest)),
                ("verifier keys, to be compared with those you got elsewhere", Digest("\n".join(one.keys))),
            ]
        )
        yield Stated("The signed checkpoint, byte for byte:")
        yield Verbatim(one.note)
    yield from _vouched(report)
    yield from _how_to_check(report)
    if report.events:
        nodes: dict[str, int] = {}
        for event in report.events:
            for node in event.path:
                nodes.setdefault(node, len(nodes) + 1)
        yield Heading(3, "Records")
        yield Table(
            ("no", "seq", "event", "SHA-256 of the record", "leaf hash", "proof", "state", "pinned by"),
            [
                (
                    Link(str(number), f"t{number}"),
                    _place(event, report),
                    Digest(event.id),
                    Digest(event.record) if event.record else "its bytes are not there",
                    Digest(event.leaf_hash),
                    Digest(" ".join(str(nodes[node]) for node in event.path) or "none"),
                    _mark(event.state),
                    f"{event.added_by}, {event.added_at}",
                )
                for number, event in enumerate(report.events, 1)
            ],
            [f"e{number}" for number in range(1, len(report.events) + 1)],
            wide=True,
            widths=(4, 6, 14, 19, 19, 16, 7, 15),
        )
        yield Heading(3, "Hashes of the proofs")
        yield Stated(
            'The column "proof" names, in order from the leaf to the root, the hashes of this list by their '
            "numbers. Many proofs share hashes, so each stands here once."
        )
        yield Verbatim("\n".join(f"{number:>5} {node}" for node, number in nodes.items()), small=True)


def _vouched(report: Report) -> Iterator[Block]:
    """Who else saw a tree that has these records, and when."""
    yield Heading(3, "Others who vouch for the log", "anchors")
    if not report.vouched:
        yield Stated(
            "Nobody else has been shown a tree that has these records: when they were received rests on the word of "
            "the log's own clock, and that nobody was shown another log on that of whoever runs it."
        )
        return
    yield Stated(
        "Each of them was shown a signed tree of the size below and said so by its own clock: so the records it covers "
        "existed then at the latest. Of each party this is the first word that covers all records of the case in a "
        "log, or else the last that covers some. It is told as the log has it; a bundle of the case has the words "
        "themselves, and vestige bundle verify checks them (--tsa-roots, --policy)."
    )
    yield Table(
        ("who", "is a", "said so at", "tree of size", "root", "covers of the records here", "entry"),
        [
            (
                one.by,
                _KINDS[one.type] + (", over the super-log" if one.over == "super-log" else ""),
                When(one.at, local(one.at, report.zone)),
                f"{one.size:,}",
                Digest(one.root),
                f"all {one.of:,}" if one.records == one.of else f"{one.records:,} of {one.of:,}",
                str(one.seq) if len(report.checkpoints) < 2 else f"{one.seq} of epoch {one.epoch}",
            )
            for one in report.vouched
        ],
        widths=(24, 12, 14, 8, 22, 12, 8),
    )


def _place(event: Event, report: Report) -> str:
    if event.seq < 0:
        return "none"
    return str(event.seq) if len(report.checkpoints) < 2 else f"{event.seq} of epoch {event.epoch}"


def _how_to_check(report: Report) -> Iterator[Block]:
    yield Stated(
        f"To check all of it, have a bundle of the case made (vestige bundle create --case {report.case} -o "
        "case.zip) and verify it without us: vestige bundle verify --key KEY case.zip, with a key that you got from "
        "somebody you trust. In the bundle the record with sequence number N is data/0/raw/N.bin (of epoch E: "
        "data/E/raw/N.bin), and its SHA-256 is the one below; data/0/proofs/N.tlog-proof has the entry whose leaf "
        "hash is the one below. The bundle's own checkpoint is a later one of the same log."
    )
    yield Stated(
        "The digest of this file cannot stand in it. It is in the ledger, in the entry case.reported, which was made "
        "before the file left: vestige case activity shows it, and sha256sum of the file must give the same."
    )


def _custody(report: Report) -> Iterator[Block]:
    yield Heading(2, "Custody log", "custody")
    yield Stated(
        "Every entry of the ledger that says how these records came, how they are read, what was held, redacted or "
        "erased of them, and who was given their exact bytes."
    )
    yield from _listing(report.custody, report)
    yield Heading(2, "Activity in the case", "activity")
    yield Stated(
        "Every act in the case, each an entry of the ledger, made by whoever was signed in at the server's time."
    )
    yield from _listing(report.activity, report)


def _listing(listing: Listing, report: Report) -> Iterator[Block]:
    if listing.fault:
        yield Stated(f"It could not be told, because the ledger is not as it was: {listing.fault}")
    if len(listing.rows) < listing.total:
        yield Stated(f"These are the first {len(listing.rows):,} of {listing.total:,}; the others are NOT listed here.")
    if listing.rows:
        yield Table(
            (_head(report), "seq", "what", "by", "about"),
            [
                (When(one.at, local(one.at, report.zone)), _entry_place(one, report), one.what, one.by, Says(one.about))
                for one in listing.rows
            ],
            widths=(22, 7, 15, 15, 41),
        )
    elif not listing.fault:
        yield Stated("There is none.")


def _entry_place(one: Custody, report: Report) -> str:
    return str(one.seq) if len(report.checkpoints) < 2 else f"{one.seq} of epoch {one.epoch}"


def _method(report: Report) -> Iterator[Block]:
    method = report.method
    yield Heading(2, "Method", "method")
    yield Stated(
        f"Made by {method.program}. Records were stored as they came and then read by the parsers below; the same "
        "parser in the same version, with what was said of its source, makes the same events of the same records."
    )
    yield _table(("parser and version", "events of the case"), [(name, f"{count:,}") for name, count in method.parsers])
    if method.rules:
        yield Stated("Rules and patterns of which a stored finding rests on an event of this case:")
        yield _table(
            ("rule", "version", "SHA-256 of its text", "findings"),
            [(name, version, Digest(digest), f"{count:,}") for name, version, digest, count in method.rules],
        )
    if method.queries:
        yield Stated("Events were pinned one by one, or all events of a query at once. These queries were used:")
        yield Table(
            ("when", "by", "query, written by people", "within", "matched"),
            [(at, by, Says(query), within, f"{count:,}") for at, by, query, within, count in method.queries],
        )
    else:
        yield Stated("No query was pinned: every event was chosen by itself.")
    yield Heading(3, "What this report does not show")
    yield Stated(
        "That the search found everything: it shows what was pinned. That the records tell the truth: the log shows "
        "what was received, when by the server's clock, and that it is unchanged since. That the conclusions "
        "follow: they are their authors'."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Block:
    return Table(head, rows) if rows else Stated(f"{head[0]}: none.")


def _certification(report: Report) -> Iterator[Block]:
    yield Heading(2, "Draft of a certification", "certification")
    yield draft(report, sum(one.records for one in report.checkpoints))
