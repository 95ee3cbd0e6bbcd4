"""Requests to S3 are signed as its documentation's own examples are, and locks are asked for in its words."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from vestige.archive import open_store
from vestige.archive.objectlock import Credentials, ObjectLock, signed
from vestige.model.errors import NotFoundError, SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", "us-east-1", "")
WHEN = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("path", "query", "headers", "signature"),
    [
        (
            "/test.txt",
            "",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("/", "lifecycle=", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/",
            "max-keys=2&prefix=J",
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_examples_of_the_documentation_are_signed_alike(
    path: str, query: str, headers: dict[str, str], signature: str
) -> None:
    made = signed(EXAMPLE, "GET", HOST, path, query, headers, b"", WHEN)
    assert made["authorization"].endswith(f"Signature={signature}")
    assert EXAMPLE.secret not in str(made)


def test_without_keys_nothing_can_be_signed() -> None:
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:1/"}
    assert Credentials.of(given).endpoint == "http://127.0.0.1:1"
    with pytest.raises(SettingsError, match="nothing is there to sign"):
        Credentials.of({"AWS_REGION": "eu-central-1"})


@pytest.fixture
def bucket() -> Iterator[tuple[str, list[tuple[str, str, bytes, dict[str, str]]], dict[str, tuple[int, bytes]]]]:
    """An endpoint that notes what it is asked and answers by method and query."""
    came: list[tuple[str, str, bytes, dict[str, str]]] = []
    answers: dict[str, tuple[int, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            came.append((self.command, self.path, body, headers))
            status, said = answers.get(
                f"{self.command} {self.path.partition('?')[2]}", (404, b"<Code>NoSuchKey</Code>")
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            if self.command == "HEAD":
                self.send_header("x-amz-object-lock-retain-until-date", "2030-01-02T00:00:00Z")
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else said)

        do_GET = do_PUT = do_HEAD = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", came, answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_lock_is_asked_for_signed_and_read_back(
    bucket: tuple[str, list[tuple[str, str, bytes, dict[str, str]]], dict[str, tuple[int, bytes]]],
) -> None:
    url, came, answers = bucket
    lock = ObjectLock("b", Credentials("k", "s", "t", "us-east-1", url))
    assert not lock.enabled()
    answers["GET object-lock="] = 200, b"<X><ObjectLockEnabled>Enabled</ObjectLockEnabled></X>"
    assert lock.enabled()
    with pytest.raises(StorageError, match="cannot be locked"):
        lock.lock("p/x y", datetime(2030, 1, 2, tzinfo=UTC))
    answers["PUT retention="] = 200, b""
    lock.lock("p/x y", datetime(2030, 1, 2, tzinfo=UTC))
    method, path, body, headers = came[-1]
    assert (method, path) == ("PUT", "/b/p/x%20y?retention=")
    assert b"<Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-02T00:00:00Z</RetainUntilDate>" in body
    assert "content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-security-token" in headers["authorization"]
    assert lock.until("p/x") == ""
    answers["HEAD "] = 200, b""
    assert lock.until("p/x") == "2030-01-02T00:00:00Z"


Versions = dict[str, dict[str, str]]
"""By key and version: until when it is locked, empty if it is not."""


@pytest.fixture
def versioned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    """A bucket that keeps versions, two to a page, as far as their list, their locks and their removal go."""
    kept: Versions = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            asked = dict(parse_qsl(parts.query, keep_blank_values=True))
            here = kept.get(unquote(parts.path).removeprefix("/b/"), {})
            status, body, until = 200, "", ""
            if "versions" in asked:
                every = [(key, one) for key, found in sorted(kept.items()) for one in found]
                every = [one for one in every if one[0].startswith(asked["prefix"])]
                place = (asked.get("key-marker"), asked.get("version-id-marker"))
                begin = every.index(place) + 1 if place[0] else 0  # type: ignore[arg-type]
                page, more = every[begin : begin + 2], len(every) > begin + 2
                body = "".join(f"<Version><Key>{escape(key)}</Key><VersionId>{one}</VersionId></Version>"
                               for key, one in page)  # fmt: skip
                last = f"<NextKeyMarker>{escape(page[-1][0])}</NextKeyMarker>" if more else ""
                last += f"<NextVersionIdMarker>{page[-1][1]}</NextVersionIdMarker>" if more else ""
                body = f"<X><IsTruncated>{str(more).lower()}</IsTruncated>{last}{body}</X>"
            elif self.command == "DELETE" and not here.get(asked.get("versionId", "")):
                status = 204 if here.pop(asked["versionId"], None) is not None else 404
            elif self.command == "DELETE":
                status = 403
            else:
                until = here.get(asked["versionId"], "").replace("?", "")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if until:
                self.send_header("x-amz-object-lock-retain-until-date", until)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_DELETE = do_HEAD = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in (("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"),
                        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")):  # fmt: skip
        monkeypatch.setenv(name, value)
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_object_goes_in_all_its_versions_and_what_is_locked_is_told(versioned: Versions) -> None:
    versioned["p&q/t/0/w/old/x"] = {"1": "", "2": "", "3": ""}
    versioned["p&q/t/0/w/old/xy"] = {"1": ""}  # begins alike, and is another
    versioned["p&q/t/0/w/new/x"] = {"1": "2030-01-02T00:00:00Z", "2": "", "3": "2029-01-02T00:00:00Z"}
    versioned["p&q/t/0/w/odd/x"] = {"1": "?"}  # refused, and nobody says until when
    store = open_store("s3://b/p&q")
    assert store.remains("t/0") == ["t/0/w/new/x", "t/0/w/odd/x", "t/0/w/old/x", "t/0/w/old/xy"]
    assert store.remove("t/0/w/old/x") == ""
    assert (versioned["p&q/t/0/w/old/x"], versioned["p&q/t/0/w/old/xy"]) == ({}, {"1": ""})
    assert store.remove("t/0/w/new/x") == "2030-01-02T00:00:00Z"
    assert list(versioned["p&q/t/0/w/new/x"]) == ["1", "3"]
    versioned["p&q/t/0/w/new/x"] = {"1": "", "3": ""}  # their time is over
    assert store.remove("t/0/w/new/x") == ""
    assert store.remove("t/0/w/odd/x") == "unknown"
    assert store.remains("t/0") == ["t/0/w/odd/x", "t/0/w/old/xy"]


def test_a_bucket_that_tells_of_no_versions_is_not_taken_to_have_none(
    bucket: tuple[str, list[tuple[str, str, bytes, dict[str, str]]], dict[str, tuple[int, bytes]]],
) -> None:
    url, _, answers = bucket
    lock = ObjectLock("b", Credentials("k", "s", "", "us-east-1", url))
    query = "GET prefix=p%2Fx&versions="
    for status in (403, 501):
        answers[query] = status, b""
        assert lock.versions("p/x") is None
    answers[query] = 500, b"<Code>InternalError</Code>"
    with pytest.raises(StorageError, match="cannot be listed"):
        lock.versions("p/x")
    answers[query] = 200, b"<X></X>"
    assert lock.versions("p/x") == []


@pytest.mark.parametrize("url", ["/srv/x", "file://host/x", "gs://b/p", "s3://", "s3://user@b/p", "s3://b/p?x=1", ""])
def test_what_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="no such kind of store"):
        open_store(url)


def test_a_directory_keeps_objects_whole_and_locks_none(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path / 'a b'}")
    (tmp_path / "x").write_bytes(b"hello" * 100_000)
    store.put("t/0/x.bin", tmp_path / "x")
    assert list(store.names("t")) == ["t/0/x.bin"]
    store.get("t/0/x.bin", tmp_path / "y")
    assert (tmp_path / "y").read_bytes() == b"hello" * 100_000
    assert store.remove("t/0/x.bin") == ""
    assert store.remove("t/0/x.bin") == ""
    with pytest.raises(NotFoundError):
        store.read("t/0/x.bin")
    with pytest.raises(NotFoundError):
        store.get("t/0/x.bin", tmp_path / "z")
    assert not (tmp_path / "z").exists()
    with pytest.raises(SettingsError, match="cannot lock"):
        open_store(f"file://{tmp_path}", lock_days=1)
