"""What a database's own complaint means in our error tree."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from vestige.model.errors import BusyError, StorageError, VestigeError

ENGINE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""Everything the engines and their drivers raise."""


def storage_error(error: BaseException) -> VestigeError:
    """The error to raise in place of an engine's own.

    A lock that was not given in time is a :class:`BusyError`; everything else is a :class:`StorageError`.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(cause).split())[:300]
    if _is_busy(cause):
        return BusyError(
            "the database is held by another writer",
            expected="the write lock within the waiting time",
            got=text,
            hint="end the other command or wait for it, then try again",
        )
    return StorageError(
        "the database refused or failed; nothing was acknowledged",
        got=text or type(cause).__name__,
        hint="see the database's own log; the request may be repeated",
    )


def _is_busy(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected)
