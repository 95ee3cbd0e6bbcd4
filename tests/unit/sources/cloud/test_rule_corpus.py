"""Rule tests of another project: every kind of log is recognised, and who and where from are right."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from support.oracles.panther import ELSEWHERE, EXPECTED, OTHERWISE, UNRECOGNISED, read, told
from vestige.model.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus


def test_every_kind_of_log_is_recognised(corpus: Path) -> None:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, _, name, _ in read(corpus):
        seen[kind][name] += 1
    assert set(seen) - ELSEWHERE - {"AWS.ALB"} == set(EXPECTED)
    wrong = {
        kind: dict(names)
        for kind, names in seen.items()
        if kind in EXPECTED and set(names) - {EXPECTED[kind].form, ""} and kind not in OTHERWISE
    }
    assert wrong == {}
    assert {kind: names[""] for kind, names in seen.items() if names[""] and kind not in ELSEWHERE} == UNRECOGNISED
    assert sum(sum(names.values()) for kind, names in seen.items() if kind not in ELSEWHERE) == 1685


def test_the_actor_and_the_address_are_the_ones_the_record_names(corpus: Path) -> None:
    found = list(told(corpus))
    assert [one for one in found if not one.right] == []
    assert Counter(one.field for one in found if one.stated) == {"actor": 1311, "address": 1124}


def test_hardly_any_record_is_told_by_a_generic_type(corpus: Path) -> None:
    events = [one.event for one in read(corpus) if one.event is not None]
    generic = Counter(event.action for event in events if VOCABULARY[event.event_type].generic)
    assert sum(generic.values()) <= len(events) // 100, generic
