"""Archives: what a log took in during an ISO week, sealed, in a store of its own.

The life of an archive: a week that is over is cut out of the log by receipt (:mod:`~vestige.archive.weeks`); its files
are made in a folder (:mod:`~vestige.archive.making`), put into the store under a name nobody has seen
(:mod:`~vestige.archive.stores`), and only then named by the week's pointer, which is one object and so is there or not.
What a process left behind that ended in between is swept by the next. An erasure makes the archives anew that held
what went. An archive is verified by one file that needs nothing of ours (:mod:`~vestige.archive.offline`).
"""

from vestige.archive.making import Maker, Pointer, Span
from vestige.archive.offline import verifier, verify
from vestige.archive.stores import Store, open_store
from vestige.archive.weeks import Week, told, week_of

__all__ = ["Maker", "Pointer", "Span", "Store", "Week", "open_store", "told", "verifier", "verify", "week_of"]
