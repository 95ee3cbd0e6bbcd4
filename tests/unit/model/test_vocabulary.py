from __future__ import annotations

import re

from vestige.model.vocabulary import VOCABULARY, category_of


def test_every_type_is_dotted_and_explained() -> None:
    for name, info in VOCABULARY.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name), name
        assert info.meaning, name
        assert info.category == name.partition(".")[0], name


def test_a_type_of_a_producers_own_has_the_category_of_its_prefix() -> None:
    assert category_of("auth.login") == "auth"
    assert category_of("warehouse.door.opened") == "warehouse"
