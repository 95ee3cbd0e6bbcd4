"""The outage of the payments service, as its pipeline and the service itself declare it.

The agent's commit is rolled out before noon. At noon the gateway slows down; every charge tries again and keeps its
connection, until the pool has none left and no charge is taken at all. The roll-out is taken back.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from vestige.demo.clock import MILLI, MINUTE, SECOND
from vestige.demo.payments.history import LINE, PATH
from vestige.demo.payments.repository import NAME
from vestige.demo.shapes.declared import Declared

if TYPE_CHECKING:
    from vestige.demo.cast import Cast
    from vestige.demo.payments.history import At, History
    from vestige.demo.payments.repository import Commit
    from vestige.demo.story import Story
    from vestige.demo.writing import Writing

PIPELINE: Final = "pipeline"
SERVICE: Final = "payments"
"""The sources, and what their files are called."""
FAILURES: Final = 48
"""Errors of the burst."""
_VERSIONS: Final = ("2026.47.1", "2026.47.2", "2026.47.3", "2026.47.4")


class Told:
    """The events of one source, in any order until they are written."""

    def __init__(self, shape: Declared) -> None:
        self.shape = shape
        self._found: list[tuple[int, int, bytes]] = []

    def add(self, at: int, writing: Writing) -> None:
        """One event at an instant (ns)."""
        self._found.append((at, len(self._found), writing.write(at).payload))

    def lines(self) -> bytes:
        """All events as JSON lines, the earliest first."""
        return b"".join(payload + b"\n" for *_, payload in sorted(self._found, key=itemgetter(0, 1)))


def tell(story: Story, cast: Cast, history: History, at: At) -> dict[str, bytes]:
    """The content of each source's file, by the source's name."""
    pipeline = Told(Declared(cast, PIPELINE, ()))
    service = Told(Declared(cast, SERVICE, (), time_field="timestamp"))
    assert history.before is not None  # noqa: S101 - `write` made them
    assert history.culprit is not None  # noqa: S101
    assert history.repair is not None  # noqa: S101
    for commit in history.repository.commits:
        if commit.at >= at("00:00", -2):
            _pushed(pipeline, commit)
    settled = next(one for one in history.repository.commits if one.subject.startswith("settle: one statement"))
    _rolled_out(pipeline, at("16:02:11.204", -2), settled, _VERSIONS[0])
    _rolled_out(pipeline, at("09:31:40.870", -1), history.before, _VERSIONS[1])
    _rolled_out(pipeline, at("11:31:05.310", -1), history.culprit, _VERSIONS[2])
    _fails(story, service, history.culprit, at)
    _back(cast, pipeline, service, history.before, at)
    _rolled_out(pipeline, at("15:05:18.044", -1), history.repair, _VERSIONS[3])
    return {PIPELINE: pipeline.lines(), SERVICE: service.lines()}


def _about(commit: Commit) -> dict[str, Any]:
    """What every event of a commit says of it, in fields of its own."""
    return {"service": SERVICE, "repository": NAME, "commit": commit.oid}


def _pushed(pipeline: Told, commit: Commit) -> None:
    event, about = pipeline.shape.event, _about(commit)
    said = f"{commit.by.name} pushed: {commit.subject}"
    pipeline.add(commit.at + 50 * SECOND, event("code.pushed", said, by=commit.by, **about))
    passed = event("ci.run", f"pipeline of {SERVICE} passed in 214 s", by="payments-ci", **about)
    pipeline.add(commit.at + 50 * SECOND + 214 * SECOND, passed)


def _rolled_out(pipeline: Told, at: int, commit: Commit, version: str) -> None:
    about = _about(commit) | {"version": version}
    said = f"roll-out of {SERVICE} {version}"
    begun = pipeline.shape.event("deploy.started", f"{said} began", by="payments-ci", outcome="", **about)
    pipeline.add(at, begun)
    pipeline.add(
        at + 271 * SECOND, pipeline.shape.event("deploy.completed", f"{said} ended well", by="payments-ci", **about)
    )


def _fails(story: Story, service: Told, culprit: Commit, at: At) -> None:
    event = service.shape.event
    for day, first, last in (
        (-2, "08:00", "22:00"),
        (-1, "00:10", "11:55"),
        (-1, "12:40", "23:00"),
        (0, "06:00", "17:30"),
    ):
        for when in story.spread(60, at(first, day), at(last, day)):
            service.add(when, event("payment.made", "a charge was accepted", by="checkout", service=SERVICE))
    # What had led to the change: now and then the gateway is slow, and one charge fails.
    for when in story.spread(5, at("01:00", -1), at("09:00", -1)):
        late = "charge: the gateway timed out after 2 s"
        service.add(when, event("service.error", late, by=SERVICE, outcome="failure", severity="low",
                                service=SERVICE, version=_VERSIONS[0]))  # fmt: skip
    failed = event(
        "service.status", "the card gateway answers in 4200 ms, usually in 180 ms", by="gateway-watch",
        outcome="failure", severity="medium", service="gateway",
    )  # fmt: skip
    service.add(at("12:01:30.500", -1), failed)
    running = {**_about(culprit), "version": _VERSIONS[2], "path": PATH, "line": culprit.line_of(PATH, LINE)}
    del running["repository"]
    for number, when in enumerate(story.spread(FAILURES, at("12:03:10", -1), at("12:27:30", -1))):
        waiting = 16 + number * 9
        said = (
            f"charge: no connection of the pool free after 5000 ms, {waiting} charges wait at {PATH}:{running['line']}"
        )
        service.add(when + 7 * MILLI * number, event(
            "service.error", said, by=SERVICE, outcome="failure", severity="high", waiting=waiting,
            instance=f"api-{1 + number % 4}", **running,
        ))  # fmt: skip
    service.add(at("12:04:00.200", -1), event(
        "alert.raised", "checkout: all charges fail", by="monitor", outcome="", severity="critical", service=SERVICE,
    ))  # fmt: skip


def _back(cast: Cast, pipeline: Told, service: Told, before: Commit, at: At) -> None:
    operator = cast.person("sasha.harbor")
    back = pipeline.shape.event(
        "deploy.rolled_back", f"{SERVICE} {_VERSIONS[2]} rolled back to {_VERSIONS[1]}", by=operator,
        **_about(before), version=_VERSIONS[1],
    )  # fmt: skip
    pipeline.add(at("12:27:44.600", -1), back)
    well = service.shape.event(
        "service.started", "payments serves again, 16 connections of the pool free", by=SERVICE, service=SERVICE
    )
    service.add(at("12:27:44.600", -1) + 4 * MINUTE, well)
