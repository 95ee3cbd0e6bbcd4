"""Copies of followed files, as copy and truncate leaves them: left alone if all of it was taken, else taken from."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from vestige.ingest.survey import HEAD
from vestige.model.errors import InputError
from vestige.receivers.watched import QUIET, File, Identity, Waiting, related, state_of
from vestige.sources import Member, walk
from vestige.sources.members.member import RandomFile, spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.receivers.following import Following


class Copies:
    """Tells copies from files of their own."""

    def __init__(self, state: Following) -> None:
        self._state = state

    def is_copy(self, file: File) -> bool:
        """Whether a file of which nothing was taken yet may be a copy of another; it is then looked at when silent."""
        original = self.original(file.home, file.read(0, HEAD))
        if original is None:
            return False
        self._state.copies[file.identity] = Waiting(file.home, original)
        return True

    def original(self, path: str, head: bytes) -> File | None:
        """The file that this one may be a copy of: one with such a name, whose first KiB it shares."""
        lost = self._state.cut[::-1]
        live = [file for file in self._state.files.values() if file.path == file.home]
        for file in [*lost, *live]:
            size = min(len(head), len(file.tail.head))
            if size and related(path, file.home) and head[:size] == file.tail.head[:size]:
                return file
        return None

    def settle(self, identity: Identity, waiting: Waiting, status: os.stat_result) -> None:
        """Once it is silent: leave a copy alone if all of it was taken, else take what the ledger lacks of it."""
        at = time.monotonic()
        if state_of(status) != waiting.state:
            waiting.state, waiting.since = state_of(status), at
            return
        original, size = waiting.of, status.st_size
        live = self._state.files.get(original.identity) is original
        if at - waiting.since < QUIET or (live and (size > original.tail.size or not original.unchanged())):
            return
        del self._state.copies[identity]
        try:
            descriptor = os.open(waiting.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._state.refuse(waiting.path, status, f"cannot be read: {error.strerror}")
            return
        file = File(waiting.path, descriptor, identity, self._state.new_tail(waiting.path), waiting.path)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, descriptor)
            opened = os.fstat(descriptor)
            if (opened.st_dev, opened.st_ino) != identity:
                self._state.copies[identity] = waiting  # it has another name by now
            elif size <= original.tail.size and self.had(original, file.read, size, live=live):
                self._state.ignored[identity] = state_of(status)
            elif self._state.find(file):
                self._state.files[identity] = file
                stack.pop_all()

    @staticmethod
    def had(original: File, read: Callable[[int, int], bytes], size: int, *, live: bool) -> bool:
        """Whether a file of this size is how another began. Where that is remembered no more, its first KiB tells."""
        same = original.tail.has(read, size)
        if same is None and live:
            step = 1 << 20
            same = all(
                read(at, min(step, size - at)) == original.read(at, min(step, size - at)) for at in range(0, size, step)
            )
        return len(original.tail.head) >= HEAD if same is None else same

    def had_packed(self, path: str) -> bool:
        """Whether a compressed file is a copy of which all was taken before the original was truncated."""
        for member in walk(path) if any(related(path, file.home) for file in self._state.cut) else ():
            if isinstance(member, Member) and not member.container:
                with contextlib.suppress(InputError), member.open() as stream:
                    content, fault = spool(stream)

                    def read(offset: int, size: int, content: RandomFile = content) -> bytes:
                        return os.pread(content.descriptor, size, offset)

                    original = self.original(path, read(0, HEAD))
                    size = content.seek(0, os.SEEK_END)
                    if fault is None and original is not None and size <= original.tail.size:
                        return self.had(original, read, size, live=False)
        return False
