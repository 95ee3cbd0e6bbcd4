"""Git's objects, made without Git: blobs, trees, commits, and the bundle that carries them.

What a commit is called follows from what it holds, who made it and when; so a story knows the ids of its commits before
any program has seen them, and on every machine they are the same.

References: gitformat-pack(5), gitformat-bundle(5); "Git Objects" in the book Pro Git.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.demo.clock import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS: Final = {"commit": 1, "tree": 2, "blob": 3}
"""Types of objects, as a pack numbers them."""


class Author(NamedTuple):
    """Who made a commit."""

    name: str
    email: str


class Objects:
    """The objects of one repository, each once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, bytes]] = {}

    def blob(self, data: bytes) -> str:
        """A file's content; its id."""
        return self._keep("blob", data)

    def tree(self, files: Mapping[str, str]) -> str:
        """A folder of texts by path, with the folders in it; its id."""
        here: dict[str, str] = {}
        below: dict[str, dict[str, str]] = {}
        for path, text in files.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = text
            else:
                here[name] = text
        entries = [(name, b"100644 %b\0" % name.encode(), self.blob(text.encode())) for name, text in here.items()]
        # Git sorts a folder as if its name ended in a slash.
        entries += [(f"{name}/", b"40000 %b\0" % name.encode(), self.tree(inner)) for name, inner in below.items()]
        return self._keep("tree", b"".join(head + bytes.fromhex(oid) for _, head, oid in sorted(entries)))

    def commit(self, tree: str, parents: Sequence[str], author: Author, at: int, message: str) -> str:
        """A commit made at an instant (ns), told in UTC; its id."""
        who = f"{author.name} <{author.email}> {at // SECOND} +0000"
        lines = [f"tree {tree}", *(f"parent {oid}" for oid in parents), f"author {who}", f"committer {who}"]
        return self._keep("commit", ("\n".join(lines) + f"\n\n{message}\n").encode())

    def bundle(self, refs: Mapping[str, str]) -> bytes:
        """Everything, under the names given."""
        named = "".join(f"{oid} {name}\n" for name, oid in sorted(refs.items()))
        packed = b"".join(_head(kind, len(data)) + zlib.compress(data) for kind, data in self._found.values())
        pack = b"PACK" + (2).to_bytes(4) + len(self._found).to_bytes(4) + packed
        sum_ = hashlib.sha1(pack, usedforsecurity=False).digest()
        return f"# v2 git bundle\n{named}\n".encode() + pack + sum_

    def _keep(self, kind: str, data: bytes) -> str:
        oid = hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
        self._found[oid] = kind, data
        return oid


def _head(kind: str, size: int) -> bytes:
    """Type and size of an object in a pack: 4 bits of the size beside the type, then 7 in each byte that follows."""
    out = bytearray([_KINDS[kind] << 4 | size & 15])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)
