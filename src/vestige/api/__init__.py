"""The HTTP interface: ``/v1``, bearer tokens, problem+json errors, OpenAPI at ``/v1/openapi.json``."""

from vestige.api.create import create_api
from vestige.api.server import Server, stop_signals

__all__ = ["Server", "create_api", "stop_signals"]
