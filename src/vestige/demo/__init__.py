"""A seeded generator of incidents told across several sources, with the truth about them.

:func:`generate` writes a folder of evidence in the formats real systems write, and ``truth.json`` beside it;
:func:`json_lines` is the plain stream of events that measurements use. The same seed gives the same bytes. Nothing
in it is real: see :mod:`vestige.demo.cast`. How it works, top-down: a :mod:`scenario <vestige.demo.scenarios>` plants
records in the :mod:`shapes <vestige.demo.shapes>` of its sources; the :mod:`plan <vestige.demo.plan>` finds their
places among the background; the :mod:`reckoning <vestige.demo.reckoning>` states the truth; :mod:`evidence
<vestige.demo.evidence>` writes the files.
"""

from __future__ import annotations

from vestige.demo.clock import DEFAULT_END
from vestige.demo.generate import LEAST_EVENTS, generate, json_lines
from vestige.demo.scenarios import SCENARIOS
from vestige.demo.truth import Truth

__all__ = ["DEFAULT_END", "LEAST_EVENTS", "SCENARIOS", "Truth", "generate", "json_lines"]
