"""What the webhooks of forges have in common: lists of commits, and which commit a merged branch became."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.sources.cloud.audit import first, items, paths
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MERGED: Final = ("pull_request.merged", "merge_request.merged")
"""The actions of events of which :func:`merge_of` makes something."""
_MOST: Final = 50
"""Commits of one push by which it is found: the last ones."""
_OID: Final = frozenset({40, 64})
_COMMIT: Final = paths("object_attributes.squash_commit_sha object_attributes.merge_commit_sha")
_HEAD: Final = paths("object_attributes.last_commit.id")


class Merge(NamedTuple):
    """A branch that a forge merged, and what came of it."""

    head: str
    """The last commit of the branch, in full."""
    commit: str
    """The commit that has its changes: a squash, the last of those that were rebased, or a merge."""


def real(oids: Iterable[str]) -> list[str]:
    """Names of commits, each once: nothing, and the zeros that stand for a ref that is not there, are none."""
    return [oid for oid in dict.fromkeys(oids) if oid.strip("0")]


def commits_of(record: Mapping[str, object]) -> list[str]:
    """The commits a push says that it brought: the last of them."""
    return [text_of(mapping(one).get("id")) for one in items(record.get("commits"))[-_MOST:]]


def merge_of(record: Mapping[str, object]) -> Merge | None:
    """As what a delivery says that a branch was merged; ``None`` if it says nothing of the kind.

    References: docs.github.com "pull_request"; docs.gitlab.com "Merge request events"; docs/receivers.md.
    """
    pull, request = mapping(record.get("pull_request")), mapping(record.get("object_attributes"))
    if pull.get("merged") is True:
        found = Merge(first(pull, paths("head.sha")), text_of(pull.get("merge_commit_sha")))
    elif record.get("object_kind") == "merge_request" and request.get("action") == "merge":
        found = Merge(first(record, _HEAD), first(record, _COMMIT))
    elif record.get("kind") == "merged":
        found = Merge(text_of(record.get("head")), text_of(record.get("commit")))
    else:
        return None
    return found if _is_oid(found.head) and _is_oid(found.commit) and found.head != found.commit else None


def _is_oid(text: str) -> bool:
    return len(text) in _OID and not text.strip("0123456789abcdef") and bool(text.strip("0"))
