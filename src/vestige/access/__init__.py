"""Who may come in, and what they may do: tenants, people, and the keys that open tenants.

A credential opens one tenant and carries a set of permissions: a key's by its scopes, a person's by the role. What a
role or scope may is written in :mod:`vestige.access.roles` and nowhere else; each route says which one it needs. The
operating system's user on the machine itself is let in as an owner, through a socket only that user can open. Every
change is one transaction with the entry of the ledger that says so.
"""

from vestige.access.first_owner import FirstOwners
from vestige.access.guests import Guests
from vestige.access.keys import LONGEST_SECONDS, WantedKey, refuse_source
from vestige.access.limits import Buckets
from vestige.access.oidc_store import BEGUN_SECONDS
from vestige.access.password_logins import PasswordLogins
from vestige.access.people import People
from vestige.access.people_store import Person
from vestige.access.refusals import Refusals
from vestige.access.roles import EVERYTHING, ROLES, SCOPES, Role, Scope
from vestige.access.service import DEFAULT_SLUG, Access, Admitted, Tenant
from vestige.access.session_store import Session
from vestige.access.sessions import SESSION_SECONDS, Sessions
from vestige.access.tokens import is_well_formed, new_token

__all__ = [
    "BEGUN_SECONDS",
    "DEFAULT_SLUG",
    "EVERYTHING",
    "LONGEST_SECONDS",
    "ROLES",
    "SCOPES",
    "SESSION_SECONDS",
    "Access",
    "Admitted",
    "Buckets",
    "FirstOwners",
    "Guests",
    "PasswordLogins",
    "People",
    "Person",
    "Refusals",
    "Role",
    "Scope",
    "Session",
    "Sessions",
    "Tenant",
    "WantedKey",
    "is_well_formed",
    "new_token",
    "refuse_source",
]
