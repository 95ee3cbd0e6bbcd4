"""What may be said of a record afterwards: bounds of redactions and amendments, checked before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.custody.holds import CODE
from vestige.model.errors import InputError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.proof.canonical import Encodable

MOST_FIELDS: Final = 32
MOST_RECORDS: Final = 1000
"""Records of one redaction; an entry names 16."""
LONGEST_FIELD: Final = 400
LONGEST_VALUE: Final = 2000


def check_reason(reason: str) -> None:
    """Refuse a reason that is no code.

    Raises:
        InputError: it is none.
    """
    if not CODE.fullmatch(reason):
        raise InputError(
            "a reason is a code, since it is never erased",
            expected="a small letter, then up to 39 of a-z 0-9 _ . -",
            got=reason[:60],
            field="reason",
        )


def check_records(ids: Sequence[str]) -> None:
    """Refuse a redaction of nothing, or of too much at once.

    Raises:
        InputError: no record is named.
        TooLargeError: there are too many.
    """
    if not ids or len(ids) > MOST_RECORDS:
        raise (TooLargeError if ids else InputError)(
            "that is no number of records to redact", expected=f"1 to {MOST_RECORDS:,} ids", got=f"{len(ids):,}",
            field="ids",
        )  # fmt: skip


def check_fields(fields: Sequence[str]) -> None:
    """Refuse too many fields, or one whose name is empty or too long.

    Raises:
        InputError: a name is none.
        TooLargeError: there are too many.
    """
    if len(fields) > MOST_FIELDS:
        raise TooLargeError("too many fields", expected=f"at most {MOST_FIELDS}", got=str(len(fields)), field="fields")
    for name in fields:
        if not 0 < len(name) <= LONGEST_FIELD or not name.isprintable():
            raise InputError(
                "a field's name is empty, too long, or cannot be printed",
                expected=f"1 to {LONGEST_FIELD} characters", got=ascii(name[:60]), field="fields",
            )  # fmt: skip


def checked_values(values: Mapping[str, object]) -> dict[str, Encodable]:
    """The values of an amendment, by field: texts, as somebody says them.

    Raises:
        InputError: none, or one is no text or too long.
        TooLargeError: there are too many.
    """
    if not values:
        raise InputError("an amendment says nothing", expected="--set FIELD=VALUE", got="none", field="set")
    check_fields(list(values))
    for name, value in values.items():
        if not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise InputError(
                "that is no value of an amendment",
                expected=f"a text of at most {LONGEST_VALUE} characters", got=f"{name[:60]} of {type(value).__name__}",
                field="set",
            )  # fmt: skip
    return {name: str(value) for name, value in sorted(values.items())}
