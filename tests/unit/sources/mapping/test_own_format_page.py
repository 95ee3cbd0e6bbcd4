"""The page for newcomers: everything on it works as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vestige.model.errors import UsageError
from vestige.model.instant import to_text
from vestige.sources.contract import Format
from vestige.sources.mapping import compile_mapping, try_mapping

PAGE = (Path(__file__).parents[4] / "docs" / "howto" / "own-format.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
LOG, ERROR = (text for kind, text in BLOCKS if kind == "text")
MAPPING, ENTRY_POINT = (text for kind, text in BLOCKS if kind == "toml")
TRIAL, PARSER = (text for kind, text in BLOCKS if kind == "python")


def test_the_mapping_reads_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "gate.toml").write_text(MAPPING)
    (tmp_path / "gate.log").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    exec(compile(TRIAL, "page", "exec"), {})  # noqa: S102 - the page's own code is what is tested
    first, *events = capsys.readouterr().out.splitlines()
    assert first == "4 3 1 0 0"
    assert events == [
        "auth.login_failed 1772355600250000000 ann LOGIN ERR from 10.0.0.9 bad password",
        "auth.login 1772355605000000000 ann LOGIN OK from 10.0.0.9 ",
        "data.read 1772355609125000000 ann READ OK from 10.0.0.9 /reports/q1",
    ]
    trial = try_mapping(compile_mapping(MAPPING.encode()), LOG.encode())
    assert (trial.rival, trial.qualities) == ("", (("assumed_zone", 3),))
    found = trial.first[0]
    assert found.occurred_at is not None
    assert to_text(found.occurred_at) == "2026-03-01T09:00:00.250Z"
    assert (found.actor_id, found.src_ip, found.outcome, found.severity) == ("ann", "10.0.0.9", "failure", 2)
    assert (found.host, found.object_id, found.keys) == ("gate-1", "bad password", (("identity", "ann"),))


def test_the_error_is_the_one_shown() -> None:
    with pytest.raises(UsageError) as caught:
        compile_mapping(MAPPING.replace('"auth.login",', '"auth.logon",').encode(), "gate.toml")
    shown = [line for line in caught.value.explain().splitlines() if not line.startswith("  next:")]
    assert shown == ERROR.splitlines()


def test_the_parser_is_a_format_and_reads() -> None:
    module = ModuleType("gate_format")
    exec(compile(PARSER, "page", "exec"), module.__dict__)  # noqa: S102 - as above
    assert isinstance(module.FORMAT, Format)
    trial = try_mapping(module.FORMAT, b"2026-03-01T10:00:00Z gate: ann@10.0.0.9 LOGIN ERR\n2026 gate: x\n")
    assert (trial.events, trial.unparsed, trial.kinds) == (1, 1, (("auth.login_failed", 1),))
    (group,) = tomllib.loads(ENTRY_POINT)["project"]["entry-points"].items()
    assert group == ("vestige.sources", {"gate_py": "gate_format:FORMAT"})
