"""What is asked of commits one by one, asked of many at once, ahead: starting the program is most of what it costs.

Filled in are answers that :class:`~vestige.code.repository.Repository` keeps, to the byte as the program would give
them: which commits are there and what they rest on, what they change, the texts of the files they change, and their
patch ids. Whatever is left out here is asked for when it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.code import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.code.repository import Repository

FEWEST: Final = 3
"""Commits for which it is worth while."""
MOST: Final = 1_000
MOST_TEXT: Final = 256 << 10
"""Bytes of a file that is read ahead."""
MOST_TEXTS: Final = 32 << 20
"""Bytes of all of them."""
_RAW: Final = ("-r", "-z", "--raw", "--no-abbrev", "--find-renames=50%", "--root")
_FILES: Final = ("100644", "100755")
_NOTHING: Final = "000000"


def ask(repository: Repository, commits: Sequence[str]) -> None:
    """Have answers about some commits ready; those that are not here, or were asked for before, are left out."""
    fresh = [oid for oid in commits if not repository.knows(("holds", oid))][-MOST:]
    if len(fresh) < FEWEST:
        return
    parents = dict(_parents(repository, fresh))
    for oid, rests in parents.items():
        repository.remember(("holds", oid), b"")
        row = " ".join([oid, *rests]).encode() + b"\n"
        repository.remember(("rev-list", "--parents", "--max-count=1", "--end-of-options", oid, "--"), row)
    blobs: dict[str, None] = {}
    for oid, rows in _changes(repository, parents):
        blobs |= dict.fromkeys(_told(repository, oid, parents[oid], rows))
    for oid, data in _texts(repository, list(blobs)):
        repository.remember_blob(oid, data)
    repository.patch_ids(list(parents))


def _parents(repository: Repository, commits: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    given = "".join(f"{oid}\n" for oid in commits).encode()
    words = ("rev-list", "--no-walk=unsorted", "--parents", "--ignore-missing", "--stdin")
    done = program.run(repository.folder, words, data=given)
    if done.code:
        return  # one of them is no commit: they are asked for one by one
    for line in done.out.decode("ascii").splitlines():
        oid, *rests = line.split()
        yield oid, tuple(rests)


def _changes(repository: Repository, parents: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, list[bytes]]]:
    """By commit the fields of what it changes against the first one it rests on."""
    given = "".join(f"{oid} {rests[0] if rests else ''}".strip() + "\n" for oid, rests in parents.items()).encode()
    done = program.run(repository.folder, ("diff-tree", "--stdin", "--always", *_RAW), data=given, cut=True)
    if done.code or done.cut:
        return
    rows: list[bytes] = []
    current = ""
    fields = done.out.split(b"\0")[:-1]
    at = 0
    while at < len(fields):
        if not fields[at].startswith(b":"):
            if current:
                yield current, rows
            current, rows = fields[at].decode("ascii").strip(), []
            at += 1
            continue
        wide = 3 if fields[at].rsplit(b" ", 1)[1][:1] in {b"R", b"C"} else 2
        rows += fields[at : at + wide]
        at += wide
    if current:
        yield current, rows


def _told(repository: Repository, oid: str, parents: tuple[str, ...], rows: list[bytes]) -> Iterator[str]:
    """Keep what a commit changes, and which objects its files are and were; these objects."""
    words = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-commit-id", "--find-renames=50%", "--root"]
    whole = b"".join(field + b"\0" for field in rows)
    repository.remember((*words, *parents[:1], oid, "--"), whole)
    at = 0
    while at < len(rows):
        old_mode, mode, old, new, status = rows[at].lstrip(b":").decode("ascii").split(" ")
        renamed = status[0] in "RC"
        before = rows[at + 1]
        path = rows[at + 2] if renamed else before
        at += 3 if renamed else 2
        sides = [(oid, path, mode, new)]
        for one in parents[:1]:
            sides.append((one, before, old_mode, old))
            if renamed:
                sides.append((one, path, _NOTHING, ""))
        for commit, name, kind, blob in sides:
            words_of = ("ls-tree", "-z", "--full-tree", commit, "--", _text(name))
            if kind in _FILES:
                repository.remember(words_of, f"{kind} blob {blob}\t".encode() + name + b"\0")
                yield blob
            elif kind == _NOTHING:
                # It may be a folder there; that is no file either.
                repository.remember(words_of, b"")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _texts(repository: Repository, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of objects that are not too long, together no more than is read ahead."""
    given = "".join(f"{oid}\n" for oid in blobs).encode()
    done = program.run(
        repository.folder,
        ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer"),
        data=given,
    )
    wanted: dict[str, int] = {}
    left = MOST_TEXTS
    for line in done.out.decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == "blob" and int(words[2]) <= min(MOST_TEXT, left):
            wanted[words[0]] = int(words[2])
            left -= int(words[2])
    given = "".join(f"{oid}\n" for oid in wanted).encode()
    done = program.run(repository.folder, ("cat-file", "--batch", "--buffer"), data=given) if wanted else done
    at = 0
    for oid, size in wanted.items():
        begin = done.out.index(b"\n", at) + 1
        yield oid, done.out[begin : begin + size]
        at = begin + size + 1
