"""Which 32 bytes may serve as an Ed25519 public key.

Verifiers disagree on signatures under odd keys: some accept encodings with ``y >= p``, some accept points of small
order, under which one signature can fit many messages. Such keys are refused when they are loaded, before any
signature is looked at. A signature is then verified without the cofactor, as RFC 8032 section 5.1.7 allows and as
OpenSSL and Go do. Nothing here is secret, so nothing needs to run in constant time.
"""

from __future__ import annotations

from vestige.model.errors import ProofError

PUBLIC_KEY_SIZE = 32

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


def check_public_key(data: bytes) -> None:
    """Refuse what is not the canonical encoding of a curve point of large order.

    Raises:
        ProofError: wrong length, not canonical, not on the curve, or of small order.
    """
    if len(data) != PUBLIC_KEY_SIZE:
        raise _refusal(f"{len(data)} bytes")
    sign = data[31] >> 7
    y = int.from_bytes(data, "little") & (1 << 255) - 1
    if y >= _P:
        raise _refusal("a non-canonical encoding: y is not reduced")
    x = _recover_x(y)
    if x is None:
        raise _refusal("no point of the curve")
    if x == 0 and sign:
        raise _refusal("a non-canonical encoding: x is zero and its sign is set")
    # The cofactor is 8: a point of small order is the neutral element after three doublings, whatever its sign.
    for _ in range(3):
        x, y = _double(x, y)
    if (x, y) == (0, 1):
        raise _refusal("a point of small order")


def _recover_x(y: int) -> int | None:
    """One of the two x of the points with this y, or None if there is none (RFC 8032 section 5.1.3)."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _SQRT_MINUS_ONE % _P
    return x if (x * x - square) % _P == 0 else None


def _double(x: int, y: int) -> tuple[int, int]:
    """The point added to itself, in affine coordinates; complete on this curve, so no case is special."""
    product = _D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, _P) % _P,
        (y * y + x * x) * pow(1 - product, -1, _P) % _P,
    )


def _refusal(got: str) -> ProofError:
    return ProofError(
        "not an acceptable Ed25519 public key",
        expected="32 bytes, the canonical encoding of a point of large order",
        got=got,
    )
