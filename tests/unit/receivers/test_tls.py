"""TLS as a sender of syslog uses it, who never reads: nothing of what came is lost, however the connection ends."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.listening import SECONDS, Sink, receiving, told, until, where
from support.syslog import Certificates, make_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.receivers import Receivers

MESSAGE = b"<13>%08d " + b"x" * 990
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: to close is to reset, as it is for whoever has something unread."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@contextlib.contextmanager
def listening(certificates: Certificates, **options: int) -> Iterator[tuple[Receivers, Sink]]:
    files = {"tls_cert": Path(certificates.path("server.pem")), "tls_key": Path(certificates.path("server.key"))}
    with receiving(tls="127.0.0.1:0", **files, **options) as found:
        yield found


@contextlib.contextmanager
def dialled(receivers: Receivers, certificates: Certificates) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=certificates.path("ca.pem"))
    with socket.create_connection(where(receivers, "tls")) as plain:
        plain.settimeout(SECONDS)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as one:
            yield one


def lines(count: int) -> list[bytes]:
    return [MESSAGE % number for number in range(count)]


def test_a_sender_that_closes_without_ever_reading_loses_nothing(certificates: Certificates) -> None:
    sent = lines(2000)
    with listening(certificates) as (receivers, sink):
        with dialled(receivers, certificates) as one:
            assert one.version() == "TLSv1.3"
            time.sleep(0.2)  # whatever the server says after the handshake has come, and lies unread
            one.sendall(b"".join(text + b"\n" for text in sent))
        until(lambda: told(receivers, "tls")["received"] > 0)
        until(lambda: told(receivers, "tls")["connections"] == 0 and told(receivers, "tls")["waiting"] == 0)
        assert sink.payloads() == sent


def test_what_came_while_nothing_was_read_outlives_the_reset_of_its_connection(certificates: Certificates) -> None:
    first, later = lines(300)[:200], lines(300)[200:]
    with listening(certificates, waiting_bytes=100_000) as (receivers, sink):
        sink.open.clear()
        with dialled(receivers, certificates) as one:
            one.sendall(b"".join(text + b"\n" for text in first))
            until(lambda: told(receivers, "tls")["waiting"] >= 100)
            time.sleep(0.2)
            one.sendall(b"".join(text + b"\n" for text in later))
            time.sleep(0.2)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: told(receivers, "tls")["connections"] == 0)
        sink.open.set()
        until(lambda: told(receivers, "tls")["waiting"] == 0)
        assert sink.payloads() == first + later
