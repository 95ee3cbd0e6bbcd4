"""Puts the routers together over one installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

import vestige
from vestige.api import (
    agreeing,
    anchors,
    archives,
    assistant,
    audit,
    bundles,
    callers,
    case_items,
    case_report,
    cases,
    code,
    compliance,
    correlate,
    custody,
    declared,
    demo_door,
    detect,
    device,
    entities,
    events,
    first_owner,
    hardening,
    health,
    ingest,
    interface,
    keys,
    kinds,
    leaving,
    ledger,
    limits,
    live,
    login,
    maintenance,
    observed,
    openapi,
    pages,
    people,
    policies,
    policy_trials,
    prices,
    problems,
    rates,
    receivers,
    remarking,
    replay,
    requests,
    retention,
    sequences,
    sessions,
    sign_in,
    sources,
    stories,
    timeline,
    upkeep,
    uploads,
    views,
)
from vestige.web import Interface

if TYPE_CHECKING:
    from vestige.app import Installation

ROUTERS = (
    health.ROUTER,
    ingest.ROUTER,
    timeline.ROUTER,
    bundles.ROUTER,
    replay.ROUTER,
    live.ROUTER,
    views.ROUTER,
    events.ROUTER,
    correlate.ROUTER,
    entities.ROUTER,
    sequences.ROUTER,
    sessions.ROUTER,
    prices.ROUTER,
    stories.ROUTER,
    detect.ROUTER,
    ledger.PUBLIC,
    ledger.ROUTER,
    anchors.PUBLIC,
    anchors.ROUTER,
    maintenance.ROUTER,
    *receivers.ROUTERS,
    sources.ROUTER,
    uploads.ROUTER,
    code.ROUTER,
    policies.ROUTER,
    policy_trials.ROUTER,
    assistant.ROUTER,
    audit.ROUTER,
    cases.ROUTER,
    case_items.ROUTER,
    case_report.ROUTER,
    keys.ROUTER,
    people.ROUTER,
    login.ROUTER,
    declared.ROUTER,
    declared.SECOND,
    kinds.ROUTER,
    custody.ROUTER,
    upkeep.ROUTER,
    retention.ROUTER,
    compliance.ROUTER,
    archives.ROUTER,
    remarking.ROUTER,
    agreeing.ROUTER,
    hardening.ROUTER,
)
PAGES = (pages.ROUTER, sign_in.ROUTER, first_owner.ROUTER, demo_door.ROUTER, device.ROUTER, interface.ROUTER)
"""Pages for a person, in no OpenAPI document; each finds out by itself who is signed in."""
DESCRIPTION = """One append-only, tamper-evident ledger per tenant, and every view of it.

Errors are RFC 9457 problem documents with a stable `code`. Lists are paged by opaque keyset cursors."""


def create_api(installation: Installation) -> FastAPI:
    """The application. It answers JSON, exact bytes and the text formats of the ledger; HTML only below ``/ui/``."""
    api = FastAPI(
        title="Vestige",
        version=vestige.__version__,
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    api.state.installation = installation
    api.state.interface = Interface()
    api.state.gates = receivers.Gates.of(installation.settings)
    api.state.replays = {}
    api.state.watching = set()
    api.state.rates = rates.Rates.of(installation.settings)
    problems.install(api, callers.record_refusal)
    api.add_middleware(leaving.Leaving)
    api.add_middleware(limits.BodyLimit, largest=installation.settings.limit_body_bytes)
    api.add_middleware(rates.AddressRate, buckets=api.state.rates.addresses)
    api.add_middleware(observed.Observed)
    api.add_middleware(requests.RequestId)
    for router in (interface.FRONT, *ROUTERS, *PAGES):
        # Taken over and not included: each names its prefix and its dependencies itself, and to include it would build
        # every route a second time when it is first asked for.
        api.router.routes.extend(router.routes)
    openapi.describe(api)
    hardening.harden(api, installation.settings)
    return api
