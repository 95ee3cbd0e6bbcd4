"""The HTTP interface: ``/v1``, bearer tokens, problem+json errors, OpenAPI at ``/v1/openapi.json``."""

from vestige.api.create import create_api
from vestige.api.demo_door import DEMO_PATH
from vestige.api.first_owner import FIRST_PATH
from vestige.api.server import Server, stop_signals
from vestige.api.witness import create_witness

__all__ = ["DEMO_PATH", "FIRST_PATH", "Server", "create_api", "create_witness", "stop_signals"]
