"""Where the events of a rule's log source are: the formats that read them, and what its fields are called there.

Sigma names log sources in its own words; here they stand for formats. A log source that no format reads is not known,
and its rules are refused with that reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vestige.correlate.sigma.windows import CATEGORIES, SERVICES, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOWS: Final = ("evtx", "windows_json", "windows_tables")


@dataclass(frozen=True)
class Family:
    """Events that a log source means."""

    name: str
    formats: tuple[str, ...]
    """Names of formats."""
    written: tuple[Written, ...] = ()
    """Of Windows events, the channels and numbers; all of them if there are none."""
    types: tuple[str, ...] = ()
    """Types of events; any of them if there are none."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, hash=False)
    """What fields are called in these formats, by Sigma's name; ``@`` before the name of an event's own field."""

    @property
    def windows(self) -> bool:
        """Whether the events are of Windows logs."""
        return self.formats is WINDOWS


_WEB: Final = {
    "cs-method": ("method", "cs_method", "request_method"),
    "cs-uri": ("url", "uri"),
    "cs-uri-query": ("url", "query", "cs_uri_query"),
    "cs-uri-stem": ("path", "url", "cs_uri_stem"),
    "c-uri": ("url", "uri"),
    "c-uri-query": ("query", "url"),
    "c-uri-path": ("path", "url"),
    "sc-status": ("status", "sc_status"),
    "cs-user-agent": ("user_agent", "cs(User-Agent)"),
    "c-useragent": ("user_agent", "cs(User-Agent)"),
    "cs-referer": ("referrer", "cs(Referer)"),
    "cs-referrer": ("referrer", "cs(Referer)"),
    "c-ip": ("client", "remote", "c_ip"),
    "cs-host": ("host", "vhost"),
    "cs-username": ("user", "cs-username"),
}
_STARTED: Final = ("process.started",)
_PROCESS: Final = {
    "Image": ("exe", "path", "columns.path"),
    "CommandLine": ("@object_id", "proctitle", "args", "columns.cmdline"),
    "CurrentDirectory": ("cwd", "columns.cwd"),
    "ProcessId": ("pid", "columns.pid"),
    "ParentProcessId": ("ppid", "columns.parent"),
    "User": ("@actor_name", "user", "auid"),
}
_GCP: Final = {
    "gcp.audit.method_name": ("protoPayload.methodName",),
    "data.protoPayload.methodName": ("protoPayload.methodName",),
    "data.protoPayload.serviceName": ("protoPayload.serviceName",),
    "data.protoPayload.logName": ("logName",),
    "data.protoPayload.resource.type": ("resource.type",),
    "data.protoPayload.authorizationInfo.permission": ("protoPayload.authorizationInfo.permission",),
    "data.protoPayload.authorizationInfo.granted": ("protoPayload.authorizationInfo.granted",),
}
_DNS: Final = {"query": ("query", "dns.rrname"), "record_type": ("qtype_name", "dns.rrtype"), "answer": ("answers",)}
_FAMILIES: Final = {
    "aws/cloudtrail": Family("aws.cloudtrail", ("cloudtrail",)),
    "azure/activitylogs": Family("azure.activity", ("azure_activity", "azure_portal", "log_analytics")),
    "azure/auditlogs": Family("azure.audit", ("entra", "azure_portal", "log_analytics")),
    "azure/signinlogs": Family("azure.signin", ("entra", "azure_portal", "log_analytics")),
    "azure/pim": Family("azure.audit", ("entra", "azure_portal", "log_analytics")),
    "azure/riskdetection": Family("azure.risk", ("entra", "azure_portal", "log_analytics", "graph_alert")),
    "m365/audit": Family("m365", ("m365",)),
    "m365/exchange": Family("m365", ("m365",)),
    "m365/threat_management": Family("m365", ("m365",)),
    "m365/threat_detection": Family("m365", ("m365",)),
    "okta/okta": Family("okta", ("okta",)),
    "onelogin/onelogin.events": Family("onelogin", ("onelogin",)),
    "gcp/gcp.audit": Family("gcp.audit", ("gcp_audit",), names=_GCP),
    "gcp/google_workspace.admin": Family("google_workspace", ("google_workspace",)),
    "gcp/google_workspace.login": Family("google_workspace", ("google_workspace",)),
    "github/audit": Family("github", ("github_audit", "github_webhook")),
    "kubernetes/audit": Family("kubernetes", ("kubernetes_audit",)),
    "linux/process_creation": Family("linux.process", ("auditd", "osquery"), types=_STARTED, names=_PROCESS),
    "macos/process_creation": Family("macos.process", ("santa", "osquery"), types=_STARTED, names=_PROCESS),
    "linux/auditd": Family("linux.auditd", ("auditd",)),
    "zeek/conn": Family("zeek", ("zeek", "zeek_json")),
    "cisco/duo": Family("duo", ("duo_admin", "duo_auth")),
    "/apache": Family("web", ("web_access", "apache_error"), names=_WEB),
    "/nginx": Family("web", ("web_access", "nginx_error"), names=_WEB),
}
_SYSLOG: Final = ("syslog", "plain_log", "journald_json", "journald_export", "cef")
_BY_PRODUCT: Final = {
    "linux": Family("linux.syslog", (*_SYSLOG, "auditd")),
    "zeek": Family("zeek", ("zeek", "zeek_json")),
    "cisco": Family("syslog", _SYSLOG),
    "huawei": Family("syslog", _SYSLOG),
    "juniper": Family("syslog", _SYSLOG),
    "fortios": Family("syslog", _SYSLOG),
    "fortigate": Family("syslog", _SYSLOG),
    "kubernetes": Family("kubernetes", ("kubernetes_audit",)),
}
_BY_CATEGORY: Final = {
    "webserver": Family("web", ("web_access", "iis", "haproxy", "traefik", "traefik_json", "elb_access"), names=_WEB),
    "proxy": Family("proxy", ("web_access", "zeek", "zeek_json", "cloudflare_http", "suricata_eve"), names=_WEB),
    "dns": Family("dns", ("zeek", "zeek_json", "suricata_eve", "route53_resolver", "umbrella_dns"), names=_DNS),
    "firewall": Family("firewall", ("vpc_flow", "windows_firewall", "zeek", "zeek_json", "syslog", "cef")),
}
_WORDS: Final = (
    "python", "django", "ruby_on_rails", "spring", "jvm", "nodejs", "velocity", "sql",
)  # fmt: skip
"""Applications whose rules look for words, in whatever plain log holds them."""


def family_of(product: str | None, category: str | None, service: str | None) -> Family | None:
    """What a log source means here; none if no format reads it."""
    product, category, service = (word.lower() if word else "" for word in (product, category, service))
    if product == "windows" or (not product and category in CATEGORIES and not service):
        written = CATEGORIES.get(category) if category else SERVICES.get(service) if service else ()
        return None if written is None else Family(f"windows/{category or service}", WINDOWS, written)
    if category and not service and f"{product}/{category}" in _FAMILIES:
        return _FAMILIES[f"{product}/{category}"]
    found = _FAMILIES.get(f"{product}/{service}")
    if found is not None and (not category or product == "kubernetes"):
        return found
    if category in _BY_CATEGORY and product != "zeek":
        return _BY_CATEGORY[category]
    if product in _WORDS:
        return Family("words", (*_SYSLOG, "json", "docker_json", "cri", "mysql_error", "mysql_slow", "postgresql"))
    # A category of events that only other collectors write has no meaning in these.
    return _BY_PRODUCT.get(product) if not category or category == "application" else None
