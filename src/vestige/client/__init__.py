"""What a program sends its events with: batched, sent again until they are acknowledged, and added once.

::

    with Client("https://vestige.example", token, source="billing", memory=Path("billing.checkpoint")) as client:
        client.send({"event_type": "payment.made", "occurred_at": "2026-04-09T12:00:00Z", "actor": {"id": "alice"}})

The client also keeps the server honest (:mod:`vestige.client.watch`): it remembers the last signed checkpoint it saw,
and every later one must prove that the log has only grown, and holds what was acknowledged.
"""

from vestige.client.buffer import BufferFullError
from vestige.client.sender import Client, NotSentError, RefusedError
from vestige.client.watch import RollbackError, Watch

__all__ = ["BufferFullError", "Client", "NotSentError", "RefusedError", "RollbackError", "Watch"]
