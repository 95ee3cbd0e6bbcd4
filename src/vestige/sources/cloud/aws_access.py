"""AWS access logs in text: S3 server access logs and Elastic Load Balancing's, application and classic.

S3: fields set apart by spaces, ``-`` for no value, later ones were added over the years and may be missing::

    bucketowner bucket [time] remoteip requester requestid operation key "requesturi" httpstatus errorcode bytessent
    objectsize totaltime turnaroundtime "referrer" "useragent" versionid hostid signatureversion ciphersuite
    authenticationtype hostheader tlsversion accesspointarn aclrequired

The same fields as JSON, as collectors render them, are the row ``s3_access`` of ``saas_security.py``.

Application load balancer (classic: without type, and ending after the TLS protocol)::

    type time elb client:port target:port request_processing_time target_processing_time response_processing_time
    elb_status_code target_status_code received_bytes sent_bytes "request" "user_agent" ssl_cipher ssl_protocol
    target_group_arn "trace_id" "domain_name" "chosen_cert_arn" matched_rule_priority request_creation_time
    "actions_executed" "redirect_url" "error_reason" "target:port_list" "target_status_code_list" "classification"
    "classification_reason"

Network load balancer, TLS listeners: one connection a line, with a time that states no zone::

    type version time elb listener client:port target:port connection_time tls_handshake_time received_bytes …

``time`` is when the response was sent or the connection ended.

References: docs.aws.amazon.com "Amazon S3 server access log format",
"Access logs for your Application Load Balancer", "Access logs for your Classic Load Balancer",
"Access logs for your Network Load Balancer".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.audit import sentence, tags_with, words
from vestige.sources.cloud.saas_audit import service_format
from vestige.sources.cloud.saas_security import S3_ACCESS
from vestige.sources.reading.fields import canonical_ip, keys_of, port_of_text
from vestige.sources.reading.kinds import JsonRecords, LineRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Detection, Sample
    from vestige.sources.reading.timefield import Clock

_CELL = re.compile(r'\[([^\[\]]{0,64})\]|"((?:[^"\\]|\\.)*)"|(\S+)')
_S3 = re.compile(
    r"\S{1,128} [a-z0-9._-]{1,255} \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
    r" \S+ \S+ \S+ [A-Z][A-Z0-9]{1,7}\.\S+ "
)
_S3_NAMES = words(
    "bucketowner bucket time remoteip requester requestid operation key requesturi httpstatus errorcode bytessent"
    " objectsize totaltime turnaroundtime referrer useragent versionid hostid signatureversion ciphersuite"
    " authenticationtype hostheader tlsversion accesspointarn aclrequired"
)
_ELB_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z"
_NLB = re.compile(r"tls \d\.\d \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* net/\S+ \S+ \S+:\d{1,5} \S+ ")
_ALB = re.compile(rf"(?:https?|h2|grpcs|wss?) {_ELB_TIME} app/\S+ \S+:\d{{1,5}} \S+ (?:[\d.-]+ ){{3}}")
_CLASSIC = re.compile(rf"{_ELB_TIME} \S+ \S+:\d{{1,5}} \S+ (?:[\d.-]+ ){{3}}(?:\d{{3}}|-) (?:\d{{3}}|-) -?\d+ -?\d+ \"")
_CLASSIC_NAMES = words(
    "time elb client:port target:port request_processing_time target_processing_time response_processing_time"
    " elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol"
)
_ALB_NAMES = ["type", *_CLASSIC_NAMES, *words(
    "target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed"
    " redirect_url error_reason target:port_list target_status_code_list classification classification_reason"
)]  # fmt: skip
_NLB_NAMES = words(
    "type version time elb listener client:port target:port connection_time tls_handshake_time received_bytes"
    " sent_bytes incoming_tls_alert chosen_cert_arn chosen_cert_serial ssl_cipher ssl_protocol tls_named_group"
    " domain_name alpn_fe_protocol alpn_be_protocol alpn_client_preference_list connection_creation_time"
)
_LEAST = 11
_FAILED = 400


def _row(text: str, names: Sequence[str]) -> dict[str, str] | Unparsed:
    """The cells of a line under their names; fields without a value are left out."""
    cells = [bracketed or quoted or bare for bracketed, quoted, bare in _CELL.findall(text)]
    if len(cells) < _LEAST:
        return Unparsed(f"{len(cells)} fields where at least {_LEAST} are expected")
    row = {name: cell for name, cell in zip(names, cells, strict=False) if cell != "-"}
    for number, cell in enumerate(cells[len(names) :], len(names) + 1):
        row[f"field_{number}"] = cell
    return row


_S3_ROW = service_format(S3_ACCESS)


def _read_s3(text: str, clock: Clock) -> Reading:
    row = _row(text, _S3_NAMES)
    if isinstance(row, Unparsed):
        return row
    if "." not in row.get("operation", ""):
        return Unparsed("no S3 access record: the seventh field is no operation")
    return _S3_ROW.read(dict(row), orjson.dumps(row).decode(), clock)


def _read_elb(text: str, clock: Clock) -> Reading:
    tls = text.startswith("tls ")
    row = _row(text, _NLB_NAMES if tls else _CLASSIC_NAMES if text[:1].isdigit() else _ALB_NAMES)
    if isinstance(row, Unparsed):
        return row
    stamp = clock.read(row.get("time"))
    if stamp.at is None:
        return Unparsed("no load balancer record: its time is not readable")
    method, _, rest = row.get("request", "").partition(" ")
    url = rest.rpartition(" ")[0] or rest
    client, target = row.get("client:port", ""), row.get("target:port", "")
    src_ip, dst_ip = canonical_ip(client.rpartition(":")[0]), canonical_ip(target.rpartition(":")[0])
    status = row.get("elb_status_code", "")
    shown = row.get("error_reason") or status or row.get("incoming_tls_alert", "")
    did = f"{method} {url}" if url.strip("- ") else f"Connection to {target or row.get('elb', '?')}"
    return Event(
        "network.tls" if tls else "service.request",
        stamp.at,
        stamp.text,
        stamp.quality,
        action=method.strip("-"),
        outcome=("failure" if int(status) >= _FAILED else "success") if status.isdigit() and len(status) == 3 else "",
        object_id=url if url.strip("- ") else "",
        object_type="url" if url.strip("- ") else "",
        src_ip=src_ip,
        dst_ip=dst_ip,
        src_port=port_of_text(client.rpartition(":")[2]),
        dst_port=port_of_text(target.rpartition(":")[2]),
        protocol=row.get("type", ""),
        device_id=row.get("elb", ""),
        device_type="load balancer",
        trace_id=row.get("trace_id", ""),
        message=sentence(did, "", "", src_ip or client, shown),
        tags=tags_with(stamp),
        attributes=orjson.dumps(row).decode(),
        keys=keys_of([("custom", row.get("domain_name", ""))]),
    )


_S3_LINES = LineRecords(
    name="s3_access",
    version="1",
    source_name="aws.s3_access",
    mine=lambda text: _S3.match(text) is not None,
    seen="S3 server access records",
    read=_read_s3,
    confidence=0.96,
)


@dataclass(frozen=True)
class S3Access:
    """Lines or objects, told apart at detection."""

    name: str = "s3_access"
    version: str = "1"
    media_type: str = "text/plain"
    rendered: bool = False
    source_name: str | None = "aws.s3_access"

    def detect(self, sample: Sample) -> Detection | None:
        """Either form."""
        return _S3_ROW.detect(sample) or _S3_LINES.detect(sample)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """As the form asks."""
        return self._form(context).split(stream, start=start, number=number, context=context)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per line or object."""
        return self._form(context).parse(payloads, context)

    @staticmethod
    def _form(context: Context | None) -> JsonRecords | LineRecords:
        return _S3_ROW if context is not None and context.hint("layout") else _S3_LINES


S3_ACCESS_FORMAT = S3Access()
ELB_FORMAT = LineRecords(
    name="elb_access",
    version="1",
    source_name="aws.elb",
    mine=lambda text: any(form.match(text) for form in (_ALB, _CLASSIC, _NLB)),
    seen="load balancer access records",
    read=_read_elb,
    confidence=0.97,
    quality=lambda text: ASSUMED_ZONE if text.startswith("tls ") else "",
)
