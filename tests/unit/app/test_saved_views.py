"""A saved view is answered as it was kept, whether or not the index has come that far."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from vestige.app.views import SAVE, View, Views
from vestige.model.principal import Principal


def views_over(events: list[dict[str, Any]], kept: list[Any]) -> Views:
    """Views whose index knows some events, and whose ledger notes what is appended."""
    ledger = SimpleNamespace(transact=lambda _tenant, act: kept.extend(act(None)))
    timeline = SimpleNamespace(page=lambda *_, **__: SimpleNamespace(events=events, next_cursor=None))
    return Views(cast("Any", SimpleNamespace(ledger=ledger, tenant="t")), cast("Any", timeline), lambda: 0)


def test_a_view_the_index_does_not_know_yet_is_answered_as_it_was_kept() -> None:
    kept: list[Any] = []
    answer = views_over([], kept).save(View("afar", q="a", start="2026-11-20T08:00:00Z"), Principal("ann"))
    assert len(kept) == 1
    assert (answer["name"], answer["q"], answer["now"]) == ("afar", "a", {"start": "2026-11-20T08:00:00Z"})


def test_a_view_the_index_knows_says_who_saved_it_and_when() -> None:
    kept: list[Any] = []
    events: list[dict[str, Any]] = []
    views = views_over(events, kept)
    identity = views.save(View("afar", q="a"), Principal("ann"))["id"]
    detail = {name: value for name, value in views.save(View("afar", q="a"), Principal("ann")).items() if name != "now"}
    said = {"by": "ann", "detail": detail | {"id": identity}}
    events.append({"id": "e", "action": SAVE, "occurred_at": "2026-11-20T08:00:00Z", "attributes": said})
    assert views.one(identity)["by"] == "ann"
    # Another state of it is not known yet: what is answered is the new one, and not who saved the old.
    answer = views.save(View("afar", q="b"), Principal("bob"), identity)
    assert (answer["id"], answer["q"]) == (identity, "b")
    assert "by" not in answer
