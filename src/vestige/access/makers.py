"""Who made an invitation, or a reset, and whether they still could: nobody lets anybody in who is let in no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.access import people_store, store
from vestige.access.keys import is_living
from vestige.access.roles import may_give, permissions_with
from vestige.model.instant import now
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from vestige.access.people_store import Invite
    from vestige.access.store import KeyRow
    from vestige.ledger import Transaction


def maker_may(transaction: Transaction, invite: Invite) -> bool:
    """Whether who made an invitation could make it now: nobody lets anybody in who is not let in any more."""
    connection = transaction.connection
    key = store.key_by_id(connection, invite.tenant, invite.made_key) if invite.made_key else None
    if key is not None and not key.person:
        return _lives_on(connection, key, now())
    maker = people_store.by_email(connection, invite.tenant, invite.made_by)
    if maker is not None:
        given = permissions_with(invite.role, may_erase=invite.may_erase) | {Permission.PEOPLE_MANAGE}
        return not maker.removed_at and may_give(maker.permissions, given)
    # Made with no credential: by the user of the machine itself. One that is not there any more vouches for nothing.
    return not invite.made_key


def sponsors(
    connection: Connection, tenant: str, names: Collection[str], since: int, line: Callable[[str], Collection[str]]
) -> frozenset[str]:
    """Who let somebody in since a time, and who let those in, and so on: names, and ids of their keys.

    A reset lets in as an invitation does: whoever made it may have set the password.

    Args:
        connection: any.
        tenant: whose people.
        names: what somebody goes by.
        since: nanoseconds since 1970.
        line: whose hands a key came through, by its id.
    """
    made: dict[str, list[Invite]] = {}
    for invite in people_store.invites_since(connection, tenant, since):
        made.setdefault(invite.email, []).append(invite)
    found = set[str]()
    waiting = list(names)
    while waiting:
        for invite in made.pop(waiting.pop(), []):
            new = {invite.made_by, *([invite.made_key, *line(invite.made_key)] if invite.made_key else [])} - found
            found |= new
            waiting += new
    return frozenset(found - {""})


def _lives_on(connection: Connection, key: KeyRow, at: int) -> bool:
    """Whether a key, or one that took its place, opens anything at that time: a rotation alone ends nothing."""
    seen = {key.id}
    found: KeyRow | None = key
    while found is not None and not is_living(found, at):
        after = found.replaced_by
        if not after or after in seen:
            return False
        seen.add(after)
        found = store.key_by_id(connection, key.tenant, after)
    return found is not None


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
