"""Finding what CloudTrail's digests speak of in a ledger, and recording what came out.

Every finding about something taken in is an ``amendment`` entry that refers to its acquisition, and to the digest's:
what an import said of a file is evidence, and so is what its source says of it. A finding is recorded once; another one
(a key was given later) is recorded after it, and the latest of each digest holds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from vestige.ingest.native.cloudtrail import Checked, Digest, File, check, digest_of
from vestige.ledger import Draft, Kind
from vestige.model.errors import NotFoundError
from vestige.proof.canonical import Encodable, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from vestige.ledger import Ledger, StoredEntry, Transaction
    from vestige.model.principal import Principal

DIGESTS, LOGS = "cloudtrail_digest", "cloudtrail"
FIELD = "source_check"
_MOST_RECORDS = 1_000
"""Records of one acquisition that are looked at for digests; a digest file has one."""


class Report(NamedTuple):
    """What came of all digests of a ledger."""

    digests: list[Checked]
    recorded: int
    """New amendment entries."""
    contradictions: list[str]
    """What is new and speaks against something that was taken in, for a person."""

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts a digest."""
        return not any(
            one.chain == "broken" or one.signature == "invalid" or any(log.verdict == "altered" for log in one.logs)
            for one in self.digests
        )

    def to_json(self) -> dict[str, Any]:
        """The wire form."""
        logs = [log for one in self.digests for log in one.logs]
        counts = {
            verdict: sum(log.verdict == verdict for log in logs) for verdict in ("verified", "altered", "missing")
        }
        return {
            "ok": self.ok,
            **counts,
            "recorded": self.recorded,
            "digests": [
                {
                    "id": one.digest.entry,
                    "object": one.digest.object,
                    "chain": one.chain,
                    "signature": one.signature,
                    "logs": [
                        {name: value for name, value in log._asdict().items() if value and name != "digest"}
                        for log in one.logs
                    ],
                }
                for one in self.digests
            ],
        }


class SourceChecks:
    """The findings about one tenant's acquisitions, caught up with the ledger on demand."""

    def __init__(self, ledger: Ledger, tenant: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._found: dict[str, dict[str, dict[str, Any]]] = {}
        self._seen = 0

    def of(self, acquisition: str) -> dict[str, Any] | None:
        """The finding about an acquisition: the one that speaks against it, if any does."""
        self._catch_up()
        found = list(self._found.get(acquisition, {}).values())
        return next((one for one in found if one["verdict"] == "altered"), found[-1] if found else None)

    def verify(self, keys: Sequence[RSAPublicKey], by: Principal) -> Report:
        """Check every digest of the ledger, and record what is new."""
        files, digests = self._taken()
        checked = check(digests, files, keys)
        self._catch_up()
        new = [found for found in _findings(checked, digests) if not self._known(found[0], found[2])]
        drafts = [
            Draft(Kind.AMENDMENT, canonical({FIELD: body, "by": by.name}), refs=(acquisition, *also))
            for acquisition, also, body in new
        ]

        def act(_: Transaction) -> list[Draft]:
            return drafts

        if drafts:
            self._ledger.transact(self._tenant, act)
        against = [_told(body) for _, _, body in new if body["verdict"] == "altered"]
        return Report(checked, len(drafts), against)

    def _known(self, acquisition: str, body: dict[str, Encodable]) -> bool:
        """Whether this was found before. A check without a key takes nothing back that one with it found."""
        before = self._found.get(acquisition, {}).get(_place(body))
        if before is None:
            return False
        weaker = body["signature"] in {"no key", "unknown"} and before["signature"] in {"valid", "invalid"}
        same = all(before.get(name) == body.get(name) for name in ("chain", "got", "expected"))
        return before == body or (weaker and same)

    def _catch_up(self) -> None:
        head = self._ledger.head(self._tenant)
        for entry in self._ledger.entries_of(self._tenant, [Kind.AMENDMENT], self._seen, head):
            body = orjson.loads(self._payload(entry) or b"{}").get(FIELD)
            if body is not None:
                about = self._found.setdefault(orjson.loads(entry.leaf)["refs"][0], {})
                about.pop(_place(body), None)
                about[_place(body)] = body
        self._seen = max(self._seen, head)

    def _taken(self) -> tuple[list[File], list[Digest]]:
        """The CloudTrail files and digests that were taken in, from the entries that say so."""
        facts: dict[str, dict[str, Any]] = {}
        files: list[File] = []
        digests: list[Digest] = []
        seen: set[str] = set()
        for entry in self._ledger.entries_of(self._tenant, [Kind.ACQUISITION, Kind.NORMALISATION]):
            payload = self._payload(entry)
            if payload is None:
                continue
            body = orjson.loads(payload)
            if entry.kind is Kind.ACQUISITION:
                facts[entry.id] = body
                continue
            # What is said of a source, and a mapping that is kept, are of no acquisition.
            acquisition = next(iter(orjson.loads(entry.leaf)["refs"]), "")
            fact = facts.get(acquisition, {})
            if acquisition in seen or "sha256" not in fact:
                continue
            seen.add(acquisition)
            if body["parser"] == LOGS:
                files.append(File(acquisition, str(fact.get("name", "")), fact["sha256"]))
            elif body["parser"] == DIGESTS:
                digests += self._digests(entry.position + 1, acquisition, fact["sha256"])
        return files, digests

    def _digests(self, position: int, acquisition: str, sha256: str) -> Iterable[Digest]:
        """The digests of an acquisition: its records follow the entry that says how they are read."""
        records = []
        for entry in self._ledger.read(self._tenant, position, min(position + _MOST_RECORDS, self._head())):
            if entry.kind is not Kind.EVIDENCE or orjson.loads(entry.leaf).get("acq") != acquisition:
                break
            records.append(entry)
        for entry in records:
            payload = self._payload(entry)
            if payload is None:
                continue
            hashes = {hashlib.sha256(payload).hexdigest()} | ({sha256} if len(records) == 1 else set())
            found = digest_of(payload, entry.id, acquisition, hashes)
            if found is not None:
                yield found

    def _head(self) -> int:
        return self._ledger.head(self._tenant)

    def _payload(self, entry: StoredEntry) -> bytes | None:
        if entry.payload is not None:
            return entry.payload
        try:
            return self._ledger.payload(self._tenant, entry.position)
        except NotFoundError:
            return None


_Found = tuple[str, tuple[str, ...], dict[str, Encodable]]


def _place(body: Mapping[str, Any]) -> str:
    """Findings of one digest about one acquisition replace each other."""
    return "chain" if "chain" in body else str(body["digest"])


def _told(body: Mapping[str, Encodable]) -> str:
    if "chain" in body:
        return f"CloudTrail digest {body['object']}: chain {body['chain']}, signature {body['signature']}"
    return f"CloudTrail's digest states another content of {body['object']}: expected SHA-256 {body['expected']}"


def _findings(checked: Sequence[Checked], digests: Sequence[Digest]) -> Iterator[_Found]:
    """(acquisition, further references, body) of each finding about something that was taken in."""
    by_entry = {digest.entry: digest for digest in digests}
    for one in checked:
        for log in one.logs:
            if log.acquisition:
                yield (
                    log.acquisition,
                    (one.digest.acquisition,),
                    {
                        "by": DIGESTS,
                        "digest": one.digest.entry,
                        "expected": log.expected,
                        "got": log.got,
                        "object": log.object,
                        "signature": one.signature,
                        "verdict": log.verdict,
                    },
                )
        later = by_entry.get(one.signed_in)
        yield (
            one.digest.acquisition,
            (later.acquisition,) if later else (),
            {
                "by": DIGESTS,
                "chain": one.chain,
                "digest": one.signed_in,
                "object": one.digest.object,
                "signature": one.signature,
                "verdict": _verdict(one),
            },
        )


def _verdict(one: Checked) -> str:
    if one.signature == "invalid" or one.chain == "broken":
        return "altered"
    return "verified" if one.signature == "valid" else "unproven"
