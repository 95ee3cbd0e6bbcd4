"""Samples of :mod:`vestige.sources.forensic`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "timesketch": (
        b'{"message":"m","datetime":"2026-01-01T00:00:00Z","timestamp_desc":"d","timestamp":5,"tag":["a"],'
        b'"data_type":"bash:history:entry"}\n',
        b'message,datetime,timestamp_desc,data_type\n"x ""y""",2026-01-01T00:00:00Z,d,bash:history:entry\n',
    ),
    "plaso_dynamic": (
        b"datetime,timestamp_desc,source,source_long,message,parser,display_name,tag\n"
        b"2026-01-01T10:00:00.000001+00:00,Last Time Executed,LOG,WinPrefetch,Prefetch [CMD.EXE] was executed - run"
        b" count 3,prefetch,OS:/c/CMD.EXE-1.pf,-\n"
        b"2026-01-01T10:00:05.000000+00:00,Creation Time,FILE,File stat,OS:/tmp/x Type: file,filestat,OS:/tmp/x,hit seen\n"
        b"Not a time,Not a time,REG,Registry Key,[HKEY_LOCAL_MACHINE\\x] a: 1,winreg/winreg_default,OS:/NTUSER.DAT,-\n",
    ),
    "l2tcsv": (
        b"date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra\n"
        b"01/01/2026,10:00:00,UTC,M.C.,FILE,OS stat,Content Modification Time; Metadata Modification Time,-,h1,x,OS:/tmp/x"
        b" Type: file,2,OS:/tmp/x,12,-,filestat,size: 4\n"
        b"07/01/2026,12:00:00,Europe/Berlin,....,LOG,Bash History,Content Modification Time,ann,h1,ls,ls -l,2,OS:/h,3,seen,"
        b"bash_history,-\n",
    ),
    "plaso_json": (
        b'{"__container_type__": "event", "__type__": "AttributeContainer", "data_type": "fs:stat", "date_time": '
        b'{"__class_name__": "Filetime", "__type__": "DateTimeValues", "timestamp": 132500000000000001}, "filename": "/x",'
        b' "message": "OS:/x Type: file", "timestamp": 1605526400000000, "timestamp_desc": "Creation Time"}\n'
        b'{"__container_type__": "event", "__type__": "AttributeContainer", "data_type": "windows:lnk:link", "date_time": '
        b'{"__class_name__": "NotSet", "__type__": "DateTimeValues", "string": "Not set"}, "message": "l", "timestamp": 0,'
        b' "timestamp_desc": "Not a time"}\n',
    ),
    "hayabusa": (
        b'"Timestamp","Computer","Channel","EventID","Level","RecordID","RuleTitle","Details","ExtraFieldInfo","RuleID"\n'
        b'"2026-01-01 10:00:00.123 +09:00","ws1","Sec",4625,"med",77,"Failed Logon","TgtUser: ann \xc2\xa6 Type: 3 \xc2\xa6'
        b' SrcIP: 10.0.0.9","","r-1"\n',
        b'{\n    "Timestamp": "2026-01-01T01:00:00.1234567Z",\n    "RuleTitle": "Proc Exec",\n    "Level": "info",\n'
        b'    "Computer": "ws1",\n    "Channel": "Sysmon",\n    "EventID": 1,\n    "RecordID": 5,\n'
        b'    "Details": {"Cmdline": "whoami", "Proc": "C:\\\\w.exe", "User": "D\\\\ann"}\n}\n',
        b"datetime,timestamp_desc,message,Computer,Channel,EventID,Level,RecordID,Details\n"
        b"2026-01-01T01:00:00.1Z,hayabusa,Proc Exec,ws1,Sysmon,1,crit,6,Cmdline: whoami\n",
    ),
    "chainsaw": (
        b'[{"group":"Sigma","kind":"individual","document":{"kind":"evtx","path":"a.evtx","data":{"Event":{"System":{'
        b'"Channel":"Security","Computer":"ws1","EventID":4625,"EventRecordID":9},"EventData":{"TargetUserName":"ann",'
        b'"IpAddress":"10.0.0.9","IpPort":"4444"}}}},"name":"Failed Logon","timestamp":"2026-01-01T01:00:00.5+00:00",'
        b'"authors":["x"],"level":"high","source":"sigma","status":"stable","id":"r-1","tags":["attack.t1110"]}]',
        b"timestamp,detections,path,Event ID,Record ID,Computer,User,IP Address\n"
        b"2026-01-01T01:00:00+00:00,Any Logon,a.evtx,4624,9,ws1,ann,10.0.0.9\n",
    ),
    "bodyfile": (
        b"0|/etc/x|12|r/rrw-r--r--|0|0|9|1700000000|1700000001|1700000001|0\n"
        b"# made by hand\n"
        b"0|/a|b (deleted)|13|r/----------|0|0|0|0|-1|0|0\n",
    ),
    "tln": (
        b"Time|Source|Host|User|Description\n1700000000|FILE|ws1|-|M... [9] C:/x\n",
        b"1700000000|REG|ws1|ann|2023-11-14T22:13:20.250000+00:00; Content Modification Time; [HKCU\\x] a|UTC|File: x\n",
    ),
}
