"""The declared timeline: what services say of themselves, under contracts, and what later events say of it.

* :mod:`~vestige.declared.envelope`: what every event must be.
* :mod:`~vestige.declared.kinds`, :mod:`~vestige.declared.contracts`: the JSON Schema of each kind, ours and producers'.
* :mod:`~vestige.declared.taking`: into the ledger, answered event by event.
* :mod:`~vestige.declared.reading`, :mod:`~vestige.declared.queries`, :mod:`~vestige.declared.store`: back out.
"""

from vestige.declared.kinds import Kinds
from vestige.declared.queries import DETAILS, MOST_DETAILS, of_category, of_detail, quoted
from vestige.declared.reading import Reading
from vestige.declared.store import Store
from vestige.declared.taking import Acknowledged, Bounds, Taking

__all__ = [
    "DETAILS",
    "MOST_DETAILS",
    "Acknowledged",
    "Bounds",
    "Kinds",
    "Reading",
    "Store",
    "Taking",
    "of_category",
    "of_detail",
    "quoted",
]
