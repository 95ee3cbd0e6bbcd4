"""What sessions came to in tokens and money: whose tokens count, each answer once, and what they cost.

Where several witnesses state tokens, one counts: the **transcript**, as it names each answer by its id; **telemetry**
only for a session whose transcript states none. Hooks state none. Figures say which it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vestige.agents.prices import NO_LISTS, Book, Cost, cost_of
from vestige.agents.tokens import Answer, Tokens, answers, by_model
from vestige.agents.told import TELEMETRY, TRANSCRIPT
from vestige.sources.agents import usage_of
from vestige.sources.telemetry.otlp_agents import SPAN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from vestige.agents.told import Told

    Beside = Callable[[Collection[str], Collection[str], Collection[str]], Sequence[Told]]


class Figures(NamedTuple):
    """Of one session."""

    answers: list[Answer]
    of: str
    """Whose tokens they are; empty where nobody states any."""
    book: Book = NO_LISTS
    """The price lists they are priced by."""

    @property
    def tokens(self) -> Tokens:
        """All of them."""
        return total(self.by_model().values())

    @property
    def cost(self) -> Cost:
        """What they cost together."""
        return cost_of(self.answers, self.book)

    def by_model(self) -> dict[str, Tokens]:
        """By model, subagents with their session."""
        found: dict[str, Tokens] = {}
        for (_, _, model), tokens in by_model(self.answers).items():
            found[model] = total((found.get(model, Tokens()), tokens))
        return found


def shared(told: Sequence[Told]) -> tuple[set[str], set[str]]:
    """By what events may hang together with those of other sessions: ids of answers, and sessions they began in."""
    names = {usage.message_id for one in told if (usage := usage_of(one.event)) is not None and usage.message_id}
    began = [one.event for one in told if one.event.event_type == "agent.session_started"]
    return names, {event.object_id for event in began if event.object_type == "session"}


def total(parts: Collection[Tokens]) -> Tokens:
    """A sum of sums."""
    return Tokens(*(sum(column) for column in zip(*parts, strict=True))) if parts else Tokens()


def _counts(one: Told, of: Mapping[str, str], logged: Collection[str]) -> bool:
    """Whether what telemetry told of tokens is the telling that counts."""
    if of.get(one.event.session, TELEMETRY) != TELEMETRY:
        return False
    usage = usage_of(one.event)
    return usage is None or one.event.session not in logged or not usage.message_id.startswith(SPAN)


def figures_of(told: Mapping[str, Sequence[Told]], beside: Beside, book: Book = NO_LISTS) -> dict[str, Figures]:
    """The figures of some sessions.

    Args:
        told: their events, each session's in the order they were taken in.
        beside: what other sessions than some told of answers of these ids, and of parents of these: an answer belongs
            to whoever told it first.
        book: price lists that go before the table.
    """
    mine = [one for events in told.values() for one in events]
    usages = [(one, usage) for one in mine if (usage := usage_of(one.event)) is not None]
    names, parents = shared(mine)
    others = beside(list(told), names, parents - set(told))
    of: dict[str, str] = {}
    # Of telemetry too the same answer may be told twice, by a log record and by a span.
    logged = {one.event.session for one, usage in usages
              if one.channel == TELEMETRY and not usage.message_id.startswith(SPAN)}  # fmt: skip
    for one, _ in usages:
        if one.channel == TRANSCRIPT or one.event.session not in of:
            of[one.event.session] = one.channel
    events = sorted((*mine, *others), key=lambda one: (one.seq, one.sub))
    counted = [one.event for one in events if one.channel != TELEMETRY or _counts(one, of, logged)]
    found: dict[str, list[Answer]] = {session: [] for session in told}
    for answer in answers(counted):
        if answer.session in found:
            found[answer.session].append(answer)
    return {session: Figures(mine, of.get(session, ""), book) for session, mine in found.items()}
