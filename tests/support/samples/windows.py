"""Samples of :mod:`vestige.sources.windows`."""

from __future__ import annotations

from support.made_evtx import Element, event, file_of

LOGON = {
    "SubjectUserSid": "S-1-5-18",
    "SubjectUserName": "DC01$",
    "SubjectDomainName": "CORP",
    "SubjectLogonId": "0x3e7",
    "TargetUserSid": "S-1-5-21-1-2-3-1104",
    "TargetUserName": "alice",
    "TargetDomainName": "CORP",
    "TargetLogonId": "0xABC1",
    "LogonType": "10",
    "WorkstationName": "WS7",
    "IpAddress": "192.0.2.7",
    "IpPort": "50112",
}
CLEARED = Element("LogFileCleared", [Element("SubjectUserName", "mallory"), Element("SubjectDomainName", "CORP")])

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "evtx": (
        file_of(
            [
                [event(4624, LOGON), event(4625, LOGON | {"SubStatus": "0xc000006a"}, keywords="0x8010000000000000")],
                [event(1102, provider="Microsoft-Windows-Eventlog", user_data=CLEARED, record=3)],
            ]
        ),
    ),
    "windows_json": (
        b'{"EventTime":"2026-01-02 03:04:05","Hostname":"WS7.corp.example","Keywords":-9214364837600034816,'
        b'"EventType":"AUDIT_SUCCESS","SeverityValue":2,"EventID":4688,"SourceName":"Microsoft-Windows-Security-Auditing",'
        b'"Channel":"Security","SubjectUserSid":"S-1-5-21-1-2-3-1104","SubjectUserName":"alice","SubjectDomainName":"CORP",'
        b'"SubjectLogonId":"0xabc1","NewProcessName":"C:\\\\Windows\\\\System32\\\\whoami.exe","CommandLine":"whoami /all",'
        b'"@timestamp":"2026-01-02T03:04:07Z"}\n',
        b'{"@timestamp":"2026-01-02T03:04:05.678Z","event":{"code":"1","provider":"Microsoft-Windows-Sysmon"},"winlog":{'
        b'"channel":"Microsoft-Windows-Sysmon/Operational","event_id":"1","provider_name":"Microsoft-Windows-Sysmon",'
        b'"computer_name":"WS7","event_data":{"UtcTime":"2026-01-02 03:04:05.670","Image":"C:\\\\a.exe","User":"CORP\\\\bob",'
        b'"ProcessGuid":"{6a910b9d-498a-5ee0-c903-000000000400}","LogonId":"0x1f","Hashes":"MD5=49D503CA73BABD8FCCF5C1A9E4D1B0A2"}}}\n',
        b'[{"Event":{"System":{"Provider":{"#attributes":{"Name":"Service Control Manager"}},"EventID":7045,"Channel":"System",'
        b'"Computer":"WS7","TimeCreated":{"#attributes":{"SystemTime":"2026-01-02T03:04:05Z"}}},"EventData":{'
        b'"ServiceName":"evil","ImagePath":"C:\\\\evil.exe"}}}]',
    ),
    "windows_firewall": (
        b"#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n"
        b"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype"
        b" icmpcode info path pid\r\n\r\n"
        b"2026-01-01 10:00:00 DROP TCP 198.51.100.7 192.0.2.7 50112 3389 52 S 1 0 8192 - - - RECEIVE 4\r\n"
        b"2026-01-01 10:00:01 ALLOW UDP 192.0.2.7 192.0.2.1 50000 53 0 - - - - - - - SEND 1204\r\n",
        b"2026-01-01 10:00:00 OPEN TCP 192.0.2.7 192.0.2.8 50112 445 - - - - - - - - -\n",
    ),
    "setupapi": (
        b"[Device Install Log]\r\n     OS Version = 10.0.19045\r\n\r\n[BeginLog]\r\n\r\n"
        b"[Boot Session: 2026/01/01 09:58:03.498]\r\n\r\n"
        b">>>  [Device Install (Hardware initiated) - USB\\VID_0781&PID_5567\\20042]\r\n>>>  Section start 2026/01/01 10:00:00.123\r\n"
        b"     dvi: {Build Driver List} 10:00:00.176\r\n<<<  Section end 2026/01/01 10:00:01.123\r\n<<<  [Exit status: SUCCESS]\r\n",
    ),
    "powershell_transcript": (
        b"**********************\r\nWindows PowerShell transcript start\r\nStart time: 20260101100000\r\nUsername: CORP\\bob\r\n"
        b"RunAs User: CORP\\admin\r\nMachine: WS7 (Microsoft Windows NT 10.0.17763.0)\r\nHost Application: powershell.exe\r\n"
        b"Process ID: 6456\r\n**********************\r\nPS C:\\> whoami\r\ncorp\\bob\r\n**********************\r\n"
        b"Windows PowerShell transcript end\r\nEnd time: 20260101100100\r\n**********************\r\n",
    ),
    "windows_tables": (
        b"RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,Computer,UserId,Keywords,MapDescription,Payload\n"
        b"1,7,2026-01-02 03:04:05.1234567,4624,LogAlways,Microsoft-Windows-Security-Auditing,Security,WS7,,Audit success,Logon,"
        b'"{""EventData"":{""Data"":[{""@Name"":""TargetUserName"",""#text"":""bob""},{""@Name"":""IpAddress"",""#text"":'
        b'""192.0.2.7""}]}}"\n',
        b'#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"Message","Id","ProviderName","LogName","MachineName",'
        b'"UserId","TimeCreated","LevelDisplayName"\r\n"The Event log service was stopped.","1100",'
        b'"Microsoft-Windows-Eventlog","Security","WS7","","1/23/2026 4:00:00 PM","Information"\r\n',
        b"Level,Date and Time,Source,Event ID,Task Category\r\n"
        b'Information,1/23/2026 4:00:00 PM,Microsoft-Windows-Security-Auditing,4720,User Account Management,"A user account was'
        b' created.\r\n\r\nSubject:\r\n"\r\n',
    ),
}
