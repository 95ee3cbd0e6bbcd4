"""Opening and closing. The engine serves one path per process, so nothing here may use the shared index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.engine import OWNER, block, fresh_log, made_up, opened
from vestige.index import Index, engine
from vestige.index.engine import Engine
from vestige.model.errors import IndexStoreError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_index_keeps_its_identity_and_its_rows(tmp_path: Path) -> None:
    log = fresh_log()
    with opened(tmp_path) as index:
        identity = index.identity()
        index.write(block(log, 0, made_up(1, 0, 20), hi=20))
        digests = index.digests(log)
    with opened(tmp_path) as index:
        assert (index.identity(), index.digests(log), index.watermark(log)) == (identity, digests, 20)
        assert index.torn(log) == []
    other = tmp_path / "other"
    other.mkdir()
    with opened(other) as index:
        assert index.identity() != identity
        index.engine.command(f"ALTER TABLE {index.database}.meta UPDATE value = '0' WHERE name = 'schema'")
        index.query("SELECT 1 SETTINGS mutations_sync = 2")
    with pytest.raises(IndexStoreError, match="schema version"), opened(other):
        pass
    assert (tmp_path / "index").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("embedded", [True, False])
def test_another_installations_index_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: bool
) -> None:
    """A server is stood in for by the in-process engine, with a server's way of being named."""
    url = f"chdb://{tmp_path}/shared" if embedded else "clickhouse://user:secret@host:8123/shared"

    def server(_: str) -> tuple[object, str, str]:
        return engine._in_process(tmp_path / "shared", tmp_path, engine.MemoryLimits()), "shared", "host:8123/shared"

    monkeypatch.setattr(engine, "_server", server)
    log = fresh_log()
    with opened(tmp_path, url=url) as index:
        index.write(block(log, 0, made_up(1, 0, 20), hi=20))
        digests = index.digests(log)
    other = "other.example, made 2025-11-25T00:00:00Z"
    with pytest.raises(IndexStoreError, match="another installation") as caught, opened(tmp_path, other, url):
        pass
    said = caught.value.explain()
    assert OWNER in said
    assert other in said
    assert "secret" not in said
    assert (f"move {tmp_path}/shared away" if embedded else "a database of its own") in said
    with opened(tmp_path, url=url) as index:
        assert (index.digests(log), index.watermark(log)) == (digests, 20)


def test_a_closed_index_answers_no_more(tmp_path: Path) -> None:
    with opened(tmp_path) as index:
        assert index.query("SELECT 1").rows == [(1,)]
    with pytest.raises(IndexStoreError, match="closed"):
        index.query("SELECT 1")


def test_a_process_has_one_index_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with opened(tmp_path) as index:
        with pytest.raises(IndexStoreError):
            Index.open("", tmp_path / "second", OWNER)
        assert index.query("SELECT 1").rows == [(1,)]


def test_a_server_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError):
        Engine.open("clickhouse://user:secret@127.0.0.1:9/vestige", tmp_path)
