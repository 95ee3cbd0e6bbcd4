"""Which OpenID provider the people of a tenant may sign in with: one TOML file for the installation, a table a tenant.

::

    [default]                                  # the tenant's slug
    issuer = "https://login.example.org"
    client_id = "vestige"
    client_secret_file = "oidc-secret"         # or client_secret_env = "NAME"
    domains = ["example.org"]                  # whose verified addresses are taken

It is read once, at start, and a word nobody knows is an error: a misspelt bound must not silently mean none. The secret
stands in a file of its own, or in the environment, and is never shown.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vestige.access.people import email_of
from vestige.access.roles import Role
from vestige.model.errors import SettingsError, UsageError, VestigeError
from vestige.outgoing import Network, check_url, networks_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NETWORKS: Final = "`networks` of its table in VESTIGE_OIDC_FILE"
"""What names where a provider may be besides the open internet, for whoever is refused."""
MOST_BYTES: Final = 1 << 20
"""Of the file."""
MOST_SUBJECTS: Final = 10_000
_KNOWN: Final = frozenset(
    {
        *("issuer", "name", "client_id", "client_secret_file", "client_secret_env", "domains", "subjects", "role"),
        *("networks", "authority_file"),
    }
)
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_ROLES: Final = frozenset(Role) - {Role.OWNER, Role.ADMIN}
"""What somebody may become without anybody's deciding it: nobody who could let others in."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as one tenant uses it."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    """Empty: a public client; PKCE alone then ties the code to who asked for it."""
    name: str = ""
    """What its button says."""
    domains: frozenset[str] = frozenset()
    """Domains whose verified addresses stand for the person of that address."""
    subjects: Mapping[str, str] = field(default_factory=dict)
    """Addresses of people by the provider's own ids of them, whatever address it states."""
    role: Role | None = None
    """What somebody of those domains becomes who is not there yet; ``None``: nobody becomes anything."""
    networks: tuple[Network, ...] = ()
    """Where it may be besides the open internet."""
    authority: Path | None = None
    """A PEM file with the authority of its certificate, if the machine does not know it."""


def read(file: Path, environ: Mapping[str, str] | None = None) -> dict[str, Provider]:
    """The providers of a file, by the slug of the tenant.

    Args:
        file: the file; paths in it are relative to its directory.
        environ: where ``client_secret_env`` is looked up (default: the process's own).

    Raises:
        SettingsError: it cannot be read, or says what cannot be.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
        tables = tomllib.loads(text.decode()) if len(text) <= MOST_BYTES else {}
    except OSError as error:
        raise SettingsError(f"{file} cannot be read", got=error.strerror or str(error), field="oidc_file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML", got=str(error)[:200], field="oidc_file") from None
    if not tables:
        raise SettingsError(
            f"{file} names no provider", expected=f"a table for a tenant, within {MOST_BYTES} bytes", field="oidc_file"
        )
    environment = os.environ if environ is None else environ
    return {slug: _provider(f"{file}: [{slug}]", table, file.parent, environment) for slug, table in tables.items()}


def _provider(where: str, table: Any, folder: Path, environ: Mapping[str, str]) -> Provider:  # noqa: ANN401 - TOML
    if not isinstance(table, dict):
        raise _wrong(where, "a table", type(table).__name__)
    unknown = sorted(set(table) - _KNOWN)
    if unknown:
        raise _wrong(where, ", ".join(sorted(_KNOWN)), unknown[0])
    networks = networks_of(_texts(where, table, "networks"))
    issuer = _text(where, table, "issuer")
    try:
        if check_url(issuer, networks, NETWORKS).query:
            raise _wrong(where, "an issuer without a query", issuer[:80])
    except SettingsError:
        raise
    except VestigeError as error:
        raise _wrong(where, f"issuer = {error.expected}", error.got) from None
    domains = frozenset(one.casefold() for one in _texts(where, table, "domains"))
    if any(_DOMAIN.fullmatch(one) is None for one in domains):
        raise _wrong(where, "domains such as example.org", ", ".join(sorted(domains))[:80])
    subjects = _subjects(where, table.get("subjects", {}))
    if not domains and not subjects:
        raise _wrong(where, "domains, subjects or both: who may sign in", "neither")
    role = _text(where, table, "role", "")
    if role and role not in _ROLES:
        raise _wrong(where, f"role = one of {', '.join(sorted(_ROLES))}", role[:40])
    authority = _text(where, table, "authority_file", "")
    return Provider(
        issuer,
        _text(where, table, "client_id"),
        _secret(where, table, folder, environ),
        _text(where, table, "name", "") or "single sign-on",
        domains,
        subjects,
        Role(role) if role else None,
        networks,
        folder / authority if authority else None,
    )


def _secret(where: str, table: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> str:
    file, name = _text(where, table, "client_secret_file", ""), _text(where, table, "client_secret_env", "")
    if file and name:
        raise _wrong(where, "client_secret_file or client_secret_env", "both")
    if file:
        path = folder / file
        try:
            with path.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                secret = opened.read(4096).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(where, f"a secret in {path}", getattr(error, "strerror", None) or "no text") from None
        if mode & 0o077:
            raise _wrong(where, f"{path} with mode 0600", f"{mode & 0o777:04o}")
    elif name:
        secret = environ.get(name, "")
    else:
        return ""
    if not secret or not secret.isascii() or not secret.isprintable():
        raise _wrong(where, f"a secret of printable ASCII in {file or name}", "another" if secret else "nothing")
    return secret


def _text(where: str, table: dict[str, Any], name: str, default: str | None = None) -> str:
    found = table.get(name, default)
    if not isinstance(found, str) or len(found) > 2048 or (default is None and not found) or not found.isprintable():
        raise _wrong(where, f"{name}: a text", "none" if found is None else type(found).__name__)
    return found


def _texts(where: str, table: dict[str, Any], name: str) -> list[str]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _wrong(where, f"{name}: a list of texts", type(found).__name__)
    return found


def _subjects(where: str, found: Any) -> dict[str, str]:  # noqa: ANN401 - TOML
    if not isinstance(found, dict) or len(found) > MOST_SUBJECTS:
        raise _wrong(where, f"subjects: a table of at most {MOST_SUBJECTS} addresses", type(found).__name__)
    try:
        return {subject: email_of(email) for subject, email in found.items()}
    except (UsageError, AttributeError):
        raise _wrong(where, "subjects: addresses by the provider's ids", "one that is no address") from None


def _wrong(where: str, expected: str, got: str) -> SettingsError:
    return SettingsError(f"{where} cannot be", expected=expected, got=got, hint="see docs/access.md", field="oidc_file")
