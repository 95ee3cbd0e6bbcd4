"""The published vocabulary of event types: each dotted name, its category, what it says, and its ECS and OCSF class.

Sources map to these and to no other names. A declared event (``/v1/ingest/events``) may bring a type of its own;
its category is then the part before the first dot. ``generic`` types say only what kind of source spoke.

References: Elastic Common Schema 8 (``event.category``, ``event.type``); OCSF 1.x class and activity numbers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from vestige.model.errors import UsageError


class TypeInfo(NamedTuple):
    """One word of the vocabulary."""

    category: str
    meaning: str
    ecs: str
    """``event.category/event.type`` of the Elastic Common Schema; several of one kind are joined by ``+``."""
    ocsf: str
    """``class_uid/activity_id`` of OCSF; ``0/99`` is its base event."""
    generic: bool = False


_TABLE = """
auth.login                  authentication/start            3002/1   a sign-in that succeeded
auth.login_failed           authentication/start            3002/1   a sign-in that was refused
auth.attempted              authentication/start            3002/1   a sign-in was tried; how it ended is not told
auth.check_failed           authentication/info             3002/99  a check within a sign-in failed; the sign-in's own record tells how it ended
auth.logout                 authentication/end              3002/2   a sign-in that ended
auth.mfa                    authentication/info             3002/99  a second factor was asked for or answered
auth.token_issued           authentication/info             3002/3   a credential for further calls was handed out
auth.token_revoked          authentication/info             3002/99  a credential for further calls was taken back
auth.role_assumed           authentication/start            3002/1   one identity took on another's rights for a while
auth.privilege_used         iam+process/info                3003/1   a command ran, or a session began, with raised rights
auth.privilege_refused      iam/denied                      3003/99  raised rights were asked for and refused
auth.probe                  authentication+network/info     4001/6   a connection touched a sign-in service without an attempt (scan, disconnect)
session.opened              session/start                   3002/1   a session of a user on a host was opened
session.closed              session/end                     3002/2   a session of a user on a host was closed
session.locked              session/info                    3002/99  a session was locked, unlocked, detached or resumed
account.created             iam/creation                    3001/1   an account, user or group came to be
account.changed             iam/change                      3001/99  an account's name, shell, group or state was changed
account.enabled             iam/change                      3001/2   an account was allowed to sign in again
account.disabled            iam/change                      3001/5   an account was barred from signing in, or locked
account.deleted             iam/deletion                    3001/6   an account, user or group was removed
account.credential_changed  iam/change                      3001/3   a password, key or factor was set or changed
account.read                iam/info                        3004/2   accounts or groups were listed or looked at
access.granted              iam/change                      3005/1   rights were given
access.revoked              iam/change                      3005/2   rights were taken
access.checked              iam/access                      6003/99  rights were asked about and answered
access.denied               iam/denied                      6003/99  a request was refused for want of rights
policy.changed              configuration/change            6003/3   a rule about access or behaviour was changed
policy.verdict              configuration/info              6003/99  a rule was evaluated and answered
data.read                   database/access                 6005/1   stored data or its description was read
data.written                database/change                 6005/5   data was written or changed
data.deleted                database/deletion               6005/7   data was deleted
data.export                 database/access                 6005/1   data left in bulk
data.shared                 file/access                     6006/99  data was opened to somebody else
database.queried            database/access                 6005/4   a statement was sent to a database
database.connected          database/connection             6005/3   a client connected to a database
database.disconnected       database/connection             6005/99  a client left a database
database.maintained         database/info                   6005/99  a database looked after itself (checkpoint, vacuum, replication)
secret.read                 iam/access                      6003/2   a secret's value was fetched
secret.changed              iam/change                      6003/3   a secret was made, changed or removed
resource.created            configuration/creation          6003/1   a piece of infrastructure came to be
resource.changed            configuration/change            6003/3   a piece of infrastructure was changed
resource.deleted            configuration/deletion          6003/4   a piece of infrastructure was removed
resource.read               configuration/access            6003/2   a piece of infrastructure was listed or described
logging.disabled            configuration/deletion          6003/4   a record of events was stopped, thinned out or deleted
logging.changed             configuration/change            6003/3   how events are recorded was changed
logging.lost                host/error                      0/99     records of events were dropped before anyone could keep them
file.created                file/creation                   1001/1   a file came to be
file.read                   file/access                     1001/2   a file was opened or read
file.changed                file/change                     1001/3   a file's content was changed
file.attributes_changed     file/change                     1001/6   a file's owner, mode, times or name record was changed
file.renamed                file/change                     1001/5   a file was renamed or moved
file.deleted                file/deletion                   1001/4   a file was removed
artifact.dated              file/info                       0/99     a date an artefact states of itself (expiry, compilation, schedule), no act
file.transferred            file+network/access             4010/99  a file crossed a network
registry.created            registry/creation               201001/1 a registry key or value came to be
registry.read               registry/access                 201001/2 a registry key or value was read
registry.changed            registry/change                 201002/2 a registry key or value was set or renamed
registry.deleted            registry/deletion               201001/4 a registry key or value was removed
network.connection          network/connection              4001/1   two endpoints talked
network.listening           network/start                   4001/99  a program began to wait for connections
network.denied              network/denied                  4001/5   a connection was refused by a rule
network.exposed             network+configuration/change    6003/3   a path into a network was opened
network.dns                 network/protocol                4003/1   a name was looked up
network.http                network+web/access              4002/99  an HTTP exchange was seen on the wire
network.tls                 network/protocol                4001/6   a TLS handshake or certificate was seen on the wire
network.ssh                 network/protocol                4007/99  an SSH exchange was seen on the wire
network.smb                 network/protocol                4006/99  an SMB exchange was seen on the wire
network.rdp                 network/protocol                4005/99  an RDP exchange was seen on the wire
network.ftp                 network/protocol                4008/99  an FTP exchange was seen on the wire
network.kerberos            network+authentication/protocol 3002/3   a Kerberos or NTLM exchange was seen on the wire
network.dhcp                network/protocol                4004/99  an address was leased or asked for
network.email               network+email/info              4009/99  mail was sent or received
network.protocol            network/protocol                4001/6   an exchange of another protocol was seen on the wire
network.anomaly             network/protocol                4001/99  traffic broke a protocol's rules
network.observed            network/info                    5001/99  a host, its software or its service was seen on the wire
network.statistics          network/info                    0/99     a sensor told how much it saw or dropped
process.started             process/start                   1007/1   a program was started
process.stopped             process/end                     1007/2   a program ended
process.accessed            process/access                  1007/3   one program opened another's memory or handles
process.injected            process/change                  1007/4   one program put code into another
process.executed_remotely   process/start                   1007/1   a command was sent to another machine to run there
process.syscall             process/info                    1003/99  a watched system call was made
process.state               process/info                    1007/99  how a running program was seen at one moment
script.executed             process/start                   1007/1   a script or command block was run by an interpreter
module.loaded               library/start                   1005/1   a library or driver was loaded
pipe.used                   process/access                  1007/99  a named pipe was made or connected to
schedule.created            configuration/creation          1006/1   a scheduled job came to be
schedule.changed            configuration/change            1006/2   a scheduled job was changed, enabled or disabled
schedule.deleted            configuration/deletion          1006/3   a scheduled job was removed
schedule.ran                process/start                   1006/6   a scheduled job ran
service.installed           configuration/creation          6002/1   a service was set up
service.changed             configuration/change            6002/99  how a service starts or runs was changed
service.started             process/start                   6002/3   a service came up
service.stopped             process/end                     6002/4   a service went down
service.status              process/info                    6002/99  a service told how it is doing
service.error               process/error                   6008/1   an application reported an error
service.request             web/access                      4002/99  an application answered a request
software.installed          package/installation            6002/1   software was installed
software.removed            package/deletion                6002/2   software was removed
software.updated            package/change                  6002/99  software was brought to another version
host.started                host/start                      0/99     a machine came up
host.stopped                host/end                        0/99     a machine went down or to sleep
host.clock_changed          host/change                     0/99     a machine's clock was set
host.device_attached        host/change                     0/99     a device was plugged in, mounted or removed
host.error                  host/error                      0/99     a machine's hardware or kernel reported a fault
host.state                  host/info                       5001/2   how a machine was set up, as seen at one moment
container.started           process/start                   6002/3   a container was created or started
container.stopped           process/end                     6002/4   a container ended
queue.failed                process/error                   6008/1   a queue or its consumer failed or fell behind
traffic.shifted             configuration/change            6003/3   requests were routed elsewhere
trace.span                  web/info                        6003/99  one step of a traced request
metric.recorded             host/info                       0/99     a measurement was taken
deploy.started              configuration/start             6002/99  a version began to be rolled out
deploy.completed            configuration/end               6002/99  a roll-out ended well
deploy.failed               configuration/error             6002/99  a roll-out ended badly
deploy.rolled_back          configuration/change            6002/99  an earlier version was put back
ci.run                      configuration/info              6002/99  a pipeline ran
code.committed              configuration/creation          6006/99  a commit was made
code.rewritten              configuration/change            6006/99  commits were made of others: amended, rebased
code.claimed                configuration/info              6006/99  others' word on who wrote the lines of a commit
code.checked_out            configuration/change            6006/99  a working tree was brought to another commit
code.push_begun             configuration/info              6006/99  commits are about to be pushed; whether they were is not told
code.pushed                 configuration/change            6006/99  commits were pushed
code.reviewed               configuration/info              6006/99  a change was reviewed or merged
repository.accessed         configuration/access            6006/99  a code repository was cloned, fetched or opened
repository.changed          configuration/change            6006/99  a code repository was created, moved, reconfigured or deleted
agent.session_started       session/start                   6003/99  a coding agent's session began, or was taken up again
agent.session_ended         session/end                     6003/99  a coding agent's session ended
agent.prompt                session/info                    6003/99  a person asked a coding agent for something
agent.context               session/info                    6003/99  text was put before a coding agent that nobody typed there: instructions, attachments, summaries
agent.message               session/info                    6003/99  a coding agent answered
agent.thinking              session/info                    6003/99  a coding agent thought; of what, only the length is told
agent.turn_ended            session/info                    6003/99  a coding agent came to the end of a turn
agent.tool_use              process/info                    6003/99  a coding agent called a tool
agent.tool_result           process/info                    6003/99  a tool that a coding agent called answered or failed
agent.command               process/start                   1007/1   a coding agent ran a command; of one only asked for so far the outcome is unknown
agent.edit                  file/change                     1001/3   a coding agent changed a file; one that failed or was denied changed nothing
agent.permission_asked      session/info                    6003/99  a coding agent asked whether it may do something
agent.permission_denied     session/denied                  6003/99  a coding agent was not allowed to do something
agent.configured            configuration/change            6003/3   how a coding agent works was set: its model, mode, directories, settings
agent.model_switched        configuration/change            6003/3   another model answers from here on
agent.compacted             session/change                  6003/99  what a coding agent remembers was cut down to a summary
agent.rewound               session/change                  6003/99  a session was taken back to an earlier point
agent.subagent_started      session/start                   6003/99  a coding agent set another to work
agent.subagent_stopped      session/end                     6003/99  an agent set to work by another came to its end
agent.hook                  process/info                    6003/99  a program attached to a coding agent was called or answered
agent.snapshot              file/info                       1001/99  what a file held around a tool call of a coding agent
agent.capture_gap           session/error                   6003/99  something a coding agent did was not captured
agent.usage                 session/info                    6003/99  tokens an answer took, or a session so far
agent.status                session/info                    6003/99  a coding agent told of its session: titles, tasks, progress, notices
agent.error                 process/error                   6008/1   a coding agent, or its model, failed
payment.made                web/info                        6003/99  money was moved or a charge attempted
payment.refused             web/denied                      6003/99  a payment was refused
email.read                  email/access                    4009/99  a mailbox or a message in it was opened
email.rule_changed          email/change                    6003/3   a mailbox's rules, forwarding or delegates were changed
browser.visited             web/access                      4002/99  a page was opened in a browser
browser.downloaded          web+file/creation               4002/99  a browser fetched a file
scan.completed              vulnerability/info              6007/99  a scan ended
attestation.verified        configuration/info              6003/99  a signed statement about a thing was checked
evidence.ingested           file/creation                   6003/1   evidence was written to a store that keeps it unchanged
notify.sent                 web/creation                    6003/99  a notification was sent
runtime.alert               intrusion_detection/info        2004/1   an observer of running workloads saw, or stopped, something
alert.raised                intrusion_detection/info        2004/1   a detector judged something suspicious
alert.changed               intrusion_detection/change      2004/2   a detector's finding was judged, closed or reopened
billing.read                configuration/access            6003/2   costs or usage were looked at
model.invoked               web/access                      6003/99  a machine-learning model was called
message.sent                web/creation                    6001/1   a person wrote to others in a service
log.line                    host/info                       0/99     a line of a log whose meaning is not mapped
cloud.call                  configuration/info              6003/99  a cloud API call whose meaning is not mapped
event.generic               host/info                       0/99     a structured event that names no type
record.unparsed             host/error                      0/99     a record that could not be read; its bytes are kept
record.skipped              host/info                       0/99     a record that is no event: a header, a comment
record.redacted             host/info                       0/99     a record whose content was withdrawn from view
record.erased               host/info                       0/99     a record whose content was erased; its leaf is kept
vestige.acquisition         configuration/info              0/99     a file or stream was taken in
vestige.normalisation       configuration/change            0/99     how a source's records are read was set or changed
vestige.audit               configuration/info              0/99     any other act upon this installation
vestige.key                 configuration/change            0/99     the ledger's signing key was made, rotated or revoked
vestige.seal                configuration/info              0/99     a commit or an agent's session was sealed
vestige.amendment           configuration/change            0/99     an earlier entry was corrected by a later one
vestige.redaction           configuration/change            0/99     an entry's content was withdrawn from view
vestige.erasure             configuration/deletion          0/99     content was ordered erased
vestige.erasure_done        configuration/deletion          0/99     nothing of an erased content is left
vestige.purge               configuration/deletion          0/99     content past its retention was erased
vestige.hold                configuration/change            0/99     evidence was put under hold
vestige.hold_scope          configuration/info              0/99     what a hold covers was evaluated
vestige.release             configuration/change            0/99     a hold was released
vestige.anchor              configuration/info              0/99     a checkpoint was stamped or cosigned by another party
vestige.restore             configuration/change            0/99     the ledger was restored into a new epoch
"""  # noqa: E501 - a table: one word of the vocabulary a line
GENERIC = frozenset({"log.line", "cloud.call", "event.generic"})
"""Words that say only what kind of source spoke."""


def _read(line: str) -> tuple[str, TypeInfo]:
    name, ecs, ocsf, meaning = line.split(maxsplit=3)
    return name, TypeInfo(name.partition(".")[0], meaning, ecs, ocsf, name in GENERIC)


VOCABULARY: dict[str, TypeInfo] = dict(map(_read, _TABLE.strip().splitlines()))


RESERVED = ("vestige", "record")
"""Categories of what this installation says: of its own acts, and of records it could not read. No source may."""


def is_reserved(event_type: str) -> bool:
    """Whether a type is in a category that only this installation may speak in."""
    return event_type.partition(".")[0] in RESERVED


OWN_SOURCE = "vestige"
"""The source of this installation's own acts on the timeline."""
FORGES: Final = ("github.webhook", "gitlab.webhook", "git.webhook")
"""The sources of what forges sent, signed. Reviews and merges count by these names: only what was signed bears them."""


def refuse_own_source(name: str, field: str) -> None:
    """Refuse a name that only this installation gives, in any case, for a source of somebody else's.

    Raises:
        UsageError: it is given.
    """
    plain = name.strip().lower()
    if plain in {OWN_SOURCE, *FORGES}:
        raise UsageError(
            f"{plain} is the source of what this installation says itself"
            if plain == OWN_SOURCE
            else f"{plain} is the source of what a forge sent and signed",
            expected="a name of the source's own",
            got=name[:60],
            field=field,
        )


def file_source(name: str) -> str:
    """The name of a file's source where nobody gave one: ``file:`` before one that only this installation gives."""
    return f"file:{name}" if name.strip().lower() in {OWN_SOURCE, *FORGES} else name


def category_of(event_type: str) -> str:
    """The category an event type belongs to; for a type of a producer's own, the part before its first dot."""
    info = VOCABULARY.get(event_type)
    return info.category if info else event_type.partition(".")[0]
