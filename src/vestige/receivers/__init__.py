"""What listens or watches by itself: syslog over the network, files that grow.

Life of a syslog record: a listener (:mod:`vestige.receivers.listeners`) reads bytes, :mod:`vestige.receivers.framing`
cuts them into frames, :mod:`vestige.receivers.waiting` holds them within a bound, and the committer of
:mod:`vestige.receivers.service` appends what waits, all streams in one transaction. Whoever cannot be told to wait
(UDP) loses in the kernel what does not fit there, and that loss is counted; whoever can is not read on.
"""

from vestige.receivers.service import LOOPBACK, Receivers, Syslog

__all__ = ["LOOPBACK", "Receivers", "Syslog"]
