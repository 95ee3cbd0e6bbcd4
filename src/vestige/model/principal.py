"""Who acts: every act is recorded under the name of who was let in, never under a name a request claims."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated actor.

    ``name`` is what entries record: ``local:<uid>`` for the operating system's user on the machine itself,
    ``owner`` for the token made at first start.
    """

    name: str
