"""A tenant's repositories, wired: what comes into them is an act with an entry; what is in them, and who wrote it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestige import __version__
from vestige.app.attributing import CLAIMED, MOST_CLAIMS, Attributing
from vestige.app.commit_seals import CommitSeals
from vestige.app.line_sums import LineSums
from vestige.attribution import FileNote, History, Kind, Notes
from vestige.attribution.exchange import MOST_TEXT, written
from vestige.attribution.origins import split, unread
from vestige.capture.repository import source_of
from vestige.code import FOLDER, Bounds, Mirrors, check_oid, receive, tips
from vestige.code.fetching import fetch, place_of
from vestige.code.keys import KEY_BYTES, key_of
from vestige.code.mirrors import check_name
from vestige.code.repository import MOST_BLOB
from vestige.code.scopes import Scopes
from vestige.ledger import act_entry
from vestige.model.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    NotFoundError,
    OutgoingError,
    TooLargeError,
    UsageError,
    VestigeError,
)
from vestige.model.instant import now, parse_bound, to_text
from vestige.outgoing import addresses_of, check_url, networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vestige.attribution.exchange import Claim, Form
    from vestige.attribution.replay import Replayed
    from vestige.code import Browsing, Mirror
    from vestige.code.fetching import Place
    from vestige.code.scopes import Scope
    from vestige.ingest.declared import Answer
    from vestige.ingest.intake import Stores
    from vestige.jobs import Turn
    from vestige.ledger import Draft, Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable
    from vestige.query import Index
    from vestige.settings import Settings

    Declare = Callable[[bytes, str, Principal, str], Sequence[Answer]]

NETWORKS: Final = "VESTIGE_CODE_NETWORKS"
MOST_LAST: Final = 50
"""Commits that are told of those that last changed some lines."""
SEALED: Final = b"code/deploy-key"
"""What the tenant's key makes the key of, under which deploy keys are kept."""
_NONCE: Final = 12


class Code:
    """The repositories of one tenant; every answer is made of JSON values. Safe to share between threads."""

    def __init__(
        self, stores: Stores, settings: Settings, index: Index, settle: Callable[[], int], declare: Declare
    ) -> None:
        self._stores = stores
        self._declare = declare
        self._mirrors = Mirrors(settings.data / FOLDER / stores.tenant, most=settings.limit_code_repositories)
        self._mirrors.sweep()
        self._bounds = Bounds(
            settings.limit_code_push_bytes, settings.limit_code_unpacked_bytes, settings.limit_code_repository_bytes
        )
        self._networks = networks_of(part.strip() for part in settings.code_networks.split(",") if part.strip())
        self._authority = settings.code_ca
        self._scopes = Scopes()
        self._settle = settle
        self._attributing = Attributing(stores, index, self._mirrors)
        self._seals = CommitSeals(stores, self._mirrors, self._attributing)
        self.sums = LineSums(self._mirrors, self._seals)

    # -- which there are ----------------------------------------------------------------------------------------

    def all(self) -> list[dict[str, Any]]:
        """Every repository, by name."""
        return [one.to_json() for one in self._mirrors.all()]

    def holding(self, commit: str) -> list[dict[str, Any]]:
        """The repositories that have a commit, by name, each with the commit's whole name.

        Args:
            commit: its name, or as many of its first letters as tell it from others.
        """
        found = []
        for one in self._mirrors.all():
            # Of what a repository has not, or has several of, it says nothing.
            with contextlib.suppress(NotFoundError):
                found.append(one.to_json() | {"commit": self._mirrors.browse(one.id).resolve(commit)})
        return found

    def one(self, repository: str) -> dict[str, Any]:
        """One repository, and how large it is."""
        found = self._mirrors.get(repository)
        return found.to_json() | {"bytes": self._mirrors.bytes_of(found.id)}

    def source(self, repository: str) -> str:
        """What the ledger calls what comes from it: a key that may write this may push."""
        return source_of(self._mirrors.get(repository).name)

    @staticmethod
    def source_named(name: str) -> str:
        """The same of a repository that may not be there yet.

        Raises:
            InputError: it cannot be called so.
        """
        return source_of(check_name(name))

    def register(self, name: str, by: Principal, object_format: str = "sha1") -> tuple[dict[str, Any], bool]:
        """The repository of a name, made if there is none; and whether it was made.

        Raises:
            InputError: it cannot be called so.
            BusyError: there are too many.
        """
        found = self._mirrors.named(check_name(name))
        if found is not None:
            return found.to_json(), False
        made = self._mirrors.add(name, by.name, object_format)
        self._act("code.registered", by, {"name": name}, made.id)
        return made.to_json(), True

    def mirror(self, name: str, url: str, key: str, by: Principal) -> tuple[dict[str, Any], bool]:
        """Fetch a repository from a URL from now on; and whether it is a new one.

        Raises:
            InputError: the name, the URL or the key is none.
            OutgoingError: the URL may not be called.
        """
        place = self._place(url)
        if key and place.scheme != "ssh":
            raise UsageError("a deploy key is for SSH", expected="an ssh:// URL", got=place.scheme, field="deploy_key")
        if len(key) > KEY_BYTES:
            raise TooLargeError("the key is too long", expected=f"at most {KEY_BYTES}", got=str(len(key)))
        mark = key_of(key) if key else ""
        told, new = self.register(name, by)
        before = self._mirrors.get(told["id"])
        # Another place has other keys of its host, and the key is for no place but the one it was given for.
        same = before.url == url and not key
        said: dict[str, object] = {"url": url, "failure": "", "hosts": before.hosts if same else ""}
        said |= {} if same else {"sealed_key": self._seal(before.id, key) if key else "", "key": mark}
        changed = self._mirrors.told(before.id, **said)
        detail: dict[str, Encodable] = {"name": name, "before": {"url": before.url, "deploy_key": before.key}}
        self._act("code.mirrored", by, detail | {"after": {"url": url, "deploy_key": changed.key}}, before.id)
        return changed.to_json(), new

    def remove(self, repository: str, by: Principal) -> None:
        """Let a repository be no more. What the ledger has of its lines and sessions stays.

        Raises:
            ConflictError: something comes into it just now.
        """
        found = self._mirrors.get(repository)
        self._act("code.removed", by, {"name": found.name, "url": found.url}, found.id)
        self._mirrors.remove(found.id)

    # -- what comes in ------------------------------------------------------------------------------------------

    def tips(self, repository: str) -> list[str]:
        """What a push need not send again."""
        return tips(self._mirrors.browse(repository))

    @property
    def largest(self) -> int:
        """Bytes of one push."""
        return self._bounds.pack

    def push(self, repository: str, bundle: Path, by: Principal, head: str = "") -> dict[str, Any]:
        """Take in a bundle.

        Raises:
            FormatError: it is none, or torn.
            InputError: what it holds is not what it must be.
            TooLargeError: it is beyond the bounds.
            ConflictError: it rests on what is not here, or something else comes in.
        """
        found = self._mirrors.get(repository)
        received = receive(self._mirrors, found.id, bundle, self._bounds, head)
        return self._received("code.pushed", by, found, received.to_json())

    def fetch(self, repository: str, by: Principal) -> dict[str, Any]:
        """Fetch what is new from the repository's URL.

        Raises:
            ConflictError: it has none, or something else comes in.
            OutgoingError: it may not be called, or could not be fetched.
        """
        found = self._mirrors.get(repository)
        if not found.url:
            raise ConflictError(
                "the repository is not mirrored by URL", expected="one that is", got=found.name[:80],
                hint="`vestige code mirror NAME --url URL`, or `vestige code push` in a working copy",
            )  # fmt: skip
        self._mirrors.told(found.id, asked_at=now())
        try:
            place = self._place(found.url)
            addresses = [str(one) for one in addresses_of(place.host, place.port, self._networks, NETWORKS)]
            key = self._open(found)
            told = fetch(self._mirrors, found.id, place, addresses, self._bounds, key=key, authority=self._authority)
        except VestigeError as error:
            self._mirrors.told(found.id, failure=str(error)[:500])
            raise
        self._mirrors.told(found.id, failure="", hosts=told.hosts)
        if not told.received.objects and not told.received.refs:
            return {"repository": found.to_json(), "received": told.received.to_json()}
        return self._received("code.fetched", by, found, told.received.to_json())

    def fetch_due(self, by: Principal, turn: Turn) -> dict[str, Any]:
        """Fetch every repository that is mirrored by URL.

        Raises:
            OutgoingError: some could not be fetched; the others were.
        """
        failures = []
        done = 0
        for one in self._mirrors.all():
            turn.check()
            if one.url:
                try:
                    self.fetch(one.id, by)
                    done += 1
                except VestigeError as error:
                    failures.append(f"{one.name}: {error.message}")
        if failures:
            raise OutgoingError("repositories could not be fetched", got="; ".join(failures)[:500],
                                hint="`vestige code list` says which, and why")  # fmt: skip
        return {"fetched": done}

    def _received(self, act: str, by: Principal, found: Mirror, told: dict[str, Any]) -> dict[str, Any]:
        changed = self._mirrors.told(found.id, received_at=now())
        detail: dict[str, Encodable] = {"name": found.name, **{name: told[name] for name in told if name != "left_out"}}
        self._act(act, by, detail, found.id)
        return {"repository": changed.to_json(), "received": told}

    def _place(self, url: str) -> Place:
        return place_of(url, lambda text: check_url(text, self._networks, NETWORKS))

    def _seal(self, repository: str, key: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._secret()).encrypt(nonce, key.encode(), repository.encode())
        return base64.b64encode(nonce + sealed).decode()

    def _open(self, mirror: Mirror) -> str:
        if not mirror.sealed_key:
            return ""
        sealed = base64.b64decode(mirror.sealed_key)
        try:
            return AESGCM(self._secret()).decrypt(sealed[:_NONCE], sealed[_NONCE:], mirror.id.encode()).decode()
        except InvalidTag:
            raise IntegrityError(
                "the deploy key cannot be opened", expected="one sealed under this log's key", got="another",
                hint="give it again: `vestige code mirror NAME --url URL --deploy-key FILE`",
            ) from None  # fmt: skip

    def _secret(self) -> bytes:
        return self._stores.ledger.dedup_key(self._stores.tenant, SEALED)

    def _act(self, act: str, by: Principal, detail: dict[str, Encodable], repository: str) -> None:
        entry = act_entry(act, by, detail, f"repository:{repository}")

        def say(_: Transaction) -> list[Draft]:
            return [entry]

        self._stores.ledger.transact(self._stores.tenant, say)

    # -- what is in them ----------------------------------------------------------------------------------------

    def commit_of(self, repository: str, revision: str) -> str:
        """The commit that somebody means; without a word, that of the repository's own branch.

        Raises:
            InputError: it is no revision.
            NotFoundError: there is none.
        """
        return self._mirrors.browse(repository).commit_of(revision)

    def refs(self, repository: str) -> dict[str, Any]:
        """Branches, tags and what else has a name."""
        browsing = self._mirrors.browse(repository)
        found = browsing.refs()
        head = browsing.head()
        return {"head": head, "refs": [one.to_json() for one in found if one.kind != "seen"],
                "seen": sum(one.kind == "seen" for one in found)}  # fmt: skip

    def tree(self, repository: str, commit: str, path: str) -> dict[str, Any]:
        """What a folder of a commit holds."""
        entries = self._mirrors.browse(repository).tree(commit, path)
        return {"commit": commit, "path": path, "entries": [one.to_json() for one in entries]}

    def file(self, repository: str, commit: str, path: str) -> dict[str, Any]:
        """A file of a commit by lines, or why it has none that are shown."""
        browsing = self._mirrors.browse(repository)
        entry = browsing.lookup(commit, path)
        told = {"commit": commit, "path": path, **entry.to_json(), "blob": entry.oid, "unshown": "", "lines": []}
        del told["name"], told["oid"]
        data, told["unshown"] = self._text(browsing, entry.kind, entry.oid, entry.size)
        language, coloured = self._scopes.language(path, data), []
        if not told["unshown"]:
            lines = data.decode("utf-8", "replace").split("\n")
            told["lines"] = lines[:-1] if lines[-1] == "" else lines
            told["last_newline"] = lines[-1] == ""
            coloured = self._scopes.of(entry.oid, path, data).colours
        return told | {"language": language, "colours": coloured}

    def content(self, repository: str, commit: str, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            NotFoundError: the commit has no such file.
            TooLargeError: they are too many.
        """
        browsing = self._mirrors.browse(repository)
        entry = browsing.lookup(commit, path)
        if entry.kind not in {"file", "link"}:
            raise NotFoundError("that is no file", expected="a file", got=f"a {entry.kind}", field="path")
        return browsing.blob(entry.oid)

    def lines(self, repository: str, commit: str, path: str) -> dict[str, Any]:
        """Who wrote each line of a file, as far as it is known, and the same by what the file is made of."""
        browsing = self._mirrors.browse(repository)
        entry = browsing.lookup(commit, path)
        data, why = self._text(browsing, entry.kind, entry.oid, entry.size)
        note = FileNote(entry.oid, (), why) if why else self._attributed(repository, commit, path)
        if note.blob != entry.oid:
            raise IntegrityError("a note of another text", expected=entry.oid, got=note.blob)
        count = 0 if why or note.unread else len(split(data))
        by_line = [Kind.UNKNOWN] * count
        told = []
        for start, end, origin in note.ranges:
            if end > count:
                raise IntegrityError("a note names lines that are not there", expected=f"at most {count}", got=str(end))
            by_line[start - 1 : end] = [origin.kind] * (end - start + 1)
            told.append({
                "start": start, "end": end, "class": origin.kind.value, "grade": origin.grade or "",
                "session": origin.session, "call": origin.call, "prompt": origin.prompt, "agent": origin.agent,
                "model": origin.model, "person": origin.person,
            })  # fmt: skip
        found = self._scopes.of(entry.oid, path, data) if count else None
        scopes = [_scope(one, by_line) for one in found.scopes] if found else []
        return {
            "commit": commit, "path": path, "blob": entry.oid, "lines": count, "unread": why or note.unread,
            "ranges": told, "summary": _summary(by_line), "scopes": scopes,
            "unscoped": found.unscoped if found else "the file has no lines",
        }  # fmt: skip

    def commits(self, repository: str, tip: str, path: str, skip: int, limit: int) -> dict[str, Any]:
        """Commits from one back, the newest first, each with what it changes against the first one it rests on."""
        browsing = self._mirrors.browse(repository)
        oids = browsing.listed(tip, path, skip, limit + 1) if limit < 200 else browsing.listed(tip, path, skip, limit)
        found = browsing.read(oids[:limit])
        totals = browsing.totals(found)
        told = []
        for one in found:
            changed = totals[one.oid]
            counts = {"files": changed.files, "added": changed.added, "removed": changed.removed}
            told.append(one.to_json() | counts)
        return {"commit": tip, "path": path, "commits": told, "more": len(oids) > limit}

    def last_changed(self, repository: str, commit: str, path: str, start: int, end: int) -> list[dict[str, Any]]:
        """The commits that last changed lines of a file, both ends in it; that of most lines first."""
        browsing = self._mirrors.browse(repository)
        oids = browsing.last_changed(commit, path, start, end)
        return [one.to_json() for one in browsing.read(oids[:MOST_LAST])]

    def commit(self, repository: str, oid: str, parent: int, path: str) -> dict[str, Any]:
        """One commit, what it changes against one it rests on, and who wrote the lines that it added.

        Args:
            repository: its id.
            oid: of the commit.
            parent: which of those it rests on, from 1.
            path: of this file alone; empty: of all.
        """
        browsing = self._mirrors.browse(repository)
        commit = browsing.read([check_oid(oid)])[0]
        files, count = browsing.changed(commit, parent)
        shown = browsing.diff(commit, files, parent, path)
        told = {"files_changed": count, "added": sum(one.added or 0 for one in files),
                "removed": sum(one.removed or 0 for one in files), "against": parent}  # fmt: skip
        return commit.to_json() | told | {"files": [one.to_json() for one in shown]}

    # -- what is said of it to others, and by others -------------------------------------------------------------

    def exported(self, repository: str, commit: str, form: Form) -> bytes:
        """What is known of who wrote the lines of a commit, in a form of exchange.

        Its time is the commit's own, so that what is known is the same bytes whenever it is asked for.
        """
        self._settle()
        notes = self._attributing.notes(repository, self.source(repository)).notes
        browsing = self._mirrors.browse(repository)
        made = browsing.read([commit])[0].committer.at
        at = to_text(parse_bound(made, field="commit") if made else now())
        return written(form, browsing, notes, commit, timestamp=at, version=__version__)

    def claim(self, repository: str, claim: Claim, by: Principal) -> dict[str, Any]:
        """Keep what somebody else says of who wrote the lines of a commit: first as evidence, then as their word.

        Returns:
            The entry's ``id``, whether it is ``new``, the ``commit``, how many ``files`` and ``lines`` it speaks of;
            ``unused``, and why, where nothing can be made of it, or not yet.

        Raises:
            TooLargeError: it is too long, speaks of too many lines, or is one too many. It is not kept: what is kept is
                read whenever anybody asks.
            InputError: it cannot be kept.
        """
        found = self._mirrors.get(repository)
        if len(claim.text) > MOST_TEXT:
            raise TooLargeError("the claim is too long", expected=f"at most {MOST_TEXT} characters",
                                got=str(len(claim.text)), field="text")  # fmt: skip
        said = {"form": claim.form.value, "commit": claim.commit, "text": claim.text}
        keys = {"repository": [found.name]} | ({"commit": [claim.commit]} if claim.commit else {})
        event = {"event_type": CLAIMED, "message": f"{claim.form} of {claim.commit or found.name}", "keys": keys,
                 "claim": said}  # fmt: skip
        # Such documents may hold what was said to an agent.
        payload = self._stores.redaction.payload(orjson.dumps(event))
        read = claim._replace(text=str(orjson.loads(payload)["claim"]["text"]))
        _check_bounds(read)
        if len(self._attributing.claims(source_of(found.name))) >= MOST_CLAIMS:
            raise TooLargeError("the repository has as many claims as are read", expected=f"at most {MOST_CLAIMS}",
                                got="one more")  # fmt: skip
        (kept,) = self._declare(payload, source_of(found.name), by, hashlib.sha256(payload).hexdigest())
        if kept.status not in {"accepted", "duplicate"}:
            raise InputError("the claim cannot be kept", got=kept.reason, field="text")
        told = {"id": kept.id, "new": kept.status == "accepted", "commit": claim.commit, "files": 0, "lines": 0}
        return told | self._usable(found.id, read)

    def _usable(self, repository: str, claim: Claim) -> dict[str, Any]:
        """What can be made of a claim."""
        try:
            commit, files = claim.read()
            lines = sum(end - start + 1 for said in files.values() for start, end, _ in said)
            told: dict[str, Any] = {"commit": commit, "files": len(files), "lines": lines}
            browsing = self._mirrors.browse(repository)
            if not browsing.holds(commit):
                return told | {"unused": "the commit is not here yet: `vestige code push` brings it"}
            History(browsing, Notes()).imported(commit, files)
        except InputError as error:
            return {"unused": str(error)}
        return told

    def named(self, name: str) -> Mirror:
        """The repository of a name.

        Raises:
            NotFoundError: there is none.
        """
        found = self._mirrors.named(name)
        if found is None:
            raise NotFoundError("there is no such repository", got=name[:80], hint="`vestige push` brings it here")
        return found

    def seen_of(self, repository: Mirror) -> tuple[Browsing, Replayed]:
        """A repository to look through, and who was seen writing the lines of its commits: without others' word."""
        return self._mirrors.browse(repository.id), self._attributing.seen(repository.id, source_of(repository.name))

    def seals_of(self, name: str, commits: Sequence[str]) -> dict[str, str]:
        """Of some commits of the repository of a name, those that are sealed, each with its last seal."""
        return self._seals.of(name, commits)

    def seal_held(self, name: str, commit: str) -> tuple[str, dict[str, Any], str] | None:
        """A commit's last seal, held against the repository: its entry, what it says, what differs; none if none is.

        Args:
            name: of the repository, which has the commit.
            commit: in full.
        """
        return self._seals.held(name, commit)

    def seal(self, by: Principal, hold: Callable[[Transaction], None] | None = None) -> int:
        """Seal the commits of which more is known than was sealed; how many.

        Args:
            by: who does it.
            hold: called within each transaction before anything is written.
        """
        return self._seals.seal(by, source_of, hold)

    def sealed(self, repository: str, oid: str) -> str:
        """The entry of a commit's last seal; empty if it is not sealed yet."""
        return self._seals.of(self._mirrors.get(repository).name, [oid]).get(oid, "")

    def verify_seals(self) -> dict[str, Any]:
        """Hold the seals of commits against the repositories: ``seals``, ``not_here``, ``differ``."""
        return self._seals.verify()

    def _attributed(self, repository: str, commit: str, path: str) -> FileNote:
        """Who wrote each line of a file."""
        self._settle()
        return self._attributing.lines(repository, self.source(repository), commit, path)

    @staticmethod
    def _text(browsing: Browsing, kind: str, oid: str, size: int | None) -> tuple[bytes, str]:
        """The bytes of a file, or why it has no lines."""
        if kind != "file":
            return b"", {"link": "a symbolic link", "module": "a submodule"}.get(kind, "no file")
        if (size or 0) > MOST_BLOB:
            return b"", f"more than {MOST_BLOB} bytes"
        data = browsing.blob(oid)
        return data, unread(data)


def _check_bounds(claim: Claim) -> None:
    """Refuse a claim that is more than is read. One that is no document is kept all the same: it says nothing.

    Raises:
        TooLargeError: it is.
    """
    try:
        claim.read()
    except TooLargeError:
        raise
    except InputError:
        return


def _summary(by_line: Sequence[Kind]) -> dict[str, int]:
    counted = Counter(by_line)
    return {kind.value: counted[kind] for kind in Kind}


def _scope(scope: Scope, by_line: Sequence[Kind]) -> dict[str, Any]:
    told = {"name": scope.name, "kind": scope.kind, "start": scope.start, "end": scope.end}
    return told | {"summary": _summary(by_line[scope.start - 1 : scope.end])}
