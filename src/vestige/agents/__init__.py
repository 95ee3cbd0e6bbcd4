"""What sessions of coding agents came to: tokens counted once, what they cost, which software was run.

Views of events that :mod:`vestige.sources.agents` read: pure, and the same for the same events and price table.
"""

from vestige.agents.prices import Cost, Price, cost_of, price_of
from vestige.agents.software import programs_in, skill_group
from vestige.agents.tokens import Answer, Tokens, answers, by_model
from vestige.sources.agents.tools import server_of

__all__ = [
    "Answer",
    "Cost",
    "Price",
    "Tokens",
    "answers",
    "by_model",
    "cost_of",
    "price_of",
    "programs_in",
    "server_of",
    "skill_group",
]
