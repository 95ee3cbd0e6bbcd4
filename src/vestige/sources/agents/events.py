"""What every coding agent's format yields: ``agent.*`` events with the same fields, keys and figures.

One record gives one or more events. The first bears the record's own fields as its attributes; each further one (an
edit, a command, a usage) bears only what was told of it, under the names here, so that it can be asked for::

    agent, model, subagent, tool, tool_use_id, path, lines_added, lines_removed, command, exit_code, mcp_server
    message_id, counts, input_tokens, output_tokens, reasoning_tokens, cache_read_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, web_search_requests

The actor is the agent (type ``agent``, its name that of its subagent); of what a person did, ``user``, nameless where
the record names nobody. Of a tool's use the object is the tool and the subject the file; of an edit the object is the
file. Keys beside the session: ``tool_use:``, ``subagent:``, ``path:``, ``directory:``, ``repository:``, and commits.

Figures of tokens are in one meaning whatever the agent's own (:class:`Semantics`): ``input_tokens`` without what came
from a cache or went into one, ``output_tokens`` with reasoning.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.model.event import Event, Outcome, Skipped, Unparsed
from vestige.sources.reading.fields import keys_of, text_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import NO_STAMP, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vestige.model.event import Reading
    from vestige.sources.contract import Context

    Part = Mapping[str, object]

SESSION = "agent.session"
"""The context's entry for a session that only the file's head names."""
MOST_TEXT = 2_000
"""Characters of a prompt or an answer that make an event's message; the record has all of it."""
MOST_COMMAND = 600
_SPACE = re.compile(r"\s+")
_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COMMITTED = re.compile(r"^\[[^\]\n]{1,200} ([0-9a-f]{7,64})\] ", re.MULTILINE)
_REMOTE = re.compile(r"(?:[a-z+]+://)?(?:[^@/\s]+@)?([\w.-]+\.[a-z]+)(?::\d+)?[:/]+([^\s?#]+)")
_MOST_ADDRESS = 300
_MOST_LOOKED = 20_000
"""Characters of a command's output that are looked through for a commit."""


class Semantics(NamedTuple):
    """What one agent's own figures mean."""

    input_has_cached: bool
    """Whether its count of input includes what was read from a cache, or written into one."""
    output_has_reasoning: bool
    """Whether its count of output includes reasoning."""
    counts: str
    """``message``: of one answer, stated once or more under one id. ``total``: of the session so far, per model."""

    def usage(
        self,
        message_id: str,
        model: str,
        taken_in: int,
        put_out: int,
        *,
        reasoning: int = 0,
        cache_read: int = 0,
        cache_write_5m: int = 0,
        cache_write_1h: int = 0,
        web_searches: int = 0,
    ) -> Usage:
        """An agent's own figures in the one meaning."""
        cached = cache_read + cache_write_5m + cache_write_1h
        return Usage(
            message_id,
            model,
            self.counts,
            max(taken_in - cached, 0) if self.input_has_cached else taken_in,
            put_out if self.output_has_reasoning else put_out + reasoning,
            reasoning,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            web_searches,
        )


class Usage(NamedTuple):
    """Tokens of one answer, or of a session so far, in the one meaning."""

    message_id: str
    model: str
    counts: str
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    web_search_requests: int = 0


_FIGURES = Usage._fields[3:]


class Scene(NamedTuple):
    """What all events of one record share."""

    agent: str
    """The product: ``claude-code``."""
    stamp: Stamp = NO_STAMP
    session: str = ""
    model: str = ""
    subagent: str = ""
    keys: tuple[tuple[str, str], ...] = ()

    def tell(
        self,
        kind: str,
        message: str,
        *,
        action: str = "",
        outcome: str = "",
        severity: int = 0,
        thing: tuple[str, str] = ("", ""),
        file: str = "",
        told: Part | None = None,
        keys: Iterable[tuple[str, str]] = (),
        tags: tuple[str, ...] = (),
        person: bool = False,
    ) -> Event:
        """One event.

        Args:
            kind: its type.
            message: for a person; made one line.
            action: the agent's own name of the act.
            outcome: how it ended.
            severity: 0 to 4.
            thing: the object's id and type.
            file: the subject's path.
            told: what is known of it, for its attributes.
            keys: its own correlation keys.
            tags: its tags.
            person: whether a person did it, and the agent is whom it was done to.
        """
        about = {"agent": self.agent, "model": self.model, "subagent": self.subagent, **(told or {})}
        stamp = self.stamp
        return Event(
            kind,
            *stamp[:3],
            action=action,
            outcome=outcome,
            severity=severity,
            actor_id="" if person else self.agent,
            actor_name="" if person else self.subagent,
            actor_type="user" if person else "agent",
            subject_id=file or (self.agent if person else ""),
            subject_type="file" if file else "agent" if person else "",
            object_id=thing[0],
            object_type=thing[1] if thing[0] else "",
            session=self.session,
            message=one_line(message) or kind,
            tags=(*tags, stamp.tag) if stamp.tag else tags,
            attributes=dump({name: value for name, value in about.items() if value not in ("", None)}),
            keys=keys_of(
                (
                    *keys,
                    ("custom", named("path", file)),
                    ("custom", named("subagent", self.subagent)),
                    *self.keys,
                )
            ),
        )

    def used(self, usage: Usage, told: Part | None = None, tags: tuple[str, ...] = ()) -> Event:
        """What an answer, or a session so far, took in tokens."""
        figures = {name: getattr(usage, name) for name in _FIGURES}
        said = ", ".join(f"{name.removesuffix('_tokens')} {count}" for name, count in figures.items() if count)
        return self._replace(model=usage.model or self.model).tell(
            "agent.usage",
            f"{usage.model or 'unknown model'}: {said or 'nothing'}",
            action=usage.counts,
            thing=(usage.model, "model"),
            told={"message_id": usage.message_id, "counts": usage.counts, **figures, **(told or {})},
            tags=tags,
        )


def usage_of(event: Event) -> Usage | None:
    """The figures an ``agent.usage`` event tells; none of any other event, or of figures that are none.

    The first event of a record bears the record's fields, so a usage is never its record's first.
    """
    if event.event_type != "agent.usage":
        return None
    try:
        told = orjson.loads(event.attributes)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or "counts" not in told:
        return None
    message_id, model, counts = (text_of(told.get(name)) for name in Usage._fields[:3])
    return Usage(message_id, model, counts, *(count_of(told.get(name)) for name in _FIGURES))


def finish(events: Sequence[Event], text: str, why: str = "it says nothing that happened") -> Reading:
    """A record's events: the first bears the record."""
    if not events:
        return Skipped(why)
    first = events[0]._replace(attributes=text)
    return first if len(events) == 1 else (first, *events[1:])


@dataclass(frozen=True, kw_only=True)
class AgentRecords(JsonRecords):
    """Records of a coding agent's sessions. They hold whatever was typed, read and printed: secrets among it."""

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per object; the session that only the file's head names is given to those that name none."""
        readings = JsonRecords.parse(self, payloads, context)
        session = context.hint(SESSION)
        return [_in_session(reading, session) for reading in readings] if session else readings


def _in_session(reading: Reading, session: str) -> Reading:
    if isinstance(reading, Event):
        return reading if reading.session else reading._replace(session=session)
    if isinstance(reading, Unparsed | Skipped):
        return reading
    return tuple(event if event.session else event._replace(session=session) for event in reading)


def dump(value: object) -> str:
    """JSON text; numbers beyond 64 bits, which a record may hold, too."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value)


def one_line(text: str, most: int = MOST_TEXT) -> str:
    """Text as one line, cut."""
    bare = _SPACE.sub(" ", text[: most * 4]).strip()
    return bare if len(bare) <= most else f"{bare[: most - 1]}…"


def count_of(value: object) -> int:
    """A count of tokens; 0 for whatever is none."""
    return value if type(value) is int and 0 <= value < 1 << 53 else 0


def known(value: object) -> bool:
    """Whether a field states a count."""
    return type(value) is int and value >= 0


def named(prefix: str, value: str) -> str:
    """A custom key's text; empty for nothing."""
    return f"{prefix}:{value}" if value else ""


def place_keys(directory: object = "", remote: object = "", commit: object = "") -> tuple[tuple[str, str], ...]:
    """Keys of where a session works: its directory, the repository's address if told, a commit if it is one."""
    sha = text_of(commit).lower()
    found = _REMOTE.fullmatch(text_of(remote)[:_MOST_ADDRESS].strip())
    repository = f"{found[1]}/{found[2].removesuffix('/').removesuffix('.git')}".lower() if found else ""
    return keys_of(
        (
            ("custom", named("directory", text_of(directory))),
            ("custom", named("repository", repository)),
            ("commit", sha if _FULL.fullmatch(sha) else ""),
        )
    )


def commits_in(output: str) -> tuple[tuple[str, str], ...]:
    """Commits that a command's output says it made (``[branch 1a2b3c4] subject``), or is nothing but."""
    if "[" not in output and len(output) > 200:
        return ()
    text = output[:_MOST_LOOKED]
    found = [match[1] for match in _COMMITTED.finditer(text)]
    bare = text.strip()
    return keys_of(("commit", sha) for sha in (*found, bare if _FULL.fullmatch(bare) else ""))


def ended(failed: object) -> str:
    """The outcome of something that states whether it failed."""
    return str(Outcome.FAILURE if failed else Outcome.SUCCESS)
