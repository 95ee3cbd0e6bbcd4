"""Samples of :mod:`vestige.sources.linux`."""

from __future__ import annotations

import struct

_BINARY = b"Failed password for root from 192.0.2.7 port 22 ssh2"
_ENTRY = (
    b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1767225600000001\n_BOOT_ID=0af\n_HOSTNAME=web-1\nPRIORITY=6\n"
    b"SYSLOG_IDENTIFIER=sshd\n_PID=7\nMESSAGE\n" + struct.pack("<Q", len(_BINARY)) + _BINARY + b"\n"
)


def login(kind: int, line: str, user: str, host: str, *, pid: int = 7, address: bytes = b"") -> bytes:
    """A login record of x86_64, at 2026-01-01T10:00:00.000005Z."""
    return struct.pack(
        "<h2xi32s4s32s256shhiii16s20x", kind, pid, line.encode(), b"", user.encode(), host.encode(), 0, 0, 0,
        1_767_261_600, 5, address,
    )  # fmt: skip


SAMPLES: dict[str, tuple[bytes, ...]] = {
    "auditd": (
        b"type=SYSCALL msg=audit(1767225600.001:7): arch=c000003e syscall=59 success=yes exit=0 auid=1000 uid=0 ses=3 "
        b'comm="id" exe="/usr/bin/id" key="exec"\x1dARCH=x86_64 SYSCALL=execve AUID="bob" UID="root"\n'
        b'type=EXECVE msg=audit(1767225600.001:7): argc=2 a0="id" a1=2D6120\n'
        b"type=PROCTITLE msg=audit(1767225600.001:7): proctitle=6964002D61\n"
        b"type=USER_LOGIN msg=audit(1767225601.000:8): pid=9 uid=0 auid=4294967295 ses=4294967295 "
        b'msg=\'op=login acct="eve" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res=failed\'\n',
        b'node=web-1 type=AVC msg=audit(1767225600.001:9): avc:  denied  { read } for  pid=1 comm="x" name="shadow" '
        b"tclass=file permissive=0\n",
    ),
    "journald_json": (
        b'{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1767225600000002","_SOURCE_REALTIME_TIMESTAMP":"1767225600000001",'
        b'"_BOOT_ID":"0af","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"sshd","_PID":"7","PRIORITY":"6",'
        b'"MESSAGE":"Accepted password for bob from 192.0.2.7 port 22 ssh2"}\n'
        b'{"__REALTIME_TIMESTAMP":"1767225600000003","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"systemd","UNIT":"a.service",'
        b'"MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf","MESSAGE":[83,116,255],"X":null,"Y":["a","b"]}\n',
    ),
    "journald_export": (_ENTRY + b"\n" + _ENTRY + b"\n",),
    "cri": (
        b'2026-01-01T00:00:00.000000001Z stdout F 192.0.2.7 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n'
        b"2026-01-01T00:00:00.000000002Z stderr F E0101 00:00:00.000000       1 server.go:12] it broke\n",
    ),
    "docker_json": (
        b'{"log":"192.0.2.7 - bob [01/Jan/2026:00:00:00 +0000] \\"GET /x HTTP/1.1\\" 404 5\\n","stream":"stdout",'
        b'"time":"2026-01-01T00:00:00.000000001Z"}\n',
    ),
    "falco": (
        b'{"hostname":"web-1","output":"Shell in a container","priority":"Warning","rule":"Terminal shell","source":'
        b'"syscall","tags":["shell"],"time":"2026-01-01T00:00:00.000000001Z","output_fields":{"evt.time":'
        b'1767225600000000001,"user.name":"root","proc.cmdline":"bash -i","container.id":"0af"}}\n',
    ),
    "falco_text": (
        b"2026-01-01T00:00:00.000000001+0000: Warning Sensitive file opened (user=root command=cat /etc/shadow)\n",
    ),
    "osquery": (
        b'{"name":"pack_a_users","hostIdentifier":"web-1","calendarTime":"Thu Jan  1 00:00:00 2026 UTC","unixTime":'
        b'"1767225600","columns":{"username":"bob","uid":"1000"},"action":"added"}\n'
        b'{"name":"a","hostIdentifier":"web-1","unixTime":1767225600,"diffResults":{"added":[{"path":"/x"}],'
        b'"removed":[{"path":"/y"}]}}\n'
        b'{"name":"a","hostIdentifier":"web-1","unixTime":1767225600,"snapshot":[{"x":"y"}],"action":"snapshot"}\n',
    ),
    "santa": (
        b"[2026-01-01T00:00:00.001Z] I santad: action=EXEC|decision=DENY|reason=BINARY|sha256=0af|path=/bin/x|pid=1|user=bob\n",
    ),
    "dpkg": (
        b"2026-01-01 10:00:00 startup archives unpack\n"
        b"2026-01-01 10:00:00 install curl:amd64 <none> 8.5.0-2\n"
        b"2026-01-01 10:00:01 status half-configured curl:amd64 8.5.0-2\n"
        b"2026-01-01 10:00:01 conffile /etc/curlrc install\n"
        b"2026-01-01 10:00:02 upgrade tar 1.34 1.35\n2026-01-01 10:00:03 remove nc:all 1.10 <none>\n"
        b"2026-01-01 10:00:04 configure tar 1.35 <none>\n",
    ),
    "logcat": (
        b"--------- beginning of main\n"
        b"01-02 03:04:05.678  1234  5678 I ActivityManager: Start proc 4321:com.example.app/u0a1 for activity\n"
        b"01-02 03:04:05.679 W/Tag( 1234): odd\n2026-01-02 03:04:05.678901 +0100 10 1234 5678 E Tag  : broken\n",
        b"D/Tag( 7): said\nE/Tag( 7): broken\n",
    ),
    "utmp": (
        login(2, "~", "reboot", "6.1.0-18-amd64")
        + login(7, "pts/0", "bob", "192.0.2.7", address=b"\xc0\x00\x02\x07")
        + login(8, "pts/0", "", "")
        + bytes(384),
        login(6, "ssh:notty", "root", "192.0.2.7", address=b"\xc0\x00\x02\x07"),
    ),
    "shell_history": (
        b"#1767261600\ncat /etc/passwd\n#1767261601\nfor i in 1 2\ndo echo $i; done\n",
        b": 1767261600:5;make test\n: 1767261605:0;git push\n",
        b"- cmd: git push\n  when: 1767261600\n  paths:\n    - a\n- cmd: ls\n  when: 1767261601\n",
    ),
}
