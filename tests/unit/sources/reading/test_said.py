"""Tables of what messages mean."""

from __future__ import annotations

from vestige.sources.reading.said import Meaning, meaning_of, rules_of

RULES = rules_of(r"""
auth.login | success | | (?P<action>welcome) (?P<user>\w+)(?: from (?P<client>\S+))?
service.error | failure | broken | .*
  broken
""")


def test_the_first_rule_that_fits_tells_the_meaning() -> None:
    assert meaning_of("welcome bob", RULES) == Meaning("auth.login", "success", "welcome", {"user": "bob"})
    assert meaning_of("it is\nbroken", RULES) == Meaning("service.error", "failure", "broken", {})
    assert meaning_of("fine", RULES) is None
