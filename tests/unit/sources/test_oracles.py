"""What other tools make of the same logs: agreement where it is complete, and a page that tells what a run finds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from support.oracles import counts, filebeat, pairs
from support.oracles.filebeat import FAMILIES, OWN_FIELDS, READ_AS
from support.oracles.filebeat_reasons import reason_of
from support.oracles.page import page
from support.oracles.table import below, least, share

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.corpus


def test_shares_are_cut_off_and_marks_exact() -> None:
    assert share(9_999, 10_000) == "9,999/10,000 = 99.9 %"
    assert [least(same, 100, 95) for same in (94, 95)] == ["**miss**", "hit"]
    assert [below(part, 100, 1) for part in (0, 1)] == ["hit", "**miss**"]
    assert (share(0, 0), least(0, 0, 95), below(0, 0, 1)) == ("none", "", "")


def test_every_module_is_read_by_its_formats(corpus: Path) -> None:
    found = filebeat.compare(corpus)
    assert {module: found.formats[module] for module in READ_AS} == {
        module: set(names) for module, names in READ_AS.items()
    }


def test_families_agree_with_filebeat(corpus: Path) -> None:
    """All but ``process``, for the program Filebeat takes out of a lone EXECVE record (see the reasons)."""
    found = filebeat.compare(corpus)
    missed = {family for family in (*FAMILIES, OWN_FIELDS) if least(*found.of(family, found.known), 95) != "hit"}
    assert missed == {"process"}
    process = Counter(name for module, name, _, _ in found.differing if filebeat.family_of(name) == "process")
    assert process["process.executable"] == 92


def test_every_difference_from_filebeat_has_its_reason(corpus: Path) -> None:
    found = filebeat.compare(corpus)
    assert {(module, name) for module, name, _, _ in found.differing if not reason_of(module, name)} == set()


def test_whole_modules_agree_to_the_last_value(corpus: Path) -> None:
    found = filebeat.compare(corpus)
    differing = {module for module, _, _, _ in found.differing}
    assert set(READ_AS) - differing == {
        "apache/error", "haproxy/log", "icinga/startup", "logstash/log", "logstash/slowlog", "mongodb/log",
        "mysql/error", "nats/log", "osquery/result", "pensando/dfw", "redis/log", "system/syslog", "traefik/access",
    }  # fmt: skip


def test_no_event_of_a_binary_log_is_lost(corpus: Path) -> None:
    assert [count.name for count in counts.evtx(corpus) if count.read.events < count.theirs] == []


def test_security_lake_reads_the_same(corpus: Path) -> None:
    compared = [(label, name, a, b) for label, _, found in pairs.lake(corpus) for name, a, b in found]
    assert [row for row in compared if str(row[2]) != str(row[3])] == []
    assert len(compared) == 66


def test_the_page_tells_what_a_run_finds(corpus: Path) -> None:
    assert page(corpus) == (ROOT / "docs" / "oracle.md").read_text(encoding="utf-8"), "run `make oracle`"
