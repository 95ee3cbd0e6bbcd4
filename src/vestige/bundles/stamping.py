"""Check 5: time stamps. What each must be over is always checked; whose they are, if the caller names authorities.

A stamp is over a signed checkpoint of the log, so every record below that checkpoint's size existed when it was made.
Without a root certificate of the caller's, a stamp is a claim: it is told as one, and nothing hangs on it. With one, a
stamp that leads to it must be good, and one log of the bundle must have one; stamps of other authorities are told and
not counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.anchors import stamps, superlog
from vestige.model.errors import ProofError
from vestige.model.instant import to_text
from vestige.proof import parse_note, verify_note
from vestige.proof.note import MAX_NOTE
from vestige.proof.tlog_proof import MAX_EXTRA

if TYPE_CHECKING:
    from vestige.anchors.stamps import Stamp
    from vestige.bundles.logs import LogCheck
    from vestige.bundles.trust import Trust

_STAMP: Final = re.compile(r"(0|[1-9][0-9]{0,15})(-super)?-(?:0|[1-9][0-9]{0,3})\.tsr")
_STAMPED: Final = re.compile(r"(0|[1-9][0-9]{0,15})\.(checkpoint|super)")


class _Told(NamedTuple):
    size: int
    stamp: Stamp
    good: bool
    """Signed under a root of the caller's."""


def check_stamps(log: LogCheck, trust: Trust, end: int) -> None:
    """Check the time stamps of one log and note in it what they show; ``end`` is above its last record."""
    prefix = f"data/{log.said.epoch}/anchors/"
    names = [name for name in log.bag.unasked() if name.startswith(prefix)]
    stamped: dict[tuple[int, bool], bytes] = {}
    for name in names:
        match = _STAMPED.fullmatch(name.removeprefix(prefix))
        if match is None:
            continue
        size, above = int(match[1]), match[2] == "super"
        data = _above(log, trust, name, size) if above else _stamped(log, name, size)
        if data is not None:
            stamped[size, above] = data
    told = []
    for name in names:
        match = _STAMP.fullmatch(name.removeprefix(prefix))
        if match:
            size = int(match[1])
            told += _stamp(log, trust, name, size, stamped.get((size, match[2] is not None)))
    log.dated = any(one.good for one in told)
    log.time = _said(log, told, end, named=bool(trust.roots))


def _stamped(log: LogCheck, name: str, size: int) -> bytes | None:
    """The bytes that were stamped: a checkpoint of the bundle's own, signed as it must be."""
    data = log.bag.read(name, MAX_NOTE)
    if data is None:
        return None
    try:
        note = parse_note(data)
    except ProofError as error:
        log.report.add_error("notes", error, file=name)
        return None
    if note.text != log.texts.get(size):
        log.report.add(
            "time", "what was stamped is no checkpoint of this bundle", file=name,
            expected=f"the text of its checkpoint of size {size}", got=repr(note.text[:80]),
        )  # fmt: skip
        return None
    log.check_signed(name, note, size)
    return data


def _above(log: LogCheck, trust: Trust, name: str, size: int) -> bytes | None:
    """The super-log's checkpoint that was stamped, if it holds the bundle's own checkpoint of that size."""
    data = log.bag.read(name, MAX_NOTE + 2 * MAX_EXTRA)
    if data is None:
        return None
    text = log.texts.get(size)
    try:
        if text is None:
            raise ProofError("a proof of a checkpoint that is not in this bundle", expected="one", got=f"size {size}")  # noqa: TRY301 - told below
        held = superlog.check(data, text)
        known = [key for key in trust.keys if key.name == held.checkpoint.origin]
        if known:
            verify_note(parse_note(held.note), known)
    except ProofError as error:
        log.report.add_error("time", error, file=name)
        return None
    return held.note


def _stamp(log: LogCheck, trust: Trust, name: str, size: int, over: bytes | None) -> list[_Told]:
    data = log.bag.read(name, stamps.MOST_BYTES)
    if data is None:
        return []
    if over is None:
        log.report.add("time", "a time stamp without what it is over", file=name, expected=f"a checkpoint, size {size}")
        return []
    try:
        said = stamps.read(data, over)
        good = _good(data, over, trust)
    except ProofError as error:
        log.report.add_error("time", error, file=name)
        return []
    return [_Told(size, said, good)]


def _good(data: bytes, over: bytes, trust: Trust) -> bool:
    """Whether a stamp is good under the caller's roots; one that names them and is not is refused."""
    if not trust.roots:
        return False
    try:
        stamps.check(data, over, trust.roots)
    except ProofError:
        if stamps.leads_to(data, trust.roots):
            raise
        return False
    return True


def _said(log: LogCheck, told: list[_Told], end: int, *, named: bool) -> str:
    """In words, what the stamps of a log show."""
    if not told:
        return ""
    counted = [one for one in told if one.good] if named else told
    others = f"; {len(told) - len(counted)} of authorities you did not name, NOT COUNTED" if told != counted else ""
    if not counted:
        return f"no stamp counts{others}"
    whole = [one for one in counted if one.size >= end]
    best = min(whole or counted, key=lambda one: (-one.size if not whole else 0, one.stamp.at))
    what = "all records" if whole else f"records below seq {best.size}"
    text = f"{what} of {log.said.origin} existed at {to_text(best.stamp.at)}, says {best.stamp.authority or 'somebody'}"
    trusted = "" if named else ": NO AUTHORITY WAS NAMED, so its signature is not checked and this is only claimed"
    return f"{text}{trusted}{others}"
