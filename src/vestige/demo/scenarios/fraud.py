"""The fraud: many customers who are one.

A dozen accounts are opened from three addresses on one device, lie still for days, try cards with tiny charges, and
in one night pay with the cards that worked. Honest people share one of the addresses, a family shares a device, a
traveller pays from afar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.demo.cast import CAMPUS_ADDRESS, FAMILY_ADDRESS, FRAUD_ADDRESSES, HOTEL_ADDRESS, Person
from vestige.demo.clock import MINUTE
from vestige.demo.menus import ACCOUNTS, DEVICES, PAYMENTS, RISK
from vestige.demo.scenario import Channel, Scenario
from vestige.demo.shapes.declared import Declared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.demo.cast import Cast
    from vestige.demo.story import Story
    from vestige.demo.writing import Shape

DEVICE = "dev-0f00d5a1e5aa"
FAMILY_DEVICE = "dev-fa3117f0a51e"
_NOUNS = (
    "lamp",
    "ladder",
    "kettle",
    "basket",
    "candle",
    "button",
    "bottle",
    "blanket",
    "pillow",
    "hammer",
    "ribbon",
    "saddle",
)


def tell(story: Story, cast: Cast) -> Sequence[Shape]:
    """The story from its first account to its last charge, and then what only looks like it."""
    accounts = Declared(cast, "accounts", ACCOUNTS, device="id")
    devices = Declared(cast, "devices", DEVICES, device="id")
    payments = Declared(cast, "payments", PAYMENTS, device="id")
    risk = Declared(cast, "risk", RISK, device="id")
    cluster = [_member(cast, n) for n in range(min(story.amount(4, 12), len(_NOUNS)))]

    _accounts_are_opened(story, accounts, devices, cluster)
    _cards_are_tried(story, payments, cluster)
    _one_night(story, accounts, devices, payments, risk, cluster)

    _neighbours(story, cast, accounts, payments)
    _a_family(story, cast, devices, payments)
    _a_traveller(story, cast, accounts, payments, risk)
    _what_went_wrong_on_the_way(story, cast, accounts, payments, risk)
    return accounts, devices, payments, risk


def _member(cast: Cast, n: int) -> Person:
    person = cast.person(f"mika.{_NOUNS[n]}")
    return Person(
        person.name, f"{person.name}@example.org", person.display, person.account_id, person.home, person.agent, DEVICE
    )


def _accounts_are_opened(story: Story, accounts: Declared, devices: Declared, cluster: list[Person]) -> None:
    for n, (at, member) in enumerate(
        zip(story.spread(len(cluster), story.at("01:10:00", -5), story.at("01:50:00", -5)), cluster, strict=True)
    ):
        ip = FRAUD_ADDRESSES[n % 3]
        opened = accounts.event(
            "account.created", f"account {member.email} opened", by=member, ip=ip, subject=member.email
        )
        story.step("account_cluster", at, "an account is opened", opened)
        seen = devices.event(
            "session.opened",
            "a device was seen for the first time with this account",
            by=member,
            outcome="",
            ip=ip,
            device=DEVICE,
        )
        story.step("shared_device", at + 2_300_000_000, "on the same device as the others", seen)


def _cards_are_tried(story: Story, payments: Declared, cluster: list[Person]) -> None:
    tries = 2 * len(cluster)
    for n, at in enumerate(story.spread(tries, story.at("02:00:00", -1), story.at("03:30:00", -1))):
        member, good = cluster[n % len(cluster)], n % 3 == 0
        card = f"card-demo-{n:04}"
        charge = payments.event(
            "payment.made" if good else "payment.refused",
            f"charge of 100 cents {'accepted' if good else 'refused: do not honour'}",
            by=member,
            outcome="success" if good else "failure",
            severity="info" if good else "medium",
            ip=FRAUD_ADDRESSES[n % 2],
            device=DEVICE,
            card=card,
            amount_cents=100,
        )
        story.step("card_testing", at, "a card is tried with a tiny charge", charge)


def _one_night(
    story: Story, accounts: Declared, devices: Declared, payments: Declared, risk: Declared, cluster: list[Person]
) -> None:
    starts = story.spread(len(cluster), story.at("02:30:00"), story.at("04:10:00"))
    for n, (at, member) in enumerate(zip(starts, cluster, strict=True)):
        ip, session = FRAUD_ADDRESSES[n % 2], f"shop-demo-{n:02}"
        signed_in = accounts.event(
            "auth.login", f"{member.name} signed in to the shop", by=member, ip=ip, session=session, device=DEVICE
        )
        story.step("payment_anomaly", at, "a member of the cluster signs in", signed_in)
        paid = payments.event(
            "payment.made",
            f"charge of {89900 + 100 * n} cents accepted",
            by=member,
            severity="medium",
            ip=ip,
            device=DEVICE,
            session=session,
            card=f"card-demo-{3 * n % (2 * len(cluster)):04}",
            amount_cents=89900 + 100 * n,
        )
        story.step("payment_anomaly", at + 95_250_000_000, "and pays with a card that worked", paid)
    again = devices.event(
        "session.opened", "a known device came back", by=cluster[0], outcome="", ip=FRAUD_ADDRESSES[0], device=DEVICE
    )
    story.step("payment_anomaly", story.at("02:29:12.300"), "the device is back", again)
    alert = risk.event(
        "alert.raised",
        f"{len(cluster)} accounts paid from one device in one night",
        by="risk-engine",
        outcome="",
        severity="high",
        device=DEVICE,
    )
    story.step("alert", story.at("06:00:00.500"), "the morning's check sees the device", alert)


def _neighbours(story: Story, cast: Cast, accounts: Declared, payments: Declared) -> None:
    why = "students of the hall whose exit the cluster also used; each has a device and a card of their own"
    for n in range(3):
        student = cast.people[20 + n]
        at = story.at(f"01:{20 + 9 * n}:30.100", -5)
        signed_in = accounts.event(
            "auth.login", f"{student.name} signed in to the shop", by=student, ip=CAMPUS_ADDRESS, device=student.device
        )
        story.near_miss("shared_address", why, at, signed_in)
        paid = payments.event(
            "payment.made",
            "charge of 2350 cents accepted",
            by=student,
            ip=CAMPUS_ADDRESS,
            device=student.device,
            card=f"card-hall-{n}",
            amount_cents=2350,
        )
        story.near_miss("shared_address", why, at + 200_000_000_000, paid)


def _a_family(story: Story, cast: Cast, devices: Declared, payments: Declared) -> None:
    why = "a household with one tablet: two accounts, one address, small regular payments for years"
    for n in range(2):
        member = cast.people[30 + n]
        seen = devices.event(
            "session.opened", "a known device came back", by=member, outcome="", ip=FAMILY_ADDRESS, device=FAMILY_DEVICE
        )
        story.near_miss("shared_device_family", why, story.at(f"17:0{n}:00.400", -1), seen)
        paid = payments.event(
            "payment.made",
            "charge of 4120 cents accepted",
            by=member,
            ip=FAMILY_ADDRESS,
            device=FAMILY_DEVICE,
            card="card-home",
            amount_cents=4120,
        )
        story.near_miss("shared_device_family", why, story.at(f"17:0{n}:50.400", -1), paid)


def _a_traveller(story: Story, cast: Cast, accounts: Declared, payments: Declared, risk: Declared) -> None:
    why = "a customer on a journey: a new address and a high charge at night, on the device always used"
    traveller = cast.person("noor.linden")
    signed_in = accounts.event(
        "auth.login", "noor.linden signed in to the shop", by=traveller, ip=HOTEL_ADDRESS, device=traveller.device
    )
    story.near_miss("travelling_customer", why, story.at("03:05:00.250"), signed_in)
    paid = payments.event(
        "payment.made",
        "charge of 90400 cents accepted",
        by=traveller,
        ip=HOTEL_ADDRESS,
        device=traveller.device,
        card="card-noor",
        amount_cents=90400,
    )
    story.near_miss("travelling_customer", why, story.at("03:11:20.250"), paid)
    alert = risk.event(
        "alert.raised",
        "high charge from a new address",
        by="risk-engine",
        outcome="",
        severity="low",
        subject=traveller.email,
    )
    story.near_miss("travelling_customer", why, story.at("03:11:21.000"), alert)


def _what_went_wrong_on_the_way(
    story: Story, cast: Cast, accounts: Declared, payments: Declared, risk: Declared
) -> None:
    for n in range(story.amount(4, 40)):
        customer = cast.people[40 + n]
        at = story.at("10:00:00", -2) + n * 7 * MINUTE
        paid = payments.event(
            "payment.made",
            "charge of 1999 cents accepted",
            by=customer,
            ip=customer.home,
            card=f"card-{n:04}",
            amount_cents=1999,
        )
        # The payment provider repeats a delivery it got no answer to.
        story.twice(at, at + 3 * MINUTE, paid)
    for n in range(3):
        scored = risk.event(
            "alert.raised", "velocity rule, evaluated late", by="risk-engine", outcome="", severity="low"
        )
        at = story.at(f"05:1{n}:00.100")
        story.late(at, at + 55 * MINUTE, scored)
    story.damaged(
        story.at("11:00:00"), "cut", payments.event("payment.made", "charge of 500 cents accepted", by="shop")
    )
    story.damaged(
        story.at("11:30:00"), "joined", accounts.event("auth.login", "somebody signed in to the shop", by="shop")
    )
    story.damaged(story.at("12:30:00"), "garbage", risk.event("alert.raised", "velocity rule", by="risk-engine"))


FRAUD = Scenario(
    name="fraud",
    title="A fraud in four sources",
    telling=(
        "A cluster of accounts opened from three addresses on one device, cards tried with tiny charges, and one "
        "night of large payments; honest people share an address, a device, or a journey with it."
    ),
    hours=168,
    channels=(
        Channel("accounts", "json", "shop/accounts.ndjson", 36),
        Channel("devices", "json", "shop/devices.ndjson", 22),
        Channel(
            "payments",
            "json",
            "payments/payments.ndjson",
            30,
            clock_error=7 * MINUTE,
            clock_evidence="a payment bears a time seven minutes after the risk engine's alert about it",
        ),
        Channel("risk", "json", "risk/risk.ndjson", 12),
    ),
    tell=tell,
)
