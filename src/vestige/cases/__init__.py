"""Cases: what belongs to an investigation, who says what of it, and proof that nothing of it was altered.

* :mod:`~vestige.cases.models`, :mod:`~vestige.cases.items`: the nouns, what each may hold, and their bounds.
* :mod:`~vestige.cases.service`, :mod:`~vestige.cases.saying`: the acts; each is an entry of the tenant's ledger.
* :mod:`~vestige.cases.fold`, :mod:`~vestige.cases.store`: from entries to tables, which can be made again from them.
* :mod:`~vestige.cases.check`: whether what is pinned is still what was pinned.
* :mod:`~vestige.cases.selection_store`: all events of a query.
* :mod:`~vestige.cases.writing`, :mod:`~vestige.cases.stix`: a case for people, tables and other programs.

A case is of one tenant; whoever may write cases there may write each of them. Members and owner say who works on it,
not who may.
"""

from vestige.cases.models import Case, Found, Item, Pin
from vestige.cases.saying import Saying
from vestige.cases.service import Cases

__all__ = ["Case", "Cases", "Found", "Item", "Pin", "Saying"]
