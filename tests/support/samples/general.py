"""Samples of :mod:`vestige.sources.general`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "json": (
        b'{"event_type":"auth.login","occurred_at":"2026-01-01T00:00:00Z","actor":{"id":"a"},"message":"m",'
        b'"network":{"src_ip":"1.2.3.4"}}\n',
    ),
    "timeline": (
        b'{"event_id":"01JAR1Z5E8D3XK3R5V3G7Z2Q4A","timestamp":"2025-11-01T10:01:00Z","category":"scan.completed",'
        b'"subject":"sha256:aa","details":{"findings":2}}\n',
    ),
    "csv": (b"time,user,message\n2026-01-01T00:00:00Z,a,hello\n2026-01-01T00:00:01Z,b,there\n",),
    "mixed": (
        b'{"event_type":"auth.login","occurred_at":"2026-01-01T00:00:00Z","actor":{"id":"a"},"message":"m"}\n'
        b"Jan  1 00:00:01 host sshd[5]: Failed password for root from 1.2.3.4 port 5 ssh2\n"
        b'{"event_type":"auth.logout","occurred_at":"2026-01-01T00:00:02Z","actor":{"id":"a"},"message":"m"}\n',
    ),
    "syslog": (
        b'<34>1 2026-01-01T00:00:00Z host sshd 5 - [a b="c"] Failed password for root from 1.2.3.4 port 5 ssh2\n',
        b"Jan  1 00:00:00 host sudo:  bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls\n"
        b"Jan  1 00:00:00 host sshd[1]: pam_unix(sshd:auth): authentication failure; logname= rhost=1.2.3.4  user=x\n",
    ),
    "plain_log": (
        b"2026-01-01 10:00:00,123 INFO  [main] com.example.App - started\n"
        b"2026-01-01 10:00:01,123 ERROR [main] com.example.App - it broke\njava.lang.Error: x\n\tat a.B.c(B.java:1)\n",
    ),
}
