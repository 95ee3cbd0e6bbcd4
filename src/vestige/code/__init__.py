"""Git repositories: kept, and read.

The life of a repository:

1. It is registered, empty (:mod:`~vestige.code.mirrors`).
2. Objects come, by a push (:mod:`~vestige.code.packed`) or because they are fetched (:mod:`~vestige.code.fetching`),
   and are looked at apart before they are part of it (:mod:`~vestige.code.arriving`).
3. It is looked through: refs, trees, files and commits (:mod:`~vestige.code.browsing` over
   :mod:`~vestige.code.repository`), what a commit is (:mod:`~vestige.code.commits`) and changes
   (:mod:`~vestige.code.diffs`; of many at once, :mod:`~vestige.code.added` and :mod:`~vestige.code.ahead`), and what a
   file is made of (:mod:`~vestige.code.scopes`).

Everything is done by the program ``git`` (:mod:`~vestige.code.program`), for which a repository is somebody else's.
"""

from __future__ import annotations

from vestige.code.added import Added, Own, own
from vestige.code.arriving import Bounds, Received, receive, tips
from vestige.code.browsing import Browsing, Entry, Ref
from vestige.code.commits import Commit
from vestige.code.diffs import Changed
from vestige.code.mirrors import FOLDER, Mirror, Mirrors
from vestige.code.repository import Change, Repository, check_oid, check_path

__all__ = [
    "FOLDER",
    "Added",
    "Bounds",
    "Browsing",
    "Change",
    "Changed",
    "Commit",
    "Entry",
    "Mirror",
    "Mirrors",
    "Own",
    "Received",
    "Ref",
    "Repository",
    "check_oid",
    "check_path",
    "own",
    "receive",
    "tips",
]
