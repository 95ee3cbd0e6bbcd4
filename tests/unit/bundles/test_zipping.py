from __future__ import annotations

import io
import subprocess
import tracemalloc
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from vestige.bundles import zipping
from vestige.bundles.layout import MAX_RATIO
from vestige.bundles.zipping import Written, ZipStream

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"a": b"", "b/c.txt": b"text " * 100, "b/random": sha256(b"x").digest(), "zeros": bytes(1 << 20)}


def made(files: dict[str, bytes], *, large: bool = False) -> bytes:
    stream = ZipStream("top")
    out = b""
    for name, data in files.items():
        if large:
            halves = [data[: len(data) // 2], data[len(data) // 2 :]]
            for piece in stream.large(name, halves):
                if isinstance(piece, Written):
                    assert piece == (sha256(data).digest(), len(data))
                else:
                    out += piece
        else:
            header, written = stream.small(name, data)
            assert written == (sha256(data).digest(), len(data))
            out += header
    out += b"".join(stream.end())
    stream.close()
    return out


@pytest.mark.parametrize("large", [False, True])
def test_what_went_in_comes_out_and_tools_agree(tmp_path: Path, large: bool) -> None:
    data = made(FILES, large=large)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == {f"top/{n}": d for n, d in FILES.items()}
    (tmp_path / "x.zip").write_bytes(data)
    subprocess.run(["python3", "-m", "zipfile", "-t", str(tmp_path / "x.zip")], check=True, capture_output=True)


def test_the_same_files_make_the_same_zip_however_they_come() -> None:
    assert made(FILES) == made(FILES)
    assert made({"a": b"x"}) != made({"a": b"y"})


def test_what_a_careful_reader_takes_for_a_bomb_is_stored() -> None:
    """So that no bundle of ours is refused for how well its records compress."""
    data = made(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        kinds = {info.filename: info.compress_type for info in opened.infolist()}
        ratios = [info.file_size / info.compress_size for info in opened.infolist() if info.compress_size]
    assert kinds["top/zeros"] == zipfile.ZIP_STORED
    assert kinds["top/b/c.txt"] == zipfile.ZIP_DEFLATED
    assert max(ratios) < MAX_RATIO / 2


def test_more_files_than_a_plain_zip_counts() -> None:
    data = made({str(n): b"%d" % n for n in range(65_600)})
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert len(opened.namelist()) == 65_600
        assert opened.read("top/65599") == b"65599"


def test_sizes_and_places_beyond_what_a_plain_zip_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound lowered, so that a few bytes are many: every wide field is written, and read by another's reader."""
    monkeypatch.setattr(zipping, "_LARGE", 0xFFFFFFFF)
    narrow = made(FILES)
    assert b"PK\x06\x06" not in narrow
    stream = ZipStream("top")
    stream._offset = 0x1_0000_0000
    header, _ = stream.small("far", b"here")
    directory = b"".join(stream.end())
    stream.close()
    assert directory.startswith(b"PK\x01\x02")
    assert (0x1_0000_0000).to_bytes(8, "little") in directory
    assert b"PK\x06\x06" in directory
    assert b"PK\x06\x07" in directory
    assert header.startswith(b"PK\x03\x04")


def test_memory_does_not_grow_with_the_number_of_files() -> None:
    def peak(count: int) -> int:
        stream = ZipStream("top")
        tracemalloc.start()
        for number in range(count):
            stream.small(f"data/0/raw/{number}.bin", b"a record")
        for _ in stream.end():
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        stream.close()
        return most

    few, many = peak(1_000), peak(20_000)
    assert many < few + (2 << 20)
