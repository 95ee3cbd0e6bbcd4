"""Samples of :mod:`vestige.sources.applications`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "kafka": (
        b"[2026-01-01 10:00:00,123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)\n"
        b"[2026-01-01 10:00:01,123] INFO Principal = User:bob is Denied Operation = Read from host = 192.0.2.7 on resource ="
        b" Topic:LITERAL:pay (kafka.authorizer.logger)\n"
        b"[2026-01-01 10:00:02,123] [ERROR] [thread-1] [state.change.logger] - [Controller id=1] failed\nkafka.X: y\n    at a.b\n",
    ),
    "elastic_text": (
        b"[2026-01-01T10:00:00,123][INFO ][logstash.agent           ] Pipelines running {:count=>1}\n"
        b"[2026-01-01T10:00:01,123][ERROR][logstash.outputs.elasticsearch][main][0af] broke\nagain\n"
        b"[2026-01-01T10:00:02,123][INFO ][o.e.c.m.MetadataCreateIndexService] [node-1] [logs-1] creating index, cause [api]\n",
    ),
    "icinga": (
        b"[2026-01-01 10:00:00 +0100] information/Notification: Sending 'Problem' notification 'web!load!mail' for user 'ops'\n"
        b"[2026-01-01 10:00:01 +0100] critical/checker: broke\nagain\n",
        b"information/cli: Icinga application loader (version: r2.14.0-1)\n",
    ),
    "nats": (
        b"[1] 2026/01/01 10:00:00.123456 [INF] Starting nats-server\n"
        b"[1] 2026/01/01 10:00:01.123456 [TRC] 192.0.2.7:38630 - cid:1 - ->> [SUB orders.* 1]\n"
        b'[1] 2026/01/01 10:00:02.123456 [ERR] 192.0.2.7:38630 - cid:2 - authentication error - User "eve"\n',
    ),
    "vsftpd": (
        b'Mon Jun  6 18:43:28 2026 [pid 2] CONNECT: Client "192.0.2.7"\n'
        b'Mon Jun  6 18:43:32 2026 [pid 1] [bob] FAIL LOGIN: Client "192.0.2.7"\n'
        b'Mon Jun  6 18:43:59 2026 [pid 3] [bob] OK UPLOAD: Client "192.0.2.7", "/a.png", 1884 bytes, 41.44Kbyte/sec\n',
    ),
}
