from __future__ import annotations

import orjson
import pytest

from vestige.demo.template import rendered, template


def test_holes_are_filled_in_order_and_the_rest_is_kept() -> None:
    body = template({"a": "@one@", "b": {"c": ["100 %s", "@two@"]}}, "one", "two")
    filled = orjson.loads(body % (rendered('x"y'), b'{"z":1}'))
    assert filled == {"a": 'x"y', "b": {"c": ["100 %s", {"z": 1}]}}


@pytest.mark.parametrize("holes", [("two", "one"), ("one",), ("one", "two", "three")])
def test_holes_that_are_not_the_documents_are_refused(holes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected the holes"):
        template({"a": "@one@", "b": "@two@"}, *holes)
