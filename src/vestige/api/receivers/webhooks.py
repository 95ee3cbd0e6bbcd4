"""Webhooks of services that sign what they send, each at ``POST /v1/webhooks/<service>``.

Such a service holds no token of ours: it proves itself by a secret it shares with us, set by
``VESTIGE_WEBHOOK_<SERVICE>_SECRET``. A service without a secret is not there (404). What it sends goes to the default
tenant, by ``webhook:<service>``.

* GitHub: ``X-Hub-Signature-256`` is the HMAC-SHA-256 of the exact body. ``X-GitHub-Delivery`` identifies a delivery.
* GitLab: where the secret is a signing token (``whsec_…``), signed as Standard Webhooks has it, and ``webhook-id``
  identifies a delivery. Else ``X-Gitlab-Token`` is the secret itself; ``Idempotency-Key``, or of older versions
  ``X-Gitlab-Event-UUID`` and the body, which webhooks that set off each other share, identify a delivery.
* Anybody else who tells of repositories (``/git``): Standard Webhooks, in a form of our own.
* Slack: ``X-Slack-Signature`` is the HMAC-SHA-256 of ``v0:<time>:<body>``, at most five minutes old. ``event_id``
  identifies a delivery. The verification of the address is answered, not recorded.
* Okta: the ``Authorization`` header is the secret itself. Each element of ``data.events`` is a record, identified by
  its ``uuid``. The one-time verification is answered.

Only who knows the secret can have a body recorded; the same delivery again is a duplicate. The record is the exact
body (of Okta's: the exact bytes of each event).

References: docs.github.com "Validating webhook deliveries"; docs.gitlab.com "Webhooks"; docs.slack.dev
"Verifying requests from Slack"; developer.okta.com "Event hooks".
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from vestige.api.callers import Caller, default_caller
from vestige.api.receivers.door import WEBHOOKS, Batch, append, body_of, entered
from vestige.api.receivers.signed import (
    MOST_TEXT,
    PREFIX,
    Delivered,
    compare,
    fresh,
    named,
    only_json,
    standard,
)
from vestige.api.receivers.spans import elements_at
from vestige.app import GIT_KINDS, Installation, Stream
from vestige.model.errors import InputError, NotFoundError, TooLargeError

ROUTER = APIRouter(prefix="/v1/webhooks", tags=["receivers"], route_class=Delivered)


@ROUTER.post("/github")
async def github(request: Request) -> Response:
    """Take in a delivery of a GitHub webhook, signed with `VESTIGE_WEBHOOK_GITHUB_SECRET`."""
    secret = _secret(request, "github")
    only_json(request)
    with entered(request, WEBHOOKS) as held:
        body = await body_of(request, held, _largest(request))
        signed = hmac.new(secret, body, hashlib.sha256).hexdigest()
        compare(request.headers.get("x-hub-signature-256", ""), f"sha256={signed}", "X-Hub-Signature-256")
        _object(body)
        event = named(request, "x-github-event")
        stream = Stream(
            "github.webhook", "/v1/webhooks/github", _caller(request, "github").principal, "github_webhook",
            extra=(("github_event", event),),
        )  # fmt: skip
        return await _take(request, "github", stream, [(body, 0, named(request, "x-github-delivery"))])


@ROUTER.post("/gitlab")
async def gitlab(request: Request) -> Response:
    """Take in a delivery of a GitLab webhook, signed with or bearing `VESTIGE_WEBHOOK_GITLAB_SECRET`."""
    secret = _secret(request, "gitlab")
    only_json(request)
    with entered(request, WEBHOOKS) as held:
        if not secret.startswith(PREFIX):
            # The secret itself: known before anything is read.
            compare(request.headers.get("x-gitlab-token", ""), secret.decode(), "X-Gitlab-Token")
        body = await body_of(request, held, _largest(request))
        if secret.startswith(PREFIX):
            name = standard(request, secret, body)
        elif "idempotency-key" in request.headers:
            name = named(request, "idempotency-key")
        else:
            name = f"{named(request, 'x-gitlab-event-uuid')} {hashlib.sha256(body).hexdigest()}"
        _object(body)
        event = named(request, "x-gitlab-event")
        stream = Stream(
            "gitlab.webhook", "/v1/webhooks/gitlab", _caller(request, "gitlab").principal, "gitlab_webhook",
            extra=(("gitlab_event", event),),
        )  # fmt: skip
        return await _take(request, "gitlab", stream, [(body, 0, name)])


@ROUTER.post("/git")
async def git(request: Request) -> Response:
    """Take in what any forge or script tells of a repository, signed with `VESTIGE_WEBHOOK_GIT_SECRET`."""
    secret = _secret(request, "git")
    only_json(request)
    with entered(request, WEBHOOKS) as held:
        body = await body_of(request, held, _largest(request))
        name = standard(request, secret, body)
        told = _object(body)
        if told.get("vestige") != 1 or told.get("kind") not in GIT_KINDS or not isinstance(told.get("repository"), str):
            raise InputError(
                "that is no delivery about a repository",
                expected=f'"vestige": 1, "kind": one of {", ".join(GIT_KINDS)}, "repository": "host/owner/name"',
                got=", ".join(sorted(told))[:200] or "an empty object",
            )
        stream = Stream("git.webhook", "/v1/webhooks/git", _caller(request, "git").principal, "git_webhook")
        return await _take(request, "git", stream, [(body, 0, name)])


@ROUTER.post("/slack")
async def slack(request: Request) -> Response:
    """Take in a delivery of Slack's Events API, signed with `VESTIGE_WEBHOOK_SLACK_SECRET`."""
    secret = _secret(request, "slack")
    with entered(request, WEBHOOKS) as held:
        body = await body_of(request, held, _largest(request))
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signed = hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        compare(request.headers.get("x-slack-signature", ""), f"v0={signed}", "X-Slack-Signature")
        fresh(stamp)
        delivery = _json(body)
        if not isinstance(delivery, dict):
            raise InputError("a delivery is a JSON object", got=type(delivery).__name__)
        if delivery.get("type") == "url_verification":
            return _answer({"challenge": str(delivery.get("challenge", ""))[:1000]})
        name = delivery.get("event_id")
        if not isinstance(name, str) or not 0 < len(name) <= MOST_TEXT:
            raise InputError("a delivery of the Events API has an event_id", field="event_id")
        stream = Stream("slack.events", "/v1/webhooks/slack", _caller(request, "slack").principal, "slack_events")
        return await _take(request, "slack", stream, [(body, 0, name)])


@ROUTER.get("/okta")
def verify_okta(request: Request) -> Response:
    """Answer Okta's one-time verification of an event hook."""
    _okta(request)
    return _answer({"verification": named(request, "x-okta-verification-challenge")})


@ROUTER.post("/okta")
async def okta(request: Request) -> Response:
    """Take in the events of an Okta event hook, whose authorization secret is `VESTIGE_WEBHOOK_OKTA_SECRET`."""
    _okta(request)
    settings = _installation(request).settings
    with entered(request, WEBHOOKS) as held:
        body = await body_of(request, held, _largest(request))
        events = await run_in_threadpool(elements_at, body, "data", "events")
        if not events:
            raise InputError("a delivery of Okta has events", expected="data.events, an array", field="data.events")
        if len(events) > settings.limit_events_per_request:
            raise TooLargeError("too many events", expected=f"at most {settings.limit_events_per_request}")
        records = []
        for payload, offset, event in events:
            name = event.get("uuid") if isinstance(event, dict) else None
            if not isinstance(name, str) or not 0 < len(name) <= MOST_TEXT:
                raise InputError("an event of Okta has a uuid", field="data.events.uuid")
            records.append((payload, offset, name))
        stream = Stream("okta", "/v1/webhooks/okta", _caller(request, "okta").principal, "okta")
        return await _take(request, "okta", stream, records)


async def _take(request: Request, service: str, stream: Stream, records: list[tuple[bytes, int, str]]) -> Response:
    batch = Batch.new(keyed=True)
    for payload, offset, name in records:
        batch.add(payload, offset, (b"webhook", service.encode(), name.encode("utf-8", "replace")))
    taken = await append(_caller(request, service), stream, batch)
    statuses = [str(one.status) for one in taken]
    results = [{"status": str(one.status), "id": one.id} for one in taken]
    return _answer({"results": results}, 409 if "conflict" in statuses else 200)


def _answer(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _installation(request: Request) -> Installation:
    installation: Installation = request.app.state.installation
    return installation


def _caller(request: Request, service: str) -> Caller:
    return default_caller(request, f"webhook:{service}")


def _largest(request: Request) -> int:
    return _installation(request).settings.limit_events_body_bytes


def _secret(request: Request, service: str) -> bytes:
    """The secret shared with a service.

    Raises:
        NotFoundError: none is set.
    """
    secret: str = getattr(_installation(request).settings, f"webhook_{service}_secret")
    if not secret:
        raise NotFoundError(
            f"no webhook of {service} is set up here", hint=f"set VESTIGE_WEBHOOK_{service.upper()}_SECRET"
        )
    return secret.encode()


def _okta(request: Request) -> None:
    compare(request.headers.get("authorization", ""), _secret(request, "okta").decode(), "Authorization")


def _object(body: bytes) -> dict[str, Any]:
    """The object a body is.

    Raises:
        InputError: it is none.
    """
    found = _json(body)
    if not isinstance(found, dict):
        raise InputError("a delivery is a JSON object", got=type(found).__name__)
    return found


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError("not valid JSON", got=str(error)) from None
