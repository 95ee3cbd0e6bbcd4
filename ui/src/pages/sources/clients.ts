/** Configurations of what people send with already, for this server's address and a key. Nothing of it is sent anywhere. */

export interface At {
  /** `https://vestige.example.org:8443`, as this browser reached it. */
  readonly origin: string;
  /** The secret of a key, or what stands in its place until one is made. */
  readonly key: string;
  readonly source: string;
  /** Where syslog is heard, by transport; none where it is not. */
  readonly syslog: Readonly<Partial<Record<"udp" | "tcp" | "tls", string>>>;
}

export interface Configuration {
  readonly id: string;
  readonly name: string;
  /** Where it goes. */
  readonly file: string;
  readonly text: string;
  /** What a person should know who sends so. */
  readonly about: string;
}

const ACKNOWLEDGED = "Each request is answered after the ledger's commit; what was not answered is sent again.";
const PLAIN = "Syslog acknowledges nothing: what is in the sender's kernel when a connection breaks is lost. Send files, or over HTTP, where nothing may be lost.";
const NONE = "This server does not listen for syslog. Start it with VESTIGE_SYSLOG_TCP=0.0.0.0:5514 and VESTIGE_SYSLOG_ALLOW naming the senders' networks, or with VESTIGE_SYSLOG_TLS.";

/** Host and port of an address, also where it is every address of the machine. */
export function reached(address: string, host: string): { host: string; port: string } {
  const [, named = "", port = ""] = /^(?:[a-z]+:\/\/)?(.*):(\d+)$/.exec(address) ?? [];
  const bare = named.replace(/^\[|\]$/g, "");
  return { host: ["", "0.0.0.0", "::", "*"].includes(bare) ? host : bare, port };
}

export function configurations(at: At): Configuration[] {
  const url = new URL(at.origin);
  const tls = url.protocol === "https:";
  const port = url.port || (tls ? "443" : "80");
  const host = url.hostname;
  const heard = at.syslog.tls ?? at.syslog.tcp ?? at.syslog.udp;
  const isTls = at.syslog.tls !== undefined;
  const isUdp = !isTls && at.syslog.tcp === undefined && at.syslog.udp !== undefined;
  const log = heard ? reached(heard, host) : { host, port: "5514" };
  const about = heard ? PLAIN : NONE;
  const protocol = isUdp ? "udp" : "tcp";
  return [
    {
      id: "rsyslog", name: "rsyslog", file: "/etc/rsyslog.d/60-vestige.conf", about,
      text: `action(type="omfwd" target="${log.host}" port="${log.port}" protocol="${protocol}"${isUdp ? "" : ' TCP_Framing="octet-counted"'}
${isTls ? '       StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"\n' : ""}       queue.type="LinkedList" queue.filename="vestige" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
       queue.timeoutEnqueue="600000" action.resumeRetryCount="-1")`,
    },
    {
      id: "syslog-ng", name: "syslog-ng", file: "/etc/syslog-ng/conf.d/vestige.conf", about,
      text: `destination d_vestige {
  syslog("${log.host}" port(${log.port}) transport("${isTls ? "tls" : protocol}")${isTls ? ' tls(ca-file("/etc/ssl/certs/ca-certificates.crt"))' : ""});
};
log { source(s_src); destination(d_vestige); flags(flow-control); };`,
    },
    {
      id: "fluent-bit", name: "Fluent Bit", file: "fluent-bit.conf", about: `${ACKNOWLEDGED} An event that was sent twice is kept twice.`,
      text: `[INPUT]
    Name   tail
    Path   /var/log/${at.source}/*.log
    Tag    ${at.source}
    DB     /var/lib/fluent-bit/${at.source}.db

[OUTPUT]
    Name          splunk
    Match         ${at.source}
    Host          ${host}
    Port          ${port}
    TLS           ${tls ? "On" : "Off"}
    Splunk_Token  ${at.key}
    Event_Source  ${at.source}
    Retry_Limit   no_limits`,
    },
    {
      id: "vector", name: "Vector", file: "/etc/vector/vector.yaml", about: `${ACKNOWLEDGED} An event that was sent twice is kept twice.`,
      text: `sources:
  files:
    type: file
    include: ["/var/log/${at.source}/*.log"]

sinks:
  vestige:
    type: splunk_hec_logs
    inputs: [files]
    endpoint: ${at.origin}
    default_token: ${at.key}
    source: ${at.source}
    encoding:
      codec: text
    buffer:
      type: disk
      max_size: 1073741824`,
    },
    {
      id: "otel-sdk", name: "OpenTelemetry SDK", file: "the environment of the program", about: "The record is the request; its log records, spans and data points are the events.",
      text: `OTEL_EXPORTER_OTLP_ENDPOINT=${at.origin}
OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20${at.key}
OTEL_SERVICE_NAME=${at.source}`,
    },
    {
      id: "otel-collector", name: "OpenTelemetry Collector", file: "config.yaml", about: "Requests above 8 MiB are refused: keep batches small. The record is the request.",
      text: `exporters:
  otlphttp/vestige:
    endpoint: ${at.origin}
    headers:
      Authorization: Bearer ${at.key}
    sending_queue:
      storage: file_storage

service:
  pipelines:
    logs:
      exporters: [otlphttp/vestige]`,
    },
    {
      id: "hec", name: "Splunk HEC", file: "whatever sends to an HTTP Event Collector", about: "With a channel, acknowledgements say what is in the ledger, also after a restart.",
      text: `URL    ${at.origin}/services/collector
Token  ${at.key}

curl ${at.origin}/services/collector \\
  -H 'Authorization: Splunk ${at.key}' \\
  -d '{"source": "${at.source}", "event": {"event_type": "auth.login", "user": "alice"}}'`,
    },
    {
      id: "filebeat", name: "Filebeat", file: "filebeat.yml", about: `${ACKNOWLEDGED} The index is the source: elasticsearch:${at.source}.`,
      text: `filebeat.inputs:
  - type: filestream
    id: ${at.source}
    paths: ["/var/log/${at.source}/*.log"]

output.elasticsearch:
  hosts: ["${at.origin}"]
  username: vestige
  password: "${at.key}"
  index: ${at.source}
  allow_older_versions: true

setup.template.enabled: false
setup.ilm.enabled: false`,
    },
    {
      id: "curl", name: "curl", file: "a shell", about: "A file of any known format, compressed or not; the answer is the account of it. Below it one declared event.",
      text: `curl ${at.origin}/v1/ingest/raw \\
  -H 'Authorization: Bearer ${at.key}' \\
  -H 'X-Source-Id: ${at.source}' -H 'X-Filename: ${at.source}.log' \\
  --data-binary @/var/log/${at.source}.log

curl ${at.origin}/v1/ingest/events \\
  -H 'Authorization: Bearer ${at.key}' -H 'X-Source-Id: ${at.source}' \\
  -d '{"event_type": "deploy.started", "occurred_at": "2026-04-09T12:00:00Z", "actor": {"id": "alice"}}'`,
    },
  ];
}
