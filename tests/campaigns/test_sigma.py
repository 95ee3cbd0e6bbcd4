"""Public Sigma rules held against what they are known to find; the corpus is not part of the project."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.detecting import Scene, rule_files
from support.engine import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.index import Index

pytestmark = [pytest.mark.corpus, pytest.mark.campaign, pytest.mark.xdist_group("sigma")]
SHARE = 0.95


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
