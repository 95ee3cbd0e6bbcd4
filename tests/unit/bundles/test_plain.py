"""The quick reading of a plain zip gives what the library gives, and nothing where the library would refuse."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from support.bundles import golden, tiny, zipped
from vestige.bundles import Bounds
from vestige.bundles.plain import PIECE, plain_zip
from vestige.bundles.zipped import DAMAGE, LibraryZip
from vestige.bundles.zipping import ZipStream
from vestige.model.errors import FormatError, ProofError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestige.bundles.container import Container

SAMPLE = 200


def read(container: Container, name: str) -> bytes | None:
    """A file as it is opened; None if it cannot be read."""
    try:
        with container.open(name) as file:
            return file.read()
    except DAMAGE:
        return None


def agrees(path: Path) -> bool:
    """Whether a zip was read quickly; then it must be one to the library, of the same files."""
    plain = plain_zip(path, Bounds())
    if plain is None:
        return False
    library = LibraryZip(path, Bounds())
    assert plain.names == library.names
    for name in plain.names:
        expected = read(library, name)
        assert read(plain, name) == expected
        assert plain.whole(name) in {None, expected}
    plain.close()
    library.close()
    return True


def test_our_own_zips_are_plain_and_their_short_files_are_taken_at_once(tmp_path: Path) -> None:
    long = random.Random(4).randbytes(PIECE + 1)
    files = golden() | {"data/0/raw/18.bin": long, "data/0/raw/19.bin": bytes(PIECE)}
    (tmp_path / "x.zip").write_bytes(zipped(files))
    assert agrees(tmp_path / "x.zip")
    plain = plain_zip(tmp_path / "x.zip", Bounds())
    assert plain is not None
    assert {name: plain.whole(name) for name in plain.names} == files | {"data/0/raw/18.bin": None}
    assert read(plain, "data/0/raw/18.bin") == long
    plain.close()


def test_a_zip_of_more_files_than_two_bytes_count_is_plain(tmp_path: Path) -> None:
    made = ZipStream("vestige-bundle")
    data = b"".join(made.small(f"data/0/raw/{number}.bin", b"")[0] for number in range(1 << 16)) + b"".join(made.end())
    made.close()
    assert data[-42:].startswith(b"PK\x06\x07")
    (tmp_path / "x.zip").write_bytes(data)
    plain = plain_zip(tmp_path / "x.zip", Bounds())
    assert plain is not None
    assert len(plain.names) == 1 << 16
    plain.close()
    for at in (-98, -42, -34, -60, -52):  # the wide end record, its locator, the place that names, counts
        (tmp_path / "x.zip").write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        assert plain_zip(tmp_path / "x.zip", Bounds()) is None


def test_a_zip_that_is_damaged_anywhere_is_read_as_the_library_reads_it_or_left_to_it(tmp_path: Path) -> None:
    data = zipped(tiny())
    chance = random.Random(2026)
    quick = 0
    # The list and the end decide most; of the rest, headers and what is packed, a sample.
    start = data.index(b"PK\x01\x02")
    places = [*chance.sample(range(start), SAMPLE), *chance.sample(range(start, len(data)), 3 * SAMPLE)]
    for at in places:
        (tmp_path / "x.zip").write_bytes(data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :])
        try:
            quick += agrees(tmp_path / "x.zip")
        except (FormatError, ProofError) as error:
            pytest.fail(f"byte {at}: the library refuses it: {error}")
    assert SAMPLE // 2 < quick < len(places) - 100


def listed(data: bytes, name: str) -> int:
    """Where a zip's list speaks of a file."""
    return data.rindex(f"vestige-bundle/{name}".encode()) - 46


def stated(data: bytes, name: str, field: int, value: int) -> bytes:
    at = listed(data, name) + field
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


@pytest.mark.parametrize(
    "spoil",
    [lambda data, name: stated(data, name, 24, 9), lambda data, name: stated(data, name, 24, 1 << 19),
     lambda data, name: stated(data, name, 16, 1),
     lambda data, name: data.replace(name.encode(), b"data/0/raw/99.bin", 1),
     lambda data, _: data.replace(b"PK\x03\x04", b"PK\x03\x05")],
    ids=["fewer bytes", "more bytes", "another checksum", "another name", "no header"],
)  # fmt: skip
def test_a_file_that_is_not_what_the_list_says_is_left_to_the_library(
    tmp_path: Path, spoil: Callable[[bytes, str], bytes]
) -> None:
    name = "data/0/raw/18.bin"
    data = zipped({name: b"a record " * 100})
    (tmp_path / "x.zip").write_bytes(spoil(data, name))
    assert agrees(tmp_path / "x.zip")
    plain = plain_zip(tmp_path / "x.zip", Bounds())
    assert plain is not None
    assert plain.whole(name) is None
    plain.close()


def test_what_unpacks_to_far_more_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    name = "data/0/raw/18.bin"
    packed = zlib.compress(bytes(64 << 20), 9, -15)
    data = zipped({name: random.Random(1).randbytes(len(packed))})
    at = data.index(name.encode()) + len(name)
    data = data[:at] + packed + data[at + len(packed) :]
    data = data[: listed(data, name) + 10] + b"\x08\0" + data[listed(data, name) + 12 :]
    (tmp_path / "x.zip").write_bytes(data)
    plain = plain_zip(tmp_path / "x.zip", Bounds())
    assert plain is not None
    tracemalloc.start()
    try:
        assert plain.whole(name) is None
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    plain.close()


def test_bounds_and_what_no_bundle_holds_are_left_to_who_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(golden()))
    files, total = len(golden()), sum(map(len, golden().values()))
    pairs = ((Bounds(files=files), Bounds(files=files - 1)), (Bounds(unpacked=total), Bounds(unpacked=total - 1)))
    for good, bad in pairs:
        opened = plain_zip(path, good)
        assert opened is not None
        opened.close()
        assert plain_zip(path, bad) is None
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("vestige-bundle/../x", b"")
    assert plain_zip(path, Bounds()) is None
    assert plain_zip(tmp_path / "none.zip", Bounds()) is None
