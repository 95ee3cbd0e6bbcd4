"""Git repositories, read.

* :mod:`~vestige.code.repository`: ``Repository``, what the program ``git`` says of one on this machine
"""

from __future__ import annotations

from vestige.code.repository import Change, Repository, check_oid, check_path

__all__ = ["Change", "Repository", "check_oid", "check_path"]
