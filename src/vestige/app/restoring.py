"""Putting a backup of the whole installation back, into an empty place, and verifying what is there then."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy.engine import make_url

from vestige.app.backups import told
from vestige.app.datadir import LOCK, RESTORING, require_empty
from vestige.app.installation import Installation, blob_store
from vestige.backup import Backup, Place, clear, put_back
from vestige.backup.restoring import check
from vestige.ledger import KeyEncryptionKey, Kind, act_entry
from vestige.ledger.blobs import only_owner, sync_directory
from vestige.model.errors import ConflictError, IntegrityError, SettingsError

if TYPE_CHECKING:
    from vestige.app.backups import Tell
    from vestige.backup import Manifest
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable
    from vestige.settings import Settings

RESTORED: Final = "backup.restored"


def restore(
    settings: Settings, folder: Path, by: Principal, *, without_signer: bool = False, tell: Tell = lambda *_: None
) -> dict[str, Any]:
    """Put a backup back into an empty data directory, whose lock the caller holds, and verify what is there then.

    What was erased since is erased again; a log of which more was signed than the backup has goes on as the next epoch.

    Args:
        settings: of the place.
        folder: the backup's.
        by: in whose name.
        without_signer: go on although the signer's directory is not there, or not its: then nobody knows what was lost
            or erased since, and without the key nothing can be signed.
        tell: told what is done, and how much of how much.

    Raises:
        ConflictError: the place is not empty.
        SettingsError: the signer's directory is not there, or not its; or the database is of the other kind.
        NotFoundError: there is no backup.
        FormatError: it is of a newer version, or none.
        IntegrityError: it is not what was written; nothing of it stays.

    What goes wrong once everything is put back has a note that says so.
    """
    require_empty(settings)
    try:
        backup = _put_back(settings, folder, without_signer=without_signer, tell=tell)
    except BaseException:
        # With a database elsewhere the lock's file is what makes a directory an installation.
        (settings.data / LOCK).unlink(missing_ok=True)
        raise
    tenants: list[dict[str, Any]] = []
    try:
        with Installation.open(settings) as installation:
            tenants += [_gone_on(installation, one, backup.manifest, by, tell) for one in installation.access.tenants()]
    except BaseException as error:
        if not (isinstance(error, SettingsError) and any(one["unsigned"] for one in tenants)):
            error.add_note(_NOT_GONE_ON)
            raise
        # Closing signs what is unsigned, and there is no key to: that is told of each tenant already.
    ok = all(one["verified"]["ok"] for one in tenants)
    return {"ok": ok, "backup": told(backup.manifest), "tenants": tenants}


def _put_back(settings: Settings, folder: Path, *, without_signer: bool, tell: Tell) -> Backup:
    """Fill the place, or leave it as it was."""
    backup = Backup.open(folder)
    url = make_url(settings.database)
    place = Place(
        settings.data,
        cache(lambda: blob_store(settings.blobs)),
        settings.database,
        settings.database_owner_url,
        Path(str(url.database)).absolute() if url.get_backend_name() == "sqlite" else None,
    )
    check(backup, place)
    if not without_signer:
        _require_signer(settings, backup.manifest)
    marker = settings.data / RESTORING
    _require_no_database(place, marker)
    if marker.exists():
        _clear(place)
    with only_owner(marker, os.O_TRUNC) as file:
        file.write(os.fsencode(place.file or ""))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(settings.data)
    try:
        put_back(backup, place, tell)
    except BaseException:
        _clear(place)
        marker.unlink()
        raise
    marker.unlink()
    sync_directory(settings.data)
    return backup


def _require_no_database(place: Place, marker: Path) -> None:
    """Refuse where SQLite's file is there already: it may lie outside the data directory, and be somebody's.

    What an earlier putting back was to make is not: the marker that it left names it.

    Raises:
        ConflictError: there is one.
    """
    if place.file is None or (marker.exists() and marker.read_bytes() == os.fsencode(place.file)):
        return
    there = [path for path in _files(place.file) if path.exists()]
    if there:
        raise ConflictError(
            "there is a database already", expected="no such file", got=str(there[0])[:200],
            hint="move it away, or name another in VESTIGE_DATABASE_URL", field="database_url",
        )  # fmt: skip


def _files(database: Path) -> list[Path]:
    """SQLite's files of a database, and what becomes one."""
    return [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm", ".restoring")]


def _gone_on(
    installation: Installation, one: dict[str, Any], manifest: Manifest, by: Principal, tell: Tell
) -> dict[str, Any]:
    """Open a tenant of what was put back, which erases again what was; let its log go on; verify it."""
    heads = [log for log in manifest.logs if log.tenant == one["id"]]
    size = sum(log.size for log in heads)
    rooms = installation.rooms(one["id"])
    for log in heads:
        view = installation.ledger.log(one["id"], log.epoch)
        if view.origin != log.origin:
            raise IntegrityError("the backup's manifest tells of other logs", expected=log.origin, got=view.origin)
    erasing = installation.ledger.entries_of(one["id"], [Kind.ERASURE, Kind.PURGE], size)
    again = sum("replays" in orjson.loads(installation.ledger.opened(entry)) for entry in erasing)
    epoch, unsigned = None, ""
    try:
        epoch = rooms.new_epoch(by)
    except ConflictError:
        pass  # nothing was signed since: the log goes on as it is
    except SettingsError as error:
        unsigned = str(error)
    if not unsigned:
        detail: dict[str, Encodable] = {"manifest": manifest.sha256, "made_at": manifest.made_at}
        rooms.record(act_entry(RESTORED, by, detail))
    verified = rooms.ledger.verify(lambda done, of: tell(f"verify {one['slug']}", done, of))
    return {"tenant": one["id"], "slug": one["slug"], "restored": size, "erased_again": again, "epoch": epoch,
            "unsigned": unsigned, "verified": verified}  # fmt: skip


def _require_signer(settings: Settings, manifest: Manifest) -> None:
    """Refuse to go on where the signer's directory is not the one that belongs to the backup.

    Raises:
        SettingsError: it is not.
    """
    memory = settings.signer
    lacking = [log for log in manifest.logs if not (memory / f"{log.tenant}-{log.epoch}.json").is_file()]
    if lacking:
        raise SettingsError(
            f"the signer's directory {memory} does not know the backup's logs",
            expected=f"{len(manifest.logs)} logs, such as {lacking[0].origin}", got=f"{len(lacking)} that it lacks",
            hint=_SIGNER, field="signer_dir",
        )  # fmt: skip
    if settings.key_encryption_key:
        kek = KeyEncryptionKey.from_setting(settings.key_encryption_key)
    elif (memory / "kek").is_file():
        kek = KeyEncryptionKey.from_file(memory / "kek")
    else:
        raise SettingsError("there is no key-encryption key", expected=f"{memory / 'kek'}", hint=_SIGNER)
    if set(manifest.wrapped_under) - {kek.fingerprint}:
        raise SettingsError(
            "the backup's keys are wrapped under another key-encryption key",
            expected=", ".join(manifest.wrapped_under), got=kek.fingerprint, hint=_SIGNER, field="key_encryption_key",
        )  # fmt: skip


def _clear(place: Place) -> None:
    clear(place.data)
    if place.file is not None:
        for path in _files(place.file):
            path.unlink(missing_ok=True)


_NOT_GONE_ON: Final = (
    "all of it is put back, but not verified yet: finish with `vestige ledger new-epoch`, which refuses where a log "
    "needs none, and `vestige ledger verify`, for each tenant"
)
_SIGNER: Final = (
    "put the signer's directory back first, from where it is kept apart; if it is lost, --without-signer goes on "
    "without: what was lost or erased since is then known to nobody here"
)
