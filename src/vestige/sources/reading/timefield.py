"""Reading the time a source states, in whatever way it writes it, and saying how far it may be trusted.

A time is never borrowed and never guessed: where a text can be read in two ways (``03/04/2026``) or lies outside what
an instant can hold (1601, 9999), the event is undated, the text is kept, and a tag says why. A tag also says where the
instant is less, or more, than the text: a bare date, digits beyond nanoseconds, a leap second, a local time that the
zone's clocks showed twice or never.

Understood: ISO 8601 / RFC 3339; counts since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart
by magnitude, as numbers or as text; RFC 2822 and HTTP dates; ``Mon Jan  2 15:04:05 2006``; ``2026/11/22 16:00:00``;
``22/Nov/2026:16:00:00 +0000``; ``25/12/2026 16:00:00`` where only one order is possible or the context's
``date_order`` (``dmy`` or ``mdy``) states it. RFC 3164 stamps have their own method, since they state no year.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vestige.model.errors import InputError
from vestige.model.instant import (
    MAX_INSTANT,
    MIN_INSTANT,
    NANOS,
    TimeQuality,
    from_parts,
    is_leap_end,
    parse_rfc3339,
)
from vestige.sources.reading.exact_times import exact_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.sources.contract import Context

EXACT = str(TimeQuality.EXACT)
ASSUMED_ZONE = str(TimeQuality.ASSUMED_ZONE)
ASSUMED_YEAR = str(TimeQuality.ASSUMED_YEAR)
MISSING = str(TimeQuality.MISSING)

AMBIGUOUS = "time:ambiguous_date"
OUT_OF_RANGE = "time:out_of_range"
UNREADABLE = "time:unreadable"
DATE_ONLY = "time:date_only"
"""The text states a day: its first instant stands for it."""
TRUNCATED = "time:truncated"
"""The text has digits beyond nanoseconds: they are cut."""
LEAP_SECOND = "time:leap_second"
"""The text states second 60, which is the first instant of the next minute."""
TWICE = "time:ambiguous"
"""A local time of the hour that is repeated when clocks go back: the first pass is meant."""
NEVER = "time:nonexistent"
"""A local time that is left out when clocks go forward: read with the offset of before."""

DAY = 86_400 * NANOS
_CACHE = 20_000
_EARLIEST_YEAR = 1678


class Stamp(NamedTuple):
    """A time as read: the instant if there is one, the source's text, the quality, and a tag.

    The tag says why there is no instant, or how the instant differs from the text; mostly it is empty.
    """

    at: int | None
    text: str
    quality: str
    tag: str = ""


NO_STAMP = Stamp(None, "", MISSING)

TIME_NAMES: tuple[str, ...] = (
    "occurred_at", "@timestamp", "timestamp", "eventTime", "event_time", "datetime", "date_time", "time", "ts",
    "_time", "timestamp_utc", "TimeGenerated", "time_generated", "activityDateTime", "createdDateTime", "created_at",
    "createdAt", "CreationTime", "date_create", "published", "eventTimestamp", "event_timestamp", "event_date",
    "eventDate", "EventTime", "EventReceivedTime", "UtcTime", "TimeCreated", "SystemTime", "date", "Timestamp",
    "timeStamp", "when", "receiveTimestamp", "logged_at", "start_time", "startTime", "time_unix_nano", "timeUnixNano",
    "epoch", "epoch_ms", "_source.@timestamp", "id.time", "data.date", "properties.activityDateTime", "event.created",
    "p_event_time",
)  # fmt: skip
"""Names under which sources state when a thing happened, the surest first; a point leads into a nested object."""

_SHAPE_NAME = re.compile(r"time|date|stamp|_at$|At$|^ts$", re.IGNORECASE)
_NOT_WHEN = re.compile(
    r"expir|until|valid|birth|not_?(?:after|before)|next|due|deadline|zone|out$|update|modif|receiv|ingest",
    re.IGNORECASE,
)
_LONG = re.compile(r".{19}[.,]\d{9}(\d+)")
"""More decimals than nanoseconds have."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_MONTH = r"(?P<mon>[A-Za-z]{3})[a-z]*"
_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ap>[AaPp][Mm])?"
_ZONE = r"\s*(?P<z>Z|[A-Z]{2,4}|[+-]\d\d:?\d\d)?(?:\s*\([^)]*\))?"
_NUMBER = re.compile(r"([+-]?)(\d{1,20})(?:\.(\d+))?")
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:[A-Za-z]{{3,9}},?\s+)?(?P<d>\d{{1,2}})[ -]{_MONTH}[ -](?P<y>\d{{4}}),?\s+{_CLOCK}{_ZONE}",  # RFC 2822
        rf"(?:[A-Za-z]{{3,9}},?\s+)?{_MONTH}\s+(?P<d>\d{{1,2}}),?\s+(?P<y>\d{{4}}),?\s+{_CLOCK}{_ZONE}",
        rf"(?:[A-Za-z]{{3}}\s+)?{_MONTH}\s+(?P<d>\d{{1,2}})\s+{_CLOCK}\s+(?:(?P<z>[A-Z]{{3,4}}|[+-]\d{{4}})\s+)?(?P<y>\d{{4}})",
        rf"(?P<y>\d{{4}})[/.](?P<n>\d{{1,2}})[/.](?P<d>\d{{1,2}})(?:[T ,]+{_CLOCK}{_ZONE})?",
        rf"(?P<d>\d{{1,2}})/{_MONTH}/(?P<y>\d{{4}})[: ]{_CLOCK}{_ZONE}",
    )
)
_SLASHED = re.compile(rf"(?P<a>\d{{1,2}})[/.-](?P<b>\d{{1,2}})[/.-](?P<y>\d{{4}})(?:[T ,]+{_CLOCK}{_ZONE})?")
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0}
"""Zone words with one meaning; RFC 2822 section 4.3 names more (EST, PST), which others use with other meanings."""


class Clock:
    """Reads times under one context's assumptions. Get one with :func:`clock_for`; it keeps small caches.

    Raises (on making one):
        InputError: the zone is not known.
    """

    def __init__(self, zone: str, year: int | None, limit: int, order: str) -> None:
        self._zone = zone_named(zone)
        fixed = self._zone.utcoffset(None)
        self._fixed = None if fixed is None else int(fixed.total_seconds()) * NANOS
        self._year = year
        self._limit = limit
        self._order = order
        self._offsets: dict[int, tuple[int, str]] = {}
        self._stamps: dict[str, Stamp] = {}

    def read(self, value: object) -> Stamp:
        """The time in a field's value: text or a count since the epoch."""
        if isinstance(value, str):
            at = exact_utc(value)
            return Stamp(at, value, EXACT) if at is not None else self.read_text(value)
        if isinstance(value, bool) or value is None:
            return NO_STAMP
        if isinstance(value, int | float):
            text = repr(value)
            return _count(text) or Stamp(None, text, MISSING, UNREADABLE)
        if isinstance(value, dict):
            for name in ("SystemTime", "time", "$date", "timestamp"):
                if name in value:
                    return self.read(value[name])
        return NO_STAMP

    def read_text(self, text: str) -> Stamp:
        """The time in a text of any known form."""
        bare = text.strip()
        if not bare:
            return NO_STAMP
        if len(bare) > 64 or not bare.isascii():
            return Stamp(None, text, MISSING, UNREADABLE)
        stamp = self._iso(text, bare) if bare[4:5] == "-" and bare[:4].isdigit() else _count(bare)
        return stamp._replace(text=text) if stamp is not None else self._form(text, bare)

    def _form(self, text: str, bare: str) -> Stamp:
        for form in _FORMS:
            found = form.fullmatch(bare)
            if found is not None:
                month = found["n"] if "n" in form.groupindex else _MONTHS.get(found["mon"].lower())
                return self._civil(text, found, month, found["d"])
        found = _SLASHED.fullmatch(bare)
        return Stamp(None, text, MISSING, UNREADABLE) if found is None else self._slashed(text, found)

    def find(self, record: Mapping[str, object]) -> Stamp:
        """The time of a record: by known names, then by the shape of a value under a name that speaks of time.

        The first readable one wins. If a known name holds only unreadable text, that text is kept with its reason.
        """
        unread = NO_STAMP
        for name in TIME_NAMES:
            if name in record:
                value = record[name]
            elif "." in name:
                outer, _, inner = name.partition(".")
                holder = record.get(outer)
                value = holder.get(inner) if isinstance(holder, dict) else None
            else:
                continue
            stamp = self.read(value)
            if stamp.at is not None:
                return stamp
            if stamp.text and not unread.text:
                unread = stamp
        for name, value in record.items():
            if _SHAPE_NAME.search(name) and not _NOT_WHEN.search(name):
                if isinstance(value, str) and not _ISO.match(value):
                    continue
                stamp = self.read(value) if isinstance(value, str | int | float) else NO_STAMP
                if stamp.at is not None:
                    return stamp
        return unread

    def short(self, text: str) -> Stamp:
        """An RFC 3164 stamp, ``Mmm dd hh:mm:ss`` with or without a fraction: year and zone are the context's."""
        stamp = self._stamps.get(text)
        if stamp is None:
            if len(self._stamps) >= _CACHE:
                self._stamps.clear()
            stamp = self._stamps[text] = self._short(text)
        return stamp

    def local(self, text: str) -> Stamp:
        """An ISO text as :meth:`read_text` reads it, remembered: syslog lines of one second share theirs."""
        stamp = self._stamps.get(text)
        if stamp is None:
            if len(self._stamps) >= _CACHE:
                self._stamps.clear()
            stamp = self._stamps[text] = self.read(text)
        return stamp

    def _short(self, text: str) -> Stamp:
        month = _MONTHS.get(text[:3].lower())
        try:
            day, *given, clock = text[3:].split()
            hour, minute, seconds = clock.split(":")
            second, _, fraction = seconds.replace(",", ".").partition(".")
            nanos = int(fraction[:9].ljust(9, "0")) if fraction else 0
            parts = (int(day), int(hour), int(minute), int(second), nanos)
            year = int(given[0]) if given else self._year
        except ValueError:
            return Stamp(None, text, MISSING, UNREADABLE)
        if month is None:
            return Stamp(None, text, MISSING, UNREADABLE)
        stamp = self._in_year(text, year, month, parts) if year is not None else self._latest(text, month, parts)
        if stamp is None:
            return Stamp(None, text, MISSING, UNREADABLE)
        tag = stamp.tag or (TRUNCATED if fraction[9:].strip("0") else "")
        return stamp._replace(quality=ASSUMED_ZONE if given else ASSUMED_YEAR, tag=tag)

    def _latest(self, text: str, month: int, parts: tuple[int, int, int, int, int]) -> Stamp | None:
        """The latest year that does not put the stamp after the limit; eight years back reach any 29 February."""
        newest = datetime.fromtimestamp(self._limit // NANOS, UTC).year + 1
        for year in range(newest, newest - 10, -1):
            stamp = self._in_year(text, year, month, parts)
            if stamp is not None and stamp.at is not None and stamp.at <= self._limit:
                return stamp
        return None

    def _in_year(self, text: str, year: int, month: int, parts: tuple[int, int, int, int, int]) -> Stamp | None:
        day, hour, minute, second, nanos = parts
        try:
            civil = from_parts(year, month, day, hour, minute, second, nanos, 0)
        except ValueError:
            return None
        stamp = self.assume(text, civil, LEAP_SECOND if second == 60 else "")
        return None if stamp.at is None else stamp

    def offset(self, civil: int) -> int:
        """Nanoseconds the assumed zone is ahead of UTC at a civil time.

        Of a repeated hour, those of its first pass; of one that is left out, those of before it.
        """
        return self._offset(civil)[0] if self._fixed is None else self._fixed

    def _offset(self, civil: int) -> tuple[int, str]:
        """The offset at a civil time, and a tag where the zone's clocks showed it twice or never."""
        if self._fixed is not None:
            return self._fixed, ""
        quarter = civil // (900 * NANOS)
        found = self._offsets.get(quarter)
        if found is None:
            if len(self._offsets) >= _CACHE:
                self._offsets.clear()
            moment = datetime(1970, 1, 1) + timedelta(seconds=quarter * 900)  # noqa: DTZ001 - a civil time
            before, after = (
                int((moment.replace(tzinfo=self._zone, fold=fold).utcoffset() or timedelta(0)).total_seconds())
                for fold in (0, 1)
            )
            tag = TWICE if after < before else NEVER if after > before else ""
            found = self._offsets[quarter] = before * NANOS, tag
        return found

    def _iso(self, text: str, bare: str) -> Stamp:
        try:
            at, stated = parse_rfc3339(bare)
        except ValueError:
            return Stamp(None, text, MISSING, OUT_OF_RANGE if _beyond(bare[:4]) else UNREADABLE)
        tag = ""
        if len(bare) == 10:
            tag = DATE_ONLY
        elif bare[17:19] == "60":
            tag = LEAP_SECOND
        elif len(bare) > 29 and (found := _LONG.match(bare)) is not None and found[1].strip("0"):
            tag = TRUNCATED
        return Stamp(at, text, EXACT, tag) if stated else self.assume(text, at, tag)

    def assume(self, text: str, civil: int, tag: str = "") -> Stamp:
        """The stamp of a civil time that is read in the assumed zone.

        Args:
            text: as the source wrote it.
            civil: the civil time, counted as if it were UTC.
            tag: what is to be said of the text; what is to be said of the zone goes before it.
        """
        away, doubt = self._offset(civil)
        at = civil - away
        if not MIN_INSTANT <= at <= MAX_INSTANT:
            return Stamp(None, text, MISSING, OUT_OF_RANGE)
        if tag == LEAP_SECOND and not is_leap_end(at):
            return Stamp(None, text, MISSING, UNREADABLE)
        return Stamp(at, text, ASSUMED_ZONE, doubt or tag)

    def _slashed(self, text: str, found: re.Match[str]) -> Stamp:
        first, second = int(found["a"]), int(found["b"])
        order = self._order
        if not order:
            if first <= 12 and second <= 12 and first != second:
                return Stamp(None, text, MISSING, AMBIGUOUS)
            order = "dmy" if first > 12 else "mdy"
        day, month = (first, second) if order == "dmy" else (second, first)
        return self._civil(text, found, month, day)

    def _civil(self, text: str, found: re.Match[str], month: object, day: object) -> Stamp:
        year, hour = int(found["y"]), int(found["h"] or "0")
        half = found["ap"]
        if half:
            hour = hour % 12 + (12 if half in {"PM", "pm", "Pm", "pM"} else 0)
        nanos = int((found["f"] or "0").ljust(9, "0"))
        zone = found["z"]
        ahead = _zone_seconds(zone) if zone else None
        if zone and ahead is None:
            return Stamp(None, text, MISSING, UNREADABLE)
        try:
            civil = from_parts(
                year,
                int(str(month)),
                int(str(day)),
                hour,
                int(found["m"] or "0"),
                int(found["s"] or "0"),
                nanos,
                ahead or 0,
            )
        except ValueError:
            return Stamp(None, text, MISSING, OUT_OF_RANGE if _beyond(found["y"]) else UNREADABLE)
        tag = DATE_ONLY if found["h"] is None else LEAP_SECOND if found["s"] == "60" else ""
        return Stamp(civil, text, EXACT, tag) if zone else self.assume(text, civil, tag)


def _beyond(year: str) -> bool:
    return year.isdigit() and not _EARLIEST_YEAR <= int(year) <= 2261


def _zone_seconds(word: str) -> int | None:
    if word in _ZONES:
        return 0
    if word[0] not in "+-":
        return None
    digits = word[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if word[0] == "-" else seconds


def _count(text: str) -> Stamp | None:
    """A decimal count since 1970, its unit told by its magnitude; none if the text is no number.

    A count below 10^8 could be anything and one between 10^17 and 4 x 10^17 is far likelier a Windows FILETIME than
    nanoseconds of the 1970s: neither is read. The last second of the year 9999 is everyone's "never".
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction = found.groups()
    size = int(whole)
    if whole.startswith(("253402300799", "253402300800")):
        return Stamp(None, text, MISSING, OUT_OF_RANGE)
    if size < 10**8 or 10**17 <= size < 4 * 10**17:
        return Stamp(None, text, MISSING, UNREADABLE)
    digits = 9 if size < 10**11 else 6 if size < 10**14 else 3 if size < 10**17 else 0
    nanos = size * 10**digits + (int((fraction or "").ljust(digits, "0")[:digits]) if digits and fraction else 0)
    if sign == "-":
        nanos = -nanos
    if not MIN_INSTANT <= nanos <= MAX_INSTANT:
        return Stamp(None, text, MISSING, OUT_OF_RANGE)
    return Stamp(nanos, text, EXACT, TRUNCATED if fraction and fraction[digits:].strip("0") else "")


_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}", re.ASCII)


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """A zone by IANA name, ``UTC`` or ``+hh:mm``.

    Raises:
        InputError: no such zone.
    """
    if name in {"UTC", "Z", "utc"}:
        return UTC
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if found is not None and int(found[2]) < 24 and int(found[3]) < 60:
        away = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-away if found[1] == "-" else away)
    # Only what can be a name is looked up: the look-up follows every slash of a text, however many there are.
    if _ZONE_NAME.fullmatch(name) is None:
        raise _no_zone(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _no_zone(name) from None


def _no_zone(name: str) -> InputError:
    return InputError(
        "no such time zone",
        expected="an IANA name such as Europe/Berlin, UTC, or +hh:mm",
        got=name[:60],
        hint="`--zone UTC` reads times without an offset as UTC",
        field="zone",
    )


def assumed(records: Iterable[Mapping[str, object]]) -> tuple[tuple[str, str], ...]:
    """What must be assumed to read the times of sample records, as context entries (``zone``: ``none``)."""
    clock = _clock("UTC", None, DAY, "")
    return missing_parts(clock.find(record).quality for record in records)


def missing_parts(qualities: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Context entries that say which parts of the time a member does not state: ``zone``, and maybe ``year``."""
    seen = set(qualities)
    if ASSUMED_YEAR in seen:
        return (("year", "none"), ("zone", "none"))
    return (("zone", "none"),) if ASSUMED_ZONE in seen else ()


_NUMERIC = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\b")


def order_shown(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The order of day and month in numeric dates, as a context entry, where one of them can be read one way only."""
    for text in texts:
        found = _NUMERIC.match(text)
        if found is not None and max(int(found[1]), int(found[2])) > 12:
            return (("date_order", "dmy" if int(found[1]) > 12 else "mdy"),)
    return ()


@lru_cache(maxsize=64)
def _clock(zone: str, year: int | None, limit: int, order: str) -> Clock:
    return Clock(zone, year, limit, order)


def clock_for(context: Context) -> Clock:
    """The clock of a context's assumptions, shared between calls.

    Raises:
        InputError: the context names an unknown zone.
    """
    before = context.received_at if context.year_before is None else context.year_before
    return _clock(context.zone, context.year, before + DAY, context.hint("date_order"))
