"""Sessions as answers have them: JSON values, every line with the ids of the events it is from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from vestige.agents.figures import total
from vestige.agents.prices import Cost, named, price_of
from vestige.agents.tokens import Tokens
from vestige.model.instant import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.agents.session import Step, Turn
    from vestige.app.sessions import Whole

_COUNTED: Final = ("prompts", "tool_calls", "edits", "commands", "denials", "errors")
UNTOLD: Final = "nobody told how many tokens were taken"
_DAY_TEXT: Final = 10
_MOST_TEXT: Final = 2_000


def summary(one: Whole) -> dict[str, Any]:
    """A session as lists have it."""
    place, session, figures, coverage, _ = one
    return {
        "id": session.session,
        "agent": session.agent,
        "agents": session.agents,
        "repository": session.repository,
        "directories": session.directories[:5],
        "first_seen": to_text(place.first),
        "last_seen": to_text(place.last),
        "events": place.events,
        **session.counts(),
        "models": session.models,
        "tokens": _tokens(figures.tokens),
        "tokens_of": figures.of,
        "cost": _cost(figures.cost, figures.tokens),
        "coverage": coverage.to_json(),
        "sources": session.sources,
        "query": f'session:"{session.session}"',
    }


def rendered(one: Whole, until: int) -> dict[str, Any]:
    """A session with its turns; ``until``: the position behind what is sealed of it."""
    _, session, figures, coverage, _ = one
    return summary(one) | {
        "tokens_by_model": [
            {"model": model} | {"tokens": _tokens(tokens)} for model, tokens in sorted(figures.by_model().items())
        ],
        "turns": [_turn(turn, until) for turn in session.turns],
        "changed": [
            {"path": path, "edits": len(edits), "lines_added": _sum(edit.added for edit in edits),
             "lines_removed": _sum(edit.removed for edit in edits)}
            for path, edits in sorted(session.files().items())
        ],
        "commits": [{"commit": commit, "evidence": ids} for commit, ids in session.commits.items()],
        "software": [
            {"program": name, "calls": n}
            for name, n in sorted(session.software().items(), key=lambda one: (-one[1], one[0]))
        ],
        "subagents": session.subagents,
        "model_switches": [_said(step) for step in session.of_kind("agent.model_switched")],
        "holes": [
            {name: value for name, value in hole._asdict().items() if value} for hole in coverage.holes
        ],
    }  # fmt: skip


def summed(found: Iterable[Whole], start: int | None, end: int | None, by: Sequence[str]) -> dict[str, Any]:
    """Sums over sessions. What states a time is summed where it lies; what states none, where its session does."""
    sums: dict[tuple[str, ...], _Sum] = {}
    whole = _Sum()
    for one in found:
        for keys, sum_ in _shares(one, start, end, by):
            sums.setdefault(keys, _Sum()).add(sum_)
            whole.add(sum_)
    rows = [dict(zip(by, keys, strict=True)) | one.to_json() for keys, one in sorted(sums.items())]
    return {"by": list(by), "rows": rows, "total": whole.to_json(), "prices": named(whole.tables)}


class _Sum:
    """A sum over parts of sessions."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.counts = dict.fromkeys(_COUNTED, 0)
        self.tokens = Tokens()
        self.cost = Decimal(0)
        self.unpriced: dict[tuple[str, str], None] = {}
        self.tables: set[str] = set()

    def add(self, other: _Sum) -> None:
        self.sessions |= other.sessions
        for name, count in other.counts.items():
            self.counts[name] += count
        self.tokens = total((self.tokens, other.tokens))
        self.cost += other.cost
        self.unpriced |= other.unpriced
        self.tables |= other.tables

    def to_json(self) -> dict[str, Any]:
        return {
            "sessions": len(self.sessions), **self.counts, "tokens": _tokens(self.tokens),
            "cost": _cost(
                Cost(None if self.unpriced else self.cost, self.cost, named(self.tables), tuple(self.unpriced)),
                self.tokens,
            ),
        }  # fmt: skip


def _shares(
    one: Whole, start: int | None, end: int | None, by: Sequence[str]
) -> Iterable[tuple[tuple[str, ...], _Sum]]:
    """A session's parts by what they are told apart by; only tokens know a model."""
    parts: dict[tuple[str, ...], _Sum] = {}

    def part(at: int | None, model: str) -> _Sum | None:
        when = one.place.last if at is None else at
        if (start is not None and when < start) or (end is not None and when >= end):
            return None
        values = {"agent": one.session.agent, "model": model, "repository": one.session.repository,
                  "day": to_text(when)[:_DAY_TEXT]}  # fmt: skip
        found = parts.setdefault(tuple(values[name] for name in by), _Sum())
        found.sessions.add(one.session.session)
        return found

    usual = one.session.models[0] if one.session.models else ""
    for step in one.session.steps:
        found = part(step.at, usual)
        if found is None:
            continue
        for name, count in _of_step(step).items():
            found.counts[name] += count
    for answer in one.figures.answers:
        found = part(answer.at, answer.usage.model)
        if found is None:
            continue
        used = answer.usage
        found.tokens = total((found.tokens, Tokens(*used[3:], 1)))
        price = price_of(used, answer.at, one.figures.book, answer.agent)
        found.tables.add(price.table)
        if price.amount is None:
            found.unpriced[used.model, price.reason] = None
        else:
            found.cost += price.amount
    return parts.items()


def _of_step(step: Step) -> dict[str, int]:
    if step.kind == "agent.prompt":
        return {"prompts": 1}
    if step.kind == "agent.error":
        return {"errors": 1}
    if step.kind != "agent.call":
        return {}
    return {
        "tool_calls": 1,
        "edits": sum(edit.outcome == "success" for edit in step.edits.values()),
        "commands": int(bool(step.command)),
        "denials": int(step.denied),
        "errors": int(step.outcome == "failure" and not step.denied),
    }


def _turn(turn: Turn, until: int) -> dict[str, Any]:
    about: dict[str, Any] = {"sealed": turn.newest < until}
    if turn.prompt is not None:
        about["prompt"] = _said(turn.prompt)
    return about | {"items": [_call(step) if step.kind == "agent.call" else _said(step) for step in turn.steps]}


def _said(step: Step) -> dict[str, Any]:
    return _stated(
        type=step.kind, at=None if step.at is None else to_text(step.at), text=step.text[:_MOST_TEXT],
        subagent=step.subagent, outcome=step.outcome, evidence=step.told,
    )  # fmt: skip


def _call(step: Step) -> dict[str, Any]:
    edits = [
        _stated(path=edit.path, outcome=edit.outcome)
        | {name: value for name, value in (("lines_added", edit.added), ("lines_removed", edit.removed))
           if value is not None}
        for edit in step.edits.values()
    ]  # fmt: skip
    return _said(step) | _stated(
        tool=step.tool, tool_use_id=step.use, denied=step.denied, command=step.command, edits=edits,
        commits=step.commits, snapshots=sorted(step.snapshots),
    )  # fmt: skip


def _stated(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {name: value for name, value in values.items() if value not in (None, "", [], {}, False)}


def _tokens(tokens: Tokens) -> dict[str, int]:
    return tokens._asdict()


def _cost(cost: Cost, tokens: Tokens) -> dict[str, Any]:
    if not tokens.answers:
        return _priced(None, cost.priced, cost.table, (("", UNTOLD),))
    return _priced(cost.amount, cost.priced, cost.table, cost.unpriced)


def _priced(
    amount: Decimal | None, priced: Decimal, prices: str, unpriced: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """US dollars as text, so that no digit is lost. Where a model has no price there is no amount, and never zero."""
    about: dict[str, Any] = {"usd": None if amount is None else _digits(amount), "prices": prices}
    if unpriced:
        about |= {
            "priced_usd": _digits(priced),
            "unpriced": [{"model": model, "reason": reason} for model, reason in unpriced],
        }
    return about


def _digits(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
