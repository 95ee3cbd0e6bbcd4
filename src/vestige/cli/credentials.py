"""What servers gave this user to sign in with: one file, readable by the user alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import orjson

from vestige.model.errors import SettingsError

_MOST_BYTES = 1 << 20


def file() -> Path:
    """Where it lies: ``vestige/credentials.json`` under ``XDG_CONFIG_HOME``, or ``~/.config``."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "vestige" / "credentials.json"


def token_for(server: str) -> str:
    """The token kept for a server; empty if there is none.

    Raises:
        SettingsError: others may read the file, or it is none of ours.
    """
    return _read().get(_name(server), "")


def keep(server: str, token: str) -> None:
    """Keep a token, in place of an earlier one."""
    _write(_read() | {_name(server): token})


def forget(server: str) -> None:
    """Keep none for a server."""
    kept = _read()
    if kept.pop(_name(server), None) is not None:
        _write(kept)


def ingest_key_for(server: str, repository: str) -> str:
    """The key that capture sends a repository's events with; else the one for any repository; empty if there is none.

    Raises:
        SettingsError: as :func:`token_for`.
    """
    kept = _read()
    return kept.get(_ingest(server, repository), "") or kept.get(_ingest(server, ANY), "")


def keep_ingest_key(server: str, repository: str, token: str) -> None:
    """Keep such a key; an empty one: keep none."""
    kept = _read()
    kept.pop(_ingest(server, repository), None)
    _write(kept | ({_ingest(server, repository): token} if token else {}))


def log_key_for(server: str) -> str:
    """The key of a server's log, as it was last told over a connection that proved the server; empty if it never was.

    Raises:
        SettingsError: as :func:`token_for`.
    """
    return _read().get(f"{_name(server)} log", "")


def keep_log_key(server: str, vkey: str) -> None:
    """Keep it, in place of an earlier one."""
    _write(_read() | {f"{_name(server)} log": vkey})


ANY = "*"
"""Any repository."""


def _ingest(server: str, repository: str) -> str:
    return f"{_name(server)} agent:{repository}"


def _name(server: str) -> str:
    return server.rstrip("/")


def _read() -> dict[str, str]:
    path = file()
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if mode & 0o077:
                raise SettingsError(
                    f"others may read {path}", expected="mode 0600", got=f"{mode & 0o777:04o}", hint=f"chmod 600 {path}"
                )
            found = orjson.loads(opened.read(_MOST_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"{path} cannot be read", got=type(error).__name__, hint="remove it") from None
    if not isinstance(found, dict) or not all(isinstance(token, str) for token in found.values()):
        raise SettingsError(f"{path} holds no credentials", expected="an object of tokens by server", hint="remove it")
    return found


def _write(kept: dict[str, str]) -> None:
    """Put the file in place whole, never readable by others: a file made by ``mkstemp`` is 0600 from the start."""
    path = file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(orjson.dumps(kept))
    Path(name).replace(path)
