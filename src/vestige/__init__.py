"""Vestige rebuilds what actually happened, and proves it.

Start at :mod:`vestige.cli` for the commands, :mod:`vestige.app` for how the rooms are wired, and
:mod:`vestige.proof` for the mathematics anyone can check without us.
"""

__version__ = "0.1.0"
