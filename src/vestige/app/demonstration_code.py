"""The demonstration's repository, and what was heard where its people work, taken in as capture and a push bring it.

The story says what hooks were handed and what files held then (:mod:`vestige.demo.payments`). From here on it is what
it would be of real ones: records are made by capture's own code and come in by the doors it sends to, commits as a
bundle. Who wrote a line is worked out of that; nothing here says it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.capture import records
from vestige.capture.contents import content
from vestige.capture.repository import source_of
from vestige.capture.snapshots import Look
from vestige.demo.payments import BRANCH, NAME
from vestige.ingest.importer import ImportOptions
from vestige.secrets import Redactor

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from vestige.app.installation import Installation
    from vestige.demo.payments import Heard, Payments, Seen
    from vestige.model.principal import Principal

HOOKS: Final = "claude_code_hooks.jsonl"
"""What the records of hooks are called, as capture would call the segment of its spool."""
_KEY: Final = b"the demonstration has no secrets"
"""Of digests: no text of the story holds a secret, so the key is in none of its records."""
NO_GIT: Final = (
    "there is no program `git` on this machine: the repository of the demonstration, its commits, its lines and who "
    "wrote them are not shown; all else is. Install git and start again"
)


def bring(installation: Installation, told: Payments, by: Principal, stop: threading.Event) -> str:
    """Take in what of a story comes by no file, unless it is there already.

    Returns:
        What is not shown, and why; empty if all of it is.
    """
    rooms = installation.rooms_of_slug(None)
    own, hooks = _kept(told.heard, Redactor(installation.redactions.rules(), _KEY))
    source = source_of(NAME)
    rooms.intake.declare(b"\n".join(own) + b"\n", source=source, by=by, idempotency_key="demonstration")
    with tempfile.TemporaryDirectory(prefix="vestige-demo-") as folder:
        file = Path(folder, HOOKS)
        file.write_bytes(b"\n".join(hooks) + b"\n")
        options = ImportOptions(by, source=source, label=HOOKS)
        rooms.intake.import_paths([file], options, progress=lambda _: None, stop=stop)
        if stop.is_set():
            return ""
        if shutil.which("git") is None:
            return NO_GIT
        repository = rooms.code.register(NAME, by)[0]["id"]
        if told.head not in rooms.code.tips(repository):
            bundle = Path(folder, "bundle")
            bundle.write_bytes(told.bundle)
            rooms.code.push(repository, bundle, by, BRANCH)
    return ""


def seal(installation: Installation, told: Payments, by: Principal, stop: threading.Event) -> None:
    """Seal the commits and the sessions of the story, which the schedule would do within minutes."""
    rooms = installation.rooms_of_slug(None)
    rooms.settle()
    rooms.code.seal(by)
    for name in told.transcripts:
        if stop.is_set():
            break
        rooms.seals.seal(by, name.removesuffix(".jsonl"))
    rooms.projector.nudge()


def _kept(heard: Iterable[Heard], redactor: Redactor) -> tuple[list[bytes], list[bytes]]:
    """What capture would have kept: its own events, and the records of hooks."""
    own: list[bytes] = []
    hooks: list[bytes] = []
    seen: set[str] = set()
    for number, one in enumerate(heard):
        about: dict[str, Any] = {
            "id": hashlib.sha256(b"%d %d" % (number, one.at)).hexdigest()[:32],
            "repository": NAME,
            "at": one.at,
            "order": one.at,
            "worktree": hashlib.sha256(one.desk.encode()).hexdigest()[:32],
        }
        if one.commit is not None:
            head = [one.commit.oid, one.commit.tree, *one.commit.parents]
            own += records.happened("post-commit", (), b"", head, about, redactor)
            continue
        payload = dict(one.payload or {})
        if one.seen is not None:
            look = _look(one.seen, redactor, seen)
            about["snapshot"] = look.to_json()
            own += records.texts(look.new, str(payload["session_id"]), NAME, one.at, redactor)
        hooks.append(records.said(payload, about, one.at, redactor))
    return own, hooks


def _look(told: Seen, redactor: Redactor, seen: set[str]) -> Look:
    """A look at files; each text is new once."""
    look = Look(told.when, whole=bool(told.head), head=told.head)
    for path, text in told.files.items():
        held = None if text is None else content(text.encode(), redactor, _KEY)
        look.files[path] = None if held is None else held.ref
        if held is not None and held.ref not in seen:
            seen.add(held.ref)
            look.new[path] = held
    return look
