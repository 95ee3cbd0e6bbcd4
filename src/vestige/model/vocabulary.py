"""The published vocabulary of event types: each dotted name, its category, and what it says.

Sources map to these and to no other names. A declared event (``/v1/ingest/events``) may bring a type of its own;
its category is then the part before the first dot. ``generic`` types say only what kind of source spoke.
"""

from __future__ import annotations

from typing import NamedTuple


class TypeInfo(NamedTuple):
    """One word of the vocabulary."""

    category: str
    meaning: str
    generic: bool = False


VOCABULARY: dict[str, TypeInfo] = {
    "auth.login": TypeInfo("auth", "a sign-in that succeeded"),
    "auth.login_failed": TypeInfo("auth", "a sign-in that was refused"),
    "auth.check_failed": TypeInfo(
        "auth", "a check within a sign-in failed; the sign-in's own record tells how it ended"
    ),
    "auth.logout": TypeInfo("auth", "a sign-in that ended"),
    "auth.mfa": TypeInfo("auth", "a second factor was asked for or answered"),
    "auth.token_issued": TypeInfo("auth", "a credential for further calls was handed out"),
    "auth.role_assumed": TypeInfo("auth", "one identity took on another's rights for a while"),
    "auth.privilege_used": TypeInfo("auth", "a command ran with raised rights (sudo, su)"),
    "auth.privilege_refused": TypeInfo("auth", "raised rights were asked for and refused"),
    "auth.probe": TypeInfo("auth", "a connection touched a sign-in service without an attempt (scan, disconnect)"),
    "session.opened": TypeInfo("session", "a session of a user on a host was opened"),
    "session.closed": TypeInfo("session", "a session of a user on a host was closed"),
    "account.created": TypeInfo("account", "an account, user or group came to be"),
    "account.changed": TypeInfo("account", "an account's name, shell, group or state was changed"),
    "account.deleted": TypeInfo("account", "an account was removed"),
    "account.credential_changed": TypeInfo("account", "a password, key or factor was set or changed"),
    "access.granted": TypeInfo("access", "rights were given"),
    "access.revoked": TypeInfo("access", "rights were taken"),
    "policy.changed": TypeInfo("policy", "a rule about access or behaviour was changed"),
    "policy.verdict": TypeInfo("policy", "a rule was evaluated and answered"),
    "data.read": TypeInfo("data", "stored data or its description was read"),
    "data.written": TypeInfo("data", "data was written or changed"),
    "data.deleted": TypeInfo("data", "data was deleted"),
    "data.export": TypeInfo("data", "data left in bulk"),
    "secret.read": TypeInfo("secret", "a secret's value was fetched"),
    "secret.changed": TypeInfo("secret", "a secret was made, changed or removed"),
    "resource.created": TypeInfo("resource", "a piece of infrastructure came to be"),
    "resource.changed": TypeInfo("resource", "a piece of infrastructure was changed"),
    "resource.deleted": TypeInfo("resource", "a piece of infrastructure was removed"),
    "resource.read": TypeInfo("resource", "a piece of infrastructure was listed or described"),
    "logging.disabled": TypeInfo("logging", "a record of events was stopped, thinned out or deleted"),
    "logging.changed": TypeInfo("logging", "how events are recorded was changed"),
    "network.connection": TypeInfo("network", "two endpoints talked"),
    "network.exposed": TypeInfo("network", "a path into a network was opened"),
    "process.started": TypeInfo("process", "a program was started"),
    "process.stopped": TypeInfo("process", "a program ended"),
    "process.executed_remotely": TypeInfo("process", "a command was sent to another machine to run there"),
    "schedule.ran": TypeInfo("schedule", "a scheduled job ran"),
    "service.started": TypeInfo("service", "a service came up"),
    "service.stopped": TypeInfo("service", "a service went down"),
    "service.error": TypeInfo("service", "an application reported an error"),
    "service.request": TypeInfo("service", "an application answered a request"),
    "queue.failed": TypeInfo("queue", "a queue or its consumer failed or fell behind"),
    "traffic.shifted": TypeInfo("traffic", "requests were routed elsewhere"),
    "deploy.started": TypeInfo("deploy", "a version began to be rolled out"),
    "deploy.completed": TypeInfo("deploy", "a roll-out ended well"),
    "deploy.failed": TypeInfo("deploy", "a roll-out ended badly"),
    "deploy.rolled_back": TypeInfo("deploy", "an earlier version was put back"),
    "ci.run": TypeInfo("ci", "a pipeline ran"),
    "code.pushed": TypeInfo("code", "commits were pushed"),
    "code.reviewed": TypeInfo("code", "a change was reviewed or merged"),
    "repository.accessed": TypeInfo("repository", "a code repository was cloned, fetched or opened"),
    "agent.session_started": TypeInfo("agent", "a coding agent's session began"),
    "agent.session_ended": TypeInfo("agent", "a coding agent's session ended"),
    "agent.prompt": TypeInfo("agent", "a person asked a coding agent for something"),
    "agent.message": TypeInfo("agent", "a coding agent answered"),
    "agent.tool_use": TypeInfo("agent", "a coding agent used a tool"),
    "agent.file_change": TypeInfo("agent", "a coding agent changed a file"),
    "payment.made": TypeInfo("payment", "money was moved or a charge attempted"),
    "payment.refused": TypeInfo("payment", "a payment was refused"),
    "scan.completed": TypeInfo("scan", "a scan ended"),
    "alert.raised": TypeInfo("alert", "a detector judged something suspicious"),
    "billing.read": TypeInfo("billing", "costs or usage were looked at"),
    "model.invoked": TypeInfo("model", "a machine-learning model was called"),
    "log.line": TypeInfo("log", "a line of a log whose meaning is not mapped", generic=True),
    "cloud.call": TypeInfo("cloud", "a cloud API call whose meaning is not mapped", generic=True),
    "event.generic": TypeInfo("event", "a structured event that names no type", generic=True),
    "record.unparsed": TypeInfo("record", "a record that could not be read; its bytes are kept"),
    "record.skipped": TypeInfo("record", "a record that is no event: a header, a comment"),
    "vestige.acquisition": TypeInfo("vestige", "a file or stream was taken in"),
    "vestige.normalisation": TypeInfo("vestige", "how a source's records are read was set or changed"),
    "vestige.audit": TypeInfo("vestige", "any other act upon this installation"),
    "vestige.key": TypeInfo("vestige", "the ledger's signing key was made, rotated or revoked"),
    "vestige.seal": TypeInfo("vestige", "a commit or an agent's session was sealed"),
    "vestige.amendment": TypeInfo("vestige", "an earlier entry was corrected by a later one"),
    "vestige.redaction": TypeInfo("vestige", "an entry's content was withdrawn from view"),
    "vestige.erasure": TypeInfo("vestige", "content was ordered erased"),
    "vestige.erasure_done": TypeInfo("vestige", "nothing of an erased content is left"),
    "vestige.purge": TypeInfo("vestige", "content past its retention was erased"),
    "vestige.hold": TypeInfo("vestige", "evidence was put under hold"),
    "vestige.hold_scope": TypeInfo("vestige", "what a hold covers was evaluated"),
    "vestige.release": TypeInfo("vestige", "a hold was released"),
    "vestige.anchor": TypeInfo("vestige", "a checkpoint was stamped or cosigned by another party"),
    "vestige.restore": TypeInfo("vestige", "the ledger was restored into a new epoch"),
}


def category_of(event_type: str) -> str:
    """The category an event type belongs to; for a type of a producer's own, the part before its first dot."""
    info = VOCABULARY.get(event_type)
    return info.category if info else event_type.partition(".")[0]
