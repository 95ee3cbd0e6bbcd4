"""Objects on their way into a repository: looked at apart, before anything of it is touched.

1. A pack is indexed in a folder of its own, under ``index-pack --strict``: every object is checked in form, as are
   names in trees (``.git``, ``..``, what a file system would take for either), and a torn pack is none.
2. What is in it is counted: objects, and the bytes they stand for, which a small pack can hold many of.
3. Everything that the new refs stand for must be there, in the pack or in the repository.
4. Only then the pack is moved over, and the refs are changed, all at once.

A ref that does not move ahead is not believed to be newer than the one that is there; what it named before stays named
under ``refs/vestige/``, so that all that ever came can be looked at, and is asked for only once.

References: git-index-pack(1); gitrepository-layout(5); git-update-ref(1); git-receive-pack(1) on quarantine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.code import program
from vestige.code.browsing import Browsing
from vestige.code.packed import check_ref, read_head
from vestige.model.errors import ConflictError, FormatError, InputError, StorageError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vestige.code.mirrors import Mirrors

SECONDS: Final = 900.0
"""For indexing a pack, or for following what its refs stand for."""
KEPT: Final = "refs/vestige/"
"""What came and has no other name any more."""
_TAKEN: Final = ("refs/heads/", "refs/tags/", "refs/remotes/", "refs/notes/", KEPT)
HARMLESS: Final = ("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "missingNameBeforeEmail",
                    "missingSpaceBeforeEmail", "zeroPaddedDate", "missingTaggerEntry", "badTagName", "multipleAuthors",
                    "badFilemode")  # fmt: skip
"""Faults of form that old programs made in commits people still have; nothing here is misled by them."""
_STRICT: Final = "--strict=" + ",".join(f"{fault}=ignore" for fault in HARMLESS)


class Bounds(NamedTuple):
    """What may come."""

    pack: int
    """Bytes of one pack."""
    unpacked: int
    """Bytes that its objects stand for, all together."""
    repository: int
    """Bytes of a whole repository on the disk."""


class Received(NamedTuple):
    """What came."""

    objects: int
    bytes: int
    """On the disk."""
    refs: int
    """That were changed or are new."""
    kept: int
    """Commits that came under no name, or lost theirs, and stay."""
    left_out: tuple[str, ...]
    """Refs that are not taken."""

    def to_json(self) -> dict[str, object]:
        """As it is told."""
        return self._asdict() | {"left_out": [os.fsencode(name).decode("utf-8", "replace") for name in self.left_out]}


def receive(mirrors: Mirrors, identity: str, bundle: Path, bounds: Bounds, head: str = "") -> Received:
    """Take in a bundle.

    Args:
        mirrors: where the repository is.
        identity: which.
        bundle: the file.
        bounds: what may come.
        head: the branch to look at where none is named, if the repository has none yet.

    Raises:
        FormatError: it is no bundle, or torn.
        InputError: an object in it is not what it must be, or something is missing.
        TooLargeError: it is beyond the bounds.
        ConflictError: it rests on what the repository has not.
    """
    with mirrors.alone(identity), bundle.open("rb") as stream:
        told = read_head(stream)
        there = Browsing(mirrors.path(identity))
        _same_format(there, told.object_format)
        _has(there, told.needs)
        with quarantine(mirrors, identity) as apart:
            os.lseek(stream.fileno(), told.pack_at, os.SEEK_SET)
            size = bundle.stat().st_size - told.pack_at
            if size > bounds.pack:
                raise TooLargeError("the pack is too large", expected=f"at most {bounds.pack} bytes", got=str(size))
            done = program.run(
                there.folder, ("index-pack", "--stdin", "--fix-thin", _STRICT, "--threads=1"),
                data=stream, seconds=SECONDS, also=_apart(there.folder, apart),
            )  # fmt: skip
            if done.code:
                raise FormatError(
                    "the pack of the bundle is not taken", expected="whole and well-formed objects",
                    got=done.told.decode("utf-8", "replace").strip()[:300], hint="look at it with git fsck",
                )  # fmt: skip
            return adopt(there, apart, told.refs, bounds, head)


def adopt(there: Browsing, apart: Path, refs: Mapping[str, str], bounds: Bounds, head: str = "") -> Received:
    """Make objects that were put apart, and their refs, part of a repository.

    Raises:
        InputError: something they stand for is missing.
        TooLargeError: they are beyond the bounds.
    """
    wanted = {check_ref(name): oid for name, oid in refs.items() if name.startswith(_TAKEN)}
    left_out = tuple(sorted(name for name in refs if not name.startswith(_TAKEN) and name != "HEAD"))
    count = _counted(there, apart, bounds)
    has = program.run(
        there.folder, ("rev-list", "--objects", "--quiet", "--stdin", "--not", "--all"),
        data="".join(f"{oid}\n" for oid in sorted(set(wanted.values()))).encode(), seconds=SECONDS,
        also=_apart(there.folder, apart),
    )  # fmt: skip
    if has.code:
        raise InputError(
            "something that a ref stands for is missing", expected="all objects, in the bundle or here already",
            got=has.told.decode("utf-8", "replace").strip()[:300], hint="push again; a shallow clone cannot be pushed",
        )  # fmt: skip
    size = _moved(apart, there.folder / "objects" / "pack")
    changed, kept = _named(there, wanted)
    if head and f"refs/heads/{head}" in wanted and not there.head():
        name = check_ref(f"refs/heads/{head}")
        program.run(there.folder, ("symbolic-ref", "HEAD", name)).sure("symbolic-ref", there.folder)
    return Received(count, size, changed, kept, left_out)


def tips(there: Browsing) -> list[str]:
    """What a repository has under any name: what need not be sent again."""
    return sorted({ref.oid for ref in there.refs()})


def _same_format(there: Browsing, given: str) -> None:
    out = program.run(there.folder, ("rev-parse", "--show-object-format")).sure("rev-parse", there.folder)
    if out.decode().strip() != given:
        raise InputError("objects of another form", expected=out.decode().strip(), got=given)


def _has(there: Browsing, needs: tuple[str, ...]) -> None:
    given = "".join(f"{oid}\n" for oid in needs).encode()
    out = program.run(there.folder, ("cat-file", "--batch-check"), data=given).sure("cat-file", there.folder)
    missing = [line for line in out.splitlines() if line.endswith(b" missing")]
    if missing:
        raise ConflictError(
            "the bundle rests on commits that are not here", expected="all of them",
            got=f"{len(missing)} missing, such as {missing[0][:64].decode('ascii', 'replace').split()[0]}",
            hint="`vestige code push` asks what is here first",
        )  # fmt: skip


@contextlib.contextmanager
def quarantine(mirrors: Mirrors, identity: str) -> Iterator[Path]:
    """A folder in which objects are looked at before they are part of a repository; gone afterwards."""
    apart = mirrors.folder / f"{identity}.quarantine"
    try:
        if apart.exists():
            shutil.rmtree(apart)
        (apart / "pack").mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise StorageError("nothing can be kept apart", got=error.strerror or "", hint="free some disk space") from None
    try:
        yield apart
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _apart(folder: Path, apart: Path) -> dict[str, str]:
    """The environment in which objects are written apart, and the repository's are read."""
    return {
        "GIT_OBJECT_DIRECTORY": str(apart.absolute()),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((folder / "objects").absolute()),
    }


def _counted(there: Browsing, apart: Path, bounds: Bounds) -> int:
    """How many objects are apart.

    Raises:
        TooLargeError: they stand for too much, or the repository would become too large.
    """
    objects = 0
    unpacked = 0
    for index in sorted((apart / "pack").glob("*.idx")):
        names = program.run(there.folder, ("show-index",), data=index.read_bytes(), most=1 << 30)
        given = b"".join(line.split()[1] + b"\n" for line in names.sure("show-index", there.folder).splitlines())
        check = ("cat-file", "--batch-check=%(objectsize)", "--buffer")
        done = program.run(there.folder, check, data=given, seconds=SECONDS, also=_apart(there.folder, apart))
        sizes = [int(line) for line in done.sure("cat-file", there.folder).splitlines()]
        objects += len(sizes)
        unpacked += sum(sizes)
    if unpacked > bounds.unpacked:
        raise TooLargeError(
            "the objects stand for too many bytes", expected=f"at most {bounds.unpacked} at once", got=str(unpacked),
            hint="push it in parts, or raise VESTIGE_LIMIT_CODE_UNPACKED_BYTES",
        )  # fmt: skip
    size = sum(file.stat().st_size for root in (apart, there.folder) for file in root.rglob("*") if file.is_file())
    if size > bounds.repository:
        raise TooLargeError(
            "the repository would become too large", expected=f"at most {bounds.repository} bytes", got=str(size),
            hint="raise VESTIGE_LIMIT_CODE_REPOSITORY_BYTES",
        )  # fmt: skip
    return objects


def _moved(apart: Path, pack: Path) -> int:
    """Move packs over, each index last: without one a pack is not there."""
    size = 0
    try:
        pack.mkdir(mode=0o700, exist_ok=True)
        files = sorted((apart / "pack").iterdir(), key=lambda file: (file.suffix == ".idx", file.name))
        for file in files:
            if file.suffix not in {".pack", ".idx", ".rev"}:
                continue
            size += file.stat().st_size
            handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            file.replace(pack / file.name)
        folder = os.open(pack, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(
            "the objects cannot be kept", got=error.strerror or "", hint="free some disk space"
        ) from None
    return size


def _named(there: Browsing, wanted: Mapping[str, str]) -> tuple[int, int]:
    """Change the refs; how many changed, and how many commits are kept under no other name."""
    now = {ref.name: ref.oid for ref in there.refs()}
    taken = set(now)
    kept: set[str] = set()
    lines: list[bytes] = []
    changed = 0
    for name, oid in sorted(wanted.items()):
        old = now.get(name)
        if name.startswith(KEPT) or (old is None and _crossed(name, taken)):
            kept.add(oid)
        elif old is None:
            taken.add(name)
            lines.append(os.fsencode(f"create {name}\0{oid}\0"))
            changed += 1
        elif old != oid:
            if _before(there, oid, old):
                continue  # an older state of what is here already, as of a working copy that was not brought up to date
            if not _before(there, old, oid):
                kept.add(old)
            lines.append(os.fsencode(f"update {name}\0{oid}\0{old}\0"))
            changed += 1
    new = {oid for oid in kept if f"{KEPT}{oid}" not in now}
    lines += [os.fsencode(f"create {KEPT}{oid}\0{oid}\0") for oid in sorted(new)]
    if lines:
        done = program.run(there.folder, ("update-ref", "--stdin", "-z"), data=b"".join(lines))
        done.sure("update-ref", there.folder)
    return changed, len(new)


def _crossed(name: str, taken: set[str]) -> bool:
    """Whether a ref can not be beside others: ``a`` and ``a/b`` cannot both be."""
    parts = name.split("/")
    above = {"/".join(parts[:end]) for end in range(1, len(parts))}
    return bool(above & taken) or any(one.startswith(f"{name}/") for one in taken)


def _before(there: Browsing, old: str, new: str) -> bool:
    """Whether one commit is among those another rests on; never of what is no commit."""
    return program.run(there.folder, ("merge-base", "--is-ancestor", old, new)).code == 0
