from __future__ import annotations

import pytest

from vestige.model.vocabulary import VOCABULARY
from vestige.sources.cloud.acts import _TYPES, kind_by_words, with_outcome, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DeleteSAMLIdentityProvider", ("delete", "saml", "identity", "provider")),
        ("org.user.invite.revoke", ("org", "user", "invite", "revoke")),
        ("ORG_TWO_FACTOR_AUTH", ("org", "two", "factor", "auth")),
        ("user logged in", ("user", "login")),
        ("sign_out", ("logout",)),
        ("2sv_enroll", ("2", "sv", "enroll")),
        ("", ()),
    ],
)
def test_names_are_cut_into_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DeleteConnector", "resource.deleted"),
        ("org.user.invite.revoke", "access.revoked"),
        ("user.invite.create", "access.granted"),
        ("invite_member", "access.granted"),
        ("Add member to role", "access.granted"),
        ("remove_collaborator", "access.revoked"),
        ("CreateUser", "account.created"),
        ("user_added_to_org", "account.created"),
        ("RotateServiceAccountSecret", "secret.changed"),
        ("mfa_factor_removed", "account.credential_changed"),
        ("api_key.created", "account.credential_changed"),
        ("token.revoke", "auth.token_revoked"),
        ("UpdateLoginSettings", "policy.changed"),
        ("delete_audit_stream", "logging.disabled"),
        ("file_uploaded", "data.written"),
        ("report_exported", "data.export"),
        ("login", "auth.login"),
        ("Login failed", "auth.login_failed"),
        ("user_logout", "auth.logout"),
        ("getConnection", "resource.read"),
        ("frobnicate", "otherwise"),
        ("", "otherwise"),
        ("x" * 100_000, "otherwise"),
    ],
)
def test_the_words_of_a_name_tell_what_was_done(name: str, kind: str) -> None:
    assert kind_by_words(name, "otherwise") == kind


def test_every_type_told_by_words_is_of_the_vocabulary() -> None:
    assert {kind for kinds in _TYPES.values() for kind in kinds} <= set(VOCABULARY)


def test_only_a_sign_in_that_was_refused_is_another_type() -> None:
    assert with_outcome("auth.login", "failure") == "auth.login_failed"
    assert with_outcome("auth.login", "unknown") == "auth.login"
    assert with_outcome("data.read", "failure") == "data.read"
