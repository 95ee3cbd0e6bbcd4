"""Rule tests of another project as an oracle: every kind of log is recognised, and who and where from are right.

``EXPECTED`` names, independently of the formats' own tables, the raw fields that hold the actor and the address.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from support.oracles.members import RECEIVED
from support.oracles.table import Section, share
from vestige.model.event import Event
from vestige.sources import Context, Sample, detect
from vestige.sources.cloud import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Expected(NamedTuple):
    """The format of a kind of log, and its raw fields of actor and address, the first that holds something."""

    form: str
    actor: str = ""
    address: str = ""


_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
EXPECTED = {
    "AWS.BedrockModelInvocation": Expected("bedrock_invocation", "identity.arn"),
    "AWS.CloudTrail": Expected("cloudtrail", "userIdentity.arn userIdentity.principalId userIdentity.userName"
                               " userIdentity.sessionContext.sessionIssuer.userName userIdentity.invokedBy"
                               " userIdentity.accountId",
                               "sourceIPAddress"),
    "AWS.GuardDuty": Expected("guardduty", "resource.accessKeyDetails.principalId",
                              "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4"),
    "AWS.S3ServerAccess": Expected("s3_access", "requester", "remoteip"),
    "AWS.SecurityFindingFormat": Expected("security_hub"),
    "AWS.VPCDns": Expected("route53_resolver", "", "srcaddr"),
    "AWS.VPCFlow": Expected("vpc_flow", "", "srcAddr"),
    "AWS.WAFWebACL": Expected("aws_waf", "", "httpRequest.clientIp"),
    "Amazon.EKS.Audit": Expected("kubernetes_audit", "user.username", "sourceIPs"),
    "Anthropic.Activity": Expected("anthropic", "actor.email_address actor.user_id actor.api_key_id",
                                   "actor.ip_address"),
    "Asana.Audit": Expected("asana", "actor.email actor.gid actor.name", "context.client_ip_address"),
    "Atlassian.Audit": Expected("atlassian", "attributes.actor.email"),
    "Auth0.Events": Expected("auth0", "data.user_id data.user_name data.details.request.auth.user.email",
                             "data.ip data.details.request.ip"),
    "Axonius.Activity": Expected("axonius", "event.user", "event.params.ip"),
    "Azure.Audit": Expected("entra", "properties.userId properties.servicePrincipalId properties.initiatedBy.user.id",
                            "properties.ipAddress properties.initiatedBy.user.ipAddress callerIpAddress"
                            " properties.additionalDetails.ipaddr"),
    "Azure.MonitorActivity": Expected("azure_activity",
        f"identity.claims.{_CLAIM}upn identity.claims.{_CLAIM}emailaddress"
                                      " identity.claims.name identity.claims.appid properties.log.user.username",
                                      "callerIpAddress properties.log.sourceIPs"),
    "Box.Event": Expected("box", "created_by.id", "ip_address"),
    "CarbonBlack.Audit": Expected("carbonblack_audit", "loginName", "clientIp"),
    "CiscoUmbrella.DNS": Expected("umbrella_dns", "", "internalIp"),
    "Cloudflare.Firewall": Expected("cloudflare_firewall", "", "ClientIP"),
    "Cloudflare.HttpRequest": Expected("cloudflare_http", "", "ClientIP"),
    "Crowdstrike.DetectionSummary": Expected("crowdstrike_detection", "UserName event.UserName",
                                             "LocalIP event.LocalIP"),
    "Crowdstrike.EventStreams": Expected("crowdstrike_stream", "event.UserId event.UserName",
                                         "event.UserIp event.LocalIP"),
    "Crowdstrike.FDREvent": Expected("crowdstrike_fdr", "UserSid event.UserSid UserName event.UserName",
                                     "event.LocalAddressIP4 event.LocalIP aip event.aip"),
    "Databricks.Audit": Expected("databricks", "userIdentity.email", "sourceIPAddress"),
    "Docusign.Connect": Expected("docusign", "data.userId data.email data.envelopeSummary.sender.email"),
    "Dropbox.TeamEvent": Expected("dropbox", "actor.user.email actor.admin.email", "origin.geo_location.ip_address"),
    "Duo.Administrator": Expected("duo_admin", "username", "description.ip_address"),
    "Duo.Authentication": Expected("duo_auth", "user.name", "access_device.ip"),
    "GCP.AuditLog": Expected("gcp_audit", "protoPayload.authenticationInfo.principalEmail"
                             " protoPayload.authenticationInfo.principalSubject"
                             " protoPayload.authenticationInfo.authoritySelector",
                                 "protoPayload.requestMetadata.callerIp"),
    "GCP.HTTPLoadBalancer": Expected("gcp_audit", "", "httprequest.remoteIp"),
    "GSuite.ActivityEvent": Expected("google_workspace", "actor.profileId actor.email actor.key",
                                     "ipAddress parameters.ip_address"),
    "GitHub.Audit": Expected("github_audit", "actor user", "actor_ip"),
    "GitHub.Webhook": Expected("github_webhook", "sender.login"),
    "GitLab.Audit": Expected("gitlab"),
    "Gravitational.TeleportAudit": Expected("teleport", "user identity.user", "addr.remote identity.client_ip"),
    "Microsoft365.Audit.AzureActiveDirectory": Expected("m365", "UserId", "ClientIP"),
    "Microsoft365.Audit.Exchange": Expected("m365", "UserId", "ClientIP"),
    "Microsoft365.Audit.SharePoint": Expected("m365", "UserId", "ClientIP"),
    "MicrosoftDefenderXDR.AdvancedHunting": Expected("defender_hunting"),
    "MicrosoftGraph.SecurityAlertV2": Expected("graph_alert"),
    "MicrosoftIntune.AuditLogs": Expected("intune_audit", "properties.Actor.ObjectId"),
    "MicrosoftIntune.OperationalLogs": Expected("intune_audit", "properties.UserName"),
    "MongoDB.OrganizationEvent": Expected("mongodb_atlas", "username userId", "remoteAddress"),
    "Netskope.Audit": Expected("netskope_audit", "user", "supporting_data.data_values"),
    "Notion.AuditLogs": Expected("notion", "event.actor.id", "event.ip_address"),
    "OnePassword.SignInAttempt": Expected("onepassword", "target_user.email", "client.ip_address"),
    "Okta.SystemLog": Expected("okta", "actor.id actor.alternateId", "client.ipAddress request.ipChain.ip"
                               " request.ipChain.geographicalContext.ip"),
    "OneLogin.Events": Expected("onelogin", "actor_user_id actor_user_name", "ipaddr"),
    "OpenAI.Audit": Expected("openai", "actor.session.user.id actor.api_key.user.id", "actor.session.ip_address"),
    "Orca.Alert": Expected("orca"),
    "Panther.Audit": Expected("panther_audit", "actor.id", "sourceIP"),
    "Proofpoint.Event": Expected("proofpoint", "sender", "senderIP"),
    "PushSecurity.Activity": Expected("push_security", "new.employee.email new.email", "new.sourceIpAddress"),
    "PushSecurity.Controls": Expected("push_security", "new.employee.email", "new.sourceIpAddress"),
    "PushSecurity.Entities": Expected("push_security", "new.employee.email new.employeeId new.email"),
    "Salesforce.LoginAs": Expected("salesforce", "DELEGATED_USER_NAME USER_NAME", "CLIENT_IP"),
    "Salesforce.Login": Expected("salesforce", "USER_NAME", "SOURCE_IP"),
    "SentinelOne.Activity": Expected("sentinelone", "data.username"),
    "Slack.AuditLogs": Expected("slack", "actor.user.email", "context.ip_address"),
    "Snowflake.DataTransferHistory": Expected("snowflake"),
    "Snowflake.GrantsToRoles": Expected("snowflake", "GRANTED_BY"),
    "Snowflake.LoginHistory": Expected("snowflake", "USER_NAME", "CLIENT_IP"),
    "Snowflake.QueryHistory": Expected("snowflake", "USER_NAME"),
    "Snyk.GroupAudit": Expected("snyk", "userId"),
    "Sublime.Audit": Expected("sublime_audit", "created_by.email_address", "data.request.ip"),
    "Tailscale.Audit": Expected("tailscale", "event.actor.loginName"),
    "ThinkstCanary.Alert": Expected("canary", "", "SourceIP"),
    "Tines.Audit": Expected("tines", "user_email", "request_ip"),
    "Tracebit.Alert": Expected("tracebit", "principal.aws.arn canary_credential.name", "event.request.ip"),
    "Upwind.Detections": Expected("upwind"),
    "Wiz.Audit": Expected("wiz_audit", "user.id serviceAccount.id", "sourceIP"),
    "Wiz.Issues": Expected("wiz_issue"),
    "Wiz.IssuesWebhook": Expected("wiz_issue"),
    "Zendesk.Audit": Expected("zendesk", "actor_name actor_id", "ip_address"),
    "Zoom.Activity": Expected("zoom_activity", "email", "ip_address"),
    "Zoom.Operation": Expected("zoom_operation", "operator"),
    "Zscaler.ZIA.AdminAuditLog": Expected("zscaler_admin", "event.adminid", "event.clientip"),
}  # fmt: skip
for _kind in (
    "ApiConnectedApp", "ApiTotalUsage", "BulkApiResultEventStore", "ConnectedAppUsageEventStore",
    "OAuthTokenRefreshFailed",
    "OAuthTokenRevoked",
):  # fmt: skip
    EXPECTED[f"Salesforce.{_kind}"] = EXPECTED["Salesforce.Login"]
ELSEWHERE = {"Osquery.Differential", "OCSF.DnsActivity", "OCSF.NetworkActivity", "unknown"}
"""Kinds that are no cloud service's format: host queries, OCSF, and rows of analyses."""

UNRECOGNISED = {
    "AWS.ALB": 1, "AWS.CloudTrail": 3, "AWS.S3ServerAccess": 1, "AWS.VPCFlow": 2, "Cloudflare.HttpRequest": 3,
    "Crowdstrike.FDREvent": 2, "GCP.AuditLog": 2, "GSuite.ActivityEvent": 2, "GitHub.Audit": 2, "Okta.SystemLog": 3,
}  # fmt: skip
"""Records without a field of their log's: only the collector's own (``p_``) and a field or two anyone could have."""


def records(corpus: Path) -> list[tuple[str, dict[str, object]]]:
    found = []
    for path in sorted((corpus / "rule-tests-panther").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            record = json.loads(line)["log"]
            found.append((str(record.get("p_log_type") or path.name.removesuffix(".jsonl.gz")), record))
    return found


def raw(record: object, wanted: str) -> object:
    """The first value at one of these paths, in whatever case the collector wrote the names."""
    for path in wanted.split():
        folded = {name.lower(): value for name, value in record.items()} if isinstance(record, dict) else {}
        value = folded.get(path.lower())
        if value is None:
            value = walked(record, path)
        value = value[0] if isinstance(value, list) and value else value
        if value not in (None, "", [], "unknown"):
            return value
    return ""


def walked(record: object, path: str) -> object:
    head, _, claim = path.partition(".http://")
    names = [*head.split("."), "http://" + claim] if claim else head.split(".")
    for name in names:
        if isinstance(record, list):
            named = {item["key"]: item.get("value") for item in record if isinstance(item, dict) and "key" in item}
            record = named or (record[0] if record else None)
        if isinstance(record, str) and record.startswith("{"):
            record = json.loads(record) if record.endswith("}") else {}
        if not isinstance(record, dict):
            return None
        record = {key.lower(): value for key, value in record.items()}.get(name.lower())
    return record


def address(value: object) -> str:
    text = str(value)
    text = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    text = text.partition(":")[0] if text.count(":") == 1 else text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


OTHERWISE = {"Crowdstrike.EventStreams", "Crowdstrike.DetectionSummary", "Crowdstrike.FDREvent"}
"""One product's streams: a detection summary in any of them is of the detections' format."""


class Read(NamedTuple):
    """One labelled record and what became of it."""

    kind: str
    record: dict[str, object]
    form: str
    event: Event | None


@cache
def read(corpus: Path) -> list[Read]:
    """All labelled records, read by the formats of clouds and services."""
    context = Context(received_at=RECEIVED)
    out = []
    for kind, record in records(corpus):
        payload = json.dumps(record).encode()
        choice = detect(Sample("f", payload, complete=True), FORMATS)
        name, event = "", None
        if choice.format is not None and choice.detection is not None:
            name = choice.format.name
            (reading,) = choice.format.parse([payload], choice.detection.apply(context))
            event = reading if isinstance(reading, Event) else None
        out.append(Read(kind, record, name, event))
    return out


class Told(NamedTuple):
    """One record's actor or address, as its raw fields have it and as the event has it."""

    kind: str
    field: str
    stated: str
    right: bool
    ours: str


def told(corpus: Path) -> Iterator[Told]:
    """Who and where from, of every record that was recognised."""
    for kind, record, name, event in read(corpus):
        expected = EXPECTED.get(kind)
        if expected is None or not name:
            continue
        actor, source = str(raw(record, expected.actor)), address(raw(record, expected.address))
        if event is None:
            yield Told(kind, "actor", actor, False, "no event")
            continue
        known = {event.actor_id, event.actor_name, *(value for key, value in event.keys if key == "identity")}
        yield Told(kind, "actor", actor, actor in known, event.actor_id)
        yield Told(kind, "address", source, source == event.src_ip, event.src_ip)


def sections(corpus: Path) -> Iterator[Section]:
    """By kind of log."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, _, name, _ in read(corpus):
        seen[kind][name] += 1
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for kind, field, stated, same, _ in told(corpus):
        if stated:
            every[kind, field] += 1
            right[kind, field] += same
    rows = []
    sums: Counter[str] = Counter()
    for kind, names in sorted(seen.items()):
        known = sum(names.values()) - names[""]
        read_by = ", ".join(sorted(set(names) - {""})) or "not read"
        cells = [share(right[kind, field], every[kind, field]) for field in ("actor", "address")]
        rows.append((kind, read_by, share(known, sum(names.values())), *cells))
        if kind not in ELSEWHERE:
            sums.update(known=known, all=sum(names.values()))
    totals = [share(sum(n for (_, f), n in right.items() if f == field),
                    sum(n for (_, f), n in every.items() if f == field)) for field in ("actor", "address")]  # fmt: skip
    rows.append(("**all but those below**", "", share(sums["known"], sums["all"]), *totals))
    yield Section(
        "Panther's rule tests",
        "The records of Panther's detection rules, by kind of log. Actor and address count where the record's raw field states one.",
        ("log", "read by", "recognised", "actor", "address"),
        rows,
        [
            f"no cloud service's format, and not looked for among these: {', '.join(sorted(ELSEWHERE))}",
            "not recognised are records without a field of their log's: only the collector's own (`p_`) and a field or two anyone"
            " could have",
        ],
    )
