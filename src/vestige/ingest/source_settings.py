"""What a person says of a source: zone, year, order of dates, clock offset, format, and which fields are keys.

Each statement is a ``normalisation`` entry of its own that names the source and no acquisition. Nothing of the record
changes: the entry changes how its records are read, from the first to the last, and a later entry changes it again.
Field by field the latest statement holds. Only an acquisition's own zone or year, named by a person when it was taken
in, is a statement too, and holds for that acquisition until the source's is made later.

Payloads hold ids, codes and names only. A clock offset comes with what it rests on: ids of events, or a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.index.keys import MAX_VALUE
from vestige.model.errors import UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import FIRST_YEAR, LAST_YEAR
from vestige.model.offset import MAX_OFFSET, offset_text
from vestige.proof.canonical import Encodable, canonical
from vestige.sources import zone_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_KEYS: Final = 32
"""Declared keys of one source."""
MOST_EVIDENCE: Final = 16
LONGEST_PATH: Final = 400
DATE_ORDERS: Final = ("dmy", "mdy")
FIELDS: Final = ("zone", "year", "clock_offset", "date_order", "format", "keys")
"""What can be set, and unset; ``keys.<path>`` is one declared key."""
KEY: Final = "keys."
_CODE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_LABEL: Final = re.compile(r"[a-z0-9_.-]{1,40}")
_EVENT_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}(?:\.[0-9]{1,5})?")
_KINDS: Final = tuple(str(kind) for kind in KeyKind)


class Offset(NamedTuple):
    """What is added to the times of a source, in nanoseconds, and what that rests on."""

    ns: int
    evidence: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One statement: what is set, and what no longer holds. Values are checked (:func:`checked`)."""

    put: Mapping[str, Any] = field(default_factory=dict)
    """Field to value; a declared key is the field ``keys.<path>`` with its kind."""
    unset: tuple[str, ...] = ()

    def payload(self, by: str) -> bytes:
        """The payload of the normalisation entry."""
        body: dict[str, Encodable] = {"by": by}
        for name, value in self.put.items():
            if name.startswith(KEY):
                continue
            if isinstance(value, Offset):
                body["clock_offset_ns"] = str(value.ns)  # text: beyond what a canonical integer may hold
                if value.evidence:
                    body["evidence"] = list(value.evidence)
                if value.because:
                    body["because"] = value.because
            else:
                body[name] = value
        # A list and not an object: names of canonical objects are ASCII, those of a source's fields need not be.
        keys = [(name[len(KEY) :], kind) for name, kind in self.put.items() if name.startswith(KEY)]
        if keys:
            body["keys"] = [{"kind": kind, "path": path} for path, kind in sorted(keys)]
        if self.unset:
            body["unset"] = sorted(self.unset)
        return canonical(body)


def read_change(body: Mapping[str, Any]) -> Change:
    """The statement of a payload."""
    put = {name: body[name] for name in ("zone", "year", "date_order", "format") if name in body}
    if "clock_offset_ns" in body:
        evidence = tuple(body.get("evidence", ()))
        put["clock_offset"] = Offset(int(body["clock_offset_ns"]), evidence, body.get("because", ""))
    put |= {KEY + one["path"]: one["kind"] for one in body.get("keys", ())}
    return Change(put, tuple(body.get("unset", ())))


class Setting(NamedTuple):
    """A value in force and the position of the entry that said so."""

    position: int
    value: Any


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What holds for one source: field to value, each with where it was said."""

    stated: Mapping[str, Setting] = field(default_factory=dict)

    def after(self, change: Change, position: int) -> SourceSettings:
        """These, and what was said at a position later than all of them."""
        gone = set(change.unset)
        kept = {
            name: setting
            for name, setting in self.stated.items()
            if name not in gone and not (name.startswith(KEY) and "keys" in gone)
        }
        return replace(self, stated=kept | {name: Setting(position, value) for name, value in change.put.items()})

    def get(self, name: str) -> Any:  # noqa: ANN401 - a field's own type
        """The value of a field; ``None`` where nothing is said."""
        setting = self.stated.get(name)
        return None if setting is None else setting.value

    def since(self, name: str) -> int:
        """Where the field was last set; -1 where it is not."""
        setting = self.stated.get(name)
        return -1 if setting is None else setting.position

    @property
    def keys(self) -> dict[str, str]:
        """Declared keys: path to kind."""
        return {name[len(KEY) :]: one.value for name, one in sorted(self.stated.items()) if name.startswith(KEY)}

    def to_json(self) -> dict[str, Any]:
        """The shape `docs/commands.md` gives; what is not set is left out."""
        body = {name: self.get(name) for name in ("zone", "year", "date_order", "format") if name in self.stated}
        offset = self.get("clock_offset")
        if offset is not None:
            body["clock_offset"] = offset_text(offset.ns)
            body |= {"evidence": list(offset.evidence)} if offset.evidence else {}
            body |= {"because": offset.because} if offset.because else {}
        return body | ({"keys": self.keys} if self.keys else {})


def checked(change: Change, now: SourceSettings) -> Change:
    """The change, its values checked, without what holds already.

    Raises:
        UsageError: nothing is asked for, a field or key kind is unknown, or a clock offset says nothing it rests on.
        InputError: no such zone.
    """
    if not change.put and not change.unset:
        raise UsageError("nothing is to be set", expected=f"one of {', '.join(FIELDS)}", hint="or --unset FIELD")
    for name, value in change.put.items():
        _check(name, value)
    for name in change.unset:
        if name not in FIELDS and not name.startswith(KEY):
            raise UsageError(
                "there is no such setting of a source",
                expected=f"{', '.join(FIELDS)}, or keys.<path>",
                got=name[:60],
                field="unset",
            )
        if any(put == name or (name == "keys" and put.startswith(KEY)) for put in change.put):
            raise UsageError(f"{name} is both set and unset", expected="one of the two", field="unset")
    put = {name: value for name, value in change.put.items() if now.get(name) != value}
    unset = tuple(name for name in change.unset if name in now.stated or (name == "keys" and now.keys))
    declared = set(now.keys) | {name[len(KEY) :] for name in put if name.startswith(KEY)}
    if len(declared) > MOST_KEYS:
        raise UsageError(
            "too many declared keys", expected=f"at most {MOST_KEYS}", got=f"{len(declared)}", field="keys"
        )
    return Change(put, unset)


def _check(name: str, value: Any) -> None:  # noqa: ANN401 - what a request said
    if name == "zone":
        zone_named(value)
    elif name == "year" and not FIRST_YEAR <= value <= LAST_YEAR:
        raise UsageError("no such year", expected=f"{FIRST_YEAR} to {LAST_YEAR}", got=str(value), field="year")
    elif name == "date_order" and value not in DATE_ORDERS:
        raise UsageError("no such order of dates", expected=", ".join(DATE_ORDERS), got=value[:40], field=name)
    elif name == "clock_offset":
        _check_offset(value)
    elif name.startswith(KEY):
        path = name[len(KEY) :]
        if not 1 <= len(path) <= LONGEST_PATH:
            raise UsageError("a field's path is empty or too long", expected=f"1 to {LONGEST_PATH} characters",
                             got=path[:60], field="keys")  # fmt: skip
        split_kind(value)


def _check_offset(offset: Offset) -> None:
    if abs(offset.ns) > MAX_OFFSET:
        raise UsageError("the clock offset is too large", expected=f"at most {offset_text(MAX_OFFSET)}",
                         got=offset_text(offset.ns), field="clock_offset")  # fmt: skip
    if bool(offset.evidence) == bool(offset.because):
        raise UsageError(
            "a clock offset needs what it rests on, in one of two ways",
            expected="ids of events that show it (--evidence ID), or a code (--because ntp_log)",
            got="both" if offset.because else "neither",
            field="clock_offset",
        )
    if len(offset.evidence) > MOST_EVIDENCE:
        raise UsageError("too many events of evidence", expected=f"at most {MOST_EVIDENCE}",
                         got=str(len(offset.evidence)), field="evidence")  # fmt: skip
    for one in offset.evidence:
        if not _EVENT_ID.fullmatch(one):
            raise UsageError("no event has such an id", expected="the id of an event", got=one[:60], field="evidence")
    if offset.because and not _CODE.fullmatch(offset.because):
        raise UsageError("that is no code", expected="a-z, 0-9, _ . -, a letter first, such as ntp_log",
                         got=offset.because[:60], field="because")  # fmt: skip


def split_kind(text: str) -> tuple[str, str]:
    """Kind and label of a declared key: ``session``, ``custom``, ``custom:order``.

    Raises:
        UsageError: no such kind.
    """
    kind, colon, label = text.partition(":")
    if kind not in _KINDS or (colon and (kind != KeyKind.CUSTOM or not _LABEL.fullmatch(label))):
        raise UsageError(
            "there is no such kind of key",
            expected=f"{', '.join(_KINDS)}, or custom:<label> of a-z, 0-9, _ . -",
            got=text[:60],
            field="keys",
        )
    return kind, label


def find_values(attributes: Mapping[str, Any], path: str, most: int) -> Sequence[str]:
    """The texts at a path of an event's original fields, at most so many; a list gives each of its elements.

    The field of exactly that name goes before the nested one its points lead to.
    """
    found: Any = attributes.get(path)
    if found is None:
        found = attributes
        for part in path.removeprefix("attributes.").split("."):
            found = found.get(part) if isinstance(found, dict) else None
    several = found if isinstance(found, list) else [found]
    texts = [_text(one) for one in several[:most]]
    return [text for text in texts if 0 < len(text) <= MAX_VALUE]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
