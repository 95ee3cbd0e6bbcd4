"""Questions of assistants (``vestige mcp``): each is an entry of the audit trail before it is answered.

They are asked by POST, since asking leaves that entry; nothing else comes of them. What an assistant asks with is
recorded without the secrets that may stand in it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Caller, Reads, ReadsCodeAndEvents, ReadsCodeAndPolicies, ReadsOwn
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import bounds
from vestige.app import ASSISTANT_EVENTS, ASSISTANT_ITEMS, ASSISTANT_RESULTS, CALLED, Assisting, Window

ROUTER = APIRouter(prefix="/v1/assistant", tags=["assistant"], dependencies=[Depends(only_known_parameters)])

Repository = Annotated[str, Field(min_length=1, max_length=300)]
Revision = Annotated[str, Field(max_length=255)]
Cursor = Annotated[str | None, Field(max_length=8192)]


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineQuestion(_Question):
    """A line of a file, as of a revision; without one, of the repository's own branch."""

    repository: Repository
    file: Annotated[str, Field(min_length=1, max_length=4096)]
    line: Annotated[int, Field(ge=1, le=10_000_000)]
    rev: Revision = ""


class SessionQuestion(_Question):
    """A session of an agent."""

    session: Annotated[str, Field(min_length=1, max_length=512)]
    limit: Annotated[int, Field(ge=1, le=ASSISTANT_ITEMS)] = 30
    cursor: Cursor = None


class DryRunQuestion(_Question):
    """What would be pushed: what `head` has and `base` has not; without a base, its last commit."""

    repository: Repository
    head: Revision = ""
    base: Revision = ""
    limit: Annotated[int, Field(ge=1, le=ASSISTANT_RESULTS)] = 50
    cursor: Cursor = None


class CommitQuestion(_Question):
    """A commit, by its name or the first letters of it; in which repository, where several have it."""

    commit: Annotated[str, Field(pattern="^[0-9a-f]{7,64}$")]
    repository: Annotated[str, Field(max_length=300)] = ""


class SearchQuestion(_Question):
    """A query of the timeline, from and to which time."""

    query: Annotated[str, Field(max_length=4096)] = ""
    start: Annotated[str | None, Field(max_length=64)] = None
    end: Annotated[str | None, Field(max_length=64)] = None
    order: Literal["asc", "desc"] = "desc"
    limit: Annotated[int, Field(ge=1, le=ASSISTANT_EVENTS)] = 20
    cursor: Annotated[str | None, Field(max_length=1000)] = None


@ROUTER.post("/explain-line")
def explain_line(caller: ReadsCodeAndEvents, asked: Annotated[LineQuestion, Body()]) -> dict[str, Any]:
    """Who wrote one line, how that is known, in which session, at which prompt, and the events that show it."""
    return _called(caller, "explain_line", asked).explain_line(asked.repository, asked.file, asked.line, asked.rev)


@ROUTER.post("/session")
def session(caller: Reads, asked: Annotated[SessionQuestion, Body()]) -> dict[str, Any]:
    """One session: what it was, and a page of what was done in it."""
    return _called(caller, "get_session", asked).session(asked.session, asked.limit, asked.cursor)


@ROUTER.post("/policy-dry-run")
def policy_dry_run(caller: ReadsCodeAndPolicies, asked: Annotated[DryRunQuestion, Body()]) -> dict[str, Any]:
    """What the policies in force would say of a push; nothing is decided by it, and nothing sealed."""
    room = _called(caller, "policy_dry_run", asked)
    return room.dry_run(asked.repository, asked.head, asked.base, asked.limit, asked.cursor)


@ROUTER.post("/verify-commit")
def verify_commit(caller: ReadsCodeAndEvents, asked: Annotated[CommitQuestion, Body()]) -> dict[str, Any]:
    """Whether what was sealed of a commit is proved by the ledger, and still what the repository has."""
    return _called(caller, "verify_commit", asked).verify_commit(asked.commit, asked.repository)


@ROUTER.post("/search-timeline")
def search_timeline(caller: ReadsOwn, asked: Annotated[SearchQuestion, Body()]) -> dict[str, Any]:
    """A page of the timeline."""
    low, high = bounds(asked.start, asked.end)
    window = Window(start=low, end=high, descending=asked.order == "desc", undated=False)
    return _called(caller, "search_timeline", asked).search(asked.query, window, asked.limit, asked.cursor)


def _called(caller: Caller, tool: str, asked: _Question) -> Assisting:
    """Record a question; what answers it."""
    given = asked.model_dump(mode="json", exclude_defaults=True)
    caller.record(CALLED, {"tool": tool, "arguments": caller.rooms.without_secrets(given)}, f"assistant:{tool}")
    return Assisting(caller.rooms)
