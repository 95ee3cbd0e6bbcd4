"""The error tree. Each class has a stable code, one HTTP status and one exit code.

::

    VestigeError            vestige.error            500  1
    ├── UsageError          usage                    422  2
    │   ├── SettingsError   settings                 500  2
    │   ├── ContradictionError usage.contradiction   400  2
    │   └── QueryError      query                    422  2
    ├── InputError          input                    422  1
    │   ├── TooLargeError   input.too_large          413  1
    │   ├── SlowError       input.slow               408  1
    │   └── FormatError     input.format             422  1
    │       └── MediaError  input.media              415  1
    ├── NotFoundError       not_found                404  1
    ├── ConflictError       conflict                 409  1
    │   ├── HeldError       conflict.held            409  1
    │   ├── UnlookedError   conflict.hold            409  1
    │   ├── RedactedError   conflict.redacted        409  1
    │   ├── TwoPersonsError conflict.two_persons     409  1
    │   ├── WaitingError    conflict.waiting         409  1
    │   └── StaleError      conflict.stale           412  1
    ├── UnauthenticatedError unauthenticated         401  1
    ├── ForbiddenError      forbidden                403  1
    ├── RateError           rate                     429  1
    ├── BusyError           busy                     503  1
    ├── StorageError        storage                  503  1
    │   └── IndexStoreError storage.index            503  1
    │       └── LeftError   storage.left             499  1
    ├── OutgoingError       outgoing                 502  1
    ├── RedactionError      redaction                500  1
    ├── LedgerError         ledger                   500  1
    │   └── SignerError     ledger.signer            500  4
    └── IntegrityError      integrity                500  4
        └── ProofError      integrity.proof          422  4

Every message says what was expected, what came, and what to do next. Nothing catches one of these to log it
and go on: where evidence is concerned an error is an answer.
"""

from __future__ import annotations

from typing import ClassVar


class VestigeError(Exception):
    """The root of the tree.

    Args:
        message: what went wrong, in one sentence.
        expected: what would have been right.
        got: what came instead (shortened by the caller if it can be long; never a secret).
        hint: what to do next.
        field: the request field or option at fault, if one is.
    """

    code: ClassVar[str] = "vestige.error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        expected: str = "",
        got: str = "",
        hint: str = "",
        field: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.got = got
        self.hint = hint
        self.field = field

    def explain(self) -> str:
        """The whole message for a person: what, expected, got, next step."""
        parts = [self.message]
        if self.expected:
            parts.append(f"  expected: {self.expected}")
        if self.got:
            parts.append(f"  got:      {self.got}")
        if self.hint:
            parts.append(f"  next:     {self.hint}")
        return "\n".join(parts)

    def __str__(self) -> str:
        parts = [self.message]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.got:
            parts.append(f"got {self.got}")
        return "; ".join(parts)


class UsageError(VestigeError):
    """The request itself is malformed: an unknown option, a bad argument."""

    code = "usage"
    http_status = 422
    exit_code = 2


class ContradictionError(UsageError):
    """Two parts of one request say different things of the same."""

    code = "usage.contradiction"
    http_status = 400


class SettingsError(UsageError):
    """A setting is unknown or has a value it cannot have."""

    code = "settings"
    http_status = 500


class QueryError(UsageError):
    """A query does not parse. ``column`` is the 1-based place of the fault, ``query`` the text where it is at hand."""

    code = "query"

    def __init__(
        self, message: str, *, column: int, expected: str = "", got: str = "", hint: str = "", query: str = ""
    ) -> None:
        super().__init__(message, expected=expected, got=got, hint=hint, field="query")
        self.column = column
        self.query = query


class InputError(VestigeError):
    """Input could be read but not accepted. ``offset`` is the byte at fault, where there is one."""

    code = "input"
    http_status = 422

    def __init__(
        self,
        message: str,
        *,
        expected: str = "",
        got: str = "",
        hint: str = "",
        field: str = "",
        offset: int | None = None,
    ) -> None:
        super().__init__(message, expected=expected, got=got, hint=hint, field=field)
        self.offset = offset


class TooLargeError(InputError):
    """Input exceeds a stated bound."""

    code = "input.too_large"
    http_status = 413


class SlowError(InputError):
    """Input stopped coming before it was whole."""

    code = "input.slow"
    http_status = 408


class FormatError(InputError):
    """Input is not what its format promises (a truncated gzip, a damaged archive)."""

    code = "input.format"


class MediaError(FormatError):
    """A body in a media type or a content coding that is not read here."""

    code = "input.media"
    http_status = 415


class NotFoundError(VestigeError):
    """Nothing of that name is visible to the caller."""

    code = "not_found"
    http_status = 404


class ConflictError(VestigeError):
    """The same idempotency key came with other content, or what is asked for is there already or not needed."""

    code = "conflict"
    http_status = 409


class HeldError(ConflictError):
    """A legal hold protects what was to be erased."""

    code = "conflict.held"


class UnlookedError(ConflictError):
    """A hold was set or released meanwhile: what it protects has to be looked for again."""

    code = "conflict.hold"


class RedactedError(ConflictError):
    """The record is redacted: its content is given to who asks for it by name, may, and says why."""

    code = "conflict.redacted"


class TwoPersonsError(ConflictError):
    """The tenant asks that two persons agree: one proposes, another approves."""

    code = "conflict.two_persons"


class WaitingError(ConflictError):
    """What is asked for depends on somebody who has not decided yet: ask again."""

    code = "conflict.waiting"


class StaleError(ConflictError):
    """A change rests on a state that is not the present one any more: somebody else was quicker."""

    code = "conflict.stale"
    http_status = 412


class UnauthenticatedError(VestigeError):
    """No valid credential came with the request."""

    code = "unauthenticated"
    http_status = 401


class ForbiddenError(VestigeError):
    """The credential does not allow this."""

    code = "forbidden"
    http_status = 403
    recorded = False
    """Whether the refusal is an entry of the ledger already."""


class RateError(VestigeError):
    """More requests than this caller may make in the time. ``seconds`` is after how long one more may be made."""

    code = "rate"
    http_status = 429

    def __init__(self, message: str, *, seconds: int = 1, expected: str = "", got: str = "", hint: str = "") -> None:
        super().__init__(message, expected=expected, got=got, hint=hint)
        self.seconds = seconds


class BusyError(VestigeError):
    """Another process holds what this one needs, and waiting did not help."""

    code = "busy"
    http_status = 503


class StorageError(VestigeError):
    """A store refused or failed; nothing was acknowledged."""

    code = "storage"
    http_status = 503


class IndexStoreError(StorageError):
    """The index engine refused or failed. The ledger is not affected; `vestige index rebuild` restores it."""

    code = "storage.index"


class LeftError(IndexStoreError):
    """Whoever asked has closed the connection; the index works for nobody, and this answer reaches nobody."""

    code = "storage.left"
    http_status = 499


class OutgoingError(VestigeError):
    """A service that had to be asked may not be called, did not answer, or answered what it should not."""

    code = "outgoing"
    http_status = 502


class RedactionError(VestigeError):
    """The self-test of redaction failed: a secret came through, or what is none did not. Nothing is taken in."""

    code = "redaction"


class LedgerError(VestigeError):
    """The ledger cannot do this without breaking one of its rules."""

    code = "ledger"


class SignerError(LedgerError):
    """The signer refuses: what it is asked to sign is not consistent with what it signed before."""

    code = "ledger.signer"
    exit_code = 4


class IntegrityError(VestigeError):
    """What is stored is not what was committed to."""

    code = "integrity"
    exit_code = 4


class ProofError(IntegrityError):
    """A proof, note, checkpoint or key does not verify."""

    code = "integrity.proof"
    http_status = 422
