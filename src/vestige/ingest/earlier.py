"""What the ledger has of a member already: the earlier member it goes on from.

Progress within a member (:class:`~vestige.ingest.store.MemberRow`) is counted in the places of its records, and a
rendered format's places mean other things than a text's. So only a member that was taken in by a format of the same
kind is gone on from; one of the other kind is left as it is, and the whole is taken in anew under a key of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ingest.unusable import Unusable

if TYPE_CHECKING:
    from vestige.ingest.contexts import Contexts
    from vestige.ingest.intake import Stores
    from vestige.ingest.store import MemberRow
    from vestige.ingest.survey import Survey
    from vestige.sources import Format


class Earlier:
    """Looks up what is there of a member, in one tenant's log."""

    def __init__(self, stores: Stores, contexts: Contexts) -> None:
        self._stores = stores
        self._contexts = contexts

    def of_kind(self, facts: Survey, form: Format) -> Survey:
        """The survey with what a format of this kind may go on from, and a key that none of the other kind has."""
        self._contexts.catch_up(self._stores.ledger.head(self._stores.tenant))
        known = next((known for known in facts.found if self._is_of_kind(known.row, form)), None)
        key = facts.key
        if known is not None and known.row.key in facts.keys:
            key = known.row.key
        elif any(found.row.key in facts.keys for found in facts.found):
            key = facts.keys[1 if form.rendered else 2]
        return facts._replace(known=known, key=key)

    def _is_of_kind(self, row: MemberRow, form: Format) -> bool:
        own = self._contexts.own(row.acquisition).format
        # Of a format that is not to be had here, only the place it came to tells: that of a rendering's last record
        # ends one behind its beginning.
        rendered = row.end == row.last + 1 if isinstance(own, Unusable) else own.rendered
        return rendered == form.rendered
