from __future__ import annotations

from vestige.ledger.findings import CHECKS, Findings


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
