"""Chains on an index with events placed by hand: what is followed, how strongly, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import START, block, fresh_log, opened
from vestige.correlate import Chain, Reach, Spot, Store, chains, follow
from vestige.model.event import Event
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vestige.correlate.store import Brief
    from vestige.index import Index

HOUR = 3600 * 10**9
LONG_AGO = -30 * 24 * HOUR


class Log:
    """One log's events, each by its name, written at once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._log = fresh_log()
        self._events: list[Event] = []
        self._names: list[str] = []
        self.store = Store(Reader(index), self._log)

    def add(self, name: str, hours: float | None, **fields: object) -> None:
        kind = str(fields.pop("event_type", "data.read"))
        at = None if hours is None else START + round(hours * HOUR)
        self._events.append(Event(kind, at, **fields))  # type: ignore[arg-type] # as the test names them
        self._names.append(name)

    def write(self) -> None:
        rows = [(seq, 0, event, 0) for seq, event in enumerate(self._events)]
        self._index.write(block(self._log, 0, rows, hi=len(rows)))

    def spot(self, name: str) -> Spot:
        seq = self._names.index(name)
        at = self._events[seq].occurred_at
        return Spot(-(2**63) if at is None else at, seq, 0)

    def chain(self, name: str, *, hours: float = 12, depth: int = 3, weakest: float = 0.05) -> Chain:
        return follow(self.store, self.spot(name), Reach(round(hours * HOUR), depth, weakest))

    def names(self, chain: Chain) -> set[str]:
        return {self._names[spot.seq] for spot in chain.events}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("chains")) as index:
        yield index


@pytest.fixture
def log(index: Index) -> Log:
    return Log(index)


def test_login_token_repository_export_come_out_as_a_chain_with_a_reason_at_every_step(log: Log) -> None:
    log.add("login", 0, event_type="auth.login", actor_id="ann", session="s1")
    log.add("token", 1, event_type="auth.token_issued", session="s1", keys=(("token", "t1"),))
    log.add("clone", 2, event_type="repository.accessed", keys=(("token", "t1"), ("commit", "c1")))
    log.add("export", 3, event_type="data.export", keys=(("commit", "c1"),))
    log.add("other", 2, event_type="data.export", actor_id="bob", session="s2")
    log.write()
    chain = log.chain("login")
    assert log.names(chain) == {"login", "token", "clone", "export"}
    steps = [(link.origin.seq, link.to.seq, *link.key, link.rarity) for link in sorted(chain.links, key=lambda x: x.to)]
    assert steps == [(0, 1, "session", "s1", 2), (1, 2, "token", "t1", 2), (2, 3, "commit", "c1", 2)]
    strengths = [link.strength for link in sorted(chain.links, key=lambda link: link.to)]
    assert strengths == sorted(strengths, reverse=True)
    assert all(f"same {link.key.kind} {link.key.value}" in link.reason for link in chain.links)
    # The same from its other end: what led there is found too.
    assert log.names(log.chain("export")) == log.names(chain)


def test_depth_and_window_bound_it(log: Log) -> None:
    for name, hours, keys in (
        ("a", 0.0, (("token", "x"),)),
        ("b", 1.0, (("token", "x"), ("token", "y"))),
        ("c", 2.0, (("token", "y"), ("token", "z"))),
        ("d", 3.0, (("token", "z"),)),
        ("late", 5.0, (("token", "x"),)),
    ):
        log.add(name, hours, keys=keys)
    log.write()
    assert log.names(log.chain("a", hours=4, depth=1)) == {"a", "b"}
    assert log.names(log.chain("a", hours=4, depth=2)) == {"a", "b", "c"}
    assert log.names(log.chain("a", hours=4)) == {"a", "b", "c", "d"}
    assert log.names(log.chain("a", hours=2.5)) == {"a", "b", "c"}
    assert log.names(log.chain("a", hours=5)) == {"a", "b", "c", "d", "late"}


def test_a_service_that_has_always_shared_the_address_is_left_out_and_told(log: Log) -> None:
    for number in range(3):
        log.add(f"before{number}", LONG_AGO / HOUR + number, actor_id="svc-reporting", src_ip="203.0.113.77")
    log.add("intruder", 0, actor_id="ann", src_ip="203.0.113.77")
    for number in range(40):
        log.add(f"routine{number}", 0.1 + number / 100, actor_id="svc-reporting", src_ip="203.0.113.77")
    log.add("new", 1, actor_id="svc-export", src_ip="203.0.113.77")
    log.write()
    chain = log.chain("intruder")
    assert log.names(chain) == {"intruder", "new"}
    assert [(left.key.value, left.events, left.why) for left in chain.left_out] == [("203.0.113.77", 40, "routine")]
    assert log.names(log.chain("intruder", weakest=0.0)) > {"routine0", "new"}


def test_a_session_stands_by_itself_however_usual_its_parties(log: Log) -> None:
    log.add("before", LONG_AGO / HOUR, actor_id="ann", src_ip="10.0.0.1")
    log.add("seed", 0, actor_id="ann", src_ip="10.0.0.1", session="s9")
    log.add("same session", 1, actor_id="ann", src_ip="10.0.0.1", session="s9")
    log.write()
    (link,) = log.chain("seed").links
    assert (link.key.kind, link.strength) == ("session", round(1 / (1 + 0.30103), 4))
    left = log.chain("seed", weakest=0.9).left_out
    assert [(*one.key, one.why) for one in left] == [
        ("identity", "1 key", "weak"), ("ip", "1 key", "weak"), ("session", "1 key", "weak"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "address", "known", "belongs"),
    [
        (1.0, "10.0.0.1", True, True),
        (1.001, "10.0.0.1", True, False),
        (-1.001, "10.0.0.1", True, False),
        (1.001, "10.0.0.1", False, True),
        (1.001, "203.0.113.5", True, True),
    ],
)
def test_what_comes_after_an_hour_of_silence_is_of_another_episode_unless_all_of_it_is_new(
    log: Log, hours: float, address: str, *, known: bool, belongs: bool
) -> None:
    if known:
        log.add("long ago", LONG_AGO / HOUR, actor_id="ann", src_ip="10.0.0.1")
    log.add("seed", 0, actor_id="ann", src_ip="203.0.113.5")
    log.add("then", hours, actor_id="ann", src_ip=address, host="web-1" if address == "10.0.0.1" else "")
    log.write()
    chain = log.chain("seed", weakest=0.1)
    assert log.names(chain) == {"seed", *(("then",) if belongs else ())}
    assert [(left.key.value, left.events, left.why) for left in chain.left_out if left.why == "apart"] == (
        [] if belongs else [("ann", 1, "apart")]
    )
    if not belongs:
        (link,) = log.chain("seed", weakest=0.01).links
        assert link.reason.endswith("; none in the 60 minutes between")


def test_an_episode_goes_on_as_long_as_something_has_the_key_every_hour(log: Log) -> None:
    log.add("long ago", LONG_AGO / HOUR, actor_id="ann", src_ip="10.0.0.1")
    log.add("seed", 0, actor_id="ann", src_ip="203.0.113.5")
    for number in range(1, 6):
        log.add(f"step{number}", number * 0.9, actor_id="ann", src_ip="10.0.0.1", host=f"web-{number}")
    log.add("next day", 11, actor_id="ann", src_ip="10.0.0.1", host="web-9")
    log.write()
    assert log.names(log.chain("seed", weakest=0.1)) == {"seed", *(f"step{number}" for number in range(1, 6))}


@pytest.mark.parametrize(
    ("hours", "host", "belongs"),
    [
        (1.2, "web-1", True),
        (1.25, "web-1", True),
        (1.2501, "web-1", False),
        (0.9, "web-1", False),
        (1.2, "web-2", False),
    ],
)
def test_a_session_goes_on_with_what_is_usual_there(log: Log, hours: float, host: str, *, belongs: bool) -> None:
    """What an identity does minutes after on the same host belongs; later, before, or elsewhere it does not."""
    for number in range(60):
        log.add(f"routine{number}", -5 + number / 100, actor_id="ann", host="web-1")
    for place in ("web-1", "web-2"):
        log.add(f"long ago on {place}", LONG_AGO / HOUR, actor_id="ann", host=place)
    log.add("seed", 0, event_type="auth.login", actor_id="ann", src_ip="203.0.113.5", session="s1")
    log.add("in", 1, event_type="auth.login", actor_id="ann", src_ip="10.0.0.9", host="web-1", session="s1")
    log.add("sudo", hours, event_type="auth.privilege_used", actor_id="ann", host=host)
    log.write()
    chain = log.chain("seed", weakest=0.06)
    assert log.names(chain) == {"seed", "in", *(("sudo",) if belongs else ())}
    if belongs:
        (link,) = [link for link in chain.links if link.to == log.spot("sudo")]
        assert link.origin == log.spot("in")
        assert link.reason == f"same identity ann on web-1, {round((hours - 1) * 3600)} s after"


@pytest.mark.parametrize(("first", "told"), [(5, (3, "weak", False)), (1, (3, "weak", True)), (2, (2, "weak", True))])
def test_a_key_that_leads_somewhere_only_if_it_is_rare_is_told_with_how_many_have_it(
    log: Log, first: int, told: tuple[int, str, bool]
) -> None:
    log.add("seed", 0, session="s7", keys=(("token", "t7"),))
    log.add("same token", 1, keys=(("token", "t7"),))
    for number in range(3):
        log.add(f"same session {number}", first + number, session="s7")
    log.write()
    chain = log.chain("seed", weakest=0.7)
    assert log.names(chain) == {"seed", "same token"}
    # Counted whole, unless there are too many within the three hours next to the seed already.
    assert [(*one.key, one.events, one.why, one.at_least) for one in chain.left_out] == [("session", "s7", *told)]


def test_a_common_key_is_not_followed(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "COMMON", 5)
    for number in range(6):
        log.add(f"n{number}", number / 10, host="proxy", session="s5" if number < 2 else "")
    log.write()
    chain = log.chain("n0")
    assert log.names(chain) == {"n0", "n1"}
    assert [(left.key.kind, left.events, left.why) for left in chain.left_out] == [("host", 6, "common")]


def test_of_a_key_the_nearest_events_are_looked_at_and_the_others_are_told(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "PER_KEY", 3)
    for number in range(6):
        log.add(f"n{number}", number, session="s7")
    log.write()
    chain = log.chain("n2", depth=1)
    assert log.names(chain) == {"n1", "n2", "n3"}
    assert [(left.key.value, left.events, left.why) for left in chain.left_out] == [("s7", 3, "far")]


def test_a_chain_has_a_most_and_takes_the_strongest_first(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MOST", 3)
    log.add("seed", 0, session="s", src_ip="10.9.9.9")
    for number in range(4):
        log.add(f"ip{number}", 0.1 + number / 10, src_ip="10.9.9.9")
    for number in range(2):
        log.add(f"session{number}", 0.6 + number / 10, session="s")
    log.write()
    chain = log.chain("seed", depth=1)
    assert log.names(chain) == {"seed", "session0", "session1"}
    assert [(left.key.kind, left.events, left.why) for left in chain.left_out] == [("ip", 4, "cap")]


def test_the_keys_of_a_full_chain_are_told_without_being_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MOST", 2)
    log.add("seed", 0, session="s7")
    log.add("next", 1, session="s7", keys=(("token", "t1"), ("hash", "h1"), ("hash", "h2")))
    log.add("further", 2, keys=(("token", "t1"),))
    log.write()
    chain = log.chain("seed")
    assert log.names(chain) == {"seed", "next"}
    left = [(left.key.kind, left.key.value, left.events, left.why) for left in chain.left_out]
    assert left == [("hash", "2 keys", 0, "cap"), ("token", "1 key", 0, "cap")]
    monkeypatch.setattr(chains, "MOST", 3)
    assert log.names(log.chain("seed")) == {"seed", "next", "further"}


def test_what_could_not_be_strong_enough_for_a_full_chain_is_told_without_being_looked_at(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "MOST", 3)
    monkeypatch.setattr(chains, "AT_ONCE", 2)
    looked_at: list[int] = []
    briefs = Store.briefs

    def counted(store: Store, spots: Iterable[Spot]) -> dict[Spot, Brief]:
        own = list(spots)
        looked_at.append(len(own))
        return briefs(store, own)

    monkeypatch.setattr(Store, "briefs", counted)
    log.add("seed", 0, session="s", src_ip="10.9.9.9")
    for number in range(5):
        log.add(f"ip{number}", 0.1 + number / 10, src_ip="10.9.9.9")
    for number in range(2):
        log.add(f"session{number}", 0.6 + number / 10, session="s")
    log.write()
    chain = log.chain("seed", depth=1)
    assert log.names(chain) == {"seed", "session0", "session1"}
    assert [(*left.key, left.events, left.why) for left in chain.left_out] == [("ip", "10.9.9.9", 5, "cap")]
    assert looked_at == [1, 2]
    # With room for more, what comes after is looked at too.
    monkeypatch.setattr(chains, "MOST", 5)
    assert len(log.chain("seed", depth=1).events) == 5


def test_two_sources_that_tell_one_act_are_linked_and_counted_once(log: Log) -> None:
    # A made-up block gives every third entry the same source: 0 and 3 have one, 1 another.
    told = {"event_type": "auth.login", "actor_id": "ann", "session": "s3"}
    log.add("idp", 0, outcome="success", **told)
    log.add("host", 0.0003, outcome="success", **told)
    log.add("failed", 0.0004, outcome="failure", **told)
    log.add("again", 0.0005, outcome="success", **told)
    log.add("later", 0.01, outcome="success", **told)
    log.write()
    chain = log.chain("idp")
    assert len(chain.events) == 5
    assert chain.same_acts == [(log.spot("idp"), log.spot("host"))]
    assert chain.acts == 4


def test_what_one_source_tells_five_times_is_five_acts_beside_another_sources_one(log: Log) -> None:
    for number in range(6):
        # Entry 0 is of one source, 1 and 4 of a second, 2 and 5 of a third, 3 of the first again.
        log.add(f"n{number}", number / 100_000, event_type="auth.login", actor_id="bob", session="s8")
    log.write()
    chain = log.chain("n0")
    firsts = [first.seq for first, _ in chain.same_acts]
    assert (chain.acts, len(chain.same_acts)) == (2, 4)
    assert sorted(firsts) == [0, 0, 3, 3]


def test_an_event_without_a_time_is_its_own_chain(log: Log) -> None:
    log.add("undated", None, session="s4")
    log.add("dated", 0, session="s4")
    log.write()
    chain = log.chain("undated")
    assert (log.names(chain), chain.links) == ({"undated"}, [])
    assert log.names(log.chain("dated")) == {"dated"}


def test_keys_meet_without_regard_to_case_wherever_they_stand(log: Log) -> None:
    log.add("a", 0, keys=(("identity", "Alice@Example.com"), ("host", "WS-7")))
    log.add("b", 1, actor_id="ALICE@example.com")
    log.add("c", 2, host="ws-7")
    log.add("d", 3, keys=(("host", "Stra\u00dfe"),))
    log.add("e", 4, host="STRASSE")
    log.write()
    assert log.names(log.chain("a")) == log.names(log.chain("b")) == {"a", "b", "c"}
    assert log.names(log.chain("d")) == {"d", "e"}


def test_an_event_of_any_number_of_keys_is_followed_by_those_that_say_most(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "KEYS", 3)
    many = tuple(("identity", f"user{number}") for number in range(400))
    log.add("seed", 0, session="s", keys=many)
    log.add("session", 1, session="s", keys=many)
    log.add("user399", 1, actor_id="user399")
    log.write()
    chain = log.chain("seed", depth=1)
    assert log.names(chain) == {"seed", "session"}
    assert [(left.key.kind, left.key.value, left.why) for left in chain.left_out] == [("identity", "398 keys", "cap")]


def test_no_event_of_another_log_is_reached_or_counted(index: Index, log: Log) -> None:
    other = Log(index)
    for one, count in ((log, 2), (other, 5)):
        for number in range(count):
            one.add(f"n{number}", number / 7 if one is log else number / 11, session="shared", actor_id="ann")
        one.write()
    for one, count in ((log, 2), (other, 5)):
        chain = one.chain("n0")
        assert set(chain.events) == {one.spot(f"n{number}") for number in range(count)}
        assert {link.rarity for link in chain.links} == {count}
