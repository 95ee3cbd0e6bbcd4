"""``vestige bundle verify``: the fourteen checks of ledger.md section 7, without database, network or clock.

Nothing in a bundle vouches for itself. Signatures are always held against the keys that the log's own entries name,
which shows that all of it fits together; who made it is known only if the caller brings a key from elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vestige.bundles import layout
from vestige.bundles.container import Bag, Container, open_container
from vestige.bundles.logs import LogCheck, Said
from vestige.bundles.report import Report
from vestige.ledger.service import STATEMENT
from vestige.model.errors import FormatError, NotFoundError, ProofError, TooLargeError
from vestige.proof import parse_canonical, parse_note, verify_note

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.bundles.bounds import Bounds
    from vestige.bundles.trust import Trust
    from vestige.proof.canonical import Value

NO_STAMPS: Final = "no time stamps: when the log was signed rests on its own word"
_ABOUT: Final = {"format", "logs", "made_by", "records", "selection", "sources"}
_COUNTED: Final = ("present", "withheld", "erased")
_TIME: Final = re.compile(r"made [0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?Z")
_HEX: Final = re.compile(r"[0-9a-f]{64}")


def verify(path: Path, trust: Trust, bounds: Bounds | None = None) -> Report:
    """Check a bundle, folder or zip; what is wrong is in the report, never raised.

    Args:
        path: where it lies.
        trust: keys and policy of the caller's.
        bounds: what the caller spends on it at most, for a zip; ``None``: as much as any bundle may need.

    Raises:
        TooLargeError: it is beyond the caller's bounds, which says nothing against it.
    """
    report = Report()
    try:
        container = open_container(path, bounds)
    except (NotFoundError, FormatError) as error:
        report.is_bundle = False
        report.add_error("container", error)
        return report
    except ProofError as error:
        report.add_error("container", error)
        return report
    except TooLargeError as error:
        if bounds is not None:
            raise
        report.add_error("container", error)
        return report
    try:
        check_container(container, trust, report)
    finally:
        container.close()
    return report


def check_container(container: Container, trust: Trust, report: Report) -> None:
    """Make the checks of a bundle that was opened already; what is found is noted in the report."""
    if "bagit.txt" not in container.names:
        report.is_bundle = False
        report.add("container", "this is no bundle", file="bagit.txt", expected="a BagIt bag", got="no such file")
        return
    bag = Bag(container, report)
    if not bag.begin():
        return
    bagit = bag.read("bagit.txt")
    if bagit is not None and bagit != layout.BAGIT:
        report.add("container", "not a BagIt 1.0 declaration", file="bagit.txt", got=repr(bagit[:80]))
    logs = _about(bag, report)
    report.reached = bool(logs)
    checked: list[LogCheck] = []
    trusted = bool(logs)
    for said in logs:
        log = LogCheck(bag, report, said)
        trusted = log.run(trust, checked[-1] if checked else None) and trusted
        checked.append(log)
    report.trusted = trusted
    if trust.roots and checked and not any(log.dated for log in checked):
        report.add(
            "time", "no time stamp is of an authority you named",
            expected="one that leads to one of your root certificates", got="none, or others' only",
        )  # fmt: skip
    for name in bag.unasked():
        if name not in layout.COMMON and name not in {f"data/{said.epoch}/keys" for said in logs}:
            report.add("complete", "a file that nothing in the bundle speaks of", file=name)
    bag.finish()
    _counts(report)
    if checked:
        _statement(bag, checked[-1], report)
    _explain(checked, trust, report)


def _about(bag: Bag, report: Report) -> list[Said]:
    """Which logs the bundle speaks of; none if that cannot be read, which is noted."""
    for name in layout.COMMON:
        if not bag.has(name):
            report.add("complete", "a file that every bundle has is missing", file=name)
    data = bag.read(layout.ABOUT)
    if data is None:
        return []
    try:
        logs, report.details["complete"] = _described(parse_canonical(data))
    except ProofError as error:
        report.add_error("complete", error, file=layout.ABOUT)
        return []
    return logs


def _described(about: dict[str, Value]) -> tuple[list[Said], str]:
    """The logs, and how many records there are said to be."""
    if about.keys() != _ABOUT or about["format"] != layout.FORMAT:
        raise ProofError("not the description of a bundle", expected=layout.FORMAT, got=str(about.get("format"))[:60])
    logs = [_said(log) for log in (about["logs"] if isinstance(about["logs"], list) else [])]
    epochs = [log.epoch for log in logs]
    if not logs or epochs != sorted(set(epochs)):
        raise ProofError("no logs, or not in order", expected="rising epochs", got=str(epochs)[:60])
    return logs, _stated(about["records"])


def _said(log: Value) -> Said:
    if isinstance(log, dict) and log.keys() == {"epoch", "origin", "root", "size"}:
        epoch, origin, size, root = log["epoch"], log["origin"], log["size"], log["root"]
        numbers = all(type(number) is int and number >= 0 for number in (epoch, size))
        if numbers and isinstance(origin, str) and isinstance(root, str) and _HEX.fullmatch(root):
            return Said(int(str(epoch)), origin, int(str(size)), root)
    raise ProofError("not the description of a log", expected="epoch, origin, root, size", got=repr(log)[:80])


def _stated(records: Value) -> str:
    good = isinstance(records, dict) and records.keys() == set(_COUNTED)
    if not isinstance(records, dict) or not good or not all(type(number) is int for number in records.values()):
        raise ProofError("not the counts of records", expected=", ".join(_COUNTED), got=repr(records)[:80])
    return ", ".join(f"{records[name]} {name}" for name in _COUNTED)


def _counts(report: Report) -> None:
    found = ", ".join(f"{report.records[name]} {name}" for name in _COUNTED)
    stated = report.details.get("complete", found)
    if stated != found:
        report.add(
            "complete", "other records than the bundle says it has", file=layout.ABOUT, expected=stated,
            got=f"{found}, {report.records['missing']} missing",
        )  # fmt: skip


def _statement(bag: Bag, log: LogCheck, report: Report) -> None:
    """The log's key stands for the tag manifest, and so for every file."""
    try:
        note = parse_note(bag.bare(layout.STATEMENT))
        key = log.history.in_force(log.said.size)
        made = _made(note.text, [STATEMENT, log.said.origin, f"bundle {bag.tag_digest}"])
        verify_note(note, [] if key is None else [key.key])
        report.details["statement"] = f"{made}, signed by {'' if key is None else key.key}"
    except ProofError as error:
        report.add_error("statement", error, file=layout.STATEMENT)


def _made(text: str, expected: list[str]) -> str:
    """When a statement says it was made, if its other lines are the ones expected."""
    lines = text.split("\n")[:-1]
    if len(lines) != 4 or lines[:3] != expected or not _TIME.fullmatch(lines[3]):
        raise ProofError(
            "the statement is not about this bundle", expected=" / ".join([*expected, "made <time>"]),
            got=" / ".join(lines)[:300],
        )  # fmt: skip
    return lines[3]


def _explain(checked: list[LogCheck], trust: Trust, report: Report) -> None:
    """What the checks that are good have shown."""
    keys = [str(log.history.keys[-1].key) for log in checked if log.history.keys]
    origin = "a trusted key" if report.trusted else "NO KEY WAS GIVEN: whoever holds these keys made it"
    report.details |= {
        "container": "every file is listed, and is what the list says",
        "notes": f"{_several(len(checked), 'log')}, every checkpoint well formed",
        "keys": f"{origin}: {', '.join(keys)}" + _seconds(checked, trust),
        "witnesses": f"the quorum {trust.quorum} has cosigned" if trust.quorum else "no policy asks for any",
        "time": "; ".join(log.time for log in checked if log.time) or NO_STAMPS,
        "leaves": "canonical, each of its place in its log",
        "inclusion": "every entry is in the signed tree",
        "consistency": "every earlier checkpoint is the beginning of the next",
        "openings": "every payload is what its leaf commits to",
        "records": ", ".join(f"{count} {name}" for name, count in report.records.items()),
        "holds": "no erasure touches what a hold protected",
        "history": "; ".join(f"{_several(len(log.history.keys), 'key')} of {log.said.origin}" for log in checked),
    }


def _seconds(checked: list[LogCheck], trust: Trust) -> str:
    """Which post-quantum keys have signed as well, and whether the caller knows them."""
    found = [key for log in checked if (key := log.history.second_in_force(log.said.size)) is not None]
    names = [f"{key.key_id.hex()}{'' if key in trust.seconds else ', WHICH YOU DID NOT GIVE'}" for key in found]
    return f"; as well by ML-DSA-44 key {'; '.join(names)}" if names else ""


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
