"""A case as a report for people: HTML that runs nothing and loads nothing, PDF, Markdown; made of one set of facts.

The life of a report
====================

1. **Gathered.** :mod:`vestige.app.reporting` reads a case, holds what is pinned against the ledger, and fills a
   :class:`Report`: plain values, bounded in number, each told apart by who says it.
2. **Set out.** :func:`document` turns it into blocks, one after the other (:mod:`~vestige.reports.blocks`). Every word
   of ours stands there, so all shapes say the same.
3. **Written.** :mod:`~vestige.reports.html` and :mod:`~vestige.reports.markdown` write the blocks;
   :mod:`~vestige.reports.pdf` lays the HTML out on pages.

Three voices are kept apart, by their looks and by words: what the system *states*, what a person *wrote*, and what the
evidence *says*. Nothing a person wrote and nothing that came in as evidence is ever markup.

The same :class:`Report` gives the same bytes, in every shape. Its nouns stand here; whoever writes one takes the
modules by their names, since only then is the reader of Markdown needed.
"""

from vestige.reports.models import (
    Band,
    Checkpoint,
    Clock,
    Custody,
    Event,
    Hand,
    Hypothesis,
    Listing,
    Method,
    Named,
    Note,
    Picture,
    Report,
    Task,
    Vouched,
    Weighed,
)

__all__ = [
    "Band",
    "Checkpoint",
    "Clock",
    "Custody",
    "Event",
    "Hand",
    "Hypothesis",
    "Listing",
    "Method",
    "Named",
    "Note",
    "Picture",
    "Report",
    "Task",
    "Vouched",
    "Weighed",
]
