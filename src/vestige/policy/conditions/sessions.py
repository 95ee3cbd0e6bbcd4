"""Conditions on the sessions that had a part in a commit, as they were sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from vestige.model.patterns import matches
from vestige.policy.condition import (
    GIT_ONLY,
    Named,
    OfSessions,
    Percent,
    Policy,
    Texts,
    Verdict,
    failed,
    passed,
    undecided,
)

if TYPE_CHECKING:
    from vestige.policy.condition import Evidence
    from vestige.policy.facts import Commit, Facts, Session

_LOST: Final = ("capture_gap", "cut", "unread", "unmatched")
"""Holes that say that something of a session is not here; others say that only one witness tells it."""


def _lost(session: Session) -> str:
    """Why a session's record is known not to be whole; empty if nobody says so."""
    found = [f"{reason} ({session.holes[reason]})" for reason in _LOST if session.holes.get(reason)]
    return ", ".join(found)


class TraceCompleteness(Policy):
    """Every commit has a sealed session, of which nothing is known to be missing."""

    type: Literal["trace_completeness"]

    def judge(self, facts: Facts, commit: Commit) -> Verdict:
        """A commit without any session fails: that is what the condition is about."""
        if not commit.own:
            return passed("it changes nothing of its own")
        sealed, others = facts.sessions_of(commit)
        if not sealed and not others and facts.git_only:
            return undecided(GIT_ONLY)
        if not sealed and not others:
            return failed("no session is known to have made it", {"commit": commit.oid})
        if others:
            return undecided("a session that made it is not sealed", *({"session": name} for name in others))
        lost = [(one, why) for one in sealed if (why := _lost(one))]
        if lost:
            return undecided(
                f"of a session something is missing: {lost[0][1]}", *({"session": one.id} for one, _ in lost)
            )
        return passed(f"made in {len(sealed)} sealed sessions")


class ModelAllowlist(OfSessions):
    """Every model that answered is one of ``allowed_models``, exact or with ``*``; an empty list allows all."""

    type: Literal["model_allowlist"]
    allowed_models: Texts

    def judge_session(self, session: Session) -> Verdict:
        """A session that names no model fails: an allowlist is of models that are named."""
        if not self.allowed_models:
            return passed("every model is allowed")
        if not session.models:
            return failed("a session names no model", {"session": session.id})
        wrong = [one for one in session.models if not any(matches(name, one) for name in self.allowed_models)]
        if wrong:
            said: list[Evidence] = [{"session": session.id, "model": one} for one in wrong]
            return failed(f"not an allowed model: {', '.join(wrong[:5])}", *said)
        return passed(f"answered by {', '.join(session.models[:5])}")


class CoverageMin(OfSessions):
    """All of a session's witnesses tell at least ``min_percent`` of its calls. With one witness nobody knows."""

    type: Literal["coverage_min"]
    min_percent: Percent

    def judge_session(self, session: Session) -> Verdict:
        """By calls, in whole numbers."""
        if len(session.witnesses) < 2 or not session.calls_counted:
            said = "only one witness tells of a session" if session.calls_counted else "no call of a session is told"
            return undecided(said, {"session": session.id})
        told = f"{session.calls_by_all} of {session.calls_counted} calls are told by all witnesses"
        if session.calls_by_all * 100 < self.min_percent * session.calls_counted:
            return failed(f"{told}, below {self.min_percent} %", {"session": session.id})
        return passed(told)


class SecretInSession(OfSessions):
    """No secret had to be taken out of what a session said. ``ignore_rules`` names rules that do not count."""

    type: Literal["secret_in_session"]
    ignore_rules: Texts = ()

    def judge_session(self, session: Session) -> Verdict:
        """What is missing of a session may have held one."""
        found = [one for one in session.secrets if one.rule not in self.ignore_rules]
        if found:
            said: list[Evidence] = [{"session": session.id, "rule": one.rule, "event": one.event} for one in found]
            return failed(f"secrets were in a session: {', '.join(sorted({one.rule for one in found}))}", *said)
        if why := _lost(session):
            return undecided(f"of a session something is missing: {why}", {"session": session.id})
        return passed("no secret was found")


class PermissionModeForbidden(OfSessions):
    """No agent ran in one of ``modes``."""

    type: Literal["permission_mode_forbidden"]
    modes: Named = ("bypassPermissions",)

    def judge_session(self, session: Session) -> Verdict:
        """An agent that tells no mode may have run in any."""
        found = [one for one in session.modes if one.mode in self.modes]
        if found:
            said: list[Evidence] = [{"session": session.id, "mode": one.mode, "event": one.event} for one in found]
            return failed(f"an agent ran in the mode {found[0].mode}", *said)
        if not session.modes:
            return undecided("a session tells no permission mode", {"session": session.id})
        return passed(f"in the mode {', '.join(one.mode for one in session.modes)}")


class McpServerAllowlist(OfSessions):
    """Every MCP server of which a tool was called, with success or without, is one of ``allowed_servers``."""

    type: Literal["mcp_server_allowlist"]
    allowed_servers: Texts

    def judge_session(self, session: Session) -> Verdict:
        """A call of a tool that is not told may have been of any."""
        wrong = [one for one in session.calls if one.server and one.server not in self.allowed_servers
                 and one.outcome != "denied"]  # fmt: skip
        if wrong:
            said: list[Evidence] = [
                {"session": session.id, "server": one.server, "tool": one.tool, "event": next(iter(one.events), "")}
                for one in wrong
            ]
            return failed(f"not an allowed MCP server: {', '.join(sorted({one.server for one in wrong})[:5])}", *said)
        if any(not one.tool for one in session.calls):
            return undecided("a session does not say which tool it called", {"session": session.id})
        return passed("no other MCP server was called")
