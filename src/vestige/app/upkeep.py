"""What an installation does by itself, and by when: its jobs, and what each leaves in the tenant's ledger.

Verifications leave an entry whatever they find, ``integrity.verified`` or ``integrity.failed``; one of what is new that
finds nothing but such entries leaves none, or a quiet log would grow by being watched. A failure is told to the alarm's
URL; as long as nobody took it, the job counts as failed and is tried again.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.app.anchoring import anchor_due, told
from vestige.app.ledgerview import LedgerView
from vestige.integrity import Alarm, Mark, advance, compared, mark_of
from vestige.jobs import Job, Runner
from vestige.ledger import Draft, Kind, act_entry
from vestige.model.errors import ForbiddenError, IntegrityError, NotFoundError, ProofError, VestigeError
from vestige.model.permission import Permission
from vestige.model.principal import Principal
from vestige.outgoing import networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from vestige.app.installation import Installation
    from vestige.jobs import Turn
    from vestige.ledger import Transaction
    from vestige.proof.canonical import Encodable

SELF: Final = Principal("vestige")
VERIFIED: Final = "integrity.verified"
FAILED: Final = "integrity.failed"
NEW, FULL, INDEX = "verify", "verify-full", "verify-index"
VERIFYING: Final = (NEW, FULL, INDEX)
NEEDED: Final = {"retention": Permission.EVIDENCE_ERASE}
FEW: Final = 50
"""So many entries are looked at to see whether they are all verifications' own."""
MOST_REASON: Final = 500
DAY_SECONDS: Final = 86_400
ANCHOR_SECONDS: Final = 60
"""How often it is looked whether a log is due to be anchored; ``VESTIGE_ANCHOR_SECONDS`` says when one is."""


class Upkeep:
    """The jobs of an installation. ``runner`` runs them: by itself once started, or when asked."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._ledger = installation.ledger
        settings = installation.settings
        self._alarm = (
            Alarm(settings.alarm_url, settings.alarm_secret, networks_of(_parts(settings.alarm_networks)))
            if settings.alarm_url
            else None
        )
        jobs = [
            Job(NEW, "Verifies what is new in the ledger.", settings.verify_seconds, self._verify_new),
            Job(FULL, "Verifies the whole ledger and every kept file.", settings.verify_full_seconds, self._verify_all),
            Job(INDEX, "Holds the index against the ledger.", settings.verify_index_seconds, self._verify_index),
            Job("retention", "Purges what is past its retention, where that is turned on.", settings.retention_seconds,
                lambda tenant, turn: installation.rooms(tenant).retention.due(turn)),
            Job("fetch", "Fetches the repositories that are mirrored by URL.", settings.code_fetch_seconds,
                lambda tenant, turn: installation.rooms(tenant).code.fetch_due(SELF, turn)),
            Job("archive", "Archives each week that is over.", settings.archive_seconds if settings.archive_url else 0,
                self._archive),
            Job("seal", "Seals sessions of agents that have gone on, and commits.", settings.seal_seconds, self._seal),
            Job("anchor", "Shows what is due to authorities, witnesses and the git remote.",
                ANCHOR_SECONDS if installation.anchoring.means.parties else 0, self._anchor),
        ]  # fmt: skip
        jobs = [replace(job, work=self._timed(job)) for job in jobs]
        self.runner = Runner(
            installation.db, jobs, self._tenants, lease=settings.job_lease_seconds, look=settings.job_lease_seconds / 6,
            often=self._often,
        )  # fmt: skip

    def integrity(self, tenant: str) -> dict[str, Any]:
        """What the last verifications found: all well, or not, or not yet known."""
        states = [one for one in self.runner.states(tenant) if one["name"] in VERIFYING]
        verdicts = [one["result"].get("ok") for one in states if "result" in one]
        ok = "failed" if False in verdicts else "good" if verdicts else "unknown"
        return {"verdict": ok, "alarm": self._alarm is not None, "checks": states}

    def permit(self, name: str, held: Collection[Permission]) -> None:
        """Refuse a job to somebody who may not do by hand what it does.

        Raises:
            ForbiddenError: it erases, and they may not.
        """
        needed = NEEDED.get(name)
        if needed is not None and needed not in held:
            raise ForbiddenError("this job does more than you may do", expected=f"the permission {needed}", got=name)

    def _timed(self, job: Job) -> Callable[[str, Turn], dict[str, Any]]:
        """A job's work, of which it is counted how long it took."""

        def work(tenant: str, turn: Turn) -> dict[str, Any]:
            begun, outcome = time.perf_counter(), "failed"
            try:
                with self._installation.span("job", {"vestige.job": job.name, "vestige.tenant": tenant}):
                    result = job.work(tenant, turn)
                outcome = "done"
            finally:
                self._installation.figures.job_seconds.observe(time.perf_counter() - begun, job.name, outcome)
            return result

        return work

    def _tenants(self) -> list[str]:
        return [one["id"] for one in self._installation.access.tenants()]

    def _often(self, tenant: str, job: Job) -> int:
        """From one start of a job to the next: the whole ledger is verified at least as often as the mode asks for."""
        if job.name != FULL:
            return job.seconds
        try:
            asked = self._installation.rooms(tenant).retention.profile().verify_days * DAY_SECONDS
        except VestigeError:
            return job.seconds  # a tenant that cannot be opened has its job fail, which says why
        return min(asked, job.seconds or asked) if asked else job.seconds

    # -- verifications ------------------------------------------------------------------------------------------

    def _verify_new(self, tenant: str, turn: Turn) -> dict[str, Any]:
        known = self._mark(tenant)
        if known is None:
            return self._verify_all(tenant, turn)
        entry, mark = known
        base = self._ledger.log(tenant).base
        if self._only_own(tenant, base + mark.frontier.size):
            return {"ok": True, "size": mark.frontier.size, "entries": 0, "reason": "", "mark": entry}
        report, reached = advance(self._ledger, tenant, mark, turn.progress)
        return self._concluded(tenant, turn, NEW, report, reached if report["ok"] else None)

    def _verify_all(self, tenant: str, turn: Turn) -> dict[str, Any]:
        told = LedgerView(self._ledger, self._installation.blobs, tenant).verify(turn.progress)
        bad = [check["name"] for check in told["checks"] if not check["ok"]]
        report = {name: told[name] for name in ("ok", "size", "root", "first_bad_seq", "interval", "reason")}
        report |= {"entries": told["size"]} | ({"checks": bad} if bad else {})
        mark = mark_of(self._ledger, tenant, told["size"]) if told["ok"] else None
        return self._concluded(tenant, turn, FULL, report, mark)

    def _verify_index(self, tenant: str, turn: Turn) -> dict[str, Any]:
        rooms = self._installation.rooms(tenant)
        rooms.settle()
        found = rooms.projector.compare(turn.progress, turn.stop)
        turn.check()
        report = compared(found.entries, found.before, found.after, found.differences)
        return self._concluded(tenant, turn, INDEX, report, None)

    def _archive(self, tenant: str, turn: Turn) -> dict[str, Any]:
        made = self._installation.rooms(tenant).archives.create(SELF, turn.progress, turn.check, turn.hold)
        return {"created": [one["week"] for one in made["created"]], "archives": made["archives"]}

    def _seal(self, tenant: str, turn: Turn) -> dict[str, Any]:
        rooms = self._installation.rooms(tenant)
        rooms.settle()
        made = rooms.seals.seal(SELF, hold=lambda tx: turn.hold(tx.connection))
        turn.check()
        commits = rooms.code.seal(SELF, lambda tx: turn.hold(tx.connection))
        if made or commits:
            rooms.projector.nudge()
        return {"sealed": len(made), "commits": commits}

    def _anchor(self, tenant: str, turn: Turn) -> dict[str, Any]:
        """Anchor what is due, of every tenant at once: so one stamp is enough for all, whoever's turn it is.

        What is told is the tenant's own, and the super-log's: another's log is not this tenant's to know.

        Raises:
            IntegrityError: somebody knows another log under this one's name, or under the super-log's.
        """
        turn.check()
        reports, failures = told(self._installation, tenant, anchor_due(self._installation))
        wrong = [one.by for one in failures if one.contradiction]
        if wrong:
            raise IntegrityError(
                "somebody knows another log of this name", got=", ".join(wrong)[:200],
                hint="`vestige anchor status` says who; the ledger has an entry anchor.contradicted",
            )  # fmt: skip
        said = [f"{one.by}: {one.reason}" for one in failures]
        return {"logs": len(reports), "anchors": sum(len(one.made) for one in reports)} | (
            {"failures": said[:FEW]} if said else {}
        )

    def _concluded(
        self, tenant: str, turn: Turn, check: str, report: dict[str, Any], mark: Mark | None
    ) -> dict[str, Any]:
        """Write down what was found, and tell of it if it is bad.

        Raises:
            LostTurnError: another process has the job; nothing was written.
            OutgoingError: the alarm was not taken.
        """
        report["reason"] = report["reason"][:MOST_REASON]
        detail: dict[str, Encodable] = {"check": check, "entries": report["entries"], "reason": report["reason"]}
        detail |= {name: report[name] for name in ("first_bad_seq", "interval") if report.get(name) is not None}
        detail |= {"events": [dict(one) for one in report["events"]]} if report.get("events") else {}
        detail |= {"tables": sorted(report["tables"])} if report.get("tables") else {}
        detail |= mark.to_json() if mark is not None else {}
        entry = self._record(tenant, turn, VERIFIED if report["ok"] else FAILED, detail)
        report |= {"entry": entry} | ({"mark": entry} if mark is not None else {})
        if not report["ok"]:
            report["alarm"] = self._told(tenant, turn, entry, check, report)
        return report

    def _record(self, tenant: str, turn: Turn, act: str, detail: Mapping[str, Encodable]) -> str:
        def say(tx: Transaction) -> list[Draft]:
            turn.hold(tx.connection)
            return [act_entry(act, SELF, detail)]

        made = self._ledger.transact(tenant, say).items[0].ids[0]
        self._installation.rooms(tenant).projector.nudge()
        return made

    def _told(self, tenant: str, turn: Turn, entry: str, check: str, report: Mapping[str, Any]) -> str:
        """Tell the alarm's URL; what became of that."""
        if self._alarm is None:
            return "nobody: VESTIGE_ALARM_URL is not set"
        log = self._ledger.log(tenant)
        message = {"type": FAILED, "tenant": tenant, "log": log.origin, "check": check, "entry": entry}
        message |= {name: report[name] for name in ("reason", "first_bad_seq", "interval", "size") if name in report}
        tries = self._alarm.send(entry, message, turn.stop)
        return f"taken at try {tries}"

    def _mark(self, tenant: str) -> tuple[str, Mark] | None:
        """The farthest mark of a good verification of the current log, from the entry that states it."""
        ids = {one["result"].get("mark") for one in self.runner.states(tenant) if "result" in one} - {None}
        found = []
        for identity in ids:
            try:
                entry = self._ledger.entry(tenant, str(identity))
                said = orjson.loads(self._ledger.opened(entry))
                if entry.kind is Kind.AUDIT and said.get("act") == VERIFIED:
                    found.append((entry.id, Mark.from_json(said["detail"])))
            except (NotFoundError, ProofError, KeyError):
                continue  # a row that names no verification of ours: it is then verified from the beginning
        now_epoch = self._ledger.log(tenant).epoch
        return max(
            (one for one in found if one[1].epoch == now_epoch), key=lambda one: one[1].frontier.size, default=None
        )

    def _only_own(self, tenant: str, lo: int) -> bool:
        """Whether nothing but verifications' own entries came since a position."""
        if self._ledger.head(tenant) - lo > FEW:
            return False
        try:
            return all(
                entry.kind is Kind.AUDIT
                and str(orjson.loads(self._ledger.opened(entry)).get("act")).startswith("integrity.")
                for entry in self._ledger.read(tenant, lo, self._ledger.head(tenant))
            )
        except VestigeError:
            return False


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
