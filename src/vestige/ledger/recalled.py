"""What the signer remembered of a tenant's logs at one moment, for a verification to be held against.

It is taken before the verification's snapshot of the database: what was signed was committed before, so an honest
snapshot holds at least that much, however much is appended and signed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.model.errors import SignerError

if TYPE_CHECKING:
    from vestige.ledger.models import LogInfo
    from vestige.ledger.signer import Signer, SignerState


@dataclass(frozen=True, slots=True)
class Recalled:
    """The signer's memory, as it was. Made by :func:`recall`."""

    states: dict[str, SignerState | SignerError | None]
    later_ones: dict[str, list[tuple[str, SignerState | None]]]

    def state(self, log: LogInfo) -> SignerState | None:
        """What was last signed; None if the state is missing.

        Raises:
            SignerError: the state is damaged, or of another log.
        """
        found = self.states[log.origin]
        if isinstance(found, SignerError):
            raise found
        return found

    def size_of(self, log: LogInfo) -> int:
        """The size last signed; 0 if none is known."""
        found = self.states[log.origin]
        return 0 if found is None or isinstance(found, SignerError) else found.size

    def later(self, log: LogInfo) -> list[tuple[str, SignerState | None]]:
        """The epochs after a log that something was signed for: their origins and what was, None where damaged."""
        return self.later_ones[log.origin]


def recall(signer: Signer, current: LogInfo) -> Recalled:
    """The signer's memory of every epoch of a tenant's log.

    Raises:
        StorageError: it cannot be read; that is no verdict.
    """
    states: dict[str, SignerState | SignerError | None] = {}
    for log in current.epochs:
        try:
            states[log.origin] = signer.state(log)
        except SignerError as error:
            states[log.origin] = error
    return Recalled(states, {log.origin: signer.later(log) for log in current.epochs})
