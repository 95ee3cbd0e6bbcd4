"""``case:`` in queries: as a term, what stands for it in a statement, and how its errors point at the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import block, entry_id, fresh_log, made_up, opened
from vestige.model.errors import ConflictError, NotFoundError, QueryError
from vestige.query import Reader, Scope, parse
from vestige.query.ast import And, InCase, Not
from vestige.timeline import Timeline, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("index")) as found:
        yield found


class Log:
    """Two logs of made-up events of the same seqs, and cases as somebody might have pinned them."""

    def __init__(self, index: Index) -> None:
        self.number, other = fresh_log(), fresh_log()
        for log, seed in ((self.number, 31), (other, 32)):
            index.write(block(log, 0, made_up(seed, 0, 300), hi=300))
        self.index = index
        self.cases: dict[str, list[tuple[int, int]]] = {"none": []}
        self.timeline = Timeline(index, self.number, case=self.picked)

    def picked(self, wanted: str) -> str:
        if wanted == "twice":
            raise ConflictError("several cases have that name", got=wanted)
        if wanted not in self.cases:
            raise NotFoundError("there is no such case", got=wanted, hint="look again")
        places = sorted(self.cases[wanted])
        return self.index.picks.hold(self.number, [seq for seq, _ in places], [sub for _, sub in places])

    def ids(self, query: str) -> set[str]:
        found: set[str] = set()
        for undated in (False, True):
            cursor = None
            while True:
                page = self.timeline.page(query, Window(undated=undated), limit=50, cursor=cursor)
                found.update(event["id"] for event in page.events)
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found


@pytest.fixture(scope="module")
def log(index: Index) -> Log:
    return Log(index)


def test_a_case_is_a_term() -> None:
    assert parse("case:01KA") == InCase("01KA", 6)
    assert parse('a case:"The breach"') == And((parse("a"), InCase("The breach", 8)))
    assert parse("-case:x") == Not(InCase("x", 7))
    assert parse("NOT case:x") == parse("not case:x") != parse("case:x")


@pytest.mark.parametrize("text", ["case:", "case:*", "case:a*", 'case:" "', "case:(a b)", "case:a, b", "exists:case"])
def test_what_names_no_case_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_a_case_finds_its_events_and_no_others(log: Log) -> None:
    every = log.ids("")
    pinned = [(seq, 0) for seq in range(0, 300, 7)]
    log.cases["one"] = pinned
    wanted = {entry_id(seq) for seq, _ in pinned} & every
    assert wanted
    assert log.ids("case:one") == wanted
    assert log.ids("-case:one") == every - wanted
    assert log.ids("case:one OR case:none") == wanted
    assert log.ids("case:none") == set()
    assert log.ids("-case:none") == every
    exports = log.ids("type:data.export")
    assert log.ids("case:one type:data.export") == wanted & exports
    assert log.ids("case:one actor:alice") == wanted & log.ids("actor:alice")
    count = log.timeline.count("case:one")
    assert count.dated + count.undated == len(wanted)
    assert log.timeline.density("case:one").total == count.dated


@pytest.mark.parametrize(
    "query", ["case:one", "case:one type:data.export", "case:one actor:alice", "case:one status:*"]
)
def test_a_set_gives_the_same_pages_however_far_it_is_followed(
    log: Log, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    log.cases["one"] = [(seq, 0) for seq in range(0, 300, 3)]
    asked = query.replace("case:one", "case:two")
    log.cases["two"] = [*log.cases["one"], (5_000, 0)]  # the index does not have it, so this set is not placed
    whole = log.ids(asked)
    assert whole
    assert log.ids(query) == whole
    monkeypatch.setattr("vestige.timeline.place_store._MOMENTS", 1)
    monkeypatch.setattr("vestige.timeline.place_store._GROWS", 1)
    assert log.ids(query) == whole


def test_of_an_entry_only_the_events_that_are_pinned(log: Log) -> None:
    several = next(seq for seq in range(300) if f"{entry_id(seq)}.1" in log.ids(""))
    log.cases["second"] = [(several, 1)]
    assert log.ids("case:second") == {f"{entry_id(several)}.1"}


def test_what_is_pinned_later_is_found_at_once(log: Log) -> None:
    log.cases["grows"] = [(7, 0)]
    assert log.ids("case:grows in:ledger status:*") == {entry_id(7)}
    log.cases["grows"].append((14, 0))
    assert log.ids("case:grows in:ledger status:*") == {entry_id(7), entry_id(14)}
    log.cases["grows"].remove((7, 0))
    assert log.ids("case:grows in:ledger status:*") == {entry_id(14)}


@pytest.mark.parametrize(
    ("text", "column"), [("case:zz", 6), ("actor:bob (case:zz OR x)", 17), ('x "y" case:twice', 12)]
)
def test_a_case_that_is_not_there_is_pointed_at(log: Log, text: str, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        log.timeline.page(text)
    assert caught.value.column == column
    assert caught.value.got in {"zz", "twice"}


def test_who_sees_only_what_is_their_own_learns_of_no_case(log: Log) -> None:
    log.cases["one"] = [(7, 0)]
    own = Timeline(log.index, log.number, own="alice", case=log.picked)
    told = []
    for name in ("one", "zz"):
        with pytest.raises(QueryError, match="there is no such case") as caught:
            own.page(f"case:{name}")
        told.append(caught.value.message)
    assert told[0] == told[1]


def test_where_cases_are_not_known_none_is_asked_for(log: Log) -> None:
    with pytest.raises(QueryError, match="cannot be asked for here") as caught:
        Reader(log.index).filter("a case:one", Scope(log.number))
    assert caught.value.column == 8


def test_no_text_of_a_name_stands_in_the_statement(log: Log) -> None:
    odd = "'); DROP TABLE events; --"
    log.cases[odd] = [(7, 0)]
    found = Reader(log.index, log.picked).filter(f'case:"{odd}"', Scope(log.number))
    assert "DROP" not in found.where
    assert any(str(value).startswith(log.picked(odd)) for value in found.params.values())
    assert log.picked(odd) not in found.where
