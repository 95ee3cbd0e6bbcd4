"""Anchors: others who vouch for the ledger, so that its own word is not all there is.

* An **authority** (RFC 3161) says when a signed checkpoint existed: :mod:`~vestige.anchors.stamps`.
* A **witness** (C2SP tlog-witness) says that a checkpoint extends all it saw of the log before, and when it saw it:
  :mod:`~vestige.anchors.witnesses` asks, :mod:`~vestige.anchors.witness` is one.

The **super-log** (:mod:`~vestige.anchors.superlog`) lets one time stamp cover the logs of all tenants.

What they say becomes ``anchor`` entries of the log (:mod:`~vestige.anchors.entries`); :mod:`~vestige.anchors.service`
asks whoever is due. The room has no tables: the ledger holds all it needs.
"""

from vestige.anchors.entries import COSIGNATURE, RFC3161, Anchor, anchors, cosigned
from vestige.anchors.means import Means
from vestige.anchors.report import Failure, Report
from vestige.anchors.service import Anchoring
from vestige.anchors.witness import Witness
from vestige.anchors.witnesses import read_witnesses

__all__ = [
    "COSIGNATURE",
    "RFC3161",
    "Anchor",
    "Anchoring",
    "Failure",
    "Means",
    "Report",
    "Witness",
    "anchors",
    "cosigned",
    "read_witnesses",
]
