"""What the name of an act in an audit log says, by its words: ``DeleteConnector``, ``org.user.invite.revoke``.

Every service has thousands of such names and adds more every month; each format names those of security meaning
itself and asks here for the rest. A name is cut into words; a word that names a deed (created, removed, changed, read)
and one that names a thing (a user, a role, a policy, a file) give the type together. Of several deeds the one a name
begins with counts (``add member``), else the last (``user.invite.revoke``). Without a deed nothing is told.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+")

_DEEDS = {
    "fail": "failed failure fail error denied incorrect invalid rejected refused unsuccessful",
    "remove": """
        delete deleted deletion remove removed destroy destroyed destruction revoke revoked purge purged erase erased
        drop dropped unregister uninstall uninstalled unenrolled unassign unassigned trash trashed detach detached
        unlink unlinked dismiss cancel cancelled canceled leave left clear unshare unshared withdraw terminate delist
        archive archived deprovision kick expire expired discard prune
    """,
    "create": """
        create created creation add added insert register registered enroll enrolled enrollment invite invited upload
        uploaded import imported provision provisioned generate generated issue issued new install installed assign
        assigned attach attached grant granted join joined publish published clone cloned copy copied fork submit
        submitted request requested accept accepted link linked connect connected send sent restore restored recover
        undelete associate associated allocate launch run open opened share shared put post write authorize authorized
        approve approved allow
    """,
    "change": """
        update updated change changed edit edited modify modified set reset rename renamed move moved enable enabled
        disable disabled activate activated deactivate deactivated suspend suspended unsuspend lock locked unlock
        unlocked transfer transferred rotate rotated patch convert converted configure configured sync synced toggle
        apply replace replaced mark pause resume start started stop stopped promote demote migrate merge mount
        restricted snooze snoozed resolve resolved reopen acknowledge verify verified confirm confirmed close closed
        regenerate extend renew reauthorize execute trigger save turned
    """,
    "read": """
        get list view viewed read access accessed describe search searched query queried export exported download
        downloaded preview show fetch find lookup check head scan count lookedup validate test browse
    """,
}
_THINGS = {
    "login": "login logon signin loggedin authenticate authentication auth authn",
    "logout": "logout logoff signout loggedout",
    "factor": """
        mfa tfa 2fa 2sv otp totp factor factors webauthn passkey passkeys u2f password passwords passcode pwd credential
        credentials key keys apikey certificate cert ssh pat recovery bypass
    """,
    "secret": "secret secrets",
    "token": "token tokens oauth",
    "logging": "audit log logs logging sink retention flowlog diagnostic diagnosticsettings logstream siem",
    "right": """
        role roles permission permissions privilege privileges grant grants entitlement member members membership
        admin admins acl collaborator collaborators owner ownership iam assignment guest principal scope scopes
        delegate delegates delegation access
    """,
    "account": """
        user users account accounts group groups identity people person team teams employee serviceaccount service
        customer organization org tenant invite invitation
    """,
    "policy": """
        policy policies setting settings config configuration rule rules restriction restrictions sso saml scim idp
        allowlist whitelist blocklist denylist barrier preference preferences pref prefs feature flags domain firewall
        protection ruleset requirement condition security hook webhook integration
    """,
    "network": "network vpc subnet gateway route peering",
    "file": "file files document doc object blob attachment folder page item items content record records note canvas",
    "repository": "repo repository repositories project",
    "alert": "alert alerts detection detections incident incidents finding findings threat anomaly violation issue",
    "message": "message messages comment reply chat channel conversation",
    "job": "job jobs pipeline build workflow deployment",
    "email": "mailbox email mail inbox",
}
_TYPES = {
    # thing: created, removed, changed, read
    "factor": ("account.credential_changed", "account.credential_changed", "account.credential_changed",
               "secret.read"),
    "secret": ("secret.changed", "secret.changed", "secret.changed", "secret.read"),
    "token": ("auth.token_issued", "auth.token_revoked", "account.credential_changed", "resource.read"),
    "logging": ("logging.changed", "logging.disabled", "logging.changed", "resource.read"),
    "right": ("access.granted", "access.revoked", "policy.changed", "account.read"),
    "account": ("account.created", "account.deleted", "account.changed", "account.read"),
    "policy": ("policy.changed", "policy.changed", "policy.changed", "resource.read"),
    "file": ("data.written", "data.deleted", "data.written", "data.read"),
    "repository": ("repository.changed", "repository.changed", "repository.changed", "repository.accessed"),
    "alert": ("alert.raised", "alert.changed", "alert.changed", "resource.read"),
    "message": ("message.sent", "data.deleted", "data.written", "data.read"),
    "email": ("resource.created", "resource.deleted", "resource.changed", "email.read"),
}  # fmt: skip
_PLAIN = ("resource.created", "resource.deleted", "resource.changed", "resource.read")
_SAID = {"create": 0, "remove": 1, "change": 2, "read": 3}
_ORDER = tuple(_THINGS)
_DEED_OF = {word: deed for deed, words in _DEEDS.items() for word in words.split()}
_THING_OF = {word: thing for thing, words in _THINGS.items() for word in words.split()}
_GRANTED = frozenset({"grant", "granted", "assign", "assigned", "share", "shared", "invite", "invited", "join"})
_DOWNLOAD = frozenset({"download", "downloaded", "export", "exported", "takeout", "unload"})
_LONGEST = 200


@lru_cache(maxsize=16384)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case; ``log in`` and its kin count as one word."""
    words = [word.lower() for word in _WORD.findall(name[:_LONGEST])]
    out: list[str] = []
    for word in words:
        if out and word in {"in", "out", "on", "off"} and out[-1] in {"log", "sign", "logged", "signed"}:
            out[-1] = "login" if word in {"in", "on"} else "logout"
        else:
            out.append(word)
    return tuple(out)


@lru_cache(maxsize=16384)
def kind_by_words(name: str, otherwise: str = "") -> str:
    """The event type the words of an act's name tell, or ``otherwise``."""
    words = words_of(name)
    things = {_THING_OF[word] for word in words if word in _THING_OF}
    deeds = [_DEED_OF[word] for word in words if word in _DEED_OF]
    acting = [deed for deed in deeds if deed != "fail"]
    if "logout" in things:
        return "auth.logout"
    if "login" in things and not acting:
        return "auth.login_failed" if "fail" in deeds else "auth.login"
    if not acting:
        return otherwise
    deed = acting[0] if words[0] in _DEED_OF and not words[0].endswith("ed") else acting[-1]
    return _kind_of_deed(deed, things, frozenset(words))


def _kind_of_deed(deed: str, things: set[str], words: frozenset[str]) -> str:
    if words & _DOWNLOAD:
        return "data.export"
    if words & _GRANTED and "factor" not in things and deed in {"create", "remove"}:
        return "access.granted" if deed == "create" else "access.revoked"
    thing = next((each for each in _ORDER if each in things and each in _TYPES), "")
    return _TYPES.get(thing, _PLAIN)[_SAID[deed]]


def with_outcome(kind: str, outcome: str) -> str:
    """A sign-in that was refused is a type of its own."""
    return "auth.login_failed" if kind == "auth.login" and outcome == "failure" else kind


def table(by_type: dict[str, str]) -> dict[str, str]:
    """Event types by act, from acts (set apart by white space) by event type."""
    return {act: kind for kind, acts in by_type.items() for act in acts.split()}
