from __future__ import annotations

from vestige.ledger.findings import CHECKS, Findings, combine


def test_nothing_found_is_good() -> None:
    report = Findings(details={"entries": "3 entries"}).report(3, b"\x01")
    assert (report.ok, report.first_bad_seq, report.interval, report.reason) == (True, None, None, "")
    assert [check.name for check in report.checks] == list(CHECKS)
    assert report.checks[0].detail == "3 entries"


def test_the_least_seq_wins_and_hides_the_interval() -> None:
    findings = Findings()
    findings.bad_size("checkpoints", 2, "a size")
    findings.bad_seq("payloads", 9, "nine")
    findings.bad_seq("payloads", 4, "four")
    findings.bad_seq("leaves", 5, "five")
    report = findings.report(10, b"")
    assert (report.ok, report.first_bad_seq, report.interval, report.reason) == (False, 4, None, "four")
    told = {check.name: check for check in report.checks}
    assert told["payloads"].detail == "four; and 1 more"
    assert [name for name, check in told.items() if not check.ok] == ["leaves", "payloads", "checkpoints"]


def test_the_interval_is_between_the_last_good_and_the_first_bad_size() -> None:
    findings = Findings()
    findings.good_size(10)
    findings.good_size(20)
    findings.bad_size("checkpoints", 30, "thirty")
    findings.bad_size("signatures", 40, "forty")
    assert findings.report(50, b"").interval == (20, 30)


def test_a_good_checkpoint_of_the_same_size_is_not_the_last_good() -> None:
    findings = Findings()
    findings.good_size(10)
    findings.good_size(20)
    findings.bad_size("head", 20, "head")
    assert findings.report(20, b"").interval == (10, 20)


def test_what_is_known_to_reach_further_back_does() -> None:
    findings = Findings()
    findings.good_size(10)
    findings.bad_size("checkpoints", 20, "a")
    findings.bad_size("signer", 20, "b", after=0)
    assert findings.report(20, b"").interval == (0, 20)


def test_a_check_that_was_not_reached_is_not_good() -> None:
    findings = Findings()
    findings.bad_seq("entries", 3, "missing")
    findings.unreached("tiles", "not checked")
    told = {check.name: check for check in findings.report(3, b"").checks}
    assert (told["tiles"].ok, told["tiles"].detail) == (False, "not checked")


def test_reports_of_epochs_become_one() -> None:
    first = Findings(details={"entries": "9 entries", "anchors": "none"})
    last = Findings(details={"entries": "3 entries", "anchors": "none"})
    good = combine([(0, first.report(9, b"\x01")), (1, last.report(3, b"\x02"))])
    assert (good.ok, good.size, good.root, good.reason) == (True, 3, "02", "")
    told = {check.name: check.detail for check in good.checks}
    assert (told["entries"], told["anchors"], told["rows"]) == ("epoch 0: 9 entries; epoch 1: 3 entries", "none", "")
    only = first.report(9, b"\x01")
    assert combine([(0, only)]) is only
    first.bad_size("signer", 9, "nine")
    bad = combine([(0, first.report(9, b"\x01")), (1, last.report(3, b"\x02"))])
    assert (bad.ok, bad.interval, bad.reason) == (False, (0, 9), "epoch 0: nine")
    assert [check.name for check in bad.checks if not check.ok] == ["signer"]
    last.bad_seq("payloads", 2, "two")
    worse = combine([(0, first.report(9, b"\x01")), (1, last.report(3, b"\x02"))])
    assert (worse.first_bad_seq, worse.interval, worse.reason) == (2, None, "epoch 1: two")
