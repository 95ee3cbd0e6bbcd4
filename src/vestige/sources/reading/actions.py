"""Names of acts that audit logs of identity and code services give, and what they are in the vocabulary's words.

The tables of Okta, GitHub and Microsoft 365 are those their formats read by; the few words below are Google
Workspace's and Slack's that mean one thing wherever they appear. Of a service's table only names that could be no
other's are taken (with a point, or in camel case of two words and more): an object that names another act keeps it as
its action.
"""

from __future__ import annotations

import re

from vestige.model.event import Outcome
from vestige.sources.reading.acts_github import GITHUB
from vestige.sources.reading.acts_m365 import M365
from vestige.sources.reading.acts_okta import OKTA

_WORDS: dict[str, str] = {
    "auth.login": "login_success user_login",
    "auth.login_failed": "login_failure",
    "auth.logout": "user_logout",
    "access.granted": "role_change_to_admin role_change_to_owner",
    "account.credential_changed": "2sv_enroll 2sv_disable",
    "alert.raised": "suspicious_login",
}
_OWN = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)+|(?:[A-Z][a-z]+-?){2,}")


def _acts() -> dict[str, str]:
    found = {
        act: kind
        for by_type in (M365, GITHUB, OKTA)
        for kind, acts in by_type.items()
        for act in acts.split()
        if _OWN.fullmatch(act)
    }
    return found | {act: kind for kind, acts in _WORDS.items() for act in acts.split()}


_ACTS = _acts()


def type_of_act(act: object, outcome: str) -> str:
    """The event type of a named act, or empty. A refused sign-in is a type of its own, unlike other refused acts."""
    kind = _ACTS.get(act, "") if isinstance(act, str) else ""
    return "auth.login_failed" if kind == "auth.login" and outcome == Outcome.FAILURE else kind
