"""What belongs together: chains of events over shared keys, each link with its reason; entities, and whom they met."""

from vestige.correlate.chains import Chain, Reach, follow
from vestige.correlate.detections import Detection, Detector
from vestige.correlate.links import Link
from vestige.correlate.store import Key, Spot, Store

__all__ = ["Chain", "Detection", "Detector", "Key", "Link", "Reach", "Spot", "Store", "follow"]
