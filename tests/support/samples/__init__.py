"""A small member of every format, made by hand: what the tests of all formats are held to.

A module per family of :mod:`vestige.sources`, each with ``SAMPLES``: format name to members. A sample is recognised as
its format, each of its records is read, and none of them comes out as a generic event, but for those in
``GENERIC``, where saying only that a program spoke is the whole truth.
"""

from __future__ import annotations

from support.samples import (
    agents,
    applications,
    cloud,
    databases,
    forensic,
    general,
    linux,
    network,
    telemetry,
    web,
    windows,
)

_FAMILIES = (agents, applications, cloud, databases, forensic, general, linux, network, telemetry, web, windows)
SAMPLES: dict[str, tuple[bytes, ...]] = {name: found for family in _FAMILIES for name, found in family.SAMPLES.items()}
GENERIC = frozenset({"json", "csv", "plain_log"})
