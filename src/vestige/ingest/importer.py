"""Importing files: every byte accounted for, records appended before they are parsed.

One thread reads, splits, and appends batch after batch; beside it what was appended is read into events, by other
processes where there is much of it, and handed to the projector. A crash at any point leaves whole batches; the same
import then goes on where the last committed batch ended. Nothing that happens to one file ends the import of the
others.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from vestige.ingest import store
from vestige.ingest.claims import Claims, names_of
from vestige.ingest.contexts import Own, format_label
from vestige.ingest.crew import crew_size
from vestige.ingest.earlier import Copied, Earlier
from vestige.ingest.intake import Intake, Stores, keep_original, keep_tail
from vestige.ingest.interpreter import tuned_interpreter
from vestige.ingest.reader import RecordReader
from vestige.ingest.report import COMPLETE, FAILED, STOPPED, ImportReport
from vestige.ingest.survey import HEAD, Known, Survey, head_of, stem_of, survey
from vestige.ledger import act_entry
from vestige.model.errors import InputError, StorageError, UsageError
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, now, to_text
from vestige.model.vocabulary import file_source, refuse_own_source
from vestige.sources import (
    Choice,
    Context,
    Detection,
    Refused,
    Sample,
    detect,
    in_lines,
    is_agent_shape,
    take_sample,
    walk,
    zone_named,
)
from vestige.sources.contract import SAMPLE_BYTES
from vestige.sources.mapping import MappedFormat

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from vestige.ingest.claims import Names
    from vestige.ingest.projector import Projector
    from vestige.ingest.redacting import Redacted
    from vestige.ledger import Draft, Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable
    from vestige.sources import Format, Limits, Member

AUTO = "auto"
BOM = b"\xef\xbb\xbf"
PROGRESS_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a person says about an import."""

    by: Principal
    source: str | None = None
    """Name of the source; by default the format's own, or the file's stem, if these are nobody else's."""
    form: str = AUTO
    zone: str | None = None
    year: int | None = None
    label: str | None = None
    """The name to record instead of the path, for bytes that came over HTTP."""

    def wanted(self, named: Callable[[str], Format]) -> Format | None:
        """The format that is named, if one is.

        Args:
            named: finds a format, or a recorded mapping, by its name.

        Raises:
            UsageError: no such format, or no such zone: what nobody knows must not come to stand in the ledger. Or the
                source is called as our own is.
        """
        if self.source is not None:
            refuse_own_source(self.source, "source")
        if self.zone is not None:
            try:
                zone_named(self.zone)
            except InputError as error:
                raise UsageError(
                    error.message, expected=error.expected, got=error.got, hint=error.hint, field=error.field
                ) from None
        return None if self.form == AUTO else named(self.form)


class Importer:
    """One import into one tenant's log. Make one per import."""

    def __init__(
        self,
        stores: Stores,
        projector: Projector,
        limits: Limits,
        options: ImportOptions,
        stop: threading.Event,
        progress: Callable[[dict[str, object]], None] = lambda _: None,
        claims: Claims | None = None,
        processes: int = 0,
    ) -> None:
        self._stores = stores
        self._projector = projector
        self.limits = limits
        self._options = options
        self._stop = stop
        self._claims = Claims() if claims is None else claims
        self._tell = progress
        self._told = 0.0
        self._started = time.monotonic()
        self.report = ImportReport()
        self._processes = processes
        self._reader = RecordReader(projector)
        self._kept: dict[str, tuple[str, int, str]] = {}
        projector.contexts.catch_up(stores.ledger.head(stores.tenant))
        self._earlier = Earlier(stores, projector.contexts, stop)
        self._wanted = options.wanted(projector.contexts.format)
        self._total = 0
        self._done = 0.0

    def run(self, paths: Sequence[Path]) -> ImportReport:
        """Take in everything under the paths. An ``audit`` entry says who imported what, and how it came out.

        Returns:
            The account; its counts add up whatever happened to single files, and its outcome says if it was stopped.

        Raises:
            StorageError: a store failed (a full disk, say). What was acknowledged stays; the message says how much.
        """
        self._total = sum(_size_below(path) for path in paths)
        self._reader.crew.processes = crew_size(self._processes, self._total)
        failure: Exception | None = None
        try:
            # Left inside the try: the reader tells of a failure of its own, such as a full disk, where it is left.
            with tuned_interpreter(), self._reader:
                for path in paths:
                    self._path(path)
        except Exception as error:  # noqa: BLE001 - raised again once the entry that tells of it is written
            failure = error
            self.report.outcome = FAILED
        self._reader.settle(self.report)
        self.report.seconds = time.monotonic() - self._started
        if failure is None:
            if self.report.records > self.report.duplicates or self.report.outcome != COMPLETE:
                self.record_import()
            return self.report
        with contextlib.suppress(StorageError):  # what fails here failed before, and that is raised
            self.record_import()
        if isinstance(failure, StorageError):
            failure.hint = (
                f"{self.report.records} records are safely in; mend the cause and run the same import again: "
                f"it goes on where this one stopped. {failure.hint}"
            ).strip()
        raise failure

    def _halted(self) -> bool:
        """Whether the import is to end here, though there is more; the report then says so."""
        if self._stop.is_set():
            self.report.outcome = STOPPED
        return self._stop.is_set()

    def explain(self, paths: Sequence[Path]) -> Iterator[dict[str, object]]:
        """What each member would be read as, and why; nothing is appended."""
        for path in paths:
            for item in walk(path, self.limits):
                if isinstance(item, Refused):
                    reason = self._label(item.reason, path)
                    yield {"file": self._label(item.name, path), "skipped": reason}
                    continue
                label = self._label(item.label, path)
                try:
                    with item.open() as stream:
                        choice = self.choose(take_sample(label, stream))
                except InputError as error:
                    yield {"file": label, "skipped": self._label(str(error), path)}
                    continue
                if choice.format is None or choice.detection is None:
                    yield {"file": label, "skipped": choice.why}
                    continue
                yield {
                    "file": label,
                    "format": choice.format.name,
                    "version": choice.format.version,
                    "confidence": round(choice.detection.confidence, 2),
                    "why": choice.detection.why,
                    "others": {name: round(claim.confidence, 2) for name, claim in choice.claims[1:]},
                    "source": file_source(choice.format.source_name or stem_of(self._label(item.name, path))),
                }

    def _path(self, path: Path) -> None:
        """Everything under one path; what ends the walk of it does not end the import."""
        try:
            for item in walk(path, self.limits):
                if self._halted():
                    return
                self._item(path, item)
        except (InputError, OSError) as error:
            self._skip(self._label(str(path), path), self._label(f"cannot be read on: {error}", path))

    def _item(self, path: Path, item: Member | Refused) -> None:
        label = self._label(item.name if isinstance(item, Refused) else item.label, path)
        if isinstance(item, Refused) and item.own:
            self.report.left_out.append(f"{label}: {item.reason}")
            return
        if isinstance(item, Refused):
            self._skip(label, self._label(item.reason, path))
            return
        if item.mtime is not None and not MIN_INSTANT <= item.mtime <= MAX_INSTANT:
            item = replace(item, mtime=None)  # an archive may claim any number
        try:
            names = self._names(item, label)
            with self._claims.hold(names, self._stop) as mine:
                if not mine:
                    self._halted()
                    return
                try:
                    self._read(item, label, path)
                finally:
                    self._claims.took(names, self)
        except InputError as error:
            self.report.fail(label, error.offset or 0, self._label(str(error), path))

    @staticmethod
    def _names(member: Member, label: str) -> Names:
        """What a member is claimed by while it is taken in."""
        head, status = b"", None
        with contextlib.suppress(InputError), member.open() as stream:
            head = head_of(stream, HEAD)
        with contextlib.suppress(OSError):
            status = Path(member.path).stat()
        return names_of(label, head, status)

    def _label(self, name: str, path: Path) -> str:
        return name if self._options.label is None else name.replace(str(path), self._options.label)

    def _skip(self, label: str, reason: str) -> None:
        self.report.skipped_files += 1
        self.report.fail(label, 0, reason)

    def _read(self, member: Member, label: str, path: Path) -> None:
        """Take a member in: one that could be an agent's session without its secrets."""
        facts, redacted = self._survey(member, label), None
        if is_agent_shape(facts.head):
            redacted = self._stores.redaction.of(member)
            member = redacted.member
            facts = self._survey(member, label)
        self._member(member, facts._replace(damage=self._label(facts.damage, path)), label, redacted)

    def _member(self, member: Member, facts: Survey, label: str, redacted: Redacted | None) -> None:
        if self._halted():
            return
        if facts.size == 0:
            self._skip(label, facts.damage or "the file is empty")
            return
        if facts.damage:
            self.report.fail(label, facts.size, facts.damage)
        choice = self.choose(Sample(label, facts.head, complete=len(facts.head) == facts.size))
        if choice.format is None or choice.detection is None:
            head = facts.head[:24]
            look = f"; it begins with {head!r}; --format NAME reads it all the same" if head.strip(BOM) else ""
            self._skip(label, choice.why + look)
            return
        form, detection = choice.format, choice.detection
        facts = self._earlier.of_kind(facts, form)
        if self._is_copied(member, facts, form, label) or self._halted():
            return
        context = self._resumed(facts, form, self.context(member.mtime, detection))
        if facts.known is not None and facts.known.row.key != facts.key and not in_lines(form, context):
            # What the shorter file ended in may have been cut off, which only its last record, cut again, tells.
            row = facts.known.row
            facts = facts._replace(known=Known(row, row.last, max(0, row.records - 1)))
        report = self.report
        report.files += 1
        report.bytes += facts.size
        report.formats[form.name] = report.formats.get(form.name, 0) + 1
        if facts.known is not None:
            report.records += facts.known.number
            report.duplicates += facts.known.number
        source = self._options.source or file_source(self._continued(facts) or form.source_name or stem_of(label))
        intake = Intake(
            self._stores,
            member,
            facts,
            form,
            context,
            label=label,
            source=source,
            by=self._options.by,
            keep=(lambda one: self._keep(one, facts)) if redacted is None else _keep_nothing,
            expect=self._reader.expect,
            redacted=redacted,
        )
        self._note_redacted(label, redacted)
        self.note_reading(label, source, form, context)
        if facts.known is not None:
            self._note_before(label, facts.known.row.acquisition, facts.known.number, form)
        elif facts.found:
            before = self._projector.contexts.own(facts.found[0].row.acquisition).format.name
            report.assumptions.append(
                f"{label}: it was taken in before, read as {before}, whose records say nothing of where those of "
                f"{form.name} stand; it is taken in anew, whole, and the records of before stay as they are"
            )
        self._append(intake, facts, label, self._share(member))

    def _is_copied(self, member: Member, facts: Survey, form: Format, label: str) -> bool:
        """Whether a member is but a shorter copy of one that is there; that is then accounted for."""
        report = self.report
        found = self._earlier.copied(member, facts, form)
        if isinstance(found, Copied):
            report.files += 1
            report.bytes += facts.size
            report.records += found.records
            report.duplicates += found.records
            report.formats[form.name] = report.formats.get(form.name, 0) + 1
            report.assumptions.append(
                f"{label}: a shorter copy of what was taken in before; its records are all there and it adds nothing"
            )
            self._note_before(label, found.row.acquisition, found.records, form)
            self._done += self._share(member)
            return True
        if found is not None:
            report.assumptions.append(
                f"{label}: it begins like a longer file that was taken in before; whether it is a shorter copy of that "
                f"cannot be told ({found.why}), and it is taken in"
            )
        return False

    def _append(self, intake: Intake, facts: Survey, label: str, share: float) -> None:
        """Append batch by batch, handing each to the reader."""
        report = self.report
        before = self._done
        for batch in intake.run():
            report.records += batch.duplicates
            report.duplicates += batch.duplicates
            if batch.run is None:
                self._reader.nothing()
            else:
                report.records += len(batch.offsets)
                self._reader.submit(batch.run, label, batch.offsets)
                self._done = before + share * min(1.0, (batch.offsets[-1] + 1) / facts.size)
            self._progress(label)
            if self._halted():
                return
        self._done = before + share
        if intake.empty:
            report.files -= 1
            self._skip(label, "holds no record")
        if intake.changed:
            report.fail(label, 0, "the file changed while it was read; an amendment entry holds the digest of what was")

    def _survey(self, member: Member, label: str) -> Survey:
        stores, source = self._stores, None
        if self._options.source is not None:
            with stores.db.read() as connection:
                source = store.source_id(connection, stores.log, self._options.source) or ""
        return survey(
            member,
            label,
            log=stores.log,
            source=source,
            keyed=lambda use, text: stores.ledger.dedup_key(stores.tenant, use, text),
            db=stores.db,
            stop=self._stop,
        )

    def choose(self, sample: Sample) -> Choice:
        """The format a member is read as, and why."""
        if self._wanted is None:
            return detect(sample)
        found = self._wanted.detect(sample) or Detection(0.0, "its content does not look like it")
        why = f"named with --format; {found.why}"
        return Choice(self._wanted, replace(found, why=why), why, ())

    def context(self, modified: int | None, detection: Detection) -> Context:
        """How records are read of a member that was last changed then, going by what its format found out."""
        at = now()
        before = modified if modified is not None and 0 < modified < at else at
        return detection.apply(
            Context(
                received_at=at,
                year=self._options.year,
                year_before=before,
                zone=self._options.zone or "UTC",
                zone_given=self._options.zone is not None,
            )
        )

    def _resumed(self, facts: Survey, form: Format, context: Context) -> Context:
        """Where an earlier import left off, its columns and layout hold, whatever the member's beginning shows."""
        if facts.known is None:
            return context
        contexts = self._projector.contexts
        contexts.catch_up(self._stores.ledger.head(self._stores.tenant))
        own = contexts.own(facts.known.row.acquisition)
        if own.format.name != form.name:
            return context
        return replace(context, header=own.context.header, delimiter=own.context.delimiter, extra=own.context.extra)

    def _continued(self, facts: Survey) -> str | None:
        if facts.known is None:
            return None
        with self._stores.db.read() as connection:
            return store.source_names(connection, self._stores.log).get(facts.known.row.source)

    def _note_redacted(self, label: str, redacted: Redacted | None) -> None:
        """Say that a session is kept without its secrets, and how many there were."""
        if redacted is None or redacted.taken is None:
            return
        found = redacted.taken.report.found
        count = sum(one.count for one in found)
        self.report.redacted += count
        rules = ", ".join(sorted({one.rule for one in found}))
        self.report.assumptions.append(
            f"{label}: it could be an agent's session, so it was searched for secrets before anything was kept, "
            f"and the file itself is not kept; {count} taken out{f' ({rules})' if rules else ''}"
        )

    def _keep(self, member: Member, facts: Survey) -> tuple[str, int, str]:
        """Keep the file as it was found, an archive once for all its members; of a grown log only the new part."""
        if facts.known is not None and not member.container:
            return keep_tail(self._stores.blobs, member, facts.known.start, facts.size)
        original = member.path
        if original not in self._kept:
            unkept = member.container and self._holds_session(Path(original))
            self._kept[original] = _keep_nothing(member) if unkept else keep_original(self._stores.blobs, member)
        return self._kept[original]

    def _holds_session(self, archive: Path) -> bool:
        """Whether one of an archive's members could be an agent's session: it is not kept for the others then."""
        for item in walk(archive, self.limits):
            with contextlib.suppress(InputError):
                if not isinstance(item, Refused) and _is_session(item):
                    self.report.assumptions.append(
                        f"{self._label(archive.name, archive)}: {item.name} in it could be an agent's session, "
                        "so the archive itself is not kept; its records are"
                    )
                    return True
        return False

    def note_reading(self, label: str, source: str, form: Format, context: Context) -> None:
        """Keep, for the report, how stamps that state no year or offset are read, by what is said of the source too."""
        with self._stores.db.read() as connection:
            known = store.source_id(connection, self._stores.log, source) or ""
        own = Own(self._stores.ledger.head(self._stores.tenant), known, form, context)
        context = self._projector.contexts.ruled_by(own).context
        own_zone = form.spec.zone if isinstance(form, MappedFormat) else ""
        if own_zone and not context.zone_given:
            zone = f"{own_zone} (the mapping's)"
        else:
            zone = context.zone if context.zone_given else f"{context.zone} (--zone sets another)"
        self.report.zones[label] = zone
        if context.year is not None:
            self.report.readings[label] = f"{context.year}, zone {zone}"
        elif context.year_before is not None:
            latest = to_text(context.year_before)[:10]
            self.report.readings[label] = f"the latest year up to {latest} (--year sets another), zone {zone}"

    def _note_before(self, label: str, acquisition: str, number: int, form: Format) -> None:
        """Say that a stated format, zone or year does not reach what was taken in before, and how that is read."""
        zone, year = self._options.zone, self._options.year
        if not number:
            return
        before = self._projector.contexts.reader(acquisition)
        if self._wanted is not None and format_label(before.format) != format_label(form):
            source = quote(self._projector.contexts.source_name(self._projector.contexts.own(acquisition).source))
            named = "FILE.toml" if isinstance(form, MappedFormat) else form.name
            self.report.assumptions.append(
                f"{label}: {number} records were taken in before; they stay read as {before.format.name}; "
                f"`vestige source set {source} --format {named}` changes that"
            )
        if zone in {None, before.context.zone} and year in {None, before.context.year}:
            return
        if before.context.year is not None:
            how = f"year {before.context.year}"
        else:
            latest = to_text(before.context.year_before or before.context.received_at)[:10]
            how = f"the latest year up to {latest}"
        self.report.assumptions.append(
            f"{label}: {number} records were taken in before; stamps of theirs that state no offset stay "
            f"read in zone {before.context.zone}, without a year as {how}; `vestige source set` changes that"
        )

    def _share(self, member: Member) -> float:
        with contextlib.suppress(OSError):
            return 0.0 if member.container else Path(member.path).stat().st_size / max(1, self._total)
        return 0.0

    def _progress(self, label: str) -> None:
        at = time.monotonic()
        if at - self._told < PROGRESS_SECONDS:
            return
        self._told = at
        self._tell(
            {
                "file": label,
                "records": self.report.records,
                "share": round(min(1.0, self._done), 4),
                "seconds": round(at - self._started, 2),
            }
        )

    def record_import(self) -> None:
        """Append one audit entry with the counts: who imported what, and what became of it."""
        told = self.report.to_json()
        body: dict[str, Encodable] = {key: value for key, value in told.items() if isinstance(value, int)}
        body["generic"] = sum(self.report.generic.values())
        body["outcome"] = self.report.outcome
        entry = act_entry("import", self._options.by, body)

        def act(_: Transaction) -> list[Draft]:
            return [entry]

        self._stores.ledger.transact(self._stores.tenant, act)


def _keep_nothing(_: Member) -> tuple[str, int, str]:
    """Nothing is kept of a file whose secrets were taken out."""
    return "", 0, ""


def _is_session(member: Member) -> bool:
    with member.open() as stream:
        return is_agent_shape(head_of(stream, SAMPLE_BYTES))


def _size_below(path: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        if path.is_file():
            return path.stat().st_size
        for file in path.rglob("*"):
            with contextlib.suppress(OSError):
                total += file.stat().st_size if file.is_file() else 0
    return total
