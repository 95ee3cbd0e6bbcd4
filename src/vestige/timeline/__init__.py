"""The one timeline: pages of events in order of time, their density, what surrounds one, and how an event is shown."""

from vestige.timeline.context import Context
from vestige.timeline.cursors import Place
from vestige.timeline.density import Density, lane_field
from vestige.timeline.exports import SHAPES, known_shape
from vestige.timeline.facets import DEFAULT_FACETS, MAX_VALUES, Facet
from vestige.timeline.marks import MAX_MARKS, Mark
from vestige.timeline.packed import MEDIA_TYPE as DENSITY_TYPE
from vestige.timeline.packed import packed
from vestige.timeline.pages import MAX_LIMIT, Around, Page, Window
from vestige.timeline.replay import MAX_GAP, MAX_SPEED, Pace, Player, Told
from vestige.timeline.service import Timeline
from vestige.timeline.stacks import BY, MAX_STACKS, Stack, Stacks, stack_fields
from vestige.timeline.store import Bounds, Count

__all__ = [
    "BY",
    "DEFAULT_FACETS",
    "DENSITY_TYPE",
    "MAX_GAP",
    "MAX_LIMIT",
    "MAX_MARKS",
    "MAX_SPEED",
    "MAX_STACKS",
    "MAX_VALUES",
    "SHAPES",
    "Around",
    "Bounds",
    "Context",
    "Count",
    "Density",
    "Facet",
    "Mark",
    "Pace",
    "Page",
    "Place",
    "Player",
    "Stack",
    "Stacks",
    "Timeline",
    "Told",
    "Window",
    "known_shape",
    "lane_field",
    "packed",
    "stack_fields",
]
