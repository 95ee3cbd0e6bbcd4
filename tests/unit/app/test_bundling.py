from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from vestige.app import bundling
from vestige.app.bundling import Bundles
from vestige.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reached(Exception):  # noqa: N818 - it is not an error
    """The index was asked."""


class Index:
    """An index that tells when it is asked."""

    @property
    def database(self) -> str:
        raise Reached


def bundles(*lags: int) -> Bundles:
    left: Iterator[int] = iter(lags)
    last = lags[-1]
    stores = cast("Any", SimpleNamespace(db=None, ledger=None, log=1))
    cases = cast("Any", SimpleNamespace(tenant=""))
    return Bundles(stores, cast("Any", Index()), lambda: next(left, last), cases, str)


def test_an_index_that_lags_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has not come to yet would be left out without a word."""
    with pytest.raises(Reached):
        bundles(7, 3, 0).pack("", None, None, None)
    monkeypatch.setattr(bundling, "PATIENCE", 0.05)
    with pytest.raises(BusyError, match="leave out nothing"):
        bundles(7).pack("", None, None, None)
