"""What a bundle says to people: a page to open, a custody log for a spreadsheet, and how to check all of it by hand.

Every word here follows from the files beside it; nothing is taken from the index.
"""

from __future__ import annotations

import csv
import html
import io
import tempfile
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.bundles import layout
from vestige.ledger import Kind
from vestige.model.cells import no_formula

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.bundles.survey import Selection, Survey
    from vestige.ledger import StoredEntry
    from vestige.proof.canonical import Encodable

_ROWS: Final = 2000
"""Records the page shows; more is nothing a browser should be asked to lay out."""
_CHUNK: Final = 1 << 16
_SAYS: Final = {
    Kind.KEY: "signing key",
    Kind.RESTORE: "new epoch",
    Kind.ACQUISITION: "taken in",
    Kind.NORMALISATION: "how it is read",
    Kind.AMENDMENT: "corrected",
    Kind.REDACTION: "redacted",
    Kind.ERASURE: "erased",
    Kind.PURGE: "erased by retention",
    Kind.ERASURE_DONE: "erasure carried out",
    Kind.HOLD: "hold set",
    Kind.HOLD_SCOPE: "hold evaluated",
    Kind.RELEASE: "hold released",
    Kind.SEAL: "sealed",
}


def told(entry: StoredEntry, leaf: Mapping[str, Any], body: object) -> tuple[str, str, str]:
    """What an entry of ours says, in words: what was done, by whom, and to what."""
    said = body if isinstance(body, dict) else {}
    what = _SAYS.get(entry.kind) or str(said.get("act", entry.kind.value))
    about = said.get("name") or said.get("resource") or said.get("code") or " ".join(leaf["refs"])
    if entry.kind is Kind.NORMALISATION and "parser" in said:
        about = f"{said['parser']} {said.get('version', '')}"
    return what, str(said.get("by", "")), str(about)


class Custody:
    """The custody log, and which parser reads each acquisition; fed every entry of ours in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._parsers: dict[str, dict[str, Encodable]] = {}
        self._row("at", "epoch", "seq", "entry", "what", "by", "about")

    def close(self) -> None:
        """Give the temporary file back."""
        self._file.close()

    def add(self, epoch: int, entry: StoredEntry, payload: bytes | None) -> None:
        """Note one entry; ``payload`` is None if it was erased."""
        leaf: dict[str, Any] = orjson.loads(entry.leaf)
        body: Any = {} if payload is None else orjson.loads(payload)
        if entry.kind is Kind.NORMALISATION and "parser" in body:
            for acquisition in leaf["refs"][:1]:
                self._parsers[acquisition] = {"parser": str(body["parser"]), "version": str(body.get("version", ""))}
        what, by, about = told(entry, leaf, body)
        by = "(erased)" if payload is None else by
        self._row(leaf["at"], str(epoch), str(entry.seq), entry.id, what, by, about)

    def text(self) -> Iterator[bytes]:
        """The log as CSV (RFC 4180)."""
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def parsers(self) -> dict[str, Encodable]:
        """Parser and version, by acquisition; of several statements of one the latest."""
        return dict(self._parsers)

    def _row(self, *cells: str) -> None:
        line = io.StringIO()
        csv.writer(line).writerow([no_formula(cell) for cell in cells])
        self._file.write(line.getvalue().encode("utf-8", "replace"))


class Page:
    """``page.html``: the first records as they came, each with where its bytes and its proof lie. No script runs."""

    excerpt: Final = 400
    """Bytes of a record that are shown."""

    def __init__(self) -> None:
        self._rows: list[str] = []

    def wants(self) -> bool:
        """Whether another record is shown."""
        return len(self._rows) < _ROWS

    def add(self, epoch: int, entry: StoredEntry, start: bytes, sources: Mapping[str, str]) -> None:
        """Show a record; ``start`` is empty if its bytes are not in the bundle."""
        leaf: dict[str, Any] = orjson.loads(entry.leaf)
        shown = html.escape(start.decode("utf-8", "replace"))
        where = f'<a href="{epoch}/raw/{entry.seq}.bin">bytes</a>' if start else "not in this bundle"
        self._rows.append(
            f"<tr><td>{entry.seq}<td>{leaf['at']}<td>{html.escape(sources.get(entry.source, entry.source))}"
            f'<td>{where}<td><a href="{epoch}/proofs/{entry.seq}.tlog-proof">proof</a><td><pre>{shown}</pre>\n'
        )

    def text(self, survey: Survey, selection: Selection) -> Iterator[bytes]:
        """The page."""
        chosen = ", ".join(f"{name}: {value}" for name, value in sorted(selection.said.items()) if value != "")
        logs = "".join(
            f"<li><code>{html.escape(part.log.origin)}</code>, {part.checkpoint.size} entries, root "
            f"<code>{part.checkpoint.root.hex()}</code>"
            for part in survey.parts
        )
        more = survey.records - len(self._rows)
        yield _HEAD.encode()
        yield (
            f"<h1>Evidence bundle</h1><p>{survey.records} records: {survey.present} present, "
            f"{survey.withheld} withheld, {survey.erased} erased. "
            f"Chosen by {html.escape(chosen) or 'hand'}.<ul>{logs}</ul>"
            "<p>This page is for reading. What it shows is proved by the files beside it: see README.txt one folder up."
            "<table><tr><th>seq<th>received (UTC)<th>source<th>bytes<th>proof<th>beginning\n"
        ).encode()
        for row in self._rows:
            yield row.encode()
        yield (f"</table>{f'<p>{more} more records are in the folders.' if more else ''}\n").encode()


_HEAD: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence bundle</title>'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<style>body{font:15px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}td,th{border-bottom:1px solid #ccc;"
    "padding:.2em .6em;text-align:left;vertical-align:top}pre{margin:0;white-space:pre-wrap;word-break:break-all}"
    "</style>\n"
)


def readme(survey: Survey) -> bytes:
    """``README.txt``: how to check the bundle, with our program, with one file of Python, and with neither."""
    last = survey.parts[-1]
    return _README.format(
        origin=last.log.origin, size=last.checkpoint.size, epoch=last.log.epoch, records=survey.records,
        present=survey.present, withheld=survey.withheld, erased=survey.erased,
        statement=layout.STATEMENT, tags=layout.TAG_MANIFEST, manifest=layout.MANIFEST,
    ).encode()  # fmt: skip


_README: Final = """An evidence bundle: {records} records ({present} present, {withheld} withheld, {erased} erased)
of the log {origin}, as of its size {size}.

You need the log's verifier key from somebody you trust, NOT from this bundle: ask the tenant's organisation, or take
it from https://<their server>/v1/ledger/<tenant>/keys. It looks like  {origin}+xxxxxxxx+AXXXX...

1. With this one file (Python 3.10 or later and the package `cryptography`; no network):

       python3 verify.py --key 'VERIFIER KEY' .

   It ends with 0 (verified), 3 (verified, parts withheld or erased), 2 (all fits together, but no key was given, so
   anybody may have made it), 1 (failed: it says which file, which entry, what was expected and what is there),
   4 (no bundle). Whoever made the bundle could have changed verify.py: take the file from a copy of Vestige you trust,
   or compare its SHA-256.

2. With Vestige:  vestige bundle verify --key 'VERIFIER KEY' .

3. By hand:

       sha256sum -c --quiet {manifest} && sha256sum -c --quiet {tags}

   shows that the files belong together. That they are the ones the log's key vouches for:

       sed '/^$/,$d' {statement} > /tmp/text; grep '^bundle' {statement}; sha256sum {tags}
       grep '^\u2014 ' {statement} | head -1 | awk '{{print $3}}' | base64 -d | tail -c +5 > /tmp/sig
       (printf '302a300506032b6570032100' | xxd -r -p
        echo 'VERIFIER KEY' | cut -d+ -f3- | base64 -d | tail -c +2) > /tmp/key
       openssl pkeyutl -verify -pubin -keyform DER -inkey /tmp/key -rawin -in /tmp/text -sigfile /tmp/sig

   The two digests must be the same. data/{epoch}/checkpoint is checked in the same way.

A record is data/<epoch>/raw/<seq>.bin, exactly as it came; its SHA-256 stands in {manifest}.
Its proof is data/<epoch>/proofs/<seq>.tlog-proof (c2sp.org/tlog-proof): the line `extra`, in base64, holds the leaf of
the log and the salt; c = SHA-256("vestige/payload/v1\\n" || salt || SHA-256(record)) is the `c` of the leaf;
SHA-256(0x00 || leaf) leads along the hashes to the root in the signed checkpoint.
If there are time stamps (RFC 3161), data/<epoch>/anchors/<size>.checkpoint is the signed checkpoint an authority was
shown and <size>-<n>.tsr its answer: whatever stands below seq <size> existed at that time. With the authority's root
certificate, which you need from the authority itself:

       openssl ts -verify -data SIZE.checkpoint -in SIZE-N.tsr -CAfile ROOT.pem

Of <size>-super-<n>.tsr, what was stamped is the checkpoint in <size>.super (sed '1,/^$/d'), of a log that holds this
one's checkpoint; the proof of that stands above it.

Erased and withheld records have a proof and no bytes; the entry that says why is among data/<epoch>/control.
"""
