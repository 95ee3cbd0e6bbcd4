"""Takes what hooks hand over: looks, takes secrets out, keeps. What it has answered for is on the disk."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.capture import records
from vestige.capture.places import write_whole
from vestige.capture.repository import NOWHERE, Repository, find, git, spool_name, text
from vestige.capture.snapshots import BEFORE, Look, Looking
from vestige.capture.tree import Tree
from vestige.model.errors import InputError, NotFoundError, VestigeError
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from vestige.capture.spool import Dropped, Spool
    from vestige.secrets import Redactor

AGENTS: Final = ("claude_code_hooks", "codex_hooks", "gemini_hooks")
"""What agents' hooks are called, and the streams of what they say."""
WAIT: Final = 1_000_000_000
"""Nanoseconds a hook waits; afterwards the call it announced may have begun."""
_TREE: Final = b"vestige/tree/v1\n"
_MOST_TREES: Final = 32
_MOST_WORD: Final = 4000


@dataclass(frozen=True, slots=True)
class Message:
    """What a hook handed over."""

    what: str
    id: str
    at: int
    """Nanoseconds since 1970."""
    late: bool
    """Whether the hook has ended before it was handed over."""
    directory: str
    words: tuple[str, ...]
    given: bytes

    @classmethod
    def read(cls, data: bytes) -> Message:
        """From the bytes of the socket.

        Raises:
            InputError: they are no message of this version.
        """
        length = int.from_bytes(data[:4], "big")
        fields = [os.fsdecode(field) for field in data[4 : 4 + length].split(b"\0")]
        if len(data) < 4 + length or len(fields) < 6 or fields[0] != "1" or not fields[3].isdigit():
            raise InputError("no message of a hook", expected="version 1", got=fields[0][:20])
        _, what, identity, at, late, directory, *words = fields
        short = tuple(word[:_MOST_WORD] for word in words)
        return cls(what, identity[:32], int(at), bool(late), directory, short, data[4 + length :])


@dataclass(frozen=True, slots=True)
class Place:
    """A working tree and all that is known of it."""

    repository: Repository
    tree: Tree
    looking: Looking
    worktree: str
    """The working tree as records name it: a digest under the user's key, as a path is nobody else's business."""
    server: str
    """Where its events go (``vestige.server`` of Git's settings); empty while that is not said."""
    config: tuple[int, int]
    """The state of the repository's settings when it was looked up."""


class Taking:
    """Takes messages. Safe to call from many threads.

    Args:
        spool: where records are kept.
        folder: of the spool.
        redactor: takes secrets out.
        key: of digests.
    """

    def __init__(self, spool: Spool, folder: Path, redactor: Redactor, key: bytes) -> None:
        self._spool = spool
        self._folder = folder
        self._redactor = redactor
        self._key = key
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}
        self._servers: dict[str, str] = {}
        self._lost: dict[str, list[int]] = {}
        """By repository when something could not be kept, until that can be."""
        self._order = 0
        """The place of the record last taken among all: its time, or more where the clock went back."""
        self.taken = 0
        """Events since the start."""

    def take(self, message: Message) -> None:
        """Keep what a message says.

        Raises:
            OSError: it cannot be kept.
        """
        if message.id in self._spool.ids:
            return
        payload = self._payload(message)
        stated = payload.get("cwd") if isinstance(payload, dict) else None
        # An agent says where it works; its hook may have been called from elsewhere.
        place = self._place(stated if isinstance(stated, str) and os.path.isabs(stated) else message.directory)  # noqa: PTH117
        name, server = self._named(place)
        try:
            if message.what == "git":
                self._git(message, place, name)
            else:
                self._agent(message, payload, place, name, server)
        except OSError:
            with self._lock:
                self._lost.setdefault(name, []).append(message.at)
            raise
        self.taken += 1

    def dropped(self, gone: list[Dropped]) -> None:
        """Say what went because of a bound."""
        for one in gone:
            about = self.about(one.repository)
            record = records.gap(
                "the spool was full, or too old",
                time.time_ns(),
                about.get("name", ""),
                records=one.records,
                bytes=one.size,
                first_at=int(one.first_at * NANOS),
                last_at=int(one.last_at * NANOS),
            )
            self._spool.append(one.repository, records.OWN, [(os.urandom(16).hex(), record)])
        with self._lock:
            places = list(self._places.values())
        for place in places:
            place.looking.forget()

    def missed(self, events: list[tuple[int, str]]) -> None:
        """Say that events could be handed to nobody: when (nanoseconds since 1970), and in which folders."""
        times: dict[str, list[int]] = {}
        for at, directory in events:
            times.setdefault(directory, []).append(at)
        for directory, missed in times.items():
            place = self._place(directory) if directory else None
            name, server = self._named(place)
            self._keep(name, server, records.OWN, [(os.urandom(16).hex(), _missed(missed, name))])

    def _named(self, place: Place | None) -> tuple[str, str]:
        """The repository's name, and the server for it; outside of any, the one of the user's own settings."""
        if place is not None:
            return place.repository.name, place.server
        return NOWHERE, text(Path("/"), "config", "vestige.server")

    def about(self, folder: str) -> dict[str, str]:
        """What is known of the repository of a spool: ``name``, ``server``."""
        try:
            found = json.loads((self._folder / folder / "about.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def close(self) -> None:
        """Say what was not said yet, if that can be kept now, and watch nothing any more."""
        for name, times in list(self._lost.items()):
            with contextlib.suppress(OSError):
                self._spool.append(spool_name(name), records.OWN, [(os.urandom(16).hex(), _missed(times, name))])
        with self._lock:
            for place in self._places.values():
                place.tree.close()
            self._places.clear()

    # -- agents -------------------------------------------------------------------------------------------------

    @staticmethod
    def _payload(message: Message) -> dict[str, Any] | InputError:
        """What an agent gave, or why that cannot be told."""
        if message.what != "agent":
            return {}
        if len(message.words) > 1:
            return InputError("more than a hook hands over", got=f"{message.words[1]} bytes")
        try:
            return records.parsed(message.given)
        except InputError as error:
            return error

    def _agent(
        self, message: Message, payload: dict[str, Any] | InputError, place: Place | None, name: str, server: str
    ) -> None:
        stream = message.words[0] if message.words and message.words[0] in AGENTS else AGENTS[0]
        about = self._about(message, place, name)
        look, new = None, []
        try:
            if isinstance(payload, InputError):
                raise payload
            look = self._look(message, payload, place, about)
            if look is not None:
                session = str(payload.get("session_id") or "")[:200]
                new = records.texts(look.new, session, name, message.at, self._redactor)
            record = records.said(payload, about, message.at, self._redactor)
        except VestigeError as error:
            # Which event it was is kept, if that can be told; what it said is not.
            known = records.names_in(message.given)
            about["unkept"] = str(error)[:300]
            if known:
                record = records.said(known, about, message.at, self._redactor)
            else:
                stream = records.OWN
                record = records.gap(str(error)[:300], message.at, name, bytes=len(message.given))
        if new:
            # Texts before what names them: what is in the spool is never without them.
            numbered = [(f"{message.id[:24]}{number:08x}", one) for number, one in enumerate(new)]
            self._keep(name, server, records.OWN, numbered)
        self._keep(name, server, stream, [(message.id, record)])
        if look is not None and place is not None:
            place.looking.kept(look)

    def _look(
        self, message: Message, payload: dict[str, Any], place: Place | None, about: dict[str, Any]
    ) -> Look | None:
        if place is None:
            return None
        event = str(payload.get("hook_event_name") or "").replace("_", "").lower()
        tool = str(payload.get("tool_name") or "")
        if message.late and event in BEFORE:
            about["snapshot"] = {"when": "before", "missed": "capture had not begun yet"}
            return None
        directory = str(payload.get("cwd") or message.directory)
        look = place.looking.look(event, tool, payload.get("tool_input"), directory)
        if look is None:
            return None
        about["snapshot"] = look.to_json()
        late = time.time_ns() - message.at
        if message.late or late > WAIT:
            about["snapshot"]["late_ms"] = late // 1_000_000
        return look

    def _about(self, message: Message, place: Place | None, name: str) -> dict[str, Any]:
        """What every record says of itself."""
        with self._lock:
            self._order = max(self._order + 1, time.time_ns())
            about = {"id": message.id, "repository": name, "at": message.at, "order": self._order}
        return about | ({"worktree": place.worktree} if place is not None else {})

    # -- Git ----------------------------------------------------------------------------------------------------

    def _git(self, message: Message, place: Place | None, name: str) -> None:
        if place is None or not message.words:
            return
        hook, *words = message.words
        told = os.fsdecode(git(place.repository.root, "log", "-1", "--format=%H %T %P", "HEAD") or b"").split()
        about = self._about(message, place, name)
        events = records.happened(hook, words, message.given, told, about, self._redactor)
        named = [(f"{message.id[:24]}{number:08x}", one) for number, one in enumerate(events[1:], 1)]
        self._keep(name, place.server, records.OWN, [(message.id, events[0]), *named])

    # -- keeping ------------------------------------------------------------------------------------------------

    def _keep(self, name: str, server: str, stream: str, found: list[tuple[str, bytes]]) -> None:
        folder = spool_name(name)
        self._tell_about(folder, name, server)
        with self._lock:
            lost = self._lost.pop(name, [])
        if lost:
            try:
                self._spool.append(folder, records.OWN, [(os.urandom(16).hex(), _missed(lost, name))])
            except OSError:
                with self._lock:
                    self._lost.setdefault(name, []).extend(lost)
                raise
        self._spool.append(folder, stream, found)

    def _tell_about(self, folder: str, name: str, server: str) -> None:
        if self._servers.get(folder) == server and (self._folder / folder / "about.json").exists():
            return
        before = self.about(folder)
        server = server or before.get("server", "")
        said = {"name": name, "server": server}
        if said != before:
            (self._folder / folder).mkdir(mode=0o700, exist_ok=True)
            write_whole(self._folder / folder / "about.json", json.dumps(said).encode())
        self._servers[folder] = server

    def _place(self, directory: str) -> Place | None:
        """The working tree a folder is in; found again without asking Git while nothing about it changed."""
        top = _top(directory)
        if top is None:
            return None
        with self._lock:
            place = self._places.get(top)
        if place is not None and place.config == _config(place.repository):
            return place
        try:
            repository = find(Path(top))
        except NotFoundError:
            return None
        tree = Tree(repository)
        looking = Looking(repository.root, tree, self._redactor, self._key)
        server = text(repository.root, "config", "vestige.server")
        worktree = hmac.new(self._key, _TREE + os.fsencode(repository.root), hashlib.sha256).hexdigest()[:32]
        made = Place(repository, tree, looking, worktree, server, _config(repository))
        with self._lock:
            self._places[top] = made
            over = [self._places.pop(next(iter(self._places))) for _ in range(len(self._places) - _MOST_TREES)]
        for one in over if place is None else [*over, place]:
            one.tree.close()
        # The first look asks Git about everything; it is done before a call has to wait for it.
        threading.Thread(target=tree.look, daemon=True).start()
        return made


def _missed(times: list[int], name: str) -> bytes:
    return records.gap(
        "events could not be kept", time.time_ns(), name, events=len(times), first_at=min(times), last_at=max(times)
    )


def _top(directory: str) -> str | None:
    """The nearest folder that has a ``.git``, by itself or above."""
    here = os.path.realpath(directory)
    while True:
        if os.path.lexists(os.path.join(here, ".git")):  # noqa: PTH118
            return here
        above = os.path.dirname(here)  # noqa: PTH120
        if above == here:
            return None
        here = above


def _config(repository: Repository) -> tuple[int, int]:
    try:
        found = (repository.common_dir / "config").stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
