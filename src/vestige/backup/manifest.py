"""What a backup says of itself: ``manifest.json``, and the list of its files beside.

The manifest is one object, with ``sha256``, the digest of the rest as canonical JSON. The list is what ``sha256sum -c``
reads, in the backup's folder.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.backup.files import checked
from vestige.ledger.whole import LogHead
from vestige.model.errors import FormatError, InputError, IntegrityError, NotFoundError, StorageError
from vestige.model.ids import is_ulid
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME: Final = "manifest.json"
LIST: Final = "files.sha256"
BLOBS: Final = "blobs"
DATABASE: Final = "database"
DATA: Final = "data"
FORMAT: Final = 1
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n\\]+)")
_LONGEST: Final = 1 << 28
"""Bytes of a manifest: far above any, so that another file of this name is not read whole."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup's own words."""

    made_at: str
    version: str
    """Of the product."""
    installation: str
    """What tells this installation from every other."""
    dialect: str
    revision: str
    """Of the database's schema."""
    columns: dict[str, list[str]]
    """Of each table, in the order of its file; none of SQLite."""
    logs: list[LogHead]
    wrapped_under: list[str]
    """Fingerprints of the key-encryption keys that private keys are wrapped under."""
    settings: list[str]
    """The names of the settings that were not at their defaults; no value of any."""
    part: str
    """The folder of what is this backup's alone: the database, what lies beside, the list."""
    files: int
    size: int
    """Bytes of all files."""
    list_sha256: str
    missing: list[str]
    """Blobs that entries name and that were not there."""
    format: int = FORMAT

    @property
    def entries(self) -> int:
        """Of all logs together."""
        return sum(log.size for log in self.logs)

    def to_json(self) -> dict[str, Any]:
        """As it is written."""
        body = asdict(self) | {"logs": [log._asdict() for log in self.logs]}
        return body | {"sha256": hashlib.sha256(canonical(body)).hexdigest()}

    @property
    def sha256(self) -> str:
        """What identifies this backup: it has the digest of everything in it."""
        return str(self.to_json()["sha256"])

    @classmethod
    def of(cls, data: bytes) -> Manifest:
        """The inverse of :meth:`to_json`.

        Raises:
            FormatError: it is none, or of a newer form.
            IntegrityError: it was altered.
        """
        try:
            body = orjson.loads(data)
            said = str(body.pop("sha256"))
            newer = int(body["format"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError("this is no manifest of a backup", got=type(error).__name__, hint=_ANOTHER) from None
        if newer > FORMAT:
            raise FormatError(
                "the backup was made by a newer version", expected=f"form {FORMAT}", got=f"form {newer}",
                hint=f"use version {str(body.get('version'))[:40]} of vestige, or a newer one",
            )  # fmt: skip
        try:
            if hashlib.sha256(canonical(body)).hexdigest() != said:
                raise IntegrityError("the backup's manifest was altered", hint=_ANOTHER)
            made = cls(**body | {"logs": [LogHead(**log) for log in body["logs"]]})
            fits = made._fits()
        except (ValueError, TypeError, KeyError, AttributeError, InputError) as error:
            raise FormatError("this is no manifest of a backup", got=type(error).__name__, hint=_ANOTHER) from None
        if not fits:
            raise FormatError("this is no manifest of a backup", got="a value of another kind", hint=_ANOTHER)
        if not is_ulid(made.part):
            raise FormatError("this is no manifest of a backup", got="a part of another name", hint=_ANOTHER)
        return made

    def _fits(self) -> bool:
        """Whether every value is of the kind it should be: a digest that fits is anybody's to compute."""
        columns = [name for names in self.columns.values() for name in _listed(names)]
        texts = [
            self.made_at, self.version, self.installation, self.dialect, self.revision, self.part, self.list_sha256,
            *_listed(self.wrapped_under), *_listed(self.settings), *_listed(self.missing), *columns,
            *(text for log in self.logs for text in (log.tenant, log.origin, log.root)),
        ]  # fmt: skip
        numbers = [self.files, self.size, *(number for log in self.logs for number in (log.epoch, log.size))]
        return all(isinstance(one, str) for one in texts) and all(type(one) is int and one >= 0 for one in numbers)


class Backup:
    """A backup that is there. Make it with :meth:`open`."""

    def __init__(self, folder: Path, manifest: Manifest, digests: dict[str, str]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.digests = digests
        """Of every file, by its path in the folder."""

    @classmethod
    def open(cls, folder: Path) -> Backup:
        """Read a backup's manifest and its list; no other file.

        Raises:
            NotFoundError: there is no backup.
            FormatError: the manifest is none, or of a newer form.
            IntegrityError: manifest or list were altered.
        """
        path = folder / NAME
        try:
            with path.open("rb") as file:
                data = file.read(_LONGEST)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(
                f"there is no backup at {folder}", expected=f"a folder with a {NAME}", got="none",
                hint="a backup that was broken off has no manifest, and is none: make it again",
            ) from None  # fmt: skip
        except OSError as error:
            raise StorageError("the backup cannot be read", got=error.strerror or str(error)) from None
        manifest = Manifest.of(data)
        name = f"{manifest.part}/{LIST}"
        text = b"".join(checked(folder / name, name, manifest.list_sha256)).decode("utf-8", "surrogateescape")
        found = [_LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
        digests = {match[2]: match[1] for match in found if match is not None}
        if len(digests) != len(found) or len(digests) != manifest.files or not all(map(_plain, digests)):
            raise FormatError("the backup's list of files is none", expected=f"{manifest.files} files", hint=_ANOTHER)
        return cls(folder, manifest, digests)

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of a file. Raises as :func:`~vestige.backup.files.checked` does."""
        return checked(self.folder / name, name, self.digests.get(name, ""))

    def below(self, folder: str) -> list[str]:
        """The files of a folder of this backup's own part, by their paths in it."""
        before = f"{self.manifest.part}/{folder}/"
        return [name.removeprefix(before) for name in self.digests if name.startswith(before)]

    def blobs(self) -> dict[str, str]:
        """The file of each blob, by the blob's name."""
        return {name.rpartition("/")[2]: name for name in self.digests if name.startswith(f"{BLOBS}/")}


def _listed(values: list[str]) -> list[str]:
    if not isinstance(values, list):
        raise TypeError
    return values


def listed(digests: dict[str, str]) -> bytes:
    """The list of files. Names are the system's bytes: Git's branches need be no UTF-8."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode("utf-8", "surrogateescape")


def _plain(name: str) -> bool:
    """Whether a path stays within the folder: a list may have been made by anybody."""
    return not name.startswith("/") and not {"", ".", ".."} & set(name.split("/"))


_ANOTHER: Final = "use another backup, or another copy of this one"
