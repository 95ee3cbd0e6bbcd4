from __future__ import annotations

import uuid as standard
from collections import Counter

from vestige.demo.chance import pick, shuffled, stream, table, text, uuid, words


def test_a_stream_belongs_to_its_seed_and_its_names() -> None:
    first = stream(1, "okta", 7).getrandbits(64)
    assert stream(1, "okta", 7).getrandbits(64) == first
    assert len({first, stream(2, "okta", 7).getrandbits(64), stream(1, "okta", 8).getrandbits(64)}) == 3


def test_words_are_so_many_numbers_of_64_bits() -> None:
    drawn = words(stream(1, "x"), 1_000)
    assert len(set(drawn)) == 1_000
    assert max(drawn).bit_length() == 64
    assert words(stream(1, "x"), 0) == ()


def test_a_table_gives_each_item_its_share() -> None:
    places = table([("a", 3), ("b", 1), ("c", 4)], 64)
    assert Counter(places) == {"a": 24, "b": 8, "c": 32}
    assert len(table([("a", 1), ("b", 1), ("c", 1)], 64)) == 64


def test_picks_reach_every_choice() -> None:
    rng = stream(1, "x")
    assert {pick(rng, "abc") for _ in range(100)} == set("abc")
    assert set(text(rng, 500, "xyz")) == set("xyz")


def test_shuffling_keeps_the_items_and_changes_their_order() -> None:
    mixed = shuffled(stream(1, "x"), range(50))
    assert sorted(mixed) == list(range(50))
    assert mixed != list(range(50))


def test_a_uuid_is_one() -> None:
    drawn = uuid(stream(1, "x"))
    assert standard.UUID(drawn).version == 4
    assert str(standard.UUID(drawn)) == drawn
