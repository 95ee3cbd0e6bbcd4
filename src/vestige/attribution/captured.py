"""What capture kept of hooks, as what a working tree is told: snapshots around calls, commits, ends of sessions.

A record is what an agent handed its hook, or what capture says itself, each with the field ``vestige_capture``
(docs/howto/agents.md says what is in it). Nothing here trusts a record's form: what is not as expected is left out, and
then nothing is claimed of what it was about.

A look that came late counts for less. Before a call: it may show what the call has done already, so the call has none
before it. After one: it may show what the next one did, so what the call wrote is only its own word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.attribution.history import rewrites
from vestige.attribution.snapshots import Call, Outcome, Snapshot, brings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.attribution.history import Rewrite

FIELD: Final = "vestige_capture"
Texts = Callable[[str], bytes | None]
"""What a file held, by the ``ref`` a snapshot names; ``None`` if that is not known."""

_BEFORE: Final = frozenset({"pretooluse", "beforetool"})
_AFTER: Final = frozenset({"posttooluse", "aftertool"})
_FAILED: Final = frozenset({"posttoolusefailure"})
_DENIED: Final = frozenset({"permissiondenied"})
_ASKED: Final = frozenset({"userpromptsubmit", "beforeagent"})
_IDLE: Final = frozenset({"stop", "stopfailure", "afteragent", "sessionend", "sessionstart"})
"""Events at which no call of the session is running any more."""
_WRITING: Final = frozenset({"write", "writefile"})
_EDITING: Final = frozenset({"edit", "multiedit", "replace"})


class Captured(NamedTuple):
    """A record, and where it stands; what it says is read when its turn comes."""

    entry: str
    """Where it is in the ledger."""
    tree: str
    """Which working tree on which machine; empty where that is not told."""
    order: int
    """Its place among those of its machine."""
    at: int
    """When the hook ran, in nanoseconds since 1970."""
    read: Callable[[], Mapping[str, Any]]

    @classmethod
    def of(cls, entry: str, record: Mapping[str, Any]) -> Captured:
        """A record that is at hand."""
        about = _mapping(record.get(FIELD))
        return cls(
            entry, _text(about.get("worktree")), _number(about.get("order")), _number(about.get("at")), lambda: record
        )

    @property
    def place(self) -> tuple[int, int, str]:
        """By this those of a working tree are in their order; by time where none is told."""
        return self.order or self.at, self.at, self.entry


class Committed(NamedTuple):
    """A commit was made."""

    commit: str
    entry: str


class Rewritten(NamedTuple):
    """Commits were made of others."""

    rewrites: tuple[Rewrite, ...]
    entry: str


class Idle(NamedTuple):
    """Of calls of a session that are still open nothing will be heard."""

    session: str


Act = Snapshot | Committed | Rewritten | Idle


class Reader:
    """Reads the records of one working tree, in the order they were taken.

    Args:
        texts: what files held.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._seen: set[str] = set()
        self._prompts: dict[str, str] = {}
        self._models: dict[str, str] = {}
        self._unnamed: dict[str, list[str]] = {}
        """Calls without an id that were announced, by what they are called with."""

    def acts(self, one: Captured) -> Iterator[Act]:
        """What a record tells; a record that was told before, nothing."""
        record = one.read()
        about = _mapping(record.get(FIELD))
        if not about:
            return
        name = f"{_text(about.get('id')) or one.entry}/{_number(about.get('part'))}"
        if name in self._seen:
            return
        self._seen.add(name)
        kind = record.get("event_type")
        if isinstance(kind, str):
            yield from _git(kind, about, one.entry)
        else:
            yield from self._hook(record, about, one.entry)

    def _hook(self, record: Mapping[str, Any], about: Mapping[str, Any], entry: str) -> Iterator[Act]:
        event = _plain(record.get("hook_event_name"))
        session = _text(record.get("session_id"))
        model = record.get("to_model") or record.get("model")
        if said := _text(_mapping(model).get("id")) or _text(model):
            self._models[session] = said
        if event in _ASKED:
            self._prompts[session] = entry
        if event in _ASKED or event in _IDLE:
            yield Idle(session)
            return
        outcome = _outcome(event, record)
        if outcome is None and event not in _BEFORE:
            return
        call = self._call(record, about, event, session, entry)
        yield self._snapshot(call, outcome, record, _mapping(about.get("snapshot")), about)

    def _call(self, record: Mapping[str, Any], about: Mapping[str, Any], event: str, session: str, entry: str) -> Call:
        name = _text(record.get("tool_use_id")) or self._named(event, session, record, entry)
        return Call(
            name,
            session,
            self._prompts.get(session, ""),
            _agent(record),
            self._models.get(session, ""),
            bringing=_brings(record.get("tool_input"), about),
        )

    def _named(self, event: str, session: str, record: Mapping[str, Any], entry: str) -> str:
        """A name for a call that has none: that of the first one announced with the same words."""
        words = orjson.dumps([session, record.get("tool_name"), record.get("tool_input")], default=str)
        key = hashlib.sha256(words).hexdigest()
        waiting = self._unnamed.setdefault(key, [])
        if event in _BEFORE:
            waiting.append(entry or f"{key[:24]}{len(self._seen)}")
            return waiting[-1]
        found = waiting.pop(0) if waiting else entry or key[:24]
        if not waiting:
            del self._unnamed[key]
        return found

    def _snapshot(
        self,
        call: Call,
        outcome: Outcome | None,
        record: Mapping[str, Any],
        look: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> Snapshot:
        late = "late_ms" in look or "missed" in look
        files = {} if late else self._files(_mapping(look.get("files")))
        whole = look.get("whole") is True and not late and len(files) == len(_mapping(look.get("files")))
        head = _text(look.get("head"))
        if outcome is None or not files:
            return Snapshot(call, files, outcome, head, whole)
        path = next(iter(files)) if len(files) == 1 and not whole else ""
        stated, original = self._told(record, path, files.get(path), about) if path else (None, None)
        answer = _mapping(record.get("tool_response"))
        changed = answer.get("userModified") is True
        return Snapshot(call, files, outcome, head, whole, stated, original, changed)

    def _files(self, said: Mapping[str, Any]) -> dict[str, bytes | None]:
        """What each file held; one whose text is not known is left out."""
        found: dict[str, bytes | None] = {}
        for path, ref in said.items():
            data = self._texts(ref) if isinstance(ref, str) else None
            if ref is None or data is not None:
                found[path] = data
        return found

    @staticmethod
    def _told(
        record: Mapping[str, Any], path: str, now: bytes | None, about: Mapping[str, Any]
    ) -> tuple[dict[str, tuple[str, ...]] | None, dict[str, bytes | None] | None]:
        """What an edit says it wrote, and what it says it found."""
        cut = [str(where) for where in about.get("cut") or ()]
        answer = _mapping(record.get("tool_response"))
        found = answer.get("originalFile", answer.get("originalContent"))
        original: dict[str, bytes | None] | None = None
        if isinstance(found, str) and not any(where.startswith("/tool_response/original") for where in cut):
            original = {path: found.encode("utf-8", "surrogatepass")}
        if any(not where.startswith("/tool_response/original") for where in cut):
            return None, original
        lines = _patched(answer)
        if lines is None:
            lines = _written(_plain(record.get("tool_name")), _mapping(record.get("tool_input")), now)
        return (None if lines is None else {path: lines}), original


def _outcome(event: str, record: Mapping[str, Any]) -> Outcome | None:
    if event in _DENIED:
        return Outcome.DENIED
    if event in _FAILED:
        return Outcome.FAILED
    if event not in _AFTER:
        return None
    answer = _mapping(record.get("tool_response"))
    failed = answer.get("interrupted") is True or answer.get("success") is False or bool(answer.get("error"))
    return Outcome.FAILED if failed else Outcome.OK


def _git(kind: str, about: Mapping[str, Any], entry: str) -> Iterator[Act]:
    if kind == "code.committed":
        yield Committed(_text(about.get("head")), entry)
    elif kind == "code.rewritten":
        rows = about.get("lines")
        pairs = [
            (str(row[0]), str(row[1]))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, list | tuple) and len(row) >= 2
        ]
        if pairs:
            yield Rewritten(tuple(rewrites(pairs)), entry)


def _patched(answer: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The lines that the answer's patch adds."""
    hunks = answer.get("structuredPatch")
    if not isinstance(hunks, list) or not hunks:
        return None
    rows = [row for hunk in hunks for row in _mapping(hunk).get("lines") or () if isinstance(row, str)]
    return tuple(row[1:] for row in rows if row.startswith("+"))


def _written(tool: str, given: Mapping[str, Any], now: bytes | None) -> tuple[str, ...] | None:
    """The whole lines that a call says it writes; ``None`` where it says nothing of lines."""
    if tool in _WRITING and isinstance(given.get("content"), str):
        return tuple(given["content"].split("\n"))
    if tool not in _EDITING:
        return None
    edits = given.get("edits") if isinstance(given.get("edits"), list) else [given]
    news = [new for edit in edits or () if isinstance(new := _mapping(edit).get("new_string"), str)]
    text = (now or b"").decode("utf-8", "surrogateescape")
    return tuple(line for new in news for line in _around(text, new))


def _around(text: str, part: str) -> Iterator[str]:
    """The whole lines of a text that a part of it stands in; where it is not in there, its own lines."""
    at = text.find(part) if part else -1
    if at < 0:
        yield from part.split("\n")
    while at >= 0:
        end = text.find("\n", at + len(part))
        yield from text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)].split("\n")
        at = text.find(part, at + len(part))


def _brings(given: object, about: Mapping[str, Any]) -> bool:
    command = _mapping(given).get("command")
    if isinstance(command, list):
        command = " ".join(map(str, command))
    if not isinstance(command, str):
        return False
    return any(str(where).startswith("/tool_input") for where in about.get("cut") or ()) or brings(command)


def _agent(record: Mapping[str, Any]) -> str:
    """Which program: by what only one of them states."""
    if _plain(record.get("hook_event_name")).startswith(("before", "after")):
        return "gemini-cli"
    return "codex" if "turn_id" in record else "claude-code"


def _plain(name: object) -> str:
    return _text(name).replace("_", "").replace("-", "").lower()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
