"""Which files there are: looked for again and again, taken up when they are new, known again when they were rotated."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import TYPE_CHECKING

from vestige.ingest.survey import HEAD, head_of
from vestige.model.errors import InputError
from vestige.receivers.watched import File, Identity, Watch, Whole, is_packed, state_of
from vestige.sources import Member, walk
from vestige.sources.members.member import BLOCK

if TYPE_CHECKING:
    from vestige.receivers.copies import Copies
    from vestige.receivers.following import Following
    from vestige.receivers.wholes import Wholes

KNOWN = 2
KNOWN_NANOS = 600 * 1_000_000_000
"""Rotated files beside a followed one that are looked at again at a start, of those the ledger knows: so many of the
newest, and all that were written at most so long before the newest of them. What a crash left to be taken is there."""


class Finder:
    """Finds files of what was asked for."""

    def __init__(self, state: Following, copies: Copies, wholes: Wholes) -> None:
        self._state = state
        self._copies = copies
        self._wholes = wholes
        self._first = True

    def scan(self, watches: list[Watch]) -> None:
        """Look at what there is: take up what is new, and let go of what is gone."""
        present: dict[Identity, str] = {}
        fresh: list[tuple[str, os.stat_result, bool]] = []
        for watch in watches:
            for path, beside in watch.files():
                try:
                    status = os.stat(path) if path == watch.path else os.lstat(path)  # noqa: PTH116 - as above
                except OSError:
                    continue
                identity = (status.st_dev, status.st_ino)
                if not stat.S_ISREG(status.st_mode) or identity in present:
                    continue
                present[identity] = path
                if identity in self._state.files or self._state.ignored.get(identity) == state_of(status):
                    continue
                fresh.append((path, status, beside))
        at = time.monotonic()
        for identity, file in self._state.files.items():
            file.path = present.get(identity, "")
            file.gone = 0.0 if file.path else file.gone or at
        self._state.keep(present.keys())
        # What stands beside a followed file comes the newest first: the search ends at the first that is known.
        fresh.sort(key=lambda one: (one[2], -one[1].st_mtime_ns if one[2] else 0))
        self._begin_all(fresh)
        self._first = False

    def _begin_all(self, fresh: list[tuple[str, os.stat_result, bool]]) -> None:
        unknown: list[tuple[str, os.stat_result]] = []
        found = newest = 0
        for path, status, beside in fresh:
            identity = (status.st_dev, status.st_ino)
            if identity in self._state.whole:
                self._state.whole[identity].path = path  # it may have been rotated on
            elif identity in self._state.copies:
                self._state.copies[identity].path = path
                self._copies.settle(identity, self._state.copies[identity], status)
            elif not (beside and self._first):
                # A file that gets such a name while we follow is the log that was rotated, or a copy of it.
                self._begin(path, status, beside=False)
            elif found >= KNOWN and status.st_mtime_ns < newest - KNOWN_NANOS:
                self._state.ignored[identity] = state_of(status)
            elif self._begin(path, status, beside=True):
                found += 1
                newest = max(newest, status.st_mtime_ns)
                for missed, its in unknown:  # written and rotated while nobody followed
                    self._state.ignored.pop((its.st_dev, its.st_ino), None)
                    self._begin(missed, its, beside=False)
                unknown.clear()
            else:
                unknown.append((path, status))
        self._wholes.import_silent(fresh)

    def _begin(self, path: str, status: os.stat_result, *, beside: bool) -> bool:
        """Take up a file; whether the ledger knows any of it."""
        identity = (status.st_dev, status.st_ino)
        if len(self._state.files) >= self._state.most:
            self._state.refuse(
                path, status, f"not followed: {self._state.most} files are (VESTIGE_LIMIT_FOLLOWED_FILES)"
            )
            return False
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._state.refuse(path, status, f"cannot be read: {error.strerror}")
            return False
        file = File(path, descriptor, identity, self._state.new_tail(path), path, beside=beside)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, descriptor)
            opened = os.fstat(descriptor)
            if (opened.st_dev, opened.st_ino) != identity:
                return False  # replaced meanwhile: it comes again
            if is_packed(file.read(0, BLOCK)):
                return self._begin_packed(path, status, beside=beside)
            if self._copies.is_copy(file) or not self._state.find(file):
                return False
            stack.pop_all()
        self._state.files[identity] = file
        return file.tail.known

    def _begin_packed(self, path: str, status: os.stat_result, *, beside: bool) -> bool:
        """Take up a compressed file or an archive; one beside a followed file only if it begins as a known one."""
        identity = (status.st_dev, status.st_ino)
        if beside:
            member = next((one for one in walk(path) if isinstance(one, Member)), None)
            head = b""
            with contextlib.suppress(InputError):
                if member is not None:
                    with member.open() as stream:
                        head = head_of(stream, HEAD)
            if not self._state.new_tail(path).begins_known(head):
                self._state.ignored[identity] = state_of(status)
                return False
        self._state.whole[identity] = Whole(path, before=self._first)
        return True
