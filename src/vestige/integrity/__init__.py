"""Whether what is stored is still what was written: of the ledger, and of the index against the ledger.

The verification itself is :mod:`vestige.ledger.verify`; here is what makes it a service: going on from where the last
good one ended (:mod:`~vestige.integrity.increment`), holding the index against rows computed again
(:mod:`~vestige.integrity.projection`), and telling somebody who does not look (:mod:`~vestige.integrity.alarm`).
"""

from vestige.integrity.alarm import Alarm
from vestige.integrity.increment import Mark, advance, mark_of
from vestige.integrity.projection import compared

__all__ = ["Alarm", "Mark", "advance", "compared", "mark_of"]
