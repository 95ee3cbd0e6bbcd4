"""The one timeline: pages of events in order of time, their density, what surrounds one, and how an event is shown."""

from vestige.timeline.context import Context
from vestige.timeline.cursors import Place
from vestige.timeline.density import LANES, Density
from vestige.timeline.exports import SHAPES
from vestige.timeline.pages import MAX_LIMIT, Page, Window
from vestige.timeline.service import Timeline
from vestige.timeline.store import Bounds, Count

__all__ = [
    "LANES",
    "MAX_LIMIT",
    "SHAPES",
    "Bounds",
    "Context",
    "Count",
    "Density",
    "Page",
    "Place",
    "Timeline",
    "Window",
]
