"""Samples of :mod:`vestige.sources.web`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "web_access": (
        b'192.0.2.7 - bob [01/Jan/2026:10:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 45\n'
        b'2001:db8::1 - - [01/Jan/2026:10:00:01 +0100] "-" 408 -\n',
        b'example.org:443 192.0.2.7 - - [01/Jan/2026:10:00:00 +0000] "GET / HTTP/2.0" 404 12 "-" "agent \\"x\\"" 0.003\n',
    ),
    "traefik": (
        b'192.0.2.7 - - [01/Jan/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl/8" 7 "web@file" "http://10.0.0.2" 2ms\n',
    ),
    "traefik_json": (
        b'{"ClientHost":"192.0.2.7","ClientPort":"55","ClientUsername":"-","DownstreamStatus":200,"RequestMethod":"GET",'
        b'"RequestPath":"/x?y","RequestProtocol":"HTTP/1.1","StartUTC":"2026-01-01T10:00:00.5Z"}\n',
    ),
    "apache_error": (
        b"[Thu Jan 01 10:00:00.000001 2026] [auth_basic:error] [pid 7:tid 8] [client 192.0.2.7:55] AH01617: user bob: "
        b'authentication failure for "/x": Password Mismatch\n'
        b"[Thu Jan 01 10:00:01 2026] [notice] Apache/2.2.22 configured -- resuming normal operations\n  more\n",
    ),
    "nginx_error": (
        b'2026/01/01 10:00:00 [error] 7#0: *1 open() "/srv/x" failed (2: No such file or directory), client: 192.0.2.7, '
        b'server: localhost, request: "GET /x HTTP/1.1", host: "localhost"\n',
    ),
    "iis": (
        b"#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
        b"2026-01-01 10:00:00 192.0.2.7 GET /x 200\n#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken\n"
        b"2026-01-01 10:00:01 192.0.2.7 GET /y 500 12\n",
        b"2026-01-01 10:00:00 192.0.2.1 GET / - 80 - 192.0.2.7 Mozilla/5.0+(x) - 200 0 0 123\n",
    ),
    "iis_native": (
        b"192.0.2.7, CORP\\bob, 3/20/26, 7:55:20, W3SVC2, SALES1, 192.0.2.1, 4502, 163, 3223, 200, 0, GET, /x, a=1,\n",
    ),
    "iis_error": (
        b"#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri "
        b"sc-status s-siteid s-reason s-queuename\n"
        b"2026-01-01 10:00:00 192.0.2.7 5 192.0.2.1 80 HTTP/1.1 GET /x 400 - Hostname -\n"
        b"2026-01-01 10:00:01 192.0.2.7 5 192.0.2.1 80 - - - - - Timer_ConnectionIdle -\n",
    ),
    "haproxy": (
        b"Jan  1 10:00:00 lb haproxy[7]: 192.0.2.7:55 [01/Jan/2026:10:00:00.001] in out/web1 0/0/1/2/3 200 45 - - ---- "
        b'1/1/0/0/0 0/0 {h} {} "GET /x HTTP/1.1"\n'
        b"Jan  1 10:00:00 lb haproxy[7]: 192.0.2.7:55 [01/Jan/2026:10:00:00.001] in out/web1 0/1/3 45 -- 1/1/0/0/0 0/0\n"
        b"Jan  1 10:00:00 lb haproxy[7]: Connect from 192.0.2.7:55 to 192.0.2.1:80 (in/HTTP)\n",
    ),
}
