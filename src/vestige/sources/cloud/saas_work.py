"""Rows of :mod:`~vestige.sources.cloud.saas_audit`: collaboration services.

References: each service's own documentation of its audit log, named by the row's ``seen``.
"""

from __future__ import annotations

from vestige.sources.cloud.saas_audit import Service

SERVICES = (
    Service(
        name="slack",
        source="slack",
        seen="Slack audit log entries",
        mine=(
            "action actor.user entity.type",
            "action actor.type=user date_create",
            "action entity.type context.location",
            "action actor.user context.ip_address",
            "action actor.user.team",
        ),
        act="action",
        kinds={
            "auth.login": "user_login",
            "auth.login_failed": "user_login_failed",
            "auth.logout": "user_logout user_session_invalidated user_logout_compromised user_session_reset_by_admin",
            "account.created": """
                user_created guest_created user_joined_workspace organization_created workspace_created
            """,
            "account.deleted": "organization_deleted workspace_deleted guest_deleted",
            "account.disabled": "user_deactivated guest_deactivated",
            "account.enabled": "user_reactivated guest_reactivated",
            "access.granted": """
                role_change_to_admin role_change_to_owner owner_transferred service_owner_transferred
                permissions_assigned
                role_assigned user_channel_join guest_channel_join app_scopes_expanded app_approved
                app_installed bot_token_upgraded
            """,
            "access.revoked": """
                role_change_to_user role_change_to_guest permissions_removed role_removed app_restricted app_uninstalled
            """,
            "policy.changed": """
                ekm_unenrolled ekm_enrolled barrier_created barrier_updated barrier_deleted native_dlp_rule_deactivated
                native_dlp_rule_edited native_dlp_rule_created private_channel_converted_to_public
                org_app_workspace_removed
                public_channel_converted_to_private
            """,
            "alert.raised": "anomaly native_dlp_violation_found",
            "alert.changed": "native_dlp_violation_deleted native_dlp_violation_action_taken",
            "data.export": """
                workspace_exported manual_export_started manual_export_completed file_downloaded
                manual_export_downloaded
            """,
            "data.shared": "file_shared file_public_link_created file_link_shared",
            "data.written": "file_uploaded canvas_created",
        },
        when="date_create",
        actor="actor.user.id actor.user.email",
        actor_name="actor.user.email actor.user.name",
        also="actor.user.name",
        actor_type="actor.type",
        subject="entity.user.id",
        subject_name="entity.user.email entity.user.name",
        thing="""
            entity.channel.id entity.app.id entity.file.id entity.workspace.id entity.enterprise.id entity.barrier.id
        """,
        thing_name="entity.channel.name entity.app.name entity.file.name entity.workspace.name entity.enterprise.name",
        thing_type="entity.type",
        ip="context.ip_address",
        session="context.session_id",
        why="details.reason",
        ids="id",
    ),
    Service(
        name="zoom_activity",
        source="zoom.activity",
        seen="Zoom sign-in activities",
        mine=("email client_type type ip_address", "email client_type ip_address"),
        act="type",
        kinds={"auth.login": "sign_in", "auth.logout": "sign_out"},
        otherwise="auth.login",
        when="time",
        actor="email",
        actor_name="email",
        device_name="client_type",
        ip="ip_address",
    ),
    Service(
        name="zoom_operation",
        source="zoom.operation",
        seen="Zoom operation log entries",
        mine=("operation_detail category_type operator", "operation_detail operator action"),
        act="action",
        words="category_type",
        kinds={"policy.changed": "update"},
        otherwise="policy.changed",
        when="time",
        actor="operator",
        actor_name="operator",
        thing_type="category_type",
        says="operation_detail",
    ),
    Service(
        name="box",
        source="box",
        seen="Box enterprise events",
        mine=(
            "created_by event_type source type=event",
            "created_by event_type type=event",
            "event_id event_type created_by",
            "event_type created_by.login",
        ),
        act="event_type",
        kinds={
            "auth.login": "login add_login_activity_device admin_login",
            "auth.login_failed": "failed_login",
            "access.granted": """
                access_granted collaboration_accept collaboration_invite group_add_user collab_add_collaborator
            """,
            "access.revoked": "access_revoked collaboration_remove group_remove_user",
            "data.read": "preview item_preview",
            "data.export": "download item_download",
            "data.written": "upload item_upload edit copy move rename undelete item_create",
            "data.deleted": "delete item_trash item_delete",
            "data.shared": "share item_shared item_shared_create item_shared_update",
            "alert.raised": """
                shield_alert content_workflow_upload_policy_violation content_workflow_abnormal_download_activity
            """,
            "account.created": "new_user",
            "account.changed": "edit_user",
            "account.deleted": "delete_user",
            "account.credential_changed": """
                change_admin_role user_authenticate_oauth2_access_token_create oauth2_access_token_revoke
            """,
        },
        when="created_at",
        actor="created_by.id",
        actor_name="created_by.login created_by.name",
        also="created_by.name",
        actor_type="created_by.type",
        subject="accessible_by.id",
        subject_name="accessible_by.login",
        thing="source.id source.item_id source.folder_id",
        thing_name="source.item_name source.name source.login source.folder_name",
        thing_type="source.item_type source.type",
        ip="ip_address additional_details.shield_alert.alert_summary.download_ips.ip"
        " additional_details.shield_alert.alert_summary.anomaly_period.date_range",
        session="session_id",
        ids="event_id",
    ),
    Service(
        name="dropbox",
        source="dropbox",
        seen="Dropbox team events",
        mine=(
            "event_type._tag",
            "event_type.|tag",
            "event_type event_category origin details",
            "actor._tag event_type",
        ),
        act="event_type._tag event_type.|tag event_type",
        kinds={
            "auth.login": "login_success sso_login",
            "auth.login_failed": "login_fail sso_error",
            "auth.role_assumed": "sign_in_as_session_start",
            "session.closed": "sign_in_as_session_end",
            "account.credential_changed": "tfa_change_status tfa_add_backup_phone password_change password_reset",
            "access.granted": """
                shared_content_add_member shared_folder_transfer_ownership app_link_member app_link_team
                group_add_member
            """,
            "access.revoked": "shared_content_remove_member group_remove_member app_unlink_member",
            "data.read": "file_view file_preview paper_doc_view",
            "data.export": "file_download shared_content_download data_export paper_doc_download",
            "data.shared": "shared_link_create shared_content_change_link_audience shared_link_change_visibility",
        },
        when="timestamp",
        actor="actor.user.account_id actor.admin.account_id actor.user.email actor.admin.email actor.app.app_id",
        actor_name="""
            actor.user.email actor.admin.email actor.user.display_name actor.admin.display_name actor.app.display_name
        """,
        also="actor.user.team_member_id actor.user.display_name actor.admin.display_name actor.admin.team_member_id",
        actor_type="actor._tag actor.|tag",
        subject="context.email",
        thing="assets.file_id assets.path.contextual",
        thing_name="assets.display_name assets.path.contextual",
        ip="origin.geo_location.ip_address origin.geo_location.ip",
        session="origin.access_method.end_user.session_id",
    ),
    Service(
        name="notion",
        source="notion",
        seen="Notion audit events",
        mine=(
            "event.workspace_id event.type event.actor",
            "event.actor event.type event.timestamp",
            "workspace_id platform type actor",
            "event.type event.workspace_id",
            "event.id event.type event.actor.object",
        ),
        act="event.type type",
        kinds={
            "auth.login": "user.login",
            "auth.logout": "user.logout",
            "data.read": "page.viewed",
            "data.export": """
                page.exported workspace.content_exported workspace.audit_log_exported workspace.member_exported
            """,
            "auth.token_issued": "workspace.scim_token_generated",
            "access.granted": """
                teamspace.permissions.member_added workspace.permissions.member_added page.permissions.member_added
            """,
            "account.changed": "user.settings.login_method.email_updated",
            "account.credential_changed": """
                user.settings.login_method.password_updated user.settings.login_method.mfa_totp_updated
            """,
        },
        otherwise="policy.changed",
        when="event.timestamp timestamp",
        actor="event.actor.id actor.id",
        actor_name="event.actor.person.email actor.person.email",
        actor_type="event.actor.type actor.type",
        subject="event.details.target.id event.details.member.person.email",
        thing="event.details.page_id event.details.target.page_id event.details.target.teamspace_id",
        thing_name="event.details.page_name",
        ip="event.ip_address ip_address",
        ids="event.id",
    ),
    Service(
        name="asana",
        source="asana",
        seen="Asana audit events",
        mine=("gid actor event_type event_category", "actor event_type event_category context"),
        act="event_type",
        kinds={
            "auth.login": "user_login_succeeded",
            "auth.login_failed": "user_login_failed",
            "auth.logout": "user_logged_out",
            "data.export": "workspace_export_started workspace_exported user_data_exported",
            "access.granted": "user_workspace_admin_role_changed user_division_admin_role_changed",
            "account.created": "user_invited user_reprovisioned",
            "account.disabled": "user_deprovisioned user_deactivated",
            "policy.changed": """
                workspace_associated_email_domain_added workspace_guest_invite_permissions_changed
                workspace_require_app_approvals_of_type_changed workspace_saml_settings_changed
                workspace_password_requirements_changed workspace_associated_email_domain_removed
            """,
        },
        when="created_at",
        actor="actor.gid actor.email",
        actor_name="actor.email actor.name",
        also="actor.name",
        actor_type="actor.actor_type",
        subject_name="resource.email",
        thing="resource.gid",
        thing_name="resource.name",
        thing_type="resource.resource_type",
        ip="context.client_ip_address",
        ids="gid",
    ),
    Service(
        name="atlassian",
        source="atlassian",
        seen="Atlassian organization events",
        mine=("attributes.action attributes.actor attributes.time", "attributes.action attributes.actor"),
        act="attributes.action",
        kinds={
            "auth.role_assumed": "user_logged_in_as_user",
            "auth.login": "user_login",
            "account.created": "user_added_to_org",
        },
        when="attributes.time",
        actor="attributes.actor.id attributes.actor.email",
        actor_name="attributes.actor.email attributes.actor.name",
        also="attributes.actor.name",
        subject="attributes.context.id",
        subject_name="""
            attributes.context.attributes.accountEmail attributes.context.attributes.email
            attributes.context.attributes.name
        """,
        thing="attributes.container.id",
        thing_type="attributes.container.type",
        ip="attributes.location.ip",
        says="message.content",
        ids="id",
    ),
    Service(
        name="zendesk",
        source="zendesk",
        seen="Zendesk audit log entries",
        mine=(
            "action_label actor_id source_type",
            "source_type change_description action actor_id",
            "url~zendesk.com action actor_id",
        ),
        act="action",
        words="source_type source_label",
        kinds={"auth.login": "login", "data.export": "exported"},
        when="created_at",
        actor="actor_id",
        actor_name="actor_name",
        thing="source_id",
        thing_name="source_label",
        thing_type="source_type",
        ip="ip_address",
        says="change_description",
        ids="id",
    ),
    Service(
        name="docusign",
        source="docusign",
        seen="DocuSign Connect events",
        mine=(
            "event data.envelopeId configurationId",
            "event data.accountId apiVersion configurationId",
            "event data.accountId retryCount",
        ),
        act="event",
        kinds={
            "auth.login_failed": "recipient-authentication-failure",
            "auth.login": "recipient-authentication-success",
            "message.sent": "envelope-sent recipient-sent envelope-resent",
            "data.written": "envelope-completed recipient-completed envelope-created recipient-signed",
            "data.deleted": "envelope-voided envelope-deleted envelope-purge",
            "policy.changed": "template-created template-modified template-deleted",
        },
        when="generatedDateTime",
        actor="data.userId data.recipientId",
        actor_name="data.email data.userName data.name data.envelopeSummary.sender.email",
        also="data.name data.envelopeSummary.sender.userName",
        thing="data.envelopeId data.templateId",
        outcome="data.authenticationStatus",
        why="data.errorReason",
    ),
    Service(
        name="salesforce",
        source="salesforce",
        seen="Salesforce event log records",
        mine=("EVENT_TYPE ORGANIZATION_ID USER_ID", "EVENT_TYPE TIMESTAMP_DERIVED", "EVENT_TYPE ORGANIZATION_ID"),
        act="EVENT_TYPE",
        kinds={
            "auth.login": "login loginevent",
            "auth.logout": "logout logoutevent",
            "auth.role_assumed": "loginas loginasevent",
            "auth.token_revoked": "oauthtokenrevoked",
            "auth.token_issued": "oauthtokenrefreshed",
            "auth.check_failed": "oauthtokenrefreshfailed",
            "data.export": """
                bulkapiresulteventstore bulkapi bulkapi2 dataexport documentattachmentdownloads reportexport
                reportexporteventstore
            """,
            "data.read": "report reporteventstore listvieweventstore apieventstore api apitotalusage restapi",
            "service.request": "uri urievent lightningurievent lightningpageview visualforcerequest apexexecution",
            "policy.changed": "permissionseteventstore",
            "access.checked": "connectedappusageeventstore apiconnectedapp",
        },
        when="TIMESTAMP_DERIVED TIMESTAMP EVENT_DATE",
        actor="DELEGATED_USER_ID_DERIVED USER_ID_DERIVED USER_ID",
        actor_name="DELEGATED_USER_NAME USER_NAME USERNAME",
        also="USER_ID DELEGATED_USER_ID",
        actor_type="USER_TYPE",
        thing="ENTITY_NAME URI CONNECTED_APP_ID",
        thing_name="CONNECTED_APP_NAME",
        ip="SOURCE_IP CLIENT_IP",
        session="SESSION_KEY",
        trace="REQUEST_ID",
        outcome="LOGIN_STATUS STATUS REQUEST_STATUS",
        why="LOGIN_STATUS ERROR_MESSAGE FAILURE_REASON",
        tokens="LOGIN_KEY",
    ),
    Service(
        name="openai",
        source="openai",
        seen="OpenAI organization audit logs",
        mine=(
            "object=organization.audit_log",
            "effective_at type actor.session",
            "effective_at type actor.api_key",
            "effective_at type actor",
        ),
        act="type",
        kinds={
            "auth.login": "login.succeeded",
            "auth.login_failed": "login.failed",
            "auth.logout": "logout.succeeded logout.failed",
            "access.granted": "role.assignment.created invite.sent invite.accepted user.added",
            "access.revoked": "role.assignment.deleted invite.deleted user.deleted",
            "account.credential_changed": "api_key.created api_key.updated api_key.deleted",
        },
        otherwise="policy.changed",
        when="effective_at",
        actor="actor.session.user.id actor.api_key.user.id actor.api_key.service_account.id actor.api_key.id",
        actor_name="actor.session.user.email actor.api_key.user.email",
        actor_type="actor.type",
        subject="""
            role_assignment_created.principal_id role_assignment_deleted.principal_id user_added.id user_deleted.id
        """,
        thing="""
            project.id role_assignment_created.resource_id api_key_created.id ip_allowlist_created.id
            ip_allowlist_deleted.id
        """,
        thing_name="project.name ip_allowlist_created.name ip_allowlist_deleted.name",
        ip="actor.session.ip_address",
        why="login_failed.error_message",
        ids="id",
    ),
    Service(
        name="anthropic",
        source="anthropic",
        seen="Anthropic compliance activities",
        mine=("organization_id actor.type created_at type", "organization_id actor.user_id type"),
        act="type",
        kinds={
            "auth.login": "sso_login_succeeded social_login_succeeded magic_link_login_succeeded user_signed_in",
            "auth.login_failed": "sso_login_failed magic_link_login_failed social_login_failed",
            "auth.logout": "user_logged_out",
            "data.read": "claude_chat_viewed claude_file_viewed claude_project_viewed",
            "access.denied": "claude_chat_access_failed claude_project_access_failed claude_file_access_failed",
            "model.invoked": "claude_chat_created",
            "account.credential_changed": """
                admin_api_key_created admin_api_key_updated admin_api_key_deleted api_key_created
                platform_api_key_created
                service_key_created service_key_revoked
            """,
            "account.created": "org_user_invite_sent org_user_invite_accepted",
            "account.deleted": "org_user_deleted",
            "policy.changed": """
                org_ip_restriction_created org_ip_restriction_deleted
                claude_organization_settings_updated mcp_server_created
                mcp_server_deleted platform_spend_limit_created platform_spend_limit_deleted integration_user_connected
                claude_user_settings_updated
            """,
        },
        when="created_at",
        actor="actor.user_id actor.api_key_id actor.email_address",
        actor_name="actor.email_address actor.unauthenticated_email_address",
        actor_type="actor.type",
        thing="claude_chat_id claude_file_id claude_project_id api_key_id mcp_server_id",
        thing_name="filename mcp_server_name",
        ip="actor.ip_address",
        ids="id",
    ),
)
