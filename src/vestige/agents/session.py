"""One session, put together from all that was told of it, by whichever witness.

A session told twice is one session. Calls are matched by their ``tool_use`` id; prompts, messages and all else without
an id by what they say: the nth time one witness says it is the nth time another does. A call that bears no id is paired
with its end in the order of its own witness, and is not counted where another witness names its calls by ids: nobody
could tell which is which.

Time orders what happened. What states no time stands behind what its source told before it; it is given none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.agents.software import programs_in
from vestige.agents.told import CAPTURE, HOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.agents.told import Told

DENIED: Final = "agent:denied"
_CALL_TYPES: Final = frozenset(
    {"agent.tool_use", "agent.tool_result", "agent.command", "agent.edit", "agent.permission_denied"}
)
_OF_MODELS: Final = frozenset({"agent.usage", "agent.model_switched", "agent.session_started", "agent.configured"})
_SILENT: Final = frozenset(
    {"agent.usage", "agent.snapshot", "agent.capture_gap", "agent.hook", "agent.permission_asked"}
)
"""Types that are no step of a conversation: figures, and what is told of calls elsewhere."""


@dataclass(slots=True)
class Edit:
    """What a call did to one file. Lines are none where no record shows them."""

    path: str
    outcome: str = ""
    added: int | None = None
    removed: int | None = None


@dataclass(slots=True)
class Step:
    """Something that happened: a prompt, a message, a call with its end, or another act. Every one has its events."""

    kind: str
    at: int | None
    order: tuple[int, int, int]
    text: str = ""
    subagent: str = ""
    told: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the events that tell it, by witness."""
    use: str = ""
    """Of a call: its id; empty where it bears none."""
    tool: str = ""
    outcome: str = ""
    denied: bool = False
    command: str = ""
    edits: dict[str, Edit] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    phases: set[str] = field(default_factory=set)
    """Of a call: which hooks told of it, ``before`` and ``after``."""
    snapshots: set[str] = field(default_factory=set)
    """Of a call: around which of them files were looked at."""
    newest: int = 0
    """The greatest position of an entry that tells it."""

    def add(self, one: Told) -> None:
        """Another event tells it."""
        self.told.setdefault(one.channel, []).append(one.id)
        self.newest = max(self.newest, one.seq)
        if self.at is None:
            self.at = one.at


@dataclass(slots=True)
class Turn:
    """A prompt, if there is one, and what was done because of it."""

    prompt: Step | None
    steps: list[Step] = field(default_factory=list)

    @property
    def newest(self) -> int:
        """The greatest position of an entry that tells of it."""
        return max((step.newest for step in (*self.steps, *([self.prompt] if self.prompt else []))), default=0)


@dataclass(slots=True)
class Session:
    """All that was told of one session."""

    session: str
    agent: str
    agents: list[str]
    repository: str
    author: str
    """Whose it is, as a witness names them: an account's address or name; empty where none does."""
    directories: list[str]
    sources: list[str]
    channels: dict[str, int]
    """How many events each witness told."""
    events: int
    turns: list[Turn]
    calls: list[Step]
    uncounted: int
    """Calls without an id that another witness may have told with one."""
    models: list[str]
    subagents: list[str]
    commits: dict[str, list[str]]
    acquisitions: dict[str, set[str]]
    """By witness, what its events came in with."""
    length: int | None
    """Nanoseconds from the first to the last event that states a time; none where none does."""
    cut: bool = False
    """Whether there were more events than are read of one session."""

    @property
    def steps(self) -> list[Step]:
        """Everything that happened, in order."""
        return [step for turn in self.turns for step in ([turn.prompt] if turn.prompt else []) + turn.steps]

    @property
    def prompts(self) -> int:
        """How often a person asked for something."""
        return sum(turn.prompt is not None for turn in self.turns)

    def of_kind(self, kind: str) -> list[Step]:
        """Its steps of one type."""
        return [step for step in self.steps if step.kind == kind]

    def files(self) -> dict[str, list[Edit]]:
        """The files that were changed, each with its changes."""
        found: dict[str, list[Edit]] = {}
        for call in self.calls:
            for path, edit in call.edits.items():
                if edit.outcome == "success":
                    found.setdefault(path, []).append(edit)
        return found

    def counts(self) -> dict[str, int]:
        """What lists show of it."""
        files = self.files()
        return {
            "prompts": self.prompts,
            "tool_calls": len(self.calls),
            "edits": sum(map(len, files.values())),
            "files": len(files),
            "commands": sum(bool(call.command) for call in self.calls),
            "denials": sum(call.denied for call in self.calls),
            "errors": sum(call.outcome == "failure" and not call.denied for call in self.calls)
            + len(self.of_kind("agent.error")),
        }

    def software(self) -> dict[str, int]:
        """The programs that its commands ran, and in how many calls."""
        found: dict[str, int] = {}
        for call in self.calls:
            for name in programs_in(call.command):
                found[name] = found.get(name, 0) + 1
        return found


def build(session: str, told: Sequence[Told], most: int) -> Session:
    """Put a session together.

    Args:
        session: its id.
        told: its events in the order they were taken in.
        most: how many of them are looked at.
    """
    return _Builder(session, told[:most], cut=len(told) > most).session()


class _Builder:
    def __init__(self, session: str, told: Sequence[Told], *, cut: bool) -> None:
        self._session = session
        self._told = told
        self._cut = cut
        self._orders = _orders(told)
        self._calls: dict[str, Step] = {}
        self._open: dict[tuple[str, str, str], list[Step]] = defaultdict(list)
        self._last: dict[int, Step] = {}
        self._said: dict[tuple[object, ...], Step] = {}
        self._times: dict[tuple[object, ...], int] = defaultdict(int)
        self._uids: set[tuple[str, str]] = set()

    def session(self) -> Session:
        """Read every event, then order what it came to."""
        for one, order in zip(self._told, self._orders, strict=True):
            if one.event.event_type in _CALL_TYPES:
                self._call(one, order)
            elif one.event.event_type not in _SILENT:
                self._said_once(one, order)
        calls, uncounted = self._counted()
        steps = sorted([*calls, *self._said.values()], key=lambda step: step.order)
        times = [one.at for one in self._told if one.at is not None]
        agents = _commonest(one.event.actor_id for one in self._told if one.event.actor_type == "agent")
        # Who was asked, where nothing is known of what it did.
        agents = agents or _commonest(
            one.event.subject_id
            for one in self._told
            if one.event.event_type == "agent.prompt" and one.event.actor_type == "user" and one.channel != CAPTURE
        )
        return Session(
            session=self._session,
            agent=agents[0] if agents else "",
            agents=agents,
            repository=next(iter(_commonest(one.key("repository:") for one in self._told)), "")
            or next((one.source[len("agent:"):] for one in self._told if one.source.startswith("agent:")), ""),
            author=_author(self._told),
            directories=_commonest(one.key("directory:") for one in self._told),
            sources=_commonest(one.source for one in self._told),
            channels=_tally(one.channel for one in self._told),
            events=len(self._told),
            turns=_turns(steps),
            calls=calls,
            uncounted=uncounted,
            models=self._models(),
            subagents=_commonest(one.key("subagent:") for one in self._told),
            commits=self._commits(),
            acquisitions=self._acquisitions(),
            length=max(times) - min(times) if times else None,
            cut=self._cut,
        )  # fmt: skip

    # -- calls --------------------------------------------------------------------------------------------------

    def _call(self, one: Told, order: tuple[int, int, int]) -> None:
        call = self._call_of(one, order)
        event = one.event
        call.add(one)
        call.order = min(call.order, order)
        call.tool = call.tool or event.action
        call.commits += [value for kind, value in event.keys if kind == "commit" and value not in call.commits]
        if one.snapshot:
            call.snapshots.add(one.snapshot)
        if one.channel == HOOKS:
            call.phases.add("before" if event.event_type == "agent.tool_use" else "after")
        match event.event_type:
            case "agent.tool_use":
                call.text = call.text or event.message
            case "agent.tool_result":
                call.outcome = _worse(call.outcome, event.outcome)
                call.text = call.text or event.message
            case "agent.permission_denied":
                call.denied, call.outcome = True, "failure"
                call.text = call.text or event.message
            case "agent.command":
                call.command = call.command or event.object_id
                call.outcome = _worse(call.outcome, event.outcome if event.outcome != "unknown" else "")
            case _:
                self._edit(call, one)

    def _call_of(self, one: Told, order: tuple[int, int, int]) -> Step:
        """The call an event is about: by its id, or by the record, or by the order of its witness."""
        use, event = one.use, one.event
        if use:
            return self._calls.setdefault(use, Step("agent.call", one.at, order, use=use, subagent=event.actor_name))
        if (known := self._last.get(one.seq)) is not None:
            return known  # a further event of the same record
        waiting = self._open[one.channel, one.source, event.action]
        if event.event_type != "agent.tool_use" and waiting:
            call = waiting.pop(0)
        else:
            call = self._calls[f"\0{one.id}"] = Step("agent.call", one.at, order, subagent=event.actor_name)
            if event.event_type == "agent.tool_use":
                waiting.append(call)
        self._last[one.seq] = call
        return call

    def _edit(self, call: Step, one: Told) -> None:
        path, told = one.event.object_id, _attributes(one.event.attributes)
        # One witness states whole paths, another those within the directory: the longer one ends in the shorter.
        same = next((known for known in call.edits if known == path or _same_file(known, path)), path)
        edit = call.edits.setdefault(same, Edit(same))
        if DENIED in one.event.tags:
            call.denied = True
        edit.outcome = one.event.outcome if one.event.outcome != "unknown" or not edit.outcome else edit.outcome
        if one.event.outcome == "success" and edit.added is None:
            added, removed = told.get("lines_added"), told.get("lines_removed")
            edit.added = added if type(added) is int else None
            edit.removed = removed if type(removed) is int else None

    def _counted(self) -> tuple[list[Step], int]:
        """The calls that count, and how many without an id do not."""
        named = {channel for call in self._calls.values() if call.use for channel in call.told}
        kept, left = [], 0
        for call in self._calls.values():
            if not call.use and named - set(call.told):
                left += 1
            else:
                kept.append(call)
        return sorted(kept, key=lambda call: call.order), left

    # -- what bears no id ---------------------------------------------------------------------------------------

    def _said_once(self, one: Told, order: tuple[int, int, int]) -> None:
        event = one.event
        if one.uid:
            if (event.event_type, one.uid) in self._uids:
                return  # a copy of the same line in the file of a session that went on
            self._uids.add((event.event_type, one.uid))
        saying = (event.event_type, event.actor_name, _words(event.message), event.object_id)
        number = self._times[one.channel, *saying]
        self._times[one.channel, *saying] += 1
        step = self._said.get((*saying, number))
        if step is None:
            step = Step(event.event_type, one.at, order, event.message, event.actor_name, outcome=event.outcome)
            step.tool = event.object_id if event.object_type in {"model", "mode"} else ""
            self._said[*saying, number] = step
        step.add(one)
        step.order = min(step.order, order)

    def _models(self) -> list[str]:
        events = (one.event for one in self._told)
        return _commonest(
            event.object_id for event in events if event.object_type == "model" and event.event_type in _OF_MODELS
        )

    def _commits(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self._told:
            for kind, value in one.event.keys:
                if kind == "commit" and len(shown := found.setdefault(value, [])) < 20:
                    shown.append(one.id)
        return found

    def _acquisitions(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self._told:
            if one.channel != CAPTURE:
                found.setdefault(one.channel, set()).add(one.acquisition)
        return found


def _turns(steps: Sequence[Step]) -> list[Turn]:
    turns: list[Turn] = []
    for step in steps:
        if step.kind == "agent.prompt":
            turns.append(Turn(step))
        else:
            if not turns:
                turns.append(Turn(None))
            turns[-1].steps.append(step)
    return turns


def _orders(told: Sequence[Told]) -> list[tuple[int, int, int]]:
    """Where each stands: by its time, or by that of what its source told before it, or first after it."""
    last: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], int] = {}
    for one in told:
        if one.at is not None:
            first.setdefault((one.source, one.acquisition), one.at)
    found = []
    for one in told:
        place = (one.source, one.acquisition)
        if one.at is not None:
            last[place] = one.at
        found.append((last.get(place, first.get(place, one.received_at)), one.seq, one.sub))
    return found


def _author(told: Sequence[Told]) -> str:
    """Whom the events name: the account a witness states, an address before an id, or a person with a name."""
    accounts = _commonest(value for one in told for kind, value in one.event.keys if kind == "identity")
    people = _commonest(one.event.actor_id for one in told if one.event.actor_type == "user")
    return next((one for one in accounts if "@" in one), "") or next(iter((*accounts, *people)), "")


def _worse(known: str, told: str) -> str:
    """The outcome that two tellings of one end come to: a failure that anybody tells is one."""
    ranks = ("", "unknown", "success", "failure")
    return max(known, told, key=lambda one: ranks.index(one) if one in ranks else 0)


def _same_file(one: str, other: str) -> bool:
    short, long = sorted((one.replace("\\", "/"), other.replace("\\", "/")), key=len)
    return bool(short) and long.endswith("/" + short.removeprefix("./"))


def _words(text: str) -> str:
    return " ".join(text.split())[:200]


def _attributes(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _tally(values: Any) -> dict[str, int]:  # noqa: ANN401 - any iterable of texts
    found: dict[str, int] = {}
    for value in values:
        if value:
            found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _commonest(values: Any) -> list[str]:  # noqa: ANN401 - as above
    return list(_tally(values))
