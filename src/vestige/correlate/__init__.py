"""What belongs together: chains of events over shared keys, each link with its reason."""

from vestige.correlate.chains import Chain, Link, Reach, follow
from vestige.correlate.store import Spot, Store

__all__ = ["Chain", "Link", "Reach", "Spot", "Store", "follow"]
