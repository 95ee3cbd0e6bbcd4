r"""Whom a Windows event names: security identifiers, ``DOMAIN\user`` names and logon sessions.

The security identifier is the id and ``DOMAIN\user`` the name; where there is no identifier the name is both. A logon
id counts per machine since its start, and 0x3e7 is everywhere the system's own: as a session it bears the machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vestige.sources.windows.words import number_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.sources.windows.events import Facts

_NOTHING = frozenset({"", "-", "N/A", "NULL SID", "S-1-0-0", "NOT_AVAILABLE", "(null)", "NONE_MAPPED", "Unavailable"})


class Person(NamedTuple):
    """Somebody an event names."""

    id: str
    name: str
    kind: str
    logon: str
    """The logon id, normalised, without the machine."""


NOBODY = Person("", "", "", "")


class _Fields(NamedTuple):
    sid: tuple[str, ...]
    name: str
    domain: tuple[str, ...]
    logon: str
    kind: str = "user"


_SUBJECT = _Fields(
    ("SubjectUserSid",), "SubjectUserName", ("SubjectDomainName", "SubjectUserDomainName"), "SubjectLogonId"
)
_TARGET = _Fields(("TargetUserSid", "TargetSid"), "TargetUserName", ("TargetDomainName",), "TargetLogonId")
PEOPLE: dict[str, tuple[_Fields, ...]] = {
    "S": (_SUBJECT,),
    "T": (_TARGET,),
    "G": (_TARGET._replace(logon="", kind="group"),),
    "M": (_Fields(("MemberSid",), "MemberName", (), ""), _Fields((), "ClientUserName", (), "")),
    "N": (_TARGET._replace(name="NewTargetUserName", logon=""),),
    "U": (_Fields(("UserSid",), "UserName", (), ""),),
    "F": (_Fields(("TargetUser",), "TargetUser", (), "TargetLogonId"),),
    "D": (_Fields((), "User", ("Domain",), ""), _Fields((), "Detection User", (), "")),
    "P": (_Fields((), "UserId", (), ""), _Fields((), "User", (), "")),
    "Q": (_Fields((), "Param1", ("Param2",), ""),),
    "A": (
        _SUBJECT,
        _Fields((), "AccountName", ("AccountDomain", "Domain"), "LogonID"),
        _Fields((), "Requester", (), ""),
        _Fields((), "PeerName", (), ""),
        _Fields((), "Identity", (), ""),
    ),
    "R": (_SUBJECT,),
    "Y": (_Fields((), "User", (), "LogonId"),),
}
"""Groups of fields that name somebody, by the letter the tables use; of several the first that says anything."""


REQUESTER = "R"
"""As a subject: who asked on behalf of the actor. Not whom the event is about, so it gives keys only."""


def said(data: Mapping[str, object], name: str) -> str:
    """A field's text; empty for what Windows writes where there is nothing."""
    value = data.get(name)
    if type(value) is str:
        return "" if value in _NOTHING else value
    return _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = value.get("#text")
        return "" if isinstance(inner, dict) else _plain(inner)
    if isinstance(value, list):
        return ", ".join(text for item in value[:64] if not isinstance(item, dict | list) and (text := _plain(item)))
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return "" if text in _NOTHING else text


@lru_cache(maxsize=16384)
def logon_id(text: str) -> str:
    """A logon id as ``0x…`` without leading zeros; empty for none."""
    value = number_in(text)
    return hex(value) if value is not None and value > 0 else ""


def person(spec: str, facts: Facts) -> Person:
    """Whom a specification of the tables names in an event."""
    if not spec:
        return NOBODY
    data = facts.data
    if spec == "C":
        return _process_user(facts)
    known = PEOPLE.get(spec)
    if known is None:
        return _system_user(facts) if spec == "X" else _from_text(said(data, spec))
    for fields in known:
        found = _from_fields(fields, data)
        if found.id:
            return found
    return NOBODY


def _from_fields(fields: _Fields, data: Mapping[str, object]) -> Person:
    name = said(data, fields.name)
    sid = ""
    for field in fields.sid:
        sid = sid or said(data, field)
    if not name and not sid:
        return NOBODY
    domain = ""
    for field in fields.domain:
        domain = domain or said(data, field)
    logon = data.get(fields.logon) if fields.logon else None
    if name == sid:
        name = ""
    return Person(
        *_identity(sid, name, domain),
        fields.kind,
        logon_id(logon if type(logon) is str else _plain(logon)) if logon else "",
    )


@lru_cache(maxsize=16384)
def _identity(sid: str, name: str, domain: str) -> tuple[str, str]:
    name = name.strip()
    if name and domain and "\\" not in name and "@" not in name:
        name = f"{domain.strip()}\\{name}"
    return (sid or name), name


def _from_text(text: str) -> Person:
    if not text:
        return NOBODY
    return Person(text, "", "user", "") if text.startswith("S-1-") else Person(text, text, "user", "")


def _system_user(facts: Facts) -> Person:
    if not facts.user and not facts.user_name:
        return NOBODY
    return Person(facts.user or facts.user_name, facts.user_name, "user", "")


def _process_user(facts: Facts) -> Person:
    """Whose a new process is: the account it was started as, where the event names another than its creator."""
    target = _from_fields(_TARGET, facts.data)
    if target.name and target.logon:
        return target
    return _from_fields(_SUBJECT, facts.data)
