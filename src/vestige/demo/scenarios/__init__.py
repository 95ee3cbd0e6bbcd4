"""The stories that can be told, each in a file of its own that reads from top to bottom."""

from __future__ import annotations

from vestige.demo.scenarios.breach import BREACH
from vestige.demo.scenarios.fraud import FRAUD
from vestige.demo.scenarios.outage import OUTAGE

SCENARIOS = {scenario.name: scenario for scenario in (BREACH, OUTAGE, FRAUD)}
"""Every scenario by name."""
