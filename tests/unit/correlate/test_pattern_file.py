"""Patterns as people write them: what is read, and what is refused, where and why."""

from __future__ import annotations

import hashlib

import pytest

from vestige.correlate.pattern_file import DEEPEST, LONGEST, MOST_PARTS, MOST_STEPS, MOST_TAKEN, read_pattern
from vestige.correlate.patterns import Bond, Distinct, Pattern, Relation
from vestige.model.errors import UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import NANOS

GOOD = """\
name: taken-over
version: 2
title: Taken over
severity: high
tags: [attack.t1110, own]
by: [identity, attributes.tenant]
within: 1h30m
steps:
  - name: failures
    where: type:auth.login_failed
    count: {min: 3, max: 50}
    distinct: network.src_ip >= 4
  - name: logout
    where: type:auth.logout
    absent: true
    same: session
  - name: success
    where: type:auth.login outcome:success
    gap: 5m
    differs: {field: network.src_ip/network, step: failures}
    by: [subject, attributes.tenant]
"""


def read(text: str) -> Pattern:
    return read_pattern(text.encode(), "own.yaml")


def refused(text: str | bytes) -> str:
    with pytest.raises(UsageError) as caught:
        read_pattern(text if isinstance(text, bytes) else text.encode(), "own.yaml")
    return str(caught.value)


def test_a_pattern_is_read_as_it_is_written() -> None:
    made = read(GOOD)
    assert (made.name, made.version, made.title, made.severity) == ("taken-over", "2", "Taken over", "high")
    assert made.tags == ("attack.t1110", "own")
    assert made.digest == hashlib.sha256(GOOD.encode()).hexdigest()
    assert (made.within, made.strict, made.enabled) == (5400 * NANOS, True, True)
    assert [aspect.name for aspect in made.by] == ["identity", "attributes.tenant"]
    assert made.by[0].kind is KeyKind.IDENTITY
    failures, logout, success = made.steps
    assert (failures.least, failures.most, failures.needs) == (3, 50, 4)
    assert failures.distinct == Distinct(0, 4)
    assert logout.absent
    assert logout.relations == (Relation(Bond.SAME, 1, 0),)
    assert success.relations == (Relation(Bond.DIFFERS, 2, 0),)
    assert success.gap == 300 * NANOS
    assert made.aspects[2].network
    assert made.taken == (0, 2)
    assert not made.waits


def test_an_absent_step_may_count_and_before_the_first_step_look_back_so_far() -> None:
    head = GOOD[: GOOD.index("  - name")].replace("[identity, attributes.tenant]", "log")
    absent = "  - {{name: no, where: type:a.b, absent: true, count: 3, gap: {}}}\n  - {{name: b, where: type:a.c}}\n"
    made = read(head + absent.format("90m"))
    assert (made.steps[0].least, made.reach, made.steps[0].gap) == (3, 90 * 60 * NANOS, 90 * 60 * NANOS)
    assert "a gap only before the first step, within" in refused(head + absent.format("91m"))
    assert read(GOOD).reach == 0


def test_one_group_any_order_and_off() -> None:
    text = GOOD.replace("by: [identity, attributes.tenant]\nwithin", "by: log\norder: any\nenabled: false\nwithin")
    text = text[: text.index("  - name: logout")]
    made = read(text)
    assert (made.by, made.strict, made.enabled) == ((), False, False)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (changed("severity: high", "severity: loud"), 4, "there is no such severity; expected info, low"),
        (changed("name: taken-over", "name: Taken Over"), 1, "that is no name"),
        (changed("within: 1h30m", "within: soon"), 7, "that is no span of time"),
        (changed("within: 1h30m", "within: 9000d"), 7, "out of bounds"),
        (changed("within: 1h30m", "withing: 1h30m"), 7, "has no such field"),
        (changed("version: 2", "name: other"), 2, "a field stands twice"),
        (changed("by: [identity, attributes.tenant]", "by: [identity, identity]"), 6, "one thing stands twice"),
        (changed("by: [identity, attributes.tenant]", "by: [who]"), 6, "there is no field 'who'"),
        (changed("by: [identity, attributes.tenant]", "by: [message]"), 6, "not compared by that"),
        (changed("by: [identity, attributes.tenant]", "by: identity"), 21, "another number of things"),
        (changed("by: [identity, attributes.tenant]", "by: []"), 6, "too few or too many things to go by"),
        (changed("where: type:auth.logout", "where: typo:auth.logout"), 14, "there is no field 'typo'"),
        (changed("where: type:auth.logout", "where: case:x"), 14, "a pattern cannot ask for a case"),
        (changed("where: type:auth.logout", "where: '(type:auth.logout'"), 14, "where:"),
        (changed("{min: 3, max: 50}", "{min: 3, max: 2}"), 11, "the most is less than the least"),
        (changed("{min: 3, max: 50}", "0"), 11, "that is no such number"),
        (changed("{min: 3, max: 50}", "many"), 11, "that is no such number"),
        (changed("network.src_ip >= 4", "network.src_ip > 4"), 12, "asks for no number of values"),
        (changed("network.src_ip >= 4", "actor/network >= 4"), 12, "not compared by that"),
        (changed("absent: true", "absent: yes please"), 15, "neither true nor false"),
        (changed("same: session", "count: {max: 2}"), 16, "an absent step has no most"),
        (changed("same: session", "same: session\n    count: 2"), 17, "either a count or same or differs"),
        (changed("same: session", "distinct: actor >= 2"), 16, "an absent step has no distinct"),
        (changed("same: session", "gap: 5m"), 13, "a gap only before the first step"),
        (changed("same: session", "same: [session, device]"), 13, "one same or differs at most"),
        (changed("step: failures", "step: logout"), 20, "speaks of no earlier step"),
        (changed("name: logout", "name: failures"), 13, "two steps have one name"),
        (changed("within: 1h30m", "within: 1h30m\norder: any"), 14, "an absent step takes one same or differs"),
        (changed("within: 1h30m", "within: 1h30m\norder: sideways"), 8, "there is no such order"),
        (changed("count: {min: 3, max: 50}", "gap: 5m"), 9, "the first step has no step before it"),
        (changed("gap: 5m", "count: {max: 4}"), 17, "the last step has no most"),
        (changed("  - name: failures", "  - name: failures\n    absent: true"), 13, "an absent step has no distinct"),
        ("name: x\nsteps:\n  - a\n", 1, "is missing"),
        ("- a\n", 1, "a pattern is a mapping"),
        ("a: &x b\n", 1, "anchors and aliases are not read"),
        ("a: *x\n", 1, "anchors and aliases are not read"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags are not read"),
        ("a: [\n", 2, "this is no YAML"),
        ("a: b\n---\nc: d\n", 2, "this is no YAML"),
        ("[" * (DEEPEST + 1), 1, "nested too deeply"),
        ("a: [" + "b," * MOST_PARTS + "]", 1, "too many parts"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, line: int, said: str) -> None:
    told = refused(text)
    assert told.startswith(f"own.yaml, line {line}, column ")
    assert said in told


def test_what_is_no_text_or_too_long_is_refused() -> None:
    assert "not UTF-8" in refused(b"name: \xff")
    assert "the pattern is empty" in refused("")
    assert "this is no YAML" in refused("a: \x00")
    longest = GOOD + "#" * (LONGEST - len(GOOD))
    assert read(longest).name == "taken-over"
    assert "the pattern is too long" in refused(longest + "#")


def test_steps_take_no_more_events_together_than_can_be_told() -> None:
    half = MOST_TAKEN // 2
    whole = changed("{min: 3, max: 50}", str(half)).replace("gap: 5m", f"count: {half}")
    assert sum(step.needs for step in read(whole).steps if not step.absent) == MOST_TAKEN
    assert "the steps take too many events" in refused(whole.replace(f"count: {half}", f"count: {half + 1}"))


def test_steps_have_a_number_and_one_of_them_takes_events() -> None:
    head = GOOD[: GOOD.index("  - name")].replace("[identity, attributes.tenant]", "log")
    steps = [f"  - name: s{n}\n    where: type:a.b\n" for n in range(MOST_STEPS + 1)]
    assert len(read(head + "".join(steps[:-1])).steps) == MOST_STEPS
    assert "too few or too many steps" in refused(head + "".join(steps))
    assert "too few or too many steps" in refused(head.replace("steps:", "steps: []"))
    assert "every step is absent" in refused(head + steps[0] + "    absent: true\n")
    last = head + steps[0] + steps[1] + "    absent: true\n"
    assert read(last).waits
    assert "takes no same or differs" in refused(last + "    same: session\n")
