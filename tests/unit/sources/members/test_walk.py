from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import stat
import tarfile
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import datadir
from vestige.model.errors import FormatError, InputError, TooLargeError
from vestige.sources import Limits, Member, Refused, walk
from vestige.sources.members.walk import BESIDE_LOCK, LOCK

if TYPE_CHECKING:
    from pathlib import Path

LOG = b"first line\nsecond line\n"


def test_folders_besides_are_named_and_not_entered(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        (folder / "a.log").write_text("x\n")
    status = own.stat()
    limits = Limits(besides=frozenset({(status.st_dev, status.st_ino)}))
    found = list(walk(tmp_path, limits))
    assert [(item.name, getattr(item, "own", False)) for item in found] == [
        (str(own), True),
        (str(other / "a.log"), False),
    ]
    assert [getattr(item, "own", False) for item in walk(own, limits)] == [True]
    assert len(list(walk(tmp_path))) == 2


@pytest.mark.parametrize("beside", ["vestige.sqlite", "signer"])
def test_the_data_directory_of_an_installation_is_named_and_not_entered(tmp_path: Path, beside: str) -> None:
    data = tmp_path / "old" / "data"
    (data / "blobs").mkdir(parents=True)
    (data / "blobs" / "a").write_text("x\n")
    (data / beside).mkdir()
    (tmp_path / "a.log").write_text("x\n")
    assert [item.name for item in walk(tmp_path)] == [str(tmp_path / "a.log"), str(data / "blobs" / "a")]
    (data / LOCK).touch()
    assert [(item.name, getattr(item, "own", False)) for item in walk(tmp_path)] == [
        (str(tmp_path / "a.log"), False),
        (str(data), True),
    ]
    assert [getattr(item, "own", False) for item in walk(data)] == [True]


def test_an_installation_is_told_by_the_names_it_has() -> None:
    assert (LOCK, BESIDE_LOCK[0]) == (datadir.LOCK, datadir.DATABASE)
    assert set(BESIDE_LOCK[1:]) <= set(datadir.OURS)


def found(path: Any, limits: Any = None, **more: Any) -> Any:
    """What a walk finds: the bytes of each member by label, and each refusal's reason by name."""
    members, refused = {}, {}
    for item in walk(path, limits, **more):
        if isinstance(item, Refused):
            refused[item.name] = item.reason
        else:
            with item.open() as stream:
                members[item.label] = stream.read()
    return members, refused


def only(path: Path) -> Member:
    """The one member of a file."""
    (item,) = walk(path)
    assert isinstance(item, Member)
    return item


def tarred(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name are wanted
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 5, 6, 7, 8)), data, method)
    return out.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        LOG,
        gzip.compress(LOG, mtime=0),
        gzip.compress(LOG[:9], mtime=0) + gzip.compress(LOG[9:], mtime=0),
        bz2.compress(LOG),
        lzma.compress(LOG),
    ],
    ids=["plain", "gzip", "two gzip members", "bzip2", "xz"],
)
def test_a_file_is_one_member_whatever_its_name_says(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "log.docx"
    path.write_bytes(packed)
    assert found(path) == ({str(path): LOG}, {})


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_members_of_a_tar_are_read_compressed_or_not_one_level_deep(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "logs"
    path.write_bytes(
        pack(tarred(("a.log", LOG), ("dir/b.gz", gzip.compress(LOG, mtime=0)), ("../../etc/c", b"c"), ("/d", b"")))
    )
    members, refused = found(path)
    label = f"{path}!"
    assert members == {label + "a.log": LOG, label + "dir/b.gz": LOG, label + "../../etc/c": b"c", label + "/d": b""}
    assert refused == {}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["logs"]
    first = next(walk(path))
    assert isinstance(first, Member)
    assert (first.mtime, first.size, first.container) == (1_700_000_000 * 10**9, len(LOG), str(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_of_a_zip_are_read_in_its_order_and_again_after_the_walk(tmp_path: Path, method: int) -> None:
    path = tmp_path / "logs.zip"
    path.write_bytes(
        zipped(("b.log", LOG), ("a/", b""), ("a/x.gz", gzip.compress(LOG, mtime=0)), ("b.log", b"again"), method=method)
    )
    items = [item for item in walk(path) if isinstance(item, Member)]
    assert [(item.name, item.open().read()) for item in items] == [("b.log", LOG), ("a/x.gz", LOG), ("b.log", b"again")]
    assert items[0].open().read() == LOG
    assert items[0].mtime == 1_709_618_828 * 10**9


def test_what_an_archive_holds_but_is_not_read_is_said(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("inner.zip")
        info.size = len(inner := zipped(("x", b"x")))
        archive.addfile(info, io.BytesIO(inner))
    path = tmp_path / "t.tar"
    path.write_bytes(out.getvalue())
    members, refused = found(path)
    assert members == {}
    assert {name.partition("!")[2]: reason.split(" ")[1] for name, reason in refused.items()} == {
        "soft": "link", "hard": "link", "pipe": "file", "inner.zip": "archive",
    }  # fmt: skip


def test_an_encrypted_or_linked_zip_member_is_refused_beside_a_good_one(tmp_path: Path) -> None:
    data = bytearray(zipped(("secret", LOG), ("good", LOG)))
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    path = tmp_path / "z.zip"
    path.write_bytes(data)
    members, refused = found(path)
    assert list(members) == [f"{path}!good"]
    assert "encrypted" in refused[f"{path}!secret"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    path.write_bytes(out.getvalue())
    assert "symbolic link" in found(path)[1][f"{path}!link"]


def test_truncated_gzip_gives_what_is_readable_then_an_error_with_its_offset(
    tmp_path: Path, bytes_until_error: Any
) -> None:
    whole = os.urandom(3000).hex().encode()
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(whole, mtime=0)[:-900])
    out, error = bytes_until_error(only(path).open())
    assert whole.startswith(out)
    assert len(out) > 1000
    assert isinstance(error, FormatError)
    assert error.offset == len(out)


def test_a_truncated_tar_gives_its_whole_members_and_the_readable_part_of_the_last(
    tmp_path: Path, bytes_until_error: Any
) -> None:
    noise = os.urandom(4000).hex().encode()
    data = tarred(("a", LOG), ("b", noise), ("c", LOG))
    for name, packed in (("t.tar", data[:3000]), ("t.tgz", gzip.compress(data, mtime=0)[:3000])):
        path = tmp_path / name
        path.write_bytes(packed)
        first, second, *rest = walk(path)
        assert isinstance(first, Member)
        assert isinstance(second, Member)
        assert bytes_until_error(first.open()) == (LOG, None)
        out, error = bytes_until_error(second.open())
        assert noise.startswith(out)
        assert len(out) > 500
        assert isinstance(error, FormatError)
        assert error.offset == len(out)
        assert all(isinstance(item, Refused) and item.name == str(path) for item in rest)


def test_damaged_zips_are_refused_or_read_as_far_as_they_go(tmp_path: Path, bytes_until_error: Any) -> None:
    path = tmp_path / "z.zip"
    data = zipped(("a", LOG * 50))
    path.write_bytes(data[:60])
    assert "directory cannot be read" in found(path)[1][str(path)]
    broken = bytearray(data)
    broken[data.index(b"PK\x01\x02") + 16] ^= 1  # the CRC-32 the directory states
    path.write_bytes(broken)
    out, error = bytes_until_error(only(path).open())
    assert out == LOG * 50
    assert isinstance(error, FormatError)
    assert "CRC" in str(error)


def test_a_folder_is_walked_in_order_and_every_oddity_is_named(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.log").write_bytes(LOG)
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "a.log").write_bytes(b"a")
    (tmp_path / "z.log").write_bytes(b"")
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        items = list(walk(tmp_path))
    names = [item.name.removeprefix(f"{tmp_path}/") for item in items]
    assert names == ["a.log", "link", "pipe", "sock", "z.log", "b/loop", "b/two.log"]
    reasons = {item.name.rpartition("/")[2]: item.reason for item in items if isinstance(item, Refused)}
    assert sorted(reasons) == ["link", "loop", "pipe", "sock"]
    assert "symbolic link" in reasons["loop"]
    assert "socket" in reasons["sock"]
    assert found(tmp_path)[0][f"{tmp_path}/z.log"] == b""


def test_unreadable_things_are_reported_and_do_not_end_the_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(LOG)
    real = os.open

    def refuse(path: Any, *rest: Any) -> Any:
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    members, refused = found(tmp_path)
    assert sorted(members) == [f"{tmp_path}/a", f"{tmp_path}/c"]
    assert refused == {f"{tmp_path}/b": "cannot be read: Permission denied"}
    assert found(tmp_path / "absent")[1] == {str(tmp_path / "absent"): "cannot be read: No such file or directory"}


def test_a_file_that_vanishes_after_the_walk_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(LOG)
    member = only(path)
    path.unlink()
    with pytest.raises(InputError):
        member.open()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (LOG, "-"),
        (gzip.compress(LOG, mtime=0), "-"),
        (zipped(("x", LOG)), "-!x"),
        (gzip.compress(tarred(("x", LOG)), mtime=0), "-!x"),
    ],
)
def test_standard_input_can_be_anything_and_be_read_twice(given: Any, name: str) -> None:
    (member,) = walk("-", stdin=io.BytesIO(given))
    assert isinstance(member, Member)
    assert (member.label, member.open().read(), member.open().read()) == (name, LOG, LOG)


def test_names_that_are_no_utf8_are_shown_replaced_and_opened_as_they_are(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff.log"
    with open(odd, "wb") as file:  # noqa: PTH123 - a name no Path can hold as text
        file.write(LOG)
    member = only(tmp_path)
    assert member.name.endswith("/\ufffd.log")
    assert os.fsencode(member.path) == odd
    assert member.open().read() == LOG


def test_bombs_are_stopped_by_ratio_size_and_count(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(("a", b"\0" * (1 << 20)), ("b", b"\0" * (1 << 20)), ("c", b"")))
    limits = {
        "ratio": Limits(max_ratio=50, ratio_from=1 << 16),
        "member": Limits(max_member=1 << 16),
        "total": Limits(max_total=(1 << 20) + 10),
    }
    for kind, limit in limits.items():
        with pytest.raises(TooLargeError) as caught:
            found(path, limit)
        assert caught.value.offset, kind
    members, refused = found(path, Limits(max_members=2))
    assert len(members) == 2
    assert "more than 2 members" in refused[str(path)]
    assert len(found(path)[0]) == 3
    tar = tmp_path / "many.tar"
    tar.write_bytes(tarred(*((str(n), b"") for n in range(5))))
    assert (len(found(tar, Limits(max_members=3))[0]), len(found(tar)[0])) == (3, 5)


def test_a_tar_bomb_is_stopped_while_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tgz"
    path.write_bytes(gzip.compress(tarred(("a", b"\0" * (1 << 20)))))
    items = list(walk(path, Limits(max_ratio=50, ratio_from=1 << 16)))
    assert any(isinstance(item, Refused) and "bomb" in item.reason for item in items)
    assert [type(item) for item in walk(path)] == [Member]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("1700000000.123456789", 1_700_000_000_123_456_789),
        ("1700000000", 1_700_000_000_000_000_000),
        ("-1.5", -1_500_000_000),
        ("inf", None),
        ("nan", None),
        ("9" * 40, None),
    ],
)
def test_a_tar_member_s_time_is_read_as_written_and_nonsense_is_none(
    tmp_path: Path, stated: str, expected: int | None
) -> None:
    path = tmp_path / "times.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, headers in (("first.log", {"mtime": stated}), ("second.log", {})):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.pax_headers = len(LOG), 5, headers
            archive.addfile(info, io.BytesIO(LOG))
    first, second = walk(path)
    assert isinstance(first, Member)
    assert isinstance(second, Member)
    assert (first.mtime, second.mtime) == (expected, 5_000_000_000)
