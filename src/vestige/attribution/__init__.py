"""Which line came from which tool call, and how that is known, through Git's history.

The life of a line:

1. A tool call begins, and what it may touch is looked at; it ends, and that is looked at again
   (:mod:`~vestige.attribution.snapshots`).
2. What lies between is a step from known lines to new ones (:mod:`~vestige.attribution.step`, over
   :mod:`~vestige.attribution.diff` and :mod:`~vestige.attribution.tokens`); :mod:`~vestige.attribution.worktree` says
   whose step it was.
3. A commit is put together from steps, and later ones from it (:mod:`~vestige.attribution.history`); what is known of
   it are notes (:mod:`~vestige.attribution.notes`).
4. History is rewritten, and the lines are found again.
5. Others read and write the same in their forms: :mod:`~vestige.attribution.agent_trace`,
   :mod:`~vestige.attribution.git_ai`.

Three rules hold everywhere: what is not known is unknown and never a person's; what did not happen does not count; what
two could have written is neither's.
"""

from __future__ import annotations

from vestige.attribution.history import History, Rewrite, rewrites, squashes
from vestige.attribution.notes import FileNote, Notes, Range
from vestige.attribution.origins import UNKNOWN, Grade, Kind, Lines, Origin
from vestige.attribution.snapshots import Call, Outcome, Snapshot, brings
from vestige.attribution.worktree import Worktree

__all__ = [
    "UNKNOWN",
    "Call",
    "FileNote",
    "Grade",
    "History",
    "Kind",
    "Lines",
    "Notes",
    "Origin",
    "Outcome",
    "Range",
    "Rewrite",
    "Snapshot",
    "Worktree",
    "brings",
    "rewrites",
    "squashes",
]
