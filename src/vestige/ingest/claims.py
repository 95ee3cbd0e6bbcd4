"""Who takes in which file: one at a time for each, so that a line is never taken twice; different files side by side.

Whoever takes something in finds out how much of it the ledger has (:mod:`vestige.ingest.store`), then appends the rest.
Between the two nobody else may append any of it, so both happen under a claim. A claim is on everything by which the
ledger would know the file again: its inode, the name it keeps through rotation, and its first KiB. Two that share any
of these wait for each other. Whoever holds what was found out beyond the claim, as a follower does, asks under the next
whether somebody else took any of it meanwhile (:meth:`Claims.taken_since`), and if so finds out anew.

A data directory is served by one process, so claims are held in memory. Nobody holds two, so nobody waits in a circle.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import weakref
from typing import TYPE_CHECKING

from vestige.ingest.survey import HEAD, stem_of

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterator

REMEMBERED = 100_000
"""What was taken is remembered by so many names; beyond them everybody finds out anew once."""
LOOK = 0.2
"""Seconds between two looks at whether one who waits is to stop."""

_DIGEST = 16
"""Bytes of a digest that stands for a name. Two that were made alike would wait for each other, and no more."""

Names = frozenset[tuple["Hashable", ...]]


def names_of(label: str, head: bytes, status: os.stat_result | None) -> Names:
    """What a file, or a member of an archive, is known by; digests, so that each takes little memory.

    Args:
        label: its name.
        head: its beginning, a KiB if it has one.
        status: of the file it lies in.
    """
    names: set[tuple[Hashable, ...]] = {("stem", _digest(stem_of(label).encode("utf-8", "surrogatepass")))}
    if status is not None:
        names.add(("file", status.st_dev, status.st_ino))
    if len(head) >= HEAD:
        names.add(("head", _digest(head[:HEAD])))
    return frozenset(names)


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_DIGEST).digest()


class Claims:
    """The claims on one tenant's files. Safe to use from many threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held: set[tuple[Hashable, ...]] = set()
        self._awaited: list[Names] = []
        self._holders = 0
        self._closed = False
        self._taken: dict[tuple[Hashable, ...], tuple[int, weakref.ref[object]]] = {}
        """Who took it is known for as long as they are there: they must not be kept by what they took."""
        self._floor = 0
        self.count = 0
        """How often something was taken."""

    @contextlib.contextmanager
    def hold(self, names: Names, stop: threading.Event | None = None) -> Iterator[bool]:
        """Claim a file for as long as this lasts; ``False`` if the claim cannot be had.

        Args:
            names: what the file is known by.
            stop: with it, the claim is waited for until this is set, and goes before those that do not wait.
        """
        with self._condition:
            if stop is None:
                mine = self._free(names) and all(names.isdisjoint(awaited) for awaited in self._awaited)
            else:
                self._awaited.append(names)
                while not (mine := self._free(names)) and not stop.is_set():
                    self._condition.wait(LOOK)
                self._awaited.remove(names)
            if mine:
                self._held |= names
                self._holders += 1
        try:
            yield mine
        finally:
            if mine:
                with self._condition:
                    self._held -= names
                    self._holders -= 1
                    self._condition.notify_all()

    @contextlib.contextmanager
    def everything(self) -> Iterator[None]:
        """Claim all there is; afterwards everybody finds out anew."""
        with self._condition:
            while self._closed:
                self._condition.wait()
            self._closed = True
            while self._holders:
                self._condition.wait()
        try:
            yield
        finally:
            with self._condition:
                self._forget()
                self._closed = False
                self._condition.notify_all()

    def took(self, names: Names, by: object) -> None:
        """Tell that something of a file was taken; to be called while it is claimed."""
        with self._condition:
            self.count += 1
            if len(self._taken) > REMEMBERED:
                self._forget()
            for name in names:
                self._taken[name] = (self.count, weakref.ref(by))

    def taken_since(self, names: Names, count: int, by: object) -> bool:
        """Whether anybody but ``by`` took something of a file after that count."""
        with self._condition:
            if self._floor > count:
                return True
            found = [self._taken[name] for name in names if name in self._taken]
            return any(at > count and who() is not by for at, who in found)

    def _free(self, names: Names) -> bool:
        return not self._closed and self._held.isdisjoint(names)

    def _forget(self) -> None:
        self.count += 1
        self._floor = self.count
        self._taken.clear()
