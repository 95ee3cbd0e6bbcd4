"""Who and what the stories are about: people, machines and addresses, none of them real.

Names join a given name with a noun; domains are example.com, .net and .org (RFC 2606); addresses come from the
documentation ranges 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 and 2001:db8::/32 (RFC 5737, RFC 3849) and from
private ranges. The addresses of a story's hostile and mistaken parties are named here and never drawn for anyone else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vestige.demo.chance import ALNUM, pick, shuffled, stream, text

OFFICE: Final = "192.0.2.10"
SPRAY_ADDRESSES: Final = ("198.51.100.201", "198.51.100.202", "198.51.100.203", "198.51.100.204")
INTRUDER_ADDRESS: Final = "203.0.113.77"
"""The shared exit of a hosting provider: the intruder's, and that of an innocent service account."""
HOTEL_ADDRESS: Final = "203.0.113.140"
SCANNER_ADDRESS: Final = "198.51.100.250"
CAMPUS_ADDRESS: Final = "203.0.113.190"
"""The shared exit of a hall of residence: some of the fraudsters', and that of honest students."""
FAMILY_ADDRESS: Final = "192.0.2.88"
FRAUD_ADDRESSES: Final = ("198.51.100.131", "198.51.100.132", CAMPUS_ADDRESS)

RESERVED: Final = ("jordan.ember", "jordan.embers", "jordan.amber", "robin.slate", "sasha.harbor", "noor.linden")
"""People with a part in a story; they have ordinary days too."""

_GIVEN = (
    "alex ariel avery bailey blair cameron casey charlie dakota devon drew eden elliot emery finley frankie harper "
    "hayden indigo jamie jesse jordan jules kai kendall lane logan marley morgan noor parker quinn reese riley robin "
    "rowan sage sasha skyler"
)
_NOUNS = (
    "alder amber anchor aspen basalt beacon birch brook canyon cedar cinder cobalt copper coral delta dune "
    "ember falcon fern fjord flint garnet glacier grove harbor hazel heron indigo ivory jasper juniper "
    "kestrel lagoon larch linden maple marble meadow mesa moss nettle obsidian ocean onyx orchid osprey "
    "pebble pine prairie quartz raven reef river saffron sequoia slate sparrow summit thistle timber tundra "
    "umber valley willow"
)
_AGENTS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
        "Windows 10",
        "CHROME",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.1 Safari/605.1.15",
        "Mac OS X",
        "SAFARI",
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Linux", "FIREFOX"),
)

HOSTS: Final = (
    *((f"web-{n}", f"10.20.1.{n}") for n in range(1, 5)),
    *((f"api-{n}", f"10.20.2.{n}") for n in range(1, 5)),
    *((f"export-{n}", f"10.20.3.{n}") for n in range(1, 3)),
    *((f"db-{n}", f"10.20.4.{n}") for n in range(1, 3)),
    *((f"broker-{n}", f"10.20.5.{n}") for n in range(1, 4)),
    ("bastion-1", "10.20.0.5"),
)
"""Sixteen machines and their private addresses."""

SERVICES: Final = ("catalog", "orders", "invoices", "export", "search", "accounts", "mailer", "ledger")
"""What is rolled out every day. Not the service of :mod:`vestige.demo.payments`, which has a pipeline of its own: a
roll-out of it told elsewhere would stand between the one that broke it and the errors."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account holder: ``name`` is the Unix account and the part of ``email`` before the ``@``."""

    name: str
    email: str
    display: str
    account_id: str
    home: str
    agent: tuple[str, str, str]
    """The browser as (user agent, operating system, product)."""
    device: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone and everything of one seed."""

    seed: int
    people: tuple[Person, ...]
    commits: tuple[str, ...]
    """Commits of no consequence."""

    @classmethod
    def of(cls, seed: int) -> Cast:
        """Draw the cast of a seed: 240 people, 128 commits."""
        rng = stream(seed, "cast")
        names = [f"{given}.{noun}" for given in _GIVEN.split() for noun in _NOUNS.split()]
        others = [name for name in shuffled(rng, names) if name not in RESERVED]
        return cls(
            seed=seed,
            people=tuple(_person(seed, name) for name in (*RESERVED, *others)[:240]),
            commits=tuple(text(rng, 40) for _ in range(128)),
        )

    def person(self, name: str) -> Person:
        """Someone with a part in a story, by name."""
        return _person(self.seed, name)

    def commit(self, label: str) -> str:
        """A commit with a part in a story: 40 hexadecimal digits."""
        return text(stream(self.seed, "commit", label), 40)


def _person(seed: int, name: str) -> Person:
    rng = stream(seed, "person", name)
    n = rng.getrandbits(14)
    # Half live behind a few shared exits, half have an address of their own.
    home = f"203.0.113.{1 + n % 60}" if n & 1024 else f"2001:db8:40:{n >> 4:x}::{1 + n % 9}"
    return Person(
        name=name,
        email=f"{name}@example.com",
        display=name.replace(".", " ").title(),
        account_id="00u" + text(rng, 17, ALNUM),
        home=home,
        agent=pick(rng, _AGENTS),
        device="dev-" + text(rng, 12),
    )
