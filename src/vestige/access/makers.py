"""Who made an invitation, or a reset, and whether they still could: nobody lets anybody in who is let in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.access import people_store, store
from vestige.access.roles import may_give, permissions_with
from vestige.model.instant import now
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from vestige.access.people_store import Invite
    from vestige.ledger import Transaction


def maker_may(transaction: Transaction, invite: Invite) -> bool:
    """Whether who made an invitation could make it now: nobody lets anybody in who is not let in any more."""
    connection = transaction.connection
    maker = people_store.by_email(connection, invite.tenant, invite.made_by)
    if maker is not None:
        given = permissions_with(invite.role, may_erase=invite.may_erase) | {Permission.PEOPLE_MANAGE}
        return not maker.removed_at and may_give(maker.permissions, given)
    key = store.key_by_id(connection, invite.tenant, invite.made_key) if invite.made_key else None
    return key is None or not key.revoked_at or bool(key.replaced_by)


def end_invites_by(
    transaction: Transaction, tenant: str, email: str, held: frozenset[Permission]
) -> dict[str, Any]:  # fmt: skip
    """End what a person invited to, or reset, and with what they hold now could not; how many, for the entry."""
    at, ended = now(), 0
    for one in people_store.invites(transaction.connection, tenant, at):
        given = permissions_with(one.role, may_erase=one.may_erase) | {Permission.PEOPLE_MANAGE}
        if one.made_by == email and not may_give(held, given):
            people_store.end_invite(transaction.connection, one, at)
            ended += 1
    return {"invitations_ended": ended} if ended else {}
