"""What is known of a push, gathered: commits from the repository that is kept here, sessions and what others told.

Nothing is taken from whoever asks but which refs they are about to push and what they say the other side has already.
Names of objects are digests, so that what is judged is what those names stand for. What the other side is said to have
is not judged: a client may say so of anything, a check at the side that receives the push knows (docs/policies.md).
Who wrote a line is what was captured; what is only claimed of it, which whoever pushes may do, is not known here.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.attribution import Notes
from vestige.attribution.origins import unread
from vestige.code import check_oid, own
from vestige.model.errors import ConflictError, NotFoundError, TooLargeError
from vestige.model.event import KeyKind
from vestige.policy import facts
from vestige.query import KIND_NUMBER, Reader, Scope
from vestige.sources.agents.tools import server_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vestige.agents.session import Step
    from vestige.app.code import Code
    from vestige.app.seals import Seals
    from vestige.app.sessions import Sessions, Whole
    from vestige.attribution import FileNote, Origin
    from vestige.code import Added, Browsing, Commit, Own
    from vestige.model.principal import Principal
    from vestige.query import Index

MOST_COMMITS: Final = 500
"""Of one push that are judged; one with more is not let by."""
MOST_SESSIONS: Final = 200
MOST_UPDATES: Final = 1_000
MOST_WITHOUT: Final = 20_000
_MOST_SPANS: Final = 50
_MOST_TRAILERS: Final = 100
_MOST_MODELS: Final = 100
_MOST_TOLD: Final = 50
_MOST_ROWS: Final = 20_000
_MOST_EVENTS: Final = 3
_SHORT: Final = 7
"""Digits by which a commit is named at least."""
TRIED: Final = "tried"
"""In place of a seal that a check would have made."""
REVIEWED: Final = "code.reviewed"
_OTHERS: Final = (REVIEWED, "ci.run", "scan.completed")
"""What others tell about a commit."""
_MAKING: Final = r"\b(?:commit|cherry-pick|merge|rebase|revert|am)\b"
_MADE: Final = """
    SELECT DISTINCT session, key_value FROM {db}.events
    ARRAY JOIN key_kinds AS key_kind, key_values AS key_value
    WHERE {where} AND event_type = 'agent.command' AND outcome = 'success' AND match(object_id, {making:String})
          AND key_kind = {kind:UInt8} AND substring(key_value, 1, {short:UInt8}) IN {begins:Array(String)}
    LIMIT {most:UInt32}"""
_TOLD: Final = """
    SELECT toString(id), sub, toString(event_type), toString(action), toString(outcome), actor_id, toString(source),
           multiIf(JSONHas(attributes, 'review', 'state'), JSONExtractString(attributes, 'review', 'state'),
                   JSONExtractString(attributes, 'state')),
           key_values
    FROM {db}.events
    WHERE {where} AND event_type IN {types:Array(String)} AND hasAny(key_values, {oids:Array(String)})
    ORDER BY seq, sub LIMIT 20001"""
_MODES: Final = """
    SELECT session, mode, argMin(id, seq) FROM (
        SELECT session, seq, toString(id) AS id,
               multiIf(object_type = 'mode', object_id,
                       JSONHas(attributes, 'permission_mode'), JSONExtractString(attributes, 'permission_mode'),
                       JSONExtractString(attributes, 'permissionMode')) AS mode
        FROM {db}.events WHERE {where} AND session IN {sessions:Array(String)})
    WHERE mode != '' GROUP BY session, mode ORDER BY session, mode LIMIT {most:UInt32}"""
_SECRETS: Final = """
    SELECT session, rule, count(), argMin(id, seq) FROM (
        SELECT session, seq, toString(id) AS id,
               arrayJoin(extractAll(attributes, '\\\\[redacted:([a-z0-9._-]+):')) AS rule
        FROM {db}.events
        WHERE {where} AND session IN {sessions:Array(String)} AND position(attributes, '[redacted:') > 0)
    GROUP BY session, rule ORDER BY session, rule LIMIT {most:UInt32}"""


class Asked(NamedTuple):
    """What somebody is about to push."""

    repository: str
    """Its name."""
    gate: str
    updates: Sequence[facts.Update]
    without: Sequence[str]
    """Objects that the other side is said to have."""
    exact: Sequence[str] = ()
    """These commits and no others; then there are no updates."""
    strict: bool = False
    """Whether what the other side has must be here too: else more is judged than was asked about."""


class PushFacts:
    """Gathers what is known of pushes to one tenant's repositories. Safe to share between threads."""

    def __init__(self, code: Code, sessions: Sessions, seals: Seals, index: Index, log: int) -> None:
        self._code = code
        self._sessions = sessions
        self._seals = seals
        self._reader = Reader(index)
        self._scope = Scope(log)

    def gather(self, asked: Asked, by: Principal | None) -> facts.Facts:
        """All that is known of a push. Sessions that had a part in it are sealed as they stand.

        Args:
            asked: what is pushed.
            by: who asks; none: it is only tried. Then nothing is sealed, and a session counts as if it were.

        Raises:
            NotFoundError: there is no such repository.
            ConflictError: what is pushed is not here.
        """
        mirror = self._code.named(asked.repository)
        browsing, replayed = self._code.seen_of(mirror)
        updates, oids, cut = pushed(browsing, asked)
        commits = browsing.read(oids) if oids else []
        changes = own(browsing, commits)
        looked = {one.oid: _Looked(browsing, replayed.notes, one.oid, changes[one.oid]) for one in commits}
        made, unread = self._made(oids)
        cut = cut or unread
        linked = {oid: sorted(looked[oid].sessions | made[oid]) for oid in oids}
        names = sorted({name for found in linked.values() for name in found})
        if len(names) > MOST_SESSIONS:
            cut = cut or f"more than {MOST_SESSIONS} sessions had a part in what is pushed"
        wholes = self._sessions.named(names[:MOST_SESSIONS])
        if by is not None:
            self._seals.seal_these(by, wholes)
        by_name = {one.session.session: one for one in wholes}
        seals = self._code.seals_of(mirror.name, oids)
        writing = {call for one in looked.values() for call in one.calls}
        sessions, unread = self._each(wholes, writing, tried=by is None)
        told = self._told(oids, replayed.merged)
        return facts.Facts(
            repository=mirror.name,
            gate=asked.gate,
            updates=tuple(updates),
            commits=tuple(
                _commit(one, looked[one.oid], linked[one.oid], seals.get(one.oid, ""), told[one.oid]).model_copy(
                    update={
                        "after_last_edit": after_last_edit(
                            [by_name[name].session.calls for name in linked[one.oid] if name in by_name], writing
                        )
                    }
                )
                for one in commits
            ),
            sessions=sessions,
            cut=cut or unread,
        )

    # -- sessions -----------------------------------------------------------------------------------------------

    def _made(self, oids: Sequence[str]) -> tuple[dict[str, set[str]], str]:
        """By commit the sessions of which a command says that it made it, and why some of these may be missing."""
        why = ""
        found: dict[str, set[str]] = {oid: set() for oid in oids}
        if oids:
            begins = sorted({oid[:_SHORT] for oid in oids})
            rows = self._ask(_MADE, "category:agent session:*", making=_MAKING, kind=KIND_NUMBER[KeyKind.COMMIT],
                             short=_SHORT, begins=begins, most=_MOST_ROWS + 1)  # fmt: skip
            why = "more commands made these commits than is read" if len(rows) > _MOST_ROWS else ""
            for session, value in rows:
                for oid in oids:
                    if oid.startswith(value):
                        found[oid].add(session)
        return found, why

    def _each(
        self, wholes: Sequence[Whole], writing: set[str], *, tried: bool
    ) -> tuple[tuple[facts.Session, ...], str]:
        """The sessions, and why something of them is missing."""
        named = max((len(_models(one)) for one in wholes), default=0)
        why = "a session names more models than is read" if named > _MOST_MODELS else ""
        names = sorted(one.session.session for one in wholes)
        modes: defaultdict[str, list[facts.Mode]] = defaultdict(list)
        secrets: defaultdict[str, list[facts.Secret]] = defaultdict(list)
        if names:
            bound = {"sessions": names, "most": _MOST_ROWS + 1}
            told = self._ask(_MODES, "category:agent session:*", **bound)
            for session, mode, event in told[:_MOST_ROWS]:
                modes[session].append(facts.Mode(mode=mode, event=event))
            taken = self._ask(_SECRETS, "category:agent session:*", **bound)
            for session, rule, count, event in taken[:_MOST_ROWS]:
                secrets[session].append(facts.Secret(rule=rule, count=int(count), event=event))
            if max(len(told), len(taken)) > _MOST_ROWS:
                why = "sessions tell of more modes or secrets than is read"
        found = []
        for whole in sorted(wholes, key=lambda one: one.session.session):
            name = whole.session.session
            seal = self._seals.of(name)
            held = seal is not None and whole.positions[-1] < seal.until
            about = {
                "modes": tuple(modes[name]),
                "secrets": tuple(secrets[name]),
                "seal": seal.id if seal is not None and held else TRIED if tried else "",
                "seal_digest": str(seal.body.get("digest", "")) if seal is not None and held else "",
            }
            found.append(_session(whole, writing).model_copy(update=about))
        return tuple(found), why

    def _told(self, oids: Sequence[str], merged: Mapping[str, str]) -> defaultdict[str, list[facts.Told]]:
        """By commit what others told about it.

        Of one that a forge made of a branch, that is also what was told of reviews of the branch's end: nobody could
        have looked at what was not made yet.
        """
        found: defaultdict[str, list[facts.Told]] = defaultdict(list)
        if not oids:
            return found
        about: defaultdict[str, set[str]] = defaultdict(set)
        """By commit those for which a review of it counts besides."""
        for oid in oids:
            if oid in merged:
                about[merged[oid]].add(oid)
        wanted = set(oids)
        rows = self._ask(_TOLD, " OR ".join(f"type:{kind}" for kind in _OTHERS), types=list(_OTHERS),
                         oids=sorted(wanted | set(about)))  # fmt: skip
        if len(rows) > _MOST_ROWS:
            raise TooLargeError("more was told about these commits than is read", expected=f"at most {_MOST_ROWS}")
        for entry, sub, kind, action, outcome, actor, source, state, keys in rows:
            one = facts.Told(kind=kind, action=action, state=state, outcome=outcome, actor=actor, source=source,
                             event=f"{entry}.{sub}" if sub else entry)  # fmt: skip
            named = set(keys)
            reviewed = set().union(*(about[oid] for oid in named & set(about))) if kind == REVIEWED else set()
            for oid in sorted(wanted & named | reviewed):
                # The last ones, since they may take back what was said before. One more than are kept: that there are
                # more is said.
                found[oid] = [*found[oid][-_MOST_TOLD:], one]
        return found

    def _ask(self, sql: str, query: str, **params: Any) -> Sequence[Sequence[Any]]:  # noqa: ANN401 - bound values
        base = self._reader.filter(query, self._scope)
        text = sql.replace("{db}", self._reader.database).replace("{where}", base.where)
        rows: Sequence[Sequence[Any]] = self._reader.query(
            text, dict(base.params) | params | {"log": self._scope.log}
        ).rows
        return rows


def pushed(browsing: Browsing, asked: Asked) -> tuple[list[facts.Update], list[str], str]:
    """The updates as they are, the commits they bring, the oldest first, and why some of these are left out.

    Raises:
        ConflictError: a commit is not here.
        TooLargeError: there is too much to be looked at.
    """
    if len(asked.updates) > MOST_UPDATES or len(asked.without) > MOST_WITHOUT:
        raise TooLargeError("too many refs are pushed at once", expected=f"at most {MOST_UPDATES}",
                            got=str(len(asked.updates)))  # fmt: skip
    if asked.exact:
        return [], _exact(browsing, asked.exact), ""
    updates, news, olds = [], [], [check_oid(oid) for oid in asked.without]
    for one in asked.updates:
        if one.old:
            olds.append(check_oid(one.old))
        if not one.new:
            updates.append(one)
            continue
        try:
            # A tag is judged by the commit it comes to; what comes to none is not let by.
            commit = browsing.resolve(check_oid(one.new))
        except NotFoundError:
            raise ConflictError(
                "what is pushed is not here, or is no commit", expected="a commit that was brought here first",
                got=f"{one.ref[:100]} {one.new}", hint="`vestige push` brings it",
            ) from None  # fmt: skip
        news.append(commit)
        forced = bool(one.old) and not browsing.rests_on(commit, one.old)
        updates.append(one.model_copy(update={"forced": forced}))
    begins = sorted(set(olds))
    here = browsing.commits_of(begins) if asked.strict else dict.fromkeys(begins)
    lacking = next((old for old in begins if old not in here), None)
    if lacking is not None:
        raise ConflictError("the commit from which on is judged is not here", expected="one that was brought here",
                            got=lacking, hint="`vestige push` brings it")  # fmt: skip
    oids = browsing.beyond(sorted(set(news)), begins, MOST_COMMITS + 1) if news else []
    if len(oids) > MOST_COMMITS:
        return updates, oids[-MOST_COMMITS:], f"more than {MOST_COMMITS} commits are pushed at once"
    return updates, oids, ""


def _exact(browsing: Browsing, oids: Sequence[str]) -> list[str]:
    """These commits, each once, in the order they were named in.

    Raises:
        ConflictError: one is not here.
        TooLargeError: there are too many.
    """
    found = list(dict.fromkeys(oids))
    if len(found) > MOST_COMMITS:
        raise TooLargeError("too many commits are asked about", expected=f"at most {MOST_COMMITS}", got=str(len(found)))
    known = browsing.commits_of(found)
    for oid in found:
        if known.get(oid) != oid:
            raise ConflictError("a commit is not here", expected="the names of commits that were brought here first",
                                got=oid, hint="`vestige push` brings them")  # fmt: skip
    return found


class _Looked:
    """Who wrote the lines that one commit adds."""

    def __init__(self, browsing: Browsing, notes: Notes, oid: str, changed: Own) -> None:
        self._browsing = browsing
        self.sessions: set[str] = set()
        self.calls: set[str] = set()
        self.cut = changed.cut
        self.files = tuple(self._file(one, notes.get(oid, one.path)) for one in changed.files)

    def _file(self, one: Added, note: FileNote | None) -> facts.File:
        runs, why, long = one.runs, "", False
        if one.opaque and one.blob:
            runs, why, long = self._opaque(one.blob)
        origins = _origins(note, one.blob)
        counted: Counter[str] = Counter()
        spans: list[facts.Span] = []
        for start, end in runs:
            for first, last, origin in _split(start, end, origins):
                kind = facts.UNKNOWN if origin is None else origin.kind.value
                grade = "" if origin is None or origin.grade is None else origin.grade.value
                counted[f"{kind}:{grade}" if grade else kind] += last - first + 1
                session, call = ("", "") if origin is None else (origin.session, origin.call)
                if session:
                    self.sessions.add(session)
                if call:
                    self.calls.add(call)
                # One more than are kept: that there are more is said.
                if kind != facts.HUMAN and len(spans) <= _MOST_SPANS:
                    spans.append(facts.Span(start=first, end=last, kind=kind, grade=grade, session=session, call=call))
        return facts.File(path=_legible(one.path), status=one.status, lines=dict(sorted(counted.items())),
                          spans=tuple(spans[:_MOST_SPANS]), spans_cut=len(spans) > _MOST_SPANS, unread=why,
                          too_long=long)  # fmt: skip

    def _opaque(self, blob: str) -> tuple[tuple[tuple[int, int], ...], str, bool]:
        """The lines of a file that the program took for no text: its bytes decide, not what a repository says of it.

        Returns:
            the lines; why there are none; whether that is because it is too long. What is no text has none to count.
        """
        try:
            data = self._browsing.blob(blob)
        except TooLargeError:
            return (), "too long to be looked at", True
        why = "not text" if b"\0" in data else unread(data)
        if why:
            return (), why, why != "not text"
        lines = data.count(b"\n") + bool(data and not data.endswith(b"\n"))
        return ((1, lines),) if lines else (), "", False


def _origins(note: FileNote | None, blob: str) -> list[tuple[int, int, Origin]]:
    """What is known of a file's lines; a note of another text says nothing."""
    return [(one.start, one.end, one.origin) for one in note.ranges] if note is not None and note.blob == blob else []


def _split(start: int, end: int, known: list[tuple[int, int, Origin]]) -> Iterable[tuple[int, int, Origin | None]]:
    """A run of lines by who wrote them."""
    at = start
    for first, last, origin in known:
        if last < at:
            continue
        if first > end:
            break
        if first > at:
            yield at, first - 1, None
        yield max(first, at), min(last, end), origin
        at = min(last, end) + 1
    if at <= end:
        yield at, end, None


def _commit(
    one: Commit, looked: _Looked, sessions: Sequence[str], seal: str, told: Sequence[facts.Told]
) -> facts.Commit:
    cut = "its changes are more than is read" if looked.cut else ""
    if len(told) > _MOST_TOLD:
        cut = "more was told about it than is read"
    trailers = one.trailers
    return facts.Commit(
        oid=one.oid,
        parents=one.parents,
        author=one.author.mail,
        author_name=one.author.name,
        committer=one.committer.mail,
        subject=one.subject[:200],
        trailers=tuple((name, value[:300]) for name, value in trailers[:_MOST_TRAILERS]),
        message_cut=one.cut or len(trailers) > _MOST_TRAILERS,
        signature=one.signature,
        files=looked.files,
        cut=cut,
        sessions=tuple(sessions),
        seal=seal,
        told=tuple(told[-_MOST_TOLD:]),
    )


def _session(whole: Whole, writing: set[str]) -> facts.Session:
    session, figures, covered = whole.session, whole.figures, whole.coverage
    tokens, cost = figures.tokens, figures.cost
    priced = bool(tokens.answers)
    return facts.Session(
        id=session.session,
        agent=session.agent,
        repository=session.repository,
        sources=tuple(session.sources),
        models=tuple(_models(whole)[:_MOST_MODELS]),
        calls=tuple(_calls(session.calls, writing)),
        tokens=dict(tokens._asdict()) if priced else {},
        cost_usd=f"{cost.amount:f}" if priced and cost.amount is not None else "",
        priced_usd=f"{cost.priced:f}" if priced else "",
        prices=cost.table,
        calls_counted=covered.calls,
        calls_by_all=covered.by_all,
        witnesses=covered.witnesses,
        holes=dict(sorted(Counter(hole.reason for hole in covered.holes).items())),
    )


def _models(whole: Whole) -> list[str]:
    """Every model that answered or was switched to."""
    return sorted(set(whole.session.models) | {one.usage.model for one in whole.figures.answers if one.usage.model})


def _calls(calls: Sequence[Step], writing: set[str]) -> Iterable[facts.Calls]:
    """Calls by tool and end, and how many came after the last that changed a file: none where none did."""
    last = _last_edit(calls, writing)
    last = len(calls) if last < 0 else last
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, call in enumerate(calls):
        groups[call.tool, "denied" if call.denied else call.outcome or "unknown"].append(number)
    for (tool, outcome), found in sorted(groups.items()):
        events = [next(iter(ids)) for n in found[:_MOST_EVENTS] for ids in list(calls[n].told.values())[:1] if ids]
        yield facts.Calls(tool=tool, outcome=outcome, count=len(found), after_last_edit=sum(n > last for n in found),
                          server=server_of(tool), events=tuple(events))  # fmt: skip


def _last_edit(calls: Sequence[Step], writing: Collection[str]) -> int:
    """Which call of a session was the last that changed a file; -1 for none."""
    edits = [n for n, call in enumerate(calls) if call.use in writing
             or any(edit.outcome == "success" for edit in call.edits.values())]  # fmt: skip
    return edits[-1] if edits else -1


def after_last_edit(sessions: Sequence[Sequence[Step]], writing: Collection[str]) -> dict[str, int] | None:
    """By tool, the calls that succeeded after the last edit in any of some sessions; none where none of them has any.

    Args:
        sessions: the calls of each, in order.
        writing: ids of calls that are known to have written lines.
    """
    last = [_last_edit(calls, writing) for calls in sessions]
    edits = [(number, sessions[number][at].at) for number, at in enumerate(last) if at >= 0]
    if not edits:
        return None
    found: Counter[str] = Counter()
    for number, calls in enumerate(sessions):
        others = [at for one, at in edits if one != number]
        for call in calls[last[number] + 1 :]:
            if call.outcome == "success" and not call.denied and all(_later(call.at, at) for at in others):
                found[call.tool] += 1
    return dict(sorted(found.items()))


def _later(one: int | None, other: int | None) -> bool:
    """Whether it is shown that something was later: what states no time shows nothing."""
    return one is not None and other is not None and one > other


def unattributed(browsing: Browsing, one: Commit, changed: Own) -> facts.Commit:
    """A commit of which only Git is asked: who wrote its lines, and in which session, nobody knows."""
    return _commit(one, _Looked(browsing, Notes(), one.oid, changed), (), "", ())


def _legible(path: str) -> str:
    """A path as text: bytes that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
