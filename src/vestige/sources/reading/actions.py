"""Names of acts that audit logs of identity and code services give, and what they are in the vocabulary's words.

Only names that mean one thing wherever they appear: dotted ones of Okta's System Log and GitHub's audit log, and the
sign-in words of Microsoft 365, Google Workspace and Slack. An object that names another act keeps it as its action.
"""

from __future__ import annotations

from vestige.model.event import Outcome

_BY_TYPE: dict[str, str] = {
    "auth.login": """
        user.session.start user.authentication.sso user.authentication.auth_via_IDP
        user.authentication.auth_via_AD_agent user.authentication.auth_via_LDAP_agent UserLoggedIn login_success
        user_login user.login
    """,
    "auth.login_failed": "UserLoginFailed login_failure user.failed_login",
    "auth.logout": "user.session.end user_logout user.logout UserLoggedOut",
    "auth.mfa": """
        user.authentication.auth_via_mfa user.mfa.okta_verify.deny_push user.mfa.okta_verify
        user.authentication.verify system.push.send_factor_verify_push user.two_factor_requested
    """,
    "auth.token_issued": """
        app.oauth2.as.token.grant.access_token app.oauth2.as.token.grant.id_token app.oauth2.token.grant.access_token
        app.oauth2.as.token.grant.refresh_token system.api_token.create oauth_access.create
        personal_access_token.create
    """,
    "auth.role_assumed": "user.session.impersonation.initiate",
    "access.granted": """
        user.session.impersonation.grant user.account.privilege.grant group.user_membership.add
        application.user_membership.add group.privilege.grant group.application_assignment.add org.add_member
        org.invite_member repo.add_member team.add_member team.add_repository repo.add_collaborator
        role_change_to_admin role_change_to_owner
    """,
    "access.revoked": """
        user.session.impersonation.revoke user.account.privilege.revoke group.user_membership.remove
        application.user_membership.remove system.api_token.revoke org.remove_member repo.remove_member
        team.remove_member team.remove_repository oauth_access.destroy personal_access_token.access_revoked
    """,
    "account.created": "user.lifecycle.create group.lifecycle.create team.create",
    "account.changed": """
        user.lifecycle.activate user.lifecycle.deactivate user.lifecycle.suspend user.lifecycle.unsuspend
        user.account.lock user.account.unlock user.account.update_profile org.update_member
    """,
    "account.deleted": """
        user.lifecycle.delete.completed user.lifecycle.delete.initiated group.lifecycle.delete team.destroy
    """,
    "account.credential_changed": """
        user.account.update_password user.account.reset_password user.mfa.factor.activate user.mfa.factor.deactivate
        user.mfa.factor.reset_all user.mfa.factor.update system.mfa.factor.deactivate system.mfa.factor.activate
        public_key.create public_key.delete 2sv_enroll 2sv_disable
    """,
    "policy.changed": """
        policy.lifecycle.create policy.lifecycle.update policy.lifecycle.delete policy.lifecycle.activate
        policy.lifecycle.deactivate policy.rule.add policy.rule.update policy.rule.delete policy.rule.deactivate
        zone.create zone.update zone.delete protected_branch.create protected_branch.destroy
        protected_branch.update_name repository_ruleset.create repository_ruleset.update repository_ruleset.destroy
        org.saml_disabled org.saml_enabled org.disable_two_factor_requirement org.enable_two_factor_requirement
        org.disable_oauth_app_restrictions org.enable_oauth_app_restrictions org.update_saml_provider_settings
        org.set_default_workflow_permissions repo.access
    """,
    "alert.raised": "security.threat.detected user.account.report_suspicious_activity_by_enduser suspicious_login",
    "repository.accessed": "git.clone git.fetch",
    "code.pushed": "git.push",
    "code.reviewed": "pull_request.merge pull_request_review.submit",
    "ci.run": "workflows.created_workflow_run workflows.completed_workflow_run",
    "resource.created": "repo.create",
    "resource.deleted": "repo.destroy",
}
_ACTS = {act: kind for kind, acts in _BY_TYPE.items() for act in acts.split()}


def type_of_act(act: object, outcome: str) -> str:
    """The event type of a named act, or empty. A refused sign-in is a type of its own, unlike other refused acts."""
    kind = _ACTS.get(act, "") if isinstance(act, str) else ""
    return "auth.login_failed" if kind == "auth.login" and outcome == Outcome.FAILURE else kind
