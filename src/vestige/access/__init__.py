"""Who may come in: tenants, and the keys that open them.

For now an installation has one tenant and one owner key made at first start; the operating system's user on the
machine itself is let in through a socket only that user can open. Every credential made is an entry of the ledger.
"""

from vestige.access.service import DEFAULT_SLUG, Access, Tenant
from vestige.access.tokens import is_well_formed, new_token

__all__ = ["DEFAULT_SLUG", "Access", "Tenant", "is_well_formed", "new_token"]
