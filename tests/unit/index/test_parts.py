"""Events by column, as another process gives them: the columns that this one would have made, tokens digested here."""

from __future__ import annotations

import pickle

from vestige.index import by_column, with_keys
from vestige.index.parts import part_arrays
from vestige.model.event import Event, KeyKind

EVENTS = [
    Event("auth.login", occurred_at=1, message="a", tags=("x", "y"), keys=((KeyKind.IP, "192.0.2.1"),)),
    Event("auth.login", message="b", keys=((KeyKind.TOKEN, "secret"), (KeyKind.HOST, "secret"))),
    Event("auth.logout", occurred_at=3, src_port=7, keys=((KeyKind.TOKEN, "other"),)),
]


def test_a_part_that_was_sent_gives_the_columns_it_gave_before() -> None:
    sent = pickle.loads(pickle.dumps(by_column(EVENTS)))  # noqa: S301 - made here
    assert part_arrays(sent) == part_arrays(EVENTS)
    assert part_arrays(by_column(sent)) == part_arrays(EVENTS)
    assert len(sent) == len(EVENTS)


def test_keys_of_one_kind_are_changed_and_no_others() -> None:
    changed = with_keys(by_column(EVENTS), KeyKind.TOKEN, str.upper)
    assert part_arrays(changed)["key_values"].to_pylist() == [["192.0.2.1"], ["SECRET", "secret"], ["OTHER"]]
    assert changed["key_kinds"] == by_column(EVENTS)["key_kinds"]
    # Of a part of a batch, lists do not begin at 0.
    later = with_keys(by_column(EVENTS).slice(1), KeyKind.TOKEN, str.upper)
    assert later["key_values"].to_pylist() == [["SECRET", "secret"], ["OTHER"]]
    plain = by_column([Event("auth.login")])
    assert with_keys(plain, KeyKind.TOKEN, str.upper) is plain
