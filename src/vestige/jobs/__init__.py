"""The schedule inside the server: jobs that run by themselves, each by one process at a time across all nodes.

A job is a row of the database per tenant. A process claims it for a short lease and renews that while it works; a
process that dies stops renewing, and another claims the job when the lease is over. Each claim raises the row's fence.
Work that must not be written twice holds the row under its own fence in the transaction that writes it
(:meth:`Turn.hold`): a process that was thought dead and wakes up again cannot write a word of that. Which does, and
what the others may do late, is in docs/integrity.md.
"""

from vestige.jobs.lease import alone
from vestige.jobs.models import Job, LostTurnError, State
from vestige.jobs.runner import Runner, Turn

__all__ = ["Job", "LostTurnError", "Runner", "State", "Turn", "alone"]
