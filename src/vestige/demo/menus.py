"""What ordinary days are made of: the background of each source of declared events, as data.

Weight, event type, severity, outcome, message, and the producer's own fields that come with it.
"""

from __future__ import annotations

from vestige.demo.shapes.declared import Dish

DEPLOYS = (
    Dish(60, "ci.run", "info", "success", "pipeline of {service} passed in {number} s", "service commit seconds"),
    Dish(9, "ci.run", "low", "failure", "pipeline of {service} failed in {number} s", "service commit seconds"),
    Dish(40, "code.pushed", "info", "success", "{actor} pushed to {service}", "service commit"),
    Dish(24, "code.reviewed", "info", "success", "{actor} approved a change of {service}", "service commit"),
    Dish(12, "deploy.started", "info", "", "roll-out of {service} began", "service commit"),
    Dish(12, "deploy.completed", "info", "success", "roll-out of {service} ended well", "service commit seconds"),
    Dish(43, "repository.accessed", "info", "success", "fetch of {service} by {actor}", "service"),
)

APP = (
    Dish(150, "service.error", "medium", "failure", "{service}: upstream timed out after {number} ms"),
    Dish(60, "service.error", "low", "failure", "{service}: row {number} refused by validation", "service row"),
    Dish(30, "service.error", "medium", "failure", "{service}: connection reset after {number} ms"),
    Dish(16, "service.error", "high", "failure", "{service}: unhandled KeyError in {path}", "service path line"),
)

BALANCER = (
    Dish(232, "service.request", "info", "success", "{service} answered 200 in {number} ms"),
    Dish(16, "service.request", "info", "failure", "{service} answered 404 in {number} ms"),
    Dish(8, "service.request", "low", "failure", "{service} answered 503 in {number} ms"),
)

BROKER = (
    Dish(220, "queue.checked", "info", "success", "queue of {service}: {number} messages waiting", "service depth"),
    Dish(30, "queue.rebalanced", "info", "success", "consumers of {service} rebalanced", "service consumers"),
    Dish(6, "queue.failed", "low", "failure", "a consumer of {service} was late once", "service depth"),
)

ACCOUNTS = (
    Dish(190, "auth.login", "info", "success", "{actor} signed in to the shop"),
    Dish(20, "auth.login_failed", "low", "failure", "{actor} mistyped a password"),
    Dish(20, "account.changed", "info", "success", "{actor} changed an address"),
    Dish(12, "account.created", "info", "success", "a new account was opened", "basket"),
    Dish(14, "auth.logout", "info", "success", "{actor} signed out"),
)

DEVICES = (
    Dish(230, "session.opened", "info", "", "a known device came back", "fonts"),
    Dish(26, "session.opened", "info", "", "a device was seen for the first time", "fonts"),
)

PAYMENTS = (
    Dish(228, "payment.made", "info", "success", "charge of {number} cents accepted", "amount_cents"),
    Dish(22, "payment.refused", "low", "failure", "charge of {number} cents refused: no funds", "amount_cents"),
    Dish(6, "payment.refused", "low", "failure", "charge of {number} cents refused: card expired", "amount_cents"),
)

RISK = (
    Dish(200, "risk.scored", "info", "", "score {number} of 4096", "score"),
    Dish(30, "alert.raised", "low", "", "unusual basket, score {number}", "score"),
    Dish(26, "scan.completed", "info", "success", "a scan looked at {number} accounts", "accounts"),
)

BULK = (
    Dish(90, "service.request", "info", "success", "{service} answered {actor} in {number} ms on {path}"),
    Dish(40, "auth.login", "info", "success", "{actor} signed in to {service} from a known device"),
    Dish(10, "auth.login_failed", "medium", "failure", "{actor} was refused by {service}: wrong password"),
    Dish(40, "data.read", "info", "success", "{actor} read {number} rows of {service}", "service rows"),
    Dish(16, "data.written", "info", "success", "{actor} wrote {number} rows of {service}", "service rows"),
    Dish(20, "ci.run", "info", "success", "pipeline of {service} passed in {number} s", "service seconds"),
    Dish(16, "service.error", "medium", "failure", "{service}: upstream timed out after {number} ms on {path}"),
    Dish(12, "process.started", "info", "success", "{actor} started job {number} of {service}", "service job"),
    Dish(8, "repository.accessed", "info", "success", "{actor} fetched {service}", "service commit"),
    Dish(4, "data.export", "high", "success", "{actor} exported {number} rows of {service}", "service rows"),
)
