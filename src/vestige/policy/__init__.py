"""Policies as data, and what they say of commits that are being pushed. Pure: facts and policies in, results out.

The life of a decision:

1. Policies are read from a document (:mod:`~vestige.policy.schema`); each is a typed condition
   (:mod:`~vestige.policy.conditions`) with what follows from it (:mod:`~vestige.policy.condition`).
2. What is known of a push becomes facts (:mod:`~vestige.policy.facts`).
3. Policies are held against the facts (:mod:`~vestige.policy.decide`). Three values: pass, fail, indeterminate.
4. Whoever asked keeps facts, policies, waivers, time and results together: from the first four the last is made again.
"""

from __future__ import annotations

from vestige.policy.condition import Policy, Result
from vestige.policy.decide import Waiver, decide, engine
from vestige.policy.facts import Facts
from vestige.policy.schema import FORMATS, LONGEST, TYPES, Unreadable, body_of, held, json_schema, read_document

__all__ = [
    "FORMATS",
    "LONGEST",
    "TYPES",
    "Facts",
    "Policy",
    "Result",
    "Unreadable",
    "Waiver",
    "body_of",
    "decide",
    "engine",
    "held",
    "json_schema",
    "read_document",
]
