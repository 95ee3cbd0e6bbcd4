"""What the server calls it calls at an address it looked at: an open one, or where an operator said. Not for long."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.openid import certificate
from vestige import outgoing
from vestige.model.errors import OutgoingError, SettingsError
from vestige.outgoing import Outgoing, check_url, may_be_called, networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = networks_of(["127.0.0.0/8"])
GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}'


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        (str(ipaddress.IPv4Address(0)), False), ("224.0.0.1", False), ("255.255.255.255", False), ("::", False),
        ("::1", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("192.0.2.1", False),
        ("fec0::1", False), ("::127.0.0.1", False), ("::93.184.216.34", False), ("::ffff:0:127.0.0.1", False),
        ("::ffff:0:93.184.216.34", False), ("192.88.99.1", False), ("192.88.98.1", True), ("192.88.100.1", True),
        ("1fff::1", False), ("2a00:1450:4001::1", True), ("4000::1", False), ("2001:0:4136:e378::1", False),
        ("2001:db8::1", False), ("3fff::1", False), ("2001:4860:4860::8888", True),
    ],
)  # fmt: skip
def test_only_the_open_internet_is_called_unless_a_network_is_named(address: str, open_: bool) -> None:
    found = ipaddress.ip_address(address)
    assert may_be_called(found, ()) is open_
    assert may_be_called(found, networks_of(["0.0.0.0/0", "::/0"]))
    assert may_be_called(ipaddress.ip_address("10.1.2.3"), networks_of(["10.0.0.0/8"]))
    assert not may_be_called(ipaddress.ip_address("10.1.2.3"), networks_of(["10.2.0.0/16", "::/0"]))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "https://", "https:///x", "", "//a.org",
        "https://user@example.org/", "https://u:p@example.org/", "https://example.org/#x", "https://exa mple.org/",
        "https://example.org/\n", "https://ex\u00e4mple.org/", "https://example.org:99999/", "https://example.org:0/",
        "https://example.org/" + "x" * 2048, "http://127.0.0.1/", "https://[::1/",
    ],
)  # fmt: skip
def test_a_url_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(OutgoingError):
        check_url(url)
    assert check_url("https://example.org:8443/a?b=c").hostname == "example.org"


def test_plain_http_is_for_this_machine_and_only_where_it_is_named() -> None:
    for url in ("http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/"):
        assert check_url(url, HERE)
        with pytest.raises(OutgoingError):
            check_url(url, networks_of(["10.0.0.0/8"]))
    with pytest.raises(OutgoingError):
        check_url("http://169.254.169.254/", HERE)


class Listening:
    """A server that answers each connection with what it is told."""

    def __init__(self, answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.context = context
        self.asked: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/x"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.socket.accept()
                if self.context is not None:
                    peer = self.context.wrap_socket(peer, server_side=True)
                with peer:
                    self.asked.append(peer.recv(65536))
                    self.answer(peer)
            except OSError:
                if self.socket.fileno() < 0:
                    return


@pytest.fixture
def listen() -> Iterator[Callable[..., Listening]]:
    made: list[Listening] = []

    def listen(answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Listening:
        made.append(Listening(answer, context))
        return made[-1]

    yield listen
    for one in made:
        one.socket.close()


def test_an_answer_comes_and_a_redirect_is_not_followed(
    listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    good = listen(lambda peer: peer.sendall(GOOD))
    assert Outgoing(HERE).get(good.url).json() == {"a": 1}
    assert Outgoing(HERE).post(good.url, "b=2", {"Authorization": "Basic x"}).status == 200
    assert b"Content-Length: 3\r\n" in good.asked[-1]
    away = listen(lambda peer: peer.sendall(f"HTTP/1.1 302 F\r\nLocation: {good.url}\r\n\r\n".encode()))
    asked = len(good.asked)
    assert Outgoing(HERE).get(away.url).status == 302
    assert len(good.asked) == asked
    with pytest.raises(OutgoingError, match="no JSON object"):
        Outgoing(HERE).get(away.url).json()


def test_a_header_that_none_may_send_is_not_repeated(listen: Callable[..., Listening]) -> None:
    good = listen(lambda peer: peer.sendall(GOOD))
    with pytest.raises(OutgoingError) as caught:
        Outgoing(HERE).get(good.url, {"Authorization": "Bearer sk-SECRET\n"})
    assert "sk-SECRET" not in f"{caught.value} {caught.value.got} {caught.value.hint}"
    assert Outgoing(HERE).get(good.url, {"Authorization": "Bearer sk-SECRET"}).status == 200


def test_a_name_is_looked_up_once_and_all_it_stands_for_is_looked_at(
    listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = listen(lambda peer: peer.sendall(GOOD))
    answers = iter([["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1"]])
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def found(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "localhost":
            return list(real(host, port, *rest, **more))
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in next(answers)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    url = f"http://localhost:{good.port}/"
    assert Outgoing(HERE).get(url).json() == {"a": 1}
    assert len(looked_up) == 1
    for _ in range(2):
        with pytest.raises(OutgoingError, match="may not be called"):
            Outgoing(HERE).get(url)
    assert len(good.asked) == 1


def test_a_certificate_of_another_or_of_nobody_known_is_none(
    listen: Callable[..., Listening], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert = certificate(tmp_path)
    context.load_cert_chain(cert, tmp_path / "key.pem")
    served = listen(lambda peer: peer.sendall(GOOD), context)
    url = f"https://127.0.0.1:{served.port}/"
    assert Outgoing(HERE, cert).get(url).json() == {"a": 1}
    with pytest.raises(OutgoingError, match="cannot be asked"):
        Outgoing(HERE).get(url)
    with pytest.raises(OutgoingError, match="cannot be asked"):
        Outgoing(HERE, cert).get(f"https://localhost:{served.port}/")
    with pytest.raises(OutgoingError, match="may not be called"):
        Outgoing((), cert).get(url)
    with pytest.raises(SettingsError):
        Outgoing(HERE, tmp_path / "none.pem")
    monkeypatch.setattr(outgoing, "SECONDS", 1.0)
    assert Outgoing(HERE, cert).get(url).json() == {"a": 1}


def test_too_much_is_cut_off(listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "MOST_BYTES", 7)
    assert Outgoing(HERE).get(listen(lambda peer: peer.sendall(GOOD)).url).body == b'{"a":1}'
    long = listen(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 8))
    with pytest.raises(OutgoingError, match="too much"):
        Outgoing(HERE).get(long.url)


def _drip(first: bytes) -> Callable[[socket.socket], None]:
    def drip(peer: socket.socket) -> None:
        peer.sendall(first)
        for _ in range(100):
            time.sleep(0.1)
            peer.sendall(b"x")

    return drip


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_bytes_that_drip_keep_nobody_waiting(
    listen: Callable[..., Listening], monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(OutgoingError):
        Outgoing(HERE).get(listen(_drip(first)).url)
    assert time.monotonic() - began < 3


def test_who_is_not_there_is_an_error_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(OutgoingError, match="cannot be asked"):
        Outgoing(HERE).get(f"http://127.0.0.1:{port}/")
    with pytest.raises(OutgoingError, match="not known"):
        Outgoing().get("https://name.invalid/")
    with pytest.raises(SettingsError):
        networks_of(["10.0.0.0/99"])
