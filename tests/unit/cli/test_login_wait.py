"""How a program waits to be let in: no faster than it is told, and not for ever."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from vestige.cli import login
from vestige.cli.connection import raise_for_problem
from vestige.model.errors import RateError, UnauthenticatedError, VestigeError, WaitingError

BEGUN = {"device_code": "d", "interval": 2, "expires_in": 600}


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return self.at


class Answers:
    """A connection that answers one thing after another, and the last for ever."""

    def __init__(self, *answers: VestigeError | dict[str, Any]) -> None:
        self.answers = list(answers)

    def post(self, *_: Any) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, VestigeError):
            raise answer
        return answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(login, "time", made)
    return made


def test_it_asks_until_it_is_let_in(clock: Clock) -> None:
    waiting = WaitingError("nobody yet")
    assert login._wait(Answers(waiting, waiting, {"token": "t"}), BEGUN) == {"token": "t"}
    assert clock.slept == [2, 2, 2]


def test_it_waits_as_long_as_it_is_told_and_asks_more_slowly_then(clock: Clock) -> None:
    waiting, late = WaitingError("nobody yet"), RateError("too many", seconds=30)
    assert login._wait(Answers(waiting, late, waiting, late, waiting, {"token": "t"}), BEGUN) == {"token": "t"}
    assert clock.slept == [2, 2, 30, 7, 30, 12]


def test_what_a_server_asks_of_it_has_bounds(clock: Clock) -> None:
    late = RateError("too many", seconds=10**6)
    with pytest.raises(UnauthenticatedError, match="in time"):
        login._wait(Answers(late), BEGUN)
    assert max(clock.slept) == 120
    assert 600 <= clock.at < 720


def test_another_refusal_ends_it(clock: Clock) -> None:
    with pytest.raises(UnauthenticatedError, match="over"):
        login._wait(Answers(WaitingError("nobody yet"), UnauthenticatedError("it is over")), BEGUN)
    assert clock.slept == [2, 2]


@pytest.mark.parametrize(
    ("told", "seconds"), [("17", 17), ("", 1), ("soon", 1), ("-5", 1), ("9" * 9, 1), ("\u0661", 1)]
)
def test_how_long_to_wait_is_read_from_the_answer(told: str, seconds: int) -> None:
    request = httpx.Request("GET", "http://x")
    headers = [(b"Retry-After", told.encode())]
    answer = httpx.Response(429, headers=headers, json={"code": "rate", "title": "too many"}, request=request)
    with pytest.raises(RateError) as refused:
        raise_for_problem(answer)
    assert refused.value.seconds == seconds
