"""Anchors of one installation: whom its settings name, one tenant's side of it, and all tenants at once."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vestige.anchors import Anchoring, Means, cosigned, read_witnesses, superlog
from vestige.anchors.git import GitRemote
from vestige.anchors.means import NETWORKS, nobody
from vestige.anchors.stamps import read_roots
from vestige.app.verifying import text_of
from vestige.bundles import keys_of_text
from vestige.jobs import alone as lease
from vestige.model.errors import BusyError, NotFoundError, OutgoingError, SettingsError
from vestige.outgoing import Outgoing, check_url, networks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.anchors import Failure, Report
    from vestige.app.installation import Installation
    from vestige.app.rooms import Rooms
    from vestige.ledger import Ledger
    from vestige.model.principal import Principal
    from vestige.proof import VerifierKey
    from vestige.settings import Settings

LEASE: Final = "anchoring"
PATIENCE: Final = 10.0
"""Seconds that whoever asks by hand waits for another process that shows logs to others."""


def anchoring(settings: Settings, ledger: Ledger) -> Anchoring:
    """Whoever the settings name, ready to be asked; nobody is asked yet.

    Raises:
        SettingsError: a setting names nobody, or a file of theirs cannot be read.
    """
    networks = networks_of(_words(settings.anchor_networks))
    urls = tuple(_words(settings.tsa_urls))
    for url in urls:
        try:
            check_url(url, networks, NETWORKS)
        except OutgoingError as error:
            raise SettingsError(
                f"a time-stamp authority of the setting is none: {error.message}", expected=error.expected,
                got=error.got, hint=error.hint, field="tsa_urls",
            ) from None  # fmt: skip
    if len(set(urls)) < len(urls):
        raise SettingsError("an authority is named twice", expected="each once", got=settings.tsa_urls[:100],
                            field="tsa_urls")  # fmt: skip
    return Anchoring(
        ledger,
        Means(
            Outgoing(networks, setting=NETWORKS),
            urls,
            () if settings.tsa_roots is None else tuple(read_roots(settings.tsa_roots)),
            tuple(read_witnesses(settings.witnesses, networks)),
            GitRemote(settings.anchor_git, settings.data / "anchors.git") if settings.anchor_git else None,
            settings.anchor_seconds,
        ),
    )


@contextlib.contextmanager
def alone(installation: Installation, patience: float = 0.0) -> Iterator[Callable[[], None]]:
    """Be the only process of all nodes that shows logs to others, of whichever tenants.

    What is given raises :class:`~vestige.jobs.LostTurnError` where that is another by now. It is a transaction of its
    own: one of a tenant's log does not see the row, which is nobody's.

    Raises:
        BusyError: another is at it, and was for so many seconds.
    """
    seconds = installation.settings.job_lease_seconds
    with lease(installation.db, superlog.SUPER, LEASE, seconds, patience=patience) as turn:

        def check() -> None:
            with installation.db.write(superlog.SUPER) as connection:
                turn.hold(connection)

        yield check


def anchor_due(installation: Installation, at: int | None = None) -> list[Report]:
    """Anchor every log whose time has come: what a schedule calls. Nothing is done where nobody is named.

    Nothing either while another process is at it: what it leaves due is done at the next look.

    Args:
        installation: whose logs.
        at: nanoseconds since 1970; ``None``: now.
    """
    asking = installation.anchoring
    if not asking.means.parties:
        return []
    tenants = _with_logs(installation)
    if not any(asking.due(tenant, at) for tenant in tenants):
        return []
    with contextlib.ExitStack() as stack:
        try:
            check = stack.enter_context(alone(installation))
        except BusyError:
            return []
        if len(tenants) > 1:
            superlog.ensure(installation.ledger, installation.db.server_name("vestige"))
        reports = asking.run_due(tenants, at, check)
    _nudge(installation, tenants if reports else ())
    return reports


def told(installation: Installation, tenant: str, reports: Sequence[Report]) -> tuple[list[Report], list[Failure]]:
    """What one tenant is told of a round for all: of its own log, and of the super-log above all.

    Its failures are those of its reports, and what its log got at another's turn and stands still.
    """
    ledger, origins = installation.ledger, set[str]()
    for one in (tenant, superlog.SUPER):
        with contextlib.suppress(NotFoundError):  # there may be no super-log
            origins.add(ledger.log(one).origin)
    own = [report for report in reports if report.origin in origins]
    failures = [failure for report in own for failure in report.failures]
    return own, list(dict.fromkeys([*failures, *installation.anchoring.failing(tenant)]))


class Anchors:
    """The anchors of one tenant's log, as whoever was let in sees them."""

    def __init__(self, installation: Installation, rooms: Rooms) -> None:
        self._installation = installation
        self._rooms = rooms
        self._asking = installation.anchoring

    def shown(self, after: int, limit: int) -> dict[str, Any]:
        """Anchors of the current log above a seq, the oldest first, and how whoever is asked stands.

        ``next`` is the seq to go on after, where there are more.
        """
        tenant = self._rooms.tenant.id
        kept = self._asking.page(tenant, after + 1, limit + 1)
        more = {"next": kept[limit - 1].seq} if len(kept) > limit else {}
        shown = [one.to_json() for one in kept[:limit]]
        return {"anchors": shown, "parties": self._asking.status(tenant)} | more

    def run(self, by: Principal) -> dict[str, Any]:
        """Show the log to everybody now.

        Raises:
            ConflictError: nobody is named whom it could be shown to.
            BusyError: another process shows logs at this moment, and does not end.
        """
        if not self._asking.means.parties:
            raise nobody()
        with alone(self._installation, PATIENCE) as check:
            report = self._asking.run(self._rooms.tenant.id, by, check=check)
        self._rooms.projector.nudge()
        return report.to_json()

    def checkpoint(self) -> bytes:
        """The newest checkpoint that a witness has cosigned, with every cosignature there is of it.

        Raises:
            NotFoundError: no witness has cosigned one.
        """
        tenant = self._rooms.tenant.id
        size, kept = self._asking.newest_cosigned(tenant)
        found = self._installation.ledger.checkpoint_covering(tenant, size) if size else None
        if found is None or found.size != size:
            raise NotFoundError(
                "no witness has cosigned a checkpoint of this log", hint="`vestige anchor now` shows it to them"
            )
        return cosigned(found.note.encode(), kept)


def run_all(installation: Installation, by: Principal) -> dict[str, Any]:
    """Anchor every tenant's log now, with one time stamp over the super-log.

    Raises:
        ConflictError: nobody is named whom they could be shown to.
        BusyError: another process shows logs at this moment, and does not end.
    """
    if not installation.anchoring.means.parties:
        raise nobody()
    tenants = _with_logs(installation)
    with alone(installation, PATIENCE) as check:
        superlog.ensure(installation.ledger, installation.db.server_name("vestige"))
        reports = installation.anchoring.run_all(tenants, by, check=check)
    _nudge(installation, tenants)
    return {"reports": [report.to_json() for report in reports]}


def super_log(installation: Installation) -> dict[str, Any]:
    """The super-log's keys and its last checkpoint, which are everybody's to know.

    Raises:
        NotFoundError: there is none, or it was never signed.
    """
    ledger = installation.ledger
    found = ledger.latest_checkpoint(superlog.SUPER)
    if found is None:
        raise NotFoundError("the super-log was never signed", hint="`vestige anchor now --all` signs it")
    keys = [{"vkey": one.vkey, "from_size": one.from_size} for one in ledger.keys(superlog.SUPER)]
    return {"origin": ledger.log(superlog.SUPER).origin, "keys": keys, "checkpoint": found.note}


def read_log_keys(texts: Sequence[str]) -> list[VerifierKey]:
    """Verifier keys of logs, each given as it is or by the name of a file of them.

    Raises:
        UsageError: one is none, or a file cannot be read.
    """
    named = [(text, os.path.exists(text)) for text in texts]  # noqa: PTH110 - a key may be too long for a name
    return [key for text, file in named for key in keys_of_text(text_of(Path(text)) if file else text)]


def troubles(installation: Installation, tenant: str) -> list[str]:
    """Who gave nothing when they were asked last, and why, for one tenant's log; from memory, nobody is asked."""
    return [f"{one.by}: {one.reason}" for one in installation.anchoring.failing(tenant)]


def _with_logs(installation: Installation) -> list[str]:
    """Every tenant that has a log: one that was begun and never finished has none yet."""
    found = []
    for one in installation.access.tenants():
        with contextlib.suppress(NotFoundError):
            found.append(installation.ledger.log(str(one["id"])).tenant)
    return found


def _nudge(installation: Installation, tenants: Sequence[str]) -> None:
    for tenant in tenants:
        installation.rooms(tenant).projector.nudge()


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
