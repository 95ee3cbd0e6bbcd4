from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from support.engine import block, made_up
from vestige.index.engine import Engine
from vestige.model.errors import IndexStoreError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.index import Index


def test_what_the_engine_refuses_is_one_kind_of_error(index: Index) -> None:
    for sql in ("SELECT nothing", "SELEC 1", "SELECT throwIf(1)"):
        with pytest.raises(IndexStoreError, match="refused or failed"):
            index.query(sql)
    with pytest.raises(IndexStoreError):
        index.engine.insert("vestige.nowhere", pa.table({"a": [1]}), "token")
    with pytest.raises(IndexStoreError, match="token"):
        index.engine.insert("vestige.meta", pa.table({"name": ["a"], "value": ["b"]}), "to'ken")
    assert index.query("SELECT 1").rows == [(1,)]


def test_values_are_bound_whatever_they_hold(index: Index) -> None:
    for value in ("'", "\\", "\n\t\0", "{log:UInt32}", "é日😀", "%s", "'; DROP TABLE vestige.events; --"):
        assert index.query("SELECT {v:String}, {a:Array(String)}", {"v": value, "a": [value, "x"]}).rows == [
            (value, [value, "x"])
        ]


def test_many_threads_ask_at_once(index: Index) -> None:
    def ask(number: int) -> int:
        return int(index.query("SELECT sum(number) + {n:Int64} FROM numbers(100000)", {"n": number}).rows[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == [4999950000 + number for number in range(40)]


def test_nothing_passes_through_a_temporary_file(
    index: Index, log: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert index.write(block(log, 0, made_up(1, 0, 20), hi=20)).events > 0


def test_an_insert_the_engine_could_not_store_raises(index: Index) -> None:
    """A refusal at the end of an insert, as that of a full disk is, not at its statement or its bytes."""
    index.engine.command("CREATE TABLE vestige.narrow (a UInt64) ENGINE = MergeTree PARTITION BY a ORDER BY a")
    rows = pa.table({"a": pa.array(range(200), pa.uint64())})
    with pytest.raises(IndexStoreError, match="refused or failed"):
        index.engine.insert("vestige.narrow", rows, "token")
    index.engine.insert("vestige.narrow", rows[:100], "token")
    assert index.query("SELECT count() FROM vestige.narrow").rows == [(100,)]
    index.engine.command("DROP TABLE vestige.narrow")


def test_a_forked_child_is_refused(index: Index) -> None:
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            index.query("SELECT 1")
        except IndexStoreError as error:
            os.write(writing, error.message.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:  # noqa: PTH123 - a descriptor
        assert b"another process" in answer.read()
    os.wait()
    assert index.query("SELECT 1").rows == [(1,)]


@pytest.mark.parametrize("url", ["sqlite:///x", "chdb", "http://host/db", "clickhouse://host/da-ta"])
def test_a_url_that_names_no_engine_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError):
        Engine.open(url, tmp_path)
