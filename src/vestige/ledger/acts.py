"""The ``audit`` entry of an act: what was done, by whom, by which request, and what was before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ledger.models import Draft, Kind
from vestige.proof.canonical import Encodable, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.principal import Principal


def act_entry(act: str, by: Principal, detail: Mapping[str, Encodable], resource: str = "") -> Draft:
    """The entry to append in the transaction of the act itself.

    Args:
        act: its name: a noun and what became of it, such as ``key.revoked``.
        by: who does it.
        detail: how it came out; where something changed, ``before`` and ``after``.
        resource: what it was done to, as ``/v1/audit`` finds it: ``key:01K…``, ``person:ann@example.org``.
    """
    body: dict[str, Encodable] = {"act": act, "by": by.name, "detail": dict(detail), **by.context()}
    if resource:
        body["resource"] = resource
    return Draft(Kind.AUDIT, canonical(body))
