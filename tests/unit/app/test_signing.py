"""Signing on a schedule: whatever keeps it from happening is told, and it goes on when it can."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from vestige.app import Installation, installation, load_settings
from vestige.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setattr(installation, "SIGN_SECONDS", 0.02)
    with Installation.open(load_settings({}, data=tmp_path / "data")) as one:
        yield one


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def told(one: Installation) -> dict[str, object]:
    checks = one.doctor(one.rooms_of_slug(None))
    return next(check for check in checks if check["name"] == "signing")


def test_no_error_ends_the_signing(opened: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened.failing() == []
    assert told(opened)["ok"] is True

    def fails(_: Ledger) -> None:
        raise OSError(37, "No locks available")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "publish_due", fails)
        assert until(lambda: opened.failing() == ["signer"])
        assert "No locks available" in str(told(opened)["detail"])
    assert until(lambda: opened.failing() == [])


def test_a_thread_that_ended_is_noticed(opened: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    with monkeypatch.context() as broken:
        broken.setattr(opened, "_signer", ended)
        assert opened.failing() == ["signer"]
        assert (told(opened)["ok"], "has ended" in str(told(opened)["detail"])) == (False, True)
    assert opened.failing() == []
