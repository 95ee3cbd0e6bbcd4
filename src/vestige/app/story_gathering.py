"""What led to a function, a file, a commit or a session: the entries, and what is not known of it.

Everything is read through the rooms of whoever asks, so that a story rests on nothing its reader may not open. What is
redacted or erased is left out, and said to be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.errors import ForbiddenError, NotFoundError, RedactedError
from vestige.proof.canonical import canonical
from vestige.stories.models import About, Evidence
from vestige.stories.template import Gathered, Turn
from vestige.timeline import Window

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from vestige.agents.session import Step
    from vestige.agents.session import Turn as Told
    from vestige.app.rooms import Rooms
    from vestige.app.sessions import Whole
    from vestige.ledger import Ledger

MOST_SESSIONS: Final = 8
MOST_TURNS: Final = 40
"""Of a session; of code only those that led to it count."""
MOST_COMMITS: Final = 8
MOST_NAMING: Final = 15
"""Events that are told of those that name one commit."""
MOST_FILES: Final = 30
"""Of a commit, whose lines are looked up."""
_MOST_SAID: Final = 3
_MOST_EACH: Final = 6
"""Denials, failures, edits, commands of one turn."""
_MOST_SEAL: Final = 16 << 10
"""Characters of a seal that may be quoted."""
_DECISIONS: Final = 50
"""Newest decisions of a repository that are looked through."""
_PLANS: Final = frozenset({"exitplanmode", "todowrite", "updateplan", "writetodos"})
"""Tools by which agents tell a plan, without case and underscores."""
_REFUSED: Final = ("agent.command", "agent.edit", "agent.tool_use", "agent.permission_denied")
"""Of a call that was denied, what says most: what it would have done."""
_TURNING: Final = frozenset({"agent.rewound", "agent.model_switched"})
_UNTOLD: Final = frozenset({"code.push_begun", "code.checked_out", "code.claimed", "code.rewritten"})
_SHORT: Final = re.compile(r"[0-9a-f]{7,64}")


class Call(NamedTuple):
    """A tool call that wrote some of the lines."""

    session: str
    use: str


class Gathering:
    """Gathers for one who asks.

    Args:
        rooms: of whoever asks.
        ledger: where seals are read from.
        decisions: whether they may read decisions and the audit trail these stand in.
    """

    def __init__(self, rooms: Rooms, ledger: Ledger, *, decisions: bool) -> None:
        self._rooms = rooms
        self._ledger = ledger
        self._decisions = decisions
        self._withheld: set[str] = set()
        self._wordless: set[str] = set()
        self._beyond = 0
        """Steps of turns that are left out, since there were more of their sort than are told."""

    # -- of what ------------------------------------------------------------------------------------------------

    def session(self, session: str) -> Gathered:
        """A session: each prompt and what was done because of it.

        Raises:
            NotFoundError: there is none.
        """
        whole = self._rooms.sessions.one(session)
        found = Gathered(About("session", f"session {session}", session=session))
        turns = whole.session.turns
        if len(turns) > MOST_TURNS:
            found.unknown.append(f"The session has {len(turns)} turns; the first {MOST_TURNS} are told.")
        self._turns(found, [(whole, turn) for turn in turns[:MOST_TURNS]], None, "")
        self._covered(found, whole)
        seal = self._rooms.sessions.sealed(session)
        if seal is not None:
            self._seal(found, seal.id, "session.seal")
        named = [one for one in whole.session.commits if _SHORT.fullmatch(one)]
        if len(named) > MOST_COMMITS:
            found.unknown.append(f"The session names {len(named)} commits; the first {MOST_COMMITS} are told.")
        for oid in named[:MOST_COMMITS]:
            places = self._rooms.code.holding(oid)
            if not places:
                found.unknown.append(f"The commit {oid[:12]} that it names is in no repository here.")
                continue
            made = self._rooms.code.commit(places[0]["id"], places[0]["commit"], 1, "")
            found.commits.append(_commit(made))
            self._naming(found, places[0]["commit"])
        return self._whole(found)

    def commit(self, repository: str, oid: str) -> Gathered:
        """A commit: what led to the lines it added, and what named it since."""
        code = self._rooms.code
        place, made = code.one(repository), code.commit(repository, oid, 1, "")
        found = Gathered(About("commit", f"commit {oid[:12]}", repository, place["name"], oid))
        found.commits.append(_commit(made))
        calls: dict[Call, None] = {}
        counts: dict[str, int] = {}
        files = made["files"]
        for file in files[:MOST_FILES]:
            added = {line["new"] for hunk in file.get("hunks", ()) for line in hunk["lines"] if line["kind"] == "+"}
            if not added or file.get("status") == "deleted":
                continue
            lines = code.lines(repository, oid, file["path"])
            calls |= dict.fromkeys(_calls(lines, added))
            _count(counts, lines, added)
        if len(files) > MOST_FILES:
            found.unknown.append(f"It changes {len(files)} files; who wrote lines was looked up in {MOST_FILES}.")
        self._led(found, list(calls), "")
        _unknown_lines(found, counts, "that it adds")
        self._sealed_and_judged(found, repository, place["name"], [oid])
        return self._whole(found)

    def lines(self, repository: str, commit: str, path: str, scope: str, line: int) -> Gathered:
        """A function, a line or a file, as a commit has it.

        Args:
            repository: its id.
            commit: in full.
            path: the file.
            scope: a function or class by its name; empty: none is meant.
            line: one line, from 1; 0: none is meant.

        Raises:
            NotFoundError: the file has no such scope or line.
        """
        code = self._rooms.code
        place, lines = code.one(repository), code.lines(repository, commit, path)
        about = _about(lines, scope, line, (repository, place["name"], commit, path))
        found = Gathered(about)
        if lines["unread"]:
            found.unknown.append(f"Who wrote the file is not known: {lines['unread']}.")
        elif lines["lines"]:
            wanted = set(range(about.start, about.end + 1))
            made = code.last_changed(repository, commit, path, about.start, about.end)
            found.commits += [_commit(one) for one in made[:MOST_COMMITS]]
            if len(made) > MOST_COMMITS:
                found.unknown.append(f"More than {MOST_COMMITS} commits last changed it; those of most lines are told.")
            self._led(found, _calls(lines, wanted), path)
            counts: dict[str, int] = {}
            _count(counts, lines, wanted)
            _unknown_lines(found, counts, "of it")
            self._sealed_and_judged(found, repository, place["name"], [one.id for one in found.commits])
        return self._whole(found)

    # -- sessions -----------------------------------------------------------------------------------------------

    def _led(self, found: Gathered, calls: Sequence[Call], path: str) -> None:
        """The turns in which calls were made that wrote lines."""
        sessions = list(dict.fromkeys(one.session for one in calls))
        if len(sessions) > MOST_SESSIONS:
            found.unknown.append(f"{len(sessions)} sessions wrote lines of it; {MOST_SESSIONS} are told.")
        wholes = {one.session.session: one for one in self._rooms.sessions.named(sessions[:MOST_SESSIONS])}
        chosen: list[tuple[Whole, Told]] = []
        uses = {one.use for one in calls if one.use}
        for session in sessions[:MOST_SESSIONS]:
            whole = wholes.get(session)
            if whole is None:
                found.unknown.append(f"Of session {session[:80]}, which wrote lines of it, no event is here.")
                continue
            mine = [turn for turn in whole.session.turns if any(step.use and step.use in uses for step in turn.steps)]
            if not mine:
                found.unknown.append(f"In session {session[:80]} no call is known that wrote its lines.")
            if len(mine) > MOST_TURNS:
                name = session[:80]
                found.unknown.append(f"{len(mine)} turns of session {name} wrote lines of it; {MOST_TURNS} are told.")
            chosen += [(whole, turn) for turn in mine[:MOST_TURNS]]
            self._covered(found, whole)
        self._turns(found, chosen, uses, path)

    def _turns(
        self, found: Gathered, chosen: Sequence[tuple[Whole, Told]], uses: Collection[str] | None, path: str
    ) -> None:
        """What of turns belongs to the story. ``uses``: the calls that count as its edits; ``None``: all."""
        steps = [step for _, turn in chosen for step in [turn.prompt, *turn.steps] if step is not None]
        rows = self._rows([_ids(step) for step in steps])
        for whole, turn in chosen:
            made = Turn(whole.session.session, whole.session.agent)
            if turn.prompt is not None:
                made.prompt = self._evidence(turn.prompt, rows, ("agent.prompt",))
            elif uses is not None:
                found.unknown.append(f"What was asked before it in session {made.session[:80]} is not known.")
            self._said(made, turn, rows)
            for step in turn.steps:
                self._took(made, step, rows, uses, path)
            found.turns.append(made)

    def _said(self, made: Turn, turn: Told, rows: dict[str, dict[str, Any]]) -> None:
        """What the agent said: before its last change the last few, and after it the last."""
        edits = [at for at, step in enumerate(turn.steps) if step.edits]
        last = edits[-1] if edits else len(turn.steps)
        said = [(at, step) for at, step in enumerate(turn.steps) if step.kind == "agent.message"]
        before = [step for at, step in said if at < last]
        after = [step for at, step in said if at > last]
        if not edits and before:
            after = [before.pop()]
        told = [self._evidence(step, rows, ("agent.message",)) for step in before[-_MOST_SAID:]]
        made.said = [one for one in told if one is not None]
        if after:
            made.concluded = self._evidence(after[-1], rows, ("agent.message",))

    def _took(
        self, made: Turn, step: Step, rows: dict[str, dict[str, Any]], uses: Collection[str] | None, path: str
    ) -> None:
        """Where a step of a turn belongs, if it does."""
        if step.kind in _TURNING:
            self._add(made.others, self._evidence(step, rows, (step.kind,)))
        if step.kind == "agent.permission_denied":
            self._add(made.denied, self._evidence(step, rows, (step.kind,)))
        if step.kind != "agent.call":
            return
        if step.tool.replace("_", "").lower() in _PLANS:
            self._add(made.plans, self._evidence(step, rows, ("agent.tool_use",)))
        elif step.denied:
            self._add(made.denied, self._evidence(step, rows, _REFUSED))
        elif step.outcome == "failure":
            self._add(made.failed, self._evidence(step, rows, ("agent.command", "agent.tool_result", "agent.tool_use")))
        elif step.edits and (uses is None or step.use in uses):
            self._add(made.edits, self._evidence(step, rows, ("agent.edit", "agent.tool_use"), path))
        elif step.command and (uses is None or step.use in uses):
            self._add(made.ran, self._evidence(step, rows, ("agent.command",)))

    def _add(self, into: list[Evidence], one: Evidence | None) -> None:
        if one is not None and len(into) < _MOST_EACH:
            into.append(one)
        elif one is not None:
            self._beyond += 1

    def _covered(self, found: Gathered, whole: Whole) -> None:
        """What was not seen of a session."""
        covered, name = whole.coverage, whole.session.session[:80]
        if covered.found:
            reasons = ", ".join(sorted({hole.reason for hole in covered.holes}))
            found.unknown.append(f"What is known of session {name} has {covered.found} holes ({reasons}).")
        elif not covered.complete:
            found.unknown.append(f"Session {name}: {covered.to_json().get('reason', 'not all of it was seen')}.")
        if whole.session.cut:
            found.unknown.append(f"Session {name} has more events than are read.")

    # -- commits ------------------------------------------------------------------------------------------------

    def _sealed_and_judged(self, found: Gathered, repository: str, name: str, oids: Sequence[str]) -> None:
        for oid in oids:
            self._naming(found, oid)
            seal = self._rooms.code.sealed(repository, oid)
            if seal:
                self._seal(found, seal, "commit.seal")
            else:
                found.unknown.append(f"The commit {oid[:12]} is not sealed yet.")
        if not self._decisions or not oids:
            return
        for one in self._rooms.decisions.newest(_DECISIONS, name):
            if set(one.get("commits", ())) & set(oids):
                outcome = self._rooms.decisions.decision(one["id"])["outcome"]
                found.later.append(Evidence(one["id"], "policy.decided", canonical(outcome).decode(), str(one["at"])))

    def _naming(self, found: Gathered, oid: str) -> None:
        """The events that name a commit: its making, reviews, roll-outs, errors."""
        page = self._rooms.timeline.page(f"key:commit={oid}", Window(descending=False), limit=200)
        told = [one for one in page.events if one["event_type"] not in _UNTOLD and one.get("category") != "agent"]
        if len(told) > MOST_NAMING:
            found.unknown.append(
                f"More events name the commit {oid[:12]} than are told: {MOST_NAMING} of {len(told)} or more."
            )
        known = {one.id for one in found.later}
        for row in told[:MOST_NAMING]:
            made = self._of_row(row)
            if made is not None and made.id not in known:
                found.later.append(made)

    def _seal(self, found: Gathered, identity: str, kind: str) -> None:
        try:
            entry, _ = self._rooms.entry(identity)
            text = self._ledger.opened(entry).decode("utf-8", "replace")[:_MOST_SEAL]
        except (ForbiddenError, NotFoundError, RedactedError):
            self._withheld.add(identity)
            return
        found.later.append(Evidence(identity, kind, text))

    # -- entries ------------------------------------------------------------------------------------------------

    def _rows(self, wanted: Iterable[Sequence[str]]) -> dict[str, dict[str, Any]]:
        """Events by their ids, as the timeline shows them to whoever asks."""
        entries = dict.fromkeys(one.partition(".")[0] for ids in wanted for one in ids)
        positions: list[int] = []
        for identity in entries:
            try:
                positions.append(self._rooms.entry(identity)[0].position)
            except NotFoundError:
                self._withheld.add(identity)
        return {str(row["id"]): row for row in self._rooms.timeline.of_entries(positions).values()}

    def _evidence(
        self, step: Step, rows: dict[str, dict[str, Any]], kinds: Sequence[str], path: str = ""
    ) -> Evidence | None:
        """The event of a step that says most: of the first of these types that it has, of the file if one is meant."""
        told = [rows[one] for one in _ids(step) if one in rows]
        for kind in kinds:
            fitting = [row for row in told if row["event_type"] == kind]
            of_file = [row for row in fitting if path and str(row.get("object", {}).get("id", "")).endswith(path)]
            for row in of_file or fitting:
                made = self._of_row(row)
                if made is not None:
                    return made
        return None

    def _of_row(self, row: dict[str, Any]) -> Evidence | None:
        text = str(row.get("message", ""))
        withheld = row.get("redacted") or row.get("erased")
        if withheld or not text:
            (self._withheld if withheld else self._wordless).add(str(row["id"]))
            return None
        return Evidence(str(row["id"]), str(row["event_type"]), text, str(row.get("occurred_at") or ""))

    def _whole(self, found: Gathered) -> Gathered:
        if self._withheld:
            found.unknown.append(f"{len(self._withheld)} entries are redacted, erased, or not for whoever asks.")
        if self._wordless:
            found.unknown.append(f"{len(self._wordless)} entries have no words that could be quoted.")
        if self._beyond:
            found.unknown.append(
                f"{self._beyond} more steps of its turns are left out: of each sort {_MOST_EACH} of a turn are told."
            )
        if not any(turn.prompt for turn in found.turns):
            found.unknown.append("No prompt is known that led to it.")
        found.later.sort(key=lambda one: one.at or "~")
        found.unknown = list(dict.fromkeys(found.unknown))
        return found


def _about(lines: dict[str, Any], scope: str, line: int, place: tuple[str, str, str, str]) -> About:
    """What is meant, with its lines."""
    path, count, scopes = place[3], int(lines["lines"]), lines["scopes"]
    if scope:
        one = next((one for one in scopes if one["name"] == scope), None)
        if one is None:
            names = ", ".join(one["name"] for one in scopes[:20]) or lines["unscoped"] or "none is in it"
            raise NotFoundError("the file has no function or class of that name", expected=names[:300], got=scope[:80],
                                field="scope")  # fmt: skip
        return About("function", f"{scope} in {path}", *place, one["start"], one["end"])
    if line:
        if line > count:
            raise NotFoundError("the file has no such line", expected=f"1 to {count}", got=str(line), field="line")
        within = [one for one in scopes if one["start"] <= line <= one["end"]]
        inner = min(within, key=lambda one: one["end"] - one["start"], default=None)
        where = f" in {inner['name']}" if inner else ""
        return About("line", f"line {line} of {path}{where}", *place, line, line)
    return About("file", path, *place, min(1, count), count)


def _calls(lines: dict[str, Any], wanted: Collection[int]) -> list[Call]:
    """The calls that wrote some of the lines."""
    found: dict[Call, None] = {}
    for one in lines["ranges"]:
        if one["session"] and any(number in wanted for number in range(one["start"], one["end"] + 1)):
            found[Call(one["session"], one["call"])] = None
    return list(found)


def _count(counts: dict[str, int], lines: dict[str, Any], wanted: Collection[int]) -> None:
    """Count lines by class, and those that are only told of."""
    left = len(wanted)
    for one in lines["ranges"]:
        number = sum(line in wanted for line in range(one["start"], one["end"] + 1))
        counts[one["class"]] = counts.get(one["class"], 0) + number
        if one["grade"] == "inferred":
            counts["inferred"] = counts.get("inferred", 0) + number
        left -= number
    counts["unknown"] = counts.get("unknown", 0) + left


def _unknown_lines(found: Gathered, counts: dict[str, int], which: str) -> None:
    total = sum(count for name, count in counts.items() if name != "inferred")
    if counts.get("unknown"):
        found.unknown.append(f"Of {counts['unknown']} of the {total} lines {which} nobody knows who wrote them.")
    if counts.get("mixed"):
        found.unknown.append(
            f"Of {counts['mixed']} of the {total} lines {which} only a part is known to be an agent's."
        )
    if counts.get("human"):
        found.unknown.append(
            f"A person was seen writing {counts['human']} of the {total} lines {which}; why, no entry says."
        )
    if counts.get("inferred"):
        found.unknown.append(f"Of {counts['inferred']} of the {total} lines {which} it is only told who wrote them.")


def _commit(made: dict[str, Any]) -> Evidence:
    return Evidence(made["oid"], "commit", made["message"].strip(), str(made["author"]["at"]))


def _ids(step: Step) -> list[str]:
    return list(dict.fromkeys(one for ids in step.told.values() for one in ids))
