"""Sessions as answers have them: JSON values, every line with the ids of the events it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.model.instant import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from vestige.agents.prices import Cost
    from vestige.agents.session import Step, Turn
    from vestige.agents.tokens import Tokens
    from vestige.app.sessions import Whole

UNTOLD: Final = "nobody told how many tokens were taken"
_MOST_TEXT: Final = 2_000


def summary(one: Whole) -> dict[str, Any]:
    """A session as lists have it."""
    place, session, figures, coverage, _ = one
    return {
        "id": session.session,
        "agent": session.agent,
        "agents": session.agents,
        "repository": session.repository,
        "author": session.author,
        "directories": session.directories[:5],
        "first_seen": to_text(place.first),
        "last_seen": to_text(place.last),
        "events": place.events,
        **session.counts(),
        "models": session.models,
        "tokens": tokens_json(figures.tokens),
        "tokens_of": figures.of,
        "cost": cost_json(figures.cost, figures.tokens),
        "coverage": coverage.to_json(),
        "sources": session.sources,
        "query": f'session:"{session.session}"',
    }


def rendered(one: Whole, until: int) -> dict[str, Any]:
    """A session with its turns; ``until``: the position behind what is sealed of it."""
    _, session, figures, coverage, _ = one
    return summary(one) | {
        "tokens_by_model": [
            {"model": model} | {"tokens": tokens_json(tokens)} for model, tokens in sorted(figures.by_model().items())
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


def tokens_json(tokens: Tokens) -> dict[str, int]:
    """By kind."""
    return tokens._asdict()


def cost_json(cost: Cost, tokens: Tokens) -> dict[str, Any]:
    """What tokens cost; where nobody told any, that, and no zero."""
    if not tokens.answers:
        return _priced(None, cost.priced, cost.table, (("", UNTOLD),))
    return _priced(cost.amount, cost.priced, cost.table, cost.unpriced)


def _priced(
    amount: Decimal | None, priced: Decimal, prices: str, unpriced: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """US dollars as text, so that no digit is lost. Where a model has no price there is no amount, and never zero."""
    about: dict[str, Any] = {"usd": None if amount is None else digits(amount), "prices": prices}
    if unpriced:
        about |= {
            "priced_usd": digits(priced),
            "unpriced": [{"model": model, "reason": reason} for model, reason in unpriced],
        }
    return about


def digits(amount: Decimal) -> str:
    """All of an amount's digits, and no zeros behind them."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
