"""The schedule inside the server: jobs that run by themselves, each by one process at a time across all nodes.

A job is a row of the database per tenant. A process claims it for a short lease and renews that while it works; a
process that dies stops renewing, and another claims the job when the lease is over. Each claim raises the row's fence,
and what a job writes to the ledger it writes in a transaction that first holds the row under its own fence
(:meth:`Turn.hold`): a process that was thought dead and wakes up again cannot write a word.
"""

from vestige.jobs.lease import alone
from vestige.jobs.models import Job, LostTurnError, State
from vestige.jobs.runner import Runner, Turn

__all__ = ["Job", "LostTurnError", "Runner", "State", "Turn", "alone"]
