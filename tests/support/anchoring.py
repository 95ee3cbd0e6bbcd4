"""Others who vouch: authorities that are the real `openssl ts` behind HTTP, and witnesses, both on this machine."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from vestige.anchors.means import Means
from vestige.anchors.stamps import read_roots
from vestige.anchors.witness import Witness
from vestige.anchors.witnesses import WitnessAt
from vestige.outgoing import Outgoing, networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vestige.proof import VerifierKey

HERE = networks_of(["127.0.0.0/8"])
_LEAF = """extendedKeyUsage=critical,{usage}
keyUsage=critical,digitalSignature
basicConstraints=CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
_MIDDLE = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
_CONFIG = """[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/middle.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    """Run it; what it wrote."""
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass
class Authority:
    """A time-stamp authority: a root, an intermediate, and a certificate for time stamping, or for something else."""

    folder: Path
    usage: str = "timeStamping"
    name: str = "A"
    change: Callable[[bytes], bytes] = bytes
    """What becomes of its answers."""
    url: str = ""
    asked: int = 0
    down: bool = False

    def __post_init__(self) -> None:
        at = self.folder
        at.mkdir(parents=True)
        for name, subject, signer, rules in (
            ("root", f"/CN={self.name} made-up root", "", ""),
            ("middle", f"/CN={self.name} made-up authority", "root", _MIDDLE),
            ("tsa", f"/CN={self.name} made-up clock", "middle", _LEAF.format(usage=self.usage)),
        ):
            files = ("-keyout", f"{at}/{name}.key", "-subj", subject)
            if not signer:
                openssl("req", "-x509", *_CURVE, *files, "-out", f"{at}/{name}.pem", "-days", "3650")
                continue
            (at / "rules").write_text(rules)
            openssl("req", *_CURVE, *files, "-out", f"{at}/{name}.csr")
            openssl("x509", "-req", "-in", f"{at}/{name}.csr", "-CA", f"{at}/{signer}.pem", "-CAkey",
                    f"{at}/{signer}.key", "-CAcreateserial", "-out", f"{at}/{name}.pem", "-days", "3650", "-extfile",
                    f"{at}/rules")  # fmt: skip
        (at / "conf").write_text(_CONFIG.format(folder=at))
        (at / "serial").write_text("01\n")

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, query: bytes) -> bytes:
        """The answer to a question, as openssl gives it: the intermediate stands in it, in the chain's order."""
        self.asked += 1
        (self.folder / "query").write_bytes(query)
        openssl("ts", "-reply", "-config", f"{self.folder}/conf", "-section", "own", "-queryfile",
                f"{self.folder}/query", "-out", f"{self.folder}/reply")  # fmt: skip
        return self.change((self.folder / "reply").read_bytes())

    def verifies(self, data: Path, stamp: Path) -> bool:
        """Whether stock openssl accepts a stamp over a file."""
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-data", str(data), "-in", str(stamp), "-CAfile", str(self.root)],
            capture_output=True, check=False,
        )  # fmt: skip
        assert (b"Verification: OK" in done.stdout) is (done.returncode == 0)
        return done.returncode == 0


@dataclass
class Web:
    """Where they are."""

    port: int
    authorities: list[Authority] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    """Paths that answer 503."""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def means(self, authorities: Sequence[int] = (), witnesses: Sequence[int] = (), **more: Any) -> Means:
        """The means to ask some of them."""
        roots = [root for number in authorities for root in read_roots(self.authorities[number].root)]
        return Means(
            Outgoing(HERE),
            tuple(self.url(f"tsa{number}") for number in authorities),
            tuple(roots),
            tuple(WitnessAt(self.witnesses[number].key, self.url(f"w{number}")) for number in witnesses),
            **more,
        )


@contextlib.contextmanager
def web(
    folder: Path, authorities: Sequence[Authority] = (), logs: Sequence[Sequence[VerifierKey]] = ()
) -> Iterator[Web]:
    """Authorities at /tsa0, /tsa1, …, and a witness per list of logs at /w0, /w1, …"""
    made = [Witness(folder / f"w{n}", f"witness.example/w{n}", keys) for n, keys in enumerate(logs)]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            name, _, call = self.path[1:].partition("/")
            if self.path[1:] in found.silent or name in found.silent:
                status, answer, media = 503, b"not now", "text/plain"
            elif name.startswith("tsa"):
                assert self.headers["Content-Type"] == "application/timestamp-query"
                status, answer, media = 200, found.authorities[int(name[3:])].stamp(body), "application/timestamp-reply"
            else:
                assert call == "add-checkpoint"
                status, answer, media = found.witnesses[int(name[1:])].add_checkpoint(body)
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Web(server.server_port, list(authorities), made)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for one in made:
            one.close()
