"""What is known of commits is kept up to a bound, by several who ask at once."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from vestige.app.line_sums import Commits, LineSums
from vestige.code.commits import Commit, Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

ANN = Person("Ann", "ann@example.org", "2026-03-04T09:00:00+00:00")


def test_commits_that_are_forgotten_while_they_are_summed_are_summed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vestige.app.line_sums._KEPT", 1)
    asking: list[str] = ["another"]

    class Browsing:
        def refs(self) -> list[Any]:
            return [SimpleNamespace(commit="2" * 40, kind="branch")]

        def newest(self, tips: Sequence[str], _most: int) -> list[str]:
            return ["1" * 40, *tips] if asking or not sums._known else []

        def read(self, oids: Sequence[str]) -> list[Commit]:
            return [Commit(oid, "", (), ANN, ANN, "") for oid in oids]

    mirror = SimpleNamespace(name="r", id="r", received_at=1)
    mirrors = SimpleNamespace(all=lambda: [mirror], browse=lambda _: Browsing())

    class Last(defaultdict[Any, Any]):
        """Seals, which are looked up at each commit: there another asks, and what was kept is forgotten."""

        def get(self, *_: Any) -> None:
            if asking:
                asking.pop()
                sums.summed(Commits(), ["author"])

    sums = LineSums(cast("Any", mirrors), cast("Any", SimpleNamespace(last=Last)))
    found = sums.summed(Commits(), ["author"])
    assert [(row["author"], row["commits"], row["unsealed"]) for row in found["rows"]] == [("ann@example.org", 2, 2)]
