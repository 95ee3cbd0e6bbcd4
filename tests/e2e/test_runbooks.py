"""The runbooks do what they say: each block that is marked so is run, from the page itself."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support.prepared import ran
from support.program import Vestige, environment

PAGES = sorted(path for path in (Path(__file__).parents[2] / "docs" / "runbooks").glob("*.md") if path.stem != "README")
BLOCK = re.compile(r"^```console run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDS = re.compile(r"\s+# ends with (\d+)$")
PLACES = ("/srv/vestige", "/mnt/backup", "/mnt/apart")


class Step(NamedTuple):
    """A command, how it must end, and lines that must be in what it says."""

    command: str
    code: int
    says: list[str]


def steps_of(text: str) -> list[Step]:
    found: list[Step] = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if not line.startswith("$ "):
                found[-1].says.append(line)
                continue
            ends = ENDS.search(line)
            found.append(Step(ENDS.sub("", line[2:]), int(ends[1]) if ends else 0, []))
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with some entries; its index is filled again where it is copied to."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "a.ndjson").write_text('{"event_type":"auth.login","occurred_at":"2026-04-11T10:00:00Z"}\n' * 3)
    Vestige(folder / "data").ok("import", str(folder / "a.ndjson"))
    return folder / "data"


def run(step: Step, folder: Path) -> tuple[int, str]:
    """Run a command as the page has it, its places below a folder of this test's."""
    command = step.command
    for place in PLACES:
        command = command.replace(place, f"{folder}{place}")
    env = environment(VESTIGE_DATA=f"{folder}/srv/vestige")
    if not command.startswith("vestige "):
        done = subprocess.run(["sh", "-c", command], capture_output=True, env=env, cwd=folder, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()
    words, out = shlex.split(command), ""
    if ">" in words:
        words, out = words[: words.index(">")], words[-1]
    asked = ran([sys.executable, "-m", *words], stdin=b"", env=env)
    if out:
        Path(out).write_bytes(asked.stdout)
    return asked.returncode, (asked.stdout + asked.stderr).decode()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_works_as_it_stands(page: Path, template: Path, tmp_path: Path) -> None:
    steps = steps_of(page.read_text(encoding="utf-8"))
    assert any(step.command.startswith("vestige ") for step in steps)
    (tmp_path / "srv").mkdir()
    (tmp_path / "mnt").mkdir()
    shutil.copytree(template, tmp_path / "srv" / "vestige", ignore=shutil.ignore_patterns("index*", "vestige.sock"))
    for step in steps:
        code, said = run(step, tmp_path)
        assert code == step.code, (step.command, code, said[-3000:])
        for line in step.says:
            assert line in said, (step.command, said[-3000:])


def test_steps_are_read_as_they_stand() -> None:
    page = "```console run\n$ vestige a   # ends with 4\nsaid\n$ ls\n```\n```console\n$ vestige never\n```\n"
    assert steps_of(page) == [Step("vestige a", 4, ["said"]), Step("ls", 0, [])]
