"""Samples of :mod:`vestige.sources.network`."""

from __future__ import annotations


def _zeek(path: str, names: str, types: str, *rows: str) -> bytes:
    head = (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{path}\n#open\t2026-01-01-00-00-00\n#fields\t{names}\n#types\t{types}\n"
    )
    return (
        head.replace(" ", "\t").replace("#separator\t", "#separator ") + "".join(f"{row}\n" for row in rows)
    ).encode()


_CONN = _zeek(
    "conn",
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration conn_state",
    "time string addr port addr port enum string interval string",
    "1767225600.000001\tC1\t192.0.2.7\t40000\t198.51.100.1\t443\ttcp\tssl\t0.5\tSF",
)
_DNS = _zeek(
    "dns",
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto query qtype_name rcode_name AA answers TTLs",
    "time string addr port addr port enum string string string bool vector[string] vector[interval]",
    "1767225600.000002\tC2\t192.0.2.7\t40001\t198.51.100.2\t53\tudp\ta\\x2cb.example\tA\tNOERROR\tF"
    "\t203.0.113.9,cdn.example\t60.000000,60.000000",
)

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "zeek": (_CONN, _CONN + b"#close\t2026-01-01-01-00-00\n" + _DNS + b"#close\t2026-01-01-01-00-00\n"),
    "zeek_json": (
        b'{"_path":"ssl","ts":"2026-01-01T00:00:00.000001Z","uid":"C1","id.orig_h":"192.0.2.7","id.orig_p":1,'
        b'"id.resp_h":"198.51.100.1","id.resp_p":443,"version":"TLSv13","server_name":"shop.example","established":true,'
        b'"ja3":"0af"}\n'
        b'{"_path":"notice","ts":1767225600.5,"note":"Scan::Port_Scan","msg":"scanned","src":"192.0.2.7","actions":[]}\n',
        b'{"ts":1767225600.000001,"uid":"C1","id":{"orig_h":"192.0.2.7","orig_p":1,"resp_h":"198.51.100.1","resp_p":80},'
        b'"trans_depth":1,"method":"GET","host":"shop.example","uri":"/x","status_code":404}\n',
    ),
    "suricata_eve": (
        b'{"timestamp":"2026-01-01T00:00:00.000001+0000","flow_id":7,"event_type":"alert","src_ip":"192.0.2.7",'
        b'"src_port":1,"dest_ip":"198.51.100.1","dest_port":80,"proto":"TCP","community_id":"1:x=","alert":{"action":'
        b'"blocked","signature_id":1,"signature":"ET TEST","severity":1,"metadata":{"mitre_technique_id":["T1059"]}}}\n'
        b'{"timestamp":"2026-01-01T00:00:00.000002+0000","flow_id":8,"event_type":"dns","src_ip":"192.0.2.7","src_port":2,'
        b'"dest_ip":"198.51.100.2","dest_port":53,"proto":"UDP","dns":{"version":2,"type":"answer","rrname":"a.example",'
        b'"rrtype":"A","rcode":"NOERROR","answers":[{"rdata":"203.0.113.9"}]}}\n',
    ),
    "cef": (
        b"Jan  1 00:00:00 fw1 CEF:0|Acme|Wall|1.0|100|Malware \\| found|8|rt=1767225600001 src=192.0.2.7 spt=1 "
        b"dst=198.51.100.1 dpt=80 suser=bob act=blocked cs1Label=Rule cs1=deny all msg=a\\=b\\nc\n"
        b"CEF:0|Acme|Door|1.0|7|User login failed|3|end=Jan 01 2026 00:00:00 UTC duser=eve outcome=failure\n",
    ),
    "leef": (
        b"LEEF:1.0|Acme|Wall|1.0|deny|src=192.0.2.7\tdst=198.51.100.1\tsev=5\tcat=traffic\taction=Denied\t"
        b"devTime=1767225600001\n"
        b"<13>1 2026-01-01T00:00:00Z door app - - - LEEF:2.0|Acme|Door|1.0|Login|^|usrName=bob^result=Failure\n",
    ),
    "pensando": (
        b'<14>1 2026-01-01T10:00:00Z esx-1 pen-tmagent 1402  - [{"time":"2026-01-01T10:00:00Z","destaddr":"192.0.2.8","destport":80,'
        b'"srcaddr":"192.0.2.7","srcport":46554,"protocol":"TCP","action":"deny","direction":"from-host","rule-id":7,'
        b'"session-id":9,"session-state":"flow_create"}]\n',
    ),
}
