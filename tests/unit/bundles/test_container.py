"""Bundles that attack whoever opens them: each is refused by both verifiers, beside one that is good."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from support.bundles import golden, log_key, sealed, standalone, zipped
from vestige.bundles import Trust, keys_of_text, verify
from vestige.bundles.layout import check_names
from vestige.model.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = golden()["data/0/keys"].decode().strip()


def both(path: Path) -> tuple[int, dict[str, Any]]:
    """The exit code both verifiers end with, and the first fault of the product."""
    report = verify(path, Trust(keys_of_text(KEY)))
    verifier = standalone()
    other = verifier.verify(str(path), verifier.Trust([KEY], None))
    assert report.exit == other.exit(), (report.faults, other.faults)
    assert set(report.counts) == set(other.failed), (report.faults, other.faults)
    return report.exit, report.faults[0].to_json() if report.faults else {}


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.create_system = 3
    return info


def with_entry(info: zipfile.ZipInfo, data: bytes = b"x") -> bytes:
    """The golden bundle with one more entry in its zip."""
    out = io.BytesIO(zipped(golden()))
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(info, data)
    return out.getvalue()


def test_a_folder_and_its_zip_and_anybodys_zip_of_it_are_good(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(golden(), "elsewhere"))
    assert both(tmp_path / "a.zip")[0] == 3
    assert both(unpacked(tmp_path / "folder", golden()))[0] == 3
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        made.mkdir("bag")
        made.mkdir("bag/data")
        for name, data in reversed(golden().items()):
            made.writestr(f"bag/{name}", data)
        made.comment = b"hello"
    (tmp_path / "b.zip").write_bytes(b"some prefix" + out.getvalue())
    assert both(tmp_path / "b.zip")[0] == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [("vestige-bundle/../../etc/passwd", "leads out"), ("../x", "leads out"), ("/etc/passwd", "leads out"),
     ("vestige-bundle//x", "leads out"), ("vestige-bundle/a\\b", "leads out"), ("vestige-bundle/.hidden", "leads out"),
     ("vestige-bundle/data/0/raw/\u202e18.bin", "leads out"), ("vestige-bundle/" + "a" * 300, "leads out"),
     ("vestige-bundle/c:x", "leads out"), ("vestige-bundle/DATA/0/RAW/18.BIN", "given twice"),
     ("other/x", "not one bag"), ("loose", "not one bag"), ("vestige-bundle/data/0/raw/99.bin", "no manifest lists it"),
     ("vestige-bundle/run.sh", "belongs to no bundle")],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "x.zip").write_bytes(with_entry(entry(name)))
    code, fault = both(tmp_path / "x.zip")
    assert code == 1
    assert fault["check"] == "container"
    assert words in fault["message"]


def test_a_name_that_ends_at_a_zero_byte_is_refused(tmp_path: Path) -> None:
    data = with_entry(entry("vestige-bundle/run-sh"))
    (tmp_path / "x.zip").write_bytes(data.replace(b"vestige-bundle/run-sh", b"vestige-bundle/run\0sh"))
    assert both(tmp_path / "x.zip")[0] == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    """One reader would take the first, another the last."""
    (tmp_path / "x.zip").write_bytes(with_entry(entry("vestige-bundle/data/0/raw/18.bin"), b"another"))
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "a file is given twice")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_special_files_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    (tmp_path / "x.zip").write_bytes(
        with_entry(entry("vestige-bundle/data/0/raw/19.bin", kind | 0o777), b"/etc/passwd")
    )
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "a link or special file")


def test_links_and_special_files_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "folder", golden())
    assert both(folder)[0] == 3
    raw = folder / "data/0/raw/18.bin"
    raw.rename(tmp_path / "elsewhere")
    raw.symlink_to(tmp_path / "elsewhere")
    code, fault = both(folder)
    assert (code, fault["message"], fault["got"]) == (1, "a link or special file", "'data/0/raw/18.bin'")
    raw.unlink()
    os.mkfifo(raw)
    assert both(folder)[0] == 1
    raw.unlink()
    (tmp_path / "elsewhere").rename(raw)
    assert both(folder)[0] == 3
    (folder / "data/0/more").symlink_to(tmp_path)
    assert both(folder)[0] == 1


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in golden().items():
            made.writestr(f"bag/{name}", data)
        made.writestr("bag/data/0/raw/19.bin", bytes(200 << 20))
    (tmp_path / "x.zip").write_bytes(out.getvalue())
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "the zip holds more than its length explains")


def test_what_is_longer_than_it_says_is_not_read_on(tmp_path: Path) -> None:
    """The directory says 9 bytes; what is packed there would be more."""
    data = zipped(golden() | {"data/0/raw/18.bin": bytes(1 << 20)})
    at = data.rindex(b"vestige-bundle/data/0/raw/18.bin") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    short = data[: at + 24] + struct.pack("<I", 9) + data[at + 28 :]
    (tmp_path / "x.zip").write_bytes(short)
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["check"], fault["file"]) == (1, "container", "data/0/raw/18.bin")


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The trick of the bombs that need no nesting: many entries of the directory point at the same data."""
    packed = zlib.compress(bytes(1 << 20), 9, -15)[:]
    out, directory = b"", b""
    for number in range(3):
        path = f"bag/{number}".encode()
        crc = zlib.crc32(bytes(1 << 20))
        if not out:
            out = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), 1 << 20, len(path), 0)
            out += path + packed
        directory += b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 33, crc, len(packed), 1 << 20,
                                                len(path), 0, 0, 0, 0, 0, 0) + path  # fmt: skip
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 3, 3, len(directory), len(out), 0)
    (tmp_path / "x.zip").write_bytes(out + directory + end)
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "two files of the zip overlap")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path: Path, method: int) -> None:
    info = entry("vestige-bundle/data/0/raw/19.bin")
    info.compress_type = method
    (tmp_path / "x.zip").write_bytes(with_entry(info))
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "a file is packed in a way no bundle is")


def encrypted(data: bytes) -> bytes:
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(lambda data: data[:-10], 4), (lambda _: b"", 4), (lambda _: b"PK", 4), (lambda _: b"not a zip at all", 4),
     (lambda data: data[:200] + b"\xff" * 40 + data[240:], 1), (encrypted, 1), (lambda data: data[30:], 1)],
)  # fmt: skip
def test_damage_is_told_and_never_raised(tmp_path: Path, spoil: Callable[[bytes], bytes], code: int) -> None:
    (tmp_path / "x.zip").write_bytes(spoil(zipped(golden())))
    assert both(tmp_path / "x.zip")[0] == code


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.zip").write_bytes(zipped({"hello.txt": b"hello"}))
    for path in (tmp_path / "empty", tmp_path / "a.zip", tmp_path / "nothing"):
        assert both(path)[0] == 4


def test_ranges_that_promise_more_than_there_are_files_are_not_walked(tmp_path: Path) -> None:
    """A range costs a line, and looking for its entries would cost for ever."""
    files = dict(golden())
    files["data/0/records.txt"] = b"0 19\n"
    (tmp_path / "x.zip").write_bytes(zipped(sealed(files, log_key())))
    assert both(tmp_path / "x.zip")[0] == 1
    huge = golden()["data/0/checkpoint"].replace(b"\n20\n", b"\n9007199254740991\n")
    files = {name: data.replace(golden()["data/0/checkpoint"], huge) for name, data in golden().items()}
    files["data/bundle.json"] = files["data/bundle.json"].replace(b'"size":20', b'"size":9007199254740991')
    files["data/0/records.txt"] = b"0 9007199254740990\n"
    (tmp_path / "x.zip").write_bytes(zipped(sealed(files, log_key())))
    code, fault = both(tmp_path / "x.zip")
    assert (code, fault["message"]) == (1, "more entries than there can be proofs")


def test_names_are_held_to_a_pattern() -> None:
    assert check_names(["data/0/raw/1.bin", "a", "A_b-c.d"]) == {"data/0/raw/1.bin", "a", "A_b-c.d"}
    for wrong in ("", "a/", "/a", "a//b", "..", "a/..", "-a", "a b", "a\nb", "\u00e4", "a" * 201):
        with pytest.raises(ProofError):
            check_names([wrong])
