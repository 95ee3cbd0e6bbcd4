"""The schedule: what is due runs once, what fails is told and tried again, a lost turn writes nothing."""

from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app.logs import TextLines
from vestige.db import Database
from vestige.jobs import Job, LostTurnError, Runner, Turn
from vestige.jobs.models import retry_after
from vestige.model.errors import BusyError, NotFoundError, UsageError
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TENANT = "01KAP00000000000000000TENA"
OTHER = "01KAP00000000000000000TENB"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with Database.open(f"sqlite:///{tmp_path / 'jobs.sqlite'}") as made:
        made.migrate()
        yield made


def runner(db: Database, work: Callable[[str, Turn], dict[str, Any]], seconds: int = 60, **more: Any) -> Runner:
    return Runner(db, [Job("count", "Counts.", seconds, work)], lambda: [TENANT, OTHER], first=0, **more)


def shown(one: Runner, tenant: str = TENANT) -> dict[str, Any]:
    (state,) = one.states(tenant)
    return state


def test_a_tenant_may_have_a_job_run_more_often_than_others(db: Database) -> None:
    ran: list[str] = []

    def work(tenant: str, turn: Turn) -> dict[str, Any]:
        del turn
        ran.append(tenant)
        return {}

    one = runner(db, work, seconds=0, often=lambda tenant, job: 3600 if tenant == OTHER else job.seconds)
    one.look()  # the rows are made
    one.look()
    assert (ran, shown(one)["every_seconds"], shown(one, OTHER)["every_seconds"]) == ([OTHER], 0, 3600)
    one.look()
    assert ran == [OTHER]


def test_what_is_due_runs_once_for_each_tenant_and_then_when_it_is_due_again(db: Database) -> None:
    ran: list[str] = []

    def work(tenant: str, turn: Turn) -> dict[str, Any]:
        turn.progress(1, 2)
        ran.append(tenant)
        return {"counted": len(ran)}

    one = runner(db, work)
    assert one.look() == 0  # the first look makes the rows
    assert one.look() == 2
    assert ran == [TENANT, OTHER]
    assert one.look() == 0
    state = shown(one)
    assert state["state"] == "done"
    assert state["result"] == {"counted": 1}
    assert state["due"] > state["ended"] >= state["started"]
    assert "error" not in state


def test_a_job_that_is_new_runs_beside_the_row_of_one_there_is_no_more(db: Database) -> None:
    former = Runner(db, [Job("former", "Was.", 60, lambda *_: {})], lambda: [TENANT, OTHER], first=0)
    former.look()
    assert former.look() == 2
    one = runner(db, lambda *_: {})
    assert [one.look(), one.look(), one.look()] == [0, 2, 0]  # its rows are made first; the former is run no more


def test_a_time_that_was_made_shorter_holds_at_once(db: Database) -> None:
    one = runner(db, lambda *_: {}, seconds=3600)
    one.look()
    assert one.look() == 2
    assert one.look() == 0
    with db.write(TENANT) as connection:
        connection.exec_driver_sql("UPDATE jobs SET started_at = started_at - 120000000000")
    assert one.look() == 0
    assert runner(db, lambda *_: {}, seconds=60).look() == 2


def test_a_job_that_is_only_asked_for_is_never_due(db: Database) -> None:
    one = runner(db, lambda *_: {}, seconds=0)
    one.look()
    assert one.look() == 0
    assert "due" not in shown(one)
    assert one.run(TENANT, "count", threading.Event()) == {}
    with pytest.raises(NotFoundError, match="no such job"):
        one.run(TENANT, "nothing", threading.Event())


def test_what_fails_is_told_and_tried_again_and_the_last_good_result_stays(db: Database) -> None:
    fails = [False, True, True, False]

    def work(_tenant: str, _turn: Turn) -> dict[str, Any]:
        if fails.pop(0):
            raise UsageError("the disk is gone", expected="a disk", got="none")
        return {"left": len(fails)}

    one = runner(db, work)
    assert one.run(TENANT, "count", threading.Event()) == {"left": 3}
    for times in (1, 2):
        with pytest.raises(UsageError):
            one.run(TENANT, "count", threading.Event())
        state = shown(one)
        assert (state["state"], state["failures"], state["result"]) == ("failed", times, {"left": 3})
        assert "the disk is gone" in state["error"]
    assert one.run(TENANT, "count", threading.Event()) == {"left": 0}
    assert (shown(one)["state"], "error" in shown(one)) == ("done", False)


def test_a_fault_of_ours_is_told_by_its_kind_alone_and_ends_nothing(db: Database) -> None:
    def work(_tenant: str, _turn: Turn) -> dict[str, Any]:
        raise RuntimeError("secret words")

    one, lines = runner(db, work), io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(TextLines())
    logging.getLogger("vestige.jobs").addHandler(handler)
    try:
        one.look()
        assert one.look() == 2
    finally:
        logging.getLogger("vestige.jobs").removeHandler(handler)
    assert shown(one)["error"] == "it failed: RuntimeError"
    assert "the job count failed: RuntimeError" in lines.getvalue()
    assert "secret words" not in lines.getvalue()


def test_two_runners_never_run_one_job_at_once(db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(_tenant: str, _turn: Turn) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(10)
        return {}

    first, second = runner(db, work), runner(db, work)
    thread = threading.Thread(target=first.run, args=(TENANT, "count", threading.Event()))
    thread.start()
    assert begun.wait(10)
    with pytest.raises(BusyError, match="is running"):
        second.run(TENANT, "count", threading.Event())
    assert shown(second)["state"] == "running"
    assert second.look() == 0 or shown(second, OTHER)["state"] != "running"
    go_on.set()
    thread.join()
    assert second.run(TENANT, "count", threading.Event()) == {}


def test_a_long_step_without_progress_keeps_its_lease(db: Database) -> None:
    second = runner(db, lambda *_: {}, lease=0.3)

    def work(_tenant: str, turn: Turn) -> dict[str, Any]:
        assert not turn.stop.wait(1.0)
        with pytest.raises(BusyError):
            second.run(TENANT, "count", threading.Event())
        return {"kept": True}

    assert runner(db, work, lease=0.3).run(TENANT, "count", threading.Event()) == {"kept": True}


def test_one_that_was_thought_dead_writes_nothing_once_another_has_the_job(db: Database) -> None:
    second = runner(db, lambda *_: {"by": "second"})

    def work(_tenant: str, turn: Turn) -> dict[str, Any]:
        with db.write(TENANT) as connection:
            turn.hold(connection)  # the control: while it is its own, it may write
        turn.close()  # as if the process had been stopped for longer than its lease
        with db.write(TENANT) as connection:
            connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'count'")
        assert second.run(TENANT, "count", threading.Event()) == {"by": "second"}
        with pytest.raises(LostTurnError, match="taken over"), db.write(TENANT) as connection:
            turn.hold(connection)
        with pytest.raises(LostTurnError):
            turn.progress(1, 1)
        return {"by": "first"}

    with pytest.raises(LostTurnError):
        runner(db, work).run(TENANT, "count", threading.Event())
    assert shown(second)["result"] == {"by": "second"}


def test_a_run_whose_process_ended_is_told_and_claimed_by_the_next(db: Database) -> None:
    one = runner(db, lambda *_: {"again": True})
    one.look()
    with db.write(TENANT) as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'running', lease_until = 1, fence = 7")
    assert shown(one)["state"] == "failed"
    assert "ended before it was over" in shown(one)["error"]
    assert one.look() == 2
    assert shown(one)["result"] == {"again": True}


def test_a_run_that_is_asked_to_stop_is_no_failure_and_due_at_once(db: Database) -> None:
    stop = threading.Event()

    def work(_tenant: str, turn: Turn) -> dict[str, Any]:
        stop.set()
        turn.check()
        return {}

    one = runner(db, work)
    with pytest.raises(BusyError, match="asked to stop"):
        one.run(TENANT, "count", stop)
    again = runner(db, lambda *_: {"then": 1})
    assert again.look() >= 1
    assert shown(again)["result"] == {"then": 1}


def test_the_thread_runs_what_is_due_by_itself_and_ends_when_it_is_closed(db: Database) -> None:
    ran = threading.Event()

    def work(_tenant: str, _turn: Turn) -> dict[str, Any]:
        ran.set()
        return {}

    one = runner(db, work, look=0.02)
    one.start()
    try:
        assert ran.wait(10)
    finally:
        one.close()


def test_waits_between_tries_grow_to_a_bound() -> None:
    assert [retry_after(n, 86400) // NANOS for n in (1, 2, 3, 7, 50)] == [60, 120, 240, 3600, 3600]
    assert retry_after(3, 30) == 30 * NANOS
