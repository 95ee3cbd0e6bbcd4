"""Which commits a run of CI is about, by what its runner says: GitHub Actions and GitLab CI.

What a runner says is the forge's word, and no script of whoever pushed. Where a branch is new, or what it was before is
not to be had, the commits are those that the branch it is to come into has not: more may be judged then, never less.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_EVENT: Final = 32 << 20
"""Bytes of GitHub's file about an event; a webhook's payload ends at 25 MB."""
_OID: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class Told(NamedTuple):
    """What a run is about."""

    ref: str
    old: str
    """Empty: nothing, or nobody says."""
    new: str
    """Empty: the ref is gone, and there is nothing to judge."""
    base: str
    """The branch whose commits need no judging where ``old`` does not help; empty: there is none."""


def github(environment: Mapping[str, str]) -> Told:
    """What an event of GitHub is about: push, pull_request, pull_request_target, merge_group.

    Raises:
        InputError: it is another one, or its file is not what it should be.
    """
    kind = _needed(environment, "GITHUB_EVENT_NAME", "GitHub Actions")
    event = _read(Path(_needed(environment, "GITHUB_EVENT_PATH", "GitHub Actions")))
    try:
        if kind == "push":
            default = str(event["repository"]["default_branch"])
            ref = str(event["ref"])
            own = ref == f"refs/heads/{default}"
            return Told(ref, _oid(event["before"]), _oid(event["after"]), "" if own else default)
        if kind in {"pull_request", "pull_request_target"}:
            base, head = event["pull_request"]["base"], event["pull_request"]["head"]
            return Told(
                f"refs/pull/{int(event['number'])}/head", _oid(base["sha"]), _oid(head["sha"]), str(base["ref"])
            )
        if kind == "merge_group":
            group = event["merge_group"]
            base = str(group["base_ref"]).removeprefix("refs/heads/")
            return Told(str(group["head_ref"]), _oid(group["base_sha"]), _oid(group["head_sha"]), base)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"GitHub's event {kind[:40]} is not as it should be", expected="what its webhook documents",
                         got=f"{type(error).__name__}: {error}"[:200]) from None  # fmt: skip
    raise InputError("this event names no commits", expected="push, pull_request, pull_request_target or merge_group",
                     got=kind[:80], hint="give --range A..B")  # fmt: skip


def gitlab(environment: Mapping[str, str]) -> Told:
    """What a pipeline of GitLab is about: of a push, or of a merge request.

    Raises:
        InputError: it is another one, or its variables are not what they should be.
    """
    kind = _needed(environment, "CI_PIPELINE_SOURCE", "GitLab CI")
    try:
        if kind == "merge_request_event":
            # Of a merged result, what is checked out is a commit that GitLab made; the branch's own end is the other.
            new = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "") or environment["CI_COMMIT_SHA"]
            ref = f"refs/merge-requests/{int(environment['CI_MERGE_REQUEST_IID'])}/head"
            base = environment["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]
            return Told(ref, _oid(environment["CI_MERGE_REQUEST_DIFF_BASE_SHA"]), _oid(new), base)
        if kind == "push":
            name, default = environment["CI_COMMIT_REF_NAME"], environment["CI_DEFAULT_BRANCH"]
            tag = environment.get("CI_COMMIT_TAG", "")
            ref = f"refs/tags/{tag}" if tag else f"refs/heads/{name}"
            own = not tag and name == default
            return Told(ref, _oid(environment["CI_COMMIT_BEFORE_SHA"]), _oid(environment["CI_COMMIT_SHA"]),
                        "" if own else default)  # fmt: skip
    except (KeyError, ValueError) as error:
        raise InputError(f"GitLab's pipeline {kind[:40]} is not as it should be", expected="its predefined variables",
                         got=f"{type(error).__name__}: {error}"[:200]) from None  # fmt: skip
    raise InputError("this pipeline names no commits", expected="push or merge_request_event", got=kind[:80],
                     hint="give --range A..B")  # fmt: skip


def _needed(environment: Mapping[str, str], name: str, where: str) -> str:
    found = environment.get(name, "")
    if not found:
        raise InputError(f"this is no run of {where}", expected=name, got="nothing", hint="give --range A..B")
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_EVENT + 1)
        found = orjson.loads(data) if len(data) <= MOST_EVENT else None
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError("the file about the event cannot be read", expected="JSON", got=str(error)[:200]) from None
    if not isinstance(found, dict):
        raise InputError("the file about the event is none", expected="a JSON object", got="something else")
    return found


def _oid(value: object) -> str:
    """An object's name; empty for zeros.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or not _OID.fullmatch(value):
        raise ValueError(f"{str(value)[:70]!r} is no object's name")
    return value if value.strip("0") else ""
