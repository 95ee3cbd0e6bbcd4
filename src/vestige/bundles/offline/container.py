"""The second part of ``verify.py``: the container, its manifests, and files held against their digests."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
from typing import Any, BinaryIO

from vestige.bundles.offline.formats import (
    CHUNK,
    DAMAGE,
    HEX64,
    MAX_FILES,
    MAX_NAME,
    MAX_TEXT,
    OTHERS,
    RATIO,
    SEGMENT,
    SLACK,
    TAG_FILES,
    Bad,
    Report,
)

# -- the container ----------------------------------------------------------------------------------------------------


def check_names(names: list[str]) -> None:
    """Refuse names that lead elsewhere, and two that are one to some system."""
    seen = set()
    for name in names:
        if len(name) > MAX_NAME or not all(SEGMENT.fullmatch(part) for part in name.split("/")):
            raise Bad("a name leads out of the bundle, or is none of a bundle's", "plain names", ascii(name[:80]))
        if name.lower() in seen:
            raise Bad("a file is given twice", "each name once, in whatever case", name)
        seen.add(name.lower())
    if len(seen) > MAX_FILES:
        raise Bad("too many files", MAX_FILES, len(seen))


class Folder:
    """A bundle that is a folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.names = set(found := list(self.walk("")))
        check_names(found)

    def walk(self, prefix: str) -> list[str]:
        """The files, by their names from the top."""
        found = []
        with os.scandir(os.path.join(self.path, prefix)) as entries:  # noqa: PTH118 - names are held to a pattern
            for entry in sorted(entries, key=lambda one: one.name):
                name = f"{prefix}{os.fsencode(entry.name).decode('utf-8', 'replace')}"
                if entry.is_dir(follow_symlinks=False):
                    check_names([name])
                    found += self.walk(f"{name}/")
                elif entry.is_file(follow_symlinks=False):
                    found.append(name)
                else:
                    raise Bad("a link or special file", "files and folders", ascii(name[:80]))
        return found

    def open(self, name: str) -> BinaryIO:
        """A file, and nothing it may have become a link to."""
        path = os.path.join(self.path, name)  # noqa: PTH118 - as above
        return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")


class Zip:
    """A bundle that is a zip; nothing of it is written anywhere."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        infos = self.zip.infolist()
        check_names([re.sub("/$", "", info.orig_filename) for info in infos])
        end = 0
        for info in sorted(infos, key=lambda one: one.header_offset):
            kind = stat.S_IFMT(info.external_attr >> 16)
            wanted = stat.S_IFDIR if info.is_dir() else stat.S_IFREG
            if kind and kind != wanted:
                raise Bad("a link or special file", "files and folders", info.filename)
            if info.flag_bits & 0x41 or info.compress_type not in {0, 8}:
                raise Bad("packed in a way no bundle is", "stored or deflated, not encrypted", info.filename)
            if info.header_offset < end:
                raise Bad("two files of the zip overlap", "each its own bytes", info.filename)
            end = info.header_offset + 30 + len(info.filename) + info.compress_size
        total, length = sum(info.file_size for info in infos), os.stat(path).st_size  # noqa: PTH116 - a path as given
        if total > RATIO * length + SLACK:
            raise Bad("the zip holds more than its length explains", f"{RATIO} times {length}", total)
        files = [one for one in infos if not one.is_dir()]
        if len({info.filename.split("/")[0] for info in infos}) > 1 or any("/" not in info.filename for info in files):
            raise Bad("not one bag", "one folder that holds all")
        self.infos = {info.filename.split("/", 1)[1]: info for info in files}
        self.names = set(self.infos)

    def open(self, name: str) -> Any:  # noqa: ANN401 - a zip's own reader
        """A file."""
        return self.zip.open(self.infos[name])


class Bag:
    """The files, each held against the manifest when it is read."""

    def __init__(self, box: Folder | Zip, report: Report) -> None:
        self.box, self.report, self.names = box, report, box.names
        self.digests: dict[str, str] = {}
        self.used: set[str] = set()
        self.tag_digest = ""

    def begin(self) -> bool:
        """Whether files and manifests name each other exactly."""
        data = {name for name in self.names if name.startswith("data/")}
        for name in sorted((TAG_FILES | OTHERS) - self.names):
            self.report.add("container", "a file is missing", name)
        for name in sorted(self.names - data - TAG_FILES - OTHERS):
            self.report.add("container", "a file that belongs to no bundle", name)
        for manifest, wanted in (("tagmanifest-sha256.txt", TAG_FILES), ("manifest-sha256.txt", data)):
            listed = self.manifest(manifest) if manifest in self.names else {}
            for name in sorted(wanted ^ listed.keys()):
                self.report.add("container", "listed and not there, or there and not listed", name, expected=manifest)
            self.digests.update(listed)
        return not self.report.failed

    def manifest(self, name: str) -> dict[str, str]:
        """Digests by name."""
        found: dict[str, str] = {}
        digest = hashlib.sha256()
        try:
            with self.box.open(name) as file:
                while line := file.readline(64 + 2 + MAX_NAME + 2):
                    digest.update(line)
                    text = line.decode("ascii", "replace")
                    path = text[66:-1]
                    good = HEX64.fullmatch(text[:64]) and text[64:66] == "  " and text.endswith("\n")
                    if not good or not 0 < len(path) <= MAX_NAME or path in found:
                        self.report.add("container", "a line that is none of a manifest", name, got=ascii(text[:100]))
                        break
                    check_names([path])
                    found[path] = text[:64]
        except (*DAMAGE, Bad) as error:
            self.report.add("container", "the manifest cannot be read", name, got=error)
        if name.startswith("tag"):
            self.tag_digest = digest.hexdigest()
        return found

    def take(self, name: str, most: int | None = MAX_TEXT) -> tuple[bytes, bytes, int] | None:
        """Content (if a bound is given), SHA-256 and length; None, and a fault, if it is not what is listed."""
        if name not in self.digests:
            return None
        self.used.add(name)
        digest, length, pieces = hashlib.sha256(), 0, []
        try:
            with self.box.open(name) as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    length += len(chunk)
                    if most is not None:
                        pieces.append(chunk)
                        if length > most:
                            self.report.add("container", "the file is too long", name, expected=most)
                            return None
        except DAMAGE as error:
            self.report.add("container", "the file cannot be read", name, got=error)
            return None
        if digest.hexdigest() != self.digests[name]:
            self.report.add(
                "container",
                "the file is not the one its manifest lists",
                name,
                expected=self.digests[name],
                got=digest.hexdigest(),
            )
            return None
        return b"".join(pieces), digest.digest(), length

    def unused(self) -> list[str]:
        """Files under ``data/`` that nothing has asked for."""
        return sorted(name for name in self.digests if name.startswith("data/") and name not in self.used)
