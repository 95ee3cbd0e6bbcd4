"""One installation: its stores opened, its tenants' rooms made, and all of it closed in the right order."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

from vestige.access import DEFAULT_SLUG, Access, FirstOwners, PasswordLogins, People, Refusals, Sessions
from vestige.app import spool, uploads
from vestige.app.anchoring import anchoring, troubles
from vestige.app.backups import Backups, last_made
from vestige.app.custody import unfinished
from vestige.app.datadir import close_to_others, is_private
from vestige.app.figures import Figures
from vestige.app.ledgerview import LedgerView
from vestige.app.memory import giving_back
from vestige.app.redacting import Redactions
from vestige.app.rooms import Rooms
from vestige.app.tracing import Tracing, spans_of
from vestige.app.upkeep import Upkeep
from vestige.custody.rule_store import asks_for_sealing
from vestige.db import Database
from vestige.index import Index, MemoryLimits, is_shared, place_of
from vestige.ingest.projector import COUNT_SECONDS
from vestige.jobs.lease import alone
from vestige.ledger import BlobStore, DirectoryBlobs, KeyEncryptionKey, Ledger
from vestige.model.errors import BusyError, NotFoundError, VestigeError
from vestige.model.instant import NANOS, now, parse_rfc3339
from vestige.objects import Folder, named
from vestige.receivers import Receivers, Syslog
from vestige.web import BUILD_COMMAND, STATIC, Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.access import Guests
    from vestige.access.oidc_logins import OpenIdLogins
    from vestige.settings import Settings

OPENID_CALLBACK = "/ui/login/openid/callback"
"""Where a provider sends browsers back to: registered there, so it does not change."""
BACKUP_DAYS = 7
"""After so many days the last backup is old."""
LAG_SECONDS = 10.0
"""How long a check waits for an index that is behind to come nearer."""
INDEX_LEASE = "index-writer"
BLOBS_ANSWER_SECONDS = 5
"""Within which the store of blobs must answer whoever asks whether it is there."""
BLOBS_SECONDS = 15.0
"""For how long an answer of the store of blobs holds."""
SIGN_SECONDS = 1.0
"""A checkpoint is signed on change, at most this often per tenant (ledger.md section 4)."""


class Installation:
    """Everything one process needs to serve one data directory."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        blobs: BlobStore,
        ledger: Ledger,
        index: Index,
    ) -> None:
        self.settings = settings
        self.db = db
        self.blobs = blobs
        self.ledger = ledger
        self.anchoring = anchoring(settings, ledger)
        self.index = index
        self.figures = Figures()
        """What this process counts."""
        self.tracing = Tracing.open(settings)
        """Makes spans of what is done; ``None`` where no collector is named."""
        self.span = spans_of(self.tracing)
        self.access = Access(db, ledger)
        self.people = People(db, ledger, settings.breached_passwords)
        self.first_owners = FirstOwners(db, ledger, settings.breached_passwords)
        self.guests: Guests | None = None
        """Who may look at a demonstration; ``None`` where this is none."""
        self.passwords = PasswordLogins(db, ledger)
        self.sessions = Sessions(db, ledger, settings.limit_sign_ins)
        self.refusals = Refusals(settings.data / "refused.jsonl")
        self.openid = _openid(settings, db, ledger)
        """Sign-ins by way of OpenID providers; ``None`` where the settings name none."""
        self.may_write_index: Callable[[], None] = lambda: None
        """Raises where another server has become the one that writes the index."""
        self._rooms: dict[str, Rooms] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.receivers: Receivers | None = None
        """What listens by itself, if this process serves (:meth:`listening`)."""
        self.demonstration = False
        """Whether what is in here was made up to be shown: every page says so."""
        self.redactions = Redactions(settings.secret_rules)
        self.backups = Backups(self)
        self.upkeep = Upkeep(self)
        """What is done by itself; nothing of it is before :meth:`scheduling`."""
        self._signing_error: Exception | None = None
        self._blobs_asked = time.monotonic(), True  # it answered when it was opened
        self._asking_blobs = threading.Lock()
        self._signer = threading.Thread(target=self._sign, name="signer", daemon=True)

    @classmethod
    @contextlib.contextmanager
    def open(cls, settings: Settings) -> Iterator[Installation]:
        """Open the stores, bring their schemas up to date, and close everything at the end."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(settings.data)
        with contextlib.ExitStack() as stack:
            db = stack.enter_context(Database.open(settings.database, owner_url=settings.database_owner_url))
            db.migrate()
            blobs = blob_store(settings.blobs)
            kek = (
                KeyEncryptionKey.from_setting(settings.key_encryption_key)
                if settings.key_encryption_key
                else KeyEncryptionKey.from_file(settings.signer / "kek")
            )
            ledger = Ledger.open(db, blobs, settings.signer, kek, asked=asks_for_sealing)
            stack.callback(ledger.close)
            access = Access(db, ledger)
            tenant = access.ensure_tenant()
            writing = stack.enter_context(only_writer(settings, db, tenant.id))
            index = Index.open(
                settings.index, settings.data, db.installation(), MemoryLimits(settings.limit_index_memory_mib)
            )
            stack.callback(index.close)
            installation = cls(settings, db, ledger.blobs, ledger, index)
            installation.may_write_index = writing
            stack.callback(installation.close)
            spool.clear(settings.data / "spool")
            uploads.clear_old(settings.data / uploads.FOLDER, **uploads.bounds(settings))
            close_to_others(settings.data)
            installation.rooms(tenant.id)
            for other in access.tenants():
                # What is to be forgotten is not left until somebody of that tenant comes by.
                if unfinished(ledger, other["id"]) or ledger.erasures.undone(other["id"]):
                    installation.rooms(other["id"])
            installation._signer.start()
            yield installation

    @contextlib.contextmanager
    def listening(self) -> Iterator[Receivers]:
        """Run the receivers that the settings ask for, into the default tenant's log.

        Raises:
            SettingsError: a setting of theirs is wrong.
            StorageError: an address cannot be bound.
        """
        settings = self.settings
        syslog = Syslog(
            udp=settings.syslog_udp,
            tcp=settings.syslog_tcp,
            tls=settings.syslog_tls,
            tls_cert=settings.syslog_tls_cert,
            tls_key=settings.syslog_tls_key,
            tls_ca=settings.syslog_tls_ca,
            allow=settings.syslog_allow,
            zone=settings.syslog_zone,
            frame_bytes=settings.limit_syslog_frame_bytes,
            connections=settings.limit_syslog_connections,
            peers=settings.limit_syslog_peers,
            waiting_bytes=settings.limit_syslog_waiting_bytes,
        )
        receivers = Receivers(syslog, self.rooms_of_slug(None).intake.receive_all)
        receivers.start()
        self.receivers = receivers
        try:
            yield receivers
        finally:
            receivers.stop()

    @contextlib.contextmanager
    def scheduling(self) -> Iterator[None]:
        """Run what is due, and give back memory, until the block is left."""
        self.upkeep.runner.start()
        try:
            with giving_back():
                yield
        finally:
            self.upkeep.runner.close()

    def owner_token(self) -> str | None:
        """The owner's token, made now if the installation has no key yet: to be shown at once, it is kept nowhere."""
        return self.access.first_owner_token(self.access.tenant())

    def rooms(self, tenant: str) -> Rooms:
        """The rooms of a tenant given by id."""
        with self._lock:
            rooms = self._rooms.get(tenant)
            if rooms is None:
                rooms = Rooms(self, self.access.tenant_by_id(tenant))
                self._rooms[tenant] = rooms
            return rooms

    def rooms_of_slug(self, slug: str | None) -> Rooms:
        """The rooms of a tenant given by name; the default tenant's for ``None``."""
        return self.rooms((self.access.tenant(slug) if slug else self.access.tenant()).id)

    def ledger_view(self, tenant: str) -> LedgerView:
        """The public side of a tenant's ledger, by the tenant's id.

        The default tenant goes by its name too, which everybody knows; those of others are not to be probed.

        Raises:
            NotFoundError: no such tenant.
        """
        try:
            found = self.access.tenant() if tenant == DEFAULT_SLUG else self.access.tenant_by_id(tenant)
            return LedgerView(self.ledger, self.blobs, found.id)
        except NotFoundError:
            raise NotFoundError(f"no log of tenant {tenant[:64]!r}") from None

    def lags(self) -> list[int]:
        """How many entries the index lacks, of each tenant whose rooms are open."""
        return [rooms.lag() for rooms in list(self._rooms.values())]

    def failing(self) -> list[str]:
        """The stores that do not answer."""
        failing = []
        rooms = list(self._rooms.values())
        try:
            for one in rooms:
                self.ledger.head(one.tenant.id)
        except VestigeError:
            failing.append("ledger")
        if not self._blobs_answer():
            failing.append("blobs")
        try:
            self.index.query("SELECT 1")
        except VestigeError:
            failing.append("index")
        if "index" not in failing:
            failing += ["projection" for one in rooms if one.projector.error or one.projector.missing(COUNT_SECONDS)]
        if self.signing_error:
            failing.append("signer")
        if self.receivers is not None and self.receivers.error is not None:
            failing.append("receivers")
        return failing

    def _blobs_answer(self) -> bool:
        """Whether the store of blobs answered, the last time it was asked: whoever probes often asks it no oftener."""
        asked = self._blobs_asked
        if time.monotonic() - asked[0] > BLOBS_SECONDS and self._asking_blobs.acquire(blocking=False):
            # One asks; meanwhile others have the last answer.
            try:
                self.blobs.check()
                self._blobs_asked = time.monotonic(), True
            except VestigeError:
                self._blobs_asked = time.monotonic(), False
            finally:
                self._asking_blobs.release()
        return self._blobs_asked[1]

    @property
    def signing_error(self) -> str:
        """Why the last checkpoint could not be signed, until one is; empty if all is well."""
        if self._signing_error is not None:
            return str(self._signing_error)
        ended = not self._signer.is_alive() and not self._closing.is_set()
        return "the thread that signs has ended: start this process again" if ended else ""

    def _sign(self) -> None:
        """Publish a checkpoint for whatever changed, once a second.

        A refusal is kept for readiness and doctor, and tried again: entries stay acknowledged, but unsigned.
        """
        while not self._closing.wait(SIGN_SECONDS):
            try:
                self.ledger.publish_due()
                self.access.write_uses()
                self.passwords.write_locked()
                self.refusals.write()
                self._signing_error = None
            except Exception as error:  # noqa: BLE001 - kept and told; a thread that ends would sign no more, unseen
                self._signing_error = error

    def close(self) -> None:
        """Stop signing on a schedule and stop following; the ledger's own close publishes the last checkpoints."""
        self._closing.set()
        if self._signer.is_alive():
            self._signer.join()
        for rooms in self._rooms.values():
            rooms.close()
        self.access.write_uses(due=True)
        self.refusals.write(due=True)
        if self.tracing is not None:
            self.tracing.close()

    def doctor(self, rooms: Rooms) -> list[dict[str, Any]]:
        """Each check with its finding and, where it is not well, what to do."""
        data = self.settings.data
        free = shutil.disk_usage(data).free
        separation = self.db.separation()
        signer = self.settings.signer.resolve()
        private = is_private(data)
        apart = not signer.is_relative_to(data.resolve())
        return [
            _check("ledger", True, f"{self.db.dialect}, {self.ledger.head(rooms.tenant.id)} entries"),
            _check("signing", not self.signing_error, self.signing_error or "checkpoints are signed", _VERIFY),
            self._index_check(rooms),
            _check("disk", free > 1 << 30, f"{free >> 20} MiB free", "free some space, or move VESTIGE_DATA"),
            _check(
                "directory",
                private,
                "readable by its owner only" if private else f"others may look into {data}",
                f"chmod 700 {data}, as its owner",
            ),
            _check(
                "roles", separation.separate, separation.detail, "give VESTIGE_DATABASE_OWNER_URL a role of its own"
            ),
            _check(
                "signer",
                apart,
                "its memory lies apart from the data"
                if apart
                else "its memory lies beside the data: whoever rolls back the whole directory rolls it back too",
                "set VESTIGE_SIGNER_DIR to another disk or machine",
            ),
            self._backup(rooms),
            *rooms.archives.standing(),
            *self._erasures(rooms),
            *(_check("anchors", False, trouble, _ANCHORS) for trouble in troubles(self, rooms.tenant.id)),
            *self._upkeep(rooms),
            *self._heard(),
            *self._provider(rooms),
            _interface(),
        ]

    @staticmethod
    def _backup(rooms: Rooms) -> dict[str, Any]:
        """When the last backup was made, as the tenant's log has it: one made by other means is not known of."""
        try:
            last = last_made(rooms)
        except VestigeError as error:
            return _check("backup", False, f"when the last one was made cannot be told: {error}", _REBUILD)
        if last is None:
            return _check("backup", False, "`vestige backup` never made one", _BACKUP)
        days = (now() - parse_rfc3339(last["at"])[0]) // (86_400 * NANOS)
        age = "today" if not days else "a day ago" if days == 1 else f"{days} days ago"
        return _check("backup", days <= BACKUP_DAYS, f"the last was made {age}, in {last['folder']}", _BACKUP)

    @staticmethod
    def _erasures(rooms: Rooms) -> list[dict[str, Any]]:
        """Whether what was erased is gone; nothing is said where nothing waits."""
        waiting = rooms.custody.unfinished()
        why = f" ({rooms.custody.failure})" if rooms.custody.failure else ""
        said = f"{len(waiting)} erasures are not over yet: {', '.join(entry.id for entry in waiting[:3])}{why}"
        return [_check("erasures", False, said, "they are gone on with by themselves; look again")] if waiting else []

    def _upkeep(self, rooms: Rooms) -> list[dict[str, Any]]:
        """What jobs failed at, and what verifications found; nothing is said where all is well."""
        said = []
        for one in self.upkeep.runner.states(rooms.tenant.id):
            if "error" in one:
                said.append(
                    _check(f"job {one['name']}", False, one["error"], "it is tried again; see `vestige job list`")
                )
            if one.get("result", {}).get("ok") is False:
                said.append(_check(f"job {one['name']}", False, one["result"]["reason"], _FOUND))
        return said

    def _index_check(self, rooms: Rooms) -> dict[str, Any]:
        """Whether the index has what is in the ledger, or is on its way there: a lag alone tells neither."""
        projector = rooms.projector
        head, before = self.ledger.head(rooms.tenant.id), projector.watermark
        deadline = time.monotonic() + LAG_SECONDS
        try:
            while (lag := projector.wait(head, 0.25)) and projector.watermark <= before and time.monotonic() < deadline:
                if projector.error is not None:
                    return _check("index", False, f"{lag} entries behind: {projector.error}", _REBUILD)
            missing = projector.missing()
        except VestigeError as error:
            return _check("index", False, f"{head - projector.watermark} entries behind: {error}", _REBUILD)
        moving = not lag or projector.watermark > before
        still = "" if moving else f", and none came in {LAG_SECONDS:.0f} s"
        anew = f"; it was damaged, and is filled again: {self.index.damaged}" if self.index.damaged else ""
        return _check("index", moving and not missing, missing or f"{lag} entries behind{still}{anew}", _REBUILD)

    def _provider(self, rooms: Rooms) -> list[dict[str, Any]]:
        """Whether people could sign in by way of the tenant's provider now; nothing where it has none.

        The default tenant is told besides of tables for tenants that are not there; others are told of none but theirs.
        """
        if self.openid is None:
            return []
        lost = []
        if rooms.tenant.slug == DEFAULT_SLUG:
            lost = self.openid.unknown([one["slug"] for one in self.access.tenants()])
        nobodys = f"there is no tenant {', '.join(lost)[:200]}: its table in VESTIGE_OIDC_FILE lets nobody in"
        said = [_check("sign-in settings", False, nobodys, _TABLES)] if lost else []
        try:
            found = self.openid.check(rooms.tenant.slug)
        except VestigeError as error:
            return [*said, _check("sign-in provider", False, f"{error}", error.hint or _PROVIDER)]
        return [*said, _check("sign-in provider", True, found)] if found else said

    def _heard(self) -> list[dict[str, Any]]:
        """One finding per listener: what it took in, and whether anything was lost."""
        found = []
        for one in self.receivers.status() if self.receivers is not None else []:
            detail = f"{one['address']}: {one['received']} received, {one['waiting']} not committed yet"
            if one["dropped"]:
                detail += f", {one['dropped']} dropped by the kernel"
            if one["refused"]:
                detail += f", {one['refused']} refused"
            if "error" in one:
                detail += f"; the last commit failed: {one['error']}"
            well = not one["dropped"] and "error" not in one
            found.append(_check(one["name"], well, detail, _ERROR if "error" in one else _DROPPED))
        return found


def _openid(settings: Settings, db: Database, ledger: Ledger) -> OpenIdLogins | None:
    """As the settings say; its libraries are read only where it is used."""
    if settings.oidc_file is None:
        return None
    from vestige.access.oidc_logins import OpenIdLogins  # noqa: PLC0415
    from vestige.access.oidc_settings import read  # noqa: PLC0415

    return OpenIdLogins(db, ledger, read(settings.oidc_file), f"{settings.public_url}{OPENID_CALLBACK}")


def _interface() -> dict[str, Any]:
    """Whether browsers find more here than a page that says how the interface is built."""
    is_built = Interface(STATIC).is_built()
    return _check("interface", is_built, "it is built" if is_built else "it is not built", _NOT_BUILT)


_NOT_BUILT = f"`{BUILD_COMMAND}`, in the folder of the sources, builds it; it needs Node and npm"
_ANCHORS = "`vestige anchor now` asks again; of a contradiction see docs/anchors.md"
_FOUND = "docs/integrity.md says what to do; `vestige integrity check` looks again"
_BACKUP = "`vestige backup FOLDER`, on another disk; docs/operations.md says what is in it"
_VERIFY = "run `vestige ledger verify`; it says which entries or sizes disagree"
_DROPPED = "let senders use TCP, or raise net.core.rmem_max"
_PROVIDER = "see the file VESTIGE_OIDC_FILE names, and the provider itself; passwords are not affected"
_TABLES = (
    "a table is called as its tenant is (`vestige tenant list`): mend the name and start again, or make the tenant"
)
_ERROR = "it is tried again every few seconds; senders over TCP and TLS wait meanwhile"
_REBUILD = "run `vestige index rebuild`; the ledger is not affected"


@contextlib.contextmanager
def only_writer(settings: Settings, db: Database, tenant: str) -> Iterator[Callable[[], None]]:
    """Be the one server that writes an index which others could reach too; what raises when that is over.

    An index in process is nobody else's: its directory has a lock.

    Raises:
        BusyError: another server writes it.
    """
    if not is_shared(settings.index):
        yield lambda: None
        return
    lease = float(settings.job_lease_seconds)
    with contextlib.ExitStack() as stack:
        try:
            name = f"{INDEX_LEASE}-{place_of(settings.index)}"
            turn = stack.enter_context(alone(db, tenant, name, lease, patience=2 * lease))
        except BusyError:
            raise BusyError(
                "another server writes this index", expected="one server for each ClickHouse database",
                got="a lease that is being renewed",
                hint="stop the other, or give this one a database of its own in VESTIGE_INDEX_URL",
            ) from None  # fmt: skip
        yield turn.sure


def blob_store(url: str) -> BlobStore:
    """The store of blobs that a URL names.

    Raises:
        SettingsError: no such kind of store.
        StorageError: it does not answer.
    """
    place = named(url, "blobs_url")
    if isinstance(place, Folder):
        return DirectoryBlobs(place.path)
    from vestige.ledger.objectblobs import ObjectBlobs  # noqa: PLC0415 - only who has a bucket pays for it

    blobs = ObjectBlobs(place.open(), place.open(seconds=BLOBS_ANSWER_SECONDS, retries=0))
    blobs.check()
    return blobs


def _check(name: str, ok: bool, detail: str, hint: str = "") -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail} | ({"hint": hint} if hint and not ok else {})
