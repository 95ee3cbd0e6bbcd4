"""The last part of ``verify.py``: all of it, and the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, NoReturn

from vestige.bundles.offline.container import Bag, Folder, Zip
from vestige.bundles.offline.formats import (
    BAGIT,
    COMMON,
    DAMAGE,
    HEX64,
    MADE,
    MAX_TEXT,
    USAGE,
    Bad,
    Note,
    Report,
    canonical,
    post_quantum,
    told,
)
from vestige.bundles.offline.log import Log
from vestige.bundles.offline.trust import Trust

# -- all of it --------------------------------------------------------------------------------------------------------


def describe(bag: Bag, report: Report) -> list[dict[str, Any]]:
    """What the bundle says of itself: its logs."""
    for name in COMMON:
        if f"data/{name}" not in bag.names:
            report.add("complete", "a file that every bundle has is missing", f"data/{name}")
    taken = bag.take("data/bundle.json")
    if taken is None:
        return []
    try:
        about = canonical(taken[0])
        fields = {"format", "logs", "made_by", "records", "selection", "sources"}
        if set(about) != fields or about["format"] != "vestige-bundle/1":
            raise Bad("not the description of a bundle", "vestige-bundle/1", about.get("format"))
        logs = about["logs"] if isinstance(about["logs"], list) else []
        for log in logs:
            check_description(log)
        epochs = [log["epoch"] for log in logs]
        if not logs or epochs != sorted(set(epochs)):
            raise Bad("no logs, or not in order", "rising epochs", epochs)
        counts = about["records"]
        good = isinstance(counts, dict) and set(counts) == {"present", "withheld", "erased"}
        if not good or any(type(count) is not int for count in counts.values()):
            raise Bad("not the counts of records", "present, withheld, erased", repr(counts)[:60])
    except Bad as bad:
        report.add("complete", bad, "data/bundle.json")
        return []
    report.details["complete"] = json.dumps(counts, sort_keys=True)
    return list(logs)


def check_description(log: Any) -> None:  # noqa: ANN401 - of JSON
    """Refuse what does not say which log is meant."""
    good = isinstance(log, dict) and set(log) == {"epoch", "origin", "root", "size"}
    good = good and all(type(log[name]) is int and log[name] >= 0 for name in ("epoch", "size"))
    if not good or not isinstance(log["origin"], str) or not HEX64.fullmatch(str(log["root"])):
        raise Bad("not the description of a log", "epoch, origin, root, size", repr(log)[:80])


def check_statement(bag: Bag, log: Log, report: Report) -> None:
    """The statement is the log's key's word for the tag manifest, and so for every file."""
    try:
        with bag.box.open("statement") as file:
            note = Note(file.read(MAX_TEXT))
        lines = note.text.split("\n")[:-1]
        if lines[:3] != ["vestige-statement/v1", log.origin, f"bundle {bag.tag_digest}"] or len(lines) != 4:
            raise Bad("the statement is not about this bundle", f"bundle {bag.tag_digest}", " / ".join(lines))
        if not MADE.fullmatch(lines[3]):
            raise Bad("the statement does not say when it was made", "made <time>", lines[3])
        key = log.key_at(log.size)
        note.signers([] if key is None else [key])
        report.details["statement"] = lines[3]
    except DAMAGE as error:
        report.add("container", "the file cannot be read", "statement", got=error)
        report.add("statement", "the statement cannot be read", "statement")
    except Bad as bad:
        report.add("statement", bad, "statement")


def verify(path: str, trust: Trust) -> Report:
    """Make every check."""
    report = Report()
    box: Folder | Zip
    try:
        box = Folder(path) if os.path.isdir(path) else Zip(path)  # noqa: PTH112 - a path as given
    except DAMAGE as error:
        report.bundle = False
        report.add("container", "neither a folder nor a zip that is whole", got=error)
        return report
    except Bad as bad:
        report.add("container", bad)
        return report
    check_box(box, trust, report)
    return report


def check_box(box: Folder | Zip, trust: Trust, report: Report) -> None:
    """The checks of a container that was opened."""
    bag = Bag(box, report)
    report.bundle = "bagit.txt" in bag.names
    if not report.bundle:
        report.add("container", "this is no bundle", "bagit.txt")
    elif bag.begin():
        check_files(bag, trust, report)


def check_files(bag: Bag, trust: Trust, report: Report) -> None:
    """What the files say, once they are known to be all there."""
    bagit = bag.take("bagit.txt")
    if bagit is not None and bagit[0] != BAGIT:
        report.add("container", "not a BagIt 1.0 declaration", "bagit.txt")
    logs: list[Log] = []
    described = describe(bag, report)
    report.reached = bool(described)
    for said in described:
        log = Log(bag, report, said)
        report.trusted = log.run(trust, logs[-1] if logs else None) and (report.trusted or not logs)
        logs.append(log)
    known = {f"data/{name}" for name in COMMON} | {f"{log.at}/keys" for log in logs}
    for name in bag.unused():
        if name not in known:
            report.add("complete", "a file that nothing in the bundle speaks of", name)
    for name in sorted(bag.digests.keys() - bag.used):
        bag.take(name, None)
    if logs:
        found = json.dumps({name: report.records[name] for name in ("erased", "present", "withheld")}, sort_keys=True)
        if report.details["complete"] != found:
            report.add("complete", "other records than the bundle says", "data/bundle.json", got=found)
        check_statement(bag, logs[-1], report)
    report.details["keys"] = "; ".join(key.text for log in logs for key, _ in log.keys)
    if not post_quantum() and any(log.seconds for log in logs):
        report.details["keys"] += "; ML-DSA-44 signatures are NOT CHECKED: this package cryptography knows none"
    report.details["records"] = json.dumps(report.records)
    stamps = [f"{log.origin}: {one}" for log in logs for one in log.stamps]
    claimed = "stamps claim that there was " + "; ".join(stamps) if stamps else "there are no time stamps"
    report.details["time"] = f"{claimed}. NOT CHECKED by this file: who signed a time stamp; see README.txt"
    report.details["witnesses"] = f"quorum: {trust.quorum or 'none is asked for'}"


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line, and ends with 64."""

    def error(self, message: str) -> NoReturn:
        """End."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"verify.py: {message}\n")


def main() -> int:
    """Verify what the command line names."""
    parser = Parser(description="Check an evidence bundle.")
    parser.add_argument("bundle", help="a folder, or its zip")
    parser.add_argument("--key", action="append", default=[], metavar="FILE|KEY", help="a verifier key you trust")
    parser.add_argument("--policy", metavar="FILE", help="witnesses that must have cosigned")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    try:
        trust = Trust(options.key, options.policy)
    except (Bad, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        parser.error(f"{error}: {getattr(error, 'got', '')}")
    found = verify(options.bundle, trust).json()
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return int(found["exit"])
    for check in found["checks"]:
        mark = "ok  " if check["ok"] else "--  " if check["detail"] == "not reached" else "FAIL"
        sys.stdout.write(f"{mark}  {check['name']:12}{ascii(check['detail'])[1:-1]}\n")
    for fault in found["faults"]:
        sys.stdout.write(f"      {fault['check']}: {ascii(told(fault))[1:-1]}\n")
    counts = ", ".join(f"{count} {name}" for name, count in found["records"].items())
    sys.stdout.write(f"{found['verdict'].upper()}: {counts}\n")
    return int(found["exit"])


if __name__ == "__main__":
    sys.exit(main())
