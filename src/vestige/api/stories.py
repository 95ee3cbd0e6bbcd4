"""Stories: why a function, a file, a commit or a session is as it is; and the model that may write them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import stories as answers
from vestige.api.callers import Caller, ManagesStories, ReadsCodeAndEvents, WritesStories
from vestige.api.limits import only_known_parameters
from vestige.app import MODEL_KEY_BYTES, AskedStory
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/stories", tags=["stories"], dependencies=[Depends(only_known_parameters)])

Form = Literal["json", "prose", "adr"]


class StoryRequest(BaseModel):
    """What a story is asked of: a `session`; a `commit` of a `repository`; or a file, with a `scope` or a `line`."""

    model_config = ConfigDict(extra="forbid")

    session: Annotated[str, Field(max_length=512)] = ""
    repository: Annotated[str, Field(max_length=64)] = ""
    commit: Annotated[str, Field(max_length=255)] = ""
    path: Annotated[str, Field(max_length=4096)] = ""
    scope: Annotated[str, Field(max_length=1024)] = ""
    line: Annotated[int, Field(ge=0, le=100_000)] = 0
    rev: Annotated[str, Field(max_length=255)] = ""
    form: Form = "json"


class ModelRequest(BaseModel):
    """The model that writes stories from now on."""

    model_config = ConfigDict(extra="forbid")

    provider: Literal["anthropic", "openai"]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    url: Annotated[str, Field(max_length=2048)] = ""
    """Empty: the provider's own."""
    key: Annotated[str, Field(max_length=MODEL_KEY_BYTES, repr=False)] = ""
    """It is kept encrypted and never given out again. Empty: the one that was there, if provider and URL are."""


@ROUTER.get("", responses={200: {"model": answers.Story}})
def story(
    caller: ReadsCodeAndEvents,
    session: Annotated[str, Query(max_length=512)] = "",
    repository: Annotated[str, Query(max_length=64)] = "",
    commit: Annotated[str, Query(max_length=255)] = "",
    path: Annotated[str, Query(max_length=4096)] = "",
    scope: Annotated[str, Query(max_length=1024, description="a function or class of the file, by its name")] = "",
    line: Annotated[int, Query(ge=0, le=100_000, description="one line of the file; 0: none is meant")] = 0,
    rev: Annotated[str, Query(max_length=255, description="the file as of this; empty: the usual branch")] = "",
    form: Form = "json",
) -> dict[str, Any]:
    """The story of a `session`, a `commit` of a `repository`, or a file at `path`, by template: no model is asked.

    Each sentence has its citations; `unknown` says what is not known; `form` `prose` or `adr` adds `markdown`.
    """
    asked = AskedStory(session, repository, commit, path, scope, line, rev)
    return _told(caller, asked, form, written=False)


@ROUTER.post("", responses={200: {"model": answers.Story}})
def write(caller: WritesStories, request: Annotated[StoryRequest, Body()]) -> dict[str, Any]:
    """The same story written by the model that is set: the entries that led there are sent to it.

    A sentence that cites nothing, or whose quote does not stand in the entry it cites, is in `dropped` and not told.
    """
    asked = AskedStory(**request.model_dump(exclude={"form"}))
    return _told(caller, asked, request.form, written=True)


def _told(caller: Caller, asked: AskedStory, form: Form, *, written: bool) -> dict[str, Any]:
    rooms = caller.rooms
    lag = rooms.settle()
    decisions = {Permission.POLICIES_READ, Permission.AUDIT_READ} <= caller.permissions
    writer = caller.principal if written else None
    told = rooms.stories.tell(asked, rooms, decisions=decisions, form=form, writer=writer)
    return told | rooms.behind(lag)


@ROUTER.get("/model", responses={200: {"model": answers.StoryModel}})
def model(caller: ReadsCodeAndEvents) -> dict[str, Any]:
    """Which model writes stories, and where; of its key, whether there is one."""
    return caller.rooms.stories.model.shown()


@ROUTER.put("/model", responses={200: {"model": answers.StoryModel}})
def set_model(caller: ManagesStories, request: Annotated[ModelRequest, Body()]) -> dict[str, Any]:
    """Let a model write stories from now on."""
    found = caller.rooms.stories.model.set(request.provider, request.name, request.url, request.key, caller.principal)
    caller.rooms.projector.nudge()
    return found


@ROUTER.delete("/model", status_code=204)
def clear_model(caller: ManagesStories) -> None:
    """Let no model write stories any more; its key is forgotten."""
    caller.rooms.stories.model.clear(caller.principal)
    caller.rooms.projector.nudge()
