"""What the events of Windows' other logs mean, by provider.

The columns are those of :mod:`vestige.sources.windows.meanings`. ``*`` stands for every other event of a provider.
"""

OTHER = r"""
[sysmon]
1    process.started            Y - Image:process            CommandLine,ParentImage    | process started
2    file.attributes_changed    Y - TargetFilename:file      CreationUtcTime,PreviousCreationUtcTime,Image | creation time of a file changed
3    network.connection         Y - Image:process            -                          | network connection
4    service.status             - - -                        State                      | Sysmon's state changed
5    process.stopped            Y - Image:process            -                          | process ended
6    module.loaded              - - ImageLoaded:driver       Signature,SignatureStatus  | driver loaded
7    module.loaded              Y - ImageLoaded:module       Image,SignatureStatus      | module loaded
8    process.injected           SourceUser - TargetImage:process SourceImage,StartModule,StartFunction | remote thread created
9    file.read                  Y - Device:disk              Image                      | raw read of a disk
10   process.accessed           SourceUser - TargetImage:process SourceImage,GrantedAccess | process opened
11   file.created               Y - TargetFilename:file      Image                      | file created
12   registry.created           Y - TargetObject:registry    EventType,Image            | registry key or value
13   registry.changed           Y - TargetObject:registry    Details,Image              | registry value set
14   registry.changed           Y - TargetObject:registry    NewName,Image              | registry key or value renamed
15   file.created               Y - TargetFilename:file      Image                      | file stream created
16   logging.changed            - - Configuration:file       ConfigurationFileHash      | Sysmon configuration changed
17   pipe.used                  Y - PipeName:pipe            Image                      | pipe created
18   pipe.used                  Y - PipeName:pipe            Image                      | pipe connected
19   schedule.created           Y - Name:wmi_filter          Operation,Query            | WMI event filter registered
20   schedule.created           Y - Name:wmi_consumer        Operation,Destination      | WMI event consumer registered
21   schedule.created           Y - Consumer:wmi_binding     Operation,Filter           | WMI consumer bound to a filter
22   network.dns                Y - QueryName:domain         QueryResults,QueryStatus,Image | DNS query
23   file.deleted               Y - TargetFilename:file      Image                      | file deleted and archived
24   data.read                  Y - -                        ClientInfo,Image           | clipboard changed
25   process.injected           Y - Image:process            Type                       | process image tampered with
26   file.deleted               Y - TargetFilename:file      Image                      | file deletion logged
27   access.denied              Y - TargetFilename:file      Image                    ! | executable file blocked
28   access.denied              Y - TargetFilename:file      Image                    ! | file shredding blocked
29   file.created               Y - TargetFilename:file      Image                      | executable file detected
255  service.error              - - ID:component             Description                | Sysmon error

[powershell]
400  script.executed            P - HostApplication:process  NewEngineState             | PowerShell engine started
403  process.stopped            P - HostApplication:process  NewEngineState             | PowerShell engine stopped
500  script.executed            P - -                        -                          | PowerShell command started
501  script.executed            P - -                        -                          | PowerShell command stopped
600  module.loaded              P - ProviderName:provider    HostApplication            | PowerShell provider started
800  script.executed            P - -                        param1,Message             | PowerShell pipeline executed
4100 service.error              P - -                        Payload                  ! | PowerShell error
4101 script.executed            P - -                        Payload                    | PowerShell command
4102 service.status             P - -                        Payload                    | PowerShell runspace
4103 script.executed            P - -                        Payload                    | PowerShell pipeline executed
4104 script.executed            X - Path:file                ScriptBlockText            | PowerShell script block
4105 script.executed            X - ScriptBlockId:script     -                          | PowerShell script block began
4106 script.executed            X - ScriptBlockId:script     -                          | PowerShell script block ended
8193 session.opened             X - -                        param1                     | PowerShell session object created
8194 session.opened             X - -                        -                          | PowerShell runspace pool created
8195 session.opened             X - -                        -                          | PowerShell runspace pool opened
8196 session.opened             X - -                        -                          | PowerShell remoting activity
8197 session.closed             X - -                        -                          | PowerShell runspace state changed
24577 script.executed           X - FileName:file            param1                     | script run in the PowerShell ISE
40961 process.started           X - -                        -                          | PowerShell console starting
40962 process.started           X - -                        -                          | PowerShell console ready
53504 pipe.used                 X - -                        param1,param2              | PowerShell listens for other processes
53506 pipe.used                 X - -                        param1,param2              | PowerShell accepted another process
*    service.status             P - -                        Message                    | PowerShell

[service control manager]
7000 service.error              - - param1:service           param2                   ! | service did not start
7001 service.error              - - param1:service           param2,param3            ! | service did not start: one it depends on failed
7002 service.error              - - param1:service           param2                   ! | service did not start: its group failed
7003 service.error              - - param1:service           param2                   ! | service depends on one that is missing
7005 service.error              - - -                        param1,param2              | call of the service manager failed
7006 service.error              - - -                        param1,param2              | call of the service manager failed
7009 service.error              - - param2:service           param1                   ! | service did not connect in time
7011 service.error              - - param2:service           param1                   ! | service did not answer in time
7022 service.error              - - param1:service           -                        ! | service hung on starting
7023 service.error              - - param1:service           param2                   ! | service ended with an error
7024 service.error              - - param1:service           param2                   ! | service ended with an error of its own
7026 service.error              - - -                        param1                   ! | drivers did not load
7030 service.error              - - param1:service           -                          | service marked interactive, which is not allowed
7031 service.error              - - param1:service           param2,param5            ! | service ended unexpectedly
7032 service.error              - - param3:service           param2,param4            ! | recovery of a service failed
7034 service.error              - - param1:service           param2                   ! | service ended unexpectedly
7035 service.status             X - param1:service           param2                     | control sent to a service
7036 service.status             - - param1:service           param2                     | service state
7037 service.error              - - param1:service           -                          | inconsistent service settings
7038 service.error              - - param1:service           param2,param3            ! | service could not log on
7039 service.error              - - param1:service           -                          | another service process connected
7040 service.changed            X - param1:service           param2,param3              | start type of a service changed
7041 auth.login_failed          - - param1:service           param2                   ! | service account lacks the logon right
7042 service.stopped            X - param1:service           param2,param3,param5       | service asked to stop
7043 service.error              - - param1:service           -                          | service did not shut down properly
7045 service.installed          X - ServiceName:service      ImagePath,AccountName,StartType | service installed
*    service.status             X - param1:service           Message                    | service control

[taskscheduler]
100  schedule.ran               UserContext - TaskName:task  InstanceId               + | task started
101  schedule.ran               UserContext - TaskName:task  ResultCode               ! | task did not start
102  schedule.ran               UserContext - TaskName:task  InstanceId               + | task completed
103  schedule.ran               UserContext - TaskName:task  ActionName,ResultCode    ! | action of a task did not start
104  auth.login_failed          - - TaskName:task            ResultCode               ! | task could not log on
106  schedule.created           UserContext - TaskName:task  -                          | task registered
107  schedule.ran               - - TaskName:task            InstanceId                 | task triggered by time
108  schedule.ran               - - TaskName:task            InstanceId                 | task triggered by an event
109  schedule.ran               - - TaskName:task            InstanceId                 | task triggered by its registration
110  schedule.ran               UserContext - TaskName:task  InstanceId                 | task triggered by a user
111  process.stopped            - - TaskName:task            InstanceId                 | task terminated
114  schedule.ran               - - TaskName:task            InstanceId                 | missed task started
118  schedule.ran               - - TaskName:task            InstanceId                 | task triggered by the start of the machine
119  schedule.ran               UserName - TaskName:task     InstanceId                 | task triggered by a logon
129  schedule.ran               - - TaskName:task            Path,ProcessID             | process of a task created
135  service.status             - - TaskName:task            -                          | task waits for an idle machine
140  schedule.changed           UserName - TaskName:task     -                          | task updated
141  schedule.deleted           UserName - TaskName:task     -                          | task deleted
142  schedule.changed           UserName - TaskName:task     -                          | task disabled
200  schedule.ran               - - TaskName:task            ActionName                 | action of a task started
201  schedule.ran               - - TaskName:task            ActionName,ResultCode    %ResultCode | action of a task completed
202  schedule.ran               - - TaskName:task            ActionName,ResultCode    ! | action of a task failed
203  schedule.ran               - - TaskName:task            ActionName,ResultCode    ! | action of a task did not start
300  service.started            - - -                        -                          | task engine started
301  service.stopped            - - -                        -                          | task engine stopped
310  service.started            - - -                        TaskEngineName             | task engine started
314  service.status             - - -                        TaskEngineName             | task engine idle
317  service.started            - - -                        TaskEngineName             | task engine started
318  service.stopped            - - -                        TaskEngineName             | task engine stopped
319  service.status             - - TaskName:task            TaskEngineName             | task engine asked to start a task
322  schedule.ran               - - TaskName:task            -                        ! | task not started: it runs already
324  schedule.ran               - - TaskName:task            -                          | task queued
325  schedule.ran               - - TaskName:task            -                          | task queued
330  process.stopped            UserName - TaskName:task     -                          | task stopped by a user
332  schedule.ran               UserName - TaskName:task     -                        ! | task not started: its user is not logged on
400  service.started            - - -                        -                          | task scheduler started
402  service.stopped            - - -                        -                          | task scheduler stopped
*    schedule.ran               UserContext - TaskName:task  Message                    | task scheduler

[terminalservices-localsessionmanager]
17   service.error              - - -                        -                          | remote desktop services did not start
20   service.error              User - -                     -                          | message to a session failed
21   auth.login                 User - -                     SessionID                + | remote desktop session logon
22   session.opened             User - -                     SessionID                  | shell of a session started
23   auth.logout                User - -                     SessionID                + | remote desktop session logoff
24   session.locked             User - -                     SessionID                  | remote desktop session disconnected
25   session.locked             User - -                     SessionID                  | remote desktop session reconnected
32   service.status             - - -                        PluginName                 | session plug-in initialised
34   service.status             - - -                        -                          | remote desktop services not accepting logons
39   session.closed             - - -                        TargetSession,Source       | session disconnected by another
40   session.closed             - - -                        Session,Reason             | session disconnected
41   session.opened             User - -                     SessionID                  | session arbitration began
42   session.opened             User - -                     SessionID                  | session arbitration ended
54   session.closed             - - -                        -                          | session closed
*    session.locked             User - -                     Message                    | local session manager

[terminalservices-remoteconnectionmanager]
261  network.rdp                - - -                        listenerName               | remote desktop listener received a connection
1149 network.rdp                Q - -                        -                          | remote desktop connection with an accepted user name
1136 service.status             - - -                        -                          | remote connection manager
*    network.rdp                Q - -                        Message                    | remote connection manager

[terminalservices-rdpclient]
1024 network.rdp                X - Value:host               -                          | remote desktop client connecting
1026 network.rdp                X - -                        Value                      | remote desktop client disconnected
1027 network.rdp                X - DomainName:domain        SessionId                  | remote desktop client connected to a domain
1029 network.rdp                X - -                        TraceMessage               | hash of the user name used by the remote desktop client
1102 network.rdp                X - Value:host               -                          | remote desktop client connecting to a server
*    network.rdp                X - -                        Message,Value              | remote desktop client

[remotedesktopservices-rdpcorets]
65   network.rdp                - - ConnectionName:connection -                         | remote desktop connection created
72   network.rdp                - - -                        MethodName                 | remote desktop method called
102  network.rdp                - - -                        -                          | remote desktop transport ended
103  network.rdp                - - -                        ReasonCode                 | remote desktop disconnected
131  network.rdp                - - -                        ConnType                   | remote desktop connection accepted
139  auth.login_failed          - - -                        -                        ! | remote desktop security negotiation failed
140  auth.login_failed          - - -                        -                        ! | remote desktop connection with wrong user name or password
*    network.rdp                - - -                        Message,CustomLevel,EventName,NewStateName | remote desktop transport

[wmi-activity]
5857 module.loaded              X - ProviderName:wmi_provider ProviderPath,HostProcess  | WMI provider loaded
5858 service.error              User - -                     Operation,ResultCode     ! | WMI operation failed
5859 schedule.created           User - -                     Query,PossibleCause        | WMI event query registered
5860 schedule.created           User - -                     Query,PossibleCause        | temporary WMI event query registered
5861 schedule.created           X - -                        Query,Consumer,PossibleCause | permanent WMI subscription registered
*    service.status             X - -                        Message                    | WMI activity

[windows defender]
1000 scan.completed             D - -                        ScanType                   | malware scan started
1001 scan.completed             D - -                        ScanType                 + | malware scan finished
1002 scan.completed             D - -                        ScanType                 ! | malware scan stopped before it finished
1003 scan.completed             D - -                        ScanType                   | malware scan paused
1005 scan.completed             D - -                        ScanType                 ! | malware scan failed
1006 alert.raised               D - Path:file                Threat_Name,Severity_Name  | malware found
1007 alert.changed              D - Path:file                Threat_Name,Action_Name    | action against malware taken
1008 alert.changed              D - Path:file                Threat_Name,Action_Name  ! | action against malware failed
1009 file.created               D - Path:file                Threat_Name                | item restored from quarantine
1010 service.error              D - Path:file                Threat_Name              ! | item not restored from quarantine
1011 file.deleted               D - Path:file                Threat_Name                | item deleted from quarantine
1013 logging.disabled           D - -                        -                          | malware history deleted
1015 alert.raised               D - Path:file                Threat_Name,Severity_Name,Process_Name | suspicious behaviour seen
1116 alert.raised               D - Path:file                Threat_Name,Severity_Name,Process_Name | malware or unwanted software found
1117 alert.changed              D - Path:file                Threat_Name,Action_Name    | action against malware taken
1118 alert.changed              D - Path:file                Threat_Name,Action_Name  ! | action against malware failed
1119 alert.changed              D - Path:file                Threat_Name,Action_Name  ! | action against malware met a critical error
1120 alert.raised               D - -                        -                          | hashes of threat resources
1121 access.denied              D - Path:file                ID,Process_Name          ! | attack surface reduction rule blocked an act
1122 alert.raised               D - Path:file                ID,Process_Name            | attack surface reduction rule would have blocked an act
1123 access.denied              D - Path:file                Process_Name             ! | controlled folder access blocked an act
1124 alert.raised               D - Path:file                Process_Name               | controlled folder access would have blocked an act
1125 alert.raised               D - -                        Process_Name               | network protection would have blocked a connection
1126 network.denied             D - -                        Process_Name             ! | network protection blocked a connection
1150 service.status             - - -                        -                          | antimalware healthy
1151 service.status             - - -                        -                          | antimalware health report
2000 software.updated           D - -                        Current_signature_Version + | malware signatures updated
2001 software.updated           D - -                        Error_Code               ! | update of malware signatures failed
2002 software.updated           D - -                        Current_Engine_Version   + | malware engine updated
2003 software.updated           D - -                        Error_Code               ! | update of the malware engine failed
2010 software.updated           D - -                        -                          | signatures fetched from the cloud
2050 file.transferred           D - Filename:file            Sha256                     | file sent for analysis
5000 policy.changed             - - -                        -                          | real-time protection enabled
5001 logging.disabled           - - -                        -                          | real-time protection disabled
5004 policy.changed             - - -                        Feature_Name               | real-time protection settings changed
5007 policy.changed             - - -                        Old_Value,New_Value        | antimalware settings changed
5008 service.error              - - -                        Error_Code                 | malware engine failed
5009 policy.changed             - - -                        -                          | scanning for malware enabled
5010 logging.disabled           - - -                        -                          | scanning for malware disabled
5011 policy.changed             - - -                        -                          | scanning for viruses enabled
5012 logging.disabled           - - -                        -                          | scanning for viruses disabled
5013 access.denied              - - -                        Value                    ! | tamper protection refused a change
*    service.status             D - -                        Message                    | antimalware

[bits-client]
3    file.transferred           jobOwner - jobTitle:job      processPath                | transfer job created
4    file.transferred           User - jobTitle:job          jobOwner                 + | transfer job completed
5    file.transferred           User - jobTitle:job          jobOwner                 ! | transfer job cancelled
16403 file.transferred          User - RemoteName:url        LocalName,jobTitle         | transfer job created
59   file.transferred           X - url:url                  name                       | transfer started
60   file.transferred           X - url:url                  name,hr                  %hr | transfer ended
61   file.transferred           X - url:url                  name,hr                  ! | transfer failed
63   file.transferred           X - url:url                  name,hr                  ! | transfer failed
*    file.transferred           X - url:url                  name,Message               | background transfer

[winrm]
10148 network.listening         - - -                        -                          | WinRM listens for requests
10149 service.status            - - -                        -                          | WinRM stopped listening
10154 service.error             - - -                        spn1,spn2,error          ! | WinRM could not register its names
6    session.opened             X - connection:host          -                          | WinRM session to another machine
8    session.closed             X - -                        -                          | WinRM session closing
15   session.closed             X - -                        -                          | WinRM session closed
16   session.closed             X - -                        -                          | WinRM session closed
33   session.closed             X - -                        -                          | WinRM session closed
81   process.executed_remotely  X - -                        operationName              | WinRM request handled
82   process.executed_remotely  X - -                        -                          | WinRM plug-in entered
91   session.opened             X - resourceUri:resource     -                          | WinRM shell created on this machine
132  process.executed_remotely  X - -                        operationName            + | WinRM operation completed
142  process.executed_remotely  X - -                        operationName,errorCode  ! | WinRM operation failed
161  auth.login_failed          X - -                        authFailureMessage       ! | WinRM authentication failed
162  auth.login_failed          X - -                        -                        ! | WinRM authentication failed
168  session.opened             X - -                        -                          | WinRM request authenticated
169  auth.login                 X - -                        username,authenticationMechanism + | WinRM user authenticated
192  auth.login_failed          X - -                        -                        ! | WinRM authorisation failed
193  process.executed_remotely  X - -                        -                          | WinRM request authorised
*    service.status             X - -                        Message                    | WinRM

[dns-client]
1014 network.dns                - - QueryName:domain         -                        ! | DNS name not resolved in time
3006 network.dns                - - QueryName:domain         QueryType                  | DNS query
3008 network.dns                - - QueryName:domain         QueryType,QueryResults,QueryStatus | DNS query completed
3009 network.dns                - - QueryName:domain         -                          | DNS query sent
3010 network.dns                - - QueryName:domain         DnsServerIpAddress         | DNS query sent
3011 network.dns                - - QueryName:domain         DnsServerIpAddress,ResponseStatus | DNS answer received
3018 network.dns                - - QueryName:domain         QueryResults               | DNS answer from the cache
3020 network.dns                - - QueryName:domain         QueryResults               | DNS answer
8003 network.dns                - - -                        -                          | DNS registration timed out
*    network.dns                - - QueryName:domain         Message                    | DNS client

[dns-server-service]
770  module.loaded              - - param1:module            -                          | DNS server plug-in loaded
541  policy.changed             - - param1:setting           param2                     | DNS server setting changed
*    network.dns                - - -                        Message                    | DNS server

[ntlm]
8001 auth.check_failed          ClientUserName - TargetName:host ProcessName            | outgoing NTLM would be blocked
8002 auth.check_failed          ClientUserName - -           ProcessName                | incoming NTLM would be blocked
8003 auth.check_failed          - - -                        UserName,DomainName,Workstation | NTLM in the domain would be blocked
8004 auth.check_failed          - - -                        UserName,DomainName,WorkstationName,SChannelName | NTLM at the domain controller would be blocked
4001 auth.login_failed          - - -                        TargetName,UserName      ! | outgoing NTLM blocked
4002 auth.login_failed          - - -                        ProcessName,UserName     ! | incoming NTLM blocked
4003 auth.login_failed          - - -                        UserName,DomainName,Workstation ! | NTLM in the domain blocked
*    auth.check_failed          - - -                        Message                    | NTLM

[applocker]
8000 service.error              - - -                        Status                     | AppLocker policy not applied
8001 policy.changed             - - -                        -                          | AppLocker policy applied
8002 policy.verdict             F - FullFilePath:file        FilePath,RuleName        + | AppLocker allowed a program
8003 policy.verdict             F - FullFilePath:file        FilePath,RuleName          | AppLocker would have blocked a program
8004 access.denied              F - FullFilePath:file        FilePath,RuleName        ! | AppLocker blocked a program
8005 policy.verdict             F - FullFilePath:file        FilePath,RuleName        + | AppLocker allowed a script or installer
8006 policy.verdict             F - FullFilePath:file        FilePath,RuleName          | AppLocker would have blocked a script or installer
8007 access.denied              F - FullFilePath:file        FilePath,RuleName        ! | AppLocker blocked a script or installer
8020 policy.verdict             F - Package:package          RuleName                 + | AppLocker allowed a packaged app
8021 policy.verdict             F - Package:package          RuleName                   | AppLocker would have blocked a packaged app
8022 access.denied              F - Package:package          RuleName                 ! | AppLocker blocked a packaged app
8023 policy.verdict             F - Package:package          RuleName                 + | AppLocker allowed the installation of a packaged app
8024 policy.verdict             F - Package:package          RuleName                   | AppLocker would have blocked the installation of a packaged app
8025 access.denied              F - Package:package          RuleName                 ! | AppLocker blocked the installation of a packaged app
*    policy.verdict             F - FullFilePath:file        FilePath,Message           | AppLocker

[codeintegrity]
3001 alert.raised               X - FileNameBuffer:file      -                          | unsigned kernel module loaded
3002 alert.raised               X - FileNameBuffer:file      -                          | image hash of a file could not be verified
3004 alert.raised               X - FileNameBuffer:file      -                          | image hash of a file not valid
3010 alert.raised               X - FileNameBuffer:file      -                          | catalogue not loaded
3023 access.denied              X - FileNameBuffer:file      -                        ! | revoked driver refused
3033 access.denied              X - FileNameBuffer:file      ProcessNameBuffer        ! | file without the required signing level refused
3034 policy.verdict             X - FileNameBuffer:file      ProcessNameBuffer          | file without the required signing level would be refused
3063 access.denied              X - FileNameBuffer:file      ProcessNameBuffer        ! | file refused
3065 policy.verdict             X - FileNameBuffer:file      ProcessNameBuffer          | file without the required signing level
3076 policy.verdict             X - File_Name:file           Process_Name               | file would be blocked by code integrity
3077 access.denied              X - File_Name:file           Process_Name             ! | file blocked by code integrity
3089 policy.verdict             - - -                        PublisherName,IssuerName   | signature behind a code integrity event
3099 policy.changed             X - -                        PolicyNameBuffer           | code integrity policy loaded
*    policy.verdict             X - FileNameBuffer:file      File_Name,Message          | code integrity

[msiinstaller]
1001 service.error              X - -                        Data                       | installer found a missing component
1004 service.error              X - -                        Data                       | installer could not find a component
1005 host.stopped               X - -                        Data                       | installer restarts the machine
1022 software.updated           X - -                        Data                       | product updated
1033 software.installed         X - -                        Data                       | product installed
1034 software.removed           X - -                        Data                       | product removed
1035 software.updated           X - -                        Data                       | product reconfigured
1036 software.updated           X - -                        Data                       | product patched
1037 software.updated           X - -                        Data                       | product patch removed
1038 host.stopped               X - -                        Data                       | product needs a restart
1040 software.installed         X - -                        Data                       | installation began
1042 software.installed         X - -                        Data                       | installation ended
11707 software.installed        X - -                        Data                     + | product installed
11708 software.installed        X - -                        Data                     ! | product installation failed
11724 software.removed          X - -                        Data                     + | product removed
11725 software.removed          X - -                        Data                     ! | product removal failed
11728 software.updated          X - -                        Data                     + | product reconfigured
*    software.updated           X - -                        Data,Message               | installer

[windowsupdateclient]
16   service.error              - - -                        -                          | no connection to the update service
17   software.updated           - - -                        updatelist                 | updates ready to install
18   software.updated           - - -                        updatelist                 | updates scheduled to install
19   software.updated           - - updateTitle:update       -                        + | update installed
20   software.updated           - - updateTitle:update       errorCode                ! | update failed
21   host.state                 - - -                        updatelist                 | restart needed for updates
22   host.state                 - - -                        updatelist                 | restart scheduled for updates
24   software.removed           - - updateTitle:update       -                        + | update removed
25   service.error              - - -                        errorCode                ! | update check failed
26   service.status             - - -                        updateCount                | updates found
27   policy.changed             - - -                        -                          | automatic updates paused
28   policy.changed             - - -                        -                          | automatic updates resumed
31   software.updated           - - updateTitle:update       errorCode                ! | update download failed
41   software.updated           - - updateTitle:update       -                          | update downloaded
43   software.updated           - - updateTitle:update       -                          | update installation started
44   software.updated           - - updateTitle:update       -                          | update download started
*    software.updated           - - updateTitle:update       Message                    | windows update

[printservice]
307  data.export                Param3 - Param2:document     Param5,Param6,Param8       | document printed
310  data.deleted               X - Param2:document          -                          | print job deleted
316  module.loaded              - - -                        Param1,Param2              | printer driver added or updated
319  service.error              - - -                        Param1                     | printer driver not updated
354  service.error              - - -                        -                          | printing service did not initialise
800  file.read                  X - -                        -                          | print job spooling
801  data.export                X - -                        -                          | print job printing
805  data.export                X - -                        -                          | print job rendered
808  service.error              - - PluginDllName:module     ErrorCode                ! | print spooler could not load a module
811  file.renamed               X - -                        -                          | print spooler moved a file
823  policy.changed             X - -                        -                          | default printer changed
842  data.export                X - -                        -                          | print job isolated
*    service.status             X - -                        Message                    | print service

[smbserver]
551  auth.login_failed          UserName - -                 ClientName,Status        ! | SMB session setup failed
1001 policy.changed             - - -                        -                          | SMB server setting
1006 access.denied              UserName - ShareName:share   ClientName,Status        ! | SMB share access denied
1007 access.denied              UserName - ShareName:share   ClientName,Status        ! | SMB share denied anonymous access
1009 access.denied              - - -                        ClientName               ! | SMB server denied anonymous access
1015 service.error              - - -                        ClientName                 | SMB decryption failed
1016 network.denied             - - -                        ClientName                 | SMB reopen failed
3000 network.smb                - - -                        ClientName                 | SMB1 used by a client
*    network.smb                UserName - ShareName:share   ClientName,Message         | SMB server

[smbclient]
30803 network.denied            - - ServerName:host          Reason                   ! | SMB connection failed
30804 network.smb               - - ServerName:host          Reason                     | SMB connection lost
30805 network.smb               - - ServerName:host          Reason                     | SMB session lost
30806 network.smb               - - ServerName:host          Reason                   + | SMB session re-established
30807 network.smb               - - ShareName:share          Reason                     | SMB share connection lost
30808 network.smb               - - ShareName:share          Reason                   + | SMB share connection re-established
31001 auth.login_failed         UserName - ServerName:host   Reason,Status            ! | SMB logon failed
31010 access.denied             UserName - ObjectName:share  Reason,Status            ! | SMB share access denied
*    network.smb                UserName - ServerName:host   ShareName,ObjectName,Message | SMB client

[windows firewall with advanced security]
2002 policy.changed             X - -                        SettingType,SettingValueText | firewall setting changed
2003 policy.changed             ModifyingUser - -            SettingType,SettingValue,ModifyingApplication | firewall profile setting changed
2004 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule added
2005 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule changed
2006 policy.changed             ModifyingUser - RuleName:firewall_rule ModifyingApplication | firewall rule deleted
2008 policy.changed             - - -                        -                          | firewall group policy settings changed
2009 service.error              - - -                        -                          | firewall could not load group policy
2010 network.observed           - - InterfaceName:interface  OldProfile,NewProfile      | network profile changed
2011 network.denied             ModifyingUser - ApplicationPath:application -          ! | application barred from accepting connections
2032 policy.changed             ModifyingUser - -            ModifyingApplication       | firewall reset to default
2033 policy.changed             ModifyingUser - -            ModifyingApplication       | all firewall rules deleted
2052 policy.changed             ModifyingUser - RuleName:firewall_rule ModifyingApplication | firewall rule deleted
2071 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule added
2073 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule changed
2082 policy.changed             ModifyingUser - -            SettingType,SettingValue,ModifyingApplication | firewall profile setting changed
2097 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule added
2099 policy.changed             ModifyingUser - RuleName:firewall_rule ApplicationPath,ModifyingApplication | firewall rule changed
*    policy.changed             ModifyingUser - RuleName:firewall_rule Message          | firewall

[kernel-general]
1    host.clock_changed         X - -                        OldTime,NewTime,Reason     | system time changed
5    registry.changed           - - -                        -                          | registry hive recovered
11   host.state                 - - -                        -                          | registry lost flush
12   host.started               - - -                        StartTime                  | operating system started
13   host.stopped               - - -                        StopTime                   | operating system shutting down
15   registry.changed           - - HiveName:registry        OriginalSize,NewSize       | registry hive reorganised
16   registry.changed           - - HiveName:registry        KeysUpdated,DirtyPages     | access history of a registry hive cleared
20   host.state                 - - -                        -                          | last shutdown
24   host.clock_changed         - - -                        -                          | time zone information refreshed
*    host.state                 - - -                        Message                    | kernel

[kernel-power]
41   host.error                 - - -                        BugcheckCode,PowerButtonTimestamp | machine restarted without a clean shutdown
42   host.stopped               - - -                        Reason                     | machine going to sleep
105  host.state                 - - -                        -                          | power source changed
107  host.started               - - -                        -                          | machine resumed from sleep
109  host.stopped               - - -                        ShutdownReason,ShutdownActionType | shutdown begun by the kernel
130  host.state                 - - -                        -                          | firmware resume times
131  host.state                 - - -                        -                          | firmware resume times
172  host.state                 - - -                        Reason                     | standby connectivity
187  host.stopped               X - -                        -                          | suspend asked for by an application
506  host.stopped               - - -                        Reason                     | machine entering standby
507  host.started               - - -                        Reason                     | machine leaving standby
*    host.state                 - - -                        Message                    | power

[power-troubleshooter]
1    host.started               - - -                        WakeSourceText             | machine woke
*    host.state                 - - -                        Message                    | power

[user32]
1074 host.stopped               X - -                        param1,param3,param5,param6 | restart or shutdown asked for
1075 host.stopped               X - -                        param1                     | shutdown called off
1076 host.error                 X - -                        param1,param5              | reason for an unexpected shutdown
*    host.stopped               X - -                        Message                    | shutdown

[winlogon]
811  service.status             - - -                        SubscriberName             | logon notification
812  service.status             - - -                        SubscriberName             | logon notification
4101 policy.verdict             - - -                        -                          | windows licence checked
6000 service.status             - - -                        SubscriberName             | logon notification not handled
6005 service.status             - - -                        SubscriberName             | logon notification slow
6006 service.status             - - -                        SubscriberName             | logon notification slow
7001 session.opened             UserSid - -                  TSId                       | user logon notification
7002 session.closed             UserSid - -                  TSId                       | user logoff notification
*    service.status             X - -                        Message                    | winlogon

[user profile service]
1    session.opened             X - -                        Session                    | user profile: logon notification
2    session.opened             X - -                        Session                    | user profile: logon handled
3    session.closed             X - -                        Session                    | user profile: logoff notification
4    session.closed             X - -                        Session                    | user profile: logoff handled
5    registry.read              X - File:file                Key                        | user profile hive loaded
67   session.opened             X - -                        LogonType,LocalPath        | user profile type
*    session.opened             X - -                        Message                    | user profile service

[grouppolicy]
1500 policy.changed             X - -                        -                        + | computer group policy processed
1501 policy.changed             X - -                        -                        + | user group policy processed
1502 policy.changed             X - -                        -                        + | computer group policy applied
1503 policy.changed             X - -                        -                        + | user group policy applied
*    policy.verdict             X - -                        Message,ErrorDescription   | group policy

[dhcp-client]
1001 network.dhcp               - - -                        -                        ! | no address assigned
1002 network.dhcp               - - -                        -                        ! | address lease denied
1003 network.dhcp               - - -                        -                        ! | address not renewed
50036 service.started           - - -                        -                          | DHCP client started
50037 service.stopped           - - -                        -                          | DHCP client stopped
*    network.dhcp               - - -                        Message                    | DHCP client

[dhcpv6-client]
51046 service.started           - - -                        -                          | DHCPv6 client started
51047 service.stopped           - - -                        -                          | DHCPv6 client stopped
*    network.dhcp               - - -                        Message                    | DHCPv6 client

[time-service]
*    host.clock_changed         - - -                        TimeSource,Message         | time service

[filtermanager]
1    service.stopped            - - DeviceName:driver        -                          | file system filter unloaded
*    module.loaded              - - DeviceName:driver        FinalStatus                | file system filter

[userpnp]
20001 host.device_attached      - - DeviceInstanceID:device  DriverName,DriverDescription,InstallStatus | driver installed for a device
20003 service.installed         - - ServiceName:service      DriverFileName,DeviceInstanceID | service added for a device
*    host.device_attached       - - DeviceInstanceID:device  Message                    | plug and play

[driverframeworks-usermode]
*    host.device_attached       - - instance:device          Message                    | device driver

[kernel-pnp]
*    host.device_attached       - - DriverName:driver        DeviceInstanceId,DriverNameBuffer,Message | kernel plug and play

[partition]
*    host.device_attached       - - Model:device             SerialNumber,Manufacturer  | disk seen

[ntfs]
55   host.error                 - - DriveName:volume         -                          | file system damaged
98   host.state                 - - DriveName:volume         DeviceName                 | volume checked
*    host.state                 - - DriveName:volume         Message                    | file system

[application error]
1000 service.error              - - Image:process            Data,AppName,ModuleName,ExceptionCode | application crashed
*    service.error              - - -                        Data,Message               | application error

[application hang]
*    service.error              - - -                        Data,Message               | application hung

[windows error reporting]
*    service.error              - - -                        Data,Message               | error report

[distributedcom]
10016 access.denied             - - -                        param6,param7,param4,param1,param2,param3 ! | COM activation or access refused
10005 service.error             - - -                        param2,param1            ! | COM could not start a service
10009 network.denied            - - -                        param1                   ! | COM could not reach a machine
10010 service.error             - - -                        param1                   ! | COM server did not register in time
10028 network.denied            - - -                        param1                   ! | COM could not reach a machine
*    service.error              - - -                        param1,Message             | COM

[security-spp]
*    service.status             - - -                        Data,Message               | software protection service

[directory-services-sam]
12294 account.disabled          - - -                        -                        ! | account lockout could not be set
16962 policy.changed            - - -                        -                          | remote calls to the account database restricted
16965 access.denied             - - -                        -                        ! | remote call to the account database denied
16968 policy.verdict            -  - -                       -                          | remote call to the account database would be denied
16969 access.denied             - - -                        -                        ! | remote calls to the account database denied
*    account.read               - - -                        Message                    | account database

[kerberos-key-distribution-center]
*    service.error              - - -                        Data,Message               | key distribution centre

[security-kerberos]
*    auth.check_failed          - - -                        Message                    | Kerberos client

[lsasrv]
*    service.status             - - -                        Message                    | local security authority

[netlogon]
5723 auth.login_failed          - - -                        Data                     ! | secure channel refused
5805 auth.login_failed          - - -                        Data                     ! | machine failed to authenticate
5827 auth.login_failed          - - -                        Data                     ! | vulnerable secure channel denied
5828 auth.login_failed          - - -                        Data                     ! | vulnerable secure channel denied
5829 auth.check_failed          - - -                        Data                       | vulnerable secure channel allowed
*    service.status             - - -                        Data,Message               | netlogon

[appxdeployment]
*    software.updated           X - PackageFamilyName:package Message                   | packaged app

[appxdeployment-server]
*    software.updated           X - PackageFullName:package  Path,Message               | packaged app deployment

[capi2]
11   policy.verdict             X - -                        -                          | certificate chain built
30   policy.verdict             X - -                        -                          | certificate policy verified
*    policy.verdict             X - -                        Result,Message             | certificate services client

[certificateservicesclient-lifecycle-system]
*    secret.changed             X - -                        Message                    | certificate

[restartmanager]
*    process.stopped            X - -                        Message                    | restart manager

[msexchange cmdletlogs]
1    process.executed_remotely  - - -                        Data                     + | Exchange command
6    process.executed_remotely  - - -                        Data                     ! | Exchange command failed
*    process.executed_remotely  - - -                        Data                       | Exchange command

[mssqlserver]
18453 database.connected        - - -                        Data                     + | database login
18454 database.connected        - - -                        Data                     + | database login
18456 auth.login_failed         - - -                        Data                     ! | database login failed
15457 policy.changed            - - -                        Data                       | database setting changed
33205 database.queried          - - -                        Data                       | database audit
*    service.status             - - -                        Data                       | database server

[esent]
216  data.export                - - -                        Data                       | database moved or copied
325  file.created               - - -                        Data                       | database created
326  file.read                  - - -                        Data                       | database attached
327  file.read                  - - -                        Data                       | database detached
*    database.maintained        - - -                        Data                       | storage engine

[vss]
8224 service.stopped            - - -                        -                          | shadow copy service idle
*    service.status             - - -                        Data                       | shadow copy service

[volsnap]
*    service.status             - - -                        Data,VolumeName            | volume snapshot

[shell-core]
28115 software.installed        X - Name:shortcut            AppID                      | shortcut added
9707 process.started            X - Command:process          -                          | command of an autostart entry began
9708 process.stopped            X - Command:process          -                          | command of an autostart entry ended
*    service.status             X - -                        Message                    | shell

[ntfrs]
*    service.status             - - -                        Data                       | file replication

[openssh]
4    log.line                   - - process:process          payload                    | OpenSSH

[hyper-v-netvsc]
*    host.state                 - - MiniportName:interface   Message                    | virtual network adapter

[kernel-processor-power]
*    host.state                 - - -                        Message                    | processor power

[kernel-boot]
*    host.started               - - -                        BootType,LoadOptions       | boot

[wininit]
*    host.started               - - -                        Data,Message               | start of the session manager

[setup]
*    software.installed         - - -                        Message                    | operating system set-up

[e1iexpress]
27   network.observed           - - -                        Data                       | network link disconnected
32   network.observed           - - -                        Data                       | network link established
*    host.state                 - - -                        Data                       | network adapter

[iphlpsvc]
*    network.observed           - - Interface:interface      Address                    | tunnel interface

[disk]
7    host.error                 - - -                        Data                       | bad block on a disk
51   host.error                 - - -                        Data                       | error while paging to a disk
*    host.state                 - - -                        Data                       | disk

[cdrom]
*    host.error                 - - -                        Data                       | optical drive

[virtual disk service]
*    service.status             - - -                        Data                       | virtual disk service

[bthusb]
*    host.state                 - - -                        Data                       | Bluetooth adapter

[vmci]
*    host.state                 - - -                        Data                       | virtual machine interface

[serial]
*    host.state                 - - -                        Data                       | serial port

[dfssvc]
*    service.status             - - -                        Message                    | distributed file system

[securitycenter]
1    service.started            - - -                        -                          | security centre started
15   service.status             - - -                        Data                       | state of a security product
*    service.status             - - -                        Data                       | security centre

[wmi]
5615 service.started            - - -                        -                          | WMI service started
5617 service.started            - - -                        -                          | WMI subsystems initialised
*    service.status             - - -                        Message                    | WMI

[user profiles service]
1530 service.status             X - -                        Detail                     | registry still in use at logoff
1531 service.started            - - -                        -                          | user profile service started
1532 service.stopped            - - -                        -                          | user profile service stopped
*    service.status             X - -                        Message                    | user profile service

[search]
1003 service.started            - - -                        -                          | search service started
*    service.status             - - -                        Message                    | search service

[wpdclassinstaller]
*    host.device_attached       - - -                        Data                       | portable device

[usermodepowerservice]
12   policy.changed             X - ProcessPath:process      OldSchemeGuid,NewSchemeGuid | power scheme changed
*    host.state                 X - -                        Message                    | power

[tpm-wmi]
*    host.state                 - - -                        Message                    | trusted platform module

[httpevent]
*    policy.changed             - - Url:url                  DeviceObject               | HTTP reservation

[http event]
*    policy.changed             - - Url:url                  Message                    | HTTP service

[lfsvc]
*    service.status             - - -                        Data                       | location service

[workstation]
*    service.status             - - -                        Data                       | workstation service

[application popup]
26   service.error              - - Caption:program          Message                    | dialogue shown for an error
*    service.error              - - Caption:program          Message                    | dialogue

[bugcheck]
*    host.error                 - - -                        Data,param1                | machine restarted from a bugcheck

[tcpip]
*    network.observed           - - -                        Data,Message               | network stack

[hyper-v-vmswitch]
*    network.observed           - - -                        Message                    | virtual switch

[firewall]
*    policy.changed             X - -                        Message                    | firewall

[forwarding]
*    logging.changed            - - -                        Id,Status                  | event forwarding subscription

[diagnostics-performance]
*    host.state                 - - -                        Message                    | performance diagnosis

[ntlm security protocol]
*    auth.check_failed          - - -                        Message                    | NTLM

[networkprofile]
10000 network.observed          - - Name:network             Description,State          | network connected
10001 network.observed          - - Name:network             Description,State          | network disconnected
*    network.observed           - - Name:network             Description                | network

[wlan-autoconfig]
8001 network.connection         - - SSID:network             BSSID,ProfileName        + | wireless network connected
8002 network.connection         - - SSID:network             FailureReason            ! | wireless network connection failed
8003 network.connection         - - SSID:network             Reason                     | wireless network disconnected
11001 network.connection        - - SSID:network             -                        + | wireless network association succeeded
*    network.observed           - - SSID:network             Message                    | wireless network

[application-experience]
201  service.started            - - -                        -                          | program compatibility assistant started
206  service.status             - - -                        -                          | program compatibility assistant initialised

[srumon]
*    service.status             - - -                        Message                    | resource usage monitor
"""  # noqa: E501 - a table: one kind of event a line
