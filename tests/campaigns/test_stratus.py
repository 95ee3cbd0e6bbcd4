"""The built-in patterns on CloudTrail of known techniques, and on all other real logs there are, how often they fire.

Each file of ``aws-cloudtrail/stratus-detonation-logs`` is what one technique leaves in CloudTrail. The user agent in
these names the tool; no pattern looks at it.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.detecting import Scene, members
from support.engine import opened
from vestige.correlate.library import built_in
from vestige.correlate.sequences import Span, scan
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vestige.index import Index

pytestmark = [pytest.mark.corpus, pytest.mark.campaign, pytest.mark.xdist_group("stratus")]
WHOLE = bool(os.environ.get("VESTIGE_TEST_STRATUS"))
STRATUS = "stratus-detonation-logs"
TOLD = {
    "aws.credential-access.ec2-get-password-data": "secret-sweep",
    "aws.credential-access.secretsmanager-batch-retrieve-secrets": "aws-secrets-in-bulk",
    "aws.credential-access.ssm-retrieve-securestring-parameters": "secret-sweep",
    "aws.defense-evasion.cloudtrail-event-selectors": "log-tampering",
    "aws.defense-evasion.dns-delete-logs": "log-tampering",
    "aws.defense-evasion.vpc-remove-flow-logs": "log-tampering",
    "aws.execution.ec2-launch-unusual-instances": "aws-accelerated-instances",
    "aws.execution.ssm-send-command": "aws-remote-shell",
    "aws.exfiltration.ec2-security-group-open-port-22-ingress": "aws-administration-exposed",
    "aws.exfiltration.ec2-share-ebs-snapshot": "aws-snapshot-shared",
    "aws.impact.bedrock-invoke-model": "aws-model-enabled-then-used",
    "aws.lateral-movement.ec2-instance-connect": "aws-ssh-key-pushed",
    "aws.persistence.iam-backdoor-role": "aws-role-opened-to-account",
    "aws.persistence.iam-create-admin-user": "aws-admin-user-made",
    "aws.persistence.iam-create-user-login-profile": "aws-password-of-another",
    "aws.persistence.lambda-layer-extension": "aws-function-layer",
    "aws.persistence.rolesanywhere-create-trust-anchor": "aws-trust-anchor",
    "aws.privilege-escalation.iam-update-user-login-profile": "aws-password-of-another",
}
"""The pattern that tells each technique."""
SAMPLE = ("aws-cloudtrail", "linux-auth")
"""Folders that are looked at where not all are: of calls to clouds, and of sign-ins."""
SCRIPTED = {"rule-tests-panther"}
"""Folders of single records written to set rules off, of which no rate follows."""
MOST_PER_THOUSAND = 1.0
"""Firings among a thousand events, over folders of logs, above which a pattern is not on by default."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("stratus")) as index:
        yield index


def fired(index: Index, scene: Scene, names: Iterable[str] = ()) -> Counter[str]:
    """How often each pattern, or each of these, found something in a scene, those that are off among them."""
    scene.write()
    reader, known = Reader(index), built_in()
    answers = {name: scan(reader, scene.log, known[name], Span()) for name in names or known}
    for name, answer in answers.items():
        for cut in answer.cuts:
            print(f"not looked at in full: {name} {cut.keys}: {cut.reason}")
    return Counter({name: len(answer.detections) for name, answer in answers.items() if answer.detections})


def test_each_technique_is_told_by_a_built_in_pattern_that_does_not_look_at_the_user_agent(
    corpus: Path, index: Index
) -> None:
    paths = sorted((corpus / "aws-cloudtrail" / STRATUS).glob("*.json"))
    assert {path.stem for path in paths} == TOLD.keys()
    untold = {}
    for path in paths:
        scene = Scene(index)
        events = scene.read(path.stem, path.read_bytes())
        found = fired(index, scene, () if WHOLE else (TOLD[path.stem],))
        what = ", ".join(f"{name} ({', '.join(built_in()[name].tags)})" for name in found)
        print(f"{path.stem:<62} {events:>3} events  {what or 'nothing'}")
        if not found[TOLD[path.stem]]:
            untold[path.stem] = TOLD[path.stem]
    for name in TOLD.values():
        pattern = built_in()[name]
        assert not any("agent" in step.where.lower() for step in pattern.steps)
        assert any(tag.startswith("attack.t1") for tag in pattern.tags)
    assert untold == {}


def test_the_same_patterns_are_quiet_over_the_rest(corpus: Path, index: Index) -> None:
    folders = sorted(path for path in corpus.iterdir() if path.is_dir() and path.name != "sigma")
    if not WHOLE:
        folders = [path for path in folders if path.name in SAMPLE]
    events, firings = Counter[str](), dict[str, Counter[str]]()
    for folder in folders:
        scene = Scene(index)
        events[folder.name] = sum(scene.read(name, data) for name, data in logs(folder))
        firings[folder.name] = fired(index, scene)
        print(f"{folder.name:<20} {events[folder.name]:>7} events  {told(firings[folder.name], events[folder.name])}")
    real = [name for name in firings if name not in SCRIPTED]
    count, total = sum(events[name] for name in real), sum((firings[name] for name in real), Counter[str]())
    rates = {name: 1000 * total[name] / count for name in built_in()}
    print(f"over {count} events that nobody wrote for rules:")
    for name, rate in sorted(rates.items(), key=lambda one: -one[1]):
        print(f"{name:<32} {'on' if built_in()[name].enabled else 'off':<3} {total[name]:>6}  {rate:.3f} per thousand")
    assert count > 1000
    assert {name: rate for name, rate in rates.items() if rate > MOST_PER_THOUSAND and built_in()[name].enabled} == {}


def told(found: Counter[str], events: int) -> str:
    """Firings of each pattern, and in brackets among a thousand events."""
    return ", ".join(f"{name} {n} ({1000 * n / events:.2f})" for name, n in found.most_common()) or "nothing"


def logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, out of their archives; of records of rules' tests the records."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and STRATUS not in one.parts):
        if folder.name in SCRIPTED:
            if path.name.endswith(".jsonl.gz"):
                lines = gzip.decompress(path.read_bytes()).splitlines()
                yield path.name, b"\n".join(json.dumps(json.loads(line)["log"]).encode() for line in lines)
        elif path.suffix == ".gz" and not path.name.endswith(".tar.gz"):
            yield path.stem, gzip.decompress(path.read_bytes())
        else:
            yield from members(path)
