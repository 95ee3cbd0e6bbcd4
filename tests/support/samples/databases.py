"""Samples of :mod:`vestige.sources.databases`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "postgresql": (
        b"2026-01-01 10:00:00.123 UTC [7] bob@shop LOG:  duration: 1.5 ms  statement: SELECT 1\n\tFROM t\n"
        b'2026-01-01 10:00:01.123 UTC [8] [unknown]@[unknown] FATAL:  password authentication failed for user "eve"\n',
    ),
    "postgresql_csv": (
        b'2026-01-01 10:00:00.123 UTC,"bob","shop",7,"192.0.2.7:55",695643a0.7,1,"authentication",2026-01-01 10:00:00 UTC,'
        b'3/1,0,LOG,00000,"connection authorized: user=bob database=shop",,,,,,,,,"psql"\n',
    ),
    "postgresql_json": (
        b'{"timestamp":"2026-01-01 10:00:00.123 UTC","user":"bob","dbname":"shop","pid":7,"remote_host":"192.0.2.7",'
        b'"remote_port":55,"session_id":"a.7","line_num":1,"error_severity":"ERROR","state_code":"42P01",'
        b'"message":"relation \\"x\\" does not exist","backend_type":"client backend"}\n',
    ),
    "mysql_error": (
        b"2026-01-01T10:00:00.123456Z 7 [Note] Access denied for user 'eve'@'192.0.2.7' (using password: YES)\n"
        b"260101 10:00:00 InnoDB: Completed initialization of buffer pool\nInnoDB: more\n",
    ),
    "mysql_slow": (
        b"# Time: 2026-01-01T10:00:02.5Z\n# User@Host: bob[bob] @ localhost [192.0.2.7]  Id:     7\n"
        b"# Query_time: 2.5  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 0\nuse shop;\nSET timestamp=1767261600;\n"
        b"SELECT 1\n\nFROM t;\n# User@Host: eve[eve] @ host []\n# Query_time: 1.0\nSELECT 2;\n",
    ),
    "mongodb": (
        b"2026-01-01T10:00:00.123+0100 I NETWORK  [listener] connection accepted from 192.0.2.7:55 #1 (1 connection now open)\n"
        b"2026-01-01T10:00:01.123+0100 I COMMAND  [conn1] command shop.t command: find {} 120ms\n",
    ),
    "mongodb_json": (
        b'{"t":{"$date":"2026-01-01T10:00:00.123+00:00"},"s":"I","c":"ACCESS","id":20249,"ctx":"conn1",'
        b'"msg":"Authentication failed","attr":{"user":"eve","db":"admin","remote":"192.0.2.7:55","error":"no"}}\n',
    ),
    "redis": (
        b"7:M 01 Jan 2026 10:00:00.123 * Ready to accept connections\n[7] 01 Jan 10:00:01 - Accepted 192.0.2.7:55\n",
    ),
}
