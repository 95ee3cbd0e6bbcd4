"""The outage: a roll-out nobody feared meets a drain of traffic, and a queue gives way.

``orders`` is rolled out with a consumer that takes one message at a time. Minutes later, planned work moves the
traffic of one zone to the other. The queue grows, a broker runs out of memory and is killed, orders time out. The
roll-out is taken back, the traffic returns, the queue drains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import OFFICE
from vestige.demo.clock import HOUR, MINUTE
from vestige.demo.menus import APP, BALANCER, BROKER, DEPLOYS
from vestige.demo.scenario import Channel, Scenario
from vestige.demo.shapes.declared import Declared
from vestige.demo.shapes.host import Host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.demo.cast import Cast
    from vestige.demo.story import Story
    from vestige.demo.writing import Shape

QUEUE = "orders.incoming"
VERSION = "2026.11.20-1"


def tell(story: Story, cast: Cast) -> Sequence[Shape]:
    """The story from its cause to its end, and then what only looks like it."""
    balancer = Declared(cast, "balancer", BALANCER, time_field="timestamp")
    broker = Declared(cast, "broker", BROKER)
    deploys = Declared(cast, "deploys", DEPLOYS)
    app = Declared(cast, "app", APP, time_field="timestamp")
    host = Host(cast, "syslog")

    _a_small_change(story, cast, deploys)
    _traffic_moves(story, balancer)
    _the_queue_gives_way(story, broker, host)
    _orders_fail(story, cast, app, balancer)
    _back(story, cast, deploys, balancer, broker, host)

    _red_herrings(story, cast, deploys, host, app)
    _what_went_wrong_on_the_way(story, app, balancer, broker, host)
    return balancer, broker, deploys, app, host


def _a_small_change(story: Story, cast: Cast, deploys: Declared) -> None:
    author, commit = cast.person("robin.slate"), cast.commit("orders: consumer prefetch 1")
    about = {"service": "orders", "repository": "example/orders", "commit": commit}
    rolled = {**about, "version": VERSION}
    pushed = deploys.event(
        "code.pushed", "robin.slate pushed consumer-prefetch: one message at a time", by=author, ip=OFFICE, **about
    )
    story.step("deploy", story.at("12:18:02.300"), "a change of how the consumer reads is pushed", pushed)
    story.step(
        "deploy",
        story.at("12:26:40.015"),
        "CI passes",
        deploys.event("ci.run", "pipeline of orders passed in 402 s", by="ci", **about),
    )
    story.step(
        "deploy",
        story.at("12:40:00.120"),
        "its roll-out begins",
        deploys.event("deploy.started", f"roll-out of orders {VERSION} began", by="ci", outcome="", **rolled),
    )
    story.step(
        "deploy",
        story.at("12:44:31.870"),
        "the slower consumer is in production; at noon's load nobody notices",
        deploys.event("deploy.completed", f"roll-out of orders {VERSION} ended well", by="ci", **rolled),
    )


def _traffic_moves(story: Story, balancer: Declared) -> None:
    story.step(
        "traffic_shift",
        story.at("12:55:00.004"),
        "planned work: the traffic of zone b goes to zone a",
        balancer.event(
            "traffic.shifted",
            "zone-b drained: 100% of orders to zone-a",
            by="edge-controller",
            host="web-1",
            service="orders",
            zone="zone-a",
        ),
    )


def _the_queue_gives_way(story: Story, broker: Declared, host: Host) -> None:
    depth = 4_000
    for at in story.spread(story.amount(4, 60), story.at("13:01:00"), story.at("13:09:00")):
        depth = depth * 5 // 4 if depth < 900_000 else depth
        behind = broker.event(
            "queue.failed",
            f"{QUEUE}: consumers fall behind, {depth} messages waiting",
            by="broker",
            outcome="failure",
            severity="medium",
            subject=QUEUE,
            host="broker-2",
            depth=depth,
        )
        story.step("queue_failure", at, "messages come in faster than they are taken", behind)
    story.step(
        "queue_failure",
        story.at("13:09:12"),
        "the kernel kills the broker: no memory left",
        host.line(
            "broker-2",
            "kernel",
            "Out of memory: Killed process 2214 (beam.smp) total-vm:16318404kB, anon-rss:15902112kB",
            event_type="log.line",
        ),
    )
    story.step(
        "queue_failure",
        story.at("13:09:14"),
        "its service is down",
        host.line(
            "broker-2",
            "systemd[1]",
            "queue-broker.service: Failed with result 'oom-kill'.",
            event_type="service.error",
            outcome="failure",
        ),
    )
    story.step(
        "queue_failure",
        story.at("13:09:20.640"),
        "the queue has lost its leader",
        broker.event(
            "queue.failed",
            f"{QUEUE}: leader broker-2 is gone",
            by="broker",
            outcome="failure",
            severity="critical",
            subject=QUEUE,
            host="broker-1",
        ),
    )


def _orders_fail(story: Story, cast: Cast, app: Declared, balancer: Declared) -> None:
    failures = story.amount(8, 300)
    for n, at in enumerate(story.spread(failures, story.at("13:09:25"), story.at("13:36:00"))):
        customer, trace = cast.people[n % len(cast.people)], f"{0xFA11ED00 + n:032x}"
        failed = app.event(
            "service.error",
            f"orders: publish to {QUEUE} timed out after 5000 ms",
            by=customer,
            outcome="failure",
            severity="high",
            host=f"api-{1 + n % 4}",
            trace=trace,
            service="orders",
        )
        story.step("errors", at, "an order cannot be queued", failed)
        if n % 4 == 0:
            refused = balancer.event(
                "service.request",
                "orders answered 503 in 5004 ms",
                by=customer,
                outcome="failure",
                severity="medium",
                ip=customer.home,
                host="web-1",
                trace=trace,
                service="orders",
                status=503,
            )
            story.step("errors", at + 4_000_000, "and its customer is refused", refused)


def _back(story: Story, cast: Cast, deploys: Declared, balancer: Declared, broker: Declared, host: Host) -> None:
    operator = cast.person("sasha.harbor")
    story.step(
        "rollback",
        story.at("13:31:15.500"),
        "the roll-out is taken back",
        deploys.event(
            "deploy.rolled_back",
            f"orders {VERSION} rolled back to 2026.11.19-2",
            by=operator,
            service="orders",
            version="2026.11.19-2",
            commit=cast.commit("orders: the day before"),
        ),
    )
    story.step(
        "recovery",
        story.at("13:34:02"),
        "the broker is started again",
        host.line(
            "broker-2", "systemd[1]", "Started queue-broker.service - Message broker.", event_type="service.started"
        ),
    )
    story.step(
        "recovery",
        story.at("13:38:40.250"),
        "the traffic returns to both zones",
        balancer.event(
            "traffic.shifted",
            "zone-b restored: 50% of orders to zone-b",
            by="edge-controller",
            host="web-1",
            service="orders",
            zone="zone-b",
        ),
    )
    story.step(
        "recovery",
        story.at("13:52:08.900"),
        "the queue is empty",
        broker.event(
            "service.started",
            f"{QUEUE}: leader broker-2 is back, 0 messages waiting",
            by="broker",
            subject=QUEUE,
            host="broker-2",
            depth=0,
        ),
    )


def _red_herrings(story: Story, cast: Cast, deploys: Declared, host: Host, app: Declared) -> None:
    why = "another service, rolled out between the drain and the failure; it has nothing to do with orders"
    about = {"service": "catalog", "repository": "example/catalog", "commit": cast.commit("catalog: wording")}
    story.near_miss(
        "innocent_deploy",
        why,
        story.at("13:00:10.100"),
        deploys.event("deploy.started", "roll-out of catalog began", by="ci", outcome="", **about),
    )
    story.near_miss(
        "innocent_deploy",
        why,
        story.at("13:03:55.100"),
        deploys.event("deploy.completed", "roll-out of catalog ended well", by="ci", **about),
    )
    story.near_miss(
        "disk_warning",
        "a disk of the database is nearly full, as it was yesterday; the database is well throughout",
        story.at("12:58:00"),
        host.line("db-2", "smartd[812]", "Device: /dev/sdb, 91% of /var/lib/postgresql used", event_type="log.line"),
    )
    story.near_miss(
        "reboot",
        "a web host is restarted for a kernel update an hour before; it was out of rotation",
        story.at("11:20:00"),
        host.line("web-4", "systemd[1]", "Reached target reboot.target - System Reboot.", event_type="log.line"),
    )
    broken = "one customer's import fails on its own data; the same failed yesterday"
    for day in (-1, 0):
        story.near_miss(
            "broken_import",
            broken,
            story.at("13:07:30.700", day),
            app.event(
                "service.error",
                "search: row 17 refused by validation",
                by=cast.people[12],
                outcome="failure",
                severity="low",
                host="api-2",
                service="search",
            ),
        )


def _what_went_wrong_on_the_way(story: Story, app: Declared, balancer: Declared, broker: Declared, host: Host) -> None:
    for minute in (12, 14, 17, 20):
        late = app.event(
            "service.error",
            "orders: publish gave up",
            by="orders",
            outcome="failure",
            severity="high",
            host="api-4",
            service="orders",
        )
        story.late(story.at(f"13:{minute}:30.250"), story.at(f"13:{minute + 30}:02.500"), late)
    story.damaged(story.at("13:09:13"), "zeros", host.line("broker-2", "kernel", "-", event_type=""))
    story.damaged(
        story.at("13:15:00"), "cut", balancer.event("service.request", "orders answered 503 in 5002 ms", by="orders")
    )
    story.damaged(story.at("13:15:01"), "garbage", app.event("service.error", "orders: publish gave up", by="orders"))
    story.damaged(
        story.at("13:09:15"), "joined", broker.event("queue.failed", f"{QUEUE}: consumers fall behind", by="broker")
    )
    for n in range(6):
        line = host.line(
            "broker-2", f"queue-broker[{2214 + n}]", "memory alarm: publishers are blocked", event_type="log.line"
        )
        story.near_miss(
            "old_alarm", "a memory alarm of the day before, in a load test", story.at(f"04:0{n}:00", -1), line
        )


OUTAGE = Scenario(
    name="outage",
    title="An outage in five sources",
    telling=(
        "A roll-out slows a consumer down, planned work shifts traffic, a queue grows until its broker is killed, "
        "orders fail; a rollback, a restart and the return of the traffic end it."
    ),
    hours=48,
    channels=(
        Channel("balancer", "json", "edge/access.jsonl", 44),
        Channel(
            "broker",
            "json",
            "broker/events.jsonl",
            14,
            clock_error=-3 * MINUTE,
            clock_evidence="the broker reports its lost leader three minutes before the kernel kills it",
        ),
        Channel("deploys", "json", "ci/deploys.ndjson", 6),
        Channel("app", "json", "app/errors.jsonl", 14),
        Channel("syslog", "syslog", "hosts/syslog", 22, layout="rotated"),
    ),
    tell=tell,
    rotated_before_end=35 * HOUR + 35 * MINUTE,
)
