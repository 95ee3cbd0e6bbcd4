"""AWS CloudTrail digest files: hourly lists of the log files delivered, with their hashes, signed and chained.

Fields used::

    awsAccountId, digestStartTime, digestEndTime, digestS3Bucket, digestS3Object, digestPublicKeyFingerprint,
    digestSignatureAlgorithm, newestEventTime, oldestEventTime
    previousDigestS3Bucket, previousDigestS3Object, previousDigestHashValue, previousDigestSignature
    logFiles[].{s3Bucket,s3Object,hashValue,hashAlgorithm,newestEventTime,oldestEventTime}

A digest is one event at the end of its hour; each log file's SHA-256 and the previous digest's are hash keys, so that a
log file taken in leads to the digest that vouches for it. Whether they agree is not decided here.

Reference: docs.aws.amazon.com/awscloudtrail "CloudTrail digest file structure".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event
from vestige.sources.cloud.audit import first_time, items, paths, tags_with
from vestige.sources.reading.fields import keys_of, mapping, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_MOST_KEYS = 500
"""Log files of one digest whose hashes become keys; an hour of a busy account has some hundred."""


def _is_digest(record: Mapping[str, object]) -> bool:
    return "digestStartTime" in record and "digestS3Object" in record and "logFiles" in record


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    stamp = first_time(record, paths("digestEndTime digestStartTime"), clock)
    files = [mapping(item) for item in items(record.get("logFiles"))]
    account, thing = text_of(record.get("awsAccountId")), text_of(record.get("digestS3Object"))
    count = f"{len(files)} log file" + ("" if len(files) == 1 else "s")
    return Event(
        "logging.changed",
        stamp.at,
        stamp.text,
        stamp.quality,
        action="digest",
        actor_id="cloudtrail.amazonaws.com",
        actor_type="AWSService",
        object_id=f"{text_of(record.get('digestS3Bucket'))}/{thing}".strip("/"),
        object_type="digest",
        message=f"CloudTrail digest of account {account or '?'} over {count} from "
        f"{text_of(record.get('digestStartTime')) or '?'} to {text_of(record.get('digestEndTime')) or '?'}",
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of(
            [
                ("hash", text_of(record.get("previousDigestHashValue"))),
                *(("hash", text_of(file.get("hashValue"))) for file in files[:_MOST_KEYS]),
            ]
        ),
    )


FORMAT = JsonRecords(
    name="cloudtrail_digest",
    version="1",
    source_name="aws.cloudtrail_digest",
    mine=_is_digest,
    seen="CloudTrail digests",
    read=_read,
    confidence=0.98,
    begins=lambda head: b'"digestStartTime"' in head and b'"digestS3Object"' in head,
)
