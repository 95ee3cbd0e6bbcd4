"""Figures of decisions, and the list that each of them opens: they count the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.app.test_policies import Told
from vestige.app import policy_results
from vestige.app.policy_book import DECIDED, UNDECIDED, PolicyBook
from vestige.app.policy_results import ENDS, RESULTS, AskedDecisions, PolicyResults
from vestige.ledger import act_entry
from vestige.model.errors import InputError
from vestige.model.instant import NANOS, parse_rfc3339
from vestige.model.principal import Principal

ANN = Principal("ann")
DAY = parse_rfc3339("2026-03-02T00:00:00Z")[0]
Said = dict[str, list[str]]


def results(ledger: Told) -> PolicyResults:
    return PolicyResults(PolicyBook(cast("Any", SimpleNamespace(ledger=ledger, tenant="t"))))


def decide(ledger: Told, said: Said, *, repository: str = "r", blocked: bool = False, day: int = 2) -> str:
    """A decision by what each policy said; on a day of March 2026."""
    results = [
        {"policy": name, "type": "x", "result": one, "action": "warn", "commit": "1" * 40, "detail": "", "evidence": []}
        for name, all_of_it in said.items()
        for one in all_of_it
    ]
    bad = any(one["result"] in {"fail", "indeterminate"} for one in results)
    outcome = {"passed": not bad, "blocked": blocked and bad, "results": results}
    detail: dict[str, Any] = {"facts": {"repository": repository}, "outcome": outcome}
    made = ledger.append(act_entry(DECIDED, ANN, detail, f"repository:{repository}"))
    at = f'{{"at":"2026-03-{day:02}T10:00:00Z"}}'.encode()
    ledger.entries[-1] = ledger.entries[-1]._replace(leaf=at)
    return made


def undecided(ledger: Told) -> str:
    detail = {"repository": "r", "gate": "", "reason": "why"}
    return ledger.append(act_entry(UNDECIDED, ANN, detail, "repository:r"))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("ab"), st.lists(st.sampled_from(RESULTS), min_size=1, max_size=3)),
            st.sampled_from(["r", "s"]), st.booleans(), st.integers(1, 20),
        ),
        max_size=12,
    ),
    st.sampled_from(["day", "week"]),
)  # fmt: skip
def test_each_figure_is_the_length_of_the_list_it_opens(made: list[tuple[Said, str, bool, int]], by: str) -> None:
    ledger = Told()
    for said, repository, blocked, day in made:
        decide(ledger, said, repository=repository, blocked=blocked, day=day)
    found = results(ledger)

    def listed(**asked: Any) -> int:
        return len(found.page(AskedDecisions(**asked), 200)["decisions"])

    for repository in ("", "r"):
        sums = found.sums(AskedDecisions(repository), by)
        assert sums["total"]["decisions"] == listed(repository=repository)
        for end in ENDS:
            assert sums["total"]["ends"][end] == listed(repository=repository, end=end)
            assert sum(row["ends"][end] for row in sums["rows"]) == sums["total"]["ends"][end]
        for row in sums["rows"]:
            start = parse_rfc3339(f"{row[by]}T00:00:00Z")[0]
            until = start + (1 if by == "day" else 7) * 86_400 * NANOS
            assert row["decisions"] == listed(repository=repository, start=start, until=until)
        for row in sums["policies"]:
            assert row["decisions"] == listed(repository=repository, policy=row["policy"])
            for result in RESULTS:
                opened = listed(repository=repository, policy=row["policy"], result=result)
                assert (row["results"][result] > 0) == (opened > 0)
                assert row["results"][result] >= opened


def test_a_list_goes_on_where_a_page_ended_and_says_what_each_came_to() -> None:
    ledger = Told()
    ids = [decide(ledger, {"a": ["pass"]}), decide(ledger, {"a": ["fail"]}), undecided(ledger),
           decide(ledger, {"a": ["fail"]}, blocked=True)]  # fmt: skip
    found = results(ledger)
    first = found.page(AskedDecisions(), 3)
    assert [(one["id"], one["end"]) for one in first["decisions"]] == [
        (ids[3], "blocked"), (ids[2], "undecided"), (ids[1], "warned")
    ]  # fmt: skip
    rest = found.page(AskedDecisions(), 3, first["next_cursor"])
    assert [(one["id"], one["end"]) for one in rest["decisions"]] == [(ids[0], "passed")]
    assert "next_cursor" not in rest
    with pytest.raises(InputError, match="cursor"):
        found.page(AskedDecisions(), 3, "1e3")


def test_each_entry_is_opened_once_and_one_that_was_erased_is_no_longer_told() -> None:
    ledger = Told()
    ids = [decide(ledger, {"a": ["pass"]}) for _ in range(3)]
    found = results(ledger)
    assert found.sums(AskedDecisions(), "week")["total"]["decisions"] == len(ids)
    ledger.opens.clear()
    assert found.sums(AskedDecisions(policy="a"), "day")["total"]["results"]["pass"] == len(ids)
    assert ledger.opens == []
    ledger.entries[1] = ledger.entries[1]._replace(salt=None, payload=None)
    assert [one["id"] for one in found.page(AskedDecisions(), 9)["decisions"]] == [ids[2], ids[0]]
    assert found.sums(AskedDecisions(), "week")["total"]["decisions"] == len(ids) - 1


def test_a_page_looks_through_so_many_and_older_ones_are_told_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Told()
    wanted = decide(ledger, {"b": ["fail"]})
    for _ in range(5):
        decide(ledger, {"a": ["pass"]})
    found = results(ledger)
    monkeypatch.setattr(policy_results, "MOST_OPENED", 3)
    monkeypatch.setattr(policy_results, "MOST", 4)
    first = found.page(AskedDecisions(policy="b"), 10)
    assert first["decisions"] == []
    second = found.page(AskedDecisions(policy="b"), 10, first["next_cursor"])
    assert [one["id"] for one in second["decisions"]] == [wanted]
    sums = found.sums(AskedDecisions(), "week")
    assert (sums["total"]["decisions"], sums["left_out"]) == (4, 2)
