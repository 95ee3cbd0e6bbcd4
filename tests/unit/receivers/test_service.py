"""What listeners do with what comes, with what is slow, and with what is wrong, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.listening import closed, dialled, receiving, told, until, where
from vestige.model.errors import InputError, SettingsError, StorageError
from vestige.receivers import Receivers, Syslog
from vestige.receivers.addresses import OTHER

if TYPE_CHECKING:
    from pathlib import Path


def test_a_slow_ledger_stops_the_reading_and_a_quick_one_lets_it_go_on() -> None:
    message = b"<13>" + b"x" * 996
    ten = (message + b"\n") * 10
    bound = 200_000
    with receiving(tcp="127.0.0.1:0", waiting_bytes=bound) as (receivers, sink):
        sink.open.clear()
        with dialled(receivers) as one:
            one.setblocking(False)
            sent = 0
            quiet = time.monotonic()
            while time.monotonic() - quiet < 1.0:
                try:
                    sent += one.send(ten[sent % len(ten) :])
                    quiet = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.02)
            held = told(receivers, "tcp")["waiting"]
            assert held * len(message) < bound + (1 << 20), "the bound and one read"
            assert held < sent // (len(message) + 1), "the rest waits with the kernel and the sender"
            sink.open.set()
            one.setblocking(True)
            one.shutdown(socket.SHUT_WR)
            until(lambda: told(receivers, "tcp")["connections"] == 0)
            until(lambda: told(receivers, "tcp")["waiting"] == 0)
        assert b"\n".join(sink.payloads()) == (ten * (sent // len(ten) + 1))[:sent].rstrip(b"\n")


def test_a_failed_commit_is_tried_again_and_told_meanwhile() -> None:
    with receiving(udp="127.0.0.1:0") as (receivers, sink):
        sink.failing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"<13>kept", where(receivers, "udp"))
            until(lambda: "error" in told(receivers, "udp"))
            assert told(receivers, "udp")["committed"] == 0
            sink.failing = False
            until(lambda: told(receivers, "udp")["committed"] == 1)
        assert "error" not in told(receivers, "udp")
        assert sink.payloads() == [b"<13>kept"]


def test_a_stop_commits_what_has_arrived() -> None:
    with (
        receiving(udp="127.0.0.1:0", tcp="127.0.0.1:0") as (receivers, sink),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        dialled(receivers) as two,
    ):
        for number in range(100):
            one.sendto(b"<13>udp %d" % number, where(receivers, "udp"))
            two.sendall(b"<13>tcp %d\n" % number)
        two.sendall(b"<13>torn")
        receivers.stop()
        assert closed(two)
    assert receivers.lost == 0
    assert sorted(sink.payloads()) == sorted(
        [b"<13>%s %d" % (kind, n) for kind in (b"udp", b"tcp") for n in range(100)] + [b"<13>torn"]
    )
    (torn,) = [one for one in sink.arrived if one.stream.extra]
    assert (torn.stream.extra, torn.payloads) == ((("frame", "torn"),), [b"<13>torn"])


def test_connections_up_to_the_bound_are_served_and_the_next_is_closed() -> None:
    with receiving(tcp="127.0.0.1:0", connections=3) as (receivers, sink), contextlib.ExitStack() as stack:
        some = [stack.enter_context(dialled(receivers)) for _ in range(3)]
        until(lambda: told(receivers, "tcp")["connections"] == 3)
        assert closed(stack.enter_context(dialled(receivers)))
        assert told(receivers, "tcp")["refused"] == 1
        for number, one in enumerate(some):
            one.sendall(b"<13>%d\n" % number)
        until(lambda: len(sink.payloads()) == 3)
        some[0].close()
        until(lambda: told(receivers, "tcp")["connections"] == 2)
        again = stack.enter_context(dialled(receivers))
        again.sendall(b"<13>again\n")
        until(lambda: b"<13>again" in sink.payloads())


def test_senders_up_to_the_bound_have_a_source_each_and_the_others_share_one() -> None:
    with receiving(udp="127.0.0.1:0", peers=2) as (receivers, sink):
        for number in (2, 3, 4, 5, 2):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind((f"127.0.0.{number}", 0))
                one.sendto(b"<13>from %d" % number, where(receivers, "udp"))
                until(lambda: told(receivers, "udp")["waiting"] == 0)
        until(lambda: len(sink.payloads()) == 5)
    assert sink.payloads("syslog:127.0.0.2") == [b"<13>from 2"] * 2
    assert sink.payloads("syslog:127.0.0.3") == [b"<13>from 3"]
    assert sink.payloads(OTHER) == [b"<13>from 4", b"<13>from 5"]


def test_only_allowed_networks_are_heard() -> None:
    with receiving(udp="127.0.0.1:0", tcp="127.0.0.1:0", allow="127.0.0.2, 10.0.0.0/8") as (receivers, sink):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.3", 0))
            one.sendto(b"<13>no", where(receivers, "udp"))
        with dialled(receivers, "127.0.0.3") as one:
            assert closed(one)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, dialled(receivers, "127.0.0.2") as two:
            one.bind(("127.0.0.2", 0))
            one.sendto(b"<13>yes", where(receivers, "udp"))
            two.sendall(b"<13>yes\n")
            until(lambda: sink.payloads() == [b"<13>yes"] * 2)
        assert [told(receivers, name)["refused"] for name in ("udp", "tcp")] == [1, 1]


def test_a_message_above_the_bound_is_kept_in_marked_pieces() -> None:
    with receiving(udp="127.0.0.1:0", tcp="127.0.0.1:0", frame_bytes=10) as (receivers, sink):
        with dialled(receivers) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
            one.sendall(b"<13>234567\n<13>2345678\n<13>ok\n")
            until(lambda: len(sink.payloads()) == 4)
            two.sendto(b"<13>2345678", where(receivers, "udp"))
            until(lambda: len(sink.payloads()) == 6)
        assert [told(receivers, name)["cut"] for name in ("udp", "tcp")] == [2, 2]
    whole = [payload for one in sink.arrived if not one.stream.extra for payload in one.payloads]
    pieces = [payload for one in sink.arrived if one.stream.extra for payload in one.payloads]
    assert whole == [b"<13>234567", b"<13>ok"]
    assert pieces == [b"<13>234567", b"8"] * 2


def test_ipv6_and_its_sources() -> None:
    with receiving(udp="[::1]:0") as (receivers, sink):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
            port = int(told(receivers, "udp")["address"].rpartition(":")[2])
            one.sendto(b"<13>six", ("::1", port))
        until(lambda: sink.payloads("syslog:::1") == [b"<13>six"])


@pytest.mark.parametrize(
    "options",
    [
        {"udp": "5514"},
        {"udp": "127.0.0.1"},
        {"udp": "127.0.0.1:65536"},
        {"udp": "::1:514"},
        {"tcp": ":514"},
        {"tcp": "127.0.0.1:-1"},
        {"udp": "127.0.0.1:0", "allow": "localhost"},
        {"udp": "127.0.0.1:0", "allow": "10.0.0.1/8"},
        {"tls": "127.0.0.1:0"},
    ],
)
def test_a_wrong_setting_is_refused_before_anything_listens(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Receivers(Syslog(**options), lambda _: None)


def test_a_wrong_zone_or_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Receivers(Syslog(udp="127.0.0.1:0", zone="Mars/Olympus"), lambda _: None)
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("no certificate")
    for path in (nothing, tmp_path / "absent"):
        with pytest.raises(SettingsError):
            Receivers(Syslog(tls="127.0.0.1:0", tls_cert=path, tls_key=path), lambda _: None)


def test_an_address_in_use_is_told_and_nothing_stays_open() -> None:
    with receiving(tcp="127.0.0.1:0") as (receivers, _):
        host, port = where(receivers, "tcp")
        second = Receivers(Syslog(udp="127.0.0.1:0", tcp=f"{host}:{port}"), lambda _: None)
        with pytest.raises(StorageError, match="cannot listen for syslog"):
            second.start()
        assert second.status() == []
        second.stop()
