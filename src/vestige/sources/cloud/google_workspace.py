"""Google Workspace activity: Admin SDK Reports API ``activities``, and the flat copies of collectors, one event each.

Fields used::

    id.{time,applicationName,uniqueQualifier,customerId}    login, admin, drive, token, groups, mobile, gmail, meet, …
    actor.{email,profileId,key,callerType}                  the profile id is the actor, the address the readable name
    ipAddress, ownerDomain
    events[].{type,name,parameters[]}                       one event of ours per element
    type, name, parameters                                  flat: one event an object, parameters as an object

An activity may hold several events, which then share time, actor and address. Names mean different things in
different applications (``download`` of drive, of takeout): the table is read with the application first.
References: developers.google.com/admin-sdk/reports "Activities" and the event names of each application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.cloud.acts import kind_by_words, table
from vestige.sources.cloud.audit import (
    aliases,
    first,
    first_ip,
    first_time,
    named_values,
    opened,
    paths,
    sentence,
    tags_with,
)
from vestige.sources.reading.fields import keys_of, mapping, outcome_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock, Stamp

_BY_TYPE: dict[str, str] = {
    "auth.login": "login_success login:login_success",
    "auth.login_failed": "login_failure",
    "auth.logout": "logout",
    "auth.mfa": "login_challenge login_verification",
    "auth.token_issued": "authorize token:authorize token:activity ADD_WEB_ADDRESS",
    "auth.token_revoked": "revoke token:revoke",
    "session.closed": "context_aware_access:session_end",
    "access.denied": "ACCESS_DENY_EVENT ACCESS_DENY_INTERNAL_ERROR_EVENT CAA_DENIED token:request",
    "account.created": "CREATE_USER CREATE_GROUP create_group BULK_UPLOAD",
    "account.deleted": "DELETE_USER DELETE_GROUP delete_group PURGE_USER",
    "account.disabled": """
        SUSPEND_USER account_disabled_generic account_disabled_hijacked account_disabled_spamming
        account_disabled_password_leak account_disabled_spamming_through_relay LOCK_USER
    """,
    "account.enabled": "UNSUSPEND_USER UNDELETE_USER UNLOCK_USER",
    "account.changed": """
        RENAME_USER CHANGE_FIRST_NAME CHANGE_LAST_NAME CHANGE_GROUP_NAME CHANGE_GROUP_DESCRIPTION CHANGE_USER_LOCATION
        change_basic_setting CHANGE_GROUP_SETTING MOVE_USER_TO_ORG_UNIT
    """,
    "account.credential_changed": """
        password_edit recovery_email_edit recovery_phone_edit recovery_secret_qa_edit 2sv_enroll 2sv_disable
        CHANGE_PASSWORD CHANGE_PASSWORD_ON_NEXT_LOGIN RESET_SIGNIN_COOKIES TURN_OFF_2_STEP_VERIFICATION
        UNENROLL_USER_FROM_STRONG_AUTH GENERATE_2SV_SCRATCH_CODES REVOKE_3LO_TOKEN REVOKE_ASP CHANGE_RECOVERY_EMAIL
        CHANGE_RECOVERY_PHONE titanium_enroll titanium_unenroll DELETE_2SV_SCRATCH_CODES ADD_RECOVERY_EMAIL
        ADD_RECOVERY_PHONE passkey_enrolled passkey_removed
    """,
    "access.granted": """
        ASSIGN_ROLE GRANT_ADMIN_PRIVILEGE GRANT_DELEGATED_ADMIN_PRIVILEGES ADD_GROUP_MEMBER add_user add_member
        approve_join_request accept_invitation ADD_PRIVILEGE AUTHORIZE_API_CLIENT_ACCESS
    """,
    "access.revoked": """
        UNASSIGN_ROLE REVOKE_ADMIN_PRIVILEGE REMOVE_GROUP_MEMBER remove_user remove_member REMOVE_PRIVILEGE
        REMOVE_API_CLIENT_ACCESS REVOKE_DELEGATED_ADMIN_PRIVILEGES
    """,
    "policy.changed": """
        CREATE_ROLE DELETE_ROLE RENAME_ROLE UPDATE_ROLE CREATE_APPLICATION_SETTING CHANGE_APPLICATION_SETTING
        DELETE_APPLICATION_SETTING CHANGE_CALENDAR_SETTING CREATE_GMAIL_SETTING CHANGE_GMAIL_SETTING
        DELETE_GMAIL_SETTING ADD_MOBILE_APPLICATION_TO_WHITELIST REMOVE_MOBILE_APPLICATION_FROM_WHITELIST
        TOGGLE_SERVICE_ENABLED ENFORCE_STRONG_AUTHENTICATION ALLOW_STRONG_AUTHENTICATION CHANGE_DOCS_SETTING
        SYSTEM_DEFINED_RULE_UPDATED CREATE_RULE UPDATE_RULE DELETE_RULE ADD_DOMAIN ADD_TRUSTED_DOMAINS
        REMOVE_TRUSTED_DOMAINS CHANGE_SSO_SETTINGS TOGGLE_SSO_ENABLED TOGGLE_ALLOW_ADMIN_PASSWORD_RESET
        ADD_APPLICATION CHANGE_TWO_STEP_VERIFICATION_ENROLLMENT_PERIOD_DURATION TRUST_DOMAIN_OWNED_OAUTH2_APPS
        UNTRUST_DOMAIN_OWNED_OAUTH2_APPS ADD_TO_TRUSTED_OAUTH2_APPS
    """,
    "email.rule_changed": "email_forwarding_out_of_domain email_forwarding_change EMAIL_DELEGATE_ADDED",
    "email.read": "gmail:view gmail:open EMAIL_LOG_SEARCH",
    "network.email": "delivery gmail:delivery",
    "data.shared": """
        change_user_access change_document_visibility change_acl_editors change_document_access_scope change_owner
        shared_drive_membership_change change_user_access_hierarchy_reconciled sheets_import_range
        team_drive_membership_change
        change_document_access_scope_hierarchy_reconciled change_document_visibility_hierarchy_reconciled publish_change
    """,
    "data.read": "drive:view drive:preview view preview drive:access_item_content chat:attachment_viewed",
    "data.export": """
        drive:download drive:export download export print copy drive:print drive:source_copy source_copy
        CUSTOMER_TAKEOUT_CREATED CUSTOMER_TAKEOUT_SUCCEEDED takeout:start_download takeout:initiated
        takeout:completed takeout:downloaded DOWNLOAD_USERLIST_CSV DOWNLOAD_REPORT attachment_downloaded
        user_initiated_takeout DATA_EXPORT
    """,
    "data.written": """
        drive:edit drive:create drive:upload drive:rename drive:move edit create upload rename move add_to_folder
        remove_from_folder untrash drive:untrash attachment_uploaded add_lock
    """,
    "data.deleted": "drive:delete drive:trash delete trash deleted",
    "message.sent": "message_posted room_created direct_message_started chat:message_edited",
    "alert.raised": """
        suspicious_login suspicious_login_less_secure_app suspicious_programmatic_login gov_attack_warning
        risky_sensitive_action_allowed risky_sensitive_action_blocked SUSPICIOUS_ACTIVITY_EVENT rule_match
        action_complete DEVICE_COMPROMISED_EVENT FAILED_PASSWORD_ATTEMPTS_EVENT blocked_sender ALERT_CREATED
        label_violation content_matched content_unmatched user_reported_phishing user_reported_spam
    """,
    "alert.changed": "ALERT_STATUS_CHANGED ALERT_DELETED rule_trigger",
    "resource.changed": """
        DEVICE_SYNC_EVENT DEVICE_REGISTER_UNREGISTER_EVENT OS_UPDATED_EVENT DEVICE_OWNERSHIP_CHANGE_EVENT
        DEVICE_SETTINGS_UPDATED_EVENT APPLICATION_EVENT DEVICE_ACTION_EVENT
    """,
    "session.opened": "meet:call_ended call_ended",
    "process.executed_remotely": "REMOTE_COMMAND",
}
_KINDS = table(_BY_TYPE)

_WHEN = paths("id.time time")
_EMAIL = paths("actor.email actor.key")
_PROFILE = paths("actor.profileId")
_IP = paths("ipAddress")
_APP = paths("id.applicationName")
_SUBJECT = paths(
    "target_user USER_EMAIL affected_email_address user_email new_owner target email_address member_id GROUP_EMAIL"
)
_THING = paths(
    "doc_title doc_id ROLE_NAME SETTING_NAME app_name APPLICATION_NAME GROUP_EMAIL group_email DEVICE_MODEL"
    " APP_ID client_id RULE_NAME rule_name event_info.subject calendar_id ORG_UNIT_NAME"
)
_THING_ID = paths("doc_id client_id DEVICE_ID device_id APP_ID event_info.message_info.rfc2822_message_id calendar_id")
_SORT = paths("doc_type APPLICATION_NAME")


def _is_activity(record: Mapping[str, object]) -> bool:
    if text_of(record.get("kind")) in {"admin#reports#activity", "audit#activity"}:
        return "id" in record or "events" in record
    held = mapping(record.get("id"))
    if "applicationName" not in held:
        return False
    return "events" in record or ("name" in record and ("type" in record or "actor" in record))


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    stamp = first_time(record, _WHEN, clock)
    events = record.get("events")
    if isinstance(events, list):
        found = [item for item in events if isinstance(item, dict)]
        if not found:
            return Unparsed("no activity: its list of events is empty")
        readings = tuple(_event(record, item, stamp, text) for item in found)
        return readings[0] if len(readings) == 1 else readings
    return _event(record, record, stamp, text)


def _event(record: Mapping[str, object], part: Mapping[str, object], stamp: Stamp, text: str) -> Event:
    name, app = text_of(part.get("name")), first(record, _APP)
    given = named_values(part.get("parameters"))
    if not given and isinstance(part.get("parameters"), str):
        given = dict(opened(part.get("parameters")))
    kind = (
        _KINDS.get(f"{app}:{name}")
        or _KINDS.get(name)
        or kind_by_words(name)
        or kind_by_words(text_of(part.get("type")), "resource.changed" if app == "admin" else "event.generic")
    )
    outcome = _outcome(kind, name, given)
    email, profile = first(record, _EMAIL), first(record, _PROFILE)
    src_ip = first_ip(record, _IP) or first_ip(given, paths("ip_address IP_ADDRESS remote_ip_address"))
    subject = first(given, _SUBJECT)
    subject = "" if subject == email else subject
    thing = first(given, _THING)
    about = " for ".join(filter(None, (thing if thing != subject else "", subject)))
    reason = first(given, paths("login_failure_type failure_reason"))
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        action=name,
        outcome=outcome,
        severity=2 if kind == "alert.raised" else 0,
        actor_id=profile or email,
        actor_name=email,
        actor_type=first(record, paths("actor.callerType")),
        subject_id=subject,
        subject_type="user" if subject else "",
        object_id=first(given, _THING_ID),
        object_name=thing,
        object_type=first(given, _SORT) or app,
        src_ip=src_ip,
        device_id=first(given, paths("DEVICE_ID device_id")),
        device_type=first(given, paths("DEVICE_TYPE device_type DEVICE_MODEL")),
        message=sentence(f"{app} {name}".strip(), email or profile, about, src_ip, reason or (
            outcome if outcome == "failure" else "")),
        tags=tags_with(stamp),
        attributes=text,
        keys=keys_of([
            *aliases((email,), profile or email, email),
            *aliases((first(given, paths("owner")),), email),
            ("custom", first(record, paths("id.uniqueQualifier"))),
        ]),
    )  # fmt: skip


def _outcome(kind: str, name: str, given: Mapping[str, object]) -> str:
    """Activities are things done; challenges and failures say so."""
    said = outcome_of(text_of(given.get("login_challenge_status"))) or outcome_of(text_of(given.get("status")))
    if said:
        return said
    if kind in {"auth.login_failed", "access.denied"} or "fail" in name.lower():
        return "failure"
    if kind in {"auth.mfa", "alert.raised", "alert.changed", "network.email"}:
        return ""
    return "success"


FORMAT = JsonRecords(
    name="google_workspace",
    version="1",
    source_name="google.workspace",
    mine=_is_activity,
    seen="Google Workspace activities",
    read=_read,
    begins=lambda head: b"admin#reports#activity" in head,
)
