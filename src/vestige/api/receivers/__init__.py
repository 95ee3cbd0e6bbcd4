"""Receivers: other systems' own protocols over HTTP, so that what already sends can send here without a line of code.

One file per protocol. Each cuts a request into records as exact bytes, has them appended in one transaction, and
answers in the protocol's own words after the commit; what is shared stands in :mod:`vestige.api.receivers.door`.
"""

from vestige.api.receivers import bulk, hec, webhooks
from vestige.api.receivers.door import Gates

ROUTERS = (hec.ROUTER, webhooks.ROUTER, bulk.ROUTER)

__all__ = ["ROUTERS", "Gates"]
