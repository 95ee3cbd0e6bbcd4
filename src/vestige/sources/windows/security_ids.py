"""What the events of the Windows security log mean: Microsoft-Windows-Security-Auditing and its neighbours.

The columns are those of :mod:`vestige.sources.windows.meanings`.
"""

SECURITY = r"""
[security-auditing]
1100 logging.disabled           - - -                        -                          | event logging service stopped
1101 logging.lost               - - -                        -                          | audit events dropped
1102 logging.disabled           A - -                        -                          | audit log cleared
1104 logging.lost               - - -                        -                          | security log full
1105 logging.changed            - - -                        -                          | event log backed up automatically
1108 logging.lost               - - -                        -                          | event that the logging service could not process
4608 host.started               - - -                        -                          | Windows starting up
4609 host.stopped               - - -                        -                          | Windows shutting down
4610 module.loaded              - - AuthenticationPackageName:package -                 | authentication package loaded
4611 module.loaded              S - LogonProcessName:logon_process -                    | trusted logon process registered
4612 logging.lost               - - -                        -                          | audit messages lost for want of resources
4614 module.loaded              - - NotificationPackageName:package -                   | password notification package loaded
4616 host.clock_changed         S - -                        PreviousTime,NewTime,ProcessName | system time changed
4618 alert.raised               - - -                        -                          | monitored security event pattern seen
4621 host.started               - - -                        -                          | recovered from CrashOnAuditFail
4622 module.loaded              - - SecurityPackageName:package -                       | security package loaded
4624 auth.login                 T R -                        LogonType,LogonProcessName,AuthenticationPackageName,ProcessName + | logon
4625 auth.login_failed          T R -                        LogonType,SubStatus,Status,ProcessName ! | failed logon
4626 auth.role_assumed          T R -                        LogonType                  | user and device claims of a logon
4627 access.checked             T R -                        LogonType                  | group membership of a logon
4634 auth.logout                T - -                        LogonType                + | logoff
4646 network.protocol           - - -                        -                          | IKE denial-of-service protection started
4647 auth.logout                T - -                        -                        + | logoff by the user
4648 auth.role_assumed          S T TargetServerName:host    ProcessName                | explicit credentials used
4649 alert.raised               S T -                        -                          | replay attack detected
4650 network.protocol           - - -                        -                          | IPsec main mode established
4651 network.protocol           - - -                        -                          | IPsec main mode established with a certificate
4652 network.denied             - - -                        FailureReason            ! | IPsec main mode failed
4653 network.denied             - - -                        FailureReason            ! | IPsec main mode failed
4654 network.denied             - - -                        FailureReason            ! | IPsec quick mode failed
4655 network.protocol           - - -                        -                          | IPsec main mode ended
4656 access.checked/access.denied S - ObjectName:@           AccessMask,ProcessName     | handle to an object requested
4657 registry.changed           S - ObjectName:registry      ObjectValueName,NewValue,ProcessName | registry value changed
4658 access.checked             S - -                        HandleId,ProcessName       | handle to an object closed
4659 access.checked/access.denied S - ObjectName:@           AccessMask,ProcessName     | handle for deletion requested
4660 data.deleted               S - -                        HandleId,ProcessName       | object deleted
4661 access.checked/access.denied S - ObjectName:@           AccessMask,ProcessName     | handle to a directory object requested
4662 data.read/access.denied    S - ObjectName:@             OperationType,AccessMask,Properties | operation on a directory object
4663 access.checked/access.denied S - ObjectName:@           AccessMask,ProcessName     | object accessed
4664 file.created               S - FileName:file            LinkName                   | hard link created
4665 access.checked             - - AppName:application      -                          | application client context created
4666 access.checked             - - AppName:application      -                          | application operation attempted
4667 access.checked             - - AppName:application      -                          | application client context deleted
4668 access.checked             - - AppName:application      -                          | application initialised
4670 access.granted             S - ObjectName:@             ProcessName,NewSd          | permissions on an object changed
4671 access.denied              S - -                        -                        ! | blocked ordinal reached through the TBS
4672 auth.privilege_used        S - -                        PrivilegeList              | special privileges given to a logon
4673 auth.privilege_used/auth.privilege_refused S - Service:service PrivilegeList,ProcessName | privileged service called
4674 auth.privilege_used/auth.privilege_refused S - ObjectName:@ PrivilegeList,ProcessName | operation on a privileged object
4675 access.revoked             S T -                        -                          | SIDs filtered
4685 file.changed               S - -                        ProcessName                | state of a transaction changed
4688 process.started            C R NewProcessName:process   CommandLine,ParentProcessName | process started
4689 process.stopped            S - ProcessName:process      Status                     | process ended
4690 access.checked             S - -                        SourceHandleId,TargetProcessId | handle to an object duplicated
4691 access.checked             S - ObjectName:@             AccessMask                 | indirect access to an object requested
4692 data.export                S - MasterKeyId:key          -                          | data protection master key backed up
4693 secret.read                S - MasterKeyId:key          -                          | data protection master key recovered
4694 secret.changed             S - DataDescription:data     -                          | protected data sealed
4695 secret.read                S - DataDescription:data     MasterKeyId                | protected data opened
4696 auth.role_assumed          S T TargetProcessName:process -                         | primary token assigned to a process
4697 service.installed          S - ServiceName:service      ServiceFileName,ServiceAccount | service installed
4698 schedule.created           S - TaskName:task            -                          | scheduled task created
4699 schedule.deleted           S - TaskName:task            -                          | scheduled task deleted
4700 schedule.changed           S - TaskName:task            -                          | scheduled task enabled
4701 schedule.changed           S - TaskName:task            -                          | scheduled task disabled
4702 schedule.changed           S - TaskName:task            -                          | scheduled task updated
4703 auth.privilege_used        S T -                        EnabledPrivilegeList,DisabledPrivilegeList,ProcessName | token rights adjusted
4704 access.granted             S T -                        PrivilegeList              | user right assigned
4705 access.revoked             S T -                        PrivilegeList              | user right removed
4706 policy.changed             S - DomainName:domain        -                          | trust to a domain created
4707 policy.changed             S - DomainName:domain        -                          | trust to a domain removed
4709 service.started            - - -                        -                          | IPsec services started
4710 service.stopped            - - -                        -                          | IPsec services disabled
4711 policy.changed             - - -                        -                          | IPsec policy applied
4712 service.error              - - -                        -                          | IPsec services met a serious failure
4713 policy.changed             S - -                        KerberosPolicyChange       | Kerberos policy changed
4714 policy.changed             S - -                        EfsPolicyChange            | data recovery policy changed
4715 logging.changed            S - -                        NewSd                      | audit policy of an object changed
4716 policy.changed             S - DomainName:domain        -                          | trusted domain information changed
4717 access.granted             S T -                        AccessGranted              | system security access granted
4718 access.revoked             S T -                        AccessRemoved              | system security access removed
4719 logging.changed            S - SubcategoryGuid:audit_policy AuditPolicyChanges     | system audit policy changed
4720 account.created            S T -                        -                          | account created
4722 account.enabled            S T -                        -                          | account enabled
4723 account.credential_changed S T -                        -                          | change of a password attempted
4724 account.credential_changed S T -                        -                          | reset of a password attempted
4725 account.disabled           S T -                        -                          | account disabled
4726 account.deleted            S T -                        -                          | account deleted
4727 account.created            S G -                        -                          | global security group created
4728 access.granted             S M Group:group              -                          | member added to a global security group
4729 access.revoked             S M Group:group              -                          | member removed from a global security group
4730 account.deleted            S G -                        -                          | global security group deleted
4731 account.created            S G -                        -                          | local security group created
4732 access.granted             S M Group:group              -                          | member added to a local security group
4733 access.revoked             S M Group:group              -                          | member removed from a local security group
4734 account.deleted            S G -                        -                          | local security group deleted
4735 account.changed            S G -                        -                          | local security group changed
4737 account.changed            S G -                        -                          | global security group changed
4738 account.changed            S T -                        -                          | account changed
4739 policy.changed             S - DomainName:domain        DomainPolicyChanged        | domain policy changed
4740 account.disabled           S T -                        TargetDomainName           | account locked out
4741 account.created            S T -                        -                          | computer account created
4742 account.changed            S T -                        -                          | computer account changed
4743 account.deleted            S T -                        -                          | computer account deleted
4744 account.created            S G -                        -                          | local distribution group created
4745 account.changed            S G -                        -                          | local distribution group changed
4746 access.granted             S M Group:group              -                          | member added to a local distribution group
4747 access.revoked             S M Group:group              -                          | member removed from a local distribution group
4748 account.deleted            S G -                        -                          | local distribution group deleted
4749 account.created            S G -                        -                          | global distribution group created
4750 account.changed            S G -                        -                          | global distribution group changed
4751 access.granted             S M Group:group              -                          | member added to a global distribution group
4752 access.revoked             S M Group:group              -                          | member removed from a global distribution group
4753 account.deleted            S G -                        -                          | global distribution group deleted
4754 account.created            S G -                        -                          | universal security group created
4755 account.changed            S G -                        -                          | universal security group changed
4756 access.granted             S M Group:group              -                          | member added to a universal security group
4757 access.revoked             S M Group:group              -                          | member removed from a universal security group
4758 account.deleted            S G -                        -                          | universal security group deleted
4759 account.created            S G -                        -                          | universal distribution group created
4760 account.changed            S G -                        -                          | universal distribution group changed
4761 access.granted             S M Group:group              -                          | member added to a universal distribution group
4762 access.revoked             S M Group:group              -                          | member removed from a universal distribution group
4763 account.deleted            S G -                        -                          | universal distribution group deleted
4764 account.changed            S G -                        GroupTypeChange            | type of a group changed
4765 account.changed            S T -                        SourceUserName             | SID history added to an account
4766 account.changed            S T -                        SourceUserName           ! | SID history refused to an account
4767 account.enabled            S T -                        -                          | account unlocked
4768 auth.token_issued/auth.login_failed T - ServiceName:service Status,PreAuthType,TicketEncryptionType % | Kerberos ticket-granting ticket requested
4769 auth.token_issued/auth.check_failed T - ServiceName:service Status,TicketEncryptionType % | Kerberos service ticket requested
4770 auth.token_issued          T - ServiceName:service      TicketEncryptionType       | Kerberos ticket renewed
4771 auth.login_failed          T - ServiceName:service      Status                   ! | Kerberos pre-authentication failed
4772 auth.login_failed          T - ServiceName:service      Status                   ! | Kerberos ticket request failed
4773 auth.check_failed          T - ServiceName:service      Status                   ! | Kerberos service ticket request failed
4774 auth.login                 M - -                        MappingBy                  | account mapped for a logon
4775 auth.login_failed          M - -                        -                        ! | account could not be mapped for a logon
4776 auth.login/auth.login_failed T - -                      Status,PackageName       % | NTLM credentials checked
4777 auth.login_failed          T - -                        Status                   ! | domain controller refused credentials
4778 session.locked             A - -                        SessionName                | session reconnected
4779 session.locked             A - -                        SessionName                | session disconnected
4780 access.granted             S T -                        -                          | permissions of administrators set on an account
4781 account.changed            S N -                        OldTargetUserName,NewTargetUserName | account renamed
4782 secret.read                S T -                        -                          | password hash of an account read
4783 account.created            S G -                        -                          | basic application group created
4784 account.changed            S G -                        -                          | basic application group changed
4785 access.granted             S M Group:group              -                          | member added to a basic application group
4786 access.revoked             S M Group:group              -                          | member removed from a basic application group
4789 account.deleted            S G -                        -                          | basic application group deleted
4790 account.created            S G -                        -                          | LDAP query group created
4791 account.changed            S G -                        -                          | LDAP query group changed
4792 account.deleted            S G -                        -                          | LDAP query group deleted
4793 policy.verdict             S T -                        Workstation,Status         | password policy asked about
4794 account.credential_changed S - -                        Workstation,Status       % | directory services restore password set
4797 account.read               S T -                        Workstation                | account asked for a blank password
4798 account.read               S T -                        CallerProcessName          | groups of a user listed
4799 account.read               S G -                        CallerProcessName          | members of a group listed
4800 session.locked             T - -                        -                          | workstation locked
4801 session.locked             T - -                        -                          | workstation unlocked
4802 session.locked             T - -                        -                          | screen saver started
4803 session.locked             T - -                        -                          | screen saver ended
4816 network.anomaly            - - -                        PeerName                   | RPC message failed its integrity check
4817 logging.changed            S - ObjectName:@             NewSd                      | audit settings of an object changed
4818 policy.verdict             S - ObjectName:@             -                          | proposed access policy answers differently
4819 policy.changed             S - -                        -                          | central access policies changed
4820 auth.login_failed          T - ServiceName:service      Status                   ! | ticket refused: device outside the access restrictions
4821 auth.check_failed          T - ServiceName:service      Status                   ! | service ticket refused by access restrictions
4822 auth.login_failed          A - -                        Status                   ! | NTLM refused to a protected user
4823 auth.login_failed          A - -                        Status                   ! | NTLM refused by access restrictions
4824 auth.login_failed          T - ServiceName:service      Status                   ! | pre-authentication of a protected user failed
4825 access.denied              A - -                        -                        ! | remote desktop refused
4826 host.state                 S - -                        -                          | boot configuration loaded
4830 account.changed            S T -                        -                          | SID history removed from an account
4864 alert.raised               - - -                        -                          | namespace collision
4865 policy.changed             S - -                        -                          | trusted forest entry added
4866 policy.changed             S - -                        -                          | trusted forest entry removed
4867 policy.changed             S - -                        -                          | trusted forest entry changed
4868 access.denied              S - -                        RequestId                ! | pending certificate request denied
4869 auth.token_issued          S - -                        RequestId                  | certificate request resubmitted
4870 auth.token_revoked         S - -                        CertificateSerialNumber    | certificate revoked
4871 auth.token_revoked         S - -                        -                          | revocation list asked for
4872 auth.token_revoked         - - -                        -                          | revocation list published
4873 auth.token_issued          S - -                        RequestId                  | certificate request extended
4874 auth.token_issued          S - -                        RequestId                  | certificate request attributes changed
4875 service.stopped            S - -                        -                          | certificate services asked to stop
4876 data.export                S - -                        -                          | certificate services backup started
4877 data.export                S - -                        -                          | certificate services backup completed
4880 service.started            S - -                        -                          | certificate services started
4881 service.stopped            S - -                        -                          | certificate services stopped
4882 access.granted             S - -                        -                          | certificate services permissions changed
4885 logging.changed            S - -                        -                          | certificate services audit filter changed
4886 auth.token_issued          A - -                        RequestId,Attributes       | certificate requested
4887 auth.token_issued          A - -                        RequestId,Attributes     + | certificate issued
4888 access.denied              A - -                        RequestId,Attributes     ! | certificate request denied
4890 policy.changed             S - -                        -                          | certificate manager settings changed
4891 policy.changed             S - -                        -                          | certificate services entry changed
4892 policy.changed             S - -                        -                          | certificate services property changed
4898 resource.read              - - TemplateInternalName:template -                     | certificate template loaded
4899 policy.changed             - - TemplateInternalName:template -                     | certificate template updated
4900 access.granted             - - TemplateInternalName:template -                     | certificate template security updated
4902 logging.changed            - - -                        PuaCount                   | per-user audit policy table created
4904 logging.changed            S - AuditSourceName:audit_source ProcessName            | security event source registered
4905 logging.changed            S - AuditSourceName:audit_source ProcessName            | security event source unregistered
4906 logging.changed            - - -                        CrashOnAuditFailValue      | CrashOnAuditFail changed
4907 logging.changed            S - ObjectName:@             NewSd,ProcessName          | auditing settings of an object changed
4908 policy.changed             - - -                        SidList                    | special groups logon table changed
4909 policy.changed             - - -                        -                          | local TBS settings changed
4910 policy.changed             - - -                        -                          | group policy TBS settings changed
4911 access.granted             S - ObjectName:@             -                          | resource attributes of an object changed
4912 logging.changed            S T SubcategoryGuid:audit_policy AuditPolicyChanges     | per-user audit policy changed
4913 policy.changed             S - ObjectName:@             -                          | central access policy of an object changed
4928 policy.changed             - - -                        SourceDRA                  | directory replica source established
4929 policy.changed             - - -                        SourceDRA                  | directory replica source removed
4930 policy.changed             - - -                        SourceDRA                  | directory replica source changed
4931 policy.changed             - - -                        DestinationDRA             | directory replica destination changed
4932 data.export                - - NamingContext:directory  DestinationDRA             | directory replication started
4933 data.export                - - NamingContext:directory  DestinationDRA             | directory replication ended
4934 data.export                - - -                        -                          | attributes of a directory object replicated
4935 service.error              - - -                        -                          | directory replication failure began
4936 service.status             - - -                        -                          | directory replication failure ended
4944 policy.changed             - - -                        -                          | firewall policy in force at start
4945 policy.changed             - - RuleName:firewall_rule   -                          | firewall rule in force at start
4946 policy.changed             - - RuleName:firewall_rule   ProfileChanged             | firewall rule added
4947 policy.changed             - - RuleName:firewall_rule   ProfileChanged             | firewall rule changed
4948 policy.changed             - - RuleName:firewall_rule   ProfileChanged             | firewall rule deleted
4949 policy.changed             - - -                        -                          | firewall settings set to default
4950 policy.changed             - - -                        SettingType,SettingValue   | firewall setting changed
4951 policy.verdict             - - RuleName:firewall_rule   -                          | firewall rule ignored: version not understood
4952 policy.verdict             - - RuleName:firewall_rule   -                          | firewall rule partly ignored
4953 policy.verdict             - - RuleName:firewall_rule   ReasonForRejection         | firewall rule rejected
4954 policy.changed             - - -                        -                          | firewall group policy settings changed
4956 policy.changed             - - -                        ActiveProfile              | firewall profile changed
4957 policy.verdict             - - RuleName:firewall_rule   RuleAttr                   | firewall rule not applied
4958 policy.verdict             - - RuleName:firewall_rule   Error                      | firewall rule not applied
4960 network.anomaly            - - -                        -                          | IPsec packet dropped: integrity
4961 network.anomaly            - - -                        -                          | IPsec packet dropped: replay
4962 network.anomaly            - - -                        -                          | IPsec packet dropped: replay
4963 network.anomaly            - - -                        -                          | IPsec clear text packet dropped
4964 auth.privilege_used        T R -                        SidList                    | special groups assigned to a logon
4965 network.anomaly            - - -                        -                          | IPsec packet with a wrong index
4976 network.anomaly            - - -                        -                          | invalid IPsec main mode packet
4977 network.anomaly            - - -                        -                          | invalid IPsec quick mode packet
4978 network.anomaly            - - -                        -                          | invalid IPsec extended mode packet
4985 file.changed               S - -                        ProcessName                | state of a transaction changed
5024 service.started            - - -                        -                          | Windows Firewall started
5025 service.stopped            - - -                        -                          | Windows Firewall stopped
5027 service.error              - - -                        ErrorCode                  | Windows Firewall could not read its policy
5028 service.error              - - -                        ErrorCode                  | Windows Firewall could not parse its policy
5029 service.error              - - -                        ErrorCode                  | Windows Firewall could not start its driver
5030 service.error              - - -                        ErrorCode                  | Windows Firewall did not start
5031 network.denied             - - Application:application  -                        ! | application barred from accepting connections
5032 service.error              - - -                        ErrorCode                  | Windows Firewall could not notify of a block
5033 service.started            - - -                        -                          | Windows Firewall driver started
5034 service.stopped            - - -                        -                          | Windows Firewall driver stopped
5035 service.error              - - -                        ErrorCode                  | Windows Firewall driver did not start
5037 service.error              - - -                        ErrorCode                  | Windows Firewall driver failed
5038 alert.raised               - - param1:file              -                          | image hash of a file not valid
5039 registry.changed           S - ObjectName:registry      -                          | registry key virtualised
5040 policy.changed             - - -                        -                          | IPsec authentication set added
5041 policy.changed             - - -                        -                          | IPsec authentication set changed
5042 policy.changed             - - -                        -                          | IPsec authentication set deleted
5043 policy.changed             - - -                        -                          | IPsec connection security rule added
5044 policy.changed             - - -                        -                          | IPsec connection security rule changed
5045 policy.changed             - - -                        -                          | IPsec connection security rule deleted
5046 policy.changed             - - -                        -                          | IPsec crypto set added
5047 policy.changed             - - -                        -                          | IPsec crypto set changed
5048 policy.changed             - - -                        -                          | IPsec crypto set deleted
5050 policy.changed             - - -                        -                          | disabling of the firewall attempted
5051 file.changed               S - FileName:file            ProcessName                | file virtualised
5056 policy.verdict             S - -                        -                          | cryptographic self-test run
5057 service.error              S - -                        ReturnCode                 | cryptographic primitive failed
5058 secret.read                S - KeyFilePath:file         KeyName,Operation,ReturnCode %ReturnCode | key file operation
5059 secret.read                S - KeyName:key              Operation,ReturnCode     %ReturnCode | key migration operation
5060 auth.check_failed          S - KeyName:key              Reason                   ! | signature not verified
5061 secret.read                S - KeyName:key              Operation,ReturnCode     %ReturnCode | cryptographic operation
5062 policy.verdict             - - -                        -                          | kernel cryptographic self-test run
5063 policy.changed             S - ProviderName:provider    Operation                  | cryptographic provider operation
5064 policy.changed             S - -                        Operation                  | cryptographic context operation
5065 policy.changed             S - -                        -                          | cryptographic context changed
5066 policy.changed             S - -                        Operation                  | cryptographic function operation
5067 policy.changed             S - -                        -                          | cryptographic function changed
5136 data.written               S - ObjectDN:directory_object AttributeLDAPDisplayName,AttributeValue,OperationType | directory object changed
5137 data.written               S - ObjectDN:directory_object ObjectClass               | directory object created
5138 data.written               S - NewObjectDN:directory_object -                      | directory object undeleted
5139 data.written               S - NewObjectDN:directory_object OldObjectDN            | directory object moved
5140 file.read/access.denied    S - ShareName:share          AccessMask                 | network share accessed
5141 data.deleted               S - ObjectDN:directory_object ObjectClass               | directory object deleted
5142 data.shared                S - ShareName:share          ShareLocalPath             | network share added
5143 data.shared                S - ShareName:share          ShareLocalPath             | network share changed
5144 resource.deleted           S - ShareName:share          ShareLocalPath             | network share deleted
5145 file.read/access.denied    S - ShareName:share          RelativeTargetName,AccessMask | access to a file of a network share checked
5146 network.denied             - - -                        -                        ! | packet blocked
5147 network.denied             - - -                        -                        ! | packet blocked by a more restrictive filter
5148 alert.raised               - - -                        -                          | flooding attack seen
5149 alert.changed              - - -                        -                          | flooding attack over
5150 network.denied             - - -                        -                        ! | packet blocked
5151 network.denied             - - -                        -                        ! | packet blocked by a more restrictive filter
5152 network.denied             - - Application:application  Direction                ! | packet blocked
5153 network.denied             - - Application:application  Direction                ! | packet blocked by a more restrictive filter
5154 network.listening          - - Application:application  -                          | application allowed to listen
5155 network.denied             - - Application:application  -                        ! | application barred from listening
5156 network.connection         - - Application:application  Direction                + | connection allowed
5157 network.denied             - - Application:application  Direction                ! | connection blocked
5158 network.listening          - - Application:application  -                          | local port bound
5159 network.denied             - - Application:application  -                        ! | binding of a local port blocked
5168 auth.check_failed          S - -                        SpnName                  ! | SPN check for SMB failed
5169 data.written               S - ObjectDN:directory_object -                         | directory object modified
5170 data.written               S - ObjectDN:directory_object -                         | directory object modified by a background task
5376 data.export                S - -                        BackupFileName             | stored credentials backed up
5377 secret.changed             S - -                        BackupFileName             | stored credentials restored from backup
5378 access.denied              S - -                        TargetServer             ! | delegation of credentials refused by policy
5379 secret.read                S - TargetName:credential    CountOfCredentialsReturned | stored credentials read
5380 secret.read                S - -                        SchemaFriendlyName         | vault searched for credentials
5381 secret.read                S - -                        Schema                     | vault credentials read
5382 secret.read                S - Resource:credential      Identity                   | vault credentials read
5440 policy.changed             - - FilterName:filter        -                          | filter in force at start
5441 policy.changed             - - FilterName:filter        -                          | filter in force at start
5442 policy.changed             - - ProviderName:provider    -                          | filtering provider in force at start
5443 policy.changed             - - ProviderContextName:context -                       | filtering context in force at start
5444 policy.changed             - - SubLayerName:sublayer    -                          | filtering sub-layer in force at start
5446 policy.changed             U - CalloutName:callout      ChangeType                 | filtering callout changed
5447 policy.changed             U - FilterName:filter        ChangeType,ProviderName    | filter changed
5448 policy.changed             U - ProviderName:provider    ChangeType                 | filtering provider changed
5449 policy.changed             U - ProviderContextName:context ChangeType              | filtering context changed
5450 policy.changed             U - SubLayerName:sublayer    ChangeType                 | filtering sub-layer changed
5451 network.protocol           - - -                        -                          | IPsec quick mode established
5452 network.protocol           - - -                        -                          | IPsec quick mode ended
5453 network.denied             - - -                        -                        ! | IPsec negotiation failed
5456 policy.changed             - - -                        -                          | IPsec policy applied
5457 service.error              - - -                        -                          | IPsec policy could not be applied
5458 policy.changed             - - -                        -                          | cached IPsec policy applied
5478 service.started            - - -                        -                          | IPsec policy agent started
5479 service.stopped            - - -                        -                          | IPsec policy agent stopped
5480 service.error              - - -                        -                          | IPsec policy agent could not list interfaces
5632 auth.login/auth.login_failed A - SSID:network           ReasonText,ErrorCode       | wireless network authentication
5633 auth.login/auth.login_failed A - InterfaceName:network  ReasonText,ErrorCode       | wired network authentication
5712 network.protocol           S - -                        -                          | remote procedure call attempted
5888 resource.changed           S - ObjectIdentifyingProperties:com_object -            | COM+ object changed
5889 resource.deleted           S - ObjectIdentifyingProperties:com_object -            | COM+ object deleted
5890 resource.created           S - ObjectIdentifyingProperties:com_object -            | COM+ object added
6144 policy.changed             - - -                        GPOList                    | group policy security applied
6145 service.error              - - -                        ErrorCode,GPOList          | group policy security not applied
6272 access.checked             S - -                        ClientIPAddress,NASIPv4Address + | network policy server granted access
6273 access.denied              S - -                        ReasonCode,Reason,ClientIPAddress ! | network policy server denied access
6274 access.denied              S - -                        ReasonCode,Reason        ! | network policy server discarded a request
6275 access.checked             S - -                        -                          | network policy server discarded accounting
6276 access.denied              S - -                        -                        ! | network policy server quarantined a user
6277 access.checked             S - -                        -                          | network policy server granted probationary access
6278 access.checked             S - -                        -                        + | network policy server granted full access
6279 account.disabled           S - -                        -                          | network policy server locked an account
6280 account.enabled            S - -                        -                          | network policy server unlocked an account
6281 alert.raised               - - param1:file              -                          | page hashes of an image not valid
6410 alert.raised               - - param1:file              -                          | file does not meet the requirements to load
6416 host.device_attached       S - DeviceDescription:device DeviceId                   | device recognised
6417 policy.verdict             - - -                        -                          | FIPS self-tests succeeded
6418 service.error              - - -                        -                          | FIPS self-tests failed
6419 host.device_attached       S - DeviceDescription:device DeviceId                   | disabling of a device requested
6420 host.device_attached       S - DeviceDescription:device DeviceId                   | device disabled
6421 host.device_attached       S - DeviceDescription:device DeviceId                   | enabling of a device requested
6422 host.device_attached       S - DeviceDescription:device DeviceId                   | device enabled
6423 access.denied              S - DeviceDescription:device DeviceId                 ! | device refused by policy
6424 host.device_attached       S - DeviceDescription:device DeviceId                   | device allowed after being refused
8191 service.error              - - -                        -                          | highest system-defined audit message

[eventlog]
104  logging.disabled           A - Channel:event_log        BackupPath                 | event log cleared
105  logging.changed            - - Channel:event_log        BackupPath                 | event log backed up automatically
1100 logging.disabled           - - -                        -                          | event logging service stopped
1101 logging.lost               - - -                        -                          | audit events dropped
1102 logging.disabled           A - -                        -                          | audit log cleared
1104 logging.lost               - - -                        -                          | security log full
1105 logging.changed            - - Channel:event_log        BackupPath                 | event log backed up automatically
1108 logging.lost               - - PublisherID:source       -                          | event that the logging service could not process
6004 service.error              - - -                        -                          | event log driver packet not understood
6005 host.started               - - -                        -                          | event log service started
6006 host.stopped               - - -                        -                          | event log service stopped
6008 host.error                 - - -                        -                          | previous shutdown unexpected
6009 host.state                 - - -                        -                          | operating system version at start
6011 host.state                 - - -                        -                          | machine renamed
6013 host.state                 - - -                        -                          | uptime
*    service.status             - - -                        -                          | event log service

[ad fs auditing]
299  auth.token_issued          - - -                        -                          | federation token issued
307  policy.changed             - - -                        -                          | federation configuration changed
324  access.denied              - - -                        -                        ! | federation token refused
342  auth.login_failed          - - -                        -                        ! | federation token validation failed
403  service.request            - - -                        -                          | federation request received
404  service.request            - - -                        -                          | federation response sent
405  account.credential_changed - - -                        -                        + | password changed
406  account.credential_changed - - -                        -                        ! | password change failed
410  service.request            - - -                        -                          | context of a federation request
411  auth.login_failed          - - -                        -                        ! | federation token validation failed
412  auth.login                 - - -                        -                        + | token authenticated by the federation service
413  auth.login_failed          - - -                        -                        ! | federation token could not be processed
500  auth.token_issued          - - -                        -                          | claims issued
501  auth.login                 - - -                        -                          | identity of a caller
510  access.checked             - - -                        -                          | additional audit information
512  access.denied              - - -                        -                        ! | account locked out of the federation service
516  account.disabled           - - -                        -                          | account locked out of the extranet
1200 auth.token_issued          - - -                        -                        + | federation token issued
1201 auth.login_failed          - - -                        -                        ! | federation token refused
1202 auth.login                 - - -                        -                        + | credentials accepted by the federation service
1203 auth.login_failed          - - -                        -                        ! | credentials refused by the federation service
1204 account.credential_changed - - -                        -                        + | password changed
1205 account.credential_changed - - -                        -                        ! | password change failed
1206 auth.logout                - - -                        -                        + | signed out of the federation service
1207 auth.logout                - - -                        -                        ! | sign-out failed
1210 account.disabled           - - -                        -                          | account locked out of the extranet
"""  # noqa: E501 - a table: one kind of event a line
