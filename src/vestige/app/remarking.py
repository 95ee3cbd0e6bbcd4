"""Redactions, amendments and what reveals: what is said of records afterwards, which stay as they are.

A redaction hides, and nothing more: payload and salt stay, every proof holds, and what may see it again is a permission
and an entry (ledger.md section 6). The index is computed again without what is hidden, so no list, count, key or
export knows it any more. It is different from an erasure, which is for good (:mod:`vestige.app.custody`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.custody.remarking import check_fields, check_reason, check_records, checked_values
from vestige.ingest.masking import FIELDS, is_field
from vestige.ledger import Draft, Kind, act_entry
from vestige.ledger.models import MAX_REFS
from vestige.ledger.remarks import AMENDED, LIFTED, REDACTED, amendment_draft, lift_draft, redaction_draft
from vestige.model.errors import ConflictError, InputError, NotFoundError, RedactedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vestige.ingest.intake import Stores
    from vestige.ingest.projector import Projector
    from vestige.ledger import StoredEntry
    from vestige.ledger.remarks import Remarks
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

    Progress = Callable[[int, int], None]


_JUDGED: Final = frozenset({"category", "severity", "source"})
"""What an event shows that is nobody's to hide, and may be wrong all the same."""


def _no_field(act: str, name: str, field: str) -> UsageError:
    return UsageError(
        f"there is no such field to {act}", expected=f"{', '.join(sorted(FIELDS))}, attributes, attributes.<path>",
        got=name[:60], field=field,
    )  # fmt: skip


class Remarking:
    """What is said of one tenant's records."""

    def __init__(self, stores: Stores, projector: Projector) -> None:
        self._ledger = stores.ledger
        self._tenant = stores.tenant
        self._projector = projector

    @property
    def remarks(self) -> Remarks:
        """All that is said by now."""
        contexts = self._projector.contexts
        contexts.catch_up(self._ledger.head(self._tenant))
        return contexts.remarks

    def check(self, ids: Sequence[str], fields: Sequence[str], reason: str) -> list[StoredEntry]:
        """Refuse a redaction that cannot be, before anything is done; the records.

        Raises:
            InputError, TooLargeError: the reason is no code, or there is nothing or too much to hide.
            UsageError: a field cannot be hidden, or an entry is no record.
            NotFoundError: an id is of no entry.
        """
        check_reason(reason)
        check_records(ids)
        check_fields(fields)
        for name in fields:
            if not is_field(name):
                raise _no_field("redact", name, "fields")
        records = self._records(ids)
        gone = [entry.id for entry in records if entry.salt is None]
        if gone:
            raise ConflictError(
                "the record was erased, so there is nothing left to hide", expected="records that are there",
                got=", ".join(gone[:5]),
            )  # fmt: skip
        return records

    def redact(
        self, ids: Sequence[str], fields: Sequence[str], by: Principal, *, reason: str, because: str = "",
        agreed: Mapping[str, Encodable] | None = None, progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Hide records, or some fields of them, from every view.

        Args:
            ids: of entries or events; of an event its whole record is meant.
            fields: as events show them; none: all.
            by: who asks.
            reason: a code, which is never erased.
            because: more of it in words.
            agreed: what the act says of the proposal it carries out, if it does.
            progress: told how many entries of how many the index has again.

        Raises:
            BusyError: the index is being rebuilt; nothing was said.
            VestigeError: as :meth:`check` does.
        """
        records, hidden = self.check(ids, fields, reason), sorted(set(fields))
        drafts: list[Draft] = []
        for at in range(0, len(records), MAX_REFS):
            some = records[at : at + MAX_REFS]
            names = [entry.id for entry in some]
            detail: dict[str, Encodable] = {"because": because, "reason": reason, "records": names, **(agreed or {})}
            drafts += [
                redaction_draft(names, hidden, reason),
                act_entry(REDACTED, by, detail | ({"fields": list(hidden)} if hidden else {}), f"event:{names[0]}"),
            ]
        return {"entries": self._say(drafts, progress), "records": len(records)}

    def lift(
        self, redaction: str, by: Principal, *, reason: str, because: str = "",
        agreed: Mapping[str, Encodable] | None = None, progress: Progress,
    ) -> dict[str, Any]:  # fmt: skip
        """Undo a redaction: what it hid is shown again.

        Raises:
            NotFoundError: there is no such redaction in force.
            InputError: the reason is no code.
            BusyError: the index is being rebuilt; nothing was said.
        """
        records = self.in_force(redaction, reason)
        detail: dict[str, Encodable] = {
            "after": "lifted", "because": because, "before": "in force", "reason": reason, **(agreed or {})
        }  # fmt: skip
        act = act_entry(LIFTED, by, detail, f"redaction:{redaction}")
        return {"entries": self._say([lift_draft(redaction, reason), act], progress), "records": records}

    def in_force(self, redaction: str, reason: str) -> int:
        """How many records a redaction in force hides. Raises as :meth:`lift` does."""
        check_reason(reason)
        places = self.remarks.redaction(redaction)
        if not places:
            raise NotFoundError(
                "there is no such redaction in force", expected="the id of its entry", got=redaction[:40],
                hint="`vestige show ID` of the record tells it, under `redacted`",
            )  # fmt: skip
        return len(places)

    def amend(
        self, record: str, values: Mapping[str, object], by: Principal, *, reason: str, because: str = ""
    ) -> dict[str, Any]:
        """Say what should stand in a record; it is shown beside what does, and replaces nothing.

        Raises:
            InputError: nothing is said, the reason is no code, or a value is none.
            NotFoundError: there is no such record.
            UsageError: the entry is none of evidence.
            ConflictError: the record was erased.
        """
        check_reason(reason)
        said = checked_values(values)
        (entry,) = self._records([record])
        if entry.salt is None:
            raise ConflictError("the record was erased", expected="a record to correct", got=entry.id)
        for name in said:
            if not is_field(name) and name not in _JUDGED:
                raise _no_field("amend", name, "set")
        detail: dict[str, Encodable] = {"because": because, "reason": reason, "set": said}
        drafts = [
            amendment_draft(entry.id, list(said), reason),
            act_entry(AMENDED, by, detail, f"event:{entry.id}"),
        ]
        committed = self._ledger.transact(self._tenant, lambda _: drafts)
        self._projector.nudge()
        return {"entry": committed.items[0].ids[0], "record": entry.id, "set": said}

    def refuse_hidden(self, entry: StoredEntry) -> None:
        """Refuse the exact bytes of a record that is redacted, and what they could be guessed by.

        Raises:
            RedactedError: it is.
        """
        found = self.remarks.redactions(entry.position)
        if found:
            raise RedactedError(
                "the record is redacted",
                expected="a record that is shown, or `vestige reveal` by somebody who may",
                got=f"redacted by entry {found[0].entry}, reason {found[0].reason}",
                hint="`vestige reveal ID --reason CODE` gives its exact bytes, and is an entry of the ledger",
            )

    def _say(self, drafts: Sequence[Draft], progress: Progress) -> list[str]:
        made: list[str] = []

        def append() -> None:
            committed = self._ledger.transact(self._tenant, lambda _: drafts)
            made[:] = [one.ids[0] for one in committed.items][::2]

        self._projector.wait(self._ledger.head(self._tenant), None)
        self._projector.reread(append, progress)
        return made

    def _records(self, ids: Sequence[str]) -> list[StoredEntry]:
        found = {}
        for one in ids:
            entry = self._ledger.entry(self._tenant, one.partition(".")[0].upper())
            if entry.kind is not Kind.EVIDENCE:
                raise UsageError(
                    "that entry is no record of evidence",
                    expected="the id of an event",
                    got=f"{one[:40]}, {entry.kind}",
                )
            found[entry.position] = entry
        if not found:
            raise InputError("no record is named", expected="an id", got="none", field="ids")
        return [found[position] for position in sorted(found)]
