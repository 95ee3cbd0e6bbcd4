"""From OCSF's classes and activities to the vocabulary.

``class_uid/activity_id`` gives the word; ``*`` stands for any activity. Where the outcome decides, the class has a rule
of its own (sign-ins, network traffic). Class numbers are those of OCSF 1.x; release 1.0.0-rc.2, which Amazon Security
Lake began with, has API Activity under 3005 (told by its name) and Security Finding under 2001.

Reference: schema.ocsf.io, versions 1.0.0-rc.2 to 1.4.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Outcome
from vestige.sources.cloud.cloudtrail_calls import type_of_call
from vestige.sources.reading.fields import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = """
1001/1 file.created           1001/2 file.read            1001/3 file.changed         1001/4 file.deleted
1001/5 file.renamed           1001/6 file.attributes_changed 1001/7 file.attributes_changed
1001/8 file.read              1001/9 file.changed         1001/10 file.changed        1001/11 file.read
1001/12 file.attributes_changed 1001/13 file.attributes_changed 1001/14 file.read     1001/* file.read
1002/* module.loaded          1003/* process.syscall      1004/* process.accessed
1005/1 module.loaded          1005/* module.loaded
1006/1 schedule.created       1006/2 schedule.changed     1006/3 schedule.deleted     1006/4 schedule.changed
1006/5 schedule.changed       1006/6 schedule.ran         1006/* schedule.changed
1007/1 process.started        1007/2 process.stopped      1007/3 process.accessed     1007/4 process.injected
1007/* process.state
1008/1 logging.disabled       1008/* logging.changed      1009/* script.executed
2001/1 alert.raised           2001/* alert.changed        2002/* alert.raised         2003/* policy.verdict
2004/1 alert.raised           2004/* alert.changed        2005/1 alert.raised         2005/* alert.changed
2006/* alert.raised           2007/* alert.raised
3001/1 account.created        3001/2 account.enabled      3001/3 account.credential_changed
3001/4 account.credential_changed 3001/5 account.disabled 3001/6 account.deleted      3001/7 access.granted
3001/8 access.revoked         3001/9 account.disabled     3001/10 account.credential_changed
3001/11 account.credential_changed 3001/12 account.enabled 3001/* account.changed
3002/2 auth.logout            3002/3 auth.token_issued    3002/4 auth.token_issued    3002/6 auth.check_failed
3003/1 auth.privilege_used    3003/2 access.granted       3003/* auth.privilege_used
3004/1 account.created        3004/2 account.read         3004/3 account.changed      3004/4 account.deleted
3004/8 account.enabled        3004/9 account.disabled     3004/* account.changed
3005/1 access.granted         3005/2 access.revoked       3005/* access.granted
3006/1 access.granted         3006/2 access.revoked       3006/3 access.granted       3006/4 access.revoked
3006/5 account.deleted        3006/6 account.created      3006/* account.changed
4003/* network.dns            4004/* network.dhcp         4005/* network.rdp          4006/* network.smb
4007/* network.ssh            4008/* network.ftp          4009/* network.email        4010/* file.transferred
4011/* network.email          4012/* network.email        4013/* network.protocol     4014/* network.connection
5001/* network.observed       5002/* host.state           5003/* account.read         5004/* host.state
5019/* host.state             5020/* host.state           5023/* host.state           5040/* host.state
6001/1 resource.created       6001/2 resource.read        6001/3 resource.changed     6001/4 resource.deleted
6001/5 resource.read          6001/6 resource.read        6001/7 data.export          6001/8 data.shared
6001/* resource.read
6002/1 software.installed     6002/2 software.removed     6002/3 service.started      6002/4 service.stopped
6002/5 service.started        6002/6 service.changed      6002/7 service.changed      6002/8 software.updated
6002/* service.status
6003/1 resource.created       6003/2 resource.read        6003/3 resource.changed     6003/4 resource.deleted
6003/* cloud.call
6004/1 access.granted         6004/2 access.revoked       6004/3 access.denied        6004/* access.checked
6005/1 data.read              6005/2 data.written         6005/3 database.connected   6005/4 database.queried
6005/5 data.written           6005/6 data.written         6005/7 data.deleted         6005/* data.read
6006/1 file.created           6006/2 file.changed         6006/3 data.export          6006/4 file.read
6006/5 file.deleted           6006/6 file.renamed         6006/7 file.created         6006/8 file.created
6006/9 file.read              6006/10 file.changed        6006/11 file.changed        6006/12 data.shared
6006/13 data.shared           6006/14 file.read           6006/* file.read
6007/* scan.completed         6008/* service.error
201001/1 registry.created     201001/2 registry.read      201001/3 registry.changed   201001/4 registry.deleted
201001/5 registry.changed     201001/* registry.changed
201002/1 registry.read        201002/2 registry.changed   201002/3 registry.changed   201002/4 registry.deleted
201002/* registry.changed
201003/1 resource.created     201003/* resource.read      201004/* service.changed
"""
_WORDS = _TABLE.split()
_BY_CLASS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
API = 6003
_RC_API = 3005
_SIGN_IN, _NETWORK, _HTTP = 3002, 4001, 4002
_REFUSED = 5
_NO_TRAFFIC = frozenset(("NODATA", "SKIPDATA"))
"""Of VPC flow logs: nothing to tell of the interval."""


def class_of(record: Mapping[str, object]) -> int:
    """``class_uid``, the API class of 1.0.0-rc.2 as its later number; 0 where it is no number."""
    number = record.get("class_uid")
    if isinstance(number, bool) or not isinstance(number, int):
        return 0
    return API if number == _RC_API and isinstance(record.get("api"), dict) else number


def type_of(record: Mapping[str, object], number: int, ended: str) -> str:
    """The event type of an event of a class, by its activity, its operation, and how it ended."""
    activity = record.get("activity_id")
    api = mapping(record.get("api"))
    service, call = text_of(mapping(api.get("service")).get("name")), text_of(api.get("operation"))
    if call and service.endswith(".amazonaws.com"):
        return _refused(type_of_call(service, call, read_only=activity == 2 if number == API else None), ended)
    if number == _SIGN_IN and activity in (1, 0, 99, None):
        return {Outcome.SUCCESS: "auth.login", Outcome.FAILURE: "auth.login_failed"}.get(
            Outcome(ended), "auth.attempted"
        )
    if number == _NETWORK and text_of(record.get("status_code")) in _NO_TRAFFIC:
        return "network.statistics"
    if number == _NETWORK:
        return "network.denied" if ended == Outcome.FAILURE and activity in (_REFUSED, 4) else "network.connection"
    if number == _HTTP:
        return "service.request" if "http_response" in record and "traffic" not in record else "network.http"
    found = _BY_CLASS.get(f"{number}/{activity}") or _BY_CLASS.get(f"{number}/*")
    return found or _BY_CATEGORY.get(number // 1000, "event.generic")


_BY_CATEGORY = {1: "process.state", 2: "alert.raised", 3: "account.changed", 4: "network.protocol", 5: "host.state"}


def _refused(kind: str, ended: str) -> str:
    return "auth.login_failed" if kind == "auth.login" and ended == Outcome.FAILURE else kind
