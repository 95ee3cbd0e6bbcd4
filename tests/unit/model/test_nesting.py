from __future__ import annotations

import orjson
import pytest

from vestige.model.nesting import DEEPEST, too_deep


def nested(levels: int, opens: str = '{"a":', closes: str = "}") -> str:
    return opens * levels + "1" + closes * levels


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (nested(DEEPEST), False),
        (nested(DEEPEST + 1), True),
        (nested(DEEPEST + 1, "[", "]"), True),
        (nested(100_000, "[", "]"), True),
        # Many, but beside each other, or within a text.
        (orjson.dumps([{"a": [n]} for n in range(5000)]).decode(), False),
        (orjson.dumps({"message": "{[" * 500}).decode(), False),
        (orjson.dumps({"message": '\\"' + "{[" * 500}).decode(), False),
        (orjson.dumps({"message": "{[" * 500, "x": orjson.Fragment(nested(DEEPEST))}).decode(), True),
        ('{"cut": "' + "{" * 500, False),
    ],
)
def test_levels_are_counted_and_not_signs(text: str, *, deep: bool) -> None:
    assert too_deep(text) is deep
