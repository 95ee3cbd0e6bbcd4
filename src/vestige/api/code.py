"""Repositories: what comes into them, what is in them, and who wrote each line.

What a commit names never changes, so ``ETag`` of an answer is made of the commit's own name and of what was asked;
``If-None-Match`` with it is answered 304 before anything is read, to whoever may read it still.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.callers import Caller, ManagesCode, PushesCode, ReadsCode, ReadsCodeAndEvents
from vestige.api.limits import only_known_parameters
from vestige.app import CLAIM_TEXT, Claim, Form
from vestige.model.errors import ForbiddenError, InputError, TooLargeError, UsageError
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/code/repositories", tags=["code"], dependencies=[Depends(only_known_parameters)])

Revision = Annotated[str, Query(max_length=255, description="a branch, a tag or a commit; empty: the usual branch")]
InPath = Annotated[str, Query(max_length=4096, description="within the repository")]
Known = Annotated[str, Header(alias="If-None-Match", max_length=4096)]
_BYTES: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
"""A stranger's file is given as bytes and never as a page."""
_FORMS: Final = {
    Form.AGENT_TRACE: "application/vnd.agent-trace.record+json",
    Form.GIT_AI: "text/plain; charset=utf-8",
}
_OID: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class RepositoryRequest(BaseModel):
    """A repository that is to be pushed to, or one that is fetched from a URL."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=300)]
    object_format: Annotated[str, Field(pattern="^sha(1|256)$")] = "sha1"
    url: Annotated[str, Field(max_length=2048)] = ""
    deploy_key: Annotated[str, Field(max_length=16384, repr=False)] = ""
    """A private key in OpenSSH's form. It is kept encrypted and never given out again."""


@ROUTER.get("")
def repositories(caller: ReadsCode) -> dict[str, Any]:
    """Every repository, by name."""
    return {"repositories": caller.rooms.code.all()}


@ROUTER.post("", status_code=201)
def add_repository(
    caller: PushesCode, response: Response, request: Annotated[RepositoryRequest, Body()]
) -> dict[str, Any]:
    """Register a repository, to be pushed to or fetched from `url`; 200 if there is one of that name.

    One with a `url` takes the permission `code.manage`; its URL and key are then those of the request.
    """
    code = caller.rooms.code
    if request.url:
        _manages(caller)
        told, new = code.mirror(request.name, request.url, request.deploy_key, caller.principal)
    else:
        if request.deploy_key:
            raise UsageError("a deploy key needs a URL", expected="url beside it", got="none", field="url")
        caller.may_write(code.source_named(request.name))
        told, new = code.register(request.name, caller.principal, request.object_format)
    response.status_code = 201 if new else 200
    return told


@ROUTER.get("/{repository}")
def repository(caller: ReadsCode, repository: str) -> dict[str, Any]:
    """One repository: where it comes from, when something last came, how large it is."""
    return caller.rooms.code.one(repository)


@ROUTER.delete("/{repository}", status_code=204)
def remove_repository(caller: ManagesCode, repository: str) -> None:
    """Let a repository be no more; what the ledger knows of its lines stays."""
    caller.rooms.code.remove(repository, caller.principal)


@ROUTER.get("/{repository}/tips")
def tips(caller: PushesCode, repository: str) -> dict[str, Any]:
    """What need not be pushed again: objects, without the names they have."""
    caller.may_write(caller.rooms.code.source(repository))
    return {"tips": caller.rooms.code.tips(repository)}


@ROUTER.post("/{repository}/bundles", status_code=201)
async def push_bundle(
    request: Request,
    caller: PushesCode,
    repository: str,
    head: Annotated[str, Query(max_length=255, description="the branch to look at where none is named")] = "",
) -> dict[str, Any]:
    """Take in a Git bundle, the body, after all of it was looked at; nothing of it if something is wrong."""
    code = caller.rooms.code
    caller.may_write(await run_in_threadpool(code.source, repository))
    spool = await run_in_threadpool(caller.rooms.spool)
    try:
        seen = 0
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > code.largest:
                raise TooLargeError(
                    "the bundle is too large", expected=f"at most {code.largest} bytes", got=f"{seen} or more",
                    hint="push fewer commits at once, or raise VESTIGE_LIMIT_CODE_PUSH_BYTES",
                )  # fmt: skip
            await run_in_threadpool(spool.write, chunk)
        if await run_in_threadpool(spool.finish) == 0:
            raise InputError("the body is empty", expected="a Git bundle", got="0 bytes")
        return await run_in_threadpool(code.push, repository, spool.path, caller.principal, head)
    finally:
        spool.discard()


@ROUTER.post("/{repository}/fetch")
def fetch(caller: ManagesCode, repository: str) -> dict[str, Any]:
    """Fetch what is new from the repository's URL."""
    return caller.rooms.code.fetch(repository, caller.principal)


@ROUTER.get("/{repository}/refs")
def refs(caller: ReadsCode, repository: str) -> dict[str, Any]:
    """Branches and tags, and what each comes to; `seen`: how many commits came that have no name any more."""
    return caller.rooms.code.refs(repository)


@ROUTER.get("/{repository}/tree")
def tree(caller: ReadsCode, repository: str, rev: Revision = "", path: InPath = "", known: Known = "") -> Response:
    """What a folder of a commit holds, folders first. `path`: empty for the topmost."""
    code = caller.rooms.code
    commit = code.commit_of(repository, rev)
    return _named(f"{commit} tree {path}", known) or _json(code.tree(repository, commit, path), f"{commit} tree {path}")


@ROUTER.get("/{repository}/file")
def file(
    caller: ReadsCode,
    repository: str,
    path: InPath,
    rev: Revision = "",
    raw: Annotated[bool, Query(description="its bytes, and nothing else")] = False,
    known: Known = "",
) -> Response:
    """A file by lines, with its size and `unshown` if it has none that are shown; `raw=true` gives its bytes."""
    code = caller.rooms.code
    commit = code.commit_of(repository, rev)
    asked = f"{commit} file {raw} {path}"
    had = _named(asked, known)
    if had is not None:
        return had
    if raw:
        data = code.content(repository, commit, path)
        return Response(data, media_type="application/octet-stream", headers=_headers(asked) | _BYTES)
    return _json(code.file(repository, commit, path), asked)


@ROUTER.get("/{repository}/lines")
def lines(caller: ReadsCodeAndEvents, repository: str, path: InPath, rev: Revision = "", known: Known = "") -> Response:
    """Who wrote each line of a file, how that is known, and the same by function and class.

    What no range names is unknown, and never a person's.
    """
    code = caller.rooms.code
    told = code.lines(repository, code.commit_of(repository, rev), path)
    body = orjson.dumps(told)
    # What is known of lines grows: here the tag is of what is said.
    return _named(body, known) or _json(told, body)


@ROUTER.get("/{repository}/commits")
def commits(
    caller: ReadsCode,
    repository: str,
    rev: Revision = "",
    path: InPath = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    known: Known = "",
) -> Response:
    """Commits from one back, the newest first, each with its own dates; with a `path`, those that changed it."""
    code = caller.rooms.code
    tip, skip = (code.commit_of(repository, rev), 0) if cursor is None else _place(cursor)
    asked = f"{tip} commits {skip} {limit} {path}"
    had = _named(asked, known)
    if had is not None:
        return had
    found = code.commits(repository, tip, path, skip, limit)
    if found.pop("more"):
        found["next_cursor"] = base64.urlsafe_b64encode(f"{tip}.{skip + limit}".encode()).decode().rstrip("=")
    return _json(found, asked)


@ROUTER.get("/{repository}/commits/{oid}")
def commit(
    caller: ReadsCode,
    repository: str,
    oid: str,
    parent: Annotated[int, Query(ge=1, le=1000, description="which of those it rests on")] = 1,
    path: InPath = "",
    known: Known = "",
) -> Response:
    """One commit and what it changes, as data: files, hunks, lines. `parent`: against which of a merge's."""
    asked = f"{oid} commit {parent} {path}"
    had = _named(asked, known) if _OID.fullmatch(oid) and caller.rooms.code.commit_of(repository, oid) else None
    return had or _json(caller.rooms.code.commit(repository, oid, parent, path), asked)


@ROUTER.get("/{repository}/commits/{oid}/attribution")
def attribution(
    caller: ReadsCodeAndEvents,
    repository: str,
    oid: str,
    form: Annotated[Form, Query(description="agent-trace or git-ai")] = Form.AGENT_TRACE,
) -> Response:
    """Who wrote the lines of a commit, as others read it: an Agent Trace record, or the text of a Git AI note."""
    code = caller.rooms.code
    return Response(code.exported(repository, code.commit_of(repository, oid), form), media_type=_FORMS[form])


class ClaimRequest(BaseModel):
    """Others' word on who wrote the lines of a `commit`; an Agent Trace record names it itself."""

    model_config = ConfigDict(extra="forbid")

    form: Form
    text: Annotated[str, Field(min_length=1, max_length=CLAIM_TEXT)]
    commit: Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""


@ROUTER.post("/{repository}/claims")
def claim(caller: PushesCode, repository: str, request: Annotated[ClaimRequest, Body()]) -> dict[str, Any]:
    """Keep others' word on who wrote the lines of a commit, as evidence; it fills what nobody here saw.

    `unused` says why nothing can be made of it, or not yet.
    """
    code = caller.rooms.code
    caller.may_write(code.source(repository))
    if request.form is Form.GIT_AI and not request.commit:
        raise UsageError("a note does not say whose it is", expected="commit", got="none", field="commit")
    return code.claim(repository, Claim(request.form, request.commit, request.text), caller.principal)


def _manages(caller: Caller) -> None:
    if Permission.CODE_MANAGE not in caller.permissions:
        raise ForbiddenError(
            "you may not let the server fetch from a URL", expected=f"the permission {Permission.CODE_MANAGE}",
            got=f"{caller.principal.name} does not have it", hint="push the repository, or ask an admin",
        )  # fmt: skip


def _place(cursor: str) -> tuple[str, int]:
    try:
        tip, _, skip = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(".")
        if _OID.fullmatch(tip) and skip.isdecimal():
            return tip, int(skip[:9])
    except ValueError:
        pass
    raise UsageError(
        "that is no cursor of this list", expected="next_cursor of a page", got=cursor[:40], field="cursor"
    )


def _tag(asked: str | bytes) -> str:
    data = asked.encode("utf-8", "replace") if isinstance(asked, str) else asked
    head = f"{asked.partition(' ')[0][:64]}." if isinstance(asked, str) else ""
    return f'"{head}{hashlib.sha256(data).hexdigest()[:32]}"'


def _headers(asked: str | bytes) -> dict[str, str]:
    return {"ETag": _tag(asked), "Cache-Control": "private, no-cache"}


def _named(asked: str | bytes, known: str) -> Response | None:
    """304, if the asker has the answer already."""
    had = {one.strip().removeprefix("W/") for one in known.split(",")}
    return Response(status_code=304, headers=_headers(asked)) if {_tag(asked), "*"} & had else None


def _json(told: dict[str, Any], asked: str | bytes) -> Response:
    return Response(orjson.dumps(told), media_type="application/json", headers=_headers(asked))
