"""Formats of cloud, identity and collaboration services' audit logs."""

from vestige.sources.cloud.cloudtrail import FORMAT as CLOUDTRAIL
from vestige.sources.contract import Format

FORMATS: tuple[Format, ...] = (CLOUDTRAIL,)
