"""Where to listen, whom to hear, and under which source: all from what an operator wrote."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vestige.ingest.arrivals import Stream
from vestige.model.errors import SettingsError
from vestige.receivers.framing import Part
from vestige.receivers.waiting import Counts, Line

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.model.principal import Principal

FORMAT = "syslog"
OTHER = "syslog:other"
"""The source of every sender beyond the bound on senders."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SyslogAddress(NamedTuple):
    """Where one listener listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, setting: str) -> SyslogAddress | None:
        """Read ``host:port`` or ``[host]:port``; nothing is written: not to listen.

        Raises:
            SettingsError: it is neither.
        """
        if not text:
            return None
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        if not host or not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise SettingsError(
                f"{setting} is no address to listen on",
                expected="host:port, such as 127.0.0.1:5514 or [::1]:5514",
                got=text[:100],
            )
        return cls(host, int(port))


def networks(text: str, setting: str) -> tuple[Network, ...]:
    """Networks named in a list with commas: ``10.0.0.0/8, 192.0.2.7``.

    Raises:
        SettingsError: one of them is none.
    """
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise SettingsError(
                f"{setting} holds something that is no network",
                expected="networks such as 10.0.0.0/8, with commas between them",
                got=str(error)[:100],
            ) from None
    return tuple(found)


def tls_context(certificate: Path | None, key: Path | None, authority: Path | None) -> ssl.SSLContext:
    """What a TLS listener shows and asks for. With an authority, only clients with a certificate of it are let in.

    Raises:
        SettingsError: a file is not named, cannot be read, or is not what it should be.
    """
    if certificate is None or key is None:
        raise SettingsError(
            "syslog over TLS needs a certificate and its key",
            expected="VESTIGE_SYSLOG_TLS_CERT and VESTIGE_SYSLOG_TLS_KEY",
            got="only one of them" if certificate or key else "neither",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A sender of syslog never reads. TLS 1.3's session tickets would lie unread in its kernel, which then ends the
    # connection with a reset (RFC 2525, 2.17) and throws away whatever the sender wrote last and we had not read.
    context.num_tickets = 0
    try:
        context.load_cert_chain(certificate, key, password=lambda: b"")
        if authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority)
    except (OSError, ValueError) as error:
        raise SettingsError(
            "the certificate, key or authority of VESTIGE_SYSLOG_TLS_* cannot be used",
            expected="PEM files this user may read; the key without a passphrase",
            got=getattr(error, "strerror", None) or str(error)[:200],
        ) from None
    return context


@dataclass(eq=False, slots=True)
class Sender:
    """One peer of one listener: a line for whole frames, and one for each kind of what was not taken whole."""

    lines: dict[Part, Line]

    @classmethod
    def of(cls, source: str, channel: str, by: Principal, zone: str | None, counts: Counts) -> Sender:
        """The lines of a source."""

        def line(part: Part) -> Line:
            extra = (("frame", part.value),) if part else ()
            stream = Stream(source, channel, by, FORMAT, zone or "UTC", zone is not None, extra=extra)
            return Line(stream, counts)

        return cls({part: line(part) for part in Part})


class Senders:
    """Who is heard by one listener, and as what.

    Args:
        allow: networks whose hosts are heard; ``None``: any (a client certificate was asked for).
        most: senders that get a source of their own. An address over UDP can be made up, so their number is bounded;
            all others share one.
    """

    def __init__(
        self, channel: str, by: Principal, zone: str | None, allow: tuple[Network, ...] | None, most: int
    ) -> None:
        self.counts = Counts()
        self._channel = channel
        self._by = by
        self._zone = zone
        self._allow = allow
        self._most = most
        self._known: dict[tuple[str, str], Sender] = {}

    def find(self, host: str, by: Principal | None = None) -> Sender | None:
        """The sender at an address as the socket gives it, or none if it is not to be heard.

        Args:
            host: its address.
            by: who it showed to be; the listener itself otherwise.
        """
        by = by or self._by
        sender = self._known.get((host, by.name))
        if sender is not None:
            return sender
        address = ipaddress.ip_address(host.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if self._allow is not None and not any(address in network for network in self._allow):
            return None
        if len(self._known) < self._most:
            sender = Sender.of(f"syslog:{address}", self._channel, by, self._zone, self.counts)
            self._known[host, by.name] = sender
            return sender
        other = self._known.get(("", ""))
        if other is None:
            other = self._known["", ""] = Sender.of(OTHER, self._channel, self._by, self._zone, self.counts)
        return other
