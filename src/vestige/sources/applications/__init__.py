"""Logs of servers that are no web server and no database: brokers, monitoring, pipelines, file transfer."""

from vestige.sources.applications.elastic_text import FORMAT as ELASTIC_TEXT
from vestige.sources.applications.icinga import FORMAT as ICINGA
from vestige.sources.applications.kafka import FORMAT as KAFKA
from vestige.sources.applications.nats import FORMAT as NATS
from vestige.sources.applications.vsftpd import FORMAT as VSFTPD
from vestige.sources.contract import Format

FORMATS: tuple[Format, ...] = (KAFKA, ELASTIC_TEXT, ICINGA, NATS, VSFTPD)
