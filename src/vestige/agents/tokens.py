"""Tokens of sessions, each counted once, from their ``agent.usage`` events.

An answer of a model may be told many times: a line per block of its content, again by the parent of a subagent, again
in the file of a session that goes on from this one. It counts once per message id, by the largest of its tellings, as
the first may have been written before the answer was complete; it belongs to the session that told it first, and to no
subagent if any telling names none. An answer without an id counts each time.

A total of a session so far (``counts`` is ``total``) counts by what it grew. One that shrank began anew. A session that
was forked repeats its parent's totals: those that the parent states too are not counted again; without the parent's
records that cannot be told, and they count for the fork. Where a total names no model, it is the one last set.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.agents import Usage, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.model.event import Event

_SETS_MODEL = frozenset({"agent.configured", "agent.model_switched", "agent.session_started"})

Vector = tuple[int, ...]


class Tokens(NamedTuple):
    """A sum. ``input`` came from no cache and went into none; ``output`` includes ``reasoning``."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_searches: int = 0
    answers: int = 0


class Answer(NamedTuple):
    """Tokens that were taken once: by an answer, or between two totals."""

    agent: str
    session: str
    subagent: str
    at: int | None
    """When it was told first, nanoseconds."""
    usage: Usage


def answers(events: Iterable[Event]) -> list[Answer]:
    """What was taken in tokens, each once.

    Args:
        events: of any number of sessions, each session's in the order of its records.
    """
    once: dict[tuple[str, str], Answer] = {}
    totals: list[Answer] = []
    models: dict[str, str] = {}
    parents: dict[str, str] = {}
    nameless = 0
    for event in events:
        if event.event_type in _SETS_MODEL:
            if event.object_type == "model":
                models[event.session] = event.object_id
            elif event.object_type == "session":
                parents[event.session] = event.object_id
        usage = usage_of(event)
        if usage is None:
            continue
        found = Answer(event.actor_id, event.session, event.actor_name, event.occurred_at, usage)
        if usage.counts == "total":
            model = usage.model or models.get(event.session, "")
            totals.append(found._replace(usage=usage._replace(model=model)))
            continue
        key = usage.message_id
        if not key:
            key, nameless = f"\0{nameless}", nameless + 1
        known = once.get((found.agent, key))
        once[found.agent, key] = found if known is None else _better(known, found)
    return [*once.values(), *_grown(totals, parents)]


def _figures(usage: Usage) -> Vector:
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.cache_read_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.web_search_requests,
    )


def _better(known: Answer, found: Answer) -> Answer:
    """One answer told twice."""
    usage = found.usage if sum(_figures(found.usage)) > sum(_figures(known.usage)) else known.usage
    owner = found if known.subagent and not found.subagent else known
    return owner._replace(at=known.at if known.at is not None else found.at, usage=usage)


def _grown(totals: list[Answer], parents: dict[str, str]) -> list[Answer]:
    """What totals grew by."""
    stated: dict[str, set[Vector]] = defaultdict(set)
    for one in totals:
        stated[one.session].add(_figures(one.usage))
    before: dict[tuple[str, str, str], Vector] = {}
    out = []
    for one in totals:
        # Of one whose source keeps a total per model, each has its own; else all models share the session's.
        key = (one.agent, one.session, one.usage.model if one.agent in _PER_MODEL else "")
        now, last = _figures(one.usage), before.get(key)
        before[key] = now
        if now in stated.get(parents.get(one.session, one.session + "\0"), ()):
            continue
        anew = last is None or any(new < old for new, old in zip(now, last, strict=True))
        grown = now if anew or last is None else tuple(new - old for new, old in zip(now, last, strict=True))
        if any(grown):
            said = one.usage
            out.append(one._replace(usage=Usage(said.message_id, said.model, said.counts, *grown)))
    return out


_PER_MODEL = frozenset({"copilot-cli"})


def by_model(found: Iterable[Answer]) -> dict[tuple[str, str, str], Tokens]:
    """Sums by session, subagent (empty for the session's own agent) and model."""
    out: dict[tuple[str, str, str], Tokens] = {}
    for one in found:
        key = (one.session, one.subagent, one.usage.model)
        known = out.get(key, Tokens())
        out[key] = Tokens(*(a + b for a, b in zip(known, (*_figures(one.usage), 1), strict=True)))
    return out
