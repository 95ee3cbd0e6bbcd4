"""CloudTrail's digests against files, each other and keys, without a ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.cloudtrail import Chain, new_key, pem
from vestige.ingest.native.cloudtrail import Checked, Digest, File, check, digest_of, public_keys
from vestige.model.errors import UsageError

KEY = new_key()
OTHER = new_key()


@dataclass
class Case:
    """Three hours."""

    chain: Chain
    files: list[File]

    def checked(self, *pems: bytes, **changed: bytes) -> list[Checked]:
        digests = [
            taken(changed.get(f"d{number}", content), f"d{number}")
            for number, content in enumerate(self.chain.digests.values(), 1)
        ]
        return check(digests, self.files, public_keys(pems))


def taken(content: bytes, entry: str) -> Digest:
    found = digest_of(content, entry, f"a-{entry}", {sha256(content).hexdigest()})
    assert found is not None
    return found


@pytest.fixture
def case() -> Case:
    chain = Chain(KEY)
    for hour in (1, 2, 3):
        chain.hour(hour)
    files = [File(f"log{n}", name, sha256(data).hexdigest()) for n, (name, data) in enumerate(chain.logs.items(), 1)]
    return Case(chain, files)


def verdicts(found: list[Checked]) -> list[tuple[str, str, list[str]]]:
    return [(one.chain, one.signature, [log.verdict for log in one.logs]) for one in found]


@pytest.mark.parametrize("form", [PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo])
def test_a_whole_chain_is_borne_out_but_for_the_last_signature(case: Case, form: PublicFormat) -> None:
    found = case.checked(pem(OTHER), pem(KEY, form))
    assert verdicts(found) == [
        ("first", "valid", ["verified"]), ("intact", "valid", ["verified"]), ("intact", "unknown", ["verified"]),
    ]  # fmt: skip
    assert [one.signed_in for one in found] == ["d2", "d3", ""]
    assert [log.acquisition for one in found for log in one.logs] == ["log1", "log2", "log3"]


def test_keys_that_are_missing_or_wrong_are_told_apart(case: Case) -> None:
    assert [one.signature for one in case.checked()] == ["no key", "no key", "unknown"]
    assert [one.signature for one in case.checked(pem(OTHER))] == ["invalid", "invalid", "unknown"]
    assert [one.signature for one in case.checked(pem(OTHER) + pem(KEY))] == ["valid", "valid", "unknown"]


def test_a_log_that_is_altered_or_missing_is_told_as_such(case: Case) -> None:
    case.files[1] = case.files[1]._replace(sha256="ab" * 32, name="/case/evidence.zip!x/1_CloudTrail_02.json")
    del case.files[2]
    _, second, third = case.checked(pem(KEY))
    assert [(log.verdict, log.acquisition, log.got) for log in second.logs] == [("altered", "log2", "ab" * 32)]
    assert [(log.verdict, log.acquisition) for log in third.logs] == [("missing", "")]


def test_another_file_of_a_verified_name_is_altered(case: Case) -> None:
    case.files.append(File("copy", "copy/1_CloudTrail_01.json.gz", "cd" * 32))
    first, *_ = case.checked()
    assert [(log.verdict, log.acquisition) for log in first.logs] == [("verified", "log1"), ("altered", "copy")]


def test_a_digest_changed_after_the_fact_breaks_chain_and_signature(case: Case) -> None:
    body: dict[str, Any] = json.loads(list(case.chain.digests.values())[1])
    body["logFiles"] = []
    found = case.checked(pem(KEY), d2=json.dumps(body).encode())
    assert [(one.chain, one.signature) for one in found] == [
        ("first", "valid"), ("intact", "invalid"), ("broken", "unknown"),
    ]  # fmt: skip


def test_a_digest_taken_out_leaves_a_gap(case: Case) -> None:
    names = list(case.chain.digests)
    del case.chain.digests[names[1]]
    assert [(one.chain, one.signature) for one in case.checked(pem(KEY))] == [
        ("first", "unknown"), ("missing", "unknown"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"digestSignatureAlgorithm": "SHA1withRSA"}, {"digestEndTime": "2026-01-02T02:00:01Z"}]
)
def test_what_was_not_signed_so_is_invalid(case: Case, change: dict[str, str]) -> None:
    body = json.loads(next(iter(case.chain.digests.values()))) | change
    content = json.dumps(body).encode()
    assert case.checked(pem(KEY), d1=content)[0].signature == "invalid"


@pytest.mark.parametrize("signature", ["zz", "", "00"])
def test_a_signature_that_is_none_is_invalid_or_unknown(case: Case, signature: str) -> None:
    body = json.loads(list(case.chain.digests.values())[1]) | {"previousDigestSignature": signature}
    found = case.checked(pem(KEY), d2=json.dumps(body).encode())
    assert found[0].signature == ("invalid" if signature else "unknown")


@pytest.mark.parametrize("payload", [b"", b"7", b"{", b'{"logFiles":7}', b"[]"])
def test_what_is_no_digest_is_none(payload: bytes) -> None:
    assert digest_of(payload, "e", "a", ()) is None


def test_fields_of_any_type_are_read() -> None:
    found = digest_of(b'{"logFiles":[7,{"s3Object":[],"hashValue":{}}],"digestS3Object":7}', "e", "a", ())
    assert found is not None
    assert (found.object, found.logs, found.previous_signature) == ("", (("", ""),), None)
    assert [log.verdict for log in check([found], [], [])[0].logs] == ["missing"]


def test_what_is_no_rsa_key_is_refused_with_the_reason() -> None:
    ed25519 = Ed25519PrivateKey.generate().public_key()
    for text in (b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                 ed25519.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):  # fmt: skip
        with pytest.raises(UsageError, match="no CloudTrail key"):
            public_keys([text])
    with pytest.raises(UsageError, match="too many"):
        public_keys([pem(KEY) * 101])
    assert len(public_keys([pem(KEY) * 100])) == 100
