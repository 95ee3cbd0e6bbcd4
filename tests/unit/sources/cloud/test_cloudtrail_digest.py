from __future__ import annotations

import json
from typing import Any

import pytest

from support.reading import event_of
from vestige.model.event import Event
from vestige.model.instant import parse_rfc3339
from vestige.sources import detect
from vestige.sources.cloud.cloudtrail_digest import FORMAT
from vestige.sources.contract import Sample

DIGEST: dict[str, Any] = {
    "awsAccountId": "111122223333", "digestStartTime": "2026-01-02T03:00:00Z", "digestEndTime": "2026-01-02T04:00:00Z",
    "digestS3Bucket": "trail", "digestS3Object": "AWSLogs/d.json.gz", "digestSignatureAlgorithm": "SHA256withRSA",
    "previousDigestS3Object": "AWSLogs/c.json.gz", "previousDigestHashValue": "cd34", "previousDigestSignature": "ee",
    "logFiles": [
        {"s3Bucket": "trail", "s3Object": "AWSLogs/l1.json.gz", "hashValue": "ab12", "hashAlgorithm": "SHA-256"},
        {"s3Bucket": "trail", "s3Object": "AWSLogs/l2.json.gz", "hashValue": "ab13", "hashAlgorithm": "SHA-256"},
    ],
}  # fmt: skip


def test_a_digest_is_one_event_whose_hashes_lead_to_the_files_it_vouches_for() -> None:
    event = event_of(FORMAT, DIGEST)
    assert event == Event(
        "logging.changed",
        parse_rfc3339("2026-01-02T04:00:00Z")[0],
        "2026-01-02T04:00:00Z",
        "exact",
        action="digest",
        actor_id="cloudtrail.amazonaws.com", actor_type="AWSService",
        object_id="trail/AWSLogs/d.json.gz", object_type="digest",
        message="CloudTrail digest of account 111122223333 over 2 log files"
        " from 2026-01-02T03:00:00Z to 2026-01-02T04:00:00Z",
        attributes=event.attributes,
        keys=(("hash", "cd34"), ("hash", "ab12"), ("hash", "ab13")),
    )  # fmt: skip


def test_a_digest_longer_than_the_sample_is_recognised_by_how_it_begins() -> None:
    data = json.dumps({**DIGEST, "logFiles": DIGEST["logFiles"] * 1000}).encode()
    choice = detect(Sample("f", data[:65536], complete=False))
    assert choice.format is FORMAT


@pytest.mark.parametrize("files", [[], None, 7, "text", [7, None], {"s3Object": "x"}])
def test_any_list_of_files(files: object) -> None:
    event = event_of(FORMAT, {**DIGEST, "logFiles": files})
    assert event.keys[0] == ("hash", "cd34")
