"""Real syslog daemons to send with, as tools/clients.sh unpacked them or as the machine has them.

Each sends the lines of a file, and writes beside it, by the same template, what it sent: the reference the records in
the ledger are compared with, byte for byte.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = Path(__file__).resolve().parents[2] / ".venv" / "clients"
SECONDS = 60.0


def program(name: str) -> str:
    """Where a program lies."""
    for folder in (CLIENTS / "usr/sbin", CLIENTS / "usr/bin"):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"there is no {name} here; tools/clients.sh fetches it on Debian")
    return found


def libraries(*names: str) -> list[str]:
    """The folders below the unpacked ones that hold files of these names."""
    return sorted({str(file.parent) for name in names for file in CLIENTS.rglob(name)})


def environment() -> dict[str, str]:
    folders = [*libraries("*.so.*")]
    return os.environ | ({"LD_LIBRARY_PATH": ":".join(folders)} if folders else {})


@dataclass(frozen=True)
class Certificates:
    """An authority, a server's certificate for 127.0.0.1, and a client's; ``stranger`` is another authority's."""

    folder: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)


def make_certificates(folder: Path) -> Certificates:
    folder.mkdir(exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for authority, leaves in (("ca", ("server", "client")), ("other", ("stranger",))):
        openssl(
            "req", "-x509", *key, "-keyout", f"{authority}.key", "-out", f"{authority}.pem", "-days", "2",
            "-subj", f"/CN={authority}",
        )  # fmt: skip
        for leaf in leaves:
            openssl("req", *key, "-keyout", f"{leaf}.key", "-out", f"{leaf}.csr", "-subj", f"/CN={leaf}")
            (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
            openssl(
                "x509", "-req", "-in", f"{leaf}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-out", f"{leaf}.pem", "-days", "2", "-extfile", "ext",
            )  # fmt: skip
    return Certificates(folder)


@dataclass(frozen=True)
class Client:
    """A daemon under way: what it reads, and what it says it sends."""

    source: Path
    reference: Path
    process: subprocess.Popen[bytes]

    def sent(self, count: int) -> list[bytes]:
        """Its own record of what it sent, once it has that many lines."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            lines = self.reference.read_bytes().split(b"\n")[:-1] if self.reference.exists() else []
            if len(lines) >= count:
                return lines
            time.sleep(0.1)
        raise AssertionError(f"{self.reference} has {len(lines)} of {count} lines")


@contextlib.contextmanager
def _daemon(arguments: list[str], source: Path, reference: Path, folder: Path) -> Iterator[Client]:
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, env=environment(), cwd=folder)
        try:
            yield Client(source, reference, process)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def rsyslog(
    folder: Path, port: int, transport: str, certificates: Certificates | None = None, *, client: str = "client"
) -> Iterator[Client]:
    """rsyslog with a disk-assisted queue that retries for ever.

    Args:
        folder: where it works.
        port: where it sends to, on 127.0.0.1.
        transport: ``udp``, ``tcp`` (lines), ``tcp-counted``, ``tls``.
        certificates: for TLS.
        client: the certificate it shows.
    """
    rsyslogd = program("rsyslogd")
    folder.mkdir(exist_ok=True)
    source, reference = folder / "in.log", folder / "sent.log"
    source.touch()
    protocol = "udp" if transport == "udp" else "tcp"
    options = f'protocol="{protocol}"'
    if transport in {"tcp-counted", "tls"}:
        options += ' TCP_Framing="octet-counted"'
    driver = ""
    if transport == "tls":
        assert certificates is not None
        driver = (
            f'defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{certificates.path("ca.pem")}"'
            f' defaultNetstreamDriverCertFile="{certificates.path(client + ".pem")}"'
            f' defaultNetstreamDriverKeyFile="{certificates.path(client + ".key")}"'
        )
        options += ' StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"'
    (folder / "rsyslog.conf").write_text(
        f"""
global(workDirectory="{folder}" maxMessageSize="64k" {driver})
module(load="imfile" mode="inotify")
template(name="sent" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% host app - - - %rawmsg%")
template(name="kept" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% host app - - - %rawmsg%\\n")
ruleset(name="out") {{
  action(type="omfile" file="{reference}" template="kept" asyncWriting="off")
  action(type="omfwd" target="127.0.0.1" port="{port}" {options} template="sent"
    queue.type="LinkedList" queue.filename="q" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
    queue.timeoutEnqueue="600000" action.resumeRetryCount="-1" action.resumeInterval="1")
}}
input(type="imfile" file="{source}" tag="app" ruleset="out")
"""
    )
    modules = ":".join([*libraries("imfile.so"), "/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/rsyslog"])
    arguments = [rsyslogd, "-n", "-i", str(folder / "pid"), "-f", str(folder / "rsyslog.conf"), "-M", modules]
    with _daemon(arguments, source, reference, folder) as found:
        yield found


@contextlib.contextmanager
def syslog_ng(
    folder: Path, port: int, transport: str, certificates: Certificates | None = None, *, client: str = "client"
) -> Iterator[Client]:
    """syslog-ng; arguments as for :func:`rsyslog`."""
    daemon = program("syslog-ng")
    folder.mkdir(exist_ok=True)
    source, reference = folder / "in.log", folder / "sent.log"
    source.touch()
    template = 'template("<13>1 ${R_ISODATE} host app - - - ${MESSAGE}'
    security, end = "", "\\n"
    if transport == "tls":
        assert certificates is not None
        security = (
            f' tls(ca-file("{certificates.path("ca.pem")}") cert-file("{certificates.path(client + ".pem")}")'
            f' key-file("{certificates.path(client + ".key")}") peer-verify(required-trusted))'
        )
    # The network driver sends lines; the syslog driver counts octets over TCP and TLS.
    if transport in {"tcp", "udp"}:
        line = "" if transport == "udp" else "\\n"
        target = f'network("127.0.0.1" port({port}) transport("{transport}") {template}{line}"))'
    else:
        kind = transport.removesuffix("-counted")
        target = f'syslog("127.0.0.1" port({port}) transport("{kind}") template("${{MESSAGE}}"){security})'
        # This driver writes its own header around the template; so does a file when it is told to.
        template = 'flags(syslog-protocol) template("${MESSAGE}'
        end = ""
    modules = ":".join([*libraries("libafsocket.so"), *map(str, Path("/usr/lib/syslog-ng").glob("*"))])
    (folder / "syslog-ng.conf").write_text(
        f"""@version: 3.38
options {{ keep-hostname(yes); time-reopen(1); frac-digits(6); stats-freq(0); log-msg-size(65536); }};
source s {{ file("{source}" flags(no-parse) follow-freq(0.1)); }};
destination kept {{ file("{reference}" {template}{end}")); }};
destination out {{ {target}; }};
log {{ source(s); destination(kept); destination(out); flags(flow-control); }};
"""
    )
    arguments = [
        daemon, "-F", "--no-caps", "-f", str(folder / "syslog-ng.conf"), "-R", str(folder / "persist"),
        "-p", str(folder / "pid"), "-c", str(folder / "control"), "--module-path", modules,
    ]  # fmt: skip
    with _daemon(arguments, source, reference, folder) as found:
        yield found
