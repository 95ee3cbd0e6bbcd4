"""The only way in which the server calls anybody over HTTP: where it may, for little, and not for long.

Whoever names a URL to a server may mean a service that only the server can reach (SSRF). So the name is looked up once,
every address it stands for must be one of the open internet or of a network the operator named, and the connection goes
to the address that was looked at: a name that means another address a moment later gains nothing. TLS is demanded, and
its certificate checked against the name. Redirects are not followed, no proxy of the environment is used, and what
comes is bounded in bytes and time.

References: RFC 6890 (special-purpose addresses); RFC 3056 and 4380 (addresses with an IPv4 address inside).
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

import httpcore
import orjson

from vestige.model.errors import OutgoingError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_BYTES: Final = 256 << 10
"""Of one answer."""
SECONDS: Final = 10.0
"""For a whole exchange, but for the look-up of the name, which the machine's resolver bounds."""
URL_LENGTH: Final = 2048
SETTING: Final = "the service's networks"
"""What names them where a caller does not say which setting it is."""
_GIVEN_OUT: Final = ipaddress.IPv6Network("2000::/3")
"""What of IPv6 is given out for the open internet (RFC 4291, section 2.4): what is beyond it is of somewhere else."""
_REFUSED: Final = tuple(
    ipaddress.ip_network(text) for text in ("2001::/32", "2002::/16", "3fff::/20", "192.88.99.0/24")
)
"""Within what is open: IPv6 addresses that stand for an IPv4 address, which may be any (Teredo, 6to4), those of
documentation (RFC 9637), and the IPv4 addresses of relays (RFC 7526): refused as a whole."""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as the JSON object it must be.

        Raises:
            OutgoingError: it is none.
        """
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise OutgoingError("the answer is no JSON object", expected="an object", got=f"{len(self.body)} bytes")
        return found


class Outgoing:
    """Calls to one service whose URLs an operator, or that service itself, names.

    Args:
        networks: where the service may be besides the open internet.
        authority: a PEM file with the authority of its certificate; ``None``: those the machine trusts.
        setting: what names those networks, for whoever is refused.
        seconds: for a whole exchange; ``None``: :data:`SECONDS`.
        most: bytes of an answer; ``None``: :data:`MOST_BYTES`.

    A URL with ``http:`` is taken only where a loopback network is named, and only to such an address.
    """

    def __init__(
        self, networks: Sequence[Network] = (), authority: Path | None = None, setting: str = SETTING, *,
        seconds: float | None = None, most: int | None = None,
    ) -> None:  # fmt: skip
        self._networks = tuple(networks)
        self._setting = setting
        self._seconds = seconds
        self._most = most
        try:
            self._tls = ssl.create_default_context(cafile=None if authority is None else str(authority))
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                "the authority's certificate cannot be read",
                expected="a PEM file",
                got=getattr(error, "strerror", None) or type(error).__name__,
                hint=f"see {authority}",
            ) from None

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET a URL.

        Raises:
            OutgoingError: it may not be called, or did not answer within the bounds.
        """
        return self._ask("GET", url, headers or {}, None)

    def post(self, url: str, form: str, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a form, encoded.

        Raises:
            OutgoingError: as :meth:`get`.
        """
        told = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, told, form.encode())

    def send(
        self, url: str, body: bytes, media_type: str, accept: str = "*/*", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST bytes of a media type.

        Raises:
            OutgoingError: as :meth:`get`.
        """
        told = {**(headers or {}), "Content-Type": media_type, "Accept": accept}
        return self._ask("POST", url, told, body)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = check_url(url, self._networks, self._setting)
        seconds = SECONDS if self._seconds is None else self._seconds
        deadline = time.monotonic() + seconds
        backend = _Checked(self._networks, deadline, self._setting, plain=parts.scheme == "http")
        named = {"Accept": "application/json", "User-Agent": "vestige", **headers}
        told: list[tuple[bytes | str, bytes | str]] = [*named.items()]
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend, max_connections=1) as pool,
                pool.stream(method, url, headers=told, content=body, extensions={"timeout": timeout}) as answer,
            ):
                most = MOST_BYTES if self._most is None else self._most
                return Answer(answer.status, _bounded(answer.iter_stream(), parts.netloc, deadline, most))
        except httpcore.LocalProtocolError as error:
            # Its text repeats the header that it does not take, and a key may be in that.
            raise OutgoingError(
                f"{parts.netloc} cannot be asked", expected="a request that HTTP allows", got=type(error).__name__,
                hint="a header holds what none may, such as a line's end: look at keys and secrets in the settings",
            ) from None  # fmt: skip
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise OutgoingError(
                f"{parts.netloc} cannot be asked", got=str(error)[:200] or type(error).__name__,
                hint="is the service there, and its certificate one this machine trusts?",
            ) from None  # fmt: skip


def check_url(url: str, networks: Sequence[Network] = (), setting: str = SETTING) -> SplitResult:
    """A URL that may be called as far as its text tells; the addresses its name stands for are checked when it is.

    Args:
        url: the text.
        networks: where the service may be besides the open internet.
        setting: what names them, for whoever is refused.

    Raises:
        OutgoingError: it may not.
    """
    try:
        parts = urlsplit(url) if len(url) <= URL_LENGTH and url.isascii() and url.isprintable() else None
        host = (parts.hostname or "") if parts else ""
        plain_here = _names_this_machine(host) and any(one.is_loopback for one in networks)
        valid = parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and plain_here))
        valid = valid and parts is not None and parts.username is None and parts.port != 0 and " " not in url
    except ValueError:
        parts, host, valid = None, "", False
    if parts is None or not valid or not host or parts.fragment:
        raise OutgoingError(
            "this URL may not be called",
            expected="https://HOST/…, without a user in it",
            got=url[:100],
            hint=f"http: is for a service on this machine, with its loopback network (127.0.0.0/8) in {setting}",
        )
    return parts


def _names_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks by their texts.

    Raises:
        SettingsError: one is none.
    """
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise SettingsError("that is no network", expected="such as 10.0.0.0/8", got=str(error)[:100]) from None


def may_be_called(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address is of the open internet, or of a network that was named."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == one.version and address in one for one in networks):
        return True
    if any(address.version == one.version and address in one for one in _REFUSED):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _GIVEN_OUT:
        return False
    return address.is_global and not address.is_multicast


def addresses_of(host: str, port: int, networks: Sequence[Network], setting: str = SETTING) -> list[Address]:
    """What a name stands for now, each of which may be called.

    Raises:
        OutgoingError: the name is not known, or one of them may not.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutgoingError("a service's name is not known", got=host[:100], hint="check the name") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        if not may_be_called(address, networks):
            raise _refused(host, address, setting)
    return addresses


def _refused(host: str, address: Address, setting: str) -> OutgoingError:
    return OutgoingError(
        "an address may not be called",
        expected=f"one of the open internet, or of a network in {setting}",
        got=f"{host[:100]}, which is {address}",
        hint=f"if this service is meant, put its network into {setting}",
    )


class _Checked(httpcore.SyncBackend):
    """Connects to the very address it looked at."""

    def __init__(self, networks: Sequence[Network], deadline: float, setting: str, *, plain: bool) -> None:
        super().__init__()
        self._networks = networks
        self._deadline = deadline
        self._setting = setting
        self._plain = plain

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """Look the name up, check all it stands for, and connect to the first that answers."""
        del timeout
        addresses = addresses_of(host, port, self._networks, self._setting)
        for address in addresses:
            if self._plain and not address.is_loopback:
                raise _refused(host, address, self._setting)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            left = max(0.1, self._deadline - time.monotonic())
            try:
                made = super().connect_tcp(str(address), port, left, local_address, socket_options)
                return _Timed(made, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Timed(httpcore.NetworkStream):
    """A connection whose waiting ends, all of it together, at a deadline: bytes that drip keep nobody waiting."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("not within the time that there is for all of it")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        del timeout
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything."""
        del timeout
        self._stream.write(buffer, self._left())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on in TLS."""
        del timeout
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._left()), self._deadline)

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the library has it
        """What is known of the connection."""
        return self._stream.get_extra_info(info)


def _bounded(chunks: Iterable[bytes], host: str, deadline: float, most: int) -> bytes:
    taken: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most or time.monotonic() > deadline:
            raise OutgoingError(
                f"{host} answers too much, or too slowly",
                expected=f"at most {most} bytes in the time that there is",
                got=f"{size} bytes so far",
            )
        taken.append(chunk)
    return b"".join(taken)
