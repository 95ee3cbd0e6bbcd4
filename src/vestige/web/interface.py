"""What is at an address below ``/ui/``: a file of the build, the page that shows all other addresses, or nothing.

Assets have a digest of their content in their name, so a browser keeps them for a year; the page names them, so it is
asked for anew each time, and answered with 304 if it is the same. Only files that a listing of the folder found are
opened: an address is looked up among their names and never becomes a path. A build that replaces the files is noticed
by the page's own, and served from then on.

References: RFC 9110 (conditional requests, content coding), RFC 8246 (``immutable``), CSP Level 3.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

STATIC: Final = Path(__file__).parent / "static"
BASE: Final = "/ui/"
BUILD_COMMAND: Final = "make ui"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""With every file, since a worker is bound by the policy its own file came with."""
LONGEST_ADDRESS: Final = 2000
KEPT: Final = "public, max-age=31536000, immutable"
ASKED_ANEW: Final = "no-cache"
_PAGE: Final = "index.html"
_ASSETS: Final = "assets/"
_TEXTS: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
}
"""Media types by the ending of a name, of what gets smaller by compression. Fixed, not the machine's own."""
_OTHERS: Final = {
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}
_NEVER: Final = re.compile(r"\s*q\s*=\s*0(\.0{0,3})?\s*")


class Answer(NamedTuple):
    """What an address is answered with."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    """The same with gzip, if that is worth it."""
    media_type: str
    tag: str
    """Weak: one for both forms of it."""


class Interface:
    """The files of one build, read when they are first asked for. Safe to share between threads.

    Args:
        root: the folder the build was written to.
    """

    def __init__(self, root: Path = STATIC) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._build: tuple[int, int, int] | None = None
        self._names: frozenset[str] = frozenset()
        self._files: dict[str, _File] = {}

    def is_built(self) -> bool:
        """Whether there is anything to serve."""
        with self._lock:
            return self._look()

    def answer(self, address: str, *, coding: str = "", known: str = "") -> Answer | None:
        """What an address is answered with; ``None`` if nothing is there.

        Args:
            address: what follows :data:`BASE`, decoded, without a query.
            coding: the request's ``Accept-Encoding``.
            known: the request's ``If-None-Match``.
        """
        if not _is_address(address):
            return None
        with self._lock:
            name = self._name(address) if self._look() else None
            file = self._read(name) if name is not None else None
        if name is None or file is None:
            return None
        asset = name.startswith(_ASSETS)
        headers = {
            "Cache-Control": KEPT if asset else ASKED_ANEW,
            "Content-Security-Policy": POLICY,
            "Content-Type": file.media_type,
            "ETag": file.tag,
        }
        if file.packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if file.tag in {one.strip() for one in known.split(",")}:
            del headers["Content-Type"]
            return Answer(304, b"", headers)
        if file.packed is not None and takes_gzip(coding):
            return Answer(200, file.packed, headers | {"Content-Encoding": "gzip"})
        return Answer(200, file.body, headers)

    def _look(self) -> bool:
        """List the files, if they are others than before; whether there are any."""
        try:
            state = (self._root / _PAGE).stat()
        except OSError:
            self._build, self._names, self._files = None, frozenset(), {}
            return False
        build = (state.st_mtime_ns, state.st_size, state.st_ino)
        if build != self._build:
            self._build, self._names, self._files = build, frozenset(_listed(self._root)), {}
        return True

    def _name(self, address: str) -> str | None:
        """The file of an address: itself, or the page, which shows every address that is no asset."""
        if address in self._names:
            return address
        return None if address.startswith(_ASSETS) else _PAGE

    def _read(self, name: str) -> _File | None:
        found = self._files.get(name)
        if found is None:
            try:
                body = (self._root / name).read_bytes()
            except OSError:
                # Taken away by a build since the listing; whoever asks has the page of the one before.
                return None
            found = self._files[name] = _file(name, body)
        return found


def takes_gzip(coding: str) -> bool:
    """Whether an ``Accept-Encoding`` takes gzip."""
    taken: dict[str, bool] = {}
    for part in coding.lower().split(","):
        name, _, weight = part.partition(";")
        taken[name.strip()] = _NEVER.fullmatch(weight) is None
    return taken.get("gzip", taken.get("*", False))


def _is_address(text: str) -> bool:
    """Whether the interface may have an address like that: no steps back, nothing a browser would read otherwise."""
    printable = len(text) <= LONGEST_ADDRESS and text.isprintable() and "\\" not in text
    return printable and not {".", ".."} & set(text.split("/"))


def _listed(root: Path) -> list[str]:
    """The files below a folder, but hidden ones and what only points elsewhere."""
    return [
        name
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
        for name in [path.relative_to(root).as_posix()]
        if not any(step.startswith(".") for step in name.split("/"))
    ]


def _file(name: str, body: bytes) -> _File:
    ending = name.rpartition(".")[2].lower()
    packed = gzip.compress(body, mtime=0) if ending in _TEXTS else None
    return _File(
        body,
        packed if packed is not None and len(packed) < len(body) else None,
        _TEXTS.get(ending) or _OTHERS.get(ending, "application/octet-stream"),
        f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
    )
