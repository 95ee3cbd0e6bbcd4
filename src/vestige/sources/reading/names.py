"""Names under which JSON sources tell who, whom, what, from where: one table, read once per distinct name.

A name is compared without case, ``_`` and ``-``; a point leads into a nested object, up to three levels deep.
Of several names of one role the earlier in the table wins. The names are those of ECS, OCSF-like exports, cloud
audit logs, and the common loggers; what is not named here stays in the attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE: dict[str, str] = {
    "type": "event_type eventtype event.type type event.category kind name category",
    "action": "action event.action eventname eventtype operation operationname event activity activitydisplayname verb"
    " legacyeventtype methodname protopayload.methodname actiontype name",
    "outcome": "outcome event.outcome outcome.result result status success resulttype resultstatus isoutcome"
    " properties.result resultdescription",
    "severity": "severity level log.level loglevel severitytext severity_text syslog.severity.name priority levelname",
    "actor_id": "actor.alternateid actor.email actor.user.email actor.id actorid actor.userid user.id userid user.email"
    " useremail email principalid identity.principalid principal subjectid"
    " protopayload.authenticationinfo.principalemail initiatedby.user.userprincipalname"
    " properties.initiatedby.user.userprincipalname userprincipalname properties.userprincipalname upn actor.login"
    " user.name actor.name actor.username username user actor login initiator caller owner account accountname"
    " userid.id author usersid",
    "actor_name": "actor.name actor.displayname actor.username actorname actorusername user.name user.fullname username"
    " userdisplayname displayname user.displayname actor.user.name initiatedby.user.displayname user login",
    "actor_type": "actor.type actortype usertype user.type identity.type principaltype",
    "subject_id": "subject.id target.user.id targetuserid targetuser targetusername subject user.target.name"
    " user.effective.name subjectusername",
    "subject_name": "subject.name user.target.name",
    "subject_type": "subject.type",
    "object_id": "object.id objectid resource.id resourceid target.id targetid resource.name resourcename"
    " protopayload.resourcename repo repository target object resource file.path filename path url uri"
    " requesturi objectref.name url.original url.full http.request.path",
    "object_name": "object.name resource.name target.name objectref.name",
    "object_type": "object.type resource.type target.type resourcetype objecttype objectref.resource",
    "src_ip": "network.srcip srcip sourceip source.ip sourceipaddress clientip client.ip client.ipaddress"
    " ipaddress ip remoteip remoteaddr remoteaddress ipaddr calleripaddress context.ipaddress actor.ip actorip"
    " source.address accessdevice.ip protopayload.requestmetadata.callerip data.ip originip clientipaddress"
    " sourceaddress properties.ipaddress requestparameters.sourceipaddress httprequest.remoteip xforwardedfor src"
    " id.origh sourceips",
    "dst_ip": "network.dstip dstip destip destinationip destination.ip destinationaddress serverip server.ip dst"
    " id.resph",
    "src_port": "network.srcport srcport sourceport source.port clientport client.port sport id.origp",
    "dst_port": "network.dstport dstport destport destinationport destination.port dport server.port id.respp",
    "protocol": "network.protocol network.transport protocol proto transport",
    "device_id": "device.deviceid device.id deviceid",
    "device_name": "device.devicename device.name devicename client.device",
    "device_type": "device.devicetype device.type devicetype",
    "host": "device.hostname host.hostname host.name hostname host computer computername agent.hostname machine"
    " machinename nodename node instance pod kubernetes.pod.name server",
    "session": "session.id sessionid session authenticationcontext.externalsessionid rootsessionid correlationid"
    " properties.correlationid user.session",
    "trace_id": "traceid trace.id trace otel.traceid requestid transactionid spancontext.traceid",
    "message": "message msg event.original log text body displaymessage summary description event.reason detail"
    " details title reason error error.message errormessage body.stringvalue",
    "tags": "tags tag labels",
    "observed": "observedat observedtimestamp event.created observedtimeunixnano",
    "token": "token accesstoken tokenid accesskeyid apikey apikeyid refreshtoken",
    "hash": "hash sha256 file.hash.sha256 sha1 md5 file.hash.sha1 file.hash.md5 digest process.hash.sha256 imphash",
    "commit": "commit commitid commitsha git.commit sha headsha commithash",
    "method": "method httpmethod http.request.method requestmethod httprequest.requestmethod",
    "status": "status statuscode httpstatus http.response.statuscode responsecode responsestatus.code"
    " httprequest.status",
}


class Role(NamedTuple):
    """What a name tells, and how sure it is among the names that tell the same."""

    name: str
    rank: int


_ROLES: dict[str, tuple[Role, ...]] = {}
_NESTED: set[str] = set()
for _role, _names in _TABLE.items():
    for _rank, _name in enumerate(dict.fromkeys(_names.replace("_", "").split())):
        _ROLES[_name] = (*_ROLES.get(_name, ()), Role(_role, _rank))
        _parts = _name.split(".")
        _NESTED.update(".".join(_parts[:count]) for count in range(1, len(_parts)))

_LIMIT = 50_000
_seen: dict[str, tuple[str, tuple[Role, ...], bool]] = {}


def _look(name: str) -> tuple[str, tuple[Role, ...], bool]:
    """The compared form of a path, the roles it can play, and whether names lead further in."""
    found = _seen.get(name)
    if found is None:
        plain = name.replace("_", "").replace("-", "").lower()
        found = plain, _ROLES.get(plain, ()), plain in _NESTED
        if len(_seen) >= _LIMIT:
            _seen.clear()
        _seen[name] = found
    return found


def roles_of(record: Mapping[str, object]) -> dict[str, object]:
    """The best value of each role a record fills; empty values fill none."""
    best: dict[str, tuple[int, object]] = {}
    work: list[tuple[str, Mapping[str, object]]] = [("", record)]
    for prefix, part in work:
        for name, value in part.items():
            if value is None or value == "":
                continue
            path, roles, nested = _look(prefix + name if prefix else name)
            if isinstance(value, dict):
                if nested:
                    work.append((path + ".", value))
                continue
            for role, rank in roles:
                known = best.get(role)
                if known is None or rank < known[0]:
                    best[role] = (rank, value)
    return {role: value for role, (_, value) in best.items()}
