"""What must stay and what must go: holds over evidence, and its erasure."""

from vestige.custody.criteria import Criteria
from vestige.custody.holds import Hold, Holds
from vestige.custody.store import Matching

__all__ = ["Criteria", "Hold", "Holds", "Matching"]
