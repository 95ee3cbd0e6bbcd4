"""Reading a mapping file and checking every word of it, so that errors say where, expected and got."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from typing import TYPE_CHECKING, NoReturn

from vestige.model.errors import InputError, UsageError
from vestige.model.event import KeyKind
from vestige.model.vocabulary import VOCABULARY
from vestige.sources.mapping.form import MappedFormat, Spec
from vestige.sources.mapping.patterns import Bounded, bounded
from vestige.sources.mapping.times import reader_of
from vestige.sources.mapping.values import by_table, constant, field_of, joined, names_in, template
from vestige.sources.reading.timefield import zone_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from vestige.sources.mapping.times import Reader
    from vestige.sources.mapping.values import Value

    _Check = Callable[[str, object], object]

LONGEST = 256 << 10
"""Bytes of a mapping file."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_WHO = ("actor", "subject", "object", "device")
_TARGETS = {
    **{f"{who}.{part}": f"{who}_{part}" for who in _WHO for part in ("id", "name", "type")},
    **{f"network.{part}": part for part in ("src_ip", "dst_ip", "src_port", "dst_port", "protocol")},
    **{name: name for name in ("action", "outcome", "severity", "host", "session", "trace_id", "message", "tags")},
}
"""What ``[fields]`` may fill beside the event type, and the event's own name of it."""
_OUTCOMES = ("success", "failure", "unknown", "")
_SEVERITIES = ("info", "low", "medium", "high", "critical")
_SPLITS = ("lines", "starts", "json", "csv")
_KINDS = tuple(str(kind) for kind in KeyKind)


def load_mapping(path: Path) -> MappedFormat:
    """The format a mapping file describes. No other file is read.

    Raises:
        UsageError: the file cannot be read, or says something a mapping cannot; with the place in it.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(
            "the mapping cannot be read", got=f"{path}: {error.strerror}", hint="give the path of a TOML file"
        ) from None
    return compile_mapping(data, str(path))


def compile_mapping(data: bytes, where: str = "the mapping") -> MappedFormat:
    """The format the bytes of a mapping file describe; ``where`` names them in errors.

    Raises:
        UsageError: they say something a mapping cannot, with the place.
    """
    if len(data) > LONGEST:
        raise UsageError(f"{where} is too long for a mapping", expected=f"at most {LONGEST} bytes", got=f"{len(data)}")
    try:
        text = data.decode()
        tree = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            f"{where} is no TOML",
            expected="UTF-8 text after toml.io",
            got=str(error)[:200],
            hint="see docs/howto/own-format.md",
        ) from None
    return MappedFormat(_Checker(tree, text, where, hashlib.sha256(data).hexdigest()).spec(), data)


class _Checker:
    """One mapping being checked."""

    def __init__(self, tree: dict[str, object], text: str, where: str, digest: str) -> None:
        self._tree = tree
        self._text = text
        self._where = where
        self._digest = digest
        self._split = ""
        self._known: frozenset[str] = frozenset()
        self._used: set[str] = set()

    def spec(self) -> Spec:
        """Everything checked and compiled."""
        self._only("", self._tree, ("name", "source", "confidence", "records", "take", "time", "fields", "keys"))
        name = self._str("name", self._tree.get("name"))
        if not _NAME.fullmatch(name):
            self._fail("name", "2 to 40 of a-z, 0-9 and _, a letter first", name)
        source = self._str("source", self._tree["source"]) if "source" in self._tree else None
        records = self._table("records", ("split", "start", "skip", "delimiter", "columns", "has"))
        self._split = self._one_of("records.split", records.get("split"), _SPLITS)
        start = self._start(records)
        skip = self._pattern("records.skip", records["skip"]) if "skip" in records else None
        columns = self._strings("records.columns", records.get("columns", []))
        regexes = self._regexes()
        self._known = frozenset(columns) if self._split == "csv" else frozenset(
            name for regex in regexes for name in regex.pattern.groupindex
        )  # fmt: skip
        when, readers, zone = self._time()
        fields, kind = self._fields()
        keys = self._keys()
        given = self._strings("records.has", records.get("has", []))
        has = [self._field("records.has", path) for path in given] or ([when] if when is not None else [])
        if self._split == "json" and not has:
            self._fail("records.has", "the names an object must hold, or [time]", "neither")
        default = "log.line" if self._split in {"lines", "starts"} else "event.generic"
        return Spec(
            name=name,
            digest=self._digest,
            source=source,
            confidence=self._confidence(),
            split=self._split,
            start=start,
            skip=skip,
            regexes=regexes,
            delimiter=self._delimiter(records),
            columns=tuple(columns),
            has=tuple(has),
            needs=frozenset(self._used),
            when=when,
            readers=readers,
            zone=zone,
            fields=fields,
            keys=keys,
            kind=kind or constant(default),
            default_kind=default,
        )

    def _start(self, records: Mapping[str, object]) -> re.Pattern[bytes] | None:
        if self._split != "starts":
            if "start" in records:
                self._fail("records.start", 'only with split = "starts"', self._split)
            return None
        found = self._pattern("records.start", records.get("start"))
        try:
            return re.compile(found.pattern.pattern.encode())
        except re.error as error:
            self._fail("records.start", "an expression that works on bytes too", error)

    def _delimiter(self, records: Mapping[str, object]) -> str:
        delimiter = self._str("records.delimiter", records.get("delimiter", ","))
        if delimiter not in {",", "\t", ";", "|"}:
            self._fail("records.delimiter", "one of , ; | or a tab (\\t)", delimiter)
        return delimiter

    def _confidence(self) -> float:
        value = self._tree.get("confidence", 0.9)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.2 <= value <= 0.99:
            self._fail("confidence", "a number from 0.2 to 0.99", value)
        return float(value)

    def _regexes(self) -> tuple[Bounded, ...]:
        if self._split in {"json", "csv"}:
            if "take" in self._tree:
                self._fail("take", f"nothing: {self._split} is taken apart by its names", "[take]")
            return ()
        take = self._table("take", ("regex",))
        given = take.get("regex")
        texts = self._strings("take.regex", given if isinstance(given, list) else [given])
        if not texts:
            self._fail("take.regex", "at least one regular expression", given)
        found = tuple(self._pattern("take.regex", text) for text in texts)
        if not any(regex.pattern.groupindex for regex in found):
            self._fail("take.regex", "named groups: (?P<user>\\S+)", texts[0])
        return found

    def _time(self) -> tuple[Value | None, tuple[Reader, ...], str]:
        if "time" not in self._tree:
            return None, (), ""
        table = self._table("time", ("field", "formats", "zone"))
        when = self._source("time.field", table.get("field"))
        formats = self._strings("time.formats", table.get("formats", ["iso"]))
        readers: list[Reader] = []
        for form in formats:
            try:
                readers.append(reader_of(form))
            except ValueError as error:
                self._fail("time.formats", "ways of writing a time", error)
        zone = self._str("time.zone", table.get("zone", ""))
        if zone:
            try:
                zone_named(zone)
            except InputError as error:
                self._fail("time.zone", error.expected, zone)
        return when, tuple(readers), zone

    def _fields(self) -> tuple[tuple[tuple[str, Value], ...], Value | None]:
        table = self._table("fields", None)
        kind: Value | None = None
        found: dict[str, Value] = {}
        for path, given in _flat(table):
            place = f"fields.{path}"
            if path == "event_type":
                kind = self._source(place, given, self._check_kind)
                continue
            if path not in _TARGETS:
                near = difflib.get_close_matches(path, _TARGETS, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self._fail(place, f"event_type or one of {', '.join(sorted(_TARGETS))}{hint}", path)
            check = {"outcome": self._check_outcome, "severity": self._check_severity}.get(path)
            found[_TARGETS[path]] = self._source(place, given, check)
        return tuple(found.items()), kind

    def _keys(self) -> tuple[tuple[str, Value], ...]:
        given = self._tree.get("keys", {})
        if not isinstance(given, dict):
            self._fail("keys", 'a table: [keys] session = "sid"', given)
        out = []
        for kind, paths in given.items():
            if kind not in _KINDS:
                self._fail(f"keys.{kind}", f"one of {', '.join(_KINDS)}", kind)
            listed = paths if isinstance(paths, list) else [paths]
            out += [(kind, self._source(f"keys.{kind}", path)) for path in listed]
        return tuple(out)

    def _source(self, place: str, given: object, check: _Check | None = None) -> Value:
        """A source of values (:mod:`vestige.sources.mapping.values`)."""
        if isinstance(given, str):
            return self._field(place, given)
        if not isinstance(given, dict):
            self._fail(place, 'a field\'s name, or { value | field | template = "…" }', given)
        if "value" in given:
            self._only(place, given, ("value",))
            return constant(check(place, given["value"]) if check else given["value"])
        if "template" in given:
            self._only(place, given, ("template",))
            text = self._str(place, given["template"])
            if not names_in(text):
                self._fail(place, "a template with fields in braces: {user}", text)
            return template(text, lambda name: self._field(place, name))
        return self._tabled(place, given, check)

    def _tabled(self, place: str, given: dict[str, object], check: _Check | None) -> Value:
        self._only(place, given, ("field", "table", "default"))
        paths = given.get("field")
        if isinstance(paths, list):
            names = self._strings(place, paths)
            source = joined([self._field(place, name) for name in names])
        else:
            source = self._field(place, self._str(place, paths))
        table = given.get("table")
        if table is None:
            if "default" in given:
                self._fail(place, "a table with the default", "a default alone")
            return source
        if not isinstance(table, dict) or not table:
            self._fail(place, 'a table of values: { IN = "auth.login" }', table)
        values = {key: check(place, value) if check else value for key, value in table.items()}
        default = given.get("default", "")
        return by_table(source, values, check(place, default) if check and "default" in given else default)

    def _field(self, place: str, path: str) -> Value:
        if self._known and path not in self._known:
            near = difflib.get_close_matches(path, self._known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self._fail(place, f"one of {', '.join(sorted(self._known))}{hint}", path)
        self._used.add(path)
        try:
            return (lambda record: record.get(path)) if self._split == "csv" else field_of(path)
        except ValueError as error:
            self._fail(place, "a path such as actor.emails[0]", error)

    def _check_kind(self, place: str, value: object) -> object:
        if value not in VOCABULARY:
            near = difflib.get_close_matches(str(value), VOCABULARY, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self._fail(place, f"a word of the vocabulary (docs/events.md){hint}", value)
        return value

    def _check_outcome(self, place: str, value: object) -> object:
        return self._one_of(place, value, _OUTCOMES)

    def _check_severity(self, place: str, value: object) -> object:
        return self._one_of(place, value, _SEVERITIES)

    def _pattern(self, place: str, given: object) -> Bounded:
        try:
            return bounded(self._str(place, given))
        except ValueError as error:
            self._fail(place, "a bounded regular expression", error)

    def _table(self, place: str, names: Iterable[str] | None) -> dict[str, object]:
        given = self._tree.get(place)
        if not isinstance(given, dict):
            self._fail(place, f"a table [{place}]", "nothing" if given is None else given)
        if names is not None:
            self._only(place, given, names)
        return given

    def _only(self, place: str, given: Mapping[str, object], names: Iterable[str]) -> None:
        known = tuple(names)
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self._fail(f"{place}.{name}" if place else name, f"one of {', '.join(known)}{hint}", name)

    def _one_of(self, place: str, value: object, known: Iterable[str]) -> str:
        words = tuple(known)
        if not isinstance(value, str) or value not in words:
            self._fail(place, f"one of {', '.join(word or 'empty' for word in words)}", value)
        return value

    def _str(self, place: str, value: object) -> str:
        if not isinstance(value, str):
            self._fail(place, "text in quotes", "nothing" if value is None else value)
        return value

    def _strings(self, place: str, value: object) -> list[str]:
        if not isinstance(value, list):
            self._fail(place, 'a list of texts: ["…"]', value)
        return [self._str(place, item) for item in value]

    def _fail(self, place: str, expected: str, got: object) -> NoReturn:
        line = self._line_of(place)
        at = f"{self._where}, line {line}" if line else self._where
        raise UsageError(
            f"{at}: {place} cannot be used",
            expected=expected,
            got=str(got)[:200],
            hint="docs/howto/own-format.md lists what a mapping may say",
            field=place,
        )

    def _line_of(self, place: str) -> int:
        """The line of a key, found by its table's heading and its name; 0 if it does not stand there."""
        table, _, name = place.partition(".")
        lines = self._text.splitlines()
        begin = 0
        if name:
            heading = re.compile(rf"\s*\[{re.escape(table)}[\].]")
            begin = next((number for number, line in enumerate(lines) if heading.match(line)), 0)
            whole = re.compile(rf"\s*\[{re.escape(place)}\]")
            begin = next((number for number, line in enumerate(lines) if whole.match(line)), begin)
            if begin and whole.match(lines[begin]):
                return begin + 1
        word = name or table
        key = re.compile(rf"\s*\[?[\"']?{re.escape(word)}[\"']?\s*[=\]]")
        found = (number + 1 for number in range(begin, len(lines)) if key.match(lines[number]))
        return next(found, begin + 1 if begin else 0)


def _flat(table: Mapping[str, object]) -> list[tuple[str, object]]:
    """``actor.id = "u"`` and ``[fields.actor] id = "u"`` alike as ``actor.id``."""
    out: list[tuple[str, object]] = []
    for name, value in table.items():
        if isinstance(value, dict) and name in {"actor", "subject", "object", "network", "device"}:
            out += [(f"{name}.{part}", inner) for part, inner in value.items()]
        else:
            out.append((name, value))
    return out
