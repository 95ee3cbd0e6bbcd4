"""Okta System Log event types, in the vocabulary's words. One table for the format and for Okta's names in any JSON.

Reference: developer.okta.com/docs/reference/api/event-types. What is not named here is told by the words of the name.
"""

from __future__ import annotations

OKTA: dict[str, str] = {
    "auth.login": """
        user.session.start user.authentication.sso user.authentication.authenticate user.authentication.auth
        user.authentication.auth_via_IDP user.authentication.auth_via_AD_agent user.authentication.auth_via_LDAP_agent
        user.authentication.auth_via_inbound_SAML user.authentication.auth_via_inbound_delauth
        user.authentication.auth_via_iwa user.authentication.auth_via_radius user.authentication.auth_via_social
        user.authentication.auth_unconfigured_identifier user.session.access_admin_app app.radius.agent.auth

    """,
    "auth.logout": """
        user.session.end user.session.expire user.session.clear user.authentication.slo user.session.universal_logout
        user.authentication.universal_logout user.session.context.change_end
    """,
    "auth.mfa": """
        user.authentication.auth_via_mfa user.mfa.okta_verify.deny_push user.mfa.okta_verify
        user.authentication.verify system.push.send_factor_verify_push user.mfa.attempt_bypass
        user.mfa.okta_verify.deny_push_upgrade_needed system.sms.send_factor_verify_message
        system.voice.send_mfa_challenge_call system.email.send_factor_verify_message user.mfa.factor.unlock
        system.sms.send_okta_push_verify_activation_message system.email.challenge_factor_redeemed
    """,
    "auth.token_issued": """
        app.oauth2.as.token.grant.access_token app.oauth2.as.token.grant.id_token app.oauth2.token.grant.access_token
        app.oauth2.as.token.grant.refresh_token app.oauth2.as.token.grant app.oauth2.token.grant
        app.oauth2.token.grant.id_token app.oauth2.token.grant.refresh_token app.oauth2.as.authorize
        app.oauth2.as.authorize.code app.oauth2.authorize.code app.oauth2.as.token.grant.device_secret
        app.oauth2.as.authorize.implicit.access_token app.oauth2.as.authorize.implicit.id_token
        system.api_token.create system.api_token.enable app.oauth2.authorize app.oauth2.as.consent.grant
        app.oauth2.interclient_trust.authorize
    """,
    "auth.token_revoked": """
        system.api_token.revoke app.oauth2.as.token.revoke app.oauth2.token.revoke app.oauth2.as.consent.revoke
        app.oauth2.as.consent.revoke.user app.oauth2.as.token.detect_reuse
    """,
    "auth.role_assumed": "user.session.impersonation.initiate user.session.impersonation.extend",
    "session.closed": "user.session.impersonation.end",
    "access.granted": """
        user.session.impersonation.grant user.account.privilege.grant group.user_membership.add
        application.user_membership.add group.privilege.grant group.application_assignment.add
        iam.resourceset.bindings.add
        app.user_management.grant iam.role.permissions.add application.user_membership.provision
        app.oauth2.client.privilege.grant app.oauth2.client.api_scope.grant application.provision.group_membership.add
    """,
    "access.revoked": """
        user.session.impersonation.revoke user.account.privilege.revoke group.user_membership.remove
        application.user_membership.remove group.privilege.revoke group.application_assignment.remove
        iam.resourceset.bindings.delete iam.role.permissions.delete application.user_membership.deprovision
        app.oauth2.client.privilege.revoke application.user_membership.revoke
        application.provision.group_membership.remove
    """,
    "access.denied": """
        app.generic.unauth_app_access_attempt application.policy.sign_on.deny_access
        user.credential.forgot_password.denied
        core.concurrency.org.limit.violation
    """,
    "account.created": """
        user.lifecycle.create group.lifecycle.create app.oauth2.client.lifecycle.create user.registration.create
        app.user_management.push_new_user app.user_management.provision_user
    """,
    "account.deleted": """
        user.lifecycle.delete.completed user.lifecycle.delete.initiated user.lifecycle.delete group.lifecycle.delete
        app.oauth2.client.lifecycle.delete app.user_management.deprovision_user
    """,
    "account.enabled": """
        user.lifecycle.activate user.lifecycle.unsuspend user.lifecycle.reactivate user.account.unlock
        user.account.unlock_by_admin app.oauth2.client.lifecycle.activate user.account.unlock_token
    """,
    "account.disabled": """
        user.lifecycle.deactivate user.lifecycle.suspend user.account.lock user.account.lock.limit
        app.oauth2.client.lifecycle.deactivate
    """,
    "account.changed": """
        user.account.update_user_type
        user.account.update_profile group.profile.update user.account.update_primary_email
        user.account.update_secondary_email user.account.update_phone application.user_membership.update
        application.user_membership.change_username user.lifecycle.jit.error_read_only
        app.user_management.push_profile_success
        user.account.use_token
    """,
    "account.credential_changed": """
        user.account.update_password user.account.reset_password user.account.expire_password user.mfa.factor.activate
        user.mfa.factor.deactivate user.mfa.factor.reset_all user.mfa.factor.update user.mfa.factor.suspend
        user.mfa.factor.unsuspend system.mfa.factor.deactivate system.mfa.factor.activate user.credential.enroll
        user.credential.revoke application.user_membership.change_password
        application.user_membership.update_password app.oauth2.client.secret.create
        user.mfa.factor.reset user.credential.forgot_password system.email.password_reset.sent_message
        app.keys.generate app.keys.rotate app.keys.clone
        app.oauth2.client.lifecycle.update user.account.reset_password_factors
    """,
    "secret.read": """
        application.user_membership.show_password user.credential.show pam.secret.reveal
        application.user_membership.reveal_password
    """,
    "policy.changed": """
        policy.lifecycle.create policy.lifecycle.update policy.lifecycle.delete policy.lifecycle.activate
        policy.lifecycle.deactivate policy.lifecycle.overwrite policy.rule.add policy.rule.update policy.rule.delete
        policy.rule.activate policy.rule.deactivate policy.rule.invalidate zone.create zone.update zone.delete
        zone.activate zone.deactivate zone.make_blacklist zone.remove_blacklist system.idp.lifecycle.create
        system.idp.lifecycle.update system.idp.lifecycle.delete system.idp.lifecycle.activate
        system.idp.lifecycle.deactivate app.oauth2.as.created app.oauth2.as.updated app.oauth2.as.deleted
        app.oauth2.as.activated app.oauth2.as.deactivated app.oauth2.as.scope.created app.oauth2.trusted_server.add
        security.trusted_origin.create security.trusted_origin.update security.trusted_origin.delete
        org.security.settings.update system.feature.enable system.feature.disable system.org.trusted_origin.update
        security.behavior.settings.create security.behavior.settings.update security.behavior.settings.delete
        application.policy.sign_on.update application.policy.sign_on.rule.create application.policy.sign_on.rule.delete
        event_hook.created event_hook.updated event_hook.deleted event_hook.activated event_hook.deactivated
        inline_hook.created inline_hook.updated inline_hook.deleted inline_hook.activated inline_hook.deactivated
        iam.role.create iam.role.update iam.role.delete iam.resourceset.create iam.resourceset.update
        iam.resourceset.delete security.authenticator.lifecycle.activate security.authenticator.lifecycle.create
        security.authenticator.lifecycle.deactivate security.authenticator.lifecycle.update
    """,
    "policy.verdict": """
        policy.evaluate_sign_on policy.auth_reevaluate.fail policy.continuous_access.evaluate
        policy.entity_risk.evaluate
        policy.auth_reevaluate.enforce user.risk.evaluate
    """,
    "alert.raised": """
        security.threat.detected user.account.report_suspicious_activity_by_enduser security.attack.start
        security.session.detect_client_roaming app.token.reuse app.oauth2.token.detect_reuse user.risk.detect
        user.risk.change
        security.breached_credential.detected security.request.blocked app.oauth2.client_id_rate_limit_warning
        system.org.rate_limit.violation system.org.rate_limit.warning system.org.rate_limit.burst
        application.integration.rate_limit_exceeded system.operation.rate_limit.violation
        system.operation.rate_limit.warning system.client.rate_limit.violation system.client.rate_limit.notification
        system.client.concurrency_rate_limit.violation system.client.concurrency_rate_limit.notification
        core.concurrency.org.limit.warning device.signals.status.timeout
    """,
    "alert.changed": "security.attack.end security.events.provider.receive_event",
    "logging.changed": "system.log_stream.lifecycle.create system.log_stream.lifecycle.activate",
    "logging.disabled": "system.log_stream.lifecycle.delete system.log_stream.lifecycle.deactivate",
    "resource.created": "application.lifecycle.create system.agent.ad.create device.enrollment.create",
    "resource.changed": """
        device.user.add
        application.lifecycle.update application.lifecycle.activate application.lifecycle.deactivate
        device.lifecycle.activate device.lifecycle.deactivate device.lifecycle.suspend device.lifecycle.unsuspend
        system.agent.ad.start system.agent.ad.connect system.agent.ad.reconnect system.agent.ad.update
        system.import.start system.import.complete system.import.complete_batch system.import.user.complete
        system.import.group.complete system.import.summary system.import.membership_processing.complete
        system.import.object_creation.complete system.import.user_match.confirm
    """,
    "resource.deleted": "application.lifecycle.delete device.lifecycle.delete system.agent.ad.deactivate",
    "service.status": "system.email.delivery system.sms.receive_status system.agent.connector.connect",
    "data.export": "analytics.reports.export.download analytics.reports.export.generate",
}
