"""Zeek's logs: what each one says, as a table, and how an unnamed record is told by its fields.

A row gives the event type, the words that open the message, the fields that name the act, the actor and the object,
what the object is, the fields the message tells, and how the outcome is read.

References: docs.zeek.org, "Log Files" and the script reference of each protocol's ``Info`` record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Log(NamedTuple):
    """How the records of one log are read."""

    kind: str
    title: str
    action: str = ""
    actor: str = ""
    thing: str = ""
    thing_type: str = ""
    ended: str = ""
    """``bool:FIELD``, ``code:FIELD`` (4xx and 5xx failed), or the name of a reading of its own."""
    said: tuple[str, ...] = ()


_TABLE = """
conn           | network.connection| connection | conn_state |  |  |  | conn | proto service conn_state
dns            | network.dns       | DNS | qtype_name |  | query | domain | dns | qtype_name query rcode_name answers
http           | network.http      | HTTP | method | username | url | url | code:status_code | method url status_code
ssl            | network.tls       | TLS | version |  | server_name | domain | bool:established | version server_name validation_status
quic           | network.tls       | QUIC | version |  | server_name | domain |  | version server_name
x509           | network.tls       | certificate |  |  | certificate.subject | certificate |  | certificate.subject certificate.issuer certificate.serial
ocsp           | network.tls       | OCSP | certStatus |  | serialNumber | certificate |  | serialNumber certStatus
files          | file.transferred  | file | source |  | filename | file |  | source filename mime_type total_bytes
pe             | file.transferred  | Windows program |  |  | id | file |  | machine os subsystem
smb_files      | network.smb       | SMB | action |  | file | file |  | action file
smb_mapping    | network.smb       | SMB share | share_type |  | path | share |  | path share_type
smb_cmd        | network.smb       | SMB command | command | username | tree | share | smb | command argument status
ssh            | network.ssh       | SSH | direction |  | server | software | bool:auth_success | client server auth_attempts
rdp            | network.rdp       | RDP | result | cookie |  |  | rdp | cookie result security_protocol client_name
kerberos       | network.kerberos  | Kerberos | request_type | client | service | service | bool:success | request_type client service error_msg
ntlm           | network.kerberos  | NTLM |  | username | server_nb_computer_name | host | bool:success | domainname username hostname server_dns_computer_name
radius         | network.protocol  | RADIUS | result | username |  |  | radius | username result reply_msg
ldap           | network.protocol  | LDAP | opcode | object |  |  | ldap | opcode object result diagnostic_message
ldap_search    | network.protocol  | LDAP search | scope |  | base_object | directory entry | ldap | base_object filter result
dce_rpc        | network.protocol  | RPC | operation |  | endpoint | service |  | endpoint operation named_pipe
dhcp           | network.dhcp      | DHCP | msg_types |  | assigned_addr | address |  | msg_types mac host_name assigned_addr
ftp            | network.ftp       | FTP | command | user | arg |  | code:reply_code | user command arg reply_code reply_msg
smtp           | network.email     | mail |  | mailfrom | subject | message | smtp | mailfrom rcptto subject last_reply
weird          | network.anomaly   | weird | name |  |  |  |  | name addl
dpd            | network.anomaly   | protocol violation | analyzer |  |  |  |  | analyzer failure_reason
analyzer       | network.anomaly   | analyzer | cause |  | analyzer_name | analyzer |  | cause analyzer_name failure_reason
notice         | alert.raised      | notice | note |  | sub |  |  | note msg sub
signatures     | alert.raised      | signature | sig_id |  |  |  |  | note sig_id event_msg sub_msg
intel          | alert.raised      | intelligence match | seen.where |  | seen.indicator | indicator |  | seen.indicator seen.where sources
traceroute     | network.anomaly   | traceroute | proto |  |  |  |  |
software       | network.observed  | software | software_type |  | name | software |  | host software_type name unparsed_version
known_hosts    | network.observed  | host |  |  |  |  |  | host
known_services | network.observed  | service |  |  | service | service |  | host port_num service
known_certs    | network.observed  | certificate in use |  |  | subject | certificate |  | host port_num subject
known_devices  | network.observed  | device |  |  | mac | device |  | mac dhcp_host_name
known_modbus   | network.observed  | Modbus device | device_type |  |  |  |  | host device_type
capture_loss   | network.statistics| capture loss |  |  |  |  |  | peer gaps acks
stats          | network.statistics| sensor statistics |  |  |  |  |  | peer pkts_proc pkts_dropped
reporter       | network.statistics| reporter | level |  |  |  |  | level message location
packet_filter  | network.statistics| packet filter | filter |  |  |  | bool:success | node filter success
loaded_scripts | service.status    | script loaded |  |  | name | file |  | name
config         | service.changed   | setting changed | id |  | id | setting |  | id old_value new_value
cluster        | service.status    | cluster |  |  | node | node |  | node message
broker         | service.status    | broker | ev |  |  |  |  | ty ev message
tunnel         | network.connection| tunnel | action |  |  |  |  | tunnel_type action
sip            | network.protocol  | SIP | method | request_from | uri | url | code:status_code | method uri request_from request_to status_code
snmp           | network.protocol  | SNMP | version |  |  |  |  | version community get_requests set_requests
modbus         | network.protocol  | Modbus | func |  |  |  | modbus | func pdu_type exception
dnp3           | network.protocol  | DNP3 | fc_request |  |  |  |  | fc_request fc_reply
mysql          | network.protocol  | MySQL | cmd |  | arg | statement | bool:success | cmd arg response
postgresql     | network.protocol  | PostgreSQL | frontend | user | database | database | bool:success | user database frontend backend
redis          | network.protocol  | Redis | cmd.name |  | cmd.key | key | bool:success | cmd.name cmd.key
irc            | network.protocol  | IRC | command | nick | value |  |  | nick command value
socks          | network.protocol  | SOCKS | status | user | request.host | host | socks | user request.host request.name status
rfb            | network.protocol  | VNC | authentication_method |  | desktop_name | desktop | bool:auth | authentication_method desktop_name
ntp            | network.protocol  | NTP | mode |  |  |  |  | version mode stratum
mqtt_connect   | network.protocol  | MQTT connect |  | client_id |  |  |  | client_id connect_status
mqtt_publish   | network.protocol  | MQTT publish | status |  | topic | topic |  | topic status
mqtt_subscribe | network.protocol  | MQTT subscribe | action |  | topics | topic |  | action topics
syslog         | network.protocol  | syslog | facility |  |  |  |  | facility severity message
websocket      | network.http      | WebSocket |  |  | uri | url |  | host uri user_agent
"""  # noqa: E501 - a table: one log a line
"""Log, event type, opening words, fields that name the act, the actor and the object, what the object is, how the
outcome is read, fields the message tells."""


def _row(line: str) -> tuple[str, Log]:
    path, kind, title, action, actor, thing, thing_type, ended, said = (cell.strip() for cell in line.split("|"))
    return path, Log(kind, title, action, actor, thing, thing_type, ended, tuple(said.split()))


LOGS: dict[str, Log] = dict(map(_row, _TABLE.strip().splitlines()))
UNKNOWN = Log("network.protocol", "record")

SMB_ACTS = {
    "SMB::FILE_OPEN": "file.read",
    "SMB::FILE_READ": "file.read",
    "SMB::FILE_CLOSE": "network.smb",
    "SMB::FILE_WRITE": "file.changed",
    "SMB::FILE_RENAME": "file.renamed",
    "SMB::FILE_DELETE": "file.deleted",
    "SMB::FILE_SET_ATTRIBUTE": "file.attributes_changed",
}

_TELLING = (
    ("conn", "conn_state"), ("dns", "qtype_name"), ("dns", "query trans_id"), ("sip", "call_id"),
    ("http", "trans_depth method"), ("http", "uri status_code"), ("smtp", "trans_depth last_reply"),
    ("smtp", "helo"), ("ssl", "cipher"), ("ssl", "established resumed"), ("x509", "certificate.serial"),
    ("x509", "certificate_serial"), ("known_certs", "host port_num issuer_subject"), ("files", "fuid mime_type"),
    ("files", "fuid analyzers"), ("smb_mapping", "share_type"), ("smb_files", "action path name"),
    ("ssh", "auth_attempts"), ("ssh", "kex_alg"), ("rdp", "security_protocol"), ("rdp", "cookie result"),
    ("kerberos", "request_type"), ("ntlm", "server_nb_computer_name"), ("ntlm", "domainname"),
    ("dce_rpc", "named_pipe"), ("dce_rpc", "endpoint operation"), ("dhcp", "msg_types"),
    ("dhcp", "mac assigned_ip"), ("ftp", "command reply_code"), ("dpd", "analyzer failure_reason"),
    ("intel", "seen.indicator"), ("intel", "seen_indicator"), ("signatures", "sig_id"), ("notice", "note msg"),
    ("weird", "name notice"), ("software", "software_type"), ("known_services", "host port_num port_proto"),
    ("capture_loss", "percent_lost"), ("stats", "pkts_proc"), ("pe", "machine is_exe"), ("tunnel", "tunnel_type"),
    ("snmp", "community get_requests"), ("modbus", "func uid"), ("mysql", "cmd arg"), ("irc", "nick command"),
    ("rfb", "authentication_method"), ("radius", "username result"), ("socks", "bound.host"),
    ("syslog", "facility severity message uid"),
)  # fmt: skip
_RULES = tuple((path, frozenset(names.split())) for path, names in _TELLING)


def path_by_fields(names: Iterable[str]) -> str:
    """Which log a record without a name is of, or empty."""
    held = frozenset(names)
    return next((path for path, needed in _RULES if needed <= held), "")
