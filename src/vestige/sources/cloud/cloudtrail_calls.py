"""What AWS calls mean, in the vocabulary's words: calls of security meaning by name, all others by their verb.

A name is looked up with its service first (``ssm.amazonaws.com`` ``StartSession``), then alone, then by the longest
prefix. API version suffixes (``UpdateFunctionCode20150331v2``) are dropped before. What a call did *not* manage to do
is told by the outcome, not by another type.
"""

from __future__ import annotations

import re
from functools import lru_cache

_BY_TYPE: dict[str, str] = {
    "auth.login": """
        ConsoleLogin UserAuthentication Authenticate cognito-idp:InitiateAuth cognito-idp:AdminInitiateAuth
        cognito-idp:RespondToAuthChallenge cognito-idp:AdminRespondToAuthChallenge
    """,
    "auth.logout": "Logout cognito-idp:GlobalSignOut cognito-idp:AdminUserGlobalSignOut",
    "auth.mfa": "CheckMfa CredentialChallenge CredentialVerification",
    "auth.role_assumed": """
        AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot SwitchRole RenewRole Federate
        sts:AssumeRoleForPodIdentity eks-auth:AssumeRoleForPodIdentity rolesanywhere:CreateSession
    """,
    "auth.token_issued": """
        GetSessionToken GetFederationToken GetSigninToken sso-oauth:CreateToken CreateTokenWithIAM GetRoleCredentials
        GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity GetAuthorizationToken
        CreatePresignedNotebookInstanceUrl CreatePresignedDomainUrl CreatePresignedMlflowTrackingServerUrl GetDataAccess
        cloudshell:PutCredentials GetClusterCredentials GetClusterCredentialsWithIAM CreateServiceSpecificCredential
        cloudshell:CreateDelegatedSession GetServiceBearerToken
    """,
    "session.opened": """
        ssm:StartSession ssm:ResumeSession cloudshell:CreateSession cloudshell:CreateEnvironment
        cloudshell:StartEnvironment OpenTunnel
    """,
    "session.closed": "ssm:TerminateSession ExitRole CloseTunnel cloudshell:DeleteEnvironment",
    "account.created": """
        CreateUser CreateRole CreateGroup CreateServiceLinkedRole CreateAccount CreateGovCloudAccount
        CreateAccountResult InviteAccountToOrganization SignUp AdminCreateUser
    """,
    "account.deleted": "DeleteUser DeleteRole DeleteGroup DeleteServiceLinkedRole AdminDeleteUser CloseAccount",
    "account.changed": """
        UpdateUser UpdateRole UpdateGroup UpdateRoleDescription TagUser UntagUser TagRole UntagRole CreateAccountAlias
        DeleteAccountAlias EmailUpdated AdminDisableUser AdminEnableUser AdminConfirmSignUp AdminUpdateUserAttributes
        DisableUser EnableUser PutAlternateContact
    """,
    "account.credential_changed": """
        CreateLoginProfile UpdateLoginProfile DeleteLoginProfile ChangePassword CreateAccessKey UpdateAccessKey
        DeleteAccessKey EnableMFADevice DeactivateMFADevice CreateVirtualMFADevice DeleteVirtualMFADevice
        ResyncMFADevice UploadSSHPublicKey UpdateSSHPublicKey DeleteSSHPublicKey UploadSigningCertificate
        DeleteSigningCertificate ResetServiceSpecificCredential DeleteServiceSpecificCredential CreateKeyPair
        ImportKeyPair DeleteKeyPair PasswordRecoveryRequested PasswordRecoveryCompleted PasswordUpdated MfaDeviceAdded
        SetUserMFAPreference AdminSetUserPassword AdminResetUserPassword ForgotPassword ConfirmForgotPassword
        StartVirtualMfaDeviceRegistration DeleteMfaDevice DeleteMfaDeviceForUser UpdatePassword
    """,
    "access.granted": """
        AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy PutGroupPolicy AddUserToGroup
        AddRoleToInstanceProfile UpdateAssumeRolePolicy AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation
        CreateGrant AddPermission AddLayerVersionPermission SendSSHPublicKey SendSerialConsoleSSHPublicKey
        EnableSerialConsoleAccess ModifySnapshotAttribute ModifyImageAttribute ModifyDBSnapshotAttribute
        ModifyDBClusterSnapshotAttribute CreateTrustAnchor rolesanywhere:CreateProfile rolesanywhere:EnableTrustAnchor
        rolesanywhere:EnableProfile CreateAccountAssignment AttachManagedPolicyToPermissionSet
        AttachCustomerManagedPolicyReferenceToPermissionSet PutInlinePolicyToPermissionSet AddMemberToGroup
        CreateGroupMembership CreateResourceShare AssociateResourceShare PutFoundationModelEntitlement
        PutUseCaseForModelAccess CreateFoundationModelAgreement CreateAccessEntry AssociateAccessPolicy
        AdminAddUserToGroup CreateSAMLProvider CreateOpenIDConnectProvider AddClientIDToOpenIDConnectProvider
        GrantPermissions lakeformation:GrantPermissions AcceptHandshake RegisterDelegatedAdministrator
        EnableAWSServiceAccess
    """,
    "access.revoked": """
        DetachUserPolicy DetachRolePolicy DetachGroupPolicy DeleteUserPolicy DeleteRolePolicy DeleteGroupPolicy
        RemoveUserFromGroup RemoveRoleFromInstanceProfile DisassociateIamInstanceProfile RetireGrant RevokeGrant
        RemovePermission RemoveLayerVersionPermission DisableSerialConsoleAccess DeleteAccountAssignment
        DetachManagedPolicyFromPermissionSet DeleteInlinePolicyFromPermissionSet RemoveMemberFromGroup
        DeleteGroupMembership DisassociateResourceShare DeleteResourceShare DeleteAccessEntry DisassociateAccessPolicy
        AdminRemoveUserFromGroup DeleteSAMLProvider DeleteOpenIDConnectProvider DeleteTrustAnchor DisableTrustAnchor
        RevokePermissions DeregisterDelegatedAdministrator DisableAWSServiceAccess LeaveOrganization
        RemoveAccountFromOrganization
    """,
    "policy.changed": """
        CreatePolicy CreatePolicyVersion SetDefaultPolicyVersion DeletePolicy DeletePolicyVersion
        PutUserPermissionsBoundary DeleteUserPermissionsBoundary PutRolePermissionsBoundary
        DeleteRolePermissionsBoundary UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy PutBucketPolicy
        DeleteBucketPolicy PutBucketAcl PutObjectAcl PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock
        PutPublicAccessBlock DeletePublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock
        PutBucketCors PutBucketReplication PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle
        PutBucketVersioning PutBucketEncryption DeleteBucketEncryption PutBucketOwnershipControls PutKeyPolicy
        PutResourcePolicy DeleteResourcePolicy SetQueueAttributes SetTopicAttributes SetRepositoryPolicy
        DeleteRepositoryPolicy PutRegistryPolicy UpdatePolicy AttachPolicy DetachPolicy DisablePolicyType
        EnablePolicyType UpdateSAMLProvider UpdateOpenIDConnectProviderThumbprint DisableEbsEncryptionByDefault
        EnableEbsEncryptionByDefault SetSecurityTokenServicePreferences PutImageScanningConfiguration PutVaultLockPolicy
        PutObjectLockConfiguration PutObjectRetention PutObjectLegalHold DeleteRulesPackage
        ModifyInstanceMetadataOptions UpdateConformancePack DeleteConformancePack
    """,
    "data.read": """
        GetObject HeadObject SelectObjectContent GetObjectTorrent ListObjects ListObjectsV2 ListObjectVersions GetItem
        BatchGetItem TransactGetItems dynamodb:Query dynamodb:Scan BatchGetImage GetDownloadUrlForLayer Decrypt
        ReEncrypt GetConsoleScreenshot GetConsoleOutput DownloadDBLogFilePortion GetRecords GetQueryResults GetLogEvents
        FilterLogEvents ListSnapshotBlocks ListChangedBlocks GetSnapshotBlock ReceiveMessage athena:StartQueryExecution
        ExecuteStatement BatchExecuteStatement logs:StartQuery GetParameterHistory GetMedia DownloadDefaultKeyPair
        GetBlob GetFile GetFolder
    """,
    "data.written": """
        PutObject CopyObject UploadPart CompleteMultipartUpload CreateMultipartUpload RestoreObject PutItem UpdateItem
        BatchWriteItem TransactWriteItems PutImage Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext
        GenerateDataKeyPair PutRecord PutRecords SendMessage SendMessageBatch InitiateLayerUpload UploadLayerPart
        CompleteLayerUpload PutSnapshotBlock StartSnapshot CompleteSnapshot PutLogEvents
    """,
    "data.deleted": """
        DeleteObject DeleteObjects DeleteObjectVersion DeleteItem PurgeQueue BatchDeleteImage DeleteMessage
    """,
    "data.export": """
        ExportImage CreateInstanceExportTask rds:StartExportTask ExportTableToPointInTime CreateStoreImageTask
        logs:CreateExportTask ExportServerEngineAttribute GetExportSnapshotRecords
    """,
    "secret.read": """
        GetSecretValue BatchGetSecretValue GetPasswordData GetParameter GetParameters GetParametersByPath
        GetRandomPassword ExportCertificate
    """,
    "secret.changed": """
        CreateSecret PutSecretValue UpdateSecret DeleteSecret RotateSecret RestoreSecret CancelRotateSecret
        UpdateSecretVersionStage PutParameter DeleteParameter DeleteParameters ReplicateSecretToRegions
    """,
    "logging.disabled": """
        StopLogging DeleteTrail DeleteEventDataStore StopEventDataStoreIngestion DeleteFlowLogs DeleteLogGroup
        DeleteLogStream StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel DeleteDetector
        DisableSecurityHub DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig DeleteLoggingConfiguration
        DeleteMetricFilter DeleteSubscriptionFilter DisableMacie DeleteModelInvocationLoggingConfiguration
        inspector2:Disable DeleteAlarms DisableAlarmActions DeleteRuleGroup DeletePublishingDestination
        DisassociateFromMasterAccount DisassociateFromAdministratorAccount DisassociateMembers StopMonitoringMembers
        DeleteMembers DisableOrganizationAdminAccount
    """,
    "logging.changed": """
        PutEventSelectors UpdateTrail CreateTrail StartLogging CreateFlowLogs CreateLogGroup CreateLogStream
        PutRetentionPolicy DeleteRetentionPolicy PutInsightSelectors PutBucketLogging PutConfigurationRecorder
        StartConfigurationRecorder PutDeliveryChannel CreateDetector UpdateDetector EnableSecurityHub
        PutLoggingConfiguration PutMetricFilter PutSubscriptionFilter CreateResolverQueryLogConfig
        AssociateResolverQueryLogConfig EnableMacie PutModelInvocationLoggingConfiguration guardduty:CreateFilter
        guardduty:UpdateFilter guardduty:CreateIPSet guardduty:UpdateIPSet CreateEventDataStore UpdateEventDataStore
        StartEventDataStoreIngestion events:DisableRule events:DeleteRule PutMetricAlarm EnableAlarmActions
        PutStorageLensConfiguration
    """,
    "network.exposed": """
        AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress AttachInternetGateway CreateVpcPeeringConnection
        AcceptVpcPeeringConnection CreateClientVpnEndpoint AuthorizeClientVpnIngress CreateVpnConnection
        CreateFunctionUrlConfig UpdateFunctionUrlConfig AssociateAddress AuthorizeDBSecurityGroupIngress
        AuthorizeClusterSecurityGroupIngress AuthorizeCacheSecurityGroupIngress AcceptTransitGatewayPeeringAttachment
    """,
    "process.executed_remotely": """
        SendCommand StartAutomationExecution CreateAssociation UpdateAssociation StartAssociationsOnce
        ecs:ExecuteCommand UpdateAssociationStatus
    """,
    "process.started": """
        Invoke InvokeAsync InvokeFunction RunTask StartTask RunJobFlow StartJobRun SubmitJob StartExecution
        StartSyncExecution RunCommand
    """,
    "process.stopped": "StopTask StopExecution TerminateJob CancelCommand CancelJob",
    "model.invoked": """
        InvokeModel InvokeModelWithResponseStream Converse ConverseStream InvokeAgent InvokeEndpoint InvokeEndpointAsync
        RetrieveAndGenerate InvokeFlow InvokeInlineAgent StartAsyncInvoke CreateModelInvocationJob
        InvokeModelWithBidirectionalStream
    """,
    "repository.accessed": "GitPull codecommit:GetRepository",
    "code.pushed": "GitPush codecommit:CreateCommit PutFile",
    "code.reviewed": """
        MergePullRequestByFastForward MergePullRequestBySquash MergePullRequestByThreeWay UpdatePullRequestApprovalState
    """,
    "ci.run": "StartBuild StartBuildBatch RetryBuild StartPipelineExecution",
    "deploy.started": "CreateDeployment StartDeployment codedeploy:ContinueDeployment",
    "deploy.rolled_back": "RollbackStack RollbackInstanceRefresh",
    "billing.read": """
        GetCostAndUsage GetCostForecast GetCostAndUsageWithResources GetDimensionValues ViewBilling GetBillingData
    """,
    "service.request": "SendEmail SendRawEmail SendBulkEmail Publish PublishBatch sms-voice:SendTextMessage",
}

_BY_VERB: dict[str, str] = {
    "resource.read": """
        Describe Get List Head Lookup Search Check Validate Test Preview Estimate Simulate View Read Query Scan Filter
        Detect Verify Retrieve Select Evaluate Calculate Decode Discover Download Poll Receive Is Count Refresh Compare
        Match Parse Review Summarize Resolve Translate Recognize Classify Analyze Predict Infer Synthesize
    """,
    "resource.created": """
        Create Run Allocate Register Import Copy Launch Provision Request Purchase Publish Upload Build Generate Clone
        Insert Open Declare Define Issue Order Schedule Restore Instantiate Initialize
    """,
    "resource.deleted": """
        Delete Terminate Deregister Release Purge Destroy Cancel Abort Close Unsubscribe Discard Forget Retire
        Decommission Remove Drop Archive
    """,
    "resource.changed": """
        Update Modify Put Set Change Attach Detach Associate Disassociate Add Enable Disable Start Stop Reboot Tag Untag
        Replace Reset Promote Rotate Merge Apply Accept Reject Assign Unassign Move Complete Initiate Submit Send Notify
        Resume Suspend Pause Activate Deactivate Configure Upgrade Migrate Install Uninstall Transfer Swap Failover
        Force Trigger Retry Reload Rebuild Recover Record Link Unlink Subscribe Switch Split Shutdown Poweroff Confirm
        Connect Disconnect Join Leave Lock Unlock Increase Decrease Scale Resize Extend Renew Sync Ingest Index Execute
        Exit Enter Edit Deploy Approve Acknowledge Allow Deny Block Unblock Bind Unbind Mount Unmount Convert Advertise
        Withdraw Authorize Quarantine Rename Reorder Respond Signal Save Store Write Mark Monitor Unmonitor
        Manage Opt Patch Pin Unpin Process Propagate Push Rollback Share Unshare Toggle Warm
    """,
    "process.started": "Invoke",
    "data.export": "Export",
    "access.granted": "Grant",
    "access.revoked": "Revoke",
}

_NAMED = {call: kind for kind, calls in _BY_TYPE.items() for call in calls.split()}
_VERBS = {verb: kind for kind, verbs in _BY_VERB.items() for verb in verbs.split()}
_VERSION = re.compile(r"\d{4}_?\d\d_?\d\d(?:v\d+)?$")
_VERB = re.compile(r"[A-Z][a-z]+")
_BILLING = frozenset(
    {"ce", "cur", "billing", "billingconsole", "budgets", "cost-optimization-hub", "freetier", "tax", "payments"}
)


@lru_cache(maxsize=8192)
def type_of_call(source: str, name: str, read_only: bool | None) -> str:
    """The event type of a call.

    Args:
        source: ``eventSource``: ``iam.amazonaws.com``.
        name: ``eventName``.
        read_only: what the record itself says, if it does.
    """
    service = source.partition(".")[0]
    call = _VERSION.sub("", name)
    kind = _NAMED.get(f"{service}:{call}") or _NAMED.get(call)
    if kind is not None:
        return kind
    for part in (call, call.removeprefix("Batch"), call.removeprefix("Admin")):
        verb = _VERB.match(part)
        kind = _VERBS.get(verb[0]) if verb is not None else None
        if kind is not None:
            return "billing.read" if kind == "resource.read" and service in _BILLING else kind
    return "resource.read" if read_only else "cloud.call"
