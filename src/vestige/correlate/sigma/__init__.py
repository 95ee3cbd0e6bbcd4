"""Detection by Sigma rules: read, compiled to conditions on the index, and scanned for, many in one pass."""

from vestige.correlate.sigma.passes import Found, scan
from vestige.correlate.sigma.rules import KIND, LONGEST_RULE, MOST_RULES, Pack, Refused, RuleFile, read_rules
from vestige.correlate.sigma.store import Store, Window

__all__ = [
    "KIND",
    "LONGEST_RULE",
    "MOST_RULES",
    "Found",
    "Pack",
    "Refused",
    "RuleFile",
    "Store",
    "Window",
    "read_rules",
    "scan",
]
