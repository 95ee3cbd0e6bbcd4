"""From ECS' categories to the vocabulary: what a document's ``event.category``, ``type``, ``action`` and outcome mean.

The table has, per category and type, the word of the vocabulary whose ECS class that is; ``*`` stands for any type. A
document of several categories is what the most telling of them says (:data:`_ORDER`).

Reference: Elastic Common Schema 8, "ECS categorization fields".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.model.event import Outcome
from vestige.model.vocabulary import VOCABULARY
from vestige.sources.reading.actions import type_of_act
from vestige.sources.telemetry.flat import first, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

_ORDER = (
    "intrusion_detection", "malware", "threat", "authentication", "iam", "session", "registry", "file", "process",
    "driver", "library", "package", "vulnerability", "email", "database", "web", "api", "network", "configuration",
    "host",
)  # fmt: skip
_TABLE = """
intrusion_detection  *         alert.raised
malware              *         alert.raised
threat               *         alert.raised
authentication       end       auth.logout
iam                  creation  account.created
iam                  deletion  account.deleted
iam                  denied    access.denied
iam                  change    account.changed
iam                  info      account.read
iam                  access    access.checked
session              start     session.opened
session              end       session.closed
registry             creation  registry.created
registry             deletion  registry.deleted
registry             change    registry.changed
registry             access    registry.read
file                 creation  file.created
file                 deletion  file.deleted
file                 denied    access.denied
file                 change    file.changed
file                 access    file.read
process              start     process.started
process              end       process.stopped
process              denied    access.denied
process              error     service.error
process              access    process.accessed
process              change    process.state
process              info      process.state
driver               *         module.loaded
library              *         module.loaded
package              deletion  software.removed
package              change    software.updated
package              installation software.installed
package              info      software.installed
vulnerability        *         scan.completed
email                *         network.email
database             error     service.error
database             denied    access.denied
database             deletion  data.deleted
database             creation  data.written
database             change    data.written
database             access    data.read
database             connection database.connected
database             info      database.maintained
web                  error     service.error
web                  *         service.request
api                  denied    access.denied
api                  *         service.request
network              denied    network.denied
network              *         network.connection
configuration        creation  resource.created
configuration        deletion  resource.deleted
configuration        change    resource.changed
configuration        access    resource.read
configuration        *         resource.read
host                 start     host.started
host                 end       host.stopped
host                 creation  session.opened
host                 *         host.state
"""
_KINDS: dict[str, list[tuple[str, str]]] = {}
for _line in _TABLE.strip().splitlines():
    _category, _type, _word = _line.split()
    _KINDS.setdefault(_category, []).append((_type, _word))

_ACTIONS = (
    ("auth.logout", "authentication", r"log(?:ged)?[-_ ]?(?:out|off)"),
    ("account.credential_changed", "iam", r"passw|credential"),
    ("account.disabled", "iam", r"disabl|lock(?:ed)?\b|suspend"),
    ("account.enabled", "iam", r"enabl|unlock"),
    ("access.granted", "iam", r"(?:add|assign|attach|grant)\w*[-_ ].*(?:group|role|member|polic|privil)"),
    ("access.revoked", "iam", r"(?:remov|detach|revok)\w*[-_ ].*(?:group|role|member|polic|privil)"),
    ("file.renamed", "file", r"renam|moved"),
    ("file.attributes_changed", "file", r"attribut|permission|chmod|chown|owner"),
    ("session.locked", "session", r"lock"),
    ("schedule.created", "process", r"schedul\w*[-_ ]task[-_ ]creat"),
)  # fmt: skip
_BY_ACTION = tuple((word, category, re.compile(rule, re.IGNORECASE)) for word, category, rule in _ACTIONS)
_PROTOCOLS = {
    "dns": "network.dns", "tls": "network.tls", "ssl": "network.tls", "ssh": "network.ssh", "smb": "network.smb",
    "rdp": "network.rdp", "ftp": "network.ftp", "dhcp": "network.dhcp", "smtp": "network.email",
    "kerberos": "network.kerberos", "ntlm": "network.kerberos",
}  # fmt: skip
_LOGGED = frozenset(("message", "event.original", "log.level"))
_ALERTS = frozenset(("alert", "signal"))
_ERROR = 3


def _of_category(category: str, kinds: frozenset[str], fields: Mapping[str, object], ended: str) -> str:
    action = first(fields, "event.action")[:100]
    for word, where, rule in _BY_ACTION:
        if where == category and rule.search(action):
            return word
    if category == "authentication" and "end" not in kinds:
        return _SIGN_IN.get(ended, "auth.attempted")
    if category == "network" and "denied" not in kinds:
        spoken = first(fields, "network.protocol").lower()
        if "dns.question.name" in fields or spoken in _PROTOCOLS:
            return _PROTOCOLS.get(spoken, "network.dns")
    for kind, word in _KINDS[category]:
        if kind == "*" or kind in kinds:
            return word
    return ""


_SIGN_IN = {str(Outcome.SUCCESS): "auth.login", str(Outcome.FAILURE): "auth.login_failed"}


def type_of(fields: Mapping[str, object], ended: str, level: int) -> str:
    """The event type of a document.

    Args:
        fields: the document, by dotted paths.
        ended: the outcome.
        level: the severity.
    """
    code = first(fields, "event.code")
    if code in VOCABULARY and first(fields, "event.provider") == "vestige":
        return code
    if first(fields, "event.kind") in _ALERTS:
        return "alert.raised"
    known = type_of_act(first(fields, "event.action"), ended)
    if known:
        return known
    categories = frozenset(texts(fields.get("event.category")))
    kinds = frozenset(texts(fields.get("event.type")))
    if "web" in categories and "network" in categories and "http.request.method" not in fields:
        categories -= {"web"}
    for category in _ORDER:
        if category in categories:
            found = _of_category(category, kinds, fields, ended)
            if found:
                return found
    return _uncategorised(fields, level)


def _uncategorised(fields: Mapping[str, object], level: int) -> str:
    if first(fields, "event.kind") in {"metric", "state"}:
        return "metric.recorded" if first(fields, "event.kind") == "metric" else "host.state"
    if "http.response.status_code" in fields or "http.request.method" in fields:
        return "service.request"
    if level >= _ERROR or "error.message" in fields:
        return "service.error"
    return "log.line" if not _LOGGED.isdisjoint(fields) else "event.generic"
