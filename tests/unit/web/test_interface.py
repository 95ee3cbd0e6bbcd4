"""What is at an address below /ui/: files of the build, the page for all else, and nothing outside of it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from vestige.web import POLICY, Answer, Interface
from vestige.web.interface import ASKED_ANEW, KEPT, LONGEST_ADDRESS, takes_gzip

if TYPE_CHECKING:
    from pathlib import Path

PAGE = b'<!doctype html><script type="module" src="/ui/assets/index-1a2b.js"></script>'
SCRIPT = b"export const words = 'one two one two one two one two one two one two one two';\n" * 20


@pytest.fixture
def built(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_bytes(PAGE)
    (root / "assets" / "index-1a2b.js").write_bytes(SCRIPT)
    (root / "assets" / "mark-3c4d.png").write_bytes(b"\x89PNG" + bytes(200))
    (root / "favicon.svg").write_bytes(b"<svg/>")
    (root / ".built-from").write_text("0" * 64)
    (tmp_path / "secret.txt").write_text("outside")
    (root / "assets" / "out.txt").symlink_to(tmp_path / "secret.txt")
    return root


def at(built: Path, address: str, *, coding: str = "", known: str = "") -> Answer:
    found = Interface(built).answer(address, coding=coding, known=known)
    assert found is not None, address
    return found


@pytest.mark.parametrize("address", ["", "timeline", "cases/01J", "verify", "entities/ip:203.0.113.77", "index.html"])
def test_every_address_of_the_interface_is_the_page(built: Path, address: str) -> None:
    found = at(built, address)
    assert (found.status, found.body) == (200, PAGE)
    assert found.headers["Cache-Control"] == ASKED_ANEW
    assert found.headers["Content-Type"] == "text/html; charset=utf-8"
    assert found.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("address", "media_type", "kept"),
    [
        ("assets/index-1a2b.js", "text/javascript; charset=utf-8", KEPT),
        ("assets/mark-3c4d.png", "image/png", KEPT),
        ("favicon.svg", "image/svg+xml", ASKED_ANEW),
    ],
)
def test_a_file_is_itself_with_its_type_and_how_long_it_is_kept(
    built: Path, address: str, media_type: str, kept: str
) -> None:
    found = at(built, address)
    assert found.body == (built / address).read_bytes()
    assert (found.headers["Content-Type"], found.headers["Cache-Control"]) == (media_type, kept)


@pytest.mark.parametrize(
    "address",
    [
        *("assets/", "assets/index-0000.js", "assets/index-1a2b.js/", "assets/index-1a2b.js.gz", "assets/out.txt"),
        *("../secret.txt", "assets/../../secret.txt", "./index.html", "a/../index.html", "..", "a/..", "assets/.."),
        *("..\\secret.txt", "a\\b", "a\x00b", "a\nb", "\x7f", "a\u202eb", "x" * (LONGEST_ADDRESS + 1)),
    ],
)
def test_nothing_else_is_there(built: Path, address: str) -> None:
    assert Interface(built).answer(address) is None


@pytest.mark.parametrize("address", [".built-from", "%2e%2e/secret.txt", "x" * LONGEST_ADDRESS])
def test_what_is_no_file_of_the_build_is_only_an_address(built: Path, address: str) -> None:
    assert at(built, address).body == PAGE


def test_texts_are_compressed_for_whoever_takes_it(built: Path) -> None:
    packed = at(built, "assets/index-1a2b.js", coding="gzip, deflate, br")
    plain = at(built, "assets/index-1a2b.js", coding="br")
    assert gzip.decompress(packed.body) == plain.body == SCRIPT
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert ("Content-Encoding" in plain.headers, plain.headers["Vary"]) == (False, "Accept-Encoding")
    picture = at(built, "assets/mark-3c4d.png", coding="gzip")
    assert not {"Content-Encoding", "Vary"} & set(picture.headers)
    # Too small to get any smaller.
    assert "Content-Encoding" not in at(built, "favicon.svg", coding="gzip").headers


@pytest.mark.parametrize(
    ("coding", "taken"),
    [
        *(("gzip", True), ("GZIP;q=0.5", True), ("br, gzip", True), ("*", True), ("deflate, *;q=0.1", True)),
        *(("", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False)),
        *(("*, gzip;q=0", False), ("gzip;q=0, *", False), ("x-gzipped", False)),
    ],
)
def test_gzip_is_sent_only_where_it_is_taken(coding: str, taken: bool) -> None:
    assert takes_gzip(coding) is taken


def test_what_a_browser_has_is_not_sent_again(built: Path) -> None:
    tag = at(built, "").headers["ETag"]
    for known in (tag, f'"other", {tag}'):
        again = at(built, "timeline", known=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert at(built, "", known='W/"other"').status == 200


def test_another_build_is_served_from_then_on(built: Path) -> None:
    interface = Interface(built)
    first = interface.answer("")
    (built / "assets" / "index-5e6f.js").write_bytes(b"new")
    (built / "assets" / "index-1a2b.js").unlink()
    (built / "new.html").write_bytes(PAGE.replace(b"1a2b", b"5e6f"))
    (built / "new.html").replace(built / "index.html")
    second, script = interface.answer(""), interface.answer("assets/index-5e6f.js")
    assert first is not None
    assert second is not None
    assert script is not None
    assert first.headers["ETag"] != second.headers["ETag"]
    assert script.body == b"new"
    assert interface.answer("assets/index-1a2b.js") is None


def test_without_a_build_nothing_is_there_until_there_is_one(tmp_path: Path, built: Path) -> None:
    interface = Interface(tmp_path / "later")
    assert not interface.is_built()
    assert interface.answer("") is None
    assert interface.answer("favicon.svg") is None
    built.rename(tmp_path / "later")
    assert interface.is_built()
    found = interface.answer("")
    assert found is not None
    assert found.body == PAGE
