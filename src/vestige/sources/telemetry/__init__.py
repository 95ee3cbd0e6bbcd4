"""What telemetry pipelines hand on: OpenTelemetry, CloudEvents, and the common schemas of other tools."""

from vestige.sources.contract import Format
from vestige.sources.telemetry.cloudevents import FORMAT as CLOUDEVENTS
from vestige.sources.telemetry.ecs import FORMAT as ECS
from vestige.sources.telemetry.ocsf import FORMAT as OCSF
from vestige.sources.telemetry.otlp_json import FORMAT as OTLP_JSON
from vestige.sources.telemetry.otlp_proto import FORMAT as OTLP_PROTO
from vestige.sources.telemetry.splunk_hec import FORMAT as SPLUNK_HEC

FORMATS: tuple[Format, ...] = (OTLP_JSON, OTLP_PROTO, CLOUDEVENTS, OCSF, SPLUNK_HEC, ECS)
