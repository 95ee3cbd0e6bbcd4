"""Who else saw a tree that has a case's records: of each the first that has all of them, or the last that has some."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest

from support.homes import TENANT, sqlite_home
from support.vouching import small
from vestige.anchors.entries import COSIGNATURE, GIT, RFC3161, anchor
from vestige.app.report_facts import Gathered, vouched
from vestige.app.reporting import zone_of
from vestige.model.errors import InputError
from vestige.reports import Checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def test_the_best_word_of_each_party_is_told(tmp_path: Path) -> None:
    home = sqlite_home(tmp_path)
    ledger = small(home)
    said: list[tuple[str, str, int]] = []

    def show(kind: str, by: str) -> int:
        checkpoint = ledger.checkpoint(TENANT)
        at = 10**18 + checkpoint.size
        ledger.transact(TENANT, lambda _: [anchor(kind, checkpoint, by, at, b"x").draft()])
        said.append((kind, by, checkpoint.size))
        return checkpoint.size

    first = show(RFC3161, "https://tsa.example")
    second = show(COSIGNATURE, "witness.example/w")
    show(RFC3161, "https://tsa.example")
    third = show(GIT, "/srv/git")
    show(COSIGNATURE, "witness.example/w")
    log = ledger.log(TENANT)
    tree = Checkpoint(log.epoch, log.origin, ledger.head(TENANT), "", "", 2, "")
    trees = [tree]

    def found(*positions: int) -> list[tuple[str, int, int, int]]:
        told = vouched(ledger, TENANT, Gathered(positions=array("Q", positions)), trees)
        return [(one.type, one.size, one.records, one.of) for one in told]

    # All records lie below the first tree that was shown: the earliest word of each counts.
    assert found(0, 2) == [(RFC3161, first, 2, 2), (COSIGNATURE, second, 2, 2), (GIT, third, 2, 2)]
    # One lies behind the first stamp: the stamp that has both is told, not the first.
    assert found(0, first) == [(RFC3161, second + 1, 2, 2), (COSIGNATURE, second, 2, 2), (GIT, third, 2, 2)]
    # One lies behind all but the last word of the witness.
    assert found(0, third) == [(RFC3161, second + 1, 1, 2), (COSIGNATURE, third + 1, 2, 2), (GIT, third, 1, 2)]
    # Nobody saw a tree with this one; and without records there is nothing to vouch for.
    assert found(ledger.head(TENANT) - 1) == found() == []
    home.close()


@pytest.mark.parametrize("name", ["", "UTC"])
def test_utc_stands_there_anyway(name: str) -> None:
    assert zone_of(name) == ""


def test_a_zone_is_a_name_of_a_place() -> None:
    assert zone_of("Europe/Berlin") == "Europe/Berlin"
    for name in ("+02:00", "Mars/Base", "../etc/passwd", "europe berlin", "Z" * 65):
        with pytest.raises(InputError, match="no such time zone"):
            zone_of(name)
