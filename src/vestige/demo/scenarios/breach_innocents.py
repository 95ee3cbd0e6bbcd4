"""What only looks like the breach, and what went wrong while its traces were written.

Two users of nearly the victim's name, an employee on a journey, a scanner that is never let in, a service behind the
intruder's own address, an innocent deploy, a failed export; and late, torn and unreadable records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import HOTEL_ADDRESS, INTRUDER_ADDRESS, OFFICE, SCANNER_ADDRESS
from vestige.demo.clock import SECOND
from vestige.demo.shapes.cloudtrail import assumed, user

if TYPE_CHECKING:
    from vestige.demo.cast import Cast
    from vestige.demo.shapes.auth import Auth
    from vestige.demo.shapes.cloudtrail import CloudTrail
    from vestige.demo.shapes.declared import Declared
    from vestige.demo.shapes.okta import Okta
    from vestige.demo.story import Story

REPOSITORY = "example/export-service"
REPORTING_KEY = "AKIADEMOREPRTEXAMPLE"


def innocents(story: Story, cast: Cast, okta: Okta, cloud: CloudTrail, auth: Auth, deploys: Declared) -> None:
    """Everything innocent that looks like a part of the breach."""
    _look_alikes(story, cast, okta, deploys)
    _a_journey(story, cast, okta, deploys)
    _a_scanner(story, auth)
    _a_neighbour(story, cloud)
    _others_at_work(story, cast, deploys, cloud)


def _look_alikes(story: Story, cast: Cast, okta: Okta, deploys: Declared) -> None:
    twin, other = cast.person("jordan.embers"), cast.person("jordan.amber")
    why = "another account than jordan.ember: its holder mistypes twice and signs in from the usual address"
    for clock in ("07:58:40.020", "07:58:55.810"):
        story.near_miss(
            "look_alike_user", why, story.at(clock), okta.sign_in(twin, twin.home, refused="INVALID_CREDENTIALS")
        )
    story.near_miss(
        "look_alike_user", why, story.at("07:59:20.004"), okta.sign_in(twin, twin.home, session="idxDemoEmbersHome")
    )
    story.near_miss(
        "look_alike_colleague",
        "jordan.amber works on the repository and fetches it from the office a minute before the intruder",
        story.at("08:50:12.700"),
        deploys.event(
            "repository.accessed",
            f"fetch of {REPOSITORY} by jordan.amber",
            by=other,
            ip=OFFICE,
            subject=REPOSITORY,
            repository=REPOSITORY,
        ),
    )


def _a_journey(story: Story, cast: Cast, okta: Okta, deploys: Declared) -> None:
    traveller, session = cast.person("noor.linden"), "idxDemoNoorTravels"
    why = "an employee on a journey: a new address, but the first push is approved and the work is the usual one"
    name = "travel_login"
    story.near_miss(name, why, story.at("21:40:03.250", -1), okta.sign_in(traveller, HOTEL_ADDRESS, session=session))
    story.near_miss(
        name, why, story.at("21:40:21.990", -1), okta.second_factor(traveller, HOTEL_ADDRESS, session=session)
    )
    visit = deploys.event(
        "repository.accessed",
        "fetch of example/catalog by noor.linden",
        by=traveller,
        ip=HOTEL_ADDRESS,
        repository="example/catalog",
    )
    story.near_miss(name, why, story.at("21:52:40.100", -1), visit)


def _a_scanner(story: Story, auth: Auth) -> None:
    why = "a scanner of the whole internet guesses names that do not exist; it is never let in"
    guesses = story.amount(6, 120)
    for n, at in enumerate(story.spread(guesses, story.at("22:00:00", -2), story.at("23:30:00", -2))):
        host = f"web-{1 + n % 4}"
        story.near_miss(
            "scanner", why, at, auth.refused(host, ("root1", "pi", "deploy", "backup")[n % 4], SCANNER_ADDRESS)
        )


def _a_neighbour(story: Story, cloud: CloudTrail) -> None:
    why = "a reporting service runs at the same provider and leaves through the same address, as it has for days"
    reporting = user("svc-reporting", REPORTING_KEY)
    for day in (-2, -1, 0):
        given: dict[str, object] = {"bucketName": "example-reports", "key": f"daily/{3 + day}.csv"}
        fetch = cloud.call("GetObject", reporting, INTRUDER_ADDRESS, given=given)
        story.near_miss("shared_address_service", why, story.at("09:44:00", day), fetch)


def _others_at_work(story: Story, cast: Cast, deploys: Declared, cloud: CloudTrail) -> None:
    why = "a deploy of another service at the very time, with nothing of the story in it"
    about = {"service": "catalog", "repository": "example/catalog", "commit": cast.commit("catalog: wording")}
    begun = deploys.event("deploy.started", "roll-out of catalog began", by="ci", outcome="", **about)
    story.near_miss("innocent_deploy", why, story.at("09:10:00.500"), begun)
    ended = deploys.event("deploy.completed", "roll-out of catalog ended well", by="ci", **about)
    story.near_miss("innocent_deploy", why, story.at("09:14:20.500"), ended)
    analyst = assumed("analyst", "sasha.harbor@example.com", "ASIADEMOSASHAEXAMPLE")
    export = cloud.call(
        "StartExportTask",
        analyst,
        OFFICE,
        given={"exportTaskIdentifier": "weekly-47", "sourceArn": "orders-daily", "s3BucketName": "example-reports"},
        refused="analyst is not authorized to perform: rds:StartExportTask",
    )
    story.near_miss(
        "failed_export", "an analyst tries an export she has no right to; nothing left", story.at("10:15:00"), export
    )


def what_went_wrong_on_the_way(
    story: Story, cast: Cast, okta: Okta, auth: Auth, deploys: Declared, app: Declared
) -> None:
    """Records that came late, were cut off, or are no records at all."""
    for minute in (1, 5, 9, 14):
        late = app.event(
            "service.error",
            "search: upstream timed out after 900 ms",
            by="search",
            outcome="failure",
            severity="medium",
            host="api-3",
        )
        story.late(story.at(f"09:{minute + 10}:30.250"), story.at("09:38:02.500") + minute * SECOND, late)
    somebody = cast.people[11]
    story.damaged(story.at("11:02:00"), "cut", okta.sign_in(somebody, OFFICE))
    story.damaged(story.at("03:15:00"), "cut", okta.sign_in(somebody, somebody.home))
    story.damaged(story.at("12:00:00"), "cut", app.event("service.error", "orders: connection lost", by="orders"))
    story.damaged(story.at("12:00:01"), "garbage", app.event("service.error", "orders: connection lost", by="orders"))
    story.damaged(story.at("13:30:00"), "joined", deploys.event("ci.run", "pipeline of mailer passed", by="ci"))
    story.damaged(story.at("04:44:00"), "zeros", auth.opened("web-2", "root"))
