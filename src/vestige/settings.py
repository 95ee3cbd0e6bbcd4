"""One frozen set of settings, read once: defaults, then ``vestige.toml``, then the environment.

Every setting is an environment variable ``VESTIGE_<NAME>`` or a lower-case key ``<name>`` of ``vestige.toml`` in the
data directory. A name nobody knows is an error at start: a misspelt limit must not silently mean no limit.
``VESTIGE_TEST_*`` belongs to the test suite and is ignored here.

A secret may lie in a file instead, which ``VESTIGE_<NAME>_FILE`` names: what starts containers hands secrets in so, and
the environment of a process is easier to come by than a file.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import ssl
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestige.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "VESTIGE_"
DEFAULT_DATA = "vestige-data"
DEMO_EVENTS = 20_000
"""Size of the demonstration, if none is asked for."""
_CLIENT = {"SERVER", "SKIP_UI", "TOKEN"}
"""Read by the command line for itself, or by the build of the interface; not by the server."""
_PUBLIC_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
LLM_PROVIDERS = ("anthropic", "openai")
KEY_LENGTH = 1_024
"""Letters of a key of a model's service."""
_SECRET_FILE_BYTES = 64 << 10
"""Of a file that holds one secret."""
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
_LEAST = {
    # With 0 of these nothing could be served at all; somebody who writes it means something else.
    "limit_header_seconds": 1,
    "limit_idle_seconds": 1,
    "limit_connections": 1,
    "job_lease_seconds": 1,
    "limit_receiver_requests": 1,
    "limit_syslog_frame_bytes": 1,
    "limit_syslog_connections": 1,
    "limit_syslog_waiting_bytes": 1,
    "limit_followed_files": 1,
    "limit_upload_seconds": 60,
    # With less than this the index could not take in a block of large records.
    "limit_index_memory_mib": 512,
}
"""The least each may be, if that is not 0."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can be told. Sizes are bytes, times are seconds."""

    data: Path = Path(DEFAULT_DATA)
    database_url: str = field(default="", repr=False)
    """SQLAlchemy URL of ledger and workspace; empty: ``vestige.sqlite`` in the data directory."""
    database_owner_url: str = field(default="", repr=False)
    """PostgreSQL only: the role that owns the tables and runs migrations, so that the serving role owns none."""
    index_url: str = field(default="", repr=False)
    """``chdb:///path`` or ``clickhouse://user:password@host:port/database``; empty: ``index`` in the data directory."""
    blobs_url: str = ""
    """``file:///path`` or ``s3://bucket/prefix`` for acquired files and large payloads; empty: ``blobs`` in the data
    directory."""
    signer_dir: Path | None = None
    """Where the signer remembers what it signed, outside the database. Default: ``signer`` in the data directory."""
    key_encryption_key: str = field(default="", repr=False)
    """32 bytes in base64 that wrap every private key; empty: a 0600 file beside the signer's state."""
    host: str = "127.0.0.1"
    port: int = 8080
    webhook_github_secret: str = field(default="", repr=False)
    """Shared with GitHub: what its webhooks are signed with. Empty, as for the others: the webhook is not there."""
    webhook_gitlab_secret: str = field(default="", repr=False)
    """Shared with GitLab: a signing token (``whsec_…``) its webhooks are signed with, or a secret token they bear."""
    webhook_git_secret: str = field(default="", repr=False)
    """Shared with whoever else tells of repositories, and signs it as Standard Webhooks has it."""
    webhook_okta_secret: str = field(default="", repr=False)
    """Shared with Okta: the authorization secret of its event hooks."""
    webhook_slack_secret: str = field(default="", repr=False)
    """Slack's signing secret of the app whose events come here."""
    syslog_udp: str = ""
    """Where to listen for syslog over UDP, ``host:port``; empty: nowhere. Likewise the next two."""
    syslog_tcp: str = ""
    syslog_tls: str = ""
    syslog_tls_cert: Path | None = None
    """PEM file with the certificate, and its chain, of the TLS listener."""
    syslog_tls_key: Path | None = None
    syslog_tls_ca: Path | None = None
    """PEM file with the authorities whose clients are let in; none: no certificate is asked for."""
    syslog_allow: str = "127.0.0.0/8, ::1/128"
    """Networks whose hosts are heard by UDP, TCP, and TLS without client certificates."""
    syslog_zone: str = ""
    """Zone of stamps that state none; empty: UTC is assumed."""
    cloudtrail_keys: Path | None = None
    """A PEM file of the public keys CloudTrail signs digests with."""
    tls_cert: Path | None = None
    """PEM file with the certificate, and its chain, that `up` serves HTTPS with; with ``tls_key``."""
    tls_key: Path | None = None
    public_url: str = ""
    """Where browsers find this installation, such as ``https://vestige.example.org``; empty: where they came to."""
    oidc_file: Path | None = None
    """A TOML file of the OpenID providers that people sign in with, by tenant (docs/access.md)."""
    cors_origins: str = ""
    """Origins, parted by commas, whose pages may read answers; empty: none."""
    security_contact: str = ""
    """Where to report a vulnerability of this installation (``mailto:``, ``https:``); empty: no security.txt."""
    secret_rules: str = ""
    """Files with rules for secrets beside those that come with Vestige, parted by commas (``docs/secrets.md``)."""
    tsa_urls: str = ""
    """Time-stamp authorities (RFC 3161) that checkpoints are shown to: URLs, parted by commas."""
    tsa_roots: Path | None = None
    """A PEM file of the root certificates that their stamps must lead to."""
    witnesses: str = ""
    """Witnesses (C2SP tlog-witness) that checkpoints are shown to: `KEY URL` each, parted by commas."""
    anchor_networks: str = ""
    """Networks, parted by commas, that authorities and witnesses may be in besides the open internet."""
    anchor_git: str = ""
    """A git remote that each anchored checkpoint is committed to as well; empty: none."""
    anchor_seconds: int = 3600
    """After so many seconds a log that changed is due to be shown to them again."""
    code_networks: str = ""
    """Networks, parted by commas, that Git repositories may be fetched from besides the open internet."""
    code_ca: Path | None = None
    """PEM file with the authorities of the hosts that repositories are fetched from; none: those the machine trusts."""
    code_fetch_seconds: int = 900
    """From one fetch of the repositories that are mirrored by URL to the next; 0: only when asked."""
    llm_provider: str = ""
    """Whose model writes stories for tenants that set none: anthropic or openai; empty: none does."""
    llm_model: str = ""
    """What that model is called."""
    llm_base_url: str = ""
    """Where it is; empty: the provider's own."""
    llm_api_key: str = field(default="", repr=False)
    """Its key; empty: none is sent."""
    llm_networks: str = ""
    """Networks, parted by commas, where the models that write stories may be besides the open internet."""
    otlp_url: str = ""
    """Where spans of our own work go, by OTLP over HTTP (``https://…/v1/traces``); empty: none are made."""
    otlp_token: str = field(default="", repr=False)
    """Sent there as a bearer token; empty: none."""
    otlp_networks: str = ""
    """Networks, parted by commas, where that may be besides the open internet."""
    log_format: str = "text"
    """How a server's lines on standard error look: ``text``, or ``json``, an object a line."""
    log_level: str = "warning"
    """What the server says on standard error: debug, info, warning or error."""
    lint_personal_data: int = 0
    """1: answers to declared events warn of what looks like personal data."""
    scan_seconds: int = 0
    """After so many seconds without anything new, what arrived is scanned for the enabled sequences; 0: it is not."""
    verify_seconds: int = 3600
    """From one verification of what is new in each log to the next; 0: only when asked. Likewise the next four."""
    verify_full_seconds: int = 86400
    verify_index_seconds: int = 7 * 86400
    retention_seconds: int = 86400
    archive_seconds: int = 6 * 3600
    seal_seconds: int = 300
    job_lease_seconds: int = 30
    """After so long without a word from whoever runs a job, another node runs it."""
    alarm_url: str = field(default="", repr=False)
    """Where a failed verification is told (Standard Webhooks); empty: nowhere."""
    alarm_secret: str = field(default="", repr=False)
    """What those messages are signed with."""
    alarm_networks: str = ""
    """Networks, parted by commas, where that may be besides the open internet."""
    archive_url: str = ""
    """Where weekly archives are kept: ``file:///path`` or ``s3://bucket/prefix``; empty: none are made."""
    archive_lock_days: int = 0
    """On S3: how long each object is locked against deletion (Object Lock, compliance mode); 0: it is not."""
    breached_passwords: Path | None = None
    """A list of leaked passwords, as Have I Been Pwned gives it "ordered by hash"; none: that is not looked up."""
    limit_address_requests: int = 2000
    """Requests a second of one address, and twice as many at once; 0: no bound."""
    limit_key_requests: int = 1000
    """Requests a second of one key or signed-in person, and twice as many at once; 0: no bound."""
    limit_sign_ins: int = 60
    """Attempts a minute of one address to sign in, to accept or to ask for an invitation; 0: no bound."""
    limit_device_polls: int = 600
    """Questions a minute of one address whether a program was let in; 0: no bound."""
    limit_body_bytes: int = 1 << 30
    """Largest request body."""
    limit_events_body_bytes: int = 64 << 20
    """Largest body of a request with declared events: it is held in memory."""
    limit_events_per_request: int = 50_000
    limit_event_bytes: int = 1 << 20
    """Largest single declared event; larger evidence comes as a file."""
    limit_upload_bytes: int = 64 << 30
    """Most bytes of files on their way in from browsers, all of a tenant's that wait together."""
    limit_upload_count: int = 1000
    """Most such files of a tenant that wait at once."""
    limit_upload_seconds: int = 86_400
    """After so long without a piece of it, such a file is removed."""
    limit_code_push_bytes: int = 1 << 30
    """Largest pack of Git objects that is taken in at once."""
    limit_code_unpacked_bytes: int = 16 << 30
    """Most bytes that the objects of one such pack may stand for."""
    limit_code_repository_bytes: int = 32 << 30
    """Largest Git repository on the disk."""
    limit_code_repositories: int = 1000
    """Most Git repositories of a tenant."""
    limit_llm_seconds: int = 60
    """For one question to the model that writes stories."""
    limit_llm_question_bytes: int = 256 << 10
    """Most bytes of entries that it is given at once."""
    limit_llm_answer_bytes: int = 256 << 10
    """Largest answer that is taken of it."""
    limit_live: int = 100
    """Most live views (`/v1/live`) open at once."""
    limit_receiver_requests: int = 64
    """Most requests in flight at once, for each receiver of another system's protocol."""
    limit_receiver_bytes: int = 256 << 20
    """Most bytes of requests that all receivers hold in memory at once."""
    limit_member_bytes: int = 64 << 30
    """Most bytes one compressed member may decompress to."""
    limit_import_bytes: int = 512 << 30
    """Most bytes all compressed members of one import may decompress to."""
    limit_import_processes: int = 4
    """Most processes that read records beside one import of files, and one fewer than there are cores; 0: none."""
    limit_ratio: int = 400
    """Decompressed bytes per compressed byte, once a member is past 256 MiB."""
    limit_members: int = 100_000
    """Most members of one archive."""
    limit_header_seconds: int = 10
    """Seconds within which a request's header must be complete."""
    limit_idle_seconds: int = 120
    """Longest silence within a request's body, or while an answer waits to be read; over the network only."""
    limit_index_memory_mib: int = 800
    """Most memory of an index in process, in MiB; a server has its own. One statement may take three quarters of it."""
    limit_connections: int = 512
    """Most connections open at once, for the network and for the socket each."""
    limit_syslog_frame_bytes: int = 256 << 10
    """Longest syslog message that is one record; a longer one is kept in pieces that are not read."""
    limit_syslog_connections: int = 512
    """Most connections open at once, for TCP and for TLS each."""
    limit_syslog_peers: int = 1000
    """Senders per listener that get a source of their own; all others share one."""
    limit_followed_files: int = 500
    """Most files one `import --follow` holds open."""
    limit_rules: int = 20_000
    """Most files of detection rules in one request."""
    limit_rules_bytes: int = 64 << 20
    """Most bytes of detection rules in one request: it is held in memory."""
    limit_syslog_waiting_bytes: int = 64 << 20
    """Most bytes of messages that arrived and are not committed yet; from there on nothing is read."""

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'vestige.sqlite'}"

    @property
    def index(self) -> str:
        """The index URL in force."""
        return self.index_url or f"chdb:///{self.data.absolute() / 'index'}"

    @property
    def signer(self) -> Path:
        """The signer's directory in force."""
        return self.signer_dir or self.data / "signer"

    @property
    def blobs(self) -> str:
        """The URL in force of where acquired files and large payloads are kept."""
        return self.blobs_url or (self.data.absolute() / "blobs").as_uri()


def load(environ: Mapping[str, str] | None = None, *, data: Path | None = None) -> Settings:
    """Read the settings in force.

    Args:
        environ: the environment (default: the process's own).
        data: a data directory that overrides the environment's, as ``--data`` does.

    Raises:
        SettingsError: an unknown name, or a value of the wrong form.
    """
    env = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    directory = data or Path(env.get(PREFIX + "DATA", DEFAULT_DATA))
    file = directory / "vestige.toml"
    if _is_file(file):
        try:
            given |= tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{file} cannot be read", got=error.strerror or str(error)) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} is not valid TOML", got=str(error), hint="mend or remove the file") from None
    files = _secret_files(env)
    for name, value in env.items():
        own = name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_") and name not in files
        if own and name[len(PREFIX) :] not in _CLIENT:
            given[name[len(PREFIX) :].lower()] = value
    given |= {name.removeprefix(PREFIX).removesuffix("_FILE").lower(): text for name, text in files.items()}
    given["data"] = directory
    known = {item.name: item for item in fields(Settings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}",
            expected=", ".join(sorted(known)),
            hint="docs/settings.md lists every setting; remove or correct the name",
        )
    settings = Settings(**{name: _convert(name, str(known[name].type), value) for name, value in given.items()})
    _check(settings)
    return settings


def _secret_files(env: Mapping[str, str]) -> dict[str, str]:
    """What the files hold that ``VESTIGE_<NAME>_FILE`` name, by that name; of secrets alone.

    Raises:
        SettingsError: a file cannot be read or holds no one text, or the setting is given by itself too.
    """
    found = {}
    for item in fields(Settings):
        variable = PREFIX + item.name.upper()
        if item.repr or f"{variable}_FILE" not in env:
            continue
        if variable in env:
            raise SettingsError(
                f"{item.name} is given twice", expected=f"{variable} or {variable}_FILE", got="both", field=item.name
            )
        path = Path(env[f"{variable}_FILE"])
        try:
            with path.open("rb") as file:
                body = file.read(_SECRET_FILE_BYTES + 1)
            text = body.decode().strip()
        except OSError as error:
            raise SettingsError(
                f"the file of {item.name} cannot be read",
                expected="a file this user may read",
                got=error.strerror or str(error),
                hint=f"see {variable}_FILE",
                field=item.name,
            ) from None
        except UnicodeDecodeError:
            text = ""
        if not text or len(body) > _SECRET_FILE_BYTES or len(text.splitlines()) != 1:
            raise SettingsError(
                f"the file of {item.name} holds no value",
                expected=f"one line of UTF-8, at most {_SECRET_FILE_BYTES} bytes",
                got=f"{min(len(body), _SECRET_FILE_BYTES + 1)} bytes that are not",
                hint=f"see {variable}_FILE",
                field=item.name,
            )
        found[f"{variable}_FILE"] = text
    return found


def _check(settings: Settings) -> None:
    """Refuse values that mean nothing, or nothing without another."""
    _check_logs(settings)
    if settings.lint_personal_data not in {0, 1}:
        got = str(settings.lint_personal_data)
        raise SettingsError("lint_personal_data is a switch", expected="0 or 1", got=got, field="lint_personal_data")
    _check_model(settings)
    if settings.otlp_token and not _in_header(settings.otlp_token):
        # Else every sending would fail, in the background, long after the start.
        raise SettingsError(
            "otlp_token is no token", expected="printable ASCII without a blank or a line's end",
            got=f"{len(settings.otlp_token)} letters", field="otlp_token",
        )  # fmt: skip
    if settings.public_url and _PUBLIC_URL.fullmatch(settings.public_url) is None:
        raise SettingsError(
            "public_url is no address of a server",
            expected="https://HOST or https://HOST:PORT, without a path",
            got=settings.public_url[:80],
            field="public_url",
        )
    if settings.oidc_file is not None and not settings.public_url:
        raise SettingsError(
            "OpenID providers need to know where to send people back to",
            expected="public_url beside oidc_file",
            got="none",
            hint="set VESTIGE_PUBLIC_URL, and register it with the provider",
            field="public_url",
        )
    if settings.alarm_url and len(settings.alarm_secret) < 16:
        raise SettingsError(
            "alarms are signed, so their URL needs a secret",
            expected="alarm_secret of 16 characters or more beside alarm_url",
            got="a shorter one, or none",
            hint="openssl rand -base64 32",
            field="alarm_secret",
        )
    for name in ("webhook_gitlab_secret", "webhook_git_secret"):
        _check_signing(name, getattr(settings, name))
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError("TLS needs a certificate and its key", expected="both tls_cert and tls_key", got="one")
    if settings.tls_cert is not None and settings.tls_key is not None:
        try:
            # Loaded here only to be refused before anything is opened; the server loads it for itself.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, _no_passphrase)
        except (OSError, ValueError) as error:
            raise SettingsError(
                "the certificate or key for TLS cannot be used",
                expected="PEM files that fit each other, the key without a passphrase",
                got=getattr(error, "strerror", None) or type(error).__name__,
                hint=f"see {settings.tls_cert} and {settings.tls_key}",
                field="tls_cert",
            ) from None


def _check_logs(settings: Settings) -> None:
    """Refuse a level or a form of lines that there is not."""
    for name, known in (("log_level", LOG_LEVELS), ("log_format", LOG_FORMATS)):
        value = getattr(settings, name)
        if value not in known:
            raise SettingsError(f"{name} is none", expected=", ".join(known), got=value[:40], field=name)


def _check_signing(name: str, secret: str) -> None:
    """Refuse a signing token that stands for no key."""
    if not secret.startswith("whsec_"):
        return
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 16:
        raise SettingsError(
            f"{name} is no signing token",
            expected="whsec_ and the base64 of 16 bytes or more",
            got="fewer, or no base64",
            hint="copy it whole from where the webhook is set up",
            field=name,
        )


def _check_model(settings: Settings) -> None:
    """Refuse a model that cannot be asked."""
    named = (settings.llm_provider in LLM_PROVIDERS, bool(settings.llm_model))
    if named != (True, True) and any(
        (settings.llm_provider, settings.llm_model, settings.llm_base_url, settings.llm_api_key)
    ):
        raise SettingsError(
            "the settings name no model that writes stories",
            expected=f"llm_provider, one of {', '.join(LLM_PROVIDERS)}, and llm_model",
            got=f"{settings.llm_provider[:40]!r} and {settings.llm_model[:80]!r}",
            field="llm_provider",
        )
    if settings.llm_api_key and not may_be_key(settings.llm_api_key):
        raise SettingsError(
            "llm_api_key is no key",
            expected=f"printable ASCII without a blank or a line's end, at most {KEY_LENGTH} letters",
            got=f"{len(settings.llm_api_key)} letters",
            field="llm_api_key",
        )


def may_be_key(text: str) -> bool:
    """Whether a text can stand in a header as a service's key."""
    return 0 < len(text) <= KEY_LENGTH and _in_header(text)


def _in_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _no_passphrase() -> str:
    """Instead of a question on the terminal."""
    raise ValueError("the key has a passphrase")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise SettingsError(
            f"the data directory {path.parent} cannot be looked into",
            expected="a directory this user may read and write",
            got=error.strerror or str(error),
            hint="choose another with --data DIR or VESTIGE_DATA",
            field="data",
        ) from None


def _convert(name: str, kind: str, value: Any) -> Any:  # noqa: ANN401 - TOML values are of any type until here
    if kind == "int":
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if type(number) is not int:
            raise SettingsError(f"{name} is not a number", expected="a whole number", got=str(value)[:60])
        least = _LEAST.get(name, 0)
        if number < least:
            raise SettingsError(f"{name} is too small", expected=f"{least} or more", got=str(number))
        return number
    if not isinstance(value, str | Path):
        raise SettingsError(f"{name} is not a text", expected="a text in quotes", got=repr(value)[:60])
    return Path(value) if kind.startswith("Path") else value
