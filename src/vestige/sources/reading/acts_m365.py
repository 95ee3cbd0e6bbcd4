"""Operations of Microsoft 365's unified audit log, in the vocabulary's words.

One table for the format and for these names in any JSON. References: learn.microsoft.com "Audit log activities" and
"Office 365 Management Activity API schema". What is not named here is told by the words of the name.
"""

from __future__ import annotations

M365: dict[str, str] = {
    "auth.login": "UserLoggedIn PasswordLogonInitialAuthUsingPassword TeamsSessionStarted SignInEvent",
    "auth.login_failed": "UserLoginFailed PasswordLogonInitialAuthUsingPasswordFailed",
    "auth.logout": "UserLoggedOut",
    "email.read": """
        MailItemsAccessed MessageBind FolderBind MailboxLogin PreviewedEmail EmailAccessed ViewedSearchPreviewed
    """,
    "email.rule_changed": """
        New-InboxRule Set-InboxRule Enable-InboxRule Disable-InboxRule Remove-InboxRule UpdateInboxRules Set-Mailbox
        Set-MailboxJunkEmailConfiguration New-TransportRule Set-TransportRule Enable-TransportRule
        Disable-TransportRule Remove-TransportRule Set-MailboxAutoReplyConfiguration New-SweepRule Set-SweepRule
        Set-CASMailbox Set-OwaMailboxPolicy
    """,
    "message.sent": """
        Send SendAs SendOnBehalf MessageSent ChatCreated MessageCreatedHasLink MessageCreatedNotification
        MessageEditedHasLink MeetingParticipantDetail ReactedToMessage
    """,
    "data.deleted": """
        SoftDelete HardDelete MoveToDeletedItems FileDeleted FileRecycled FileDeletedFirstStageRecycleBin
        FileDeletedSecondStageRecycleBin FolderDeleted FolderRecycled MessageDeleted FileVersionRecycled
        FileVersionsAllRecycled FolderDeletedFirstStageRecycleBin RecycledFile ListItemDeleted ListItemRecycled
        FileVersionsAllDeleted Remove-MailboxSearch
    """,
    "data.read": """
        FileAccessed FileAccessedExtended FilePreviewed FileSearched SearchQueryPerformed PageViewed PageViewedExtended
        ListItemViewed ListViewed ViewReport ViewDashboard FolderOpened SearchQueryInitiatedExchange
        SearchQueryInitiatedSharePoint ClientViewSignaled PagePrefetched ViewTile MessageRead ListColumnViewed
        MessagesListed ChatRetrieved
    """,
    "data.export": """
        FileDownloaded FileSyncDownloadedFull FileSyncDownloadedPartial ExportReport SearchExported ExportForm
        SearchExportDownloaded DownloadedReport New-MailboxExportRequest ViewedSearchExported MessagesExported
        RecordingExported AnalyzedByExternalApplication ExportArtifact New-ComplianceSearchAction
    """,
    "data.written": """
        FileUploaded FileModified FileModifiedExtended FileCopied FileMoved FileRenamed FileRestored FileCheckedIn
        FileCheckedOut FileSyncUploadedFull FileSyncUploadedPartial FolderCreated FolderModified FolderRenamed
        FolderMoved FolderCopied FolderRestored Create Update Move Copy ListItemCreated ListItemUpdated
        FileCheckOutDiscarded ListCreated ListUpdated ListItemRestored CreateForm EditForm FileLocked FileUnlocked
        ModifyFolderPermissions RemoveFolderPermissions
    """,
    "data.shared": """
        SharingSet SharingInvitationCreated AnonymousLinkCreated AnonymousLinkUpdated SecureLinkCreated
        SecureLinkUpdated AddedToSecureLink CompanyLinkCreated SharingInvitationAccepted AddedToSharingLink
        SharingLinkCreated SharingLinkUpdated ShareReport SharingInvitationUpdated AnonymousLinkUsed SecureLinkUsed
        CompanyLinkUsed SharingLinkUsed SharingInheritanceBroken SharePointSharing PublishToWebReport
        AccessRequestCreated AccessInvitationCreated SharedLinkCreated
    """,
    "access.granted": """
        Add-MailboxPermission Add-MailboxFolderPermission Add-RecipientPermission Set-MailboxFolderPermission
        AddedToGroup SitePermissionsModified GroupAdded PermissionLevelAdded MemberAdded
        Add-RoleGroupMember New-ManagementRoleAssignment AccessRequestApproved MemberRoleChanged
        SiteCollectionAdminAdded Add-DistributionGroupMember New-RoleGroup AddGroupMembers AddFolderPermissions
        AppInstalled AddDataflowPermission AccessInvitationAccepted BotAddedToTeam
    """,
    "access.revoked": """
        Remove-MailboxPermission Remove-MailboxFolderPermission Remove-RecipientPermission RemovedFromGroup
        SiteCollectionAdminRemoved MemberRemoved Remove-RoleGroupMember Remove-ManagementRoleAssignment
        AnonymousLinkRemoved SecureLinkDeleted CompanyLinkRemoved SharingRevoked RemovedFromSecureLink
        SharingInvitationRevoked GroupRemoved Remove-DistributionGroupMember AppUninstalled SharingLinkDeleted
        AccessRequestDenied BotRemovedFromTeam
    """,
    "logging.disabled": """
        Set-AdminAuditLogConfig Set-MailboxAuditBypassAssociation Remove-UnifiedAuditLogRetentionPolicy
    """,
    "logging.changed": "New-UnifiedAuditLogRetentionPolicy Set-UnifiedAuditLogRetentionPolicy Search-UnifiedAuditLog",
    "policy.changed": """
        Set-SharingPolicy SharingPolicyChanged New-DlpCompliancePolicy Set-DlpCompliancePolicy
        Remove-DlpCompliancePolicy Set-MalwareFilterPolicy Remove-MalwareFilterRule Disable-MalwareFilterRule
        Set-AntiPhishPolicy Remove-AntiPhishPolicy Remove-AntiPhishRule Disable-AntiPhishRule Set-SafeLinksPolicy
        Remove-SafeLinksPolicy Disable-SafeLinksRule Remove-SafeAttachmentPolicy Disable-SafeAttachmentRule
        Set-HostedContentFilterPolicy Set-HostedConnectionFilterPolicy New-RemoteDomain Set-RemoteDomain
        NetworkAccessPolicyChanged DeviceAccessPolicyChanged SiteCollectionCreated TeamSettingChanged
        TeamsTenantSettingChanged Set-OrganizationConfig Set-TransportConfig Set-ConditionalAccessPolicy
        ChannelSettingChanged UpdatedOrganizationSettings Set-DkimSigningConfig New-InboundConnector
        New-OutboundConnector Set-InboundConnector Set-OutboundConnector Install-AdminAuditLogConfig
        UnmanagedSyncClientBlocked SharingPolicyUpdated
    """,
    "alert.raised": """
        AlertTriggered AlertEntityGenerated TIUrlClickData TIMailData FileMalwareDetected DlpRuleMatch DLPRuleMatch
        AtpDetection AirInvestigationData Insight UrlClickData
    """,
    "alert.changed": "AlertUpdated DlpRuleUndo AirManualInvestigation ",
    "process.executed_remotely": "LiveResponseGetFile RunLiveResponseSession RunAntiVirusScan IsolateDevice",
    "model.invoked": "CopilotInteraction AIInteraction ConnectedAIAppInteraction",
    "account.created": "TeamCreated New-Mailbox New-MailUser New-DistributionGroup ChannelAdded New-UnifiedGroup",
    "account.deleted": "TeamDeleted Remove-Mailbox Remove-MailUser Remove-DistributionGroup ChannelDeleted",
}
M365_SPACED: dict[str, str] = {
    "Add user.": "account.created",
    "Delete user.": "account.deleted",
    "Hard Delete user.": "account.deleted",
    "Disable account.": "account.disabled",
    "Enable account.": "account.enabled",
    "Update user.": "account.changed",
    "Restore user.": "account.created",
    "Change user license.": "account.changed",
    "Set license properties.": "account.changed",
    "Change user password.": "account.credential_changed",
    "Reset user password.": "account.credential_changed",
    "Set force change user password.": "account.credential_changed",
    "Set domain authentication.": "policy.changed",
    "Set federation settings on domain.": "policy.changed",
    "Set Company Information.": "policy.changed",
    "Add member to group.": "access.granted",
    "Remove member from group.": "access.revoked",
    "Add member to role.": "access.granted",
    "Remove member from role.": "access.revoked",
    "Add owner to group.": "access.granted",
    "Add owner to service principal.": "access.granted",
    "Add owner to application.": "access.granted",
    "Add eligible member to role.": "access.granted",
    "Add app role assignment grant to user.": "access.granted",
    "Add app role assignment to service principal.": "access.granted",
    "Remove app role assignment from service principal.": "access.revoked",
    "Add delegated permission grant.": "access.granted",
    "Remove delegated permission grant.": "access.revoked",
    "Add OAuth2PermissionGrant.": "access.granted",
    "Add delegation entry.": "access.granted",
    "Consent to application.": "access.granted",
    "Add group.": "account.created",
    "Delete group.": "account.deleted",
    "Update group.": "account.changed",
    "Add service principal.": "account.created",
    "Remove service principal.": "account.deleted",
    "Update service principal.": "account.changed",
    "Add application.": "account.created",
    "Delete application.": "account.deleted",
    "Update application.": "account.changed",
    "Add service principal credentials.": "account.credential_changed",
    "Remove service principal credentials.": "account.credential_changed",
    "Update application \N{EN DASH} Certificates and secrets management.": "account.credential_changed",
    "Update application - Certificates and secrets management.": "account.credential_changed",
    "Update StsRefreshTokenValidFrom Timestamp.": "auth.token_revoked",
    "Add policy.": "policy.changed",
    "Update policy.": "policy.changed",
    "Delete policy.": "policy.changed",
    "Add conditional access policy.": "policy.changed",
    "Update conditional access policy.": "policy.changed",
    "Delete conditional access policy.": "policy.changed",
    "Add device.": "resource.created",
    "Delete device.": "resource.deleted",
    "Update device.": "resource.changed",
    "Add registered owner to device.": "resource.changed",
    "Add registered users to device.": "resource.changed",
    "Register device": "resource.created",
}
