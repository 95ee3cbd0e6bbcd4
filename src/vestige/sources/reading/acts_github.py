"""Actions of GitHub's audit log, in the vocabulary's words. One table for the format and for these names in any JSON.

Reference: docs.github.com "Audit log events for your organization / enterprise". What is not named here is told by
the part before the point (the thing) and the words after it.
"""

from __future__ import annotations

GITHUB: dict[str, str] = {
    "auth.login": "user.login org.sso_response business.sso_response ",
    "auth.login_failed": "user.failed_login",
    "auth.logout": "user.logout",
    "auth.mfa": "user.two_factor_requested user.two_factor_challenge_success user.two_factor_challenge_failure",
    "auth.token_issued": """
        oauth_access.create personal_access_token.create personal_access_token.request_created
        personal_access_token.access_granted oauth_authorization.create oauth_access.regenerate
        org_credential_authorization.grant integration_installation.create oauth_application.generate_client_secret
        personal_access_token.credential_regenerated
    """,
    "auth.token_revoked": """
        oauth_access.destroy oauth_access.revoke personal_access_token.access_revoked personal_access_token.destroy
        oauth_authorization.destroy org_credential_authorization.revoke org_credential_authorization.deauthorize
        oauth_application.revoke_tokens oauth_application.revoke_all_tokens personal_access_token.request_denied
    """,
    "access.granted": """
        org.add_member org.invite_member repo.add_member team.add_member team.add_repository repo.add_collaborator
        org.add_outside_collaborator business.add_admin business.invite_admin business.add_organization
        team.update_repository_permission repo.update_member org.update_member
        invite_member role.create repository_invitation.create repository_invitation.accept team.promote_maintainer
        business.add_billing_manager org.add_billing_manager org.update_member_repository_permission
        organization_role.assign org.integration_manager_added repo.add_team
    """,
    "access.revoked": """
        org.remove_member repo.remove_member team.remove_member team.remove_repository org.remove_outside_collaborator
        business.remove_admin business.remove_organization business.remove_member org.cancel_invitation
        repository_invitation.cancel team.demote_maintainer organization_role.revoke org.remove_billing_manager
        org.integration_manager_removed
    """,
    "account.created": "team.create org.create business.create user.create",
    "account.deleted": "team.destroy org.delete business.delete user.destroy",
    "account.changed": """
        external_identity.update
        team.rename team.change_privacy org.rename user.rename team.change_parent_team org.transform user.add_email
        user.remove_email user.change_email
    """,
    "account.disabled": "user.suspend org.block_user",
    "account.enabled": "user.unsuspend org.unblock_user",
    "account.credential_changed": """
        public_key.create public_key.delete public_key.update public_key.verify public_key.unverify deploy_key.create
        user.change_password user.two_factor_enabled user.forgot_password user.reset_password
        two_factor_authentication.enabled two_factor_authentication.disabled
        two_factor_authentication.recovery_codes_regenerated
        two_factor_authentication.add_factor two_factor_authentication.remove_factor
        two_factor_authentication.update_fallback gpg_key.create security_key.register security_key.remove
        passkey.register passkey.remove user.password_reset public_key.unverification_failure
    """,
    "secret.changed": """
        repo.update_integration_secret
        org.create_actions_secret org.update_actions_secret org.remove_actions_secret repo.create_actions_secret
        repo.update_actions_secret repo.remove_actions_secret environment.create_actions_secret
        environment.update_actions_secret environment.remove_actions_secret codespaces_secret.create
        dependabot_secret.create
    """,
    "policy.changed": """
        environment.add_protection_rule
        protected_branch.create protected_branch.destroy protected_branch.update_name protected_branch.policy_override
        protected_branch.update_admin_enforced protected_branch.update_require_code_owner_review
        protected_branch.update_required_status_checks_enforcement_level protected_branch.dismiss_stale_reviews
        protected_branch.update_pull_request_reviews_enforcement_level protected_branch.rejected_ref_update
        protected_branch.update_required_approving_review_count
        protected_branch.update_signature_requirement_enforcement_level
        protected_branch.update_allow_force_pushes_enforcement_level protected_branch.authorized_users_teams
        repository_ruleset.create repository_ruleset.update repository_ruleset.destroy
        org.saml_disabled org.saml_enabled org.disable_two_factor_requirement org.enable_two_factor_requirement
        org.disable_oauth_app_restrictions org.enable_oauth_app_restrictions org.update_saml_provider_settings
        org.set_default_workflow_permissions repo.access org.disable_saml org.enable_saml business.disable_saml
        business.enable_saml business.disable_two_factor_requirement business.enable_two_factor_requirement
        ip_allow_list.enable ip_allow_list.disable ip_allow_list_entry.create ip_allow_list_entry.update
        ip_allow_list_entry.destroy org.update_default_repository_permission org.oauth_app_access_approved
        org.oauth_app_access_denied repository_secret_scanning.disable repository_secret_scanning.enable
        repository_secret_scanning_push_protection.disable repository_secret_scanning_push_protection.enable
        secret_scanning.disable secret_scanning.enable org.advanced_security_policy_selected_member_disabled
        business_advanced_security.disabled repo.advanced_security_disabled repo.advanced_security_enabled
        repository_vulnerability_alerts.disable repository_vulnerability_alerts.enable
        repository_dependency_graph.disable hook.create hook.destroy hook.config_changed hook.events_changed
        org.set_actions_fork_pr_approvals_policy org.update_actions_settings repo.update_actions_settings
        repo.set_default_workflow_permissions org.set_workflow_permission_can_approve_pr
        repo.actions_enabled org.set_fork_pr_workflows_policy private_repository_forking.enable
        private_repository_forking.disable private_repository_forking.clear org.sso_disabled
        members_can_create_pages.disable members_can_create_pages.enable enterprise.config.disable_anonymous_git_access
        enterprise.config.enable_anonymous_git_access repository_visibility_change.disable
        repository_visibility_change.enable
        repo.config.disable_anonymous_git_access repo.config.enable_anonymous_git_access pages_protected_domain.create
    """,
    "alert.raised": """
        secret_scanning_alert.create repository_vulnerability_alert.create secret_scanning_push_protection.bypass
        secret_scanning_alert.public_leak repository_vulnerability_alert.reintroduce user.suspicious_login
        code_scanning_alert.create code_scanning.alert_created dependabot_alerts.create suspicious_login
    """,
    "alert.changed": """
        secret_scanning_alert.resolve secret_scanning_alert.reopen secret_scanning_alert.revoke
        repository_vulnerability_alert.dismiss repository_vulnerability_alert.resolve
        repository_vulnerability_alert.reopen code_scanning.alert_closed_by_user
        not_repository_vulnerability_alert.dismiss repository_vulnerability_alert.auto_dismiss
        secret_scanning_alert.report secret_scanning_alert.validate
    """,
    "logging.changed": "audit_log_streaming.create audit_log_streaming.update audit_log_streaming.check",
    "logging.disabled": "audit_log_streaming.destroy",
    "data.export": """
        org.audit_log_export business.audit_log_export repo.download_zip org.export_dormant_users
        business.dormant_users_report_download org.audit_log_git_event_export business.audit_log_git_event_export
        migration.create business.members_csv_export org.members_csv_export
    """,
    "repository.accessed": "git.clone git.fetch repo.clone",
    "code.pushed": "git.push",
    "code.reviewed": """
        pull_request.merge pull_request_review.submit pull_request_review.dismiss pull_request.create
        pull_request.close pull_request.reopen pull_request_review_comment.create pull_request.ready_for_review
    """,
    "ci.run": """
        workflows.created_workflow_run workflows.completed_workflow_run workflows.prepared_workflow_job
        workflows.rerun_workflow_run workflows.cancel_workflow_run workflows.approve_workflow_job
        workflows.delete_workflow_run workflows.pin_artifact checks.auto_trigger_enabled
    """,
    "repository.changed": """
        repo.add_topic
        repo.create repo.destroy repo.archived repo.unarchived repo.rename repo.transfer repo.transfer_start
        repo.restore repo.enable repo.disable repo.change_merge_setting repo.staff_unlock repo.create_file
        repo.transfer_outgoing repo.pages_create repo.pages_destroy
    """,
    "resource.created": "environment.create",
    "resource.changed": """
        org.register_self_hosted_runner org.remove_self_hosted_runner repo.register_self_hosted_runner
        repo.remove_self_hosted_runner enterprise.register_self_hosted_runner enterprise.remove_self_hosted_runner
        enterprise.runner_group_created org.runner_group_created org.runner_group_updated org.runner_group_removed
        workflows.disable_workflow workflows.enable_workflow integration_installation.destroy
        integration_installation.repositories_added integration_installation.repositories_removed
        integration_installation.version_updated integration_installation.suspend
        repo.self_hosted_runner_online repo.self_hosted_runner_offline repo.self_hosted_runner_updated
        org.self_hosted_runner_online org.self_hosted_runner_offline org.self_hosted_runner_updated
    """,
}
