"""What must stay and what must go: holds over evidence, and its erasure."""

from vestige.custody.criteria import Criteria
from vestige.custody.holds import RELEASED, SET, Hold, Holds
from vestige.custody.store import Matching

__all__ = ["RELEASED", "SET", "Criteria", "Hold", "Holds", "Matching"]
