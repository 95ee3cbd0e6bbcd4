"""Public Sigma rules held against what they are known to find; the corpus is not part of the project."""

from __future__ import annotations

import os
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.detecting import Scene, members, rule_files
from support.engine import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vestige.index import Index

pytestmark = [pytest.mark.corpus, pytest.mark.campaign]
SHARE = 0.95
YIELD = """
    auditpol_system_user_auditpolicy_modification cmd_discover_iexplorer_version_registry
    cmd_lsass_memory_dumpert_syscalls cmd_mshta_vbscript_execute_psh cmd_sam_copy_esentutl cmd_service_mod_fax
    cmd_sharpview_pcre_net cmd_stop_event_logging_controlset_minint_key cmd_userinitmprlogonscript_batch
    covenant_lolbin_wuauclt_createremotethread empire_dcsync_dcerpc_drsuapi_DsGetNCChanges
    empire_launcher_sct_regsvr32 empire_powerdump_sam_access empire_shell_rubeus_asktgt_createnetonly msf_record_mic
    psh_control_panel_execution psh_hh_local_html_payload psh_metasploit_stop_netprofm_eventlog_after_reboot
    psh_stop_event_logging_controlset_minint_key reg_cmd_process_commandline_logging_disabled
    reg_meterpreter_process_commandline_logging_disabled reg_stop_event_logging_controlset_minint_key
"""
"""Sets of which a public rule tells the technique, or another part of the same one; in the others none matches."""
RENUMBERED = {"T1562.002": "T1685.001"}
"""Techniques that have another number now than when the sets were labelled."""
TOLD = {
    "aws.defense-evasion.vpc-remove-flow-logs": "AWS VPC Flow Logs Deleted",
    "aws.execution.ssm-send-command": "Potential Malicious Usage of CloudTrail System Manager",
    "aws.exfiltration.ec2-security-group-open-port-22-ingress": "Ingress/Egress Security Group Modification",
    "aws.exfiltration.ec2-share-ebs-snapshot": "AWS Snapshot Backup Exfiltration",
    "aws.persistence.iam-create-admin-user": "AWS IAM Backdoor Users Keys",
    "aws.persistence.lambda-layer-extension": "AWS New Lambda Layer Attached",
    "aws.privilege-escalation.iam-update-user-login-profile": "AWS User Login Profile Was Modified",
}
"""The rule of each technique that has one; of the others, no public rule names the calls."""
WHOLE = bool(os.environ.get("VESTIGE_TEST_SIGMA"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("sigma")) as index:
        yield index


@dataclass(frozen=True)
class Case:
    """A rule, the sample it must match, and how often; at least once where that is not said."""

    rule: str
    title: str
    sample: str
    count: int | None


def regression(corpus: Path, scene: Scene) -> list[Case]:
    """The cases of the regression set, their samples' events taken into the scene."""
    cases: list[Case] = []
    samples: dict[str, bytes] = {}
    with tarfile.open(corpus / "sigma" / "regression.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None:
                continue
            name = member.name.removeprefix("./")
            if name.endswith("info.yml"):
                info: dict[str, Any] = yaml.safe_load(file)
                meta = info["rule_metadata"][0]
                tests = info.get("regression_tests_info") or ()
                cases += [Case(meta["id"], meta["title"], test["path"], test.get("match_count")) for test in tests]
            elif name.endswith(".evtx"):
                samples[name] = file.read()
    for name, data in samples.items():
        scene.read(name, data)
    return cases


def test_rules_match_their_samples_as_often_as_they_must(corpus: Path, index: Index) -> None:
    scene = Scene(index)
    cases = regression(corpus, scene)
    wanted = {case.rule for case in cases}
    files = [file for file in rule_files(corpus) if any(f"id: {rule}" in file.text for rule in wanted)]
    found = scene.scan(files)
    counts = scene.counts(found)
    wrong = []
    for case in cases:
        count = counts.get((case.rule, case.sample), 0)
        if count != case.count if case.count is not None else count < 1:
            refused = [one.reason for one in found.refused if one.rule == case.rule]
            wrong.append(f"{case.title}: {count} of {case.count} {refused}")
    share = 1 - len(wrong) / len(cases)
    print(f"{len(cases)} rules, {share:.1%} match as often as they must")
    print("\n".join(wrong))
    assert share >= SHARE


def techniques(tags: Iterable[str]) -> set[str]:
    """The ATT&CK techniques among tags: ``T1003.001``."""
    return {tag.removeprefix("attack.").upper() for tag in tags if re.match(r"attack\.t[0-9]", tag)}


def labels_of(metadata: Path) -> set[str]:
    """The techniques a data set is labelled with."""
    found = set()
    for one in yaml.safe_load(metadata.read_text())["attack_mappings"]:
        part = str(one.get("sub-technique") or "")
        label = f"{one['technique']}.{part.zfill(3)}" if part else str(one["technique"])
        found.add(RENUMBERED.get(label, label))
    return found


def of_same(label: str, tags: set[str]) -> bool:
    """Whether a technique, its parent, or a part of it is among others."""
    return any(label.partition(".")[0] == tag.partition(".")[0] for tag in tags)


def test_labelled_windows_sets_yield_their_technique(corpus: Path, index: Index) -> None:
    metadata = sorted((corpus / "windows-json-otrf").glob("*/*.metadata.yaml"))
    sets = [(path, path.with_name(path.name.removesuffix(".metadata.yaml"))) for path in metadata]
    sets = [(path, archive) for path, archive in sets if archive.is_file()]
    if not WHOLE:
        sets = sorted(sets, key=lambda pair: pair[1].stat().st_size)[:12]
    scene = Scene(index)
    labels = {archive.name: labels_of(path) for path, archive in sets}
    for _, archive in sets:
        for name, data in members(archive):
            if name.endswith(".json"):
                scene.read(archive.name, data)
    wanted = {label.partition(".")[0] for found in labels.values() for label in found}
    files = [
        file
        for file in rule_files(corpus)
        if "product: windows" in file.text
        and any(one.partition(".")[0] in wanted for one in techniques(re.findall(r"attack\.t[0-9.]+", file.text)))
    ]
    answer = scene.scan(files)
    known = {one for file in files for one in techniques(re.findall(r"attack\.t[0-9.]+", file.text))}
    found: dict[str, dict[str, set[str]]] = {name: {} for name in labels}
    for one in answer.detections:
        found[scene.names[one.evidence[0].seq]][one.detector.title] = techniques(one.detector.tags)
    right: set[str] = set()
    possible = 0
    for name, own in sorted(labels.items()):
        rules = [title for title, tags in found[name].items() if any(of_same(label, tags) for label in own)]
        exists = any(of_same(label, known) for label in own)
        possible += exists
        if rules:
            right.add(name.partition(".")[0])
        told = "; ".join(sorted(rules)[:3]) or ("nothing" if exists else "no public rule of it")
        print(f"{name:<70.70} {' '.join(sorted(own)):<20} {told}")
    print(f"{len(right)} of {possible} sets whose technique a public rule is of yield it; {len(labels)} sets")
    assert {name for name in YIELD.split() if f"{name}.zip" in labels} - right == set()


def test_cloudtrail_of_a_technique_is_told_by_rules_that_do_not_look_at_the_user_agent(
    corpus: Path, index: Index
) -> None:
    scene = Scene(index)
    paths = sorted((corpus / "aws-cloudtrail" / "stratus-detonation-logs").glob("*.json"))
    for path in paths:
        assert scene.read(path.stem, path.read_bytes()), path
    files = [file for file in rule_files(corpus, "rules") if "service: cloudtrail" in file.text]
    files = [file for file in files if "userAgent" not in file.text]
    answer = scene.scan(files)
    assert not answer.refused
    found: dict[str, set[str]] = {path.stem: set() for path in paths}
    for one in answer.detections:
        found[scene.names[one.evidence[0].seq]].add(one.detector.title)
    for name, titles in found.items():
        print(f"{name:<60} {'; '.join(sorted(titles)) or 'no rule'}")
    assert {name: title for name, title in TOLD.items() if title not in found[name]} == {}
