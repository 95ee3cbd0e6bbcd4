"""What a bundle may ask of a server that verifies it: each bound from both sides."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from support.bundles import golden, zipped
from vestige.app import verifying
from vestige.app.verifying import verify_brought
from vestige.bundles import Bounds, Trust, keys_of_text, verify
from vestige.bundles.bounds import ListBound
from vestige.model.errors import BusyError, TooLargeError

if TYPE_CHECKING:
    from pathlib import Path

KEY = golden()["data/0/keys"].decode().strip()
FILES = len(golden())
BYTES = sum(map(len, golden().values()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "x.zip"
    made.write_bytes(zipped(golden()))
    return made


def exit_of(path: Path, bounds: Bounds | None) -> int:
    return verify(path, Trust(keys_of_text(KEY)), bounds).exit


def test_files_and_bytes_up_to_the_bound(path: Path) -> None:
    assert exit_of(path, Bounds(FILES, BYTES, 600.0)) == 3
    with pytest.raises(TooLargeError, match="too many files"):
        exit_of(path, Bounds(FILES - 1))
    with pytest.raises(TooLargeError, match="too many bytes"):
        exit_of(path, Bounds(unpacked=BYTES - 1))
    with pytest.raises(TooLargeError, match="takes too long"):
        exit_of(path, Bounds(seconds=-1.0))


def test_a_list_is_refused_before_the_library_takes_it_apart(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is in it, whatever its end record states."""
    made: list[str] = []
    monkeypatch.setattr(zipfile, "ZipInfo", made.append)
    data = bytearray(path.read_bytes())
    data[-14:-10] = b"\1\0\1\0"  # one file, it says
    path.write_bytes(data)
    with pytest.raises(TooLargeError, match="too many files"):
        exit_of(path, Bounds(FILES - 1))
    data[-10:-6] = (500_000).to_bytes(4, "little")  # the list's own length
    path.write_bytes(bytes(1 << 20) + data)
    with pytest.raises(TooLargeError, match="list of files is too long"):
        exit_of(path, Bounds(FILES))
    assert made == []


def test_the_list_is_bounded_and_files_are_not(path: Path) -> None:
    with ListBound(path, Bounds(1)) as file:
        with pytest.raises(TooLargeError):
            file.read(1 << 20)
        file.list_read()
        assert file.read(1 << 20) == path.read_bytes()


def test_what_no_bundle_may_have_is_a_fault_to_whoever_set_no_bounds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bounds.__init__, "__defaults__", (FILES - 1, *Bounds.__init__.__defaults__[1:]))  # type: ignore[index]
    assert exit_of(path, None) == 1


def test_a_server_verifies_one_at_a_time(path: Path) -> None:
    with verifying._ONE, pytest.raises(BusyError, match="another bundle"):
        verify_brought(path, [KEY])
    assert verify_brought(path, [KEY])["exit"] == 3
    assert not verifying._ONE.locked()


def test_a_server_spends_so_much_on_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "BROUGHT_FILES", FILES - 1)
    with pytest.raises(TooLargeError, match="too many files"):
        verify_brought(path, [KEY])
    assert not verifying._ONE.locked()
    monkeypatch.setattr(verifying, "BROUGHT_FILES", FILES)
    assert verify_brought(path, [])["exit"] == 2
