"""Samples of :mod:`vestige.sources.cloud`."""

from __future__ import annotations

import json


def _lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _pretty(record: object) -> bytes:
    return json.dumps(record, indent=2).encode()


_TIME = "2026-01-01T00:00:00Z"
_IP = "192.0.2.7"

_OKTA = {
    "uuid": "u-1", "published": "2026-01-01T00:00:00.125Z", "eventType": "user.session.start", "version": "0",
    "severity": "INFO", "legacyEventType": "core.user_auth.login_failed", "displayMessage": "User login to Okta",
    "actor": {"id": "00u1", "type": "User", "alternateId": "ann@example.org", "displayName": "Ann"},
    "client": {"ipAddress": _IP, "device": "Computer"},
    "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
}  # fmt: skip
_SIGN_IN = {
    "time": _TIME, "category": "SignInLogs", "operationName": "Sign-in activity", "resultType": "50126",
    "resourceId": "/tenants/t/providers/Microsoft.aadiam",
    "properties": {"userId": "o-1", "userPrincipalName": "ann@example.org", "status": {"errorCode": 50126}},
}  # fmt: skip
_UAL = {
    "CreationTime": "2026-01-01T00:00:00", "Operation": "FileDownloaded", "RecordType": 6, "Workload": "SharePoint",
    "UserId": "ann@example.org", "UserType": 0, "ClientIP": _IP, "ObjectId": "https://x/a.docx",
}  # fmt: skip
_ROW = ("CreationDate,UserIds,Operations,AuditData\n2026-01-01T00:00:00,ann@example.org,FileDownloaded,"
         '"' + json.dumps(_UAL).replace('"', '""') + '"\n').encode()  # fmt: skip
_FLOW = b"2 123456789012 eni-0a 192.0.2.7 198.51.100.1 4444 22 6 5 400 1767225600 1767225660 REJECT OK\n"
_GCP = {
    "insertId": "i", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": _TIME,
    "protoPayload": {"serviceName": "iam.googleapis.com", "methodName": "google.iam.admin.v1.CreateServiceAccount",
                     "authenticationInfo": {"principalEmail": "ann@example.org"}},
}  # fmt: skip
_S3 = (b'0ac bucket [01/Jan/2026:00:00:00 +0000] 192.0.2.7 - R1 REST.GET.OBJECT a.txt "GET /a.txt HTTP/1.1" 403'
       b' AccessDenied 243 - 7 - "-" "curl/8" - h= SigV4 - AuthHeader b.s3.amazonaws.com TLSv1.2 - -\n')  # fmt: skip
_ELB = (b"https 2026-01-01T00:00:00.000001Z app/lb/1 192.0.2.7:4444 10.0.0.1:80 0.0 0.1 0.0 200 200 1 2"
        b' "GET https://a.example:443/ HTTP/1.1" "curl/8" - - arn "Root=1" "a.example" "-" 0 2026-01-01T00:00:00Z'
        b' "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"\n')  # fmt: skip

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "cloudtrail": (
        b'{"Records":[{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventSource":"iam.amazonaws.com",'
        b'"eventName":"CreateUser","sourceIPAddress":"192.0.2.7","userIdentity":{"type":"Root","accountId":"1"}}]}',
        b'{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"DeleteUser","userIdentity":{}}\n',
    ),
    "cloudtrail_digest": (
        _pretty({"awsAccountId": "1", "digestStartTime": "2026-01-01T00:00:00Z", "digestEndTime": "2026-01-01T01:00:00Z",
                 "digestS3Bucket": "b", "digestS3Object": "d.json.gz", "previousDigestHashValue": "cd",
                 "logFiles": [{"s3Object": "l.json.gz", "hashValue": "ab", "hashAlgorithm": "SHA-256"}]}),
    ),
    "okta": (_lines(_OKTA), _pretty([_OKTA, {**_OKTA, "eventType": "user.lifecycle.create"}])),
    "entra": (
        _lines(_SIGN_IN),
        _pretty({"value": [{"activityDateTime": _TIME, "activityDisplayName": "Add user", "result": "success",
                            "initiatedBy": {"user": {"id": "o-1", "userPrincipalName": "ann@example.org"}},
                            "targetResources": [{"id": "o-2", "type": "User", "userPrincipalName": "eve@example.org"}]}]}),
        _lines({"createdDateTime": _TIME, "userPrincipalName": "ann@example.org", "userId": "o-1", "appId": "a",
                "ipAddress": _IP, "status": {"errorCode": 0}}),
    ),
    "m365": (_lines(_UAL), _ROW),
    "github_audit": (
        _lines({"@timestamp": 1767225600125, "_document_id": "d", "action": "org.add_member", "actor": "ann",
                "actor_id": 7, "org": "o", "user": "eve"}),
    ),
    "github_webhook": (
        _lines({"action": "opened", "pull_request": {"number": 1, "title": "t", "updated_at": _TIME},
                "repository": {"full_name": "o/r"}, "sender": {"login": "ann"}}),
    ),
    "gitlab_webhook": (
        _lines({"object_kind": "merge_request", "user": {"id": 1, "username": "ann"},
                "project": {"path_with_namespace": "o/r"},
                "object_attributes": {"id": 9, "iid": 1, "title": "t", "action": "open", "updated_at": _TIME}}),
        _pretty({"object_kind": "push", "ref": "refs/heads/main", "after": "ab" * 20, "user_username": "ann",
                 "project_id": 1, "project": {"path_with_namespace": "o/r"}, "commits": [{"id": "ab" * 20}]}),
    ),
    "git_webhook": (
        _lines({"vestige": 1, "kind": "approved", "repository": "git.example.org/o/r", "at": _TIME, "actor": "ann",
                "number": 1, "head": "ab" * 20}),
    ),
    "slack_events": (
        _lines({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1767225600,
                "event": {"type": "message", "user": "U1", "channel": "C1", "text": "t", "ts": "1767225600.000100"}}),
    ),
    "google_workspace": (
        _pretty({"kind": "admin#reports#activities", "items": [
            {"kind": "admin#reports#activity", "id": {"time": _TIME, "applicationName": "login"},
             "actor": {"email": "ann@example.org", "profileId": "1"}, "ipAddress": _IP,
             "events": [{"type": "login", "name": "login_failure"}, {"type": "login", "name": "login_success"}]}]}),
    ),
    "gcp_audit": (_lines(_GCP), _pretty([_GCP])),
    "azure_activity": (
        _lines({"time": _TIME, "resourceId": "/SUBSCRIPTIONS/s/RESOURCEGROUPS/g/PROVIDERS/MICROSOFT.COMPUTE/DISKS/d",
                "operationName": "MICROSOFT.COMPUTE/DISKS/DELETE", "category": "Administrative",
                "resultType": "Success", "callerIpAddress": _IP, "correlationId": "c"}),
    ),
    "kubernetes_audit": (
        _lines({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a", "stage": "ResponseComplete",
                "verb": "create", "user": {"username": "ann"}, "sourceIPs": [_IP], "stageTimestamp": _TIME,
                "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "n", "name": "p"},
                "responseStatus": {"code": 101}}),
        _pretty({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [
            {"auditID": "a", "verb": "delete", "objectRef": {"resource": "secrets", "name": "s"}}]}),
    ),
    "vpc_flow": (
        _FLOW,
        b"version account-id interface-id srcaddr dstaddr action log-status start\n"
        b"2 1 eni-0a 192.0.2.7 198.51.100.1 ACCEPT OK 1767225600\n",
        _lines({"srcaddr": _IP, "dstaddr": "198.51.100.1", "srcport": 1, "dstport": 22, "action": "ACCEPT",
                "interface_id": "eni-0a", "start": 1767225600}),
    ),
    "s3_access": (_S3, _lines({"bucket": "b", "operation": "REST.GET.OBJECT", "remoteip": _IP, "httpstatus": 200,
                               "requester": "arn:aws:iam::1:user/ann", "time": _TIME})),
    "elb_access": (
        _ELB,
        b'2026-01-01T00:00:00.000001Z lb 192.0.2.7:1 10.0.0.1:80 0.0 0.1 0.0 200 200 0 29 "GET http://a/ HTTP/1.1" "c" - -\n',
    ),
    "auth0": (_lines({"log_id": "l", "data": {"log_id": "l", "type": "fp", "date": _TIME, "ip": _IP, "user_id": "auth0|1"}}),),
    "onelogin": (_lines({"event_type_id": "5", "actor_user_id": 7, "actor_user_name": "Ann", "ipaddr": _IP}),),
    "duo_auth": (
        _lines({"access_device": {"ip": _IP}, "application": {"name": "a"}, "event_type": "authentication",
                "factor": "duo_push", "result": "success", "user": {"name": "ann"}, "isotimestamp": _TIME}),
    ),
    "duo_admin": (
        _lines({"action": "user_create", "description": "{}", "isotimestamp": _TIME, "object": "eve", "username": "Ann"}),
    ),
    "onepassword": (
        _lines({"uuid": "u", "category": "credentials_failed", "type": "password_secret_bad", "timestamp": _TIME,
                "target_user": {"email": "ann@example.org"}, "client": {"ip_address": _IP}, "country": "DE"}),
    ),
    "teleport": (
        _lines({"event": "user.login", "code": "T1000W", "cluster_name": "c", "uid": "u", "time": _TIME, "user": "ann",
                "success": False, "error": "bad password", "addr.remote": "192.0.2.7:1"}),
    ),
    "tailscale": (
        _lines({"time": _TIME, "event": {"action": "CREATE", "eventGroupID": "g", "actor": {"id": "1", "loginName": "ann"},
                "target": {"type": "NODE", "id": "n"}, "origin": "ADMIN_CONSOLE"}}),
    ),
    "slack": (
        _lines({"action": "user_login", "date_create": 1767225600, "actor": {"type": "user", "user": {"id": "U1", "team": "T"}},
                "entity": {"type": "user"}, "context": {"ip_address": _IP}}),
    ),
    "zoom_activity": (_lines({"email": "ann@example.org", "client_type": "Browser", "ip_address": _IP, "time": _TIME,
                              "type": "Sign in"}),),
    "zoom_operation": (_lines({"action": "Update", "category_type": "Account", "operation_detail": "MFA off", "time": _TIME,
                               "operator": "ann@example.org"}),),
    "box": (_lines({"type": "event", "event_type": "DOWNLOAD", "created_at": _TIME, "ip_address": _IP, "source": {"id": "1"},
                    "created_by": {"id": "7", "login": "ann@example.org"}}),),
    "dropbox": (_lines({"timestamp": _TIME, "event_type": {"_tag": "file_download"}, "actor": {"_tag": "user", "user": {
                        "account_id": "dbid:1", "email": "ann@example.org"}}}),),
    "notion": (_lines({"event": {"id": "e", "type": "page.exported", "timestamp": _TIME, "workspace_id": "w",
                                 "ip_address": _IP, "actor": {"id": "1", "object": "user"}}}),),
    "asana": (_lines({"gid": "1", "created_at": _TIME, "event_type": "user_login_failed", "event_category": "logins",
                      "actor": {"email": "ann@example.org"}, "context": {"client_ip_address": _IP}}),),
    "atlassian": (_lines({"id": "1", "attributes": {"action": "user_login", "time": _TIME, "actor": {"id": "1"}}}),),
    "zendesk": (_lines({"id": 1, "action": "create", "action_label": "Created", "actor_id": 7, "actor_name": "Ann",
                        "source_type": "api_token", "created_at": _TIME, "ip_address": _IP}),),
    "docusign": (_lines({"event": "envelope-sent", "apiVersion": "v2.1", "configurationId": 1, "generatedDateTime": _TIME,
                         "data": {"accountId": "a", "userId": "u", "envelopeId": "e"}}),),
    "salesforce": (_lines({"EVENT_TYPE": "Login", "TIMESTAMP_DERIVED": _TIME, "ORGANIZATION_ID": "o", "USER_ID": "u",
                           "USER_NAME": "ann@example.org", "SOURCE_IP": _IP, "LOGIN_STATUS": "LOGIN_ERROR_INVALID_PASSWORD"}),),
    "openai": (_lines({"id": "audit_log-1", "object": "organization.audit_log", "type": "login.failed",
                       "effective_at": 1767225600, "actor": {"type": "session", "session": {"ip_address": _IP}}}),),
    "anthropic": (_lines({"id": "a", "created_at": _TIME, "organization_id": "o", "type": "claude_chat_viewed",
                          "actor": {"type": "user_actor", "user_id": "u", "ip_address": _IP}}),),
    "gitlab": (_lines({"id": 1, "author_id": 7, "entity_id": 1, "entity_type": "Project", "created_at": _TIME,
                       "details": {"add": "user_access", "author_name": "Ann"}, "target_details": "eve"}),),
    "snyk": (_lines({"event": "org.user.add", "groupId": "g", "orgId": "o", "userId": "u", "created": _TIME}),),
    "databricks": (_lines({"timestamp": 1767225600125, "serviceName": "accounts", "actionName": "login", "workspaceId": "1",
                           "userIdentity": {"email": "ann@example.org"}, "response": {"statusCode": 401}}),),
    "snowflake": (_lines({"EVENT_TIMESTAMP": _TIME, "EVENT_TYPE": "LOGIN", "USER_NAME": "ANN", "CLIENT_IP": _IP,
                          "IS_SUCCESS": "NO", "ERROR_MESSAGE": "INCORRECT_USERNAME_PASSWORD"}),),
    "mongodb_atlas": (_lines({"id": "1", "created": _TIME, "eventTypeName": "JOINED_ORG", "orgId": "o", "userId": "u"}),),
    "tines": (_lines({"id": 1, "created_at": _TIME, "operation_name": "Login", "request_ip": _IP, "tenant_id": "t",
                      "user_email": "ann@example.org", "user_id": "7"}),),
    "panther_audit": (_lines({"actionName": "UPDATE_USER", "actionResult": "FAILED", "timestamp": _TIME, "sourceIP": _IP,
                              "actor": {"id": "7", "attributes": {"email": "ann@example.org"}}}),),
    "axonius": (_lines({"source": "axonius", "time": 1767225600.125, "event": {"action": "AuditAction.LoginFrom",
                        "category": "AuditCategory.UserSession", "params": {"ip": _IP, "status": "fail"}, "user": "ann"}}),),
    "intune_audit": (_lines({"time": _TIME, "category": "AuditLogs", "operationName": "Delete ManagedDevice",
                             "resultType": "Success", "properties": {"AuditEventId": "1", "Actor": {"UPN": "ann@example.org"}}}),),
    "zscaler_admin": (_lines({"sourcetype": "zscalernss-audit", "event": {"action": "SIGN_IN", "adminid": "ann", "clientip": _IP,
                              "auditlogtype": "ZIA", "result": "FAILURE", "time": _TIME}}),),
    "netskope_audit": (_lines({"_id": "1", "audit_log_event": "Login Failed", "type": "admin_audit_logs", "user": "ann",
                               "timestamp": _TIME, "supporting_data": {"data_type": "user", "data_values": [_IP]}}),),
    "sublime_audit": (_lines({"id": "1", "created_at": _TIME, "type": "rule.delete", "created_by": {"id": "7",
                              "email_address": "ann@example.org"}, "data": {"request": {"ip": _IP}}}),),
    "guardduty": (_pretty([{"schemaVersion": "2.0", "id": "1", "type": "Recon:EC2/Portscan", "severity": 5, "title": "A port scan",
                            "updatedAt": _TIME, "service": {"serviceName": "guardduty", "action": {"networkConnectionAction": {
                                "remoteIpDetails": {"ipAddressV4": _IP}}}}}]),),
    "security_hub": (_pretty({"SchemaVersion": "2018-10-08", "Id": "1", "ProductArn": "p", "AwsAccountId": "1", "Title": "t",
                              "UpdatedAt": _TIME, "Severity": {"Label": "HIGH"}, "Resources": [{"Id": "r", "Type": "AwsEc2"}]}),),
    "aws_waf": (_lines({"timestamp": 1767225600125, "webaclId": "w", "action": "BLOCK", "terminatingRuleId": "r",
                        "httpRequest": {"clientIp": _IP, "uri": "/"}}),),
    "route53_resolver": (_pretty({"query_name": "a.example.", "query_timestamp": _TIME, "query_type": "A", "rcode": "NXDOMAIN",
                                  "srcaddr": _IP, "srcport": "5353", "transport": "UDP"}),),
    "bedrock_invocation": (_lines({"schemaType": "ModelInvocationLog", "timestamp": _TIME, "modelId": "m", "operation": "Converse",
                                   "identity": {"arn": "arn:aws:iam::1:user/ann"}, "input": {}, "output": {}}),),
    "crowdstrike_detection": (_lines({"ExternalApiType": "Event_EppDetectionSummaryEvent", "UTCTimestamp": _TIME, "Name": "NGAV",
                                      "Hostname": "h", "UserName": "ann", "SeverityName": "High", "LocalIP": _IP}),),
    "crowdstrike_stream": (_lines({"metadata": {"customerIDString": "c", "eventType": "AuthActivityAuditEvent", "offset": 1},
                                   "event": {"OperationName": "userAuthenticate", "ServiceName": "s", "Success": False,
                                             "UserId": "ann", "UserIp": _IP, "UTCTimestamp": 1767225600}}),),
    "crowdstrike_fdr": (_lines({"event_simpleName": "ProcessRollup2", "aid": "a", "cid": "c", "timestamp": "1767225600125",
                                "ComputerName": "h", "CommandLine": "id", "SHA256HashData": "ab"}),),
    "sentinelone": (_lines({"activityType": 27, "activityUuid": "u", "primaryDescription": "Ann logged in", "createdAt": _TIME,
                            "data": {"username": "Ann"}}),),
    "carbonblack_audit": (_lines({"eventId": "e", "eventTime": _TIME, "loginName": "ann", "orgName": "o", "clientIp": _IP,
                                  "description": "Deleted user eve", "flagged": False}),),
    "defender_hunting": (_lines({"time": _TIME, "category": "AdvancedHunting-DeviceLogonEvents", "operationName": "Publish",
                                 "properties": {"ActionType": "LogonFailed", "AccountName": "ann", "DeviceName": "h"}}),),
    "graph_alert": (_lines({"id": "1", "title": "Password Spray", "serviceSource": "s", "severity": "high",
                            "createdDateTime": _TIME, "evidence": []}),),
    "umbrella_dns": (_lines({"timestamp": _TIME, "internalIp": _IP, "externalIp": _IP, "action": "Blocked",
                             "domain": "a.example."}),),
    "cloudflare_firewall": (_lines({"Action": "block", "ClientIP": _IP, "RayID": "r", "RuleID": "1", "Source": "waf",
                                    "Datetime": _TIME}),),
    "cloudflare_http": (_lines({"ClientIP": _IP, "EdgeResponseStatus": 404, "EdgeStartTimestamp": _TIME, "RayID": "r",
                                "ClientRequestMethod": "GET", "ClientRequestURI": "/"}),),
    "proofpoint": (_lines({"messageTime": _TIME, "sender": "eve@example.org", "senderIP": _IP, "recipient": ["ann@example.org"],
                           "messageID": "<1@x>", "subject": "s"}),),
    "push_security": (_lines({"id": "1", "version": "1", "object": "LOGIN", "timestamp": 1767225600, "new": {
                              "employee": {"email": "ann@example.org"}, "sourceIpAddress": _IP}}),),
    "canary": (_lines({"AlertType": "CanarytokenIncident", "IncidentKey": "k", "Description": "d", "SourceIP": _IP,
                       "Timestamp": "2026-01-01 00:00:00 (UTC)"}),),
    "tracebit": (_lines({"alert_id": "a", "discriminator": {"type": "tracebit_alert_log"}, "message": "m", "timestamp": _TIME,
                         "event": {"operation": "o", "request": {"ip": _IP}}}),),
    "upwind": (_lines({"id": "1", "title": "t", "severity": "HIGH", "first_seen_time": _TIME, "last_seen_time": _TIME,
                       "occurrence_count": 1, "upwind_console_link": "l", "triggers": []}),),
    "wiz_audit": (_lines({"id": "1", "action": "DeleteConnector", "requestId": "r", "status": "FAILED", "timestamp": _TIME,
                          "actionParameters": {}, "sourceIP": _IP, "user": {"id": "7", "name": "ann"}}),),
    "wiz_issue": (_lines({"id": "1", "severity": "HIGH", "status": "OPEN", "createdAt": _TIME, "sourceRule": {"name": "r"},
                          "entitySnapshot": {"id": "e"}}),),
    "orca": (_lines({"alert_source": "Orca Scan", "asset_unique_id": "a", "asset_name": "n", "type_string": "t",
                     "state": {"alert_id": "orca-1", "severity": "high", "last_seen": _TIME}}),),
    "azure_portal": (
        b"Date (UTC),Request ID,User ID,Username,Application,IP address,Status,Sign-in error code,Failure reason\r\n"
        b"2026-01-01T10:00:00Z,r-1,u-1,bob@example.org,Portal,192.0.2.7,Failure,50126,Invalid password\r\n",
        b"Date (UTC),CorrelationId,Service,Category,Activity,Result,ActorType,ActorObjectId,Target1Type,Target1ObjectId\n"
        b"2026-01-01T10:00:00Z,c-1,Core Directory,UserManagement,Add user,success,User,u-2,User,u-1\n",
        b"Correlation id,Operation name,Status,Event category,Level,Time,Event initiated by,Resource\n"
        b"c-1,Delete Virtual Machine,Succeeded,Administrative,Informational,2026-01-01T10:00:00Z,amy@example.org,vm-1\n",
    ),
    "log_analytics": (
        b"TimeGenerated [UTC],Computer,EventID,Account,Activity\n"
        b'"1/23/2026, 10:00:00.123 AM",WS7,4625,CORP\\bob,4625 - An account failed to log on.\n',
        b"TimeGenerated,Facility,SeverityLevel,HostName,ProcessName,SyslogMessage\n"
        b"2026-01-01T10:00:00Z,auth,info,web-1,sshd,Accepted password for bob from 192.0.2.7 port 22 ssh2\n",
    ),
}  # fmt: skip
