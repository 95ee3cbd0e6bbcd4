"""Answers that are made once for many: fresh enough for each who asks, and no longer held than they may be told."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import Installation, Rooms, answers
from vestige.app.answers import Answers, Reply, State, made_of
from vestige.ledger import act_entry
from vestige.model.errors import BusyError
from vestige.model.principal import Principal
from vestige.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BY = Principal("somebody")


class Index:
    """The state of an index that a test moves, and a question of it that counts how often it was worked out."""

    def __init__(self) -> None:
        self.state = State(0, 10)
        self.answers = Answers(lambda: self.state)
        self.made = 0

    def ask(self, name: str = "name", needs: int = 10, make: Callable[[], dict[str, Any]] | None = None) -> Reply:
        def count() -> dict[str, Any]:
            self.made += 1
            return {"made": self.made} if make is None else make()

        return self.answers.get(name, needs, count)


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with Installation.open(Settings(data=tmp_path_factory.mktemp("answers") / "data")) as opened:
        yield opened.rooms_of_slug(None)


def test_while_nothing_moves_a_question_is_worked_out_once(index: Index) -> None:
    first = index.ask()
    assert index.ask() == first
    assert index.ask(needs=3) == first
    assert index.ask("another") != first
    assert index.made == 2


def test_what_was_begun_before_the_index_came_so_far_is_not_told(index: Index) -> None:
    first = index.ask()
    index.state = State(0, 12)
    assert index.ask(needs=10) == first  # all that was there when it was asked is in it
    assert index.ask(needs=11) != first
    assert index.made == 2


def test_rows_that_were_computed_anew_end_every_answer(index: Index) -> None:
    first = index.ask()
    index.state = State(1, 10)
    assert index.ask() != first
    assert len(index.answers._kept) == 1

    def rebuilt() -> dict[str, Any]:
        was, index.state = index.state, State(2, 10)
        return {"read": "old, then new" if was.generation == 1 else "new"}

    assert index.ask("while it changed", make=rebuilt) == made_of({"read": "new"})

    def again_and_again() -> dict[str, Any]:
        index.state = State(index.state.generation + 1, 10)
        return {"read": "old, then new"}

    with pytest.raises(BusyError, match="computed anew"):
        index.ask("while it changes", make=again_and_again)
    assert "while it changes" not in index.answers._kept


def test_of_many_who_ask_at_once_one_works_it_out(index: Index) -> None:
    told: list[Reply] = []

    def slow() -> dict[str, Any]:
        time.sleep(0.1)
        return {"made": index.made}

    threads = [threading.Thread(target=lambda: told.append(index.ask(make=slow))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(told), len(set(told)), index.made) == (20, 1, 1)
    assert index.answers._turns == {}


def test_an_error_is_told_to_each_and_kept_for_nobody(index: Index) -> None:
    def fails() -> dict[str, Any]:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            index.ask(make=fails)
    assert index.made == 2
    assert index.answers._turns == {}
    assert index.ask() == index.ask()


def test_what_is_kept_is_bounded(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST", 3)
    monkeypatch.setattr(answers, "MOST_BYTES", 100)
    monkeypatch.setattr(answers, "LARGEST", 60)
    for name in "abcd":
        index.ask(name)
    assert list(index.answers._kept) == ["b", "c", "d"]
    index.ask("fits", make=lambda: {"text": "x" * 40})
    index.ask("too large", make=lambda: {"text": "x" * 70})
    assert "fits" in index.answers._kept
    assert "too large" not in index.answers._kept
    index.ask("e", make=lambda: {"text": "x" * 45})
    assert "fits" not in index.answers._kept
    assert index.answers._bytes == sum(len(one.answer.body) for one in index.answers._kept.values()) <= 100


def test_a_tag_is_of_what_is_said_but_for_its_proof() -> None:
    one = made_of({"events": [], "proof": 1})
    assert one.tag == made_of({"proof": 2, "events": []}).tag
    assert one.tag != made_of({"events": [1], "proof": 1}).tag
    assert one.had(one.tag)
    assert one.had(f'"other", W/{one.tag}')
    assert one.had("*")
    assert not one.had('"other"')
    assert not one.had("")


def test_what_counts_back_from_now_is_worked_out_each_time(rooms: Rooms) -> None:
    made: list[int] = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"made": len(made)}

    for _ in range(2):
        rooms.answer("count 'time:>now-15m'", make)
    assert len(made) == 2
    for _ in range(2):
        rooms.answer("count 'time:>2026-11-22'", make)
    assert len(made) == 3


def test_an_index_that_lags_is_told_of_beside_the_answer() -> None:
    one = made_of({"events": []})
    assert one.beside({}) == one
    lagging = one.beside({"index_lag": 2})
    assert lagging.body == b'{"events":[],"index_lag":2}'
    assert lagging.tag != one.tag


def test_an_act_that_shows_nowhere_leaves_the_tag_as_it_was(rooms: Rooms) -> None:
    made: list[int] = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"events": [], "proof": len(made)}

    first = rooms.answer("name", make)
    assert rooms.answer("name", make) == first
    assert rooms.own("somebody").answer("name", make) != first  # another reader sees another timeline
    assert len(made) == 2
    rooms.record(act_entry("test", BY, {}))
    again = rooms.answer("name", make)
    assert (len(made), again.tag == first.tag, again.body != first.body) == (3, True, True)


def test_an_answer_of_an_index_that_stands_still_says_so(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms.settle()
    with rooms.projector._still(), monkeypatch.context() as patch:
        patch.setattr("vestige.app.rooms.READ_WAIT", 0.05)
        rooms.record(act_entry("test", BY, {}))
        assert b'"index_lag":1' in rooms.answer("still", lambda: {"events": []}).body
        assert rooms.lag() == 1
    assert b"index_lag" not in rooms.answer("still", lambda: {"events": []}).body
    assert rooms.lag() == 0
