"""What others made of real logs, held beside what Vestige makes of them.

An oracle is a module with the comparison itself, which the tests of the formats assert on, and ``sections(corpus)``,
its part of the scoreboard. ``python -m support.oracles`` (``make oracle``) writes ``docs/oracle.md`` from all of them.
"""
