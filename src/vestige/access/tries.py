"""The entry of what was tried at an account while it was locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ledger import act_entry
from vestige.model.instant import to_text
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from vestige.access.people_store import Person
    from vestige.ledger import Draft


def tries_of(person: Person) -> list[Draft]:
    """The entry of what was tried while an account was locked; none if nothing was."""
    if not person.locked_tries:
        return []
    detail: dict[str, int | str] = {"reason": "locked", "tries": person.locked_tries}
    detail |= {"locked_until": to_text(person.locked_until)} if person.locked_until else {}
    return [act_entry("login.failed", Principal("anonymous"), detail, f"person:{person.email}")]
