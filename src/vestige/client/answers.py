"""What an answer of the server means: done, another time, or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.errors import TooLargeError, UnauthenticatedError, UsageError, VestigeError

if TYPE_CHECKING:
    import httpx

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 30.0
"""Seconds between two tries; also the longest ``Retry-After`` that is honoured in full."""


def retry_after(answer: httpx.Response) -> float:
    """Seconds the server asks for before the next try; 0 if it asks for none."""
    stated = answer.headers.get("retry-after", "")
    return min(float(stated), LONGEST_WAIT) if stated.isascii() and stated.isdigit() else 0.0


def raise_for(answer: httpx.Response) -> None:
    """Raise what an answer says is wrong.

    Raises:
        httpx.HTTPStatusError: it may be another time.
        TooLargeError: it is too large.
        UnauthenticatedError: the token is not valid.
        VestigeError: the server refuses, and would again.
    """
    if answer.is_success:
        return
    if answer.status_code in AGAIN:
        answer.raise_for_status()
    kind: type[VestigeError] = {413: TooLargeError, 401: UnauthenticatedError, 403: UnauthenticatedError}.get(
        answer.status_code, UsageError
    )
    raise kind("the server refuses", got=f"{answer.status_code}: {answer.text[:300]}")
