"""``syslog``: what kernels, service managers and schedulers of the hosts say on ordinary days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import SERVICES
from vestige.demo.chance import stream
from vestige.demo.shapes.syslog import Syslog

if TYPE_CHECKING:
    from vestige.demo.cast import Cast

_JOBS = (
    b"/usr/lib/sysstat/sa1 1 1",
    b"/usr/local/bin/rotate-exports",
    b"/usr/sbin/ntp-check",
    b"run-parts /etc/cron.hourly",
)


class Host(Syslog):
    """The collected ``syslog`` of all hosts."""

    def __init__(self, cast: Cast, source: str = "syslog") -> None:
        rng = stream(cast.seed, source, "pool")
        services = [name.encode() for name in SERVICES]
        interfaces = [b"eth%d" % n for n in range(2)] + [b"ens%d" % (3 + rng.getrandbits(2))]

        def cron(draw: int, pid: bytes) -> bytes:
            return b"CRON[%b]: (root) CMD (%b)" % (pid, _JOBS[draw & 3])

        def started(draw: int, pid: bytes) -> bytes:
            return b"systemd[1]: Started %b-worker@%b.service - Worker of %b." % (
                services[draw & 7],
                pid,
                services[draw & 7],
            )

        def finished(draw: int, pid: bytes) -> bytes:
            return b"systemd[1]: %b-worker@%b.service: Deactivated successfully." % (services[draw & 7], pid)

        def link(draw: int, pid: bytes) -> bytes:
            return b"kernel: [%b.%06d] %b: Link is Up - 10Gbps/Full" % (pid, draw >> 8 & 0x7FFFF, interfaces[draw % 3])

        def service(draw: int, pid: bytes) -> bytes:
            return b"%b-service[%b]: handled %d requests in the last minute" % (
                services[draw & 7],
                pid,
                draw >> 8 & 4095,
            )

        super().__init__(source, [(cron, 40), (started, 24), (finished, 24), (link, 4), (service, 36)])
